/* SPDX-License-Identifier: Apache-2.0 */
/* Each provider against a server that takes no request which the vendor's own
 * types do not allow, and has every bad day there is: what is asked how often,
 * what comes of it, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/http.h"
#include "base/text.h"
#include "llm/llm.h"
#include "server_fixture.h"

#include <string.h>

#define KEY "PIKE_TEST_API_KEY"
#define SECRET "sk-secret-0123456789/+="

enum {
	PROVIDERS = 3
};
static const char *const provider[PROVIDERS] = { "openai", "anthropic",
						 "gemini" };
static struct server server;
static struct pike_llms *llms;

static int begin(void **state)
{
	const struct pike_llms_opts o = {
		.seed = 1, .first_ms = 20, .most_ms = 40, .tries = 3
	};

	(void)state;
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	setenv(KEY, SECRET, 1);
	signal(SIGPIPE, SIG_IGN);
	return server_begin(&server, "tests/servers/llm.py") ||
	       pike_llms_open(&llms, &o, NULL);
}

static int end(void **state)
{
	(void)state;
	pike_llms_close(llms);
	server_end(&server);
	return 0;
}

/* ---- one question ---- */

struct asked {
	struct pike_llm llm;
	struct pike_question *q;
	char id[32];
};

static void ask_it(struct asked *a, const char *how, const struct pike_ask *ask)
{
	static int n;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_llm *llm = &a->llm;
	char *path;

	snprintf(a->id, sizeof(a->id), "%d", n++);
	path =
	    pike_xasprintf("/%s/%s%s", how, a->id,
			   strcmp(llm->provider->name, "openai") ? "" : "/v1");
	llm->name = (char *)"main";
	llm->key = (char *)KEY;
	llm->url = server_url(&server, path);
	free(path);
	if (pike_llms_ask(&a->q, llms, llm, ask, &err))
		fail_msg("%s", err.text);
}

static void wait_for_all(void)
{
	while (pike_llms_asked(llms))
		pike_llms_run(llms, 1000);
}

static void done(struct asked *a)
{
	pike_question_free(a->q);
	free(a->llm.url);
}

/* A number that the server tells at a path. */
static int told(const char *what, const char *id)
{
	struct pike_http *http;
	struct pike_fetch *c;
	char *path = pike_xasprintf("/%s/%s", what, id);
	char *url = server_url(&server, path);
	const struct pike_http_request r = { .method = "GET",
					     .url = url,
					     .timeout_ms = 20000 };
	int64_t n = -1;

	assert_int_equal(pike_http_open(&http, NULL), 0);
	assert_int_equal(pike_http_start(&c, http, &r, NULL), 0);
	while (!pike_fetch_ended(c))
		pike_http_run(http, 1000);
	assert_int_equal(pike_fetch_result(c, NULL), 0);
	assert_true(pike_parse_i64(pike_fetch_body(c)->s, &n));
	pike_fetch_free(c);
	pike_http_close(http);
	free(path);
	free(url);
	return (int)n;
}

/* ---- what is asked ---- */

static const struct pike_llm settings[] = {
	{ .max_tokens = 32000, .temperature = 0.8 },
	{ .max_tokens = 1, .temperature = 0 },
	{ .max_tokens = 10000000, .temperature = 2, .top_p = 1 },
	{ .max_tokens = 4096, .temperature = 0.1, .top_p = 0.95 },
	{ .max_tokens = 32000,
	  .temperature = 0.8,
	  .reasoning = (char *)"none" },
	{ .max_tokens = 1024, .reasoning = (char *)"minimal" },
	{ .max_tokens = 1025, .reasoning = (char *)"low" },
	{ .max_tokens = 32000, .top_p = 0.5, .reasoning = (char *)"medium" },
	{ .max_tokens = 32000, .temperature = 1, .reasoning = (char *)"high" },
	{ .max_tokens = 64000, .reasoning = (char *)"xhigh" },
	{ .max_tokens = 128000, .temperature = 2, .reasoning = (char *)"max" },
};

