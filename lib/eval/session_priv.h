/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: rounds of interleaved samples of two or three arms on one case.
 * The candidate is always the last arm; the one before it is what it is
 * judged against first (the champion), the first is the base.
 */
#ifndef PIKE_EVAL_SESSION_PRIV_H
#define PIKE_EVAL_SESSION_PRIV_H

#include "eval/process_priv.h"

#define PIKE_ARMS 3

/* One interleaved pair (or triple) of samples, per call where it is a time. */
struct pike_pair {
	size_t round;
	bool dropped;		 /* a GPU's clock was held back */
	bool crowded;		 /* there were not cores for all right before
				  * or after it, while all arms were stopped */
	unsigned broken;	 /* bit k: by the kernel's account, arm k lost
				  * its core in its middle, or gave it up */
	double ns[PIKE_ARMS];	 /* settled between the clocks */
	double claim[PIKE_ARMS]; /* of the sample: pike_clocks_claim */
	double over[PIKE_ARMS];	 /* what passed outside: pike_clocks_over */
	double idle[PIKE_ARMS];	 /* pike_clocks_idle */
	double late; /* of the base that was stopped: from the moment that let
		      * it go on to its start and from its end, by its claim */
	double mhz[PIKE_ARMS]; /* a GPU's clock after it; 0: cannot be told */
};
/* What was measured of a case. */
struct pike_timing {
	size_t narms, rounds, inner;
	struct pike_pair *v;
	size_t n, cap;
	size_t ncrowded;
	int64_t waited_ns;	/* for a calm moment */
	double max_abs, rel_l2; /* of the candidate's checked outputs */
	uint32_t threads;
	struct pike_json *launches; /* pike_conn_resources; may be NULL */
};
void pike_timing_release(struct pike_timing *t);
double pike_timing_median(const struct pike_timing *t, size_t arm);
double pike_timing_late(const struct pike_timing *t);
double pike_timing_mhz(const struct pike_timing *t, size_t arm);
/* Crowded pairs do not count for anything, once there are enough others;
 * before that they all do, but only to show something: pike_timing_crowded. A
 * crowd is no noise, it makes several threads slower than one. */
bool pike_timing_counts(const struct pike_timing *t, size_t i);
bool pike_timing_crowded(const struct pike_timing *t);
/* Share of pairs that are dropped, of those that count; that were disturbed or
 * crowded, of all. */
double pike_timing_dropped(const struct pike_timing *t);
double pike_timing_disturbed(const struct pike_timing *t);
size_t pike_timing_kept(const struct pike_timing *t); /* neither */
/* Log ratios of arm `ref` over the candidate, by round; without the dropped
 * pairs when `drop`. */
void pike_timing_pairs(struct pike_pairs *out, const struct pike_timing *t,
		       size_t ref, bool drop);

struct pike_session {
	struct pike_judge *j;
	struct pike_pool *pool;
	const struct pike_build *build[PIKE_ARMS];
	const char *label[PIKE_ARMS];
	size_t narms;
	uint32_t inner;
	bool hide;
	bool warm; /* as in pike_process_opts, both arms alike */
	/* set by the functions below */
	struct pike_runner *runner[PIKE_ARMS];
	size_t nwarm, next, round;
	double warm_ns[PIKE_ARMS]; /* per call, median of the warm-up */
	int64_t start_ns;	   /* of the last round, until all were ready */
	int64_t room;		   /* bytes available before it */
	int deadline_ms;
};

/* Inner calls of a sample, for kernels of `call_ns`. A GPU keeps time by
 * events, and has its caches flushed for each call: one. */
uint32_t pike_inner(const struct pike_judge *j, int64_t call_ns);
size_t pike_warm_sets(const struct pike_layout *l);
size_t pike_slots(uint32_t inner);

/* All four: 0, 1 when the candidate is at fault, or an error. */
int pike_session_begin(struct pike_session *s, struct pike_fault *f,
		       struct pike_err *err);
bool pike_session_more(const struct pike_session *s); /* sets left */
int pike_session_pair(struct pike_session *s, struct pike_timing *t,
		      struct pike_fault *f, struct pike_err *err);
int pike_session_end(struct pike_session *s, struct pike_timing *t,
		     struct pike_fault *f, struct pike_err *err);
void pike_session_drop(struct pike_session *s); /* closes what is open */

/* A whole round of at most `pairs` pairs, ended early at `until_ns`. */
int pike_session_round(struct pike_session *s, struct pike_timing *t,
		       size_t pairs, struct pike_fault *f,
		       struct pike_err *err);

#endif
