/* SPDX-License-Identifier: Apache-2.0 */
/* said: what the pieces of a reply add up to. */
#include "llm/said_priv.h"

#include "base/mem.h"
#include "llm/ask_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LEN 200 /* of a model */
#define WORD_MAX 60	 /* for an ending */
#define WORDS_MAX 4096	 /* for an error: cut once its key is hidden */
/* More tokens than anybody can have sent. */
#define TOKENS_MAX ((int64_t)1 << 40)

/* ---- endings ---- */

enum why {
	STOP,
	LIMIT,
	FILTER,
	FAILURE,
	TOOL,
	PAUSE,
	UNKNOWN,
};
static const struct ending {
	enum pike_ending is;
	const char *means; /* of one that is broken off */
	bool again;	   /* without a text: another time it may go well */
} endings[] = {
	[STOP] = { PIKE_END_WHOLE, "", false },
	[LIMIT] = { PIKE_END_CUT, "", false },
	[FILTER] = { PIKE_END_REFUSED, "", false },
	[FAILURE] = { PIKE_END_BROKEN, "the server failed", true },
	[TOOL] = { PIKE_END_BROKEN, "the model called a tool", false },
	[PAUSE] = { PIKE_END_BROKEN, "the model waits to go on", false },
	[UNKNOWN] = { PIKE_END_BROKEN, "no end that is known here", false },
};

/* As servers and their gateways call them, in whatever case. A word that is
 * not here ends no answer: nobody knows what it means. */
static const struct {
	const char *word;
	enum why why;
} words[] = {
	{ "stop", STOP },
	{ "end_turn", STOP },
	{ "stop_sequence", STOP },
	{ "eos", STOP },
	{ "eos_token", STOP },
	{ "complete", STOP },
	{ "completed", STOP },
	{ "finished", STOP },
	{ "done", STOP },
	{ "length", LIMIT },
	{ "max_tokens", LIMIT },
	{ "max_new_tokens", LIMIT },
	{ "max_output_tokens", LIMIT },
	{ "max_completion_tokens", LIMIT },
	{ "max_length", LIMIT },
	{ "model_length", LIMIT },
	{ "context_length", LIMIT },
	{ "context_length_exceeded", LIMIT },
	{ "model_context_window_exceeded", LIMIT },
	{ "token_limit", LIMIT },
	{ "error_limit", LIMIT },
	{ "content_filter", FILTER },
	{ "content_filtered", FILTER },
	{ "guardrail_intervened", FILTER },
	{ "refusal", FILTER },
	{ "sensitive", FILTER },
	{ "error_toxic", FILTER },
	{ "safety", FILTER },
	{ "recitation", FILTER },
	{ "language", FILTER },
	{ "blocklist", FILTER },
	{ "prohibited_content", FILTER },
	{ "spii", FILTER },
	{ "image_safety", FILTER },
	{ "model_armor", FILTER },
	{ "error", FAILURE },
	{ "network_error", FAILURE },
	{ "insufficient_system_resource", FAILURE },
	{ "abort", FAILURE },
	{ "cancelled", FAILURE },
	{ "tool_calls", TOOL },
	{ "tool_call", TOOL },
	{ "tool_use", TOOL },
	{ "function_call", TOOL },
	{ "malformed_function_call", TOOL },
	{ "unexpected_tool_call", TOOL },
	{ "pause_turn", PAUSE },
};

static const struct ending *ending_of(const char *word)
{
	static const char prefix[] = "FINISH_REASON_";
	const size_t n = sizeof(prefix) - 1;

	if (!strncasecmp(word, prefix, n))
		word += n;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (!strcasecmp(words[i].word, word))
			return &endings[words[i].why];
	return &endings[UNKNOWN];
}

/* ---- collecting ---- */

/* What fits of it. */
void pike_said_text(struct pike_said *s, const char *text)
{
	struct pike_buf *b = &s->text;
	size_t n = strlen(text);

	if (b->full || !pike_buf_add(b, text, n))
		return;
	n = b->max - b->len;
	while (n && (text[n] & 0xc0) == 0x80)
		n--;
	pike_buf_add(b, text, n);
	b->full = true;
}

void pike_said_thought(struct pike_said *s, const char *text)
{
	s->thought += strlen(text);
}

static void put(char **at, const char *text, size_t max)
{
	if (!text || !*text)
		return;
	free(*at);
	*at = pike_foreign_text(text, strlen(text), NULL, max);
}

void pike_said_word(struct pike_said *s, const char *word)
{
	put(&s->word, word, WORD_MAX);
}

void pike_said_model(struct pike_said *s, const char *name)
{
	if (!name || !*name)
		return;
	free(s->model);
	s->model = pike_xstrndup(name, NAME_MAX_LEN);
}

