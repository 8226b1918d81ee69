/* SPDX-License-Identifier: Apache-2.0 */
/* What servers and their gateways make of a protocol: streams that nobody
 * asked for, words for an ending, thoughts in many places, tokens that nobody
 * counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

/* 8 tokens, where nobody counts them. */
static const struct pike_ask ask = { .prompt =
					 "Make this a good deal faster." };
#define GUESS_IN 8

struct given {
	const char *provider, *body;
	int level;
	const char *text; /* of the answer, or in the message */
	enum pike_ending ending;
	const char *broken; /* in which way, or part of it */
};

static void check(const struct given *g)
{
	const struct pike_protocol *p =
	    pike_protocol_of(pike_provider_find(g->provider));
	struct pike_answer a = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	int ret = p->answer(&a, &ask, g->body, strlen(g->body), &err);

	if (ret != g->level)
		fail_msg("%s gives %d: %s", g->body, ret, err.text);
	if (ret && !strstr(err.text, g->text))
		fail_msg("%s: '%s' has no '%s'", g->body, err.text, g->text);
	if (!ret) {
		assert_string_equal(a.text, g->text);
		if (a.ending != g->ending)
			fail_msg("%s ends with %d", g->body, a.ending);
		assert_int_equal(!a.broken, !g->broken);
		if (g->broken && !strstr(a.broken, g->broken))
			fail_msg("%s: '%s'", g->body, a.broken);
	}
	pike_answer_release(&a);
}

static void check_all(const struct given *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&t[i]);
}

#define OPENAI(reason, more)                                                   \
	"{\"choices\":[{\"finish_reason\":" reason                             \
	",\"message\":{\"content\":\"code\"}" more "}]}"
#define GEMINI(reason)                                                         \
	"{\"candidates\":[{\"finishReason\":\"" reason                         \
	"\",\"content\":{\"parts\":[{\"text\":\"code\"}]}}]}"
#define CLAUDE(reason)                                                         \
	"{\"stop_reason\":\"" reason                                           \
	"\",\"content\":[{\"type\":\"text\",\"text\":\"code\"}]}"

static void test_endings(void **state)
{
	static const struct given t[] = {
		{ "openai", OPENAI("\"STOP\"", ""), 0, "code", 0, NULL },
		{ "openai", OPENAI("\"eos\"", ""), 0, "code", 0, NULL },
		{ "openai", OPENAI("null", ""), 0, "code", 0, NULL },
		{ "openai", OPENAI("\"model_length\"", ""), 0, "code",
		  PIKE_END_CUT, NULL },
		{ "openai", OPENAI("\"max_tokens\"", ""), 0, "code",
		  PIKE_END_CUT, NULL },
		{ "openai", OPENAI("\"MAX_TOKENS\"", ""), 0, "code",
		  PIKE_END_CUT, NULL },
		{ "openai", OPENAI("\"FINISH_REASON_MAX_TOKENS\"", ""), 0,
		  "code", PIKE_END_CUT, NULL },
		{ "openai", OPENAI("\"SAFETY\"", ""), 0, "code",
		  PIKE_END_REFUSED, NULL },
		{ "openai", OPENAI("\"error\"", ""), 0, "code", PIKE_END_BROKEN,
		  "'error': the server failed" },
		{ "openai", OPENAI("\"something new\"", ""), 0, "code",
		  PIKE_END_BROKEN, "'something new': no end" },
		{ "openai", OPENAI("\"tool_calls\"", ""), 0, "code",
		  PIKE_END_BROKEN, "the model called a tool" },
		{ "openai",
		  "{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":"
		  "{\"content\":null,\"tool_calls\":[{\"id\":\"1\"}]}}]}",
		  0, "", PIKE_END_BROKEN, "the model called a tool" },
		{ "gemini", GEMINI("OTHER"), 0, "code", PIKE_END_BROKEN,
		  "'OTHER'" },
		{ "gemini", GEMINI("MALFORMED_FUNCTION_CALL"), 0, "code",
		  PIKE_END_BROKEN, "the model called a tool" },
		{ "gemini", GEMINI("max_tokens"), 0, "code", PIKE_END_CUT,
		  NULL },
		{ "anthropic", CLAUDE("pause_turn"), 0, "code", PIKE_END_BROKEN,
		  "waits to go on" },
		{ "anthropic", CLAUDE("stop"), 0, "code", 0, NULL },
		{ "anthropic", CLAUDE("length"), 0, "code", PIKE_END_CUT,
		  NULL },
	};

	(void)state;
	check_all(t, PIKE_ARRAY_LEN(t));
}

