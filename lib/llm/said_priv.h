/* SPDX-License-Identifier: Apache-2.0 */
/*
 * said: what a server says, piece by piece. A reply is one JSON value, or a
 * stream of them: server-sent events (HTML Living Standard, 9.2), which some
 * gateways send unasked, or lines of JSON. Each provider reads one piece; what
 * an answer is made of and when it is none is decided here, for all of them.
 */
#ifndef PIKE_LLM_SAID_PRIV_H
#define PIKE_LLM_SAID_PRIV_H

#include "llm/llm.h"

/* ---- pieces ---- */

struct pike_pieces {
	size_t n;      /* how many there were */
	bool streamed; /* they came as a stream */
	bool done;     /* which said that it had ended ("[DONE]") */
	bool garbled;  /* something between them is no JSON */
};
typedef void (*pike_piece_fn)(void *ctx, const struct pike_json *piece);
/* In linear time: the text is hostile. `err` is of the whole as one value. */
struct pike_pieces pike_pieces_read(const char *body, size_t len,
				    pike_piece_fn fn, void *ctx,
				    struct pike_err *err);

/* Of lists, so many are read: to find one takes longer the further it is. */
#define PIKE_PARTS_MAX 10000

/* What a piece says went wrong; NULL: nothing. */
const struct pike_json *pike_piece_error(const struct pike_json *piece);
/* The error that a body of any form tells; NULL: none. The caller frees. */
struct pike_json *pike_pieces_error(const char *body, size_t len);

/* ---- what they add up to ---- */

struct pike_said {
	struct pike_buf text;
	size_t thought; /* bytes of thoughts, which are no answer, but billed */
	char *model, *word; /* for its ending, as the server has it */
	char *error;	    /* what the server says of one; NULL: none */
	int64_t in, out;    /* tokens; -1: not told */
	bool answered;	    /* there is a place for an answer */
	bool refused, done;
};
void pike_said_text(struct pike_said *s, const char *text);
void pike_said_thought(struct pike_said *s, const char *text);
/* NULL and "" say nothing; later words replace those before. */
void pike_said_word(struct pike_said *s, const char *word);
void pike_said_model(struct pike_said *s, const char *name);
void pike_said_error(struct pike_said *s, const struct pike_json *error);
void pike_said_tokens(struct pike_said *s, int64_t in, int64_t out);

/* How a provider's pieces are read, and what they must have. */
struct pike_reader {
	void (*take)(struct pike_said *s, const struct pike_json *piece);
	const char *member;
};
/* As `answer` of struct pike_protocol says. */
int pike_said_answer(struct pike_answer *out, const struct pike_ask *ask,
		     const char *body, size_t len,
		     const struct pike_reader *reader, struct pike_err *err);

#endif
