/* SPDX-License-Identifier: Apache-2.0 */
/* What each provider is asked, byte by byte, and what is made of its answers,
 * good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

#define KEY "sk-secret-0123456789"

static struct pike_llm plain(void)
{
	return (struct pike_llm){ .name = (char *)"main",
				  .model = (char *)"m-1",
				  .temperature = 0.8,
				  .max_tokens = 32000,
				  .price_in = 1.25,
				  .price_out = 10 };
}

static const struct pike_ask ask = { .system = "You are an engineer.",
				     .prompt = "Faster: \"x\"\n\xc3\xa9" };

static void check_request(const char *provider, const struct pike_llm *llm,
			  const char *url, const char *header, const char *body)
{
	const struct pike_protocol *p =
	    pike_protocol_of(pike_provider_find(provider));
	struct pike_llm_request r = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	struct pike_llm own = *llm;

	assert_non_null(p);
	own.provider = p->provider;
	assert_int_equal(p->request(&r, &own, &ask, KEY, &err), 0);
	assert_string_equal(r.url, url);
	assert_string_equal(r.body, body);
	assert_true(pike_strs_has(&r.headers, header));
	assert_true(
	    pike_strs_has(&r.headers, "Content-Type: application/json"));
	assert_null(strstr(r.body, KEY));
	assert_null(strstr(r.url, KEY));
	pike_llm_request_release(&r);
}

static void test_requests(void **state)
{
	struct pike_llm llm = plain();

	(void)state;
	check_request(
	    "openai", &llm, "https://api.openai.com/v1/chat/completions",
	    "Authorization: Bearer " KEY,
	    "{\"max_tokens\":32000,\"messages\":[{\"content\":\"You are an "
	    "engineer.\",\"role\":\"system\"},{\"content\":\"Faster: "
	    "\\\"x\\\"\\n\\u00e9\",\"role\":\"user\"}],\"model\":\"m-1\","
	    "\"stream\":false,\"temperature\":0.8}");
	check_request(
	    "anthropic", &llm, "https://api.anthropic.com/v1/messages",
	    "x-api-key: " KEY,
	    "{\"max_tokens\":32000,\"messages\":[{\"content\":\"Faster: "
	    "\\\"x\\\"\\n\\u00e9\",\"role\":\"user\"}],\"model\":\"m-1\","
	    "\"stream\":false,\"system\":\"You are an "
	    "engineer.\",\"temperature\":0.8}");
	check_request(
	    "gemini", &llm,
	    "https://generativelanguage.googleapis.com/v1beta/models/"
	    "m-1:generateContent",
	    "x-goog-api-key: " KEY,
	    "{\"contents\":[{\"parts\":[{\"text\":\"Faster: "
	    "\\\"x\\\"\\n\\u00e9\"}],\"role\":\"user\"}],"
	    "\"generationConfig\":{\"maxOutputTokens\":32000,\"temperature\":"
	    "0.8},\"systemInstruction\":{\"parts\":[{\"text\":\"You are an "
	    "engineer.\"}]}}");
}

static void test_settings(void **state)
{
	struct pike_llm llm = plain();

	(void)state;
	llm.url = (char *)"http://127.0.0.1:8080/v1/";
	llm.top_p = 0.95;
	check_request(
	    "openai", &llm, "http://127.0.0.1:8080/v1/chat/completions",
	    "Authorization: Bearer " KEY,
	    "{\"max_tokens\":32000,\"messages\":[{\"content\":\"You are an "
	    "engineer.\",\"role\":\"system\"},{\"content\":\"Faster: "
	    "\\\"x\\\"\\n\\u00e9\",\"role\":\"user\"}],\"model\":\"m-1\","
	    "\"stream\":false,\"temperature\":0.8,\"top_p\":0.95}");
	llm.reasoning = (char *)"high";
	llm.url = NULL;
	check_request(
	    "openai", &llm, "https://api.openai.com/v1/chat/completions",
	    "Authorization: Bearer " KEY,
	    "{\"max_completion_tokens\":32000,\"messages\":[{\"content\":\"You "
	    "are an engineer.\",\"role\":\"system\"},{\"content\":\"Faster: "
	    "\\\"x\\\"\\n\\u00e9\",\"role\":\"user\"}],\"model\":\"m-1\","
	    "\"reasoning_effort\":\"high\",\"stream\":false}");
	check_request(
	    "anthropic", &llm, "https://api.anthropic.com/v1/messages",
	    "anthropic-version: 2023-06-01",
	    "{\"max_tokens\":32000,\"messages\":[{\"content\":\"Faster: "
	    "\\\"x\\\"\\n\\u00e9\",\"role\":\"user\"}],\"model\":\"m-1\","
	    "\"stream\":false,\"system\":\"You are an "
	    "engineer.\",\"thinking\":{"
	    "\"budget_tokens\":25600,\"type\":\"enabled\"}}");
}

/* What a request holds for a model, and for a word for its effort. */
static void check_holds(const char *provider, const char *model,
			const char *reasoning, const char *part, bool holds)
{
	const struct pike_protocol *p =
	    pike_protocol_of(pike_provider_find(provider));
	struct pike_llm_request r = { 0 };
	struct pike_llm llm = plain();

	llm.provider = p->provider;
	llm.model = (char *)model;
	llm.reasoning = (char *)reasoning;
	assert_int_equal(p->request(&r, &llm, &ask, KEY, NULL), 0);
	if (!strstr(r.body, part) == holds)
		fail_msg("%s: %s", model, r.body);
	pike_llm_request_release(&r);
}