/* An error in a choice, with a text and without. */
static void test_errors(void **state)
{
	static const struct given t[] = {
		{ "openai",
		  OPENAI("\"stop\"", ",\"error\":{\"code\":502,\"message\":"
				     "\"upstream broke\"}"),
		  0, "code", PIKE_END_BROKEN, "the server says 'upstream" },
		{ "openai",
		  "{\"error\":{\"message\":\"no\"},\"choices\":[{\"message\":{"
		  "\"content\":\"code\"}}]}",
		  0, "code", PIKE_END_BROKEN, "the server says 'no'" },
		{ "openai",
		  "{\"choices\":[{\"finish_reason\":\"error\",\"message\":{"
		  "\"content\":\"\"},\"error\":{\"code\":502}}]}",
		  PIKE_FAILED, "is an error", 0, NULL },
		{ "openai",
		  "{\"choices\":[{\"finish_reason\":\"error\",\"message\":{"
		  "\"content\":\"\"}}]}",
		  PIKE_RETRY, "broken off: it ended with 'error'", 0, NULL },
		{ "openai",
		  "{\"usage\":{\"completion_tokens\":5},\"choices\":[{"
		  "\"finish_reason\":\"error\",\"message\":{}}]}",
		  0, "", PIKE_END_BROKEN, "'error'" },
		/* A place for an error, and none in it. */
		{ "openai", OPENAI("\"stop\"", ",\"error\":null"), 0, "code", 0,
		  NULL },
		{ "openai", OPENAI("\"stop\"", ",\"error\":{}"), 0, "code", 0,
		  NULL },
		{ "openai",
		  OPENAI("\"stop\"",
			 ",\"error\":{\"message\":\"\",\"code\":0}"),
		  0, "code", 0, NULL },
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":\"code\","
		  "\"refusal\":\"\"}}]}",
		  0, "code", 0, NULL },
	};

	(void)state;
	check_all(t, PIKE_ARRAY_LEN(t));
}

static void test_thoughts(void **state)
{
	static const struct given t[] = {
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":[{\"type\":"
		  "\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":"
		  "\"hm\"}]},{\"type\":\"text\",\"text\":\"code\"}]}}]}",
		  0, "code", 0, NULL },
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":[{\"type\":"
		  "\"reasoning\",\"text\":\"hm\"},{\"type\":\"output_text\","
		  "\"text\":\"co\"},\"de\"]}}]}",
		  0, "code", 0, NULL },
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":[{\"type\":"
		  "\"refusal\",\"refusal\":\"no\"}]}}]}",
		  0, "", PIKE_END_REFUSED, NULL },
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":{\"type\":\"text\","
		  "\"text\":\"code\"}}}]}",
		  0, "code", 0, NULL },
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":\"code\","
		  "\"reasoning_content\":\"hm\",\"reasoning\":\"hm\"}}]}",
		  0, "code", 0, NULL },
		{ "anthropic",
		  "{\"content\":[{\"type\":\"redacted_thinking\",\"data\":"
		  "\"x\"},{\"type\":\"text\",\"text\":\"code\"}]}",
		  0, "code", 0, NULL },
		{ "anthropic", "{\"content\":\"code\"}", 0, "code", 0, NULL },
		{ "openai", "{\"choices\":[{\"text\":\"code\"}]}", 0, "code", 0,
		  NULL },
	};

	(void)state;
	check_all(t, PIKE_ARRAY_LEN(t));
}

#define DATA(json) "data: " json "\n\n"
#define DELTA(text) "{\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}"
#define END "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}"
#define DONE "data: [DONE]\n\n"

