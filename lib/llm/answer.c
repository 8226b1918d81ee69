/* SPDX-License-Identifier: Apache-2.0 */
/* answer: what came back, what it costs, and what a server that refuses says.
 */
#include "llm/ask_priv.h"
#include "llm/said_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 400 /* of a server's own, in a message */

void pike_llm_request_release(struct pike_llm_request *r)
{
	free(r->url);
	free(r->body);
	pike_strs_release(&r->headers);
	memset(r, 0, sizeof(*r));
}

void pike_answer_release(struct pike_answer *a)
{
	free(a->text);
	free(a->model);
	free(a->broken);
	memset(a, 0, sizeof(*a));
}

int64_t pike_guess_tokens(size_t bytes)
{
	return ((int64_t)bytes + PIKE_CHARS_PER_TOKEN - 1) /
	       PIKE_CHARS_PER_TOKEN;
}

void pike_answer_guess(struct pike_answer *a, const struct pike_ask *ask)
{
	a->counted = false;
	a->tokens_in = pike_guess_tokens(strlen(ask->prompt));
	if (ask->system)
		a->tokens_in += pike_guess_tokens(strlen(ask->system));
	a->tokens_out = pike_guess_tokens(strlen(a->text));
}

double pike_answer_usd(const struct pike_answer *a, const struct pike_llm *llm)
{
	if (a->priced)
		return a->usd;
	return ((double)a->tokens_in * llm->price_in +
		(double)a->tokens_out * llm->price_out) /
	       1e6;
}

/* ---- refusals ---- */

/* "34.07s" in milliseconds; -1: it is none, or longer than a day. */
static int64_t delay_ms(const char *text)
{
	char *number = pike_xstrdup(text);
	size_t n = strlen(number);
	double s = -1;

	if (n && number[n - 1] == 's') {
		number[n - 1] = '\0';
		if (!pike_parse_f64(number, &s))
			s = -1;
	}
	free(number);
	return s > 0 && s < 86400 ? (int64_t)ceil(s * 1000) : -1;
}

int64_t pike_reply_retry_after(const char *body, size_t len)
{
	struct pike_json *j = pike_reply_json(body, len, NULL);
	const struct pike_json *list =
	    pike_json_get(pike_json_get(j, "error"), "details");
	int64_t ms = -1;

	for (size_t i = 0; i < pike_json_len(list); i++) {
		const struct pike_json *d = pike_json_at(list, i);

		if (pike_ends_with(pike_json_str(d, "@type", ""),
				   "google.rpc.RetryInfo"))
			ms = delay_ms(pike_json_str(d, "retryDelay", ""));
	}
	pike_json_free(j);
	return ms;
}

/* Of an error; where there is none, of {"message":"..."} or the first of a
 * list of such; else whatever it is. */
static const char *message_of(const struct pike_json *j,
			      const struct pike_json *error)
{
	const char *s =
	    pike_json_str(error, "message", pike_json_as_str(error, NULL));

	if (pike_json_at(j, 0) && !pike_json_key(j, 0))
		j = pike_json_at(j, 0);
	return s ? s : pike_json_str(j, "message", NULL);
}

/* A server that quotes a key would have it stored. */
static void hide(char *text, const char *key)
{
	size_t n = key ? strlen(key) : 0;

	for (char *p = text; n && (p = strstr(p, key)); p += n)
		memset(p, '*', n);
}

static void one_line(char *s)
{
	for (; *s; s++)
		if (*s == '\n' || *s == '\t')
			*s = ' ';
}

char *pike_foreign_text(const char *text, size_t len, const char *key,
			size_t max)
{
	char *raw = pike_xstrndup(text, len);
	struct pike_buf b;

	/* Before it is cut: half a key is one too. */
	hide(raw, key);
	pike_buf_init(&b, max);
	pike_sanitize(&b, raw, strlen(raw));
	free(raw);
	return pike_buf_detach(&b);
}

