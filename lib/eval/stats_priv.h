/* SPDX-License-Identifier: Apache-2.0 */
/* stats: paired log ratios, medians, bootstrap. Pure and seeded. */
#ifndef PIKE_EVAL_STATS_PRIV_H
#define PIKE_EVAL_STATS_PRIV_H

#include "base/rand.h"

#include <stdbool.h>
#include <stddef.h>

/* Log ratios ln(t_old / t_new) of one case, by round. Owns both arrays. */
struct pike_pairs {
	double *v;
	size_t n, cap;
	size_t *ends; /* ends[r]: one past the last pair of round r */
	size_t nrounds, rounds_cap;
};
void pike_pairs_add(struct pike_pairs *p, double log_ratio);
void pike_pairs_end_round(struct pike_pairs *p); /* an empty one is dropped */
void pike_pairs_release(struct pike_pairs *p);

/* Reorders v; the mean of the middle two for even n; NaN for none. */
double pike_median(double *v, size_t n);
double pike_median_of(const double *v, size_t n); /* keeps v */

/* Bootstrap distribution of the mean over cases of the median log ratio:
 * sorted resamples. Two-level (rounds, then pairs in them) where a case has
 * more than one round. */
struct pike_boot {
	double *v;
	size_t n;
	double mid; /* of the data themselves */
	double sd;
};
/* Cases without pairs are left out; false when none has any. */
bool pike_boot_run(struct pike_boot *out, const struct pike_pairs *cases,
		   size_t ncases, size_t resamples, struct pike_rng *rng);
void pike_boot_release(struct pike_boot *b);
/* Quantile p of the resamples, 0 < p < 1, without interpolation: for a lower
 * bound the smaller, for an upper one the larger neighbour. */
double pike_boot_lower(const struct pike_boot *b, double alpha);
double pike_boot_upper(const struct pike_boot *b, double alpha);

/* Upper bound of a binomial rate, one-sided `conf` (Clopper and Pearson 1934;
 * for k = 0 and 95 % the "rule of three"). */
double pike_rate_upper(int k, int n, double conf);

#endif
