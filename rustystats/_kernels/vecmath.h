/* Arithmetic on a block of rows, written so that the compiler turns the loops into vector code.
 *
 * exp(x) = 2^k exp(r), k = round(x / log 2), |r| <= log(2) / 2, with exp(r) by its Taylor polynomial
 * of degree 13 (remainder below 5e-18); valid for |x| <= 700, which is where the links stop anyway.
 * log(x) = k log 2 + 2 atanh(s), s = f / (2 + f), x = 2^k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), by
 * the Taylor polynomial of atanh (remainder below 1e-18); valid for normal positive numbers.
 * Both err by 1 unit in the last place or so. On x86-64 with glibc one copy per instruction set is
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

static inline double exp_one(double x)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to a whole number */
    const double log2e = 1.4426950408889634;
    const double ln2_high = 0.6931471803691238, ln2_low = 1.9082149292705877e-10;
    double shifted = x * log2e + shift;
    double k = shifted - shift;
    double r = (x - k * ln2_high) - k * ln2_low;
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
    return p * scale;
}

static inline double log_one(double x)
{
    const uint64_t root_half = 0x3FE6A09E667F3BCDu; /* the bits of sqrt(1/2) */
    const double shift = 6755399441055744.0;
    const double ln2_high = 0.6931471803691238, ln2_low = 1.9082149292705877e-10;
    uint64_t bits, shift_bits, whole;
    memcpy(&bits, &x, sizeof bits);
    memcpy(&shift_bits, &shift, sizeof shift_bits);
    uint64_t biased = (bits - root_half + ((uint64_t)1023 << 52)) >> 52; /* k + 1023 */
    bits -= (biased - 1023u) << 52;
    whole = shift_bits + biased;
    double k, f;
    memcpy(&k, &whole, sizeof k);
    memcpy(&f, &bits, sizeof f);
    k -= shift + 1023.0;
    f -= 1.0;
    double s = f / (2.0 + f), z = s * s;
    double p = 1.0 / 21.0;
    p = p * z + 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z + 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z + 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z + 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z + 1.0 / 3.0;
    /* 2 s (1 + z p) = f - s (f - 2 z p): the large part is exact */
    return k * ln2_high + (f - (s * (f - 2.0 * z * p) - k * ln2_low));
}

/* log(1 + x) for x > -1 with 1 + x a normal number. */
static inline double log1p_one(double x)
{
    double sum = 1.0 + x;
    return log_one(sum) + (x - (sum - 1.0)) / sum;
}

static inline double power_one(double x, double exponent)
{
    double log_power = exponent * log_one(x);
    log_power = log_power > 700.0 ? 700.0 : log_power;
    return exp_one(log_power < -700.0 ? -700.0 : log_power);
}

RUSTYSTATS_CLONES
static void exp_block(const double *restrict x, double *restrict out, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i)
        out[i] = exp_one(x[i]);
}

/* exp(x), x cut to [-bound, bound], written twice: mean and slope of a log link. */
RUSTYSTATS_CLONES
static void exp_twice_block(const double *restrict x, double bound, double *restrict mean,
                            double *restrict slope, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i) {
        double cut = x[i] > bound ? bound : x[i];
        mean[i] = slope[i] = exp_one(cut < -bound ? -bound : cut);
    }
}

/* How many x are not in [low, high], NaN among them. */
RUSTYSTATS_CLONES
static ptrdiff_t count_outside_block(const double *restrict x, double low, double high, ptrdiff_t m)
{
    int64_t count = 0;
    for (ptrdiff_t i = 0; i < m; ++i)
        count += !(x[i] >= low && x[i] <= high);
    return (ptrdiff_t)count;
}

/* x^exponent for positive x. */
RUSTYSTATS_CLONES
static void power_block(const double *restrict x, double exponent, double *restrict out,
                        ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i)
        out[i] = power_one(x[i], exponent);
}

