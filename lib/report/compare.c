/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare: two runs over the targets that both have measured. The ratio is the
 * geometric mean of the ratios of each target's speedups; its interval is the
 * percentile bootstrap over targets (Efron and Tibshirani, 1993, chapter 13),
 * from a fixed seed, so that a report made twice is the same. It speaks of
 * other targets like these, not of other seeds.
 */
#include "report/figures.h"

#include "base/mem.h"
#include "base/rand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	RESAMPLES = 2000,
	ENOUGH = 3 /* targets: fewer have no interval */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double mean_of(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}

static void interval(struct pike_ratio *out, const double *v, size_t n)
{
	double *drawn = pike_xcalloc(n, sizeof(*drawn));
	double *means = pike_xcalloc(RESAMPLES, sizeof(*means));
	struct pike_rng r;

	pike_rng_seed(&r, n);
	for (int k = 0; k < RESAMPLES; k++) {
		for (size_t i = 0; i < n; i++)
			drawn[i] = v[pike_rng_below(&r, n)];
		means[k] = mean_of(drawn, n);
	}
	qsort(means, RESAMPLES, sizeof(*means), by_value);
	out->lo = exp(means[RESAMPLES / 40]);
	out->hi = exp(means[RESAMPLES - 1 - RESAMPLES / 40]);
	free(drawn);
	free(means);
}

/* A lane's name has that of its run behind a dot. */
static bool same_lane(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return n == strcspn(b, ".") && !strncmp(a, b, n);
}

size_t pike_report_compare(struct pike_ratio *out, const struct pike_report *r,
			   const char *run, const char *over)
{
	struct pike_strs names = PIKE_STRS_INIT;
	double *v;
	size_t n = 0;

	pike_report_targets(&names, r);
	v = pike_xcalloc(names.n + 1, sizeof(*v));
	for (size_t i = 0; i < names.n; i++) {
		const struct pike_report_search *a =
		    pike_report_find(r, names.v[i], run);
		const struct pike_report_search *b =
		    pike_report_find(r, names.v[i], over);

		if (pike_report_measured(a) && pike_report_measured(b) &&
		    same_lane(a->h->lane, b->h->lane))
			v[n++] = log(a->h->speedup.mid / b->h->speedup.mid);
	}
	*out = (struct pike_ratio){ NAN, n ? exp(mean_of(v, n)) : NAN, NAN };
	if (n >= ENOUGH)
		interval(out, v, n);
	free(v);
	pike_strs_release(&names);
	return n;
}
