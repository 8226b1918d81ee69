/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, comments and statuses on the three kinds of forge, of a server with
 * a memory (tests/servers/forge.py), and what it may answer instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fs.h"
#include "forge/forge_priv.h"
#include "forge_fixture.h"
#include "server_fixture.h"

#include <string.h>
#include <unistd.h>

#define SHA "0123456789abcdef0123456789abcdef01234567"
#define OTHER "f123456789abcdef0123456789abcdef01234567"
#define BODY "<!-- pike-git:softmax/cpu 9f3c1a2 -->\nfaster\n"

static struct server server;
static struct pike_http *http;

static const struct place {
	const char *kind, *api, *remote;
} places[] = {
	{ "github", "/github", "git@github.example.org:o/r.git" },
	{ "gitlab", "/gitlab/api/v4", "https://gl.example.org/group/sub/r" },
	{ "gitea", "/gitea/api/v1", "ssh://git@git.example.org:22/o/r.git" },
};
#define PLACES PIKE_ARRAY_LEN(places)

static int begin(void **state)
{
	(void)state;
	no_ci();
	signal(SIGPIPE, SIG_IGN);
	setenv("PIKE_TEST_TOKEN", "write", 1);
	setenv("PIKE_WEAK_TOKEN", "read", 1);
	setenv("PIKE_WRONG_TOKEN", "nobody-knows-me", 1);
	return server_begin(&server, "tests/servers/forge.py") ||
	       pike_http_open(&http, NULL);
}

static int end(void **state)
{
	(void)state;
	pike_http_close(http);
	server_end(&server);
	return 0;
}

/* ---- the other side ---- */

static struct pike_json *control(const char *path, const char *body)
{
	char *url = server_url(&server, path);
	const struct pike_http_request r = { .method = body ? "POST" : "GET",
					     .url = url,
					     .body = body,
					     .len = body ? strlen(body) : 0,
					     .timeout_ms = 20000 };
	struct pike_fetch *c;
	struct pike_json *j;

	assert_int_equal(pike_http_start(&c, http, &r, NULL), 0);
	while (!pike_fetch_ended(c))
		pike_http_run(http, 1000);
	assert_int_equal(pike_fetch_result(c, NULL), 0);
	j = pike_json_parse(pike_fetch_body(c)->s, pike_fetch_body(c)->len,
			    NULL);
	assert_non_null(j);
	pike_fetch_free(c);
	free(url);
	return j;
}

static void tell(const char *path, const char *body)
{
	pike_json_free(control(path, body));
}

static void set(const struct place *p, const char *body)
{
	char *path = pike_xasprintf("/_set/%s", p->kind);

	tell(path, body);
	free(path);
}

static void fault(const char *body)
{
	tell("/_fault", body);
}

static size_t count(const struct place *p, const char *what)
{
	char *path = pike_xasprintf("/_state/%s", p->kind);
	struct pike_json *j = control(path, NULL);
	size_t n = pike_json_len(pike_json_get(j, what));

	pike_json_free(j);
	free(path);
	return n;
}

/* A field of the i-th of a list; "" of a false or a missing one. */
static char *stored(const struct place *p, const char *what, size_t i,
		    const char *key)
{
	char *path = pike_xasprintf("/_state/%s", p->kind);
	struct pike_json *j = control(path, NULL);
	const struct pike_json *at = pike_json_at(pike_json_get(j, what), i);
	char *s = pike_json_bool(at, key, false)
		      ? pike_xstrdup("true")
		      : pike_xstrdup(pike_json_str(at, key, ""));

	pike_json_free(j);
	free(path);
	return s;
}

static void assert_stored(const struct place *p, const char *what, size_t i,
			  const char *key, const char *wanted)
{
	char *s = stored(p, what, i, key);

	assert_string_equal(s, wanted);
	free(s);
}

