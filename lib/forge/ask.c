/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask: one request to the forge, sent again where that can help: its pauses,
 * its limits, its redirects, its pages, and what its refusals mean.
 */
#include "forge/forge_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TRIES = 6,
	HOPS = 3,
	PAGES = 50,
	TIMEOUT_MS = 30 * 1000,
	WAIT_MS = 1000,
	PATIENCE_MS = 2 * 60 * 1000,
	SLICE_MS = 100,
	REPLY_BYTES = 8 << 20,
	RESET_MAX = 24 * 60 * 60,
};

/* ---- pauses ---- */

static int sleep_for(struct pike_forge *f, int64_t ms, struct pike_err *err)
{
	while (ms > 0) {
		int64_t slice = ms < SLICE_MS ? ms : SLICE_MS;
		struct timespec t = { slice / 1000, slice % 1000 * 1000000 };

		if (f->stop && *f->stop)
			return pike_fail(err, PIKE_FAILED, "interrupted");
		nanosleep(&t, NULL);
		ms -= slice;
	}
	return 0;
}

/* Twice as long each time, at random from half of it on: many jobs that were
 * told off at once shall not all come back at once. */
static int64_t backoff(const struct pike_forge *f, int attempt)
{
	int64_t ms =
	    (f->wait_ms ? f->wait_ms : WAIT_MS) * ((int64_t)1 << attempt);
	uint32_t r;

	pike_random_bytes(&r, sizeof(r));
	return ms / 2 + r % (ms / 2 + 1);
}

int pike_forge_pause(struct pike_forge *f, int attempt, struct pike_err *err)
{
	return sleep_for(f, backoff(f, attempt), err);
}

/* ---- texts ---- */

void pike_url_encode(struct pike_buf *b, const char *s)
{
	for (; *s; s++)
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			pike_buf_addc(b, *s);
		else
			pike_buf_addf(b, "%%%02X", (unsigned char)*s);
}

static void add_message(struct pike_buf *b, const char *s)
{
	if (!s || !*s)
		return;
	if (b->len)
		pike_buf_adds(b, "; ");
	pike_sanitize(b, s, strnlen(s, 200));
}

/* GitLab's `message` is a text, a list of texts, or such lists by name. */
static void add_any(struct pike_buf *b, const struct pike_json *j, int depth)
{
	const char *key;

	add_message(b, pike_json_as_str(j, NULL));
	if (!j || depth > 2)
		return;
	for (size_t i = 0; i < pike_json_len(j) && i < 4; i++)
		add_any(b, pike_json_at(j, i), depth + 1);
	for (size_t i = 0; i < 4 && (key = pike_json_key(j, i)); i++)
		add_any(b, pike_json_get(j, key), depth + 1);
}

