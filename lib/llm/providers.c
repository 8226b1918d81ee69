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
#include "llm/said_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what all share ---- */

/* A query ("?api-version=...") stays behind the path, which some copy with the
 * url. */
static char *address(const struct pike_llm *llm, const char *path)
{
	const char *url = llm->url ? llm->url : llm->provider->url;
	size_t n = strcspn(url, "?#"), k = strlen(path);
	const char *rest = url + n;

	while (n && url[n - 1] == '/')
		n--;
	if (n > k && !strncmp(url + n - k, path, k))
		n -= k;
	return pike_xasprintf("%.*s%s%.*s", (int)n, url, path,
			      (int)strcspn(rest, "#"), rest);
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
	/* Some gateways stream unless they are told not to. */
	pike_json_set_bool(b, "stream", false);
	out->url = address(llm, "/chat/completions");
	finish(out, b);
	return add_key(out, "Authorization: Bearer ", key, err);
}

/* Parts that think are no answer: Mistral's "thinking", others' "reasoning".
 */
static void take_part(struct pike_said *s, const struct pike_json *p)
{
	const char *type = pike_json_str(p, "type", "text");
	const char *text = pike_json_str(p, "text", pike_json_as_str(p, ""));

	if (*pike_json_str(p, "refusal", ""))
		s->refused = true;
	if (!strcmp(type, "text") || !strcmp(type, "output_text"))
		pike_said_text(s, text);
	else
		pike_said_thought(s, pike_json_str(p, "thinking", text));
}

/* A text, a part, or a list of them. */
static void take_content(struct pike_said *s, const struct pike_json *content)
{
	size_t n = pike_json_key(content, 0) ? 0 : pike_json_len(content);

	if (!n)
		take_part(s, content);
	for (size_t i = 0; i < n && i < PIKE_PARTS_MAX; i++)
		take_part(s, pike_json_at(content, i));
}

/* Thoughts beside the answer are called so by DeepSeek and vLLM, and so by
 * OpenRouter and Ollama; one of the two where both are sent. */
static void openai_said(struct pike_said *s, const struct pike_json *message)
{
	const char *other = pike_json_str(message, "reasoning", "");

	if (*pike_json_str(message, "refusal", ""))
		s->refused = true;
	pike_said_thought(s,
			  pike_json_str(message, "reasoning_content", other));
	take_content(s, pike_json_get(message, "content"));
}

/* A piece of a stream has `delta` for `message`. */
static void openai_take(struct pike_said *s, const struct pike_json *j)
{
	const struct pike_json *choice =
	    pike_json_at(pike_json_get(j, "choices"), 0);
	const struct pike_json *usage = pike_json_get(j, "usage");

	s->answered = s->answered || choice;
	openai_said(s, pike_json_get(choice, "message"));
	openai_said(s, pike_json_get(choice, "delta"));
	/* Of servers that complete a text. */
	pike_said_text(s, pike_json_str(choice, "text", ""));
	pike_said_word(s, pike_json_str(choice, "finish_reason", NULL));
	pike_said_model(s, pike_json_str(j, "model", NULL));
	pike_said_tokens(s, pike_json_i64(usage, "prompt_tokens", -1),
			 pike_json_i64(usage, "completion_tokens", -1));
}