static void test_models(void **state)
{
	static const struct {
		const char *provider, *model, *reasoning, *part;
		bool holds;
	} t[] = {
		{ "openai", "gpt-4.1", NULL, "\"max_tokens\":32000", true },
		{ "openai", "gpt-5-mini", NULL, "\"max_tokens\"", false },
		{ "openai", "openai/gpt-5.2", NULL, "\"temperature\"", false },
		{ "openai", "o3", NULL, "\"max_completion_tokens\":32000",
		  true },
		{ "openai", "olmo-3", NULL, "\"temperature\":0.8", true },
		{ "openai", "gpt-oss-120b", NULL, "\"temperature\":0.8", true },
		{ "anthropic", "claude-3-5-haiku-latest", NULL, "temperature",
		  true },
		{ "anthropic", "claude-opus-4-20250514", NULL, "temperature",
		  true },
		{ "anthropic", "claude-sonnet-4.6", NULL, "temperature", true },
		{ "anthropic", "claude-opus-4-7", NULL, "temperature", false },
		{ "anthropic", "claude-opus-5", NULL, "temperature", false },
		{ "anthropic", "claude-mythos-preview", NULL, "temperature",
		  false },
		{ "anthropic", "claude-opus-4-6", "max",
		  "\"budget_tokens\":30400,\"type\":\"enabled\"", true },
		{ "anthropic", "claude-opus-4-6", "none", "thinking", false },
		{ "anthropic", "claude-opus-4-8", "max",
		  "\"output_config\":{\"effort\":\"max\"},\"stream\":false",
		  true },
		{ "anthropic", "claude-opus-4-8", "minimal",
		  "\"thinking\":{\"type\":\"adaptive\"}", true },
		{ "anthropic", "claude-sonnet-5", "none",
		  "\"thinking\":{\"type\":\"disabled\"}", true },
		{ "anthropic", "claude-sonnet-5", "none", "output_config",
		  false },
		{ "gemini", "gemini-2.5-flash", NULL, "thinking", false },
		{ "gemini", "gemini-2.5-flash", "none",
		  "\"thinkingConfig\":{\"thinkingBudget\":0}", true },
		{ "gemini", "gemini-2.5-flash", "high",
		  "\"thinkingBudget\":24576", true },
		{ "gemini", "gemini-3-pro-preview", "low",
		  "\"thinkingConfig\":{\"thinkingLevel\":\"LOW\"}", true },
		{ "gemini", "gemini-pro-latest", "a-lot",
		  "\"thinkingLevel\":\"MEDIUM\"", true },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		check_holds(t[i].provider, t[i].model, t[i].reasoning,
			    t[i].part, t[i].holds);
}

/* Without a key no header names one; a key that would be two headers, and a
 * model that would be another path, are refused and not repeated. */
static void test_keys(void **state)
{
	const struct pike_protocol *p;
	struct pike_llm llm = plain();
	struct pike_llm_request r = { 0 };
	size_t n = 0;

	(void)state;
	for (; (p = pike_protocol_at(n)); n++) {
		struct pike_err err = PIKE_ERR_INIT;

		llm.provider = p->provider;
		assert_int_equal(p->request(&r, &llm, &ask, NULL, &err), 0);
		for (size_t k = 0; k < r.headers.n; k++) {
			assert_null(strstr(r.headers.v[k], "Bearer"));
			assert_null(strstr(r.headers.v[k], "key"));
		}
		pike_llm_request_release(&r);
		assert_int_equal(
		    p->request(&r, &llm, &ask, "one\r\nX-Other: two", &err),
		    PIKE_FATAL);
		assert_null(strstr(err.text, "two"));
		pike_llm_request_release(&r);
	}
	llm.model = (char *)"../../v1/files";
	assert_int_equal(n, 3);
	p = pike_protocol_of(&pike_provider_gemini);
	assert_int_equal(p->request(&r, &llm, &ask, KEY, NULL), PIKE_FATAL);
	pike_llm_request_release(&r);
	assert_null(pike_protocol_of(&pike_provider_command));
	assert_null(pike_provider_find("Openai"));
}

/* What coding CLIs print. */
static void prints_of_clis(void **state)
{
	static const struct {
		const char *printed, *text;
		int64_t in, out;
		double usd; /* < 0: not told */
		bool counted;
	} cases[] = {
		{ "talk\n{\"type\":\"result\",\"total_cost_usd\":0.5,"
		  "\"usage\":{\"input_tokens\":10,"
		  "\"cache_read_input_tokens\":5,\"output_tokens\":3},"
		  "\"result\":\"done\"}\n",
		  "done", 15, 3, 0.5, true },
		{ "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":1,"
		  "\"output_tokens\":2}}\ntalk\n{\"type\":\"turn.completed\","
		  "\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}",
		  NULL, 4, 6, -1, true },
		{ "{\"type\":\"step_finish\",\"part\":{\"cost\":0.25,"
		  "\"tokens\":{\"input\":7,\"output\":1,\"reasoning\":2,"
		  "\"cache\":{\"read\":3}}}}\n",
		  NULL, 10, 3, 0.25, true },
		{ "warning\n{\n  \"response\": \"ok\",\n  \"stats\": "
		  "{\"models\": {\"a\": {\"tokens\": {\"prompt\": 4, "
		  "\"candidates\": 2, \"thoughts\": 1}}, \"b\": {\"tokens\": "
		  "{\"prompt\": 1, \"candidates\": 1}}}}\n}\n",
		  "ok", 5, 4, -1, true },
		{ "{\"type\":\"result\",\"total_cost_usd\":-1,\"usage\":{"
		  "\"input_tokens\":-5,\"output_tokens\":1e99}}",
		  NULL, 0, 0, -1, false },
		{ "{\"type\":\"result\",\"usage\":\"x\"}", NULL, 0, 0, -1,
		  false },
		{ "[{\"type\":\"system\"},{\"type\":\"result\",\"usage\":{"
		  "\"input_tokens\":8,\"output_tokens\":9},\"result\":\"end\"}]"
		  "\n",
		  "end", 8, 9, -1, true },
		{ "[]\n[[]]\n[1]", NULL, 0, 0, -1, false },
		{ "just talk", NULL, 0, 0, -1, false },
		{ "", NULL, 0, 0, -1, false },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(cases); i++) {
		struct pike_answer a = { .text = NULL };
		char *text = pike_answer_printed(&a, cases[i].printed);

		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		else
			assert_null(text);
		assert_int_equal(a.tokens_in, cases[i].in);
		assert_int_equal(a.tokens_out, cases[i].out);
		assert_int_equal(a.counted, cases[i].counted);
		assert_int_equal(a.priced, cases[i].usd >= 0);
		if (a.priced)
			assert_true(a.usd == cases[i].usd);
		free(text);
	}
}

struct given {
	const char *provider, *body, *text, *model;
	int level;
	enum pike_ending ending;
	int64_t in, out;
	bool counted;
};

static void check_answer(const struct given *g)
{
	const struct pike_protocol *p =
	    pike_protocol_of(pike_provider_find(g->provider));
	struct pike_answer a = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	int ret = p->answer(&a, &ask, g->body, strlen(g->body), &err);

	if (ret != g->level)
		fail_msg("%s gives %d: %s", g->body, ret, err.text);
	if (!ret) {
		assert_string_equal(a.text, g->text);
		if (g->model)
			assert_string_equal(a.model, g->model);
		else
			assert_null(a.model);
		assert_int_equal(a.ending, g->ending);
		assert_int_equal(a.counted, g->counted);
		assert_int_equal(a.tokens_in, g->in);
		assert_int_equal(a.tokens_out, g->out);
	}
	pike_answer_release(&a);
}

/* Tokens of the question, where nobody counted them: (20 + 14 bytes) / 4 */
#define GUESS_IN 9

static void test_answers(void **state)
{
	static const struct given t[] = {
		{ "openai",
		  "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{"
		  "\"content\":\"code\",\"refusal\":null}}],\"model\":\"m-1a\","
		  "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}",
		  "code", "m-1a", 0, PIKE_END_WHOLE, 7, 5, true },
		{ "openai",
		  "{\"choices\":[{\"finish_reason\":\"length\",\"message\":{"
		  "\"content\":[{\"text\":\"co\"},{\"text\":\"de\"}]}}]}",
		  "code", NULL, 0, PIKE_END_CUT, GUESS_IN, 1, false },
		{ "openai",
		  "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{"
		  "\"content\":null,\"refusal\":\"no\"}}],\"usage\":{"
		  "\"prompt_tokens\":-5,\"completion_tokens\":5}}",
		  "", NULL, 0, PIKE_END_REFUSED, GUESS_IN, 5, false },
		{ "openai", "{\"choices\":[]}", .level = PIKE_FAILED },
		{ "openai", "{\"choices\":7}", .level = PIKE_FAILED },
		{ "openai", "{\"choices\":[{\"mess", .level = PIKE_FAILED },
		{ "openai", "<html>", .level = PIKE_FAILED },
		{ "openai", "", .level = PIKE_RETRY },
		{ "openai", "[]", .level = PIKE_FAILED },
		{ "openai",
		  "{\"choices\":[{\"message\":{\"content\":\"a\xff\\u0000"
		  "\\ud83d\\\\ud83d\\uD83D\\uDE00\\udc00\"}}]}",
		  "a???\\ud83d\xf0\x9f\x98\x80?", NULL, 0, PIKE_END_WHOLE,
		  GUESS_IN, 4, false },
		{ "openai", "{\"choices\":[{\"message\":{\"content\":\"\\",
		  .level = PIKE_FAILED },
		{ "openai", "{\"choices\":[{\"message\":{\"content\":\"\\ud83d",
		  .level = PIKE_FAILED },
		{ "openai", "{\"choices\":[{\"message\":{\"content\":\"\\u  00",
		  .level = PIKE_FAILED },
		{ "anthropic",
		  "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{"
		  "\"type\":\"text\",\"text\":\"code\"}],\"model\":\"m\","
		  "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":3,"
		  "\"cache_read_input_tokens\":100,\"output_tokens\":9}}",
		  "code", "m", 0, PIKE_END_WHOLE, 103, 9, true },
		{ "anthropic",
		  "{\"content\":[],\"stop_reason\":\"max_tokens\",\"usage\":{"
		  "\"input_tokens\":3,\"output_tokens\":9}}",
		  "", NULL, 0, PIKE_END_CUT, 3, 9, true },
		{ "anthropic", "{\"content\":[],\"stop_reason\":\"refusal\"}",
		  "", NULL, 0, PIKE_END_REFUSED, GUESS_IN, 0, false },
		{ "anthropic", "{}", .level = PIKE_FAILED },
		{ "gemini",
		  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\","
		  "\"thought\":true},{\"text\":\"code\"}]},\"finishReason\":"
		  "\"STOP\"}],\"modelVersion\":\"g\",\"usageMetadata\":{"
		  "\"promptTokenCount\":4,\"candidatesTokenCount\":6,"
		  "\"thoughtsTokenCount\":50}}",
		  "code", "g", 0, PIKE_END_WHOLE, 4, 56, true },
		{ "gemini",
		  "{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}],"
		  "\"usageMetadata\":{\"promptTokenCount\":4,"
		  "\"thoughtsTokenCount\":50}}",
		  "", NULL, 0, PIKE_END_CUT, 4, 50, true },
		{ "gemini",
		  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
		  "\"code\"}"
		  "]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
		  "\"promptTokenCount\":4,\"thoughtsTokenCount\":50}}",
		  "code", NULL, 0, PIKE_END_WHOLE, 4, 1, false },
		{ "gemini",
		  "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},"
		  "\"usageMetadata\":{\"promptTokenCount\":4}}",
		  "", NULL, 0, PIKE_END_REFUSED, 4, 0, true },
		{ "gemini",
		  "{\"candidates\":[{\"finishReason\":\"RECITATION\"}]}", "",
		  NULL, 0, PIKE_END_REFUSED, GUESS_IN, 0, false },
		{ "gemini", "{\"candidates\":{}}", .level = PIKE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		check_answer(&t[i]);
}

/* More than an answer may hold: what fits of it, and it is cut. */
static void test_too_long(void **state)
{
	const struct pike_protocol *p = pike_protocol_of(&pike_provider_openai);
	struct pike_answer a = { 0 };
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 2 * PIKE_REPLY_MAX);
	pike_buf_adds(&b, "{\"choices\":[{\"message\":{\"content\":\"x");
	for (size_t i = 0; i < PIKE_REPLY_MAX / 2; i++)
		pike_buf_adds(&b, "\xc3\xa9");
	pike_buf_adds(&b, "\"}}]}");
	assert_int_equal(p->answer(&a, &ask, b.s, b.len, NULL), 0);
	assert_int_equal(strlen(a.text), PIKE_REPLY_MAX - 1);
	assert_int_equal(a.text[PIKE_REPLY_MAX - 2], '\xa9');
	assert_int_equal(a.ending, PIKE_END_CUT);
	pike_answer_release(&a);
	pike_buf_release(&b);
}

static void test_price(void **state)
{
	const struct pike_answer a = { .tokens_in = 2000000,
				       .tokens_out = 100000 };
	struct pike_llm llm = plain();

	(void)state;
	assert_float_equal(pike_answer_usd(&a, &llm), 3.5, 1e-12);
}

static void check_refusal(int status, const char *body, int level,
			  const char *said)
{
	struct pike_err err = PIKE_ERR_INIT;

	assert_int_equal(
	    pike_llm_refused(&err, status, body, strlen(body), KEY), level);
	assert_int_equal(err.level, level);
	assert_string_equal(err.text, said);
}

static void test_refusals(void **state)
{
	(void)state;
	check_refusal(429, "{\"error\":{\"message\":\"slow\\ndown\"}}",
		      PIKE_RETRY,
		      "too many requests, or the quota is used up (HTTP 429): "
		      "slow down");
	check_refusal(429,
		      "{\"error\":{\"message\":\"pay\",\"code\":"
		      "\"insufficient_quota\"}}",
		      PIKE_FATAL, "the account has no credit (HTTP 429): pay");
	check_refusal(307, "", PIKE_FATAL,
		      "the url is not the API's own: the server redirects "
		      "(HTTP 307)");
	check_refusal(503, "", PIKE_RETRY, "the server failed (HTTP 503)");
	check_refusal(529, "{\"type\":\"error\"}", PIKE_RETRY,
		      "the server is overloaded (HTTP 529): "
		      "{\"type\":\"error\"}");
	check_refusal(401, "{\"error\":\"key " KEY " is wrong\"}", PIKE_FATAL,
		      "the key is missing or not accepted (HTTP 401): key "
		      "******************** is wrong");
	check_refusal(404, "[{\"error\":{\"message\":\"no model\"}}]",
		      PIKE_FATAL,
		      "no such model or address; check url and model (HTTP "
		      "404): no model");
	check_refusal(400, "<html>\x1b[31m\n", PIKE_FAILED,
		      "the request was refused (HTTP 400): <html>?[31m ");
}

/* A key at the place where the server's words are cut. */
static void test_half_a_key(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	for (int i = 0; i < 394; i++)
		pike_buf_addc(&b, 'x');
	pike_buf_adds(&b, KEY);
	pike_llm_refused(&err, 500, b.s, b.len, KEY);
	assert_null(strstr(err.text, "sk-"));
	pike_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_of_clis),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_price),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_half_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