void pike_forge_reply_message(char *out, size_t max, const struct pike_json *j)
{
	const struct pike_json *errors = pike_json_get(j, "errors");
	struct pike_buf b;

	pike_buf_init(&b, max - 1);
	add_any(&b, pike_json_get(j, "message"), 0);
	add_message(&b, pike_json_str(j, "error", NULL));
	add_message(&b, pike_json_str(j, "error_description", NULL));
	for (size_t i = 0; i < pike_json_len(errors) && i < 4; i++) {
		const struct pike_json *e = pike_json_at(errors, i);

		add_message(&b, pike_json_as_str(e, NULL));
		add_message(&b, pike_json_str(e, "message", NULL));
	}
	for (char *p = b.s; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	snprintf(out, max, "%s", b.s);
	pike_buf_release(&b);
}

/* The number behind "page=" of a URL's query, that ends at `end`. */
static int64_t page_of(const char *p, const char *end)
{
	for (; p + 6 < end; p++) {
		int64_t n = 0;
		const char *d = p + 6;

		if ((*p != '?' && *p != '&') || strncmp(p + 1, "page=", 5) != 0)
			continue;
		while (d < end && isdigit((unsigned char)*d) && n < 1000000)
			n = n * 10 + (*d++ - '0');
		return n;
	}
	return 0;
}

/* `<URL>; rel="next", <URL>; rel="last"` */
int64_t pike_link_next(const char *link)
{
	while ((link = strchr(link, '<'))) {
		const char *end = strchr(link, '>');
		const char *stop = end ? strchr(end, '<') : NULL;
		const char *rel = end ? strstr(end, "rel=\"next\"") : NULL;

		if (!end)
			return 0;
		if (rel && (!stop || rel < stop))
			return page_of(link, end);
		link = end;
	}
	return 0;
}

/* ---- what an answer means ---- */

void pike_forge_reply_release(struct pike_forge_reply *a)
{
	pike_json_free(a->json);
	memset(a, 0, sizeof(*a));
}

static bool is_weak(const struct pike_forge *f)
{
	for (const char *const *w = f->kind->weak; *w; w++)
		if (!strcmp(*w, f->token_name))
			return true;
	return false;
}

/* Which right is missing, and where the words of the forge tell more, that. */
static int forbidden(struct pike_forge *f, enum pike_need need,
		     const struct pike_forge_reply *a, struct pike_err *err)
{
	const char *why = f->kind->why ? f->kind->why(a->message) : NULL;

	if (!why && is_weak(f))
		why = "this variable's token may only read; give one of your "
		      "own";
	return pike_fail(err, PIKE_FAILED,
			 "%s does not let the token of %s do this on '%s' (%d%s"
			 "%s): %s%sit needs %s",
			 f->kind->title, f->token_name, f->place, a->status,
			 *a->message ? ": " : "", a->message, why ? why : "",
			 why ? "; " : "", f->kind->needs[need]);
}

int pike_forge_refused(struct pike_forge *f, enum pike_need need,
		       const struct pike_forge_reply *a, struct pike_err *err)
{
	if (a->status == 401)
		return pike_fail(err, PIKE_FAILED,
				 "%s does not know the token of %s (401%s%s): "
				 "it is wrong, expired or revoked; make one "
				 "that has %s",
				 f->kind->title, f->token_name,
				 *a->message ? ": " : "", a->message,
				 f->kind->needs[need]);
	if (a->status == 403)
		return forbidden(f, need, a, err);
	if (a->status == 404)
		return pike_fail(err, PIKE_FAILED,
				 "%s knows no '%s' at '%s', or hides it from "
				 "the token of %s (404%s%s): check the remote, "
				 "and that the token has %s",
				 f->kind->title, f->place, f->url,
				 f->token_name, *a->message ? ": " : "",
				 a->message, f->kind->needs[need]);
	return pike_fail(err,
			 a->status >= 500 || a->status == 429 ? PIKE_RETRY
							      : PIKE_FAILED,
			 "%s answers %d%s%s", f->kind->title, a->status,
			 *a->message ? ": " : "", a->message);
}

/* ---- sending ---- */

struct sending {
	struct pike_forge *f;
	const struct pike_forge_question *q;
	struct pike_strs headers;
	struct pike_buf body;
	char *url, *asked; /* where it is by now; and was at first */
	bool asks_whether; /* it is not what we have: the last header */
	int hops;
	int64_t wait_ms; /* what the server asks for; -1: nothing */
	bool limited;	 /* it has done nothing, and says to wait */
};

/* On condition that it is not what we have. */
static void ask_whether(struct sending *s)
{
	const struct pike_kept *k = pike_kept_find(&s->f->kept, s->asked);

	s->asks_whether = k != NULL;
	if (k)
		pike_strs_pushf(&s->headers, "If-None-Match: %s", k->etag);
}

static void begin(struct sending *s, struct pike_forge *f,
		  const struct pike_forge_question *q)
{
	memset(s, 0, sizeof(*s));
	s->f = f;
	s->q = q;
	s->url = pike_xasprintf("%s%s", f->url, q->path);
	s->asked = pike_xstrdup(s->url);
	pike_buf_init(&s->body, REPLY_BYTES);
	f->kind->headers(&s->headers, f);
	if (q->polls)
		ask_whether(s);
	if (q->body) {
		pike_strs_push(&s->headers, "Content-Type: application/json");
		pike_json_print(&s->body, q->body);
	}
}

static void finish(struct sending *s)
{
	/* Of the strings here one is the token. */
	for (size_t i = 0; i < s->headers.n; i++)
		memset(s->headers.v[i], 0, strlen(s->headers.v[i]));
	pike_strs_release(&s->headers);
	pike_buf_release(&s->body);
	free(s->url);
	free(s->asked);
}

static int64_t header_number(struct pike_fetch *c, const char *name)
{
	const char *v = pike_fetch_header(c, name);
	int64_t n;

	return v && pike_parse_i64(v, &n) && n >= 0 ? n : -1;
}

/* How long it wants to be left alone: by Retry-After, else by when a spent
 * limit begins anew. */
static void read_limits(struct sending *s, struct pike_fetch *c, int status,
			const char *said)
{
	int64_t left = header_number(c, "x-ratelimit-remaining");
	int64_t reset = header_number(c, "x-ratelimit-reset");

	if (left < 0)
		left = header_number(c, "ratelimit-remaining");
	if (reset < 0)
		reset = header_number(c, "ratelimit-reset");
	s->wait_ms = pike_fetch_retry_after(c);
	s->limited =
	    status == 429 || (status == 403 && (s->wait_ms >= 0 || left == 0));
	/* A second limit of GitHub's is told in words, and asks for a minute.
	 */
	if (status == 403 && !s->limited && strstr(said, "rate limit")) {
		s->limited = true;
		s->wait_ms =
		    (int64_t)60 * (s->f->wait_ms ? s->f->wait_ms : WAIT_MS);
	}
	if (!s->limited || s->wait_ms >= 0 || left != 0 || reset < 0)
		return;
	/* A point in time, or seconds until then. */
	if (reset > RESET_MAX)
		reset -= pike_unix_time();
	s->wait_ms = reset > 0 && reset <= RESET_MAX ? reset * 1000 : -1;
}

static void read_page(struct pike_forge_reply *out, struct pike_fetch *c)
{
	const char *link = pike_fetch_header(c, "link");
	int64_t next = link ? pike_link_next(link) : 0;

	if (next <= 0)
		next = header_number(c, "x-next-page");
	out->next = next > 0 ? next : 0;
}

static void drop_last(struct pike_strs *l)
{
	free(l->v[--l->n]);
	l->v[l->n] = NULL;
}

/* It has not changed; as GitHub says it, that costs nothing. From a server that
 * says so of what we do not have, or no more, nothing is learned: then it is
 * asked once more, without a condition. */
static int not_modified(struct pike_forge_reply *out, struct sending *s,
			struct pike_err *err)
{
	const struct pike_kept *k =
	    s->asks_whether ? pike_kept_find(&s->f->kept, s->asked) : NULL;

	out->json = k ? pike_json_parse(k->body, strlen(k->body), NULL) : NULL;
	if (out->json) {
		out->status = 200;
		out->next = k->next;
		return 0;
	}
	pike_kept_drop(&s->f->kept, s->asked);
	if (s->asks_whether)
		drop_last(&s->headers);
	s->asks_whether = false;
	return pike_fail(err, PIKE_RETRY,
			 "%s answers 304 to what it has not said before",
			 s->f->kind->title);
}

static int read_answer(struct pike_forge_reply *out, struct sending *s,
		       struct pike_fetch *c, struct pike_err *err)
{
	const struct pike_buf *body = pike_fetch_body(c);

	out->status = pike_fetch_status(c);
	if (out->status == 304)
		return not_modified(out, s, err);
	read_page(out, c);
	if (body->len)
		out->json = pike_json_parse(body->s, body->len, NULL);
	pike_forge_reply_message(out->message, sizeof(out->message), out->json);
	read_limits(s, c, out->status, out->message);
	if (out->json && out->status == 200 && s->q->polls)
		pike_kept_put(&s->f->kept, s->asked,
			      pike_fetch_header(c, "etag"), out->next, body->s);
	/* Of an error a page of HTML will do; what was done must be told. */
	if (body->len && !out->json && out->status / 100 == 2)
		return pike_fail(err, PIKE_RETRY,
				 "%s answers something that is not JSON",
				 s->f->kind->title);
	return 0;
}

/* The scheme, the host and the port of two URLs are the same. */
static bool same_origin(const char *a, const char *b)
{
	size_t n = strcspn(strstr(a, "://") + 3, "/?#") + 3;

	n += (size_t)(strstr(a, "://") - a);
	return !strncmp(a, b, n) && (!b[n] || strchr("/?#", b[n]));
}

/* 0: goes on at `s->url`. A token follows to where it was sent, or nowhere. */
static int redirect(struct sending *s, struct pike_fetch *c, int status,
		    struct pike_err *err)
{
	const char *to = pike_fetch_header(c, "location");
	bool keeps = status == 307 || status == 308;
	struct pike_buf clean;
	size_t len = 0;
	int ret;

	if (to && *to && same_origin(s->f->url, to) && (keeps || !s->q->body) &&
	    s->hops++ < HOPS) {
		free(s->url);
		s->url = pike_xstrdup(to);
		return 0;
	}
	to = to ? pike_url_host(to, &len) : NULL;
	pike_buf_init(&clean, 200);
	pike_sanitize(&clean, to ? to : "?", to ? len : 1);
	ret = pike_fail(err, PIKE_FAILED,
			"'%s' answers %d and points to '%s', where the token "
			"does not go; if that is the forge, set [forge] url",
			s->f->url, status, clean.s);
	pike_buf_release(&clean);
	return ret;
}

static int send_once(struct pike_forge_reply *out, struct sending *s,
		     struct pike_err *err)
{
	const struct pike_http_request r = {
		.method = s->q->method,
		.url = s->url,
		.headers = &s->headers,
		.body = s->q->body ? s->body.s : NULL,
		.len = s->body.len,
		.timeout_ms = s->f->timeout_ms ? s->f->timeout_ms : TIMEOUT_MS,
		.reply_max = REPLY_BYTES,
	};
	struct pike_fetch *c;
	int ret = pike_http_start(&c, s->f->http, &r, err);

	s->wait_ms = -1;
	s->limited = false;
	if (ret)
		return ret;
	while (!pike_fetch_ended(c) && !(s->f->stop && *s->f->stop))
		pike_http_run(s->f->http, SLICE_MS);
	ret = pike_fetch_result(c, err);
	if (!ret)
		ret = read_answer(out, s, c, err);
	if (!ret && out->status / 100 == 2)
		s->f->taken = true;
	if (!ret && out->status / 100 == 3) {
		ret = redirect(s, c, out->status, err);
		out->status = ret ? out->status : 0;
	}
	pike_fetch_free(c);
	return ret;
}

static bool takes(const struct pike_forge_question *q, int status)
{
	if (status / 100 == 2)
		return true;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(q->takes); i++)
		if (q->takes[i] && q->takes[i] == status)
			return true;
	return false;
}

