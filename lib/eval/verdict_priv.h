/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: from measured ratios to a word and a reason. Pure. */
#ifndef PIKE_EVAL_VERDICT_PRIV_H
#define PIKE_EVAL_VERDICT_PRIV_H

#include "eval/session_priv.h"

struct pike_decision {
	enum pike_verdict v;
	struct pike_ratio ratio; /* old/new with the bounds it was judged by */
	char reason[512];
};

struct pike_rule {
	double delta;	  /* threshold, as a fraction */
	double same;	  /* what the threshold would be without noise */
	double alpha;	  /* one-sided level of the lower bound */
	bool strict;	  /* bound above delta; else above 0, median above */
	double cut;	  /* share of interrupted pairs */
	const char *than; /* "the base", "the champion" */
};
/* Screening (`strict` false) and confirmation (`strict` true). `pairs` and
 * `names` are by case. */
void pike_decide(struct pike_decision *out, const struct pike_rule *rule,
		 const struct pike_pairs *pairs, const char *const *names,
		 size_t ncases, struct pike_rng *rng);
/* Ratio of one case or of the mean of several, with a two-sided interval at
 * `alpha` on each side. */
struct pike_ratio pike_ratio_of(const struct pike_pairs *pairs, size_t ncases,
				double alpha, struct pike_rng *rng);
/* The threshold for a noise floor on a machine of `ncores`; and what it would
 * be if there were no noise. */
double pike_delta_for(double noise, int ncores, enum pike_noise of);
double pike_delta_least(double noise, int ncores, enum pike_noise of);

/* ---- clocks.c ---- */

/* Makes `ns` of the pairs from the claims and what passed outside: time that
 * passes outside a sample beyond what does so for arm 0 is counted as the
 * kernel's. May be called again when pairs were added. */
void pike_clocks_settle(struct pike_timing *t);
/* false when the candidate's claims fall behind the time that passes outside
 * by so much more than those of arm `ref` that it is no accident. */
bool pike_clocks_agree(const struct pike_timing *t, size_t ref, char *reason,
		       size_t size);
/* ---- sustain.c ---- */

/* GPU: takes back a `faster` in `out` that does not hold back to back. `t` is
 * by case. */
int pike_sustain(struct pike_result *out, struct pike_judge *j,
		 struct pike_build *cand, const struct pike_timing *t,
		 struct pike_err *err);

/* Least time of a call in ns, by the bytes that it must move; 0: unknown. */
struct pike_floor {
	double bytes, flops; /* declared; 0: not */
	double out_bytes;
	double copy_bps, fma_flops; /* measured; 0: not */
	double llc;
	int threads;
	bool cold, gpu;
};
double pike_floor_ns(const struct pike_floor *f);

#endif
