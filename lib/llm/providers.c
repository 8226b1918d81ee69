/* SPDX-License-Identifier: Apache-2.0 */
/*
 * providers: what each kind of server is asked, and how it answers.
 *
 *   openai     OpenAI API reference, "Create chat completion"; so vLLM,
 *              llama.cpp, Ollama, OpenRouter and many more
 *   anthropic  Anthropic API reference, "Create a Message", version 2023-06-01
 *   gemini     Gemini API reference, "models.generateContent", v1beta
 */
#include "llm/ask_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what all share ---- */

static char *address(const struct pike_llm *llm, const char *path)
{
	const char *url = llm->url ? llm->url : llm->provider->url;
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	return pike_xasprintf("%.*s%s", (int)n, url, path);
}

/* A key with a line end in it would be a header of its own. */
static int add_key(struct pike_llm_request *out, const char *header,
		   const char *key, struct pike_err *err)
{
	if (!key)
		return 0;
	for (const char *p = key; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return pike_fail(err, PIKE_FATAL,
					 "the key holds blanks or control "
					 "characters; set its variable to the "
					 "key alone");
	pike_strs_pushf(&out->headers, "%s%s", header, key);
	return 0;
}

/* Takes the body. */
static void finish(struct pike_llm_request *out, struct pike_json *body)
{
	struct pike_buf b;

	pike_buf_init(&b, 64u << 20);
	pike_json_print(&b, body);
	pike_json_free(body);
	out->body = pike_buf_detach(&b);
	pike_strs_push(&out->headers, "Content-Type: application/json");
	pike_strs_push(&out->headers, "Accept: application/json");
}

static struct pike_json *message(const char *role, const char *text)
{
	struct pike_json *m = pike_json_object();

	pike_json_set_str(m, "role", role);
	pike_json_set_str(m, "content", text);
	return m;
}

/* An empty reply is none. Any other has been paid for, whatever it holds, and
 * is not asked for again. */
static int parse(struct pike_json **out, const char *body, size_t len,
		 struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;

	*out = len ? pike_reply_json(body, len, &why) : NULL;
	if (*out)
		return 0;
	if (!len)
		return pike_fail(err, PIKE_RETRY,
				 "the server's reply is empty");
	return pike_fail(err, PIKE_FAILED, "the server's reply is no JSON (%s)",
			 why.text);
}

static int lacks(const char *member, struct pike_err *err)
{
	return pike_fail(err, PIKE_FAILED, "the server's reply has no '%s'",
			 member);
}

/* Negative: not told. Nobody is billed a negative or an endless number. */
static void count(struct pike_answer *a, const struct pike_ask *ask, int64_t in,
		  int64_t out)
{
	const int64_t most = (int64_t)1 << 40;

	if (in < 0 || out < 0 || in >= most || out >= most) {
		pike_answer_guess(a, ask);
		return;
	}
	a->counted = true;
	a->tokens_in = in;
	a->tokens_out = out;
}

/* What fits of it. */
static void add_text(struct pike_buf *b, const char *s)
{
	size_t n = strlen(s);

	if (b->full || !pike_buf_add(b, s, n))
		return;
	n = b->max - b->len;
	while (n && (s[n] & 0xc0) == 0x80)
		n--;
	pike_buf_add(b, s, n);
	b->full = true;
}

static void answer_take(struct pike_answer *a, struct pike_buf *text,
			enum pike_ending ending, const char *model)
{
	a->ending =
	    text->full && ending == PIKE_END_WHOLE ? PIKE_END_CUT : ending;
	a->text = pike_buf_detach(text);
	a->model = model ? pike_xstrndup(model, 200) : NULL;
}

/* ---- openai ---- */

/* Reasoning models of that provider take neither a temperature nor
 * `max_tokens`. */
static void openai_limits(struct pike_json *b, const struct pike_llm *llm)
{
	if (llm->reasoning)
		pike_json_set_str(b, "reasoning_effort", llm->reasoning);
	if (llm->reasoning || (llm->model && pike_model_reasons(llm->model))) {
		pike_json_set_i64(b, "max_completion_tokens", llm->max_tokens);
		return;
	}
	pike_json_set_i64(b, "max_tokens", llm->max_tokens);
	pike_json_set_f64(b, "temperature", llm->temperature);
	if (llm->top_p > 0)
		pike_json_set_f64(b, "top_p", llm->top_p);
}

static int openai_request(struct pike_llm_request *out,
			  const struct pike_llm *llm,
			  const struct pike_ask *ask, const char *key,
			  struct pike_err *err)
{
	struct pike_json *b = pike_json_object(), *list = pike_json_array();

	pike_json_set_str(b, "model", llm->model ? llm->model : "");
	pike_json_set(b, "messages", list);
	if (ask->system)
		pike_json_push(list, message("system", ask->system));
	pike_json_push(list, message("user", ask->prompt));
	openai_limits(b, llm);
	out->url = address(llm, "/chat/completions");
	finish(out, b);
	return add_key(out, "Authorization: Bearer ", key, err);
}

/* `content` is a text, or a list of parts. */
static void openai_text(struct pike_buf *b, const struct pike_json *message)
{
	const struct pike_json *parts = pike_json_get(message, "content");

	add_text(b, pike_json_str(message, "content", ""));
	for (size_t i = 0; i < pike_json_len(parts); i++)
		add_text(b, pike_json_str(pike_json_at(parts, i), "text", ""));
}

static enum pike_ending openai_ending(const struct pike_json *choice)
{
	const char *why = pike_json_str(choice, "finish_reason", "");
	const struct pike_json *m = pike_json_get(choice, "message");

	if (!strcmp(why, "length"))
		return PIKE_END_CUT;
	if (!strcmp(why, "content_filter") || pike_json_str(m, "refusal", NULL))
		return PIKE_END_REFUSED;
	return PIKE_END_WHOLE;
}

static int openai_answer(struct pike_answer *out, const struct pike_ask *ask,
			 const char *body, size_t len, struct pike_err *err)
{
	const struct pike_json *choice, *usage;
	struct pike_json *j;
	struct pike_buf text;
	int ret = parse(&j, body, len, err);

	if (ret)
		return ret;
	choice = pike_json_at(pike_json_get(j, "choices"), 0);
	usage = pike_json_get(j, "usage");
	pike_buf_init(&text, PIKE_REPLY_MAX);
	openai_text(&text, pike_json_get(choice, "message"));
	answer_take(out, &text, openai_ending(choice),
		    pike_json_str(j, "model", NULL));
	count(out, ask, pike_json_i64(usage, "prompt_tokens", -1),
	      pike_json_i64(usage, "completion_tokens", -1));
	if (!choice)
		ret = lacks("choices", err);
	pike_json_free(j);
	return ret;
}

/* ---- anthropic ---- */

/* By the word for its effort: a share of what a reply may have, the word that
 * Claude has for it, and Gemini's level. A word that is none of these counts
 * as the first. */
static const struct effort {
	const char *word;
	double share;
	const char *claude, *gemini;
} efforts[] = {
	{ "medium", 0.5, "medium", "MEDIUM" },
	{ "none", 0, NULL, "MINIMAL" },
	{ "minimal", 0.05, "low", "MINIMAL" },
	{ "low", 0.2, "low", "LOW" },
	{ "high", 0.8, "high", "HIGH" },
	{ "xhigh", 0.9, "xhigh", "XHIGH" },
	{ "max", 0.95, "max", "XHIGH" },
};

static const struct effort *effort_of(const struct pike_llm *llm)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(efforts); i++)
		if (!strcmp(efforts[i].word, llm->reasoning))
			return &efforts[i];
	return efforts;
}

