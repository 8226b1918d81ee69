/* SPDX-License-Identifier: Apache-2.0 */
/* pieces: a body as the JSON values that it holds. */
#include "llm/said_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "llm/ask_priv.h"

#include <string.h>

struct reader {
	pike_piece_fn fn;
	void *ctx;
	struct pike_pieces got;
	struct pike_buf held; /* lines that are a value only together */
};

/* A list of values is a stream too: Gemini's, where nobody asks for events. */
static void give(struct reader *r, const struct pike_json *j)
{
	size_t n = pike_json_key(j, 0) ? 0 : pike_json_len(j);

	if (n > PIKE_PARTS_MAX)
		n = 0;
	r->got.streamed = r->got.streamed || n > 1;
	r->got.n += n ? n : 1;
	for (size_t i = 0; i < n; i++)
		r->fn(r->ctx, pike_json_at(j, i));
	if (!n)
		r->fn(r->ctx, j);
}

static bool try_value(struct reader *r, const char *s, size_t n)
{
	struct pike_json *j = pike_reply_json(s, n, NULL);

	if (!j)
		return false;
	give(r, j);
	pike_json_free(j);
	return true;
}

/* The end of an event. */
static void flush(struct reader *r)
{
	if (r->held.len && !try_value(r, r->held.s, r->held.len))
		r->got.garbled = true;
	pike_buf_reset(&r->held);
}

static size_t skip(const char *s, size_t n, const char *word)
{
	size_t k = strlen(word);

	return n >= k && !memcmp(s, word, k) ? k : 0;
}

/* Fields of an event that say nothing here, and comments that keep a
 * connection alive. */
static bool is_beside(const char *s, size_t n)
{
	return skip(s, n, ":") || skip(s, n, "event:") || skip(s, n, "id:") ||
	       skip(s, n, "retry:");
}

/* Most servers put a value on each line; one of several lines ends with an
 * empty one. Each line is looked at twice at most. */
static void take_line(struct reader *r, const char *s, size_t n)
{
	size_t k = skip(s, n, "data:");

	if (is_beside(s, n))
		return;
	r->got.streamed = r->got.streamed || k;
	k += k && k < n && s[k] == ' ';
	s += k;
	n -= k;
	if (!n) {
		flush(r);
	} else if (n >= 6 && !memcmp(s, "[DONE]", 6)) {
		flush(r);
		r->got.done = r->got.streamed = true;
	} else if (r->held.len || !try_value(r, s, n)) {
		if (r->held.len)
			pike_buf_addc(&r->held, '\n');
		pike_buf_add(&r->held, s, n);
	}
}

struct pike_pieces pike_pieces_read(const char *body, size_t len,
				    pike_piece_fn fn, void *ctx,
				    struct pike_err *err)
{
	struct reader r = { .fn = fn, .ctx = ctx };
	struct pike_json *whole = pike_reply_json(body, len, err);
	const char *p = body, *end = body + len;

	if (whole) {
		give(&r, whole);
		pike_json_free(whole);
		return r.got;
	}
	pike_buf_init(&r.held, len + 1);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		take_line(&r, p, n && p[n - 1] == '\r' ? n - 1 : n);
		p = nl ? nl + 1 : end;
	}
	flush(&r);
	pike_buf_release(&r.held);
	return r.got;
}

/* ---- errors ---- */

/* Some servers have a member for it in each reply, and nothing in it. */
static bool says(const struct pike_json *e)
{
	static const char *const words[] = { "message", "code", "type" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (*pike_json_str(e, words[i], ""))
			return true;
	return *pike_json_as_str(e, "") || pike_json_i64(e, "code", 0);
}

const struct pike_json *pike_piece_error(const struct pike_json *piece)
{
	const struct pike_json *choice =
	    pike_json_at(pike_json_get(piece, "choices"), 0);
	const struct pike_json *e = pike_json_get(piece, "error");

	/* Of one provider behind a router, in its choice. */
	if (!says(e))
		e = pike_json_get(choice, "error");
	return says(e) ? e : NULL;
}

/* The first one that there is. */
static void find_error(void *ctx, const struct pike_json *piece)
{
	struct pike_json **out = ctx;
	const struct pike_json *e = pike_piece_error(piece);
	struct pike_buf b;

	if (*out || !e)
		return;
	pike_buf_init(&b, (size_t)-1);
	pike_json_print(&b, e);
	*out = pike_json_parse(b.s, b.len, NULL);
	pike_buf_release(&b);
}

struct pike_json *pike_pieces_error(const char *body, size_t len)
{
	struct pike_json *error = NULL;

	pike_pieces_read(body, len, find_error, &error, NULL);
	return error;
}
