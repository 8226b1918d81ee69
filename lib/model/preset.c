/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preset: the table of strategies under their names, and what a
 * [strategy "name"] section makes of one. The presets of the paper (arXiv
 * 2511.16964) have its numbers.
 */
#include "model/preset.h"

#include "base/mem.h"
#include "model/settings.h"

#include <string.h>

/* PIKE-B: all exploitation, mutation, no islands, parents from the last round
 * alone, rounds of ten from the best four. */
#define ROUNDS(preset, fix, idea, cheap)                                       \
	{                                                                      \
		.name = preset, .family = PIKE_ROUNDS, .asks = true,           \
		.samples = 10, .parents = 4, .fixes = fix, .ideas = idea,      \
		.islands = 1, .exploit = 1, .parallel = 10, .history = 1,      \
		.cheap_fixes = cheap,                                          \
	}
/* PIKE-O: islands of the OpenEvolve kind. */
#define ISLANDS(preset, fix, cross, flying, isles, more, best, elites)         \
	{                                                                      \
		.name = preset, .family = PIKE_ISLANDS, .asks = true,          \
		.fixes = fix, .crossover = cross, .parallel = flying,          \
		.islands = isles, .explore = more, .exploit = best,            \
		.archive = elites, .population = 25, .migration_interval = 50, \
		.migration_rate = 0.1,                                         \
	}

/* Not of the paper, and better where it can be: the champion stays among the
 * parents, prompts tell, and a tuner may settle the numbers of what has become
 * the champion. */
#define INFORMED(preset, tuned)                                                \
	{                                                                      \
		.name = preset, .family = PIKE_ROUNDS, .asks = true,           \
		.samples = 10, .parents = 4, .fixes = 5, .ideas = 10,          \
		.islands = 1, .exploit = 1, .parallel = 10, .history = 1,      \
		.elitism = true, .profile = true, .lessons = true,             \
		.hybrid = tuned,                                               \
	}

static const struct pike_preset presets[] = {
	{ .name = "tune", .family = PIKE_TUNER },
	{ .name = "random", .family = PIKE_CHANCE },
	/*     preset              fixes  ideas  by the cheap model */
	ROUNDS("pike-b", 5, 10, false),
	ROUNDS("pike-b-cheap-efa", 5, 10, true),
	ROUNDS("pike-b-no-efa", 0, 10, false),
	ROUNDS("pike-b-no-iba", 5, 0, false),
	/*      preset  fixes  crossover  parallel  islands  explore  exploit
	 *      archive */
	ISLANDS("pike-o", 5, true, 20, 3, 0.2, 0.7, 12),
	ISLANDS("pike-o-no-efa", 0, true, 20, 3, 0.2, 0.7, 12),
	ISLANDS("pike-o-mut", 5, false, 20, 3, 0.2, 0.7, 12),
	ISLANDS("pike-o-mut-npar", 5, false, 1, 3, 0.2, 0.7, 12),
	ISLANDS("pike-o-mut-npar-1isl", 5, false, 1, 1, 0.2, 0.7, 12),
	ISLANDS("pike-o-mut-npar-1isl-eo", 5, false, 1, 1, 0, 1, 12),
	ISLANDS("pike-o-mut-npar-1isl-eo-sl", 5, false, 1, 1, 0, 1, 4),
	/*       preset      a tuner beside it */
	INFORMED("informed", false),
	INFORMED("hybrid", true),
};

const struct pike_preset *pike_preset_at(size_t i)
{
	return i < PIKE_ARRAY_LEN(presets) ? &presets[i] : NULL;
}

static const struct pike_preset *preset(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(presets); i++)
		if (!strcmp(presets[i].name, name))
			return &presets[i];
	return NULL;
}

static const char *const selectors[] = {
	[PIKE_SELECT_BEST] = "best",
	[PIKE_SELECT_ELITE_DIVERSE] = "elite-diverse",
	[PIKE_SELECT_TOURNAMENT] = "tournament",
	[PIKE_SELECT_ROULETTE] = "roulette",
};

const char *pike_selector_name(size_t i)
{
	return i < PIKE_ARRAY_LEN(selectors) ? selectors[i] : NULL;
}

static enum pike_selector selector(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(selectors); i++)
		if (!strcmp(selectors[i], name))
			return (enum pike_selector)i;
	return PIKE_SELECT_BEST;
}

static void set(int64_t *knob, int64_t value)
{
	if (value >= 0)
		*knob = value;
}

static void set_share(double *knob, double value)
{
	if (value >= 0)
		*knob = value;
}

static void apply(struct pike_preset *k, const struct pike_strategy *s)
{
	set(&k->samples, s->samples);
	set(&k->parents, s->parents);
	set(&k->fixes, s->fix_attempts);
	set(&k->ideas, s->ideas);
	set(&k->islands, s->islands);
	set(&k->population, s->population);
	set(&k->archive, s->archive);
	set(&k->migration_interval, s->migration_interval);
	set(&k->parallel, s->parallel);
	set(&k->history, s->history);
	set_share(&k->explore, s->explore);
	set_share(&k->exploit, s->exploit);
	set_share(&k->migration_rate, s->migration_rate);
	if (s->elitism >= 0)
		k->elitism = s->elitism != 0;
	if (s->profile >= 0)
		k->profile = s->profile != 0;
	if (s->lessons >= 0)
		k->lessons = s->lessons != 0;
	if (s->selector)
		k->selector = selector(s->selector);
	if (s->prompt)
		k->crossover = !strcmp(s->prompt, "crossover");
}

bool pike_preset_find(struct pike_preset *out, const struct pike_settings *s,
		      const char *name)
{
	const struct pike_preset *p = preset(name);

	for (size_t i = 0; !p && i < s->nstrategies; i++) {
		const struct pike_strategy *own = &s->strategies[i];

		if (strcmp(own->name, name) != 0)
			continue;
		p = own->preset ? preset(own->preset) : NULL;
		if (!p)
			return false;
		*out = *p;
		out->name = own->name;
		apply(out, own);
		return true;
	}
	if (!p)
		return false;
	*out = *p;
	return true;
}
