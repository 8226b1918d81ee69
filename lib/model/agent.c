/* SPDX-License-Identifier: Apache-2.0 */
/* agent: the table of them. */
#include "model/agent.h"

#include "base/mem.h"

#include <string.h>

/* Not a query: there are few brainstorms, and what comes of one is not
 * measured; the reference system does not count them either. */
const struct pike_agent pike_agent_brainstorm = {
	.name = "brainstorm",
	.asks = true,
	.ideas = true,
};
const struct pike_agent pike_agent_optimize = {
	.name = "optimize",
	.asks = true,
	.query = true,
	.sample = true,
};
const struct pike_agent pike_agent_fix = {
	.name = "fix",
	.asks = true,
	.query = true,
	.sample = true,
	.mends = true,
};
const struct pike_agent pike_agent_tune = {
	.name = "tune",
	.sets_numbers = true,
};
const struct pike_agent pike_agent_human = { .name = "human" };
const struct pike_agent pike_agent_unknown = { .name = "" };

static const struct pike_agent *const rows[] = {
	&pike_agent_brainstorm, &pike_agent_optimize, &pike_agent_fix,
	&pike_agent_tune,	&pike_agent_human,
};

const struct pike_agent *pike_agent_at(size_t i)
{
	return i < PIKE_ARRAY_LEN(rows) ? rows[i] : NULL;
}

const struct pike_agent *pike_agent_find(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i]->name, name))
			return rows[i];
	return &pike_agent_unknown;
}
