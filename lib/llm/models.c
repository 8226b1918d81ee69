/* SPDX-License-Identifier: Apache-2.0 */
/* models: what single models do not take, by their names: the servers refuse
 * the whole request for it. Names of nobody we know take everything. */
#include "llm/ask_priv.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Without what a router puts before it: "openai/gpt-5". */
static const char *last_part(const char *model)
{
	const char *slash = strrchr(model, '/');

	return slash ? slash + 1 : model;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* OpenAI: o1, o3-mini, gpt-5 and later reason, asked to or not. */
bool pike_model_reasons(const char *model)
{
	const char *s = last_part(model);

	if (s[0] == 'o' && is_digit(s[1]))
		return true;
	return pike_starts_with(s, "gpt-") && strtol(s + 4, NULL, 10) >= 5;
}

/* "4-6", "4.6", "4-20250514": is it 4.6 or older? */
static bool until_4_6(const char *version)
{
	char *end;
	long minor, major = strtol(version, &end, 10);

	if (major != 4)
		return major < 4;
	if (*end != '-' && *end != '.')
		return true;
	minor = strtol(end + 1, NULL, 10);
	return minor <= 6 || minor > 999; /* a date */
}

/* Anthropic: models after Claude Opus 4.6 have neither a temperature nor a
 * budget for thinking; names before 4 begin with the number. */
bool pike_model_adapts(const char *model)
{
	static const char *const family[] = { "opus-", "sonnet-", "haiku-" };
	const char *s = model + strlen("claude-");

	if (!pike_starts_with(model, "claude-"))
		return false;
	if (is_digit(*s))
		return !until_4_6(s);
	for (size_t i = 0; i < sizeof(family) / sizeof(*family); i++) {
		size_t n = strlen(family[i]);

		if (!strncmp(s, family[i], n) && is_digit(s[n]))
			return !until_4_6(s + n);
	}
	return !pike_starts_with(s, "instant");
}

/* Gemini: since version 3, thinking has levels; "gemini-flash-latest" is
 * newer. */
bool pike_model_has_levels(const char *model)
{
	const char *s = model + strlen("gemini-");

	if (!pike_starts_with(model, "gemini-"))
		return false;
	return !is_digit(*s) || strtol(s, NULL, 10) >= 3;
}