/* Tokens for thinking, at least the 1024 that the API asks for. 0: no
 * thinking. */
static int64_t thinking(const struct pike_llm *llm)
{
	double share = llm->reasoning ? effort_of(llm)->share : 0;
	int64_t n = (int64_t)((double)llm->max_tokens * share);

	if (share <= 0)
		return 0;
	if (n < 1024)
		n = 1024;
	return n < llm->max_tokens ? n : 0;
}

static struct pike_json *object_of(const char *key, const char *value)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, key, value);
	return j;
}

/* A model that thinks by itself, unless it is told not to. */
static void anthropic_effort(struct pike_json *b, const struct pike_llm *llm)
{
	const char *word = llm->reasoning ? effort_of(llm)->claude : NULL;

	if (llm->reasoning)
		pike_json_set(
		    b, "thinking",
		    object_of("type", word ? "adaptive" : "disabled"));
	if (word)
		pike_json_set(b, "output_config", object_of("effort", word));
}

static void anthropic_sampling(struct pike_json *b, const struct pike_llm *llm)
{
	int64_t think = thinking(llm);
	struct pike_json *t;

	/* Of a model that thinks, no temperature is accepted. */
	if (llm->model && pike_model_adapts(llm->model)) {
		anthropic_effort(b, llm);
	} else if (think) {
		t = object_of("type", "enabled");
		pike_json_set_i64(t, "budget_tokens", think);
		pike_json_set(b, "thinking", t);
	} else if (llm->top_p > 0) {
		/* Newer ones accept either, not both. */
		pike_json_set_f64(b, "top_p", llm->top_p);
	} else {
		/* Its scale ends at 1. */
		pike_json_set_f64(b, "temperature", fmin(llm->temperature, 1));
	}
}