/* Poisson: 2 [y log(y / mu) - (y - mu)]. Few policies have a claim, but a logarithm for all of them
 * costs less than a branch for each. */
RUSTYSTATS_CLONES
static void poisson_deviance_block(const double *restrict y, const double *restrict mu,
                                   double *restrict out, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i) {
        double ratio = y[i] > 0.0 ? y[i] / mu[i] : 1.0;
        out[i] = 2.0 * (y[i] * log_one(ratio) - (y[i] - mu[i]));
    }
}

/* Gamma: 2 [(y - mu) / mu - log(y / mu)]. */
RUSTYSTATS_CLONES
static void gamma_deviance_block(const double *restrict y, const double *restrict mu,
                                 double *restrict out, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i)
        out[i] = 2.0 * ((y[i] - mu[i]) / mu[i] - log_one(y[i] / mu[i]));
}

/* Tweedie, p not 1 or 2 and y > 0 or p < 2: with t = y / mu
 * 2 mu^(2-p) [t^(2-p) - 1 - (2-p) (t - 1)] / ((1-p) (2-p)), which is exactly 0 at y = mu. */
RUSTYSTATS_CLONES
static void tweedie_deviance_block(const double *restrict y, const double *restrict mu,
                                   double p, double *restrict out, ptrdiff_t m)
{
    const double q = 2.0 - p, factor = 2.0 / ((1.0 - p) * q);
    for (ptrdiff_t i = 0; i < m; ++i) {
        double positive = y[i] > 0.0 ? y[i] : mu[i];
        double power = power_one(positive / mu[i], q);
        power = y[i] > 0.0 ? power : 0.0;
        double bracket = (power - 1.0) - q * ((y[i] - mu[i]) / mu[i]);
        out[i] = factor * bracket * power_one(mu[i], q);
        out[i] = out[i] < 0.0 ? 0.0 : out[i]; /* rounding near y = mu */
    }
}

/* Negative binomial: 2 [y log(y / mu) - (y + theta) log((y + theta) / (mu + theta))], written so that
 * nothing large cancels, neither for mu far above theta nor for theta far above mu:
 * 2 [y log(1 + theta (y - mu) / (mu (y + theta))) - theta log(1 + (y - mu) / (mu + theta))]. */
RUSTYSTATS_CLONES
static void negbinomial_deviance_block(const double *restrict y, const double *restrict mu,
                                       double theta, double *restrict out, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i) {
        double difference = y[i] - mu[i];
        double ratio = y[i] > 0.0 ? difference / mu[i] * (theta / (y[i] + theta)) : 0.0;
        out[i] = 2.0 * (y[i] * log1p_one(ratio) - theta * log1p_one(difference / (mu[i] + theta)));
    }
}

/* Slope in theta of a negative binomial's log-likelihood, and minus the slope of that, of each row
 * beside what depends on y alone: with r = (mu - y) / (mu + theta)
 * r - log(1 + mu / theta) and (r - mu / theta) / (mu + theta). */
RUSTYSTATS_CLONES
static void negbinomial_theta_block(const double *restrict y, const double *restrict mu,
                                    double theta, double *restrict slope,
                                    double *restrict bend, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i) {
        double total = mu[i] + theta, share = (mu[i] - y[i]) / total, ratio = mu[i] / theta;
        slope[i] = share - log1p_one(ratio);
        bend[i] = (share - ratio) / total;
    }
}

/* Where a weight is 0, whatever mean there is becomes one that every family can have. */
RUSTYSTATS_CLONES
static void neutral_block(const double *restrict prior, double *restrict mu,
                          double *restrict dmu, ptrdiff_t m)
{
    for (ptrdiff_t i = 0; i < m; ++i) {
        mu[i] = prior[i] == 0.0 ? 0.5 : mu[i];
        dmu[i] = prior[i] == 0.0 ? 1.0 : dmu[i];
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
