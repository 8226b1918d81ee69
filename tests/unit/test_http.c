/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a server that answers well, badly, slowly or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/http.h"
#include "base/json.h"
#include "server_fixture.h"

#include <string.h>

static struct server server;
static struct pike_http *http;

static int begin(void **state)
{
	(void)state;
	/* Nothing of the user's network may decide. */
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	signal(SIGPIPE, SIG_IGN);
	return server_begin(&server, "tests/servers/web.py") ||
	       pike_http_open(&http, NULL);
}

static int end(void **state)
{
	(void)state;
	pike_http_close(http);
	server_end(&server);
	return 0;
}

static struct pike_fetch *start_with(const char *url,
				     struct pike_http_request r)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_fetch *c;

	r.url = url;
	r.method = r.method ? r.method : "GET";
	if (!r.timeout_ms)
		r.timeout_ms = 20000;
	assert_int_equal(pike_http_start(&c, http, &r, &err), 0);
	return c;
}

static struct pike_fetch *start(const char *path)
{
	char *url = server_url(&server, path);
	struct pike_fetch *c =
	    start_with(url, (struct pike_http_request){ .method = "GET" });

	free(url);
	return c;
}

static void wait_for(const struct pike_fetch *c)
{
	while (!pike_fetch_ended(c))
		pike_http_run(http, 1000);
}

static void test_whole(void **state)
{
	struct pike_strs headers = PIKE_STRS_INIT;
	char *url = server_url(&server, "/echo");
	struct pike_json *j;
	struct pike_fetch *c;

	(void)state;
	pike_strs_push(&headers, "Authorization: Bearer key");
	c = start_with(url, (struct pike_http_request){ .method = "POST",
							.headers = &headers,
							.body = "question",
							.len = 8 });
	pike_strs_release(&headers);
	wait_for(c);
	assert_int_equal(pike_fetch_result(c, NULL), 0);
	assert_int_equal(pike_fetch_status(c), 200);
	assert_int_equal(pike_fetch_retry_after(c), -1);
	j = pike_json_parse(pike_fetch_body(c)->s, pike_fetch_body(c)->len,
			    NULL);
	assert_string_equal(pike_json_str(j, "method", ""), "POST");
	assert_string_equal(pike_json_str(j, "body", ""), "question");
	assert_string_equal(
	    pike_json_str(pike_json_get(j, "headers"), "Authorization", ""),
	    "Bearer key");
	pike_json_free(j);
	pike_fetch_free(c);
	free(url);
}

static void test_statuses(void **state)
{
	struct pike_fetch *c = start("/status/429/7");

	(void)state;
	wait_for(c);
	assert_int_equal(pike_fetch_result(c, NULL), 0);
	assert_int_equal(pike_fetch_status(c), 429);
	assert_int_equal(pike_fetch_retry_after(c), 7000);
	assert_non_null(strstr(pike_fetch_body(c)->s, "as you wish"));
	pike_fetch_free(c);
	/* A key would go wherever a server sends it. */
	c = start("/moved");
	wait_for(c);
	assert_int_equal(pike_fetch_result(c, NULL), 0);
	assert_int_equal(pike_fetch_status(c), 302);
	pike_fetch_free(c);
}

static void check_broken(struct pike_fetch *c, int level, const char *said)
{
	struct pike_err err = PIKE_ERR_INIT;

	wait_for(c);
	assert_int_equal(pike_fetch_result(c, &err), level);
	if (!strstr(err.text, said))
		fail_msg("'%s' has no '%s'", err.text, said);
	pike_fetch_free(c);
}

