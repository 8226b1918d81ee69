/* SPDX-License-Identifier: Apache-2.0 */
/* timing: what was measured of a case, and which of its pairs count. */
#include "eval/session_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void pike_timing_release(struct pike_timing *t)
{
	free(t->v);
	pike_json_free(t->launches);
	memset(t, 0, sizeof(*t));
}

/* Of one number of each pair, `offset` bytes into it. */
static double median_of(const struct pike_timing *t, size_t offset)
{
	double *v = pike_xcalloc(t->n + 1, sizeof(*v)), m;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (pike_timing_counts(t, i))
			memcpy(&v[n++], (const char *)&t->v[i] + offset,
			       sizeof(*v));
	m = pike_median(v, n);
	free(v);
	return m;
}

double pike_timing_median(const struct pike_timing *t, size_t arm)
{
	return median_of(t,
			 offsetof(struct pike_pair, ns) + arm * sizeof(double));
}

double pike_timing_late(const struct pike_timing *t)
{
	return median_of(t, offsetof(struct pike_pair, late));
}

double pike_timing_mhz(const struct pike_timing *t, size_t arm)
{
	return median_of(t, offsetof(struct pike_pair, mhz) +
				arm * sizeof(double));
}

bool pike_timing_crowded(const struct pike_timing *t)
{
	return t->ncrowded && t->n - t->ncrowded < PROTO_CALM_MIN;
}

bool pike_timing_counts(const struct pike_timing *t, size_t i)
{
	return !t->v[i].crowded || pike_timing_crowded(t);
}

size_t pike_timing_kept(const struct pike_timing *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += !t->v[i].crowded && !t->v[i].dropped;
	return n;
}

double pike_timing_dropped(const struct pike_timing *t)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < t->n; i++) {
		all += pike_timing_counts(t, i);
		n += pike_timing_counts(t, i) && t->v[i].dropped;
	}
	return all ? (double)n / (double)all : 0;
}

double pike_timing_disturbed(const struct pike_timing *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].broken || t->v[i].crowded;
	return t->n ? (double)n / (double)t->n : 0;
}

void pike_timing_pairs(struct pike_pairs *out, const struct pike_timing *t,
		       size_t ref, bool drop)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct pike_pair *s = &t->v[i];

		if (i && s->round != t->v[i - 1].round)
			pike_pairs_end_round(out);
		if (!pike_timing_counts(t, i) || (drop && s->dropped))
			continue;
		pike_pairs_add(out, log(s->ns[ref] / s->ns[t->narms - 1]));
	}
	pike_pairs_end_round(out);
}