static void test_streams(void **state)
{
	static const struct given t[] = {
		{ "openai", OPENAI("\"stop\"", "") "\n\n" DONE, 0, "code", 0,
		  NULL },
		{ "openai", "\xef\xbb\xbf" OPENAI("\"stop\"", ""), 0, "code", 0,
		  NULL },
		{ "openai", DATA(DELTA("co")) DATA(DELTA("de")) DONE, 0, "code",
		  0, NULL },
		{ "openai",
		  ": keep alive\n\n" DATA(DELTA(
		      "co")) ": again\r\n\r\n"
			     "data:" DELTA("de") "\r\n\r\nevent: x\nid: 7\n"
						 "data: " END "\r\n\r\n",
		  0, "code", 0, NULL },
		/* Without the empty lines, as lines alone, as a list */
		{ "openai",
		  "data: " DELTA("co") "\ndata: " DELTA("de") "\n" DONE, 0,
		  "code", 0, NULL },
		{ "openai", DELTA("co") "\n" DELTA("de") "\n" END "\n", 0,
		  "code", 0, NULL },
		{ "openai", "[" DELTA("co") "," DELTA("de") "," END "]", 0,
		  "code", 0, NULL },
		/* One value on several lines */
		{ "openai",
		  "data: {\"choices\":[{\"delta\":\ndata: {\"content\":"
		  "\"code\"}}]}\n\n" DONE,
		  0, "code", 0, NULL },
		{ "openai",
		  "{\n \"choices\": [\n  {\"message\":\n   {\"content\": "
		  "\"code\"}}\n ]\n}\n" DONE,
		  0, "code", 0, NULL },
		/* What is thought in it, and a whole message at its end */
		{ "openai",
		  DATA("{\"choices\":[{\"delta\":{\"reasoning_content\":"
		       "\"hm\"}}]}") DATA(DELTA("code")) DONE,
		  0, "code", 0, NULL },
		/* Broken off: no end, half a value, an error, at its limit */
		{ "openai", DATA(DELTA("co")), 0, "co", PIKE_END_BROKEN,
		  "no end" },
		{ "openai", DATA(DELTA("co")) "data: {\"choices\":[{", 0, "co",
		  PIKE_END_BROKEN, "not JSON" },
		{ "openai",
		  DATA(DELTA("co")) DATA("{\"error\":{\"message\":\"gone\"}}"),
		  0, "co", PIKE_END_BROKEN, "the server says 'gone'" },
		{ "openai", DATA("{\"error\":{\"message\":\"gone\"}}"),
		  PIKE_FAILED, "is an error", 0, NULL },
		{ "openai", ": keep alive\n\n: keep alive\n\n", PIKE_RETRY,
		  "is empty", 0, NULL },
		{ "openai", DATA("{\"choices\":[{\"delta\":{}}]}"), PIKE_RETRY,
		  "broken off: its stream has no end", 0, NULL },
		{ "openai",
		  DATA(DELTA("co"))
		      DATA("{\"choices\":[{\"delta\":{},\"finish_reason\":"
			   "\"length\"}]}") DONE,
		  0, "co", PIKE_END_CUT, NULL },
		{ "anthropic",
		  "event: message_start\n" DATA(
		      "{\"type\":\"message_start\",\"message\":{\"content\":["
		      "],\"usage\":{\"input_tokens\":3}}}")
		      DATA("{\"type\":\"content_block_delta\",\"delta\":{"
			   "\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}")
			  DATA("{\"type\":\"content_block_delta\",\"delta\":{"
			       "\"type\":\"text_delta\",\"text\":\"code\"}}")
			      DATA("{\"type\":\"message_delta\",\"delta\":{"
				   "\"stop_reason\":\"end_turn\"}}")
				  DATA("{\"type\":\"message_stop\"}"),
		  0, "code", 0, NULL },
		{ "anthropic",
		  DATA("{\"type\":\"message_start\",\"message\":{\"content\":["
		       "]}}")
		      DATA("{\"type\":\"content_block_delta\",\"delta\":{"
			   "\"type\":\"text_delta\",\"text\":\"co\"}}"),
		  0, "co", PIKE_END_BROKEN, "no end" },
		{ "gemini",
		  DATA("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
		       "\"co\"}]}}]}") DATA(GEMINI("STOP")),
		  0, "cocode", 0, NULL },
	};

	(void)state;
	check_all(t, PIKE_ARRAY_LEN(t));
}