static size_t asked(const char *method, const char *part)
{
	struct pike_json *j = control("/_log", NULL);
	size_t n = 0;

	for (size_t i = 0; i < pike_json_len(j); i++) {
		const struct pike_json *e = pike_json_at(j, i);

		n += !strcmp(pike_json_str(e, "method", ""), method) &&
		     strstr(pike_json_str(e, "path", ""), part);
	}
	pike_json_free(j);
	return n;
}

/* ---- this side ---- */

static struct pike_forge *open_with(const struct place *p, const char *token)
{
	char *url = server_url(&server, p->api);
	const struct pike_forge_opts o = { .kind = p->kind,
					   .url = url,
					   .token = token,
					   .remote = p->remote,
					   .wait_ms = 4,
					   .patience_ms = 2500,
					   .timeout_ms = 1000 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_forge *f;

	if (pike_forge_open(&f, &o, &err))
		fail_msg("%s", err.text);
	free(url);
	return f;
}

/* On a server that has forgotten all. */
static struct pike_forge *start(const struct place *p)
{
	tell("/_reset", "{}");
	return open_with(p, "PIKE_TEST_TOKEN");
}

static struct pike_strs labels;

static struct pike_wanted wanted(void)
{
	const struct pike_wanted w = { .source = "pike/mr/softmax/cpu",
				       .target = "main",
				       .title = "pike(softmax): 1.27x",
				       .body = BODY,
				       .labels = &labels,
				       .max_open = 3 };

	if (!labels.n)
		pike_strs_push(&labels, "pike");
	return w;
}

static enum pike_ensured ensure(struct pike_forge *f,
				const struct pike_wanted *w)
{
	struct pike_err err = PIKE_ERR_INIT;
	enum pike_ensured what;
	struct pike_request r;

	if (pike_forge_ensure(&r, &what, f, w, &err))
		fail_msg("%s", err.text);
	assert_true(what == PIKE_ENSURED_FULL || r.number > 0);
	pike_request_release(&r);
	return what;
}

static void assert_fails(struct pike_forge *f, int level, const char *said)
{
	const struct pike_wanted w = wanted();
	struct pike_err err = PIKE_ERR_INIT;
	enum pike_ensured what;
	struct pike_request r;

	assert_int_equal(pike_forge_ensure(&r, &what, f, &w, &err), level);
	if (!strstr(err.text, said))
		fail_msg("'%s' has no '%s'", err.text, said);
	assert_null(strstr(err.text, "nobody-knows-me"));
	pike_request_release(&r);
}

/* ---- requests ---- */

static void created_updated_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		struct pike_wanted w = wanted();

		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_SAME);
		w.title = "pike(softmax): 1.31x";
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_UPDATED);
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_SAME);
		assert_int_equal(count(p, "requests"), 1);
		assert_stored(p, "requests", 0, "title", w.title);
		assert_stored(p, "requests", 0, "body", BODY);
		assert_stored(p, "requests", 0, "source", w.source);
		pike_forge_free(f);
	}
}

static void labels_are_added_where_missing(void **state)
{
	struct pike_strs two = PIKE_STRS_INIT;

	(void)state;
	pike_strs_push(&two, "pike");
	pike_strs_push(&two, "fast & good");
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = start(&places[i]);
		struct pike_wanted w = wanted();
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_request r;

		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		w.labels = &two;
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_UPDATED);
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_SAME);
		assert_int_equal(
		    pike_forge_find(&r, f, w.source, w.target, &err), 0);
		assert_int_equal(r.labels.n, 2);
		assert_true(pike_strs_has(&r.labels, "fast & good"));
		assert_string_equal(r.sha, SHA);
		pike_request_release(&r);
		pike_forge_free(f);
	}
	pike_strs_release(&two);
}

/* Line ends and blanks at the end are the forge's own. */
static void text_comes_back_otherwise(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = start(&places[i]);
		const struct pike_wanted w = wanted();

		set(&places[i],
		    "{\"request\":{\"source\":\"pike/mr/softmax/cpu\","
		    "\"target\":\"main\",\"title\":\"pike(softmax): 1.27x\","
		    "\"labels\":[\"pike\"],\"body\":"
		    "\"<!-- pike-git:softmax/cpu 9f3c1a2 -->\\r\\nfaster\"}}");
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_SAME);
		pike_forge_free(f);
	}
}

