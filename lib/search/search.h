/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search: chooses what to try next. Pure and seeded: state is folded from the
 * history, no I/O, no clock; the same history and seed give the same moves.
 *
 * A strategy is a row of a const table.
 */
#ifndef PIKE_SEARCH_SEARCH_H
#define PIKE_SEARCH_SEARCH_H

#include "base/err.h"
#include "model/result.h"
#include "model/settings.h"
#include "model/target.h"

#include <stdbool.h>
#include <stdint.h>

struct pike_move {
	const char *agent; /* "tune"; later brainstorm, optimize, fix */
	size_t *parents;   /* record indexes; none: the champion */
	size_t nparents;
	char *slot, *idea; /* idea of a tuner move: "TILE=32 UNROLL=4" */
	uint64_t seed;
};
struct pike_moves {
	struct pike_move *v;
	size_t n, cap;
};
void pike_moves_release(struct pike_moves *m);

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
};

struct pike_strategy_ops {
	const char *name, *summary;
	/* Adds up to `want` moves. None added: the search is exhausted. */
	int (*next)(struct pike_moves *out, const struct pike_search_input *in,
		    struct pike_err *err);
};
/* NULL when unknown. */
const struct pike_strategy_ops *pike_strategy_find(const char *name);
const struct pike_strategy_ops *const *pike_strategies(size_t *n);

#endif
