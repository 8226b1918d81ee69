/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: chat lines. */
#include "model/exchange.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1
/* One byte of text is six of JSON at most ("\u001f"). */
#define WORST 6

static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "agent", offsetof(struct pike_exchange, agent) },
	{ "ending", offsetof(struct pike_exchange, ending) },
	{ "key", offsetof(struct pike_exchange, key) },
	{ "llm", offsetof(struct pike_exchange, llm) },
	{ "model", offsetof(struct pike_exchange, model) },
	{ "prompt", offsetof(struct pike_exchange, prompt) },
	{ "provider", offsetof(struct pike_exchange, provider) },
	{ "reply", offsetof(struct pike_exchange, reply) },
	{ "system", offsetof(struct pike_exchange, system) },
};

static char **text_at(const struct pike_exchange *x, size_t i)
{
	return (char **)((char *)x + texts[i].offset);
}

void pike_exchange_release(struct pike_exchange *x)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++)
		free(*text_at(x, i));
	memset(x, 0, sizeof(*x));
}

static struct pike_json *as_json(const struct pike_exchange *x)
{
	struct pike_json *j = pike_json_object();

	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++) {
		const char *s = *text_at(x, i);

		pike_json_set_str(j, texts[i].key, s ? s : "");
	}
	pike_json_set_i64(j, "tokens_in", x->tokens_in);
	pike_json_set_i64(j, "tokens_out", x->tokens_out);
	pike_json_set_bool(j, "counted", x->counted);
	pike_json_set_i64(j, "tries", x->tries);
	pike_json_set_f64(j, "cost", x->cost);
	pike_json_set_f64(j, "secs", x->secs);
	pike_json_set_i64(j, "ts", x->ts);
	pike_json_set_i64(j, "v", VERSION);
	return j;
}

/* Replaces a text by as much of it as surely fits into `room` bytes. */
static void shorten(struct pike_json *j, const char *key, size_t room)
{
	char *s = pike_xstrdup(pike_json_str(j, key, ""));
	size_t n = room / WORST;

	if (n < strlen(s)) {
		s[n] = '\0';
		/* Not inside a character. */
		while (n && !pike_utf8_valid(s, n))
			s[--n] = '\0';
		pike_json_set_str(j, key, s);
		pike_json_set_bool(j, "shortened", true);
	}
	free(s);
}

void pike_exchange_print(struct pike_buf *b, const struct pike_exchange *x)
{
	static const char *const lose[] = { "prompt", "reply", "system" };
	struct pike_json *j = as_json(x);
	struct pike_buf line;

	for (size_t i = 0; i <= PIKE_ARRAY_LEN(lose); i++) {
		pike_buf_init(&line, (size_t)-1);
		pike_json_print(&line, j);
		if (line.len <= PIKE_EXCHANGE_MAX - 1 ||
		    i == PIKE_ARRAY_LEN(lose))
			break;
		pike_buf_release(&line);
		shorten(j, lose[i], PIKE_EXCHANGE_MAX / 4);
	}
	pike_buf_add(b, line.s, line.len);
	pike_buf_release(&line);
	pike_json_free(j);
}

int pike_exchange_parse(struct pike_exchange *out, const char *line, size_t len,
			struct pike_err *err)
{
	struct pike_json *j = pike_json_parse(line, len, err);

	memset(out, 0, sizeof(*out));
	if (!j)
		return PIKE_FAILED;
	if (pike_json_i64(j, "v", 0) != VERSION ||
	    !pike_json_str(j, "reply", NULL) ||
	    !pike_json_str(j, "agent", NULL)) {
		pike_json_free(j);
		return pike_fail(err, PIKE_FAILED, "not a chat line");
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++)
		*text_at(out, i) =
		    pike_xstrdup(pike_json_str(j, texts[i].key, ""));
	out->tokens_in = pike_json_i64(j, "tokens_in", 0);
	out->tokens_out = pike_json_i64(j, "tokens_out", 0);
	out->counted = pike_json_bool(j, "counted", false);
	out->tries = (int)pike_json_i64(j, "tries", 0);
	out->cost = pike_json_f64(j, "cost", 0);
	out->secs = pike_json_f64(j, "secs", 0);
	out->ts = pike_json_i64(j, "ts", 0);
	pike_json_free(j);
	return 0;
}
