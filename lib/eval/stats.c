/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats: why the bootstrap has two levels. Pairs of one process share its
 * address layout, so a hundred pairs of ten processes are not a hundred
 * independent ones; resampling pairs alone inflates false promotion tenfold
 * at the threshold (README.md, protocol 3).
 */
#include "eval/stats_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pike_pairs_add(struct pike_pairs *p, double log_ratio)
{
	PIKE_GROW(p->v, p->n, p->cap);
	p->v[p->n++] = log_ratio;
}

void pike_pairs_end_round(struct pike_pairs *p)
{
	size_t begin = p->nrounds ? p->ends[p->nrounds - 1] : 0;

	if (p->n == begin)
		return;
	PIKE_GROW(p->ends, p->nrounds, p->rounds_cap);
	p->ends[p->nrounds++] = p->n;
}

void pike_pairs_release(struct pike_pairs *p)
{
	free(p->v);
	free(p->ends);
	memset(p, 0, sizeof(*p));
}

/* Puts the k-th smallest at v[k], smaller ones before it (Hoare 1961). */
static void select_kth(double *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		double pivot = v[lo + (hi - lo) / 2];
		size_t i = lo, j = hi;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (pivot < v[j])
				j--;
			if (i >= j)
				break;
			double t = v[i];
			v[i++] = v[j];
			v[j--] = t;
		}
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
}

double pike_median(double *v, size_t n)
{
	double below;

	if (!n)
		return NAN;
	select_kth(v, n, n / 2);
	if (n % 2)
		return v[n / 2];
	below = v[0];
	for (size_t i = 1; i < n / 2; i++)
		if (v[i] > below)
			below = v[i];
	return (below + v[n / 2]) / 2;
}

double pike_median_of(const double *v, size_t n)
{
	double *copy, m;

	if (!n)
		return NAN;
	copy = pike_xmemdup(v, n * sizeof(*v));
	m = pike_median(copy, n);
	free(copy);
	return m;
}

/* One resample of one case into tmp; returns how many values. */
static size_t resample(double *tmp, const struct pike_pairs *p,
		       struct pike_rng *rng)
{
	size_t n = 0;

	for (size_t r = 0; r < p->nrounds; r++) {
		size_t pick = pike_rng_below(rng, p->nrounds);
		size_t begin = pick ? p->ends[pick - 1] : 0;
		size_t len = p->ends[pick] - begin;

		/* Rounds may differ in length: never more than there is room
		 * for, which is the number of pairs. */
		for (size_t i = 0; i < len && n < p->n; i++)
			tmp[n++] = p->v[begin + pike_rng_below(rng, len)];
	}
	return n;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double stdev(const double *v, size_t n)
{
	double mean = 0, ss = 0;

	for (size_t i = 0; i < n; i++)
		mean += v[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		ss += (v[i] - mean) * (v[i] - mean);
	return n > 1 ? sqrt(ss / (double)(n - 1)) : 0;
}

bool pike_boot_run(struct pike_boot *out, const struct pike_pairs *cases,
		   size_t ncases, size_t resamples, struct pike_rng *rng)
{
	size_t used = 0, most = 0;
	double *tmp;

	memset(out, 0, sizeof(*out));
	for (size_t c = 0; c < ncases; c++) {
		if (!cases[c].nrounds)
			continue;
		used++;
		if (cases[c].n > most)
			most = cases[c].n;
		out->mid += pike_median_of(cases[c].v, cases[c].n);
	}
	if (!used)
		return false;
	out->mid /= (double)used;
	out->n = resamples;
	out->v = pike_xcalloc(resamples, sizeof(*out->v));
	tmp = pike_xcalloc(most, sizeof(*tmp));
	for (size_t i = 0; i < resamples; i++) {
		for (size_t c = 0; c < ncases; c++) {
			size_t n;

			if (!cases[c].nrounds)
				continue;
			n = resample(tmp, &cases[c], rng);
			out->v[i] += pike_median(tmp, n) / (double)used;
		}
	}
	free(tmp);
	out->sd = stdev(out->v, resamples);
	qsort(out->v, resamples, sizeof(*out->v), cmp_double);
	return true;
}

void pike_boot_release(struct pike_boot *b)
{
	free(b->v);
	memset(b, 0, sizeof(*b));
}

double pike_boot_lower(const struct pike_boot *b, double alpha)
{
	double at = floor(alpha * (double)b->n);

	if (at >= (double)b->n)
		at = (double)b->n - 1;
	return b->v[at < 0 ? 0 : (size_t)at];
}

double pike_boot_upper(const struct pike_boot *b, double alpha)
{
	double at = floor(alpha * (double)b->n);

	if (at >= (double)b->n)
		at = (double)b->n - 1;
	return b->v[b->n - 1 - (at < 0 ? 0 : (size_t)at)];
}

/* P(X <= k) for X binomial(n, p), summed in logs. */
static double binomial_cdf(int k, int n, double p)
{
	double sum = 0;

	for (int i = 0; i <= k; i++)
		sum +=
		    exp(lgamma(n + 1.0) - lgamma(i + 1.0) -
			lgamma(n - i + 1.0) + i * log(p) + (n - i) * log1p(-p));
	return sum;
}

double pike_rate_upper(int k, int n, double conf)
{
	double lo = 0, hi = 1;

	if (n <= 0 || k >= n)
		return 1;
	for (int i = 0; i < 100; i++) {
		double mid = (lo + hi) / 2;

		if (mid > 0 && mid < 1 && binomial_cdf(k, n, mid) > 1 - conf)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}
