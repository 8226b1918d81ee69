/* SPDX-License-Identifier: Apache-2.0 */
/* gp: Gaussian process regression over configurations. */
#include "search/gp_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points that the kernel's parameters are fitted to. */
#define FIT_MAX 80
#define SWEEPS 3

static const double lengths[] = { 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10 };
static const double noises[] = { 1e-4, 1e-3, 1e-2, 1e-1 };

/* ---- axes ---- */

/* Coordinates of numbers; false when one is none. */
static bool numbers(double *at, const struct pike_strs *values)
{
	double lo = INFINITY, hi = -INFINITY;
	bool positive = true;

	for (size_t i = 0; i < values->n; i++) {
		if (!pike_parse_f64(values->v[i], &at[i]))
			return false;
		positive &= at[i] > 0;
	}
	for (size_t i = 0; i < values->n; i++) {
		at[i] = positive ? log(at[i]) : at[i];
		lo = fmin(lo, at[i]);
		hi = fmax(hi, at[i]);
	}
	for (size_t i = 0; i < values->n; i++)
		at[i] = hi > lo ? (at[i] - lo) / (hi - lo) : 0;
	return true;
}

void pike_axes_init(struct pike_axes *a, const struct pike_space *s)
{
	a->n = s->n;
	a->v = pike_xcalloc(s->n + 1, sizeof(*a->v));
	for (size_t i = 0; i < s->n; i++) {
		double *at = pike_xcalloc(s->t[i].values.n + 1, sizeof(*at));

		if (numbers(at, &s->t[i].values))
			a->v[i].at = at;
		else
			free(at);
	}
}

void pike_axes_release(struct pike_axes *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].at);
	free(a->v);
	*a = (struct pike_axes){ 0 };
}

double pike_axis_dist2(const struct pike_axes *a, size_t i, int p, int q)
{
	const double *at = a->v[i].at;
	double d;

	if (!at)
		return p == q ? 0 : 1;
	d = at[p] - at[q];
	return d * d;
}

/* ---- kernel and factor ---- */

static double kernel(const struct pike_gp *gp, const int *p, const int *q)
{
	double r2 = 0, r;

	for (size_t i = 0; i < gp->axes->n; i++)
		r2 += gp->weight[i] * pike_axis_dist2(gp->axes, i, p[i], q[i]);
	r = sqrt(5 * r2);
	return (1 + r + r * r / 3) * exp(-r);
}

static const int *point(const struct pike_gp *gp, size_t i)
{
	return gp->x + i * gp->axes->n;
}

static double dot(const double *a, const double *b, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += a[i] * b[i];
	return s;
}

/* Row i of the factor from row 0..i-1. */
static void factor_row(struct pike_gp *gp, size_t i)
{
	double *row = gp->l + i * gp->cap, d;

	for (size_t j = 0; j < i; j++) {
		const double *up = gp->l + j * gp->cap;

		row[j] =
		    (kernel(gp, point(gp, i), point(gp, j)) - dot(row, up, j)) /
		    up[j];
	}
	d = 1 + gp->noise - dot(row, row, i);
	row[i] = sqrt(fmax(d, 1e-10));
}

/* Factor and alpha of the first n points; their log likelihood. */
static double solve(struct pike_gp *gp, size_t n)
{
	double like = 0, *a = gp->alpha;

	for (size_t i = 0; i < n; i++) {
		const double *row = gp->l + i * gp->cap;

		factor_row(gp, i);
		a[i] = (gp->y[i] - dot(row, a, i)) / row[i];
		like -= a[i] * a[i] / 2 + log(row[i]);
	}
	for (size_t i = n; i-- > 0;) {
		double s = a[i];

		for (size_t j = i + 1; j < n; j++)
			s -= gp->l[j * gp->cap + i] * a[j];
		a[i] = s / gp->l[i * gp->cap + i];
	}
	return like;
}

/* ---- the kernel's parameters ---- */

/* A length of about the axis is likely; a log-normal prior says so. */
static double prior(double length)
{
	double z = log(length / 0.8);

	return -z * z / 2;
}