static void a_persons_no_is_respected(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		struct pike_wanted w = wanted();

		set(p, "{\"request\":{\"source\":\"pike/mr/softmax/cpu\","
		       "\"target\":\"main\",\"state\":\"closed\",\"body\":"
		       "\"<!-- pike-git:softmax/cpu 9f3c1a2 -->\\nold\"}}");
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_REFUSED);
		assert_int_equal(count(p, "requests"), 1);
		/* Another champion may ask again. */
		w.title = "pike(softmax): 2.00x";
		w.body = "<!-- pike-git:softmax/cpu 1111111 -->\nfaster\n";
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		pike_forge_free(f);
	}
}

static void what_we_closed_may_come_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		const struct pike_wanted w = wanted();
		struct pike_err err = PIKE_ERR_INIT;
		size_t closed = 0;

		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		assert_int_equal(pike_forge_retire(&closed, f, w.source,
						   "The base has it.", &err),
				 0);
		assert_int_equal(closed, 1);
		assert_stored(p, "requests", 0, "state", "closed");
		assert_int_equal(count(p, "comments"), 1);
		assert_int_equal(count(p, "deleted"), 1);
		assert_int_equal(pike_forge_retire(&closed, f, w.source,
						   "The base has it.", &err),
				 0);
		assert_int_equal(closed, 0);
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		pike_forge_free(f);
	}
}

static void others_of_the_branch_are_superseded(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		struct pike_wanted w = wanted();

		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		w.target = "release";
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		assert_stored(p, "requests", 0, "state", "closed");
		assert_stored(p, "requests", 1, "state", "open");
		pike_forge_free(f);
	}
}

/* Of people's own, and of forks whatever they call their branches, none
 * counts. */
static void only_so_many_are_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		struct pike_wanted w = wanted();

		set(p, "{\"request\":{\"source\":\"feature\","
		       "\"target\":\"main\"}}");
		set(p, "{\"request\":{\"source\":\"pike/mr/softmax/cpu\","
		       "\"target\":\"main\",\"fork\":true}}");
		w.max_open = 1;
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		w.source = "pike/mr/gemm/cpu";
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_FULL);
		w.max_open = 2;
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
		assert_int_equal(count(p, "requests"), 4);
		pike_forge_free(f);
	}
}

/* The list is longer than a page. */
static void all_pages_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		struct pike_wanted w = wanted();

		set(p, "{\"page\":2}");
		for (char c = 'a'; c < 'f'; c++) {
			char *source = pike_xasprintf("pike/mr/k%c/cpu", c);

			w.source = source;
			w.max_open = 0;
			assert_int_equal(ensure(f, &w), PIKE_ENSURED_CREATED);
			free(source);
		}
		w.source = "pike/mr/kf/cpu";
		w.max_open = 5;
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_FULL);
		w.source = "pike/mr/ka/cpu";
		assert_int_equal(ensure(f, &w), PIKE_ENSURED_SAME);
		pike_forge_free(f);
	}
}

/* ---- faults ---- */

static void a_lost_answer_is_looked_up(void **state)
{
	static const char *const how[] = {
		"{\"method\":\"POST\",\"do\":\"lost\"}",
		"{\"method\":\"POST\",\"do\":\"half\"}",
		"{\"method\":\"POST\",\"do\":\"late\",\"secs\":1.5}",
	};

	(void)state;
	for (size_t i = 0; i < PLACES * PIKE_ARRAY_LEN(how); i++) {
		const struct place *p = &places[i % PLACES];
		struct pike_forge *f = start(p);
		const struct pike_wanted w = wanted();

		fault(how[i / PLACES]);
		/* It was there when it was looked for. */
		assert_true(ensure(f, &w) <= PIKE_ENSURED_UPDATED);
		assert_int_equal(count(p, "requests"), 1);
		pike_forge_free(f);
	}
}