/* Lines that never become a value, and values without an end to them: in no
 * more time than it takes to read them. */
static void test_hostile_stream(void **state)
{
	const struct pike_protocol *p = pike_protocol_of(&pike_provider_openai);
	struct pike_answer a = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, (size_t)16 << 20);
	for (int i = 0; i < 400000; i++)
		pike_buf_adds(&b, "data: {\"a\":\n");
	assert_int_equal(p->answer(&a, &ask, b.s, b.len, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "is not JSON"));
	pike_answer_release(&a);
	pike_buf_reset(&b);
	pike_buf_adds(&b, "[0");
	for (int i = 0; i < 2000000; i++)
		pike_buf_adds(&b, ",0");
	pike_buf_adds(&b, "]");
	assert_int_equal(p->answer(&a, &ask, b.s, b.len, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "has no 'choices'"));
	pike_answer_release(&a);
	pike_buf_release(&b);
}

static void check_tokens(const char *usage, int64_t in, int64_t out,
			 bool counted)
{
	const struct pike_protocol *p = pike_protocol_of(&pike_provider_openai);
	char *body = pike_xasprintf(
	    "{\"choices\":[{\"message\":{\"content\":\"code code\","
	    "\"reasoning\":\"thought over well\"}}],\"usage\":%s}",
	    usage);
	struct pike_answer a = { 0 };

	assert_int_equal(p->answer(&a, &ask, body, strlen(body), NULL), 0);
	assert_int_equal(a.tokens_in, in);
	assert_int_equal(a.tokens_out, out);
	assert_int_equal(a.counted, counted);
	pike_answer_release(&a);
	free(body);
}

/* Zero beside a text is no number of tokens, and thoughts are billed. */
static void test_tokens(void **state)
{
	(void)state;
	check_tokens("{\"prompt_tokens\":7,\"completion_tokens\":5}", 7, 5,
		     true);
	check_tokens("{\"prompt_tokens\":0,\"completion_tokens\":0}", GUESS_IN,
		     8, false);
	check_tokens("{\"prompt_tokens\":7,\"completion_tokens\":0}", 7, 8,
		     false);
	check_tokens("{\"prompt_tokens\":0,\"completion_tokens\":500}",
		     GUESS_IN, 500, false);
	check_tokens("{\"prompt_tokens\":-1,\"completion_tokens\":1e300}",
		     GUESS_IN, 8, false);
	check_tokens("null", GUESS_IN, 8, false);
}

static void check_url(const char *provider, const char *given, const char *url)
{
	const struct pike_protocol *p =
	    pike_protocol_of(pike_provider_find(provider));
	const struct pike_llm llm = { .name = (char *)"main",
				      .provider = p->provider,
				      .model = (char *)"m-1",
				      .url = (char *)given,
				      .max_tokens = 10 };
	struct pike_llm_request r = { 0 };

	assert_int_equal(p->request(&r, &llm, &ask, NULL, NULL), 0);
	assert_string_equal(r.url, url);
	/* Gemini streams at an address of its own. */
	if (p->provider != &pike_provider_gemini)
		assert_non_null(strstr(r.body, "\"stream\":false"));
	pike_llm_request_release(&r);
}

static void test_urls(void **state)
{
	(void)state;
	check_url("openai", "http://a/v1/?api-version=2024-10-21&x=/y/",
		  "http://a/v1/chat/completions?api-version=2024-10-21&x=/y/");
	check_url("openai", "http://a/v1?v=1#there",
		  "http://a/v1/chat/completions?v=1");
	check_url("openai", "http://a/d/chat/completions?v=1",
		  "http://a/d/chat/completions?v=1");
	check_url("anthropic", "http://a?v=1", "http://a/v1/messages?v=1");
	check_url("gemini", "http://a/?v=1",
		  "http://a/v1beta/models/m-1:generateContent?v=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_thoughts),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_hostile_stream),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