static void fit_axis(struct pike_gp *gp, size_t i, double *len, size_t n)
{
	double best = -INFINITY, found = *len;

	for (size_t k = 0; k < PIKE_ARRAY_LEN(lengths); k++) {
		double p;

		gp->weight[i] = 1 / (lengths[k] * lengths[k]);
		p = solve(gp, n) + prior(lengths[k]);
		if (p > best) {
			best = p;
			found = lengths[k];
		}
	}
	*len = found;
	gp->weight[i] = 1 / (found * found);
}

static void fit_noise(struct pike_gp *gp, size_t n)
{
	double best = -INFINITY, found = gp->noise;

	for (size_t k = 0; k < PIKE_ARRAY_LEN(noises); k++) {
		double p;

		gp->noise = noises[k];
		p = solve(gp, n);
		if (p > best) {
			best = p;
			found = noises[k];
		}
	}
	gp->noise = found;
}

static void fit(struct pike_gp *gp)
{
	size_t n = gp->n < FIT_MAX ? gp->n : FIT_MAX, dims = gp->axes->n;
	double *len = pike_xcalloc(dims + 1, sizeof(*len));

	for (size_t i = 0; i < dims; i++) {
		len[i] = 0.6;
		gp->weight[i] = 1 / (len[i] * len[i]);
	}
	gp->noise = 1e-2;
	for (int s = 0; s < SWEEPS; s++) {
		for (size_t i = 0; i < dims; i++)
			fit_axis(gp, i, &len[i], n);
		fit_noise(gp, n);
	}
	free(len);
}

/* ---- life ---- */

void pike_gp_init(struct pike_gp *gp, const struct pike_axes *axes,
		  const int *x, const double *y, size_t n, size_t room)
{
	size_t dims = axes->n;

	*gp = (struct pike_gp){ .axes = axes, .n = n, .cap = n + room };
	gp->x = pike_xcalloc(gp->cap * dims + 1, sizeof(*gp->x));
	gp->y = pike_xcalloc(gp->cap + 1, sizeof(*gp->y));
	gp->alpha = pike_xcalloc(gp->cap + 1, sizeof(*gp->alpha));
	gp->l = pike_xcalloc(gp->cap * gp->cap + 1, sizeof(*gp->l));
	gp->weight = pike_xcalloc(dims + 1, sizeof(*gp->weight));
	memcpy(gp->x, x, n * dims * sizeof(*x));
	for (size_t i = 0; i < n; i++)
		gp->mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		gp->sd += (y[i] - gp->mean) * (y[i] - gp->mean) / (double)n;
	gp->sd = sqrt(gp->sd);
	gp->sd = gp->sd > 1e-9 ? gp->sd : 1;
	for (size_t i = 0; i < n; i++)
		gp->y[i] = (y[i] - gp->mean) / gp->sd;
	fit(gp);
	solve(gp, n);
}

void pike_gp_release(struct pike_gp *gp)
{
	free(gp->x);
	free(gp->y);
	free(gp->l);
	free(gp->alpha);
	free(gp->weight);
	*gp = (struct pike_gp){ 0 };
}

/* ---- beliefs ---- */

void pike_gp_predict(const struct pike_gp *gp, struct pike_belief *b,
		     const int *x)
{
	double mean = 0, var = 1;

	for (size_t i = 0; i < gp->n; i++) {
		const double *row = gp->l + i * gp->cap;
		double k = kernel(gp, point(gp, i), x);

		mean += k * gp->alpha[i];
		b->v[i] = (k - dot(row, b->v, i)) / row[i];
		var -= b->v[i] * b->v[i];
	}
	b->mean = gp->mean + gp->sd * mean;
	b->var = gp->sd * gp->sd * fmax(var, 1e-9);
}

void pike_gp_believe(struct pike_gp *gp, const int *x)
{
	memcpy(gp->x + gp->n * gp->axes->n, x, gp->axes->n * sizeof(*x));
	factor_row(gp, gp->n);
	gp->alpha[gp->n++] = 0;
}

void pike_gp_update(const struct pike_gp *gp, struct pike_belief *b,
		    const int *x)
{
	size_t i = gp->n - 1;
	const double *row = gp->l + i * gp->cap;

	b->v[i] = (kernel(gp, point(gp, i), x) - dot(row, b->v, i)) / row[i];
	b->var = fmax(b->var - gp->sd * gp->sd * b->v[i] * b->v[i],
		      1e-9 * gp->sd * gp->sd);
}