static void test_broken(void **state)
{
	char *url = server_url(&server, "/slow/30");
	struct pike_http_request quick = { .timeout_ms = 300 };
	struct pike_http_request small = { .reply_max = 100000 };

	(void)state;
	check_broken(start("/half"), PIKE_RETRY, "127.0.0.1");
	check_broken(start("/close"), PIKE_RETRY, "127.0.0.1");
	check_broken(start("/garbage"), PIKE_RETRY, "127.0.0.1");
	check_broken(start_with(url, quick), PIKE_RETRY, "timed out");
	free(url);
	url = server_url(&server, "/endless");
	check_broken(start_with(url, small), PIKE_FAILED,
		     "sends more than 100000 bytes");
	free(url);
	check_broken(start_with("http://127.0.0.1:9/", quick), PIKE_RETRY,
		     "127.0.0.1:9");
	check_broken(start_with("http://no.such.host.invalid/x", quick),
		     PIKE_FATAL, "'no.such.host.invalid'");
	check_broken(start_with("http://", quick), PIKE_FATAL, "is not a URL");
}

/* What else libcurl could fetch is not for a configuration to name. */
static void test_other_schemes(void **state)
{
	static const char *const urls[] = { "file:///etc/passwd",
					    "ftp://127.0.0.1/x", "/etc/passwd",
					    "httpx://127.0.0.1/", "" };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(urls); i++) {
		struct pike_http_request r = { .method = "GET",
					       .url = urls[i] };
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_fetch *c;

		assert_int_equal(pike_http_start(&c, http, &r, &err),
				 PIKE_FATAL);
		assert_null(c);
		assert_non_null(strstr(err.text, "neither http nor https"));
	}
}

/* All of them wait at the same time: one after another would take longer than
 * each may. */
static void test_together(void **state)
{
	enum {
		N = 64
	};
	struct pike_fetch *c[N];
	size_t ended = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		c[i] = start("/slow/0.5");
	assert_int_equal(pike_http_running(http), N);
	while (pike_http_running(http))
		pike_http_run(http, 1000);
	for (int i = 0; i < N; i++) {
		ended += !pike_fetch_result(c[i], NULL) &&
			 !strcmp(pike_fetch_body(c[i])->s, "late");
		pike_fetch_free(c[i]);
	}
	assert_int_equal(ended, N);
}

static void test_dropped(void **state)
{
	struct pike_http *other;
	struct pike_http_request r = { .method = "GET", .timeout_ms = 30000 };
	struct pike_fetch *c = start("/slow/30"), *late;
	struct pike_err err = PIKE_ERR_INIT;
	char *url = server_url(&server, "/slow/30");

	(void)state;
	pike_http_run(http, 100);
	assert_int_equal(pike_fetch_result(c, &err), PIKE_RETRY);
	assert_non_null(strstr(err.text, "not answered yet"));
	pike_fetch_free(c);
	assert_int_equal(pike_http_running(http), 0);
	/* What outlives its runner has ended. */
	r.url = url;
	assert_int_equal(pike_http_open(&other, NULL), 0);
	assert_int_equal(pike_http_start(&late, other, &r, NULL), 0);
	pike_http_run(other, 10);
	pike_http_close(other);
	assert_true(pike_fetch_ended(late));
	assert_int_equal(pike_fetch_result(late, NULL), PIKE_RETRY);
	pike_fetch_free(late);
	free(url);
}

/* Those of the last answer, by name in any case; and not without a limit. */
static void test_headers(void **state)
{
	struct pike_fetch *c = start("/headers/10");

	(void)state;
	wait_for(c);
	assert_int_equal(pike_fetch_result(c, NULL), 0);
	assert_string_equal(pike_fetch_header(c, "x-odd"), "two words");
	assert_string_equal(pike_fetch_header(c, "X-ODDER"), "");
	assert_string_equal(pike_fetch_header(c, "X-Large"), "yyyyyyyyyy");
	assert_null(pike_fetch_header(c, "X-Od"));
	assert_null(pike_fetch_header(c, "two words"));
	pike_fetch_free(c);
	check_broken(start("/headers/66000"), PIKE_FAILED,
		     "more than 65536 bytes of headers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_other_schemes),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
