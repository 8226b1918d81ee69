/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange: one question to a model and what came of it, as the line of a chat
 * note (lib/git/README.md, Notes). Plain data.
 */
#ifndef PIKE_MODEL_EXCHANGE_H
#define PIKE_MODEL_EXCHANGE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A chat note holds no more than this of an exchange (lib/git/README.md,
 * Notes). */
#define PIKE_EXCHANGE_MAX (4u << 20)

struct pike_exchange {
	char *agent;		       /* its name */
	char *llm, *provider, *model;  /* section of the settings; the rest as
					* used, the model as the server says */
	char *system, *prompt, *reply; /* UTF-8; system may be "" */
	char *ending; /* "whole", "cut", "refused", "broken", "none" */
	char *key;    /* of the situation, for a replay; "" where not known */
	int64_t tokens_in, tokens_out;
	bool counted; /* the server said how many; else they are guessed */
	int tries;
	double cost, secs; /* USD; waits included */
	int64_t ts;	   /* Unix time of the reply */
};
/* Texts that are NULL are "". */
void pike_exchange_release(struct pike_exchange *x);
/* One line without newline. What does not fit loses the end of its prompt,
 * then of its reply, and says so by "shortened". */
void pike_exchange_print(struct pike_buf *b, const struct pike_exchange *x);
/* PIKE_FAILED for what is no such line of version 1. */
int pike_exchange_parse(struct pike_exchange *out, const char *line, size_t len,
			struct pike_err *err);

#endif