static const char *const models[PROVIDERS][12] = {
	{ "m-1", "gpt-4.1", "gpt-5", "gpt-5.1-codex", "o3", "o4-mini",
	  "openai/gpt-oss-120b", "meta-llama/Llama-3.3-70B:free" },
	{ "claude-3-7-sonnet-20250219", "claude-opus-4-20250514",
	  "claude-opus-4-1-20250805", "claude-sonnet-4-5", "claude-haiku-4-5",
	  "claude-opus-4-6", "claude-opus-4-7", "claude-sonnet-5",
	  "claude-haiku-5-5", "claude-fable-5", "a-model-of-ours" },
	{ "gemini-2.5-pro", "gemini-2.5-flash", "gemini-3-pro-preview",
	  "gemini-3.5-flash", "gemini-flash-latest", "gemma-3-27b-it" },
};

#define UNICODE                                                                \
	"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \\ \" / </script>\r\n\t"    \
	"\x01\x02\x1b[31m\x7f\xc2\x85\xef\xbf\xbd\xe2\x80\xa8 {{x}} %s"

static const struct {
	struct pike_ask ask;
	const char *said;
} prompts[] = {
	{ { .prompt = "how fast?" }, "how fast?" },
	{ { .system = "You are an engineer.", .prompt = UNICODE },
	  "You are an engineer.|" UNICODE },
	{ { .system = "\xe2\x9c\x93\n", .prompt = "not UTF-8: \xff\xc3" },
	  "\xe2\x9c\x93\n|not UTF-8: ??" },
};

static void check_asked(const struct asked *a, const char *said)
{
	const struct pike_answer *answer = pike_question_answer(a->q);
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_question_result(a->q, &err))
		fail_msg("%s, model %s, reasoning %s: %s", a->llm.provider,
			 a->llm.model, a->llm.reasoning, err.text);
	assert_string_equal(answer->text, said);
	assert_string_equal(answer->model, a->llm.model);
	assert_int_equal(answer->ending, PIKE_END_WHOLE);
	assert_true(answer->counted);
	assert_int_equal(answer->tokens_in, 11);
	assert_int_equal(answer->tokens_out, 22);
	assert_int_equal(pike_question_tries(a->q), 1);
}

/* All settings for one model of one provider, and prompts in turn. */
static void ask_model(int p, const char *model)
{
	enum {
		N = PIKE_ARRAY_LEN(settings),
		M = PIKE_ARRAY_LEN(prompts)
	};
	struct asked a[N] = { 0 };

	for (int i = 0; i < N; i++) {
		a[i].llm = settings[i];
		a[i].llm.provider = pike_provider_find(provider[p]);
		a[i].llm.model = (char *)model;
		a[i].llm.timeout = 30;
		ask_it(&a[i], "whole", &prompts[i % M].ask);
	}
	wait_for_all();
	for (int i = 0; i < N; i++) {
		check_asked(&a[i], prompts[i % M].said);
		done(&a[i]);
	}
}

static void test_requests(void **state)
{
	(void)state;
	for (int p = 0; p < PROVIDERS; p++)
		for (int m = 0; models[p][m]; m++)
			ask_model(p, models[p][m]);
}

/* ---- bad days ---- */

struct day {
	const char *how;
	int result, requests;
	const char *said; /* in the message, or the text of the answer */
};

static enum pike_ending ending_of(const struct day *d)
{
	if (!strcmp(d->how, "cut") || !strcmp(d->how, "long"))
		return PIKE_END_CUT;
	if (!strcmp(d->how, "late"))
		return PIKE_END_BROKEN;
	return strcmp(d->how, "refused") ? PIKE_END_WHOLE : PIKE_END_REFUSED;
}