static int anthropic_request(struct pike_llm_request *out,
			     const struct pike_llm *llm,
			     const struct pike_ask *ask, const char *key,
			     struct pike_err *err)
{
	struct pike_json *b = pike_json_object(), *list = pike_json_array();

	pike_json_set_str(b, "model", llm->model ? llm->model : "");
	pike_json_set_i64(b, "max_tokens", llm->max_tokens);
	pike_json_set(b, "messages", list);
	if (ask->system)
		pike_json_set_str(b, "system", ask->system);
	pike_json_push(list, message("user", ask->prompt));
	anthropic_sampling(b, llm);
	out->url = address(llm, "/v1/messages");
	finish(out, b);
	pike_strs_push(&out->headers, "anthropic-version: 2023-06-01");
	return add_key(out, "x-api-key: ", key, err);
}

static enum pike_ending anthropic_ending(const struct pike_json *j)
{
	const char *why = pike_json_str(j, "stop_reason", "");

	if (!strcmp(why, "max_tokens") ||
	    !strcmp(why, "model_context_window_exceeded"))
		return PIKE_END_CUT;
	return strcmp(why, "refusal") ? PIKE_END_WHOLE : PIKE_END_REFUSED;
}

/* What was read from a cache and written to one is counted beside the rest. */
static int64_t anthropic_in(const struct pike_json *usage)
{
	int64_t n = pike_json_i64(usage, "input_tokens", -1);

	if (n < 0)
		return n;
	return n + pike_json_i64(usage, "cache_read_input_tokens", 0) +
	       pike_json_i64(usage, "cache_creation_input_tokens", 0);
}

static int anthropic_answer(struct pike_answer *out, const struct pike_ask *ask,
			    const char *body, size_t len, struct pike_err *err)
{
	const struct pike_json *parts, *usage;
	struct pike_json *j;
	struct pike_buf text;
	int ret = parse(&j, body, len, err);

	if (ret)
		return ret;
	parts = pike_json_get(j, "content");
	usage = pike_json_get(j, "usage");
	pike_buf_init(&text, PIKE_REPLY_MAX);
	for (size_t i = 0; i < pike_json_len(parts); i++) {
		const struct pike_json *p = pike_json_at(parts, i);

		if (!strcmp(pike_json_str(p, "type", ""), "text"))
			add_text(&text, pike_json_str(p, "text", ""));
	}
	answer_take(out, &text, anthropic_ending(j),
		    pike_json_str(j, "model", NULL));
	count(out, ask, anthropic_in(usage),
	      pike_json_i64(usage, "output_tokens", -1));
	if (!parts)
		ret = lacks("content", err);
	pike_json_free(j);
	return ret;
}

/* ---- gemini ---- */

static struct pike_json *gemini_text(const char *text)
{
	struct pike_json *c = pike_json_object(), *parts = pike_json_array();

	pike_json_push(parts, object_of("text", text));
	pike_json_set(c, "parts", parts);
	return c;
}

/* Of the most thrifty model that has a budget. */
#define GEMINI_BUDGET_MAX 24576

/* NULL: as the model likes. */
static struct pike_json *gemini_thinking(const struct pike_llm *llm)
{
	int64_t think = thinking(llm);
	struct pike_json *t;

	if (!llm->reasoning)
		return NULL;
	if (pike_model_has_levels(llm->model))
		return object_of("thinkingLevel", effort_of(llm)->gemini);
	if (!think && effort_of(llm)->share > 0)
		return NULL;
	t = pike_json_object();
	pike_json_set_i64(t, "thinkingBudget",
			  think < GEMINI_BUDGET_MAX ? think
						    : GEMINI_BUDGET_MAX);
	return t;
}

static struct pike_json *gemini_config(const struct pike_llm *llm)
{
	struct pike_json *c = pike_json_object(), *t = gemini_thinking(llm);

	pike_json_set_i64(c, "maxOutputTokens", llm->max_tokens);
	pike_json_set_f64(c, "temperature", llm->temperature);
	if (llm->top_p > 0)
		pike_json_set_f64(c, "topP", llm->top_p);
	if (t)
		pike_json_set(c, "thinkingConfig", t);
	return c;
}