/* Can the same again end otherwise? Not of what may have been done already. */
static bool again(const struct sending *s, const struct pike_forge_reply *a,
		  int ret)
{
	if (s->f->stop && *s->f->stop)
		return false;
	if (!ret && s->limited)
		return true;
	/* Not all of a forge's servers know at once what was created. */
	if (!ret && a->status == 404 && s->f->fresh)
		return true;
	if (s->q->once)
		return false;
	return ret == PIKE_RETRY || (!ret && a->status >= 500);
}

static int wait_for_limit(const struct sending *s, int attempt,
			  struct pike_err *err)
{
	struct pike_forge *f = s->f;
	int64_t patience = f->patience_ms ? f->patience_ms : PATIENCE_MS;

	if (s->wait_ms < 0)
		return pike_forge_pause(f, attempt, err);
	if (s->wait_ms > patience)
		return pike_fail(err, PIKE_RETRY,
				 "%s wants to be left alone for %lld s, as its "
				 "limit of requests is reached; try again then",
				 f->kind->title,
				 (long long)(s->wait_ms / 1000));
	pike_debug("%s limits requests: waiting %lld s", f->kind->title,
		   (long long)(s->wait_ms / 1000));
	return sleep_for(f, s->wait_ms, err);
}

/* A lost answer, or one that says nothing of whether it was done. */
static int lost(const struct sending *s, const struct pike_forge_reply *a,
		int ret, struct pike_err *err)
{
	if (ret)
		return ret;
	if (s->q->once && a->status >= 500)
		return pike_fail(err, PIKE_RETRY, "%s answers %d%s%s",
				 s->f->kind->title, a->status,
				 *a->message ? ": " : "", a->message);
	return pike_forge_refused(s->f, s->q->need, a, err);
}

