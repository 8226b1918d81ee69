/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider: who answers for a model. What settings must know of one; how it is
 * asked is lib/llm's business, whose rows refer to these.
 */
#ifndef PIKE_MODEL_PROVIDER_H
#define PIKE_MODEL_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

struct pike_provider {
	const char *name;
	const char *url; /* the provider's own; NULL: no server is asked */
	const char *key; /* environment variable of its key; NULL: none */
	bool program;	 /* `command` is asked, by its stdin and stdout */
	bool recorded;	 /* nobody is asked: what was recorded answers */
	/* `command` works by itself on files, in a box, with the judge as its
	 * tool: whoever asks makes that, and brings the answer. */
	bool works;
};
extern const struct pike_provider pike_provider_openai, pike_provider_anthropic,
    pike_provider_gemini, pike_provider_command, pike_provider_cli,
    pike_provider_replay;

/* The i-th row; NULL past the last. */
const struct pike_provider *pike_provider_at(size_t i);
/* NULL when unknown. */
const struct pike_provider *pike_provider_find(const char *name);

#endif