static void what_is_not_listed_yet_is_waited_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		const struct pike_wanted w = wanted();

		set(p, "{\"lag\":4}");
		fault("{\"method\":\"POST\",\"do\":\"lost\"}");
		assert_true(ensure(f, &w) <= PIKE_ENSURED_UPDATED);
		assert_int_equal(count(p, "requests"), 1);
		pike_forge_free(f);
	}
}

static void servers_may_fail_for_a_while(void **state)
{
	static const char *const how[] = {
		"{\"do\":\"status\",\"status\":500,\"n\":2}",
		"{\"do\":\"page\",\"n\":2}",
		"{\"do\":\"half\",\"method\":\"GET\"}",
		"{\"do\":\"status\",\"status\":429,\"n\":3}",
		"{\"do\":\"status\",\"status\":429,"
		"\"headers\":{\"Retry-After\":1}}",
		"{\"do\":\"status\",\"status\":403,\"method\":\"POST\","
		"\"headers\":{\"Retry-After\":1}}",
		"{\"do\":\"status\",\"status\":403,\"headers\":"
		"{\"x-ratelimit-remaining\":0,\"x-ratelimit-reset\":1}}",
		"{\"do\":\"status\",\"status\":403,\"body\":{\"message\":"
		"\"You have exceeded a secondary rate limit.\"}}",
	};

	(void)state;
	for (size_t i = 0; i < PLACES * PIKE_ARRAY_LEN(how); i++) {
		const struct place *p = &places[i % PLACES];
		struct pike_forge *f = start(p);
		const struct pike_wanted w = wanted();

		fault(how[i / PLACES]);
		assert_true(ensure(f, &w) <= PIKE_ENSURED_UPDATED);
		assert_int_equal(count(p, "requests"), 1);
		pike_forge_free(f);
	}
}

static void or_for_too_long(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = start(&places[i]);

		fault("{\"do\":\"status\",\"status\":503,\"n\":100}");
		assert_fails(f, PIKE_RETRY, "answers 503: as told");
		pike_forge_free(f);
		f = start(&places[i]);
		fault("{\"do\":\"status\",\"status\":429,\"n\":100,"
		      "\"headers\":{\"Retry-After\":1000}}");
		assert_fails(f, PIKE_RETRY, "left alone for 1000 s");
		pike_forge_free(f);
	}
}

/* Neither to another host nor to another port of this one. */
static void a_token_follows_no_redirect(void **state)
{
	char *here;

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = start(&places[i]);
		const struct pike_wanted w = wanted();

		fault("{\"do\":\"redirect\",\"n\":100,"
		      "\"to\":\"https://evil.example.org/x\"}");
		assert_fails(f, PIKE_FAILED, "points to 'evil.example.org'");
		pike_forge_free(f);
		f = start(&places[i]);
		fault("{\"do\":\"redirect\",\"n\":100,"
		      "\"to\":\"http://127.0.0.1:9/x\"}");
		assert_fails(f, PIKE_FAILED, "the token does not go");
		pike_forge_free(f);
		/* A repository that has another name by now. */
		f = start(&places[i]);
		here = pike_xasprintf(
		    "{\"do\":\"redirect\",\"method\":\"GET\",\"to\":"
		    "\"http://127.0.0.1:%d/none\"}",
		    server.port);
		fault(here);
		free(here);
		assert_fails(f, PIKE_FAILED, "404");
		pike_forge_free(f);
		f = start(&places[i]);
		here = pike_xasprintf("{\"do\":\"redirect\",\"n\":100,\"to\":"
				      "\"http://127.0.0.1:%d%s/loop\"}",
				      server.port, places[i].api);
		fault(here);
		free(here);
		assert_fails(f, PIKE_FAILED, "points to '127.0.0.1'");
		pike_forge_free(f);
		(void)w;
	}
}