char *pike_foreign_words(const char *text, size_t len, const char *key)
{
	char *s = pike_foreign_text(text, len, key, WORDS_MAX);

	one_line(s);
	return s;
}

static char *words(const struct pike_json *error, const char *body, size_t len,
		   const char *key)
{
	struct pike_json *j = pike_reply_json(body, len, NULL);
	const char *said = message_of(j, error);
	char *s = said ? pike_foreign_words(said, strlen(said), key)
		       : pike_foreign_words(body, len, key);

	pike_json_free(j);
	return s;
}

/* OpenAI's 429 of an account without credit: no later one will do. */
static bool no_credit(const struct pike_json *error)
{
	return !strcmp(pike_json_str(error, "code", ""), "insufficient_quota");
}

/* Of servers that name no number: the words of OpenAI and Anthropic. */
static const struct {
	const char *word;
	int status;
} words_for[] = {
	{ "api_error", 500 },
	{ "server_error", 500 },
	{ "internal_server_error", 500 },
	{ "timeout_error", 504 },
	{ "overloaded_error", 529 },
	{ "rate_limit_error", 429 },
	{ "rate_limit_exceeded", 429 },
	{ "insufficient_quota", 402 },
	{ "billing_error", 402 },
	{ "authentication_error", 401 },
	{ "invalid_api_key", 401 },
	{ "permission_error", 403 },
	{ "not_found_error", 404 },
	{ "model_not_found", 404 },
	{ "request_too_large", 413 },
};

int pike_reply_status(const char *body, size_t len)
{
	struct pike_json *e = pike_pieces_error(body, len);
	const char *word = pike_json_str(e, "code", "");
	const char *type = pike_json_str(e, "type", "");
	int64_t code = pike_json_i64(e, "code", 0);

	if (!code && !pike_parse_i64(word, &code))
		code = 0;
	for (size_t i = 0; !code && i < PIKE_ARRAY_LEN(words_for); i++)
		if (!strcmp(words_for[i].word, word) ||
		    !strcmp(words_for[i].word, type))
			code = words_for[i].status;
	pike_json_free(e);
	return code >= 400 && code < 600 ? (int)code : 0;
}

#define ELSEWHERE "the url is not the API's own: the server redirects"

static const struct {
	int status, level;
	const char *means;
} refusals[] = {
	{ 301, PIKE_FATAL, ELSEWHERE },
	{ 302, PIKE_FATAL, ELSEWHERE },
	{ 303, PIKE_FATAL, ELSEWHERE },
	{ 307, PIKE_FATAL, ELSEWHERE },
	{ 308, PIKE_FATAL, ELSEWHERE },
	{ 401, PIKE_FATAL, "the key is missing or not accepted" },
	{ 402, PIKE_FATAL, "the account has no credit" },
	{ 403, PIKE_FATAL, "the key may not do this" },
	{ 404, PIKE_FATAL, "no such model or address; check url and model" },
	{ 408, PIKE_RETRY, "the server waited too long" },
	{ 409, PIKE_RETRY, "the server is at it already" },
	{ 413, PIKE_FAILED, "the prompt is too large" },
	{ 425, PIKE_RETRY, "too early" },
	{ 429, PIKE_RETRY, "too many requests, or the quota is used up" },
	{ 529, PIKE_RETRY, "the server is overloaded" },
};

int pike_llm_refused(struct pike_err *err, int status, const char *body,
		     size_t len, const char *key)
{
	int level = status >= 500 ? PIKE_RETRY : PIKE_FAILED;
	const char *means =
	    status >= 500 ? "the server failed" : "the request was refused";
	struct pike_json *e = pike_pieces_error(body, len);
	char *said = words(e, body, len, key);
	int known = status == 429 && no_credit(e) ? 402 : status;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(refusals); i++)
		if (refusals[i].status == known) {
			level = refusals[i].level;
			means = refusals[i].means;
		}
	pike_fail(err, level, "%s (HTTP %d)%s%s", means, status,
		  *said ? ": " : "", said);
	free(said);
	pike_json_free(e);
	return level;
}
