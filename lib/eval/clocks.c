/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks: a process tells how long its kernel took, and the judge knows how
 * long it waited for that (README.md, protocol 12). What passes
 * outside beyond what passes for the first arm is charged to the kernel, so
 * a claim that is too small gains nothing; much of it is tampering.
 */
#include "eval/verdict_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A normal sd from a median absolute deviation; the error of a median over
 * that of a mean. */
#define SD_OF_MAD 1.4826
#define MEDIAN_ERROR 1.2533

/* Median of v, and the median absolute deviation from it; v is lost. */
static double spread(double *v, size_t n, double *mad)
{
	double m = pike_median(v, n);

	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - m);
	*mad = pike_median(v, n);
	return m;
}

/* Error of the median of n values with this deviation, `times` over. */
static double error_of(double mad, size_t n, double times)
{
	return times * SD_OF_MAD * MEDIAN_ERROR * mad / sqrt((double)n);
}

/* One turn on a core: nobody took it away, and it did not sleep. Else the
 * processor time is what the calls took on a core of their own. A kernel that
 * sleeps is charged for that too: by the wall clock, less at most what the
 * kernel's account says that it stood in line, and by what pike_clocks_settle
 * finds idle. */
double pike_clocks_claim(const struct pike_timed *x, const struct pike_used *u)
{
	double wall = (double)x->claim_ns, rest;

	if (!u || u->turns <= 1)
		return wall;
	rest = wall - (double)u->wait_ns;
	return fmin(wall, fmax(fmax(rest, (double)x->cpu_ns), 1));
}

double pike_clocks_over(const struct pike_timed *x, const struct pike_used *u)
{
	if (!u)
		return (double)(x->wall_ns - x->claim_ns);
	return (double)u->cpu_ns - pike_clocks_claim(x, u);
}

double pike_clocks_idle(const struct pike_timed *x, const struct pike_used *u)
{
	if (!u)
		return 0;
	return (double)(x->wall_ns - u->wait_ns - u->judge_ns - u->cpu_ns);
}

/* What passed outside of arm `k`, capped, less that of arm `ref` (none: k),
 * of the pairs that count; returns how many. */
static size_t over_of(double *v, const struct pike_timing *t, size_t k,
		      size_t ref, double most)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const double *over = t->v[i].over;

		if (!pike_timing_counts(t, i))
			continue;
		v[n++] = fmin(over[k], most) -
			 (ref == k ? 0 : fmin(over[ref], most));
	}
	return n;
}

static double claim_of(double *v, const struct pike_timing *t, size_t k)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (pike_timing_counts(t, i))
			v[n++] = t->v[i].claim[k];
	return pike_median(v, n);
}

double pike_clocks_hidden(const struct pike_timing *t)
{
	size_t cand = t->narms - 1, n;
	double *v = pike_xcalloc(t->n + 1, sizeof(*v)), mad, claim, share = 0;

	n = over_of(v, t, cand, 0, INFINITY);
	if (n >= PROTO_CLOCK_PAIRS) {
		spread(v, n, &mad);
		claim = claim_of(v, t, cand);
		share = claim > 0 ? error_of(mad, n, 2) / claim : 0;
	}
	free(v);
	return share;
}

/* What passes outside a sample of the first arm at most, but for outliers. */
static double usual_over(const struct pike_timing *t, double *v)
{
	size_t n = over_of(v, t, 0, 0, INFINITY);
	double mad, m = spread(v, n, &mad);

	return m + fmax(3 * SD_OF_MAD * mad, PROTO_CLOCK_LEAST_NS);
}

/* What a sample of the first arm idles at most, but for outliers: in waking
 * up. */
static double usual_idle(const struct pike_timing *t, double *v)
{
	double m, mad;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (pike_timing_counts(t, i))
			v[n++] = t->v[i].idle[0];
	m = spread(v, n, &mad);
	return m + fmax(3 * SD_OF_MAD * mad, PROTO_CLOCK_LEAST_NS);
}

void pike_clocks_settle(struct pike_timing *t)
{
	double *v = pike_xcalloc(t->n + 1, sizeof(*v));
	double most, idle, steady, mad;
	size_t n;

	if (t->n < PROTO_CLOCK_PAIRS)
		goto out;
	most = usual_over(t, v);
	idle = usual_idle(t, v);
	for (size_t k = 0; k < t->narms; k++) {
		/* Every sample alone, else half of them could lie; and what
		 * all of them have in common, beyond chance: a charge for
		 * chance would make every kernel a little slower. */
		n = k ? over_of(v, t, k, 0, most) : 0;
		steady = n ? spread(v, n, &mad) : 0;
		if (n)
			steady = fmax(0, steady - error_of(mad, n, 2));
		for (size_t i = 0; i < t->n; i++) {
			struct pike_pair *s = &t->v[i];
			double more = fmax(0, s->over[k] - most) + steady;

			/* Who has not lost its core cannot have slept */
			if (s->broken & 1u << k)
				more += fmax(0, s->idle[k] - idle);
			s->ns[k] = (s->claim[k] + more) / (double)t->inner;
		}
	}
out:
	free(v);
}

bool pike_clocks_agree(const struct pike_timing *t, size_t ref, char *reason,
		       size_t size)
{
	size_t cand = t->narms - 1, n;
	double *v, extra, claim, mad, noise, most;
	bool ok;

	if (t->n < PROTO_CLOCK_PAIRS || ref >= cand)
		return true;
	v = pike_xcalloc(t->n, sizeof(*v));
	claim = claim_of(v, t, cand);
	n = over_of(v, t, cand, ref, INFINITY);
	extra = spread(v, n, &mad);
	noise = error_of(mad, n, 3);
	most = fmax(PROTO_CLOCK_SHARE * claim, PROTO_CLOCK_NS + noise);
	ok = extra <= most;
	if (!ok)
		snprintf(reason, size,
			 "its process claims %.1f us a sample, but %.1f us "
			 "more pass outside than for the kernel it is "
			 "compared with: work is done outside the timed call",
			 claim / 1e3, extra / 1e3);
	free(v);
	return ok;
}