/* The model's name becomes part of a path. */
static bool is_model_name(const char *s)
{
	return *s && *s != '.' && !strstr(s, "..") &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_.-") == strlen(s);
}

static int gemini_request(struct pike_llm_request *out,
			  const struct pike_llm *llm,
			  const struct pike_ask *ask, const char *key,
			  struct pike_err *err)
{
	const char *model = llm->model ? llm->model : "";
	struct pike_json *b, *list, *user;
	char *path;

	if (!is_model_name(model))
		return pike_fail(err, PIKE_FATAL,
				 "llm '%s': '%s' is no name of a Gemini model",
				 llm->name, model);
	b = pike_json_object();
	list = pike_json_array();
	user = gemini_text(ask->prompt);
	pike_json_set_str(user, "role", "user");
	pike_json_push(list, user);
	pike_json_set(b, "contents", list);
	if (ask->system)
		pike_json_set(b, "systemInstruction", gemini_text(ask->system));
	pike_json_set(b, "generationConfig", gemini_config(llm));
	path = pike_xasprintf("/v1beta/models/%s:generateContent", model);
	out->url = address(llm, path);
	free(path);
	finish(out, b);
	return add_key(out, "x-goog-api-key: ", key, err);
}

static enum pike_ending gemini_ending(const struct pike_json *candidate)
{
	static const char *const whole[] = { "STOP", "", "OTHER",
					     "FINISH_REASON_UNSPECIFIED" };
	const char *why = pike_json_str(candidate, "finishReason", "");

	if (!strcmp(why, "MAX_TOKENS"))
		return PIKE_END_CUT;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(whole); i++)
		if (!strcmp(whole[i], why))
			return PIKE_END_WHOLE;
	return PIKE_END_REFUSED;
}

/* Thoughts are billed like what is said. */
static int64_t gemini_out(const struct pike_json *usage)
{
	int64_t said = pike_json_i64(usage, "candidatesTokenCount", -1);
	int64_t thought = pike_json_i64(usage, "thoughtsTokenCount", 0);

	/* All tokens went into thinking. */
	if (said < 0 && thought > 0)
		return thought;
	return said < 0 ? said : said + thought;
}

static void gemini_said(struct pike_buf *b, const struct pike_json *candidate)
{
	const struct pike_json *parts =
	    pike_json_get(pike_json_get(candidate, "content"), "parts");

	for (size_t i = 0; i < pike_json_len(parts); i++) {
		const struct pike_json *p = pike_json_at(parts, i);

		if (!pike_json_bool(p, "thought", false))
			add_text(b, pike_json_str(p, "text", ""));
	}
}

static int gemini_answer(struct pike_answer *out, const struct pike_ask *ask,
			 const char *body, size_t len, struct pike_err *err)
{
	const struct pike_json *candidate, *usage, *blocked;
	struct pike_json *j;
	struct pike_buf text;
	int ret = parse(&j, body, len, err);

	if (ret)
		return ret;
	candidate = pike_json_at(pike_json_get(j, "candidates"), 0);
	usage = pike_json_get(j, "usageMetadata");
	blocked =
	    pike_json_get(pike_json_get(j, "promptFeedback"), "blockReason");
	pike_buf_init(&text, PIKE_REPLY_MAX);
	gemini_said(&text, candidate);
	answer_take(out, &text,
		    blocked ? PIKE_END_REFUSED : gemini_ending(candidate),
		    pike_json_str(j, "modelVersion", NULL));
	count(out, ask, pike_json_i64(usage, "promptTokenCount", -1),
	      blocked ? 0 : gemini_out(usage));
	if (!candidate && !blocked)
		ret = lacks("candidates", err);
	pike_json_free(j);
	return ret;
}

/* ---- the table ---- */

static const struct pike_protocol rows[] = {
	{ .provider = &pike_provider_openai,
	  .request = openai_request,
	  .answer = openai_answer },
	{ .provider = &pike_provider_anthropic,
	  .request = anthropic_request,
	  .answer = anthropic_answer },
	{ .provider = &pike_provider_gemini,
	  .request = gemini_request,
	  .answer = gemini_answer },
};

const struct pike_protocol *pike_protocol_at(size_t i)
{
	return i < PIKE_ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const struct pike_protocol *
pike_protocol_of(const struct pike_provider *provider)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		if (rows[i].provider == provider)
			return &rows[i];
	return NULL;
}

const char *pike_llm_key_name(const struct pike_llm *llm)
{
	if (llm->key)
		return llm->key;
	return llm->url ? NULL : llm->provider->key;
}