static void a_missing_right_is_named(void **state)
{
	static const char *const rights[] = {
		"`permissions:`; it needs `pull-requests: write`",
		"it needs the scope `api` and the role Developer",
		"it needs the scopes `write:repository` and `write:issue`",
	};

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f;

		tell("/_reset", "{}");
		f = open_with(&places[i], "PIKE_WEAK_TOKEN");
		assert_fails(f, PIKE_FAILED, "PIKE_WEAK_TOKEN");
		assert_fails(f, PIKE_FAILED, rights[i]);
		pike_forge_free(f);
		f = open_with(&places[i], "PIKE_WRONG_TOKEN");
		assert_fails(f, PIKE_FAILED, "wrong, expired or revoked");
		pike_forge_free(f);
	}
	/* GitHub's own setting for what Actions may do. */
	{
		struct pike_forge *f = start(&places[0]);

		set(&places[0], "{\"actions_may\":false}");
		assert_fails(f, PIKE_FAILED, "Settings, Actions, General");
		set(&places[0], "{\"actions_may\":true,\"heads\":"
				"{\"pike/mr/softmax/cpu\":\"none\"}}");
		assert_fails(f, PIKE_FAILED, "nothing to merge");
		pike_forge_free(f);
	}
}

/* A job's token of GitLab can read and no more, and which is better is said. */
static void a_jobs_token_is_too_weak(void **state)
{
	struct pike_forge *f;

	(void)state;
	tell("/_reset", "{}");
	setenv("CI_JOB_TOKEN", "job", 1);
	f = open_with(&places[1], NULL);
	assert_fails(f, PIKE_FAILED, "token may only read; give one");
	assert_fails(f, PIKE_FAILED, "in PIKE_GITLAB_TOKEN");
	pike_forge_free(f);
	unsetenv("CI_JOB_TOKEN");
}

/* ---- comments, statuses ---- */

static void one_comment_of_a_marker(void **state)
{
	static const char marker[] = PIKE_MARKER "softmax hands-off -->";

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		const struct pike_wanted w = wanted();
		struct pike_err err = PIKE_ERR_INIT;
		bool written;

		ensure(f, &w);
		fault("{\"method\":\"POST\",\"do\":\"lost\"}");
		for (int k = 0; k < 3; k++) {
			assert_int_equal(pike_forge_comment_once(
					     &written, f, 1, marker,
					     k < 2 ? "text" : "new", &err),
					 0);
			assert_int_equal(written, k != 1);
			assert_int_equal(count(p, "comments"), 1);
		}
		assert_stored(p, "comments", 0, "body",
			      PIKE_MARKER "softmax hands-off -->\nnew");
		/* Somebody imitates it, whom we cannot correct. */
		tell("/_reset", "{}");
		set(p, "{\"request\":{\"source\":\"a\",\"target\":\"b\"},"
		       "\"comment\":{\"on\":1,\"by\":\"guest\",\"body\":"
		       "\"<!-- pike-git:softmax hands-off -->\\nbad\"}}");
		for (int k = 0; k < 2; k++)
			assert_int_equal(pike_forge_comment_once(&written, f, 1,
								 marker, "text",
								 &err),
					 0);
		assert_int_equal(count(p, "comments"), 2);
		pike_forge_free(f);
	}
}

static void a_status_twice_is_no_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = start(&places[i]);
		struct pike_err err = PIKE_ERR_INIT;

		for (int k = 0; k < 2; k++)
			assert_int_equal(pike_forge_succeed(f, SHA, "pike-git",
							    "1.27x", &err),
					 0);
		assert_stored(&places[i], "statuses", 0, "description",
			      "1.27x");
		pike_forge_free(f);
	}
}

