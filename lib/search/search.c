/* SPDX-License-Identifier: Apache-2.0 */
/* search: the table of families, and moves. */
#include "search/search_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const struct pike_strategy_ops *
pike_strategy_of(const struct pike_preset *preset)
{
	static const struct pike_strategy_ops *const families[][2] = {
		[PIKE_TUNER] = { &pike_strategy_tune, &pike_strategy_tune },
		[PIKE_CHANCE] = { &pike_strategy_random,
				  &pike_strategy_random },
		[PIKE_ROUNDS] = { &pike_strategy_rounds,
				  &pike_strategy_hybrid_rounds },
		[PIKE_ISLANDS] = { &pike_strategy_islands,
				   &pike_strategy_hybrid_islands },
	};

	return families[preset->family][preset->hybrid];
}

/* Of the agent that mends, where its section says how often. */
static int64_t attempts(const struct pike_settings *s)
{
	for (size_t i = 0; i < s->nagents; i++)
		if (pike_agent_find(s->agents[i].name)->mends)
			return s->agents[i].attempts;
	return -1;
}

const struct pike_strategy_ops *
pike_strategy_choose(struct pike_preset *preset, const struct pike_settings *s,
		     const char *name)
{
	memset(preset, 0, sizeof(*preset));
	if (!pike_preset_find(preset, s, name))
		return NULL;
	if (attempts(s) >= 0)
		preset->fixes = attempts(s);
	return pike_strategy_of(preset);
}

void pike_moves_release(struct pike_moves *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].parents);
		free(m->v[i].slot);
		free(m->v[i].idea);
	}
	free(m->v);
	memset(m, 0, sizeof(*m));
}

void pike_moves_tune(struct pike_moves *out, const struct pike_space *space,
		     const int *choice, struct pike_rng *rng)
{
	struct pike_buf idea;
	struct pike_move m = { .agent = &pike_agent_tune };

	pike_buf_init(&idea, 1 << 16);
	pike_space_print(&idea, space, choice);
	m.idea = pike_buf_detach(&idea);
	m.seed = pike_rng_u64(rng);
	PIKE_GROW(out->v, out->n, out->cap);
	out->v[out->n++] = m;
}
