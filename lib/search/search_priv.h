/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside search: what the history says of a space of tunables (the fold), and
 * configurations that were not tried yet (the pool). A configuration is an
 * array of space->n value indexes.
 */
#ifndef PIKE_SEARCH_SEARCH_PRIV_H
#define PIKE_SEARCH_SEARCH_PRIV_H

#include "search/search.h"

enum pike_seen {
	PIKE_SEEN_PENDING, /* no score yet, or none that can be compared */
	PIKE_SEEN_SCORED,
	PIKE_SEEN_INVALID, /* did not build, wrong, crashed... */
};

struct pike_configs {
	size_t dims, n, cap;
	int *choice; /* n rows of dims */
};
void pike_configs_init(struct pike_configs *c, size_t dims);
void pike_configs_release(struct pike_configs *c);
int *pike_configs_add(struct pike_configs *c, const int *choice);
const int *pike_config(const struct pike_configs *c, size_t i);

/* The configurations that were tried or proposed, each once. */
struct pike_fold {
	const struct pike_space *space;
	struct pike_configs seen;
	enum pike_seen *state;
	double *score;	 /* where SCORED */
	uint32_t *table; /* hash of a configuration -> index + 1 */
	size_t slots;
	uint64_t total; /* size of the space, at most UINT64_MAX */
};
void pike_fold_init(struct pike_fold *f, const struct pike_search_input *in);
void pike_fold_release(struct pike_fold *f);
bool pike_fold_has(const struct pike_fold *f, const int *choice);
void pike_fold_note(struct pike_fold *f, const int *choice,
		    enum pike_seen state, double score);

/* Adds up to `max` configurations that the fold has not seen, each once: all
 * that are left where they are few, else a sample, half of it near `near`
 * (the best known; may be empty). */
void pike_pool_fill(struct pike_configs *out, const struct pike_fold *f,
		    const struct pike_configs *near, size_t max,
		    struct pike_rng *rng);
void pike_pool_drop(struct pike_configs *pool, size_t i);

/* ---- strategies that ask models ---- */

struct pike_scored {
	double score; /* as a record's */
	size_t at;    /* record */
};
int pike_by_score(const void *p, const void *q); /* the fastest first */
/* The bin of the i-th of n, 0 < bins <= n: near-equal, larger ones first, so
 * 10 in 4 are 3, 3, 2, 2. */
size_t pike_bin(size_t i, size_t n, size_t bins);

/* Of a round or an island. Not `none`: interrupted, as if not asked for. */
bool pike_record_sample(const struct pike_record *r);

size_t pike_record_index(const struct pike_history *h,
			 const struct pike_oid *id); /* PIKE_NO_RECORD: none */
size_t pike_parent_of(const struct pike_history *h, size_t at); /* likewise */
/* For each record what the tuner has started from to make it: itself where the
 * tuner has not, PIKE_NO_RECORD for the base. The caller frees. */
size_t *pike_structures(const struct pike_history *h);
/* Of record `at`, where `v` has those before it. */
void pike_structure_add(size_t *v, const struct pike_history *h, size_t at);

/* One optimization and the fixes of what fails, up to the first that works. */
enum pike_sample_state {
	PIKE_SAMPLE_FREE,   /* nothing was asked for */
	PIKE_SAMPLE_BUSY,   /* asked, or waits for its verdict */
	PIKE_SAMPLE_FAILED, /* and may be mended */
	PIKE_SAMPLE_DONE,
};
struct pike_sample {
	enum pike_sample_state state;
	size_t last; /* record; valid unless FREE or only asked for */
	int64_t fixes;
};
/* Record `at` is the next of this sample; `fixes` may be asked in all. */
void pike_sample_note(struct pike_sample *s, const struct pike_record *rec,
		      size_t at, int64_t fixes);

struct pike_move *pike_moves_add(struct pike_moves *out,
				 const struct pike_agent *agent, uint64_t seed);
void pike_moves_tune(struct pike_moves *out, const struct pike_space *space,
		     const int *choice, struct pike_rng *rng);

/* PIKE-O keeps twice as many questions on their way as it measures at once, as
 * the reference system of the paper (arXiv 2511.16964) does. */
#define PIKE_ISLANDS_FLYING 2
void pike_rounds_describe(struct pike_buf *out, const struct pike_preset *k);
void pike_islands_describe(struct pike_buf *out, const struct pike_preset *k);

/* The tuner itself, on a history that holds tunings of one structure only. */
int pike_tuner_next(struct pike_moves *out, const struct pike_search_input *in,
		    struct pike_err *err);
extern const struct pike_strategy_ops pike_strategy_tune;
extern const struct pike_strategy_ops pike_strategy_random;
extern const struct pike_strategy_ops pike_strategy_rounds;
extern const struct pike_strategy_ops pike_strategy_islands;
/* The tuner beside one of the two. */
extern const struct pike_strategy_ops pike_strategy_hybrid_rounds;
extern const struct pike_strategy_ops pike_strategy_hybrid_islands;

#endif