static void only_writers_steer(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pike_forge *f = start(p);
		struct pike_steers s;
		struct pike_err err = PIKE_ERR_INIT;

		set(p, "{\"page\":2,\"request\":{\"source\":\"a\","
		       "\"target\":\"b\"}}");
		set(p, "{\"comment\":{\"on\":1,\"by\":\"guest\","
		       "\"body\":\"/pike stop\"}}");
		set(p, "{\"comment\":{\"on\":1,\"by\":\"nobody\","
		       "\"body\":\"/pike stop\"}}");
		set(p, "{\"comment\":{\"on\":1,\"by\":\"dev\","
		       "\"body\":\"please\\n/pike hint use  shared\\n"
		       "> /pike stop\"}}");
		set(p, "{\"comment\":{\"on\":1,\"by\":\"owner\","
		       "\"body\":\"/pike pause\\r\\n\"}}");
		set(p, "{\"comment\":{\"on\":1,\"by\":\"owner\","
		       "\"body\":\"<!-- pike-git:x -->\\n/pike stop\"}}");
		assert_int_equal(pike_forge_steers(&s, f, 1, 0, &err), 0);
		assert_int_equal(s.n, 2);
		assert_int_equal(s.v[0].word, PIKE_STEER_HINT);
		assert_string_equal(s.v[0].text, "use  shared");
		assert_string_equal(s.v[0].by, "dev");
		assert_int_equal(s.v[1].word, PIKE_STEER_PAUSE);
		assert_string_equal(s.v[1].by, "owner");
		{
			int64_t after = s.v[0].comment;

			pike_steers_release(&s);
			assert_int_equal(
			    pike_forge_steers(&s, f, 1, after, &err), 0);
		}
		assert_int_equal(s.n, 1);
		assert_int_equal(s.v[0].word, PIKE_STEER_PAUSE);
		pike_steers_release(&s);
		pike_forge_free(f);
	}
}

/* ---- the same question again and again ---- */

static size_t answered(int64_t status)
{
	struct pike_json *j = control("/_log", NULL);
	size_t n = 0;

	for (size_t i = 0; i < pike_json_len(j); i++)
		n += pike_json_i64(pike_json_at(j, i), "status", 0) == status;
	pike_json_free(j);
	return n;
}

static char keep_path[] = "/tmp/pike-forge-XXXXXX";

/* As another process would: how many steer the request. */
static size_t steers_anew(const struct place *p)
{
	struct pike_forge *f = open_with(p, "PIKE_TEST_TOKEN");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_steers s;
	size_t n;

	f->kept.path = pike_xstrdup(keep_path);
	if (pike_forge_steers(&s, f, 1, 0, &err))
		fail_msg("%s", err.text);
	n = s.n;
	pike_steers_release(&s);
	pike_forge_free(f);
	return n;
}

static void write_keep(const char *text, size_t len)
{
	assert_int_equal(pike_write_file(keep_path, text, len, NULL), 0);
}

