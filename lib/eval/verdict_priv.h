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
	const char *than; /* "the base", "the champion" */
	/* The rest is 0 on a quiet machine. */
	double hidden;	  /* pike_clocks_hidden */
	double disturbed; /* share of pairs, for the reason */
	double dropped;	  /* share of pairs that `pairs` is without */
	const struct pike_pairs *all; /* with them; NULL: none are dropped */
	bool crowded;		      /* a case: pike_timing_crowded */
};
/*
 * Screening (`strict` false) and confirmation (`strict` true). `pairs` and
 * `names` are by case.
 *
 * Noise is met by how the pairs were taken: both arms in turn, in random order,
 * so that what disturbs hits both (as Google Benchmark's random interleaving,
 * "random interleaving" in its user guide), by medians, which half of the pairs
 * do not move, and by the bootstrap (Efron 1979), which says how sure they are.
 * More rules keep a disturbed machine from being somebody's gain:
 *
 * - A gain must be larger than what the clocks could hide (`hidden`), where
 *   that is more than half of the threshold. So a gain many times the noise is
 *   `faster` on any machine, and one that noise could feign is not. By as much
 *   as noise has raised the threshold, `slower` must lie below 1.
 * - Several threads that had no calm moment are `inconclusive`, as what others
 *   take from them is no chance: screening only does not call them `slower`.
 * - Where more than PROTO_DROP_MAX of the pairs are dropped, the pairs that are
 *   kept and all of them must come to the same word, and the wider interval
 *   holds: what is dropped must not decide.
 */
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

/* What a sample took, in ns, by what its process says: of the calls, without
 * the time in which it stood in line for a core. `u`: what the kernel's account
 * has of it (account_priv.h), or NULL where it has nothing. */
double pike_clocks_claim(const struct pike_timed *x, const struct pike_used *u);
/* What passed outside beyond that: processor time that the process used but
 * did not claim; without an account, wall time. */
double pike_clocks_over(const struct pike_timed *x, const struct pike_used *u);
/* Wall time in which it neither ran nor stood in line, nor the judge: wake-ups,
 * and sleep. 0 without an account. */
double pike_clocks_idle(const struct pike_timed *x, const struct pike_used *u);
/* A lie of such a share of the candidate's time may pass unseen: what passes
 * outside is not steadier. Hardly anything where the account is kept. */
double pike_clocks_hidden(const struct pike_timing *t);

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