static int openai_answer(struct pike_answer *out, const struct pike_ask *ask,
			 const char *body, size_t len, struct pike_err *err)
{
	static const struct pike_reader r = { openai_take, "choices" };

	return pike_said_answer(out, ask, body, len, &r, err);
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
	pike_json_set_bool(b, "stream", false);
	out->url = address(llm, "/v1/messages");
	finish(out, b);
	pike_strs_push(&out->headers, "anthropic-version: 2023-06-01");
	return add_key(out, "x-api-key: ", key, err);
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

/* A part, or a piece of one ("text_delta"); thinking that is hidden has no
 * text. */
static void anthropic_part(struct pike_said *s, const struct pike_json *p)
{
	const char *type = pike_json_str(p, "type", "");

	if (pike_starts_with(type, "text"))
		pike_said_text(s, pike_json_str(p, "text", ""));
	pike_said_thought(s, pike_json_str(p, "thinking", ""));
}

/* A whole message, or the one that begins a stream. */
static void anthropic_message(struct pike_said *s, const struct pike_json *m)
{
	const struct pike_json *parts = pike_json_get(m, "content");
	const struct pike_json *usage = pike_json_get(m, "usage");
	size_t n = pike_json_len(parts);

	s->answered = s->answered || parts;
	pike_said_text(s, pike_json_as_str(parts, ""));
	for (size_t i = 0; i < n && i < PIKE_PARTS_MAX; i++)
		anthropic_part(s, pike_json_at(parts, i));
	pike_said_word(s, pike_json_str(m, "stop_reason", NULL));
	pike_said_model(s, pike_json_str(m, "model", NULL));
	pike_said_tokens(s, anthropic_in(usage),
			 pike_json_i64(usage, "output_tokens", -1));
}

static void anthropic_take(struct pike_said *s, const struct pike_json *j)
{
	const struct pike_json *delta = pike_json_get(j, "delta");

	anthropic_message(s, j);
	anthropic_message(s, pike_json_get(j, "message"));
	anthropic_part(s, pike_json_get(j, "content_block"));
	anthropic_part(s, delta);
	pike_said_word(s, pike_json_str(delta, "stop_reason", NULL));
	if (!strcmp(pike_json_str(j, "type", ""), "message_stop"))
		s->done = true;
}

static int anthropic_answer(struct pike_answer *out, const struct pike_ask *ask,
			    const char *body, size_t len, struct pike_err *err)
{
	static const struct pike_reader r = { anthropic_take, "content" };

	return pike_said_answer(out, ask, body, len, &r, err);
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
		return pike_fail(
		    err, PIKE_FATAL,
		    "llm '%s': '%s' is not a name of a Gemini model", llm->name,
		    model);
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

/* Thoughts are billed like what is said; -1: not told, as where only they are
 * counted beside a text. */
static int64_t gemini_out(const struct pike_json *usage, bool text)
{
	int64_t said = pike_json_i64(usage, "candidatesTokenCount", -1);
	int64_t thought = pike_json_i64(usage, "thoughtsTokenCount", 0);

	if (text && said <= 0)
		return -1;
	/* All tokens went into thinking. */
	if (said < 0 && thought > 0)
		return thought;
	return said < 0 ? said : said + thought;
}

static void gemini_said(struct pike_said *s, const struct pike_json *candidate)
{
	const struct pike_json *parts =
	    pike_json_get(pike_json_get(candidate, "content"), "parts");
	size_t n = pike_json_len(parts);

	for (size_t i = 0; i < n && i < PIKE_PARTS_MAX; i++) {
		const struct pike_json *p = pike_json_at(parts, i);
		const char *text = pike_json_str(p, "text", "");

		if (pike_json_bool(p, "thought", false))
			pike_said_thought(s, text);
		else
			pike_said_text(s, text);
	}
}

static void gemini_take(struct pike_said *s, const struct pike_json *j)
{
	const struct pike_json *candidate =
	    pike_json_at(pike_json_get(j, "candidates"), 0);
	const struct pike_json *usage = pike_json_get(j, "usageMetadata");
	const char *blocked = pike_json_str(pike_json_get(j, "promptFeedback"),
					    "blockReason", "");

	s->answered = s->answered || candidate;
	s->refused = s->refused || *blocked;
	gemini_said(s, candidate);
	pike_said_word(s, pike_json_str(candidate, "finishReason", NULL));
	pike_said_model(s, pike_json_str(j, "modelVersion", NULL));
	pike_said_tokens(s, pike_json_i64(usage, "promptTokenCount", -1),
			 *blocked ? 0 : gemini_out(usage, s->text.len > 0));
}

static int gemini_answer(struct pike_answer *out, const struct pike_ask *ask,
			 const char *body, size_t len, struct pike_err *err)
{
	static const struct pike_reader r = { gemini_take, "candidates" };

	return pike_said_answer(out, ask, body, len, &r, err);
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
