/* Upper triangle of a'a for a narrow block of rows, in registers.
 *
 * A general syrk packs its operands, which for 8 to 100 columns costs more than the arithmetic: on
 * 28 columns this kernel takes half of OpenBLAS's time. It holds a tile of 4 x 2 vectors of sums in
 * registers and runs down the rows. There is one copy for AVX-512 and one for AVX2 with FMA, chosen
 * when the module loads; `tile_lanes()` is 0 on other machines, and the caller takes BLAS.
 *
 * `width`, the doubles from row to row, is a multiple of TILE_COLUMNS, the columns beyond k are zero
 * and `out` has width x width cells; cells below the diagonal are not all written.
 */
#ifndef RUSTYSTATS_TILE_H
#define RUSTYSTATS_TILE_H

#include <stddef.h>

#define TILE_COLUMNS 16

#if defined(__x86_64__) && defined(__GNUC__)

#define DEFINE_TILE(NAME, TARGET, LANES)                                                         \
    typedef double NAME##_vector __attribute__((vector_size(LANES * 8), aligned(8)));            \
    __attribute__((target(TARGET))) static void NAME(const double *restrict a, ptrdiff_t m,      \
                                                     ptrdiff_t width, ptrdiff_t k,               \
                                                     double *restrict out)                       \
    {                                                                                            \
        for (ptrdiff_t i = 0; i < k; i += 4)                                                     \
            for (ptrdiff_t j = i - i % LANES; j < k; j += 2 * LANES) {                           \
                if (j + LANES >= k) {                                                            \
                    NAME##_vector single[4] = {{0}};                                             \
                    const double *left = a + i, *right = a + j;                                  \
                    for (ptrdiff_t r = 0; r < m; ++r) {                                          \
                        NAME##_vector x = *(const NAME##_vector *)right;                         \
                        _Pragma("GCC unroll 4") for (int p = 0; p < 4; ++p)                      \
                            single[p] += left[p] * x;                                            \
                        left += width;                                                           \
                        right += width;                                                          \
                    }                                                                            \
                    for (int p = 0; p < 4; ++p)                                                  \
                        *(NAME##_vector *)(out + (i + p) * width + j) += single[p];              \
                    break;                                                                       \
                }                                                                                \
                NAME##_vector sums[4][2] = {{{0}}};                                              \
                const double *left = a + i, *right = a + j;                                      \
                for (ptrdiff_t r = 0; r < m; ++r) {                                              \
                    NAME##_vector x0 = *(const NAME##_vector *)right;                            \
                    NAME##_vector x1 = *(const NAME##_vector *)(right + LANES);                  \
                    _Pragma("GCC unroll 4") for (int p = 0; p < 4; ++p)                          \
                    {                                                                            \
                        sums[p][0] += left[p] * x0;                                              \
                        sums[p][1] += left[p] * x1;                                              \
                    }                                                                            \
                    left += width;                                                               \
                    right += width;                                                              \
                }                                                                                \
                for (int p = 0; p < 4; ++p) {                                                    \
                    NAME##_vector *row = (NAME##_vector *)(out + (i + p) * width + j);           \
                    row[0] += sums[p][0];                                                        \
                    row[1] += sums[p][1];                                                        \
                }                                                                                \
            }                                                                                    \
    }

DEFINE_TILE(tile_avx512, "avx512f", 8)
DEFINE_TILE(tile_avx2, "avx2,fma", 4)

static int tile_lanes(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return 8;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 4 : 0;
}

static void tile_gram(int lanes, const double *a, ptrdiff_t m, ptrdiff_t width, ptrdiff_t k,
                      double *out)
{
    if (lanes == 8)
        tile_avx512(a, m, width, k, out);
    else
        tile_avx2(a, m, width, k, out);
}

#else

static int tile_lanes(void) { return 0; }

static void tile_gram(int lanes, const double *a, ptrdiff_t m, ptrdiff_t width, ptrdiff_t k,
                      double *out)
{
    (void)lanes, (void)a, (void)m, (void)width, (void)k, (void)out;
}

#endif
#endif
