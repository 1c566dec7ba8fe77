/* Arithmetic on a block of rows, written so that the compiler turns the loops into vector code.
 *
 * exp(x) = 2^k exp(r), k = round(x / log 2), |r| <= log(2) / 2, with exp(r) by its Taylor polynomial
 * of degree 13 (remainder below 5e-18). Error below 1 unit in the last place or so; valid for
 * |x| <= 700, which is where the links stop anyway. On x86-64 with glibc one copy per instruction set is
 * compiled and the loader picks; elsewhere it is plain C.
 */
#ifndef RUSTYSTATS_VECMATH_H
#define RUSTYSTATS_VECMATH_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h> /* __GLIBC__ */
#include <string.h>

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define RUSTYSTATS_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RUSTYSTATS_CLONES
#endif

RUSTYSTATS_CLONES
static void exp_block(const double *restrict x, double *restrict out, ptrdiff_t m)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to a whole number */
    const double log2e = 1.4426950408889634;
    const double ln2_high = 0.6931471803691238, ln2_low = 1.9082149292705877e-10;
    for (ptrdiff_t i = 0; i < m; ++i) {
        double shifted = x[i] * log2e + shift;
        double k = shifted - shift;
        double r = (x[i] - k * ln2_high) - k * ln2_low;
        double p = 1.6059043836821613e-10; /* 1/13! */
        p = p * r + 2.08767569878681e-09;
        p = p * r + 2.505210838544172e-08;
        p = p * r + 2.755731922398589e-07;
        p = p * r + 2.7557319223985893e-06;
        p = p * r + 2.48015873015873e-05;
        p = p * r + 0.0001984126984126984;
        p = p * r + 0.001388888888888889;
        p = p * r + 0.008333333333333333;
        p = p * r + 0.041666666666666664;
        p = p * r + 0.16666666666666666;
        p = p * r + 0.5;
        p = p * r + 1.0;
        p = p * r + 1.0;
        int64_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        bits = (int64_t)(((uint64_t)bits + 1023u) << 52);
        double scale;
        memcpy(&scale, &bits, sizeof scale);
        out[i] = p * scale;
    }
}

/* Score residual v (y - mu) dmu / V, working weight v dmu^2 / V and Pearson term v (y - mu)^2 / V of
 * each row; v is 1 where `prior` is NULL. */
RUSTYSTATS_CLONES
static void working_block(const double *restrict y, const double *restrict mu,
                          const double *restrict dmu, const double *restrict variance,
                          const double *restrict prior, double *restrict residual,
                          double *restrict weight, double *restrict pearson, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i)
        weight[i] = (prior ? prior[i] : 1.0) / variance[i];
    for (ptrdiff_t i = 0; i < m; ++i) {
        double difference = y[i] - mu[i], scaled = difference * weight[i];
        pearson[i] = difference * scaled;
        residual[i] = scaled * dmu[i];
        weight[i] *= dmu[i];
        weight[i] *= dmu[i];
    }
}

/* Sum of x, or of prior * x, in eight parts: additions that do not wait for each other. */
RUSTYSTATS_CLONES
static double sum_block(const double *restrict x, const double *restrict prior, ptrdiff_t m)
{
    double parts[8] = {0};
    ptrdiff_t i = 0;
    for (; i + 8 <= m; i += 8)
        for (int k = 0; k < 8; ++k)
            parts[k] += prior ? prior[i + k] * x[i + k] : x[i + k];
    for (; i < m; ++i)
        parts[i % 8] += prior ? prior[i] * x[i] : x[i];
    return ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
           ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

#endif
