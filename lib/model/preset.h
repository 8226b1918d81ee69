/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preset: what `strategy =` may name. A preset is a family of strategies and
 * its numbers: one row of a table. How a family chooses is lib/search's
 * business.
 */
#ifndef PIKE_MODEL_PRESET_H
#define PIKE_MODEL_PRESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pike_settings;

enum pike_family {
	PIKE_TUNER,   /* of the numbers that sources declare */
	PIKE_CHANCE,  /* the same numbers, at random: a control */
	PIKE_ROUNDS,  /* PIKE-B */
	PIKE_ISLANDS, /* PIKE-O */
};
enum pike_selector { /* of parents */
	PIKE_SELECT_BEST,
	PIKE_SELECT_ELITE_DIVERSE, /* the best 30 %, the rest by chance */
	PIKE_SELECT_TOURNAMENT,	   /* of three, with replacement */
	PIKE_SELECT_ROULETTE,	   /* in proportion to speed, likewise */
};
/* As settings call it; NULL past the last. */
const char *pike_selector_name(size_t i);

struct pike_preset {
	const char *name;
	enum pike_family family;
	bool asks; /* models; the rest is of those that do */
	enum pike_selector selector;
	int64_t samples, parents; /* of a round */
	int64_t history;	  /* rounds back that parents come from */
	int64_t fixes;		  /* attempts to mend what fails */
	int64_t ideas;		  /* asked of a brainstorm; 0: none */
	int64_t islands, population, archive, migration_interval, parallel;
	double explore, exploit, migration_rate;
	bool crossover;	  /* more than the parent is in the prompt */
	bool cheap_fixes; /* by [llm "cheap"] */
	bool hybrid;	  /* a tuner settles the numbers */
	bool elitism;	  /* the champion stays among the parents */
	/* The prompt tells: the machine, what was measured and tried, what
	 * holds for sure, and a direction of its own for each sample. */
	bool profile;
	bool lessons; /* and what earlier generations and people teach */
};
/* The i-th row; NULL past the last. */
const struct pike_preset *pike_preset_at(size_t i);
/* A row, or a [strategy "name"] that starts from one; false: neither. */
bool pike_preset_find(struct pike_preset *out, const struct pike_settings *s,
		      const char *name);

#endif