static void what_is_the_same_is_not_sent(void **state)
{
	const struct place *p = &places[0];
	int fd = mkstemp(keep_path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	pike_forge_free(start(p));
	set(p, "{\"page\":2,\"request\":{\"source\":\"a\",\"target\":\"b\"}}");
	for (int i = 0; i < 3; i++)
		set(p, "{\"comment\":{\"on\":1,\"by\":\"owner\","
		       "\"body\":\"/pike pause\"}}");
	assert_int_equal(steers_anew(p), 3);
	assert_int_equal(answered(304), 0);
	/* Both pages, the second of which the first one's 304 still names. */
	assert_int_equal(steers_anew(p), 3);
	assert_int_equal(answered(304), 2);
	set(p, "{\"comment\":{\"on\":1,\"by\":\"owner\","
	       "\"body\":\"/pike stop\"}}");
	assert_int_equal(steers_anew(p), 4);
	assert_int_equal(answered(304), 3);
	/* A forge without tags is asked as ever. */
	for (int i = 0; i < 2; i++) {
		pike_forge_free(start(&places[2]));
		set(&places[2], "{\"request\":{\"source\":\"a\","
				"\"target\":\"b\"}}");
		assert_int_equal(steers_anew(&places[2]), 0);
		assert_int_equal(answered(304), 0);
	}
}

static void a_lying_304_teaches_nothing(void **state)
{
	const struct place *p = &places[0];
	struct pike_buf b;
	char *at;

	(void)state;
	pike_forge_free(start(p));
	set(p, "{\"request\":{\"source\":\"a\",\"target\":\"b\"}}");
	set(p, "{\"comment\":{\"on\":1,\"by\":\"owner\","
	       "\"body\":\"/pike pause\"}}");
	/* Nothing was asked on condition. */
	write_keep("no JSON", 7);
	fault("{\"do\":\"status\",\"status\":304,\"body\":null,\"path\":"
	      "\"/comments\"}");
	assert_int_equal(steers_anew(p), 1);
	/* What was kept is damaged since. */
	pike_buf_init(&b, 1 << 20);
	assert_int_equal(pike_read_file(&b, keep_path, NULL), 0);
	at = strstr(b.s, "\"body\":\"[");
	assert_non_null(at);
	at[8] = '{';
	write_keep(b.s, b.len);
	pike_buf_release(&b);
	assert_int_equal(steers_anew(p), 1);
	assert_int_equal(answered(304), 2);
	assert_int_equal(steers_anew(p), 1);
	assert_int_equal(answered(304), 3);
	/* A server that says nothing else is given up. */
	fault("{\"do\":\"status\",\"status\":304,\"body\":null,\"n\":99,"
	      "\"path\":\"/comments\"}");
	{
		struct pike_forge *f = open_with(p, "PIKE_TEST_TOKEN");
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_steers s;

		assert_int_equal(pike_forge_steers(&s, f, 1, 0, &err),
				 PIKE_RETRY);
		assert_non_null(strstr(err.text, "304"));
		pike_steers_release(&s);
		pike_forge_free(f);
	}
	unlink(keep_path);
}

/* ---- merging ---- */

static enum pike_merge merge(struct pike_forge *f, const char *sha, char *why)
{
	const struct pike_wanted w = wanted();
	struct pike_err err = PIKE_ERR_INIT;
	enum pike_merge how = PIKE_MERGE_NOT;
	struct pike_request r;

	if (pike_forge_find(&r, f, w.source, w.target, &err) ||
	    pike_forge_merge(&how, why, f, &r, sha, &err))
		fail_msg("%s", err.text);
	pike_request_release(&r);
	return how;
}

static struct pike_forge *mergeable(const struct place *p, const char *how)
{
	struct pike_forge *f = start(p);
	const struct pike_wanted w = wanted();

	ensure(f, &w);
	set(p, how);
	return f;
}

static void merged_once_nothing_is_waited_for(void **state)
{
	static const char *const how[] = { "{\"not_yet\":2}",
					   "{\"pipeline\":\"success\"}",
					   "{\"not_yet\":2}" };
	char why[300];

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = mergeable(&places[i], how[i]);

		assert_int_equal(merge(f, SHA, why), PIKE_MERGE_DONE);
		assert_stored(&places[i], "requests", 0, "merged", "true");
		pike_forge_free(f);
	}
}

static void merged_by_the_forge_later(void **state)
{
	static const char *const how[] = {
		"{\"checks\":\"blocked\",\"unknown\":2}",
		"{\"pipeline\":\"running\"}", "{\"pipeline\":\"pending\"}"
	};
	char why[300];

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = mergeable(&places[i], how[i]);

		assert_int_equal(merge(f, SHA, why), PIKE_MERGE_LATER);
		assert_stored(&places[i], "requests", 0, "merged", "");
		assert_stored(&places[i], "requests", 0, "auto", "true");
		pike_forge_free(f);
	}
}

static void another_commit_is_never_merged(void **state)
{
	static const char *const how[] = { "{\"checks\":\"clean\"}",
					   "{\"pipeline\":\"success\"}",
					   "{\"pipeline\":null}" };
	char why[300];

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pike_forge *f = mergeable(&places[i], how[i]);

		assert_int_equal(merge(f, OTHER, why), PIKE_MERGE_NOT);
		assert_non_null(strstr(why, "(409)"));
		assert_stored(&places[i], "requests", 0, "merged", "");
		pike_forge_free(f);
	}
}

