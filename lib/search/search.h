/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search: chooses what to try next. Pure and seeded: state is folded from the
 * history, no I/O, no clock; the same history and seed give the same moves.
 *
 * A strategy is a family's row of a const table; what may be chosen by name
 * are presets (model/preset.h), each of one family.
 */
#ifndef PIKE_SEARCH_SEARCH_H
#define PIKE_SEARCH_SEARCH_H

#include "base/err.h"
#include "base/rand.h"
#include "model/preset.h"
#include "model/result.h"
#include "model/settings.h"
#include "model/target.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- moves ---- */

#define PIKE_NO_RECORD SIZE_MAX /* among a move's parents: the base */

struct pike_move {
	const struct pike_agent *agent;
	/* Record indexes; none: the champion of a tuner, the base of others.
	 * The first is what is changed, the others are shown beside it. */
	size_t *parents;
	size_t nparents;
	char *slot; /* of the round, or ISLAND.SAMPLE; NULL for a tuner */
	char *idea; /* of a tuner's: "TILE=32 UNROLL=4" */
	uint64_t seed;
	/* Of an optimization: it goes the `turn`-th of the directions that
	 * there are, in an order that `order` draws. Samples of a round have
	 * one order, and each its own turn. */
	uint64_t order;
	size_t turn;
};
struct pike_moves {
	struct pike_move *v;
	size_t n, cap;
};
void pike_moves_release(struct pike_moves *m);

/* What cells of islands tell sources apart by. bytes 0: not known. */
struct pike_traits {
	size_t bytes, lines;
	uint64_t chars[4]; /* the set of byte values */
};
void pike_traits_of(struct pike_traits *out, const struct pike_files *f);

/* What a strategy has folded of the settled records, so that a long history
 * is not folded anew for each move. The moves are the same without. */
struct pike_memory;
void pike_memory_free(struct pike_memory *m);

struct pike_search_input {
	const struct pike_history *history;
	const struct pike_space *space; /* tunables of the champion's sources */
	const struct pike_settings *settings;
	const struct pike_target *target;
	/* Tunables of the base's sources, whose configuration is known to score
	 * 0 and is no candidate. NULL: `space` is the base's own if the
	 * champion is the base, else not known. */
	const struct pike_space *base_space;
	uint64_t seed;
	size_t want; /* at most so many moves now */
	/* Of strategies that ask models: */
	const struct pike_preset *preset;
	uint64_t run_seed;		/* the same for all of a search */
	const struct pike_strs *ideas;	/* NULL: not known (yet) */
	const struct pike_move *flying; /* asked for, not in the history yet */
	size_t nflying;
	/* Of islands: of each record. NULL: not known, speed alone tells cells
	 * apart. */
	const struct pike_traits *traits;
	/* Kept from call to call of one search, with the same preset; NULL at
	 * first. NULL: nothing is kept. */
	struct pike_memory **memory;
	/* Of hybrids: tunables of the sources of pike_hybrid_root(). NULL: not
	 * known, unless that is the champion. And the tuner's moves since the
	 * champion is the champion whose files were there already, as record
	 * `parents[0]`. */
	const struct pike_space *root_space;
	const struct pike_move *known;
	size_t nknown;
};
/* The record whose numbers the tuner settles: the champion, or if the tuner
 * has made it, what it started from. PIKE_NO_RECORD: the base. */
size_t pike_hybrid_root(const struct pike_history *h);

/* Which of n models to ask next: what each has gained for its cost so far
 * decides, and chance. Names as records have them, or their beginnings. */
size_t pike_bandit_pick(const struct pike_history *h, const char *const *models,
			size_t n, struct pike_rng *rng);

/* A family of strategies, with a tuner beside it or without. */
struct pike_strategy_ops {
	/* For people: what a preset does, from its numbers. */
	void (*describe)(struct pike_buf *out, const struct pike_preset *k);
	/* Adds up to `want` moves. None added: the search is exhausted. */
	int (*next)(struct pike_moves *out, const struct pike_search_input *in,
		    struct pike_err *err);
	/* Is the round of the open generation over? NULL: a generation has no
	 * rounds, and `generation-size` closes it. */
	bool (*closed)(const struct pike_search_input *in);
	bool traits;	   /* looks at those of all records */
	size_t flying_for; /* questions on their way for each of `parallel` */
};
/* The strategy of a preset. */
const struct pike_strategy_ops *
pike_strategy_of(const struct pike_preset *preset);
/* What `strategy = name` means: a preset, or a section [strategy "name"], and
 * the strategy of that. NULL: unknown. */
const struct pike_strategy_ops *
pike_strategy_choose(struct pike_preset *preset, const struct pike_settings *s,
		     const char *name);

#endif
