/* A block of rows with several values in each, side by side: x[r * lanes + l].
 *
 * One row of a table then holds the values of all lanes, so that one look-up, and one addition when
 * sums go back, serve all of them. The number of lanes is known to the compiler in each case of the
 * switches below, and a row of them becomes one or two vector instructions.
 */
#ifndef RUSTYSTATS_LANES_H
#define RUSTYSTATS_LANES_H

#include "vecmath.h"

#ifdef __GNUC__
#define RUSTYSTATS_INLINE static inline __attribute__((always_inline))
#else
#define RUSTYSTATS_INLINE static inline
#endif
#define RUSTYSTATS_PER_LANES(lanes, call) \
    switch (lanes) {                      \
    case 1: call(1); break;               \
    case 2: call(2); break;               \
    case 3: call(3); break;               \
    case 4: call(4); break;               \
    case 5: call(5); break;               \
    case 6: call(6); break;               \
    case 7: call(7); break;               \
    default: call(8); break;              \
    }

enum { LANES_MOST = 8 };

RUSTYSTATS_INLINE void gather_lanes(const int lanes, const double *const *tables, int n_tables,
                                    const int32_t *restrict codes, double *restrict out,
                                    ptrdiff_t m)
{
    for (ptrdiff_t r = 0; r < m; ++r) {
        double sum[LANES_MOST];
        for (int l = 0; l < lanes; ++l)
            sum[l] = out[r * lanes + l];
        for (int t = 0; t < n_tables; ++t) {
            const double *row = tables[t] + (ptrdiff_t)codes[t * m + r] * lanes;
            for (int l = 0; l < lanes; ++l)
                sum[l] += row[l];
        }
        for (int l = 0; l < lanes; ++l)
            out[r * lanes + l] = sum[l];
    }
}

/* out += the rows of all tables for each row's levels; codes[t * m + r] is its level in table t. */
RUSTYSTATS_CLONES
static void lanes_gather(int lanes, const double *const *tables, int n_tables,
                         const int32_t *codes, double *out, ptrdiff_t m)
{
#define CALL(n) gather_lanes(n, tables, n_tables, codes, out, m)
    RUSTYSTATS_PER_LANES(lanes, CALL)
#undef CALL
}

RUSTYSTATS_INLINE void scatter_lanes(const int lanes, const double *restrict x,
                                     const int32_t *restrict codes, double *const *sums,
                                     int n_tables, ptrdiff_t m)
{
    for (ptrdiff_t r = 0; r < m; ++r) {
        double value[LANES_MOST];
        for (int l = 0; l < lanes; ++l)
            value[l] = x[r * lanes + l];
        for (int t = 0; t < n_tables; ++t) {
            double *row = sums[t] + (ptrdiff_t)codes[t * m + r] * lanes;
            for (int l = 0; l < lanes; ++l)
                row[l] += value[l];
        }
    }
}

/* The sums of each row's levels += the row, in all tables. */
RUSTYSTATS_CLONES
static void lanes_scatter(int lanes, const double *x, const int32_t *codes, double *const *sums,
                          int n_tables, ptrdiff_t m)
{
#define CALL(n) scatter_lanes(n, x, codes, sums, n_tables, m)
    RUSTYSTATS_PER_LANES(lanes, CALL)
#undef CALL
}

RUSTYSTATS_INLINE void spread_lanes(const int lanes, const double *restrict x,
                                    double *restrict out, ptrdiff_t m)
{
    for (ptrdiff_t r = 0; r < m; ++r)
        for (int l = 0; l < lanes; ++l)
            out[r * lanes + l] = x ? x[r] : 0.0;
}

/* Every lane the same: x of the row, 0 where x is NULL. */
RUSTYSTATS_CLONES
static void lanes_spread(int lanes, const double *x, double *out, ptrdiff_t m)
{
#define CALL(n) spread_lanes(n, x, out, m)
    RUSTYSTATS_PER_LANES(lanes, CALL)
#undef CALL
}

RUSTYSTATS_INLINE void total_lanes(const int lanes, const double *restrict x,
                                   const double *restrict prior, double *restrict totals,
                                   ptrdiff_t m)
{
    double sums[LANES_MOST] = {0};
    for (ptrdiff_t r = 0; r < m; ++r)
        for (int l = 0; l < lanes; ++l)
            sums[l] += prior ? prior[r * lanes + l] * x[r * lanes + l] : x[r * lanes + l];
    for (int l = 0; l < lanes; ++l)
        totals[l] += sums[l];
}

/* totals += the sum of each lane, of prior * x where prior is not NULL. */
RUSTYSTATS_CLONES
static void lanes_total(int lanes, const double *x, const double *prior, double *totals,
                        ptrdiff_t m)
{
#define CALL(n) total_lanes(n, x, prior, totals, m)
    RUSTYSTATS_PER_LANES(lanes, CALL)
#undef CALL
}

#endif