int pike_forge_ask(struct pike_forge_reply *out, struct pike_forge *f,
		   const struct pike_forge_question *q, struct pike_err *err)
{
	struct sending s;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	begin(&s, f, q);
	for (int i = 0; i < TRIES;) {
		pike_forge_reply_release(out);
		ret = send_once(out, &s, err);
		if (!ret && !out->status)
			continue; /* redirected */
		if (!ret && takes(q, out->status) && !s.limited)
			goto out;
		if (!again(&s, out, ret) || ++i == TRIES)
			break;
		ret = wait_for_limit(&s, i - 1, err);
		if (ret)
			goto out;
	}
	ret = lost(&s, out, ret, err);
out:
	finish(&s);
	if (ret)
		pike_forge_reply_release(out);
	return ret;
}

int pike_forge_tell(struct pike_forge *f, struct pike_forge_question q,
		    char *path, struct pike_json *body, struct pike_err *err)
{
	struct pike_forge_reply a;
	int ret;

	q.path = path;
	q.body = body;
	ret = pike_forge_ask(&a, f, &q, err);
	if (!ret && a.status >= 400)
		ret = 1;
	pike_forge_reply_release(&a);
	pike_json_free(body);
	free(path);
	return ret;
}

int pike_forge_read(struct pike_request *out, struct pike_forge *f, char *path,
		    struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_READ,
					       .method = "GET",
					       .path = path,
					       .polls = true };
	struct pike_forge_reply a;
	int ret = pike_forge_ask(&a, f, &q, err);

	if (!ret)
		f->kind->parse(out, a.json);
	pike_forge_reply_release(&a);
	free(path);
	return ret;
}

int pike_forge_each(struct pike_forge *f, enum pike_need need, const char *path,
		    pike_each_fn fn, void *ctx, struct pike_err *err)
{
	int64_t page = 1;
	int ret = 0;

	for (int i = 0; !ret && page && i < PAGES; i++) {
		char *full =
		    pike_xasprintf("%s&page=%lld", path, (long long)page);
		const struct pike_forge_question q = { .need = need,
						       .method = "GET",
						       .path = full,
						       .polls = true };
		struct pike_forge_reply a;

		ret = pike_forge_ask(&a, f, &q, err);
		for (size_t k = 0; !ret && k < pike_json_len(a.json); k++)
			ret = fn(ctx, pike_json_at(a.json, k), err);
		/* A page that names one before it would never end. */
		page = !ret && a.next > page ? a.next : 0;
		if (!ret)
			pike_forge_reply_release(&a);
		free(full);
	}
	return ret;
}