void pike_said_error(struct pike_said *s, const struct pike_json *error)
{
	const char *said =
	    pike_json_str(error, "message", pike_json_as_str(error, ""));

	if (error && !s->error)
		put(&s->error, *said ? said : "an error", WORDS_MAX);
}

void pike_said_tokens(struct pike_said *s, int64_t in, int64_t out)
{
	if (in >= 0)
		s->in = in;
	if (out >= 0)
		s->out = out;
}

/* ---- the answer ---- */

/* Negative and endless numbers are none, and neither is zero beside a text:
 * many servers send it where they have not counted, and nothing that costs
 * nothing ends a budget. */
static void count(struct pike_answer *a, const struct pike_said *s,
		  const struct pike_ask *ask)
{
	bool in = s->in > 0 && s->in < TOKENS_MAX;
	bool out = s->out >= 0 && s->out < TOKENS_MAX &&
		   (s->out || (!*a->text && !s->thought));

	pike_answer_guess(a, ask);
	a->tokens_out += pike_guess_tokens(s->thought);
	if (in)
		a->tokens_in = s->in;
	if (out)
		a->tokens_out = s->out;
	a->counted = in && out;
}

static char *broken_off(const struct pike_said *s, const struct ending *e,
			const struct pike_pieces *got)
{
	if (s->error)
		return pike_xasprintf("the server says '%s'", s->error);
	if (s->word && e->is == PIKE_END_BROKEN)
		return pike_xasprintf("it ended with '%s': %s", s->word,
				      e->means);
	if (got->garbled)
		return pike_xstrdup("what follows is not JSON");
	if (got->streamed && !got->done && !s->word)
		return pike_xstrdup("its stream has no end");
	return NULL;
}

static enum pike_ending kind_of(const struct pike_said *s,
				const struct ending *e, const char *broken)
{
	if (broken)
		return PIKE_END_BROKEN;
	if (s->refused)
		return PIKE_END_REFUSED;
	return s->text.full && e->is == PIKE_END_WHOLE ? PIKE_END_CUT : e->is;
}

/* Nothing was said, and nothing billed: another time there may be more. */
static bool may_do_later(const struct pike_said *s, const struct ending *e)
{
	return !s->text.len && !s->thought && s->out <= 0 &&
	       (s->word ? e->again : !s->error);
}

static int finish(struct pike_answer *out, struct pike_said *s,
		  const struct pike_ask *ask, const struct pike_pieces *got,
		  struct pike_err *err)
{
	const struct ending *e = ending_of(s->word ? s->word : "stop");
	char *broken = broken_off(s, e, got);
	int ret = 0;

	if (broken && !s->error && may_do_later(s, e))
		ret = pike_fail(err, PIKE_RETRY,
				"the reply was broken off: %.300s", broken);
	else if (s->error && !s->text.len && !s->thought)
		ret = pike_fail(err, PIKE_FAILED,
				"the server's reply is an error");
	out->ending = kind_of(s, e, broken);
	out->text = pike_buf_detach(&s->text);
	out->model = s->model;
	out->broken = broken;
	s->model = NULL;
	count(out, s, ask);
	return ret;
}

static int no_pieces(const struct pike_pieces *got, const struct pike_err *why,
		     struct pike_err *err)
{
	if (!got->garbled)
		return pike_fail(err, PIKE_RETRY,
				 "the server's reply is empty");
	return pike_fail(err, PIKE_FAILED,
			 "the server's reply is not JSON (%s)", why->text);
}

struct taking {
	struct pike_said *s;
	const struct pike_reader *reader;
};

static void take(void *ctx, const struct pike_json *piece)
{
	struct taking *t = ctx;

	pike_said_error(t->s, pike_piece_error(piece));
	t->reader->take(t->s, piece);
}

/* An empty reply is none. Any other may have been paid for, whatever it holds,
 * and is not asked for again. */
int pike_said_answer(struct pike_answer *out, const struct pike_ask *ask,
		     const char *body, size_t len,
		     const struct pike_reader *reader, struct pike_err *err)
{
	struct pike_said s = { .in = -1, .out = -1 };
	struct taking t = { &s, reader };
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_pieces got;
	int ret;

	pike_buf_init(&s.text, PIKE_REPLY_MAX);
	got = pike_pieces_read(body, len, take, &t, &why);
	got.done = got.done || s.done;
	if (!got.n)
		ret = no_pieces(&got, &why, err);
	else if (!s.answered && !s.refused && !s.error)
		ret =
		    pike_fail(err, PIKE_FAILED,
			      "the server's reply has no '%s'", reader->member);
	else
		ret = finish(out, &s, ask, &got, err);
	pike_buf_release(&s.text);
	free(s.model);
	free(s.word);
	free(s.error);
	return ret;
}