static void what_stands_in_the_way_is_said(void **state)
{
	static const struct {
		size_t place;
		const char *how, *why;
	} t[] = {
		{ 0, "{\"checks\":\"off\"}", "\"Allow auto-merge\"" },
		{ 0, "{\"checks\":\"unstable\"}", "unstable status" },
		{ 0, "{\"not_yet\":99}", "not mergeable (405)" },
		{ 1, "{\"pipeline\":\"failed\"}", "pipeline has failed" },
		{ 1, "{\"merge_status\":\"checking\"}", "being checked" },
		{ 1, "{\"pipeline\":\"canceled\"}", "pipeline has failed" },
		{ 2, "{\"not_yet\":99}", "not mergeable (405)" },
	};
	char why[300];

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		const struct place *p = &places[t[i].place];
		struct pike_forge *f = mergeable(p, t[i].how);

		assert_int_equal(merge(f, SHA, why), PIKE_MERGE_NOT);
		if (!strstr(why, t[i].why))
			fail_msg("'%s' has no '%s'", why, t[i].why);
		assert_stored(p, "requests", 0, "merged", "");
		pike_forge_free(f);
	}
}

/* Without any pipeline GitLab is given time to begin one; what others say of
 * the commit, as we do ourselves, is none. */
static void a_pipeline_is_waited_for(void **state)
{
	static const char *const how[] = {
		"{}", "{\"pipeline\":\"success\",\"source\":\"external\"}"
	};
	char why[300];

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(how); i++) {
		struct pike_forge *f = mergeable(&places[1], how[i]);

		assert_int_equal(merge(f, SHA, why), PIKE_MERGE_DONE);
		assert_int_equal(asked("PUT", "/merge"), 1);
		assert_true(asked("GET", "/merge_requests/1") > 4);
		pike_forge_free(f);
	}
}

/* Stopped while it waits. */
static void a_pause_can_be_ended(void **state)
{
	static volatile int stop = 1;
	struct pike_forge *f = start(&places[0]);

	(void)state;
	f->stop = &stop;
	f->wait_ms = 1000000;
	fault("{\"do\":\"status\",\"status\":503,\"n\":100}");
	{
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_request r;

		assert_true(pike_forge_find(&r, f, "a", "b", &err) < 0);
		pike_request_release(&r);
	}
	pike_forge_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(created_updated_left_alone),
		cmocka_unit_test(labels_are_added_where_missing),
		cmocka_unit_test(text_comes_back_otherwise),
		cmocka_unit_test(a_persons_no_is_respected),
		cmocka_unit_test(what_we_closed_may_come_again),
		cmocka_unit_test(others_of_the_branch_are_superseded),
		cmocka_unit_test(only_so_many_are_open),
		cmocka_unit_test(all_pages_are_read),
		cmocka_unit_test(a_lost_answer_is_looked_up),
		cmocka_unit_test(what_is_not_listed_yet_is_waited_for),
		cmocka_unit_test(servers_may_fail_for_a_while),
		cmocka_unit_test(or_for_too_long),
		cmocka_unit_test(a_token_follows_no_redirect),
		cmocka_unit_test(a_missing_right_is_named),
		cmocka_unit_test(a_jobs_token_is_too_weak),
		cmocka_unit_test(one_comment_of_a_marker),
		cmocka_unit_test(a_status_twice_is_no_error),
		cmocka_unit_test(only_writers_steer),
		cmocka_unit_test(what_is_the_same_is_not_sent),
		cmocka_unit_test(a_lying_304_teaches_nothing),
		cmocka_unit_test(merged_once_nothing_is_waited_for),
		cmocka_unit_test(merged_by_the_forge_later),
		cmocka_unit_test(another_commit_is_never_merged),
		cmocka_unit_test(what_stands_in_the_way_is_said),
		cmocka_unit_test(a_pipeline_is_waited_for),
		cmocka_unit_test(a_pause_can_be_ended),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