#define HOW_FAST "how fast?"
static const struct day days[] = {
	{ "whole", 0, 1, HOW_FAST },
	{ "cut", 0, 1, HOW_FAST },
	{ "refused", 0, 1, HOW_FAST },
	{ "gzip", 0, 1, HOW_FAST },
	{ "blank", 0, 1, HOW_FAST },
	{ "drip", 0, 1, HOW_FAST },
	{ "done", 0, 1, HOW_FAST },
	{ "late", 0, 1, HOW_FAST },
	/* Asked again, when and as often as it may do. */
	{ "seconds-once", 0, 2, HOW_FAST },
	{ "date-once", 0, 2, HOW_FAST },
	{ "info-once", 0, 2, HOW_FAST },
	{ "status-500-once", 0, 2, HOW_FAST },
	{ "status-503-once", 0, 2, HOW_FAST },
	{ "status-529-once", 0, 2, HOW_FAST },
	{ "status-408-once", 0, 2, HOW_FAST },
	{ "half-once", 0, 2, HOW_FAST },
	{ "chunk-once", 0, 2, HOW_FAST },
	{ "close-once", 0, 2, HOW_FAST },
	{ "reset-once", 0, 2, HOW_FAST },
	{ "empty-once", 0, 2, HOW_FAST },
	{ "error-once", 0, 2, HOW_FAST },
	{ "loaded-once", 0, 2, HOW_FAST },
	{ "upstream-once", 0, 2, HOW_FAST },
	{ "status-500", PIKE_RETRY, 3,
	  "at try 3: the server failed (HTTP 500): as you wish, ****" },
	{ "status-429", PIKE_RETRY, 3, "at try 3: too many requests" },
	{ "half", PIKE_RETRY, 3, "at try 3: '127.0.0.1" },
	{ "chunk", PIKE_RETRY, 3, "at try 3: '127.0.0.1" },
	{ "close", PIKE_RETRY, 3, "at try 3: '127.0.0.1" },
	{ "empty", PIKE_RETRY, 3, "at try 3: the server's reply is empty" },
	{ "error", PIKE_RETRY, 3,
	  "at try 3: the server failed (HTTP 502): upstream broke, ****" },
	{ "loaded", PIKE_RETRY, 3, "at try 3: the server is overloaded" },
	{ "upstream", PIKE_RETRY, 3,
	  "at try 3: the server failed (HTTP 502): gone, ****" },
	/* Not asked again: no other answer would come. */
	{ "denied", PIKE_FAILED, 1, "was refused (HTTP 400): too odd" },
	{ "status-400", PIKE_FAILED, 1, "was refused (HTTP 400): as you wish" },
	{ "status-413", PIKE_FAILED, 1, "prompt is too large (HTTP 413)" },
	{ "status-401", PIKE_FATAL, 1, "key is missing or not accepted" },
	{ "status-402", PIKE_FATAL, 1, "no credit (HTTP 402)" },
	{ "status-403", PIKE_FATAL, 1, "the key may not do this" },
	{ "status-404", PIKE_FATAL, 1, "check url and model (HTTP 404)" },
	{ "moved-301", PIKE_FATAL, 1, "redirects (HTTP 301)" },
	{ "moved-302", PIKE_FATAL, 1, "redirects (HTTP 302)" },
	{ "moved-307", PIKE_FATAL, 1, "redirects (HTTP 307)" },
	{ "moved-308", PIKE_FATAL, 1, "redirects (HTTP 308)" },
	/* Not asked again: it has been paid for. */
	{ "garbage", PIKE_FAILED, 1,
	  "is not JSON (not JSON at byte 0): <html>?[31m Please log in, ****" },
	{ "none", PIKE_FAILED, 1, "the server's reply has no '" },
	{ "mega", 0, 1, "no code here\nno code here\n" },
	{ "bytes", 0, 1, "caf? and ?? tea" },
	{ "nul", 0, 1, "one?two" },
	{ "lone", 0, 1, "one?two?, \xf0\x9f\x98\x80" },
	{ "long", 0, 1, "xxxx" },
	{ "huge", PIKE_FAILED, 1, "sends more than 33554432 bytes" },
};

