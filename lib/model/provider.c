/* SPDX-License-Identifier: Apache-2.0 */
/* provider: the table of them. */
#include "model/provider.h"

#include "base/mem.h"

#include <string.h>

const struct pike_provider pike_provider_openai = {
	.name = "openai",
	.url = "https://api.openai.com/v1",
	.key = "OPENAI_API_KEY",
};
const struct pike_provider pike_provider_anthropic = {
	.name = "anthropic",
	.url = "https://api.anthropic.com",
	.key = "ANTHROPIC_API_KEY",
};
const struct pike_provider pike_provider_gemini = {
	.name = "gemini",
	.url = "https://generativelanguage.googleapis.com",
	.key = "GEMINI_API_KEY",
};
const struct pike_provider pike_provider_command = {
	.name = "command",
	.program = true,
};
const struct pike_provider pike_provider_cli = {
	.name = "cli",
	.works = true,
};
const struct pike_provider pike_provider_replay = {
	.name = "replay",
	.recorded = true,
};

static const struct pike_provider *const rows[] = {
	&pike_provider_openai,	&pike_provider_anthropic, &pike_provider_gemini,
	&pike_provider_command, &pike_provider_cli,	  &pike_provider_replay,
};

const struct pike_provider *pike_provider_at(size_t i)
{
	return i < PIKE_ARRAY_LEN(rows) ? rows[i] : NULL;
}

const struct pike_provider *pike_provider_find(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i]->name, name))
			return rows[i];
	return NULL;
}