/* What the server sent instead of an answer is kept, without the key. */
static void check_kept(const char *how, const struct asked *a)
{
	const struct pike_answer *answer = pike_question_answer(a->q);
	bool sent = !strcmp(how, "garbage") || !strcmp(how, "none");

	assert_true(sent == (answer->text != NULL));
	if (!sent)
		return;
	assert_non_null(
	    strstr(answer->text, *how == 'n' ? "{\"id\": \"1\"}" : "</html>"));
	assert_null(strstr(answer->text, "secret"));
	assert_int_equal(answer->tokens_in, 3);
	assert_true(answer->tokens_out > 0 && !answer->counted);
}

/* All of it comes, and an error that a model can act on. */
static void check_mega(const struct pike_answer *answer)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files parent = { 0 };
	const struct pike_extract_opts o = { .paths = &paths,
					     .parent = &parent,
					     .entry = "k" };
	struct pike_extracted out = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	size_t n = strlen(answer->text);

	assert_int_equal(n, (1 << 20) / 13 * 13);
	pike_strs_push(&paths, "k.c");
	assert_int_equal(pike_extract(&out, &o, answer->text, n, &err),
			 PIKE_FAILED);
	assert_string_equal(err.text,
			    "no code: neither a fenced block nor an edit");
	pike_extracted_release(&out);
	pike_strs_release(&paths);
}

static void check_day(const struct day *d, const struct asked *a)
{
	const struct pike_answer *answer = pike_question_answer(a->q);
	struct pike_err err = PIKE_ERR_INIT;
	int result = pike_question_result(a->q, &err);
	const char *said = result ? err.text : answer->text;

	if (result != d->result || !strstr(said, d->said))
		fail_msg("%s, %s gives %d: %.200s", a->llm.provider, d->how,
			 result, said);
	if (told("seen", a->id) != d->requests)
		fail_msg("%s, %s: %d requests", a->llm.provider, d->how,
			 told("seen", a->id));
	assert_int_equal(pike_question_tries(a->q), d->requests);
	assert_null(strstr(err.text, "secret"));
	if (answer->broken)
		assert_string_equal(answer->broken, "the server says 'gone, "
						    "***********************'");
	if (!result)
		assert_int_equal(answer->ending, ending_of(d));
	else
		check_kept(d->how, a);
	if (!strcmp(d->how, "mega"))
		check_mega(answer);
}

/* All at once: none of them holds up another, or the test. */
static void test_days(void **state)
{
	enum {
		D = PIKE_ARRAY_LEN(days)
	};
	const struct pike_ask ask = { .prompt = HOW_FAST };
	struct asked a[PROVIDERS * D] = { 0 };

	(void)state;
	for (int i = 0; i < PROVIDERS * D; i++) {
		a[i].llm = settings[0];
		a[i].llm.provider = pike_provider_find(provider[i / D]);
		a[i].llm.model = (char *)"m-1";
		a[i].llm.timeout = 30;
		ask_it(&a[i], days[i % D].how, &ask);
	}
	wait_for_all();
	for (int i = 0; i < PROVIDERS * D; i++)
		check_day(&days[i % D], &a[i]);
	for (int i = 0; i < PROVIDERS * D; i++)
		done(&a[i]);
	assert_int_equal(told("strangers", ""), 0);
}

/* Headers, and then nothing. All tries together may take two seconds here, so
 * a second one may begin, and no third. */
static void test_stall(void **state)
{
	const struct pike_ask ask = { .prompt = HOW_FAST };
	struct asked a[PROVIDERS] = { 0 };

	(void)state;
	for (int p = 0; p < PROVIDERS; p++) {
		a[p].llm = settings[0];
		a[p].llm.provider = pike_provider_find(provider[p]);
		a[p].llm.model = (char *)"m-1";
		a[p].llm.timeout = 1;
		ask_it(&a[p], "stall", &ask);
	}
	wait_for_all();
	for (int p = 0; p < PROVIDERS; p++) {
		struct pike_err err = PIKE_ERR_INIT;
		int n = told("seen", a[p].id);

		assert_int_equal(pike_question_result(a[p].q, &err),
				 PIKE_RETRY);
		assert_non_null(strstr(err.text, "timed out"));
		assert_true(n >= 1 && n <= 2);
		assert_int_equal(pike_question_tries(a[p].q), n);
		done(&a[p]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_stall),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
