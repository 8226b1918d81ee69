/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of settings: defaults, layers, refusals and trust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
	const char *section, *sub, *key, *value;
};

/* A target that is whole; lines 1 to 8. */
static const struct line whole[] = {
	{ "target", "softmax", "backend", "cpu" },
	{ "target", "softmax", "source", "kernels/softmax.c" },
	{ "target", "softmax", "reference", "kernels/softmax_ref.c" },
	{ "target", "softmax", "entry", "softmax" },
	{ "target", "softmax", "arg", "in f32 x[rows][cols] normal" },
	{ "target", "softmax", "arg", "out f32 y[rows][cols]" },
	{ "target", "softmax", "arg", "i32 rows" },
	{ "target", "softmax", "case", "rows=4096 cols=1024" },
};

static void add_lines(struct pike_entries *e, const struct line *l, size_t n,
		      bool trusted)
{
	for (size_t i = 0; i < n; i++) {
		char origin[32], section[64];

		snprintf(origin, sizeof(origin), "c:%zu", e->n + 1);
		snprintf(section, sizeof(section), "%s%s%s", l[i].section,
			 *l[i].sub ? "." : "", l[i].sub);
		pike_entries_add(e, section, l[i].key, l[i].value, origin,
				 trusted);
	}
}

static int make(struct pike_settings **out, const struct line *l, size_t n,
		bool trusted, struct pike_err *err)
{
	struct pike_entries e = { 0 };
	int ret;

	add_lines(&e, whole, PIKE_ARRAY_LEN(whole), trusted);
	add_lines(&e, l, n, trusted);
	ret = pike_settings_make(out, &e, err);
	pike_entries_release(&e);
	pike_entries_release(&e);
	return ret;
}

static void test_defaults(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_settings *s;
	const struct pike_target *t;

	(void)state;
	assert_int_equal(make(&s, NULL, 0, false, &err), 0);
	assert_true(s->threshold == 1.05);
	assert_string_equal(s->strategy, "informed");
	assert_null(s->base);
	assert_null(s->lane);
	assert_string_equal(s->remote, "origin");
	assert_string_equal(s->chat, "push");
	assert_int_equal(s->confirmations, 1);
	assert_int_equal(s->generation_size, 10);
	assert_true(s->sync);
	assert_false(s->fsync);
	assert_int_equal(s->budget.queries, 0);
	assert_int_equal(s->ntargets, 1);
	assert_null(pike_settings_target(s, "sgemm"));
	t = pike_settings_target(s, "softmax");
	assert_string_equal(t->name, "softmax");
	assert_string_equal(t->origin, "c:1");
	assert_string_equal(t->cflags, "-O3 -march=native");
	assert_int_equal(t->timeout, 60);
	assert_int_equal(t->threads, 1);
	assert_int_equal(t->nargs, 3);
	assert_false(t->cold);
	assert_int_equal(t->stress, (1u << PIKE_DIST_COUNT) - 1);
	assert_int_equal(t->precision, PIKE_P_FP32);
	pike_settings_free(s);
	pike_settings_free(NULL);
}

static void test_all_values(void **state)
{
	static const struct line lines[] = {
		{ "pike", "", "threshold", "1.5" },
		{ "pike", "", "strategy", "tune" },
		{ "pike", "", "sync", "off" },
		{ "pike", "", "fsync", NULL },
		{ "budget", "", "usd", "25" },
		{ "budget", "", "candidates", "40" },
		{ "llm", "cheap", "provider", "openai" },
		{ "llm", "cheap", "url", "http://127.0.0.1:8080/v1" },
		{ "llm", "cheap", "key", "OPENAI_API_KEY" },
		{ "llm", "cheap", "price-in", "1.25" },
		{ "agent", "fix", "llm", "cheap" },
		{ "strategy", "mine", "preset", "pike-o" },
		{ "strategy", "mine", "islands", "3" },
		{ "strategy", "mine", "elitism", "yes" },
		{ "target", "softmax", "stress", "own, normal impulse" },
		{ "target", "softmax", "cache", "cold" },
		{ "target", "softmax", "bytes", "8*rows*cols" },
		{ "target", "softmax", "hidden", "rows=77 cols=1001" },
		{ "target", "softmax", "precision", "tf32" },
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_settings *s;
	const struct pike_target *t;

	(void)state;
	assert_int_equal(make(&s, lines, PIKE_ARRAY_LEN(lines), false, &err),
			 0);
	assert_true(s->threshold == 1.5);
	assert_string_equal(s->strategy, "tune");
	assert_false(s->sync);
	assert_true(s->fsync);
	assert_true(s->budget.usd == 25);
	assert_int_equal(s->budget.candidates, 40);
	assert_int_equal(s->nllms, 1);
	assert_true(s->llms[0].price_in == 1.25);
	assert_int_equal(s->llms[0].max_tokens, 32000);
	assert_int_equal(s->agents[0].attempts, -1);
	assert_int_equal(s->strategies[0].islands, 3);
	assert_int_equal(s->strategies[0].samples, -1);
	assert_int_equal(s->strategies[0].elitism, 1);
	assert_int_equal(s->strategies[0].profile, -1);
	t = pike_settings_target(s, "softmax");
	assert_true(t->cold);
	assert_int_equal(t->precision, PIKE_P_TF32);
	assert_int_equal(t->nhidden, 1);
	assert_string_equal(pike_expr_text(t->bytes), "8*rows*cols");
	assert_int_equal(t->stress, 1u << PIKE_DIST_OWN |
					1u << PIKE_DIST_NORMAL |
					1u << PIKE_DIST_IMPULSE);
	pike_settings_free(s);
}

/* Every row takes its own default back, and nothing is listed twice. */
static void test_rows(void **state)
{
	const struct pike_setting_row *rows;
	size_t n;

	(void)state;
	rows = pike_setting_rows(&n);
	assert_true(n > 40);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(rows[i].help) > 0);
		assert_true(strlen(rows[i].help) <= 72);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(rows[i].section, rows[k].section) &&
			    !strcmp(rows[i].key, rows[k].key))
				fail_msg("%s.%s twice", rows[i].section,
					 rows[i].key);
		if (*rows[i].def && (!strcmp(rows[i].section, "pike") ||
				     !strcmp(rows[i].section, "budget"))) {
			struct line l = { rows[i].section, "", rows[i].key,
					  rows[i].def };
			struct pike_err err = PIKE_ERR_INIT;
			struct pike_settings *s;

			if (make(&s, &l, 1, true, &err))
				fail_msg("%s", err.text);
			pike_settings_free(s);
		}
	}
}

/* The one extra line is number 9. */
static void test_refused(void **state)
{
	static const struct {
		struct line l;
		const char *why;
	} rows[] = {
		{ { "pike", "", "treshold", "1" },
		  "c:9: unknown key 'treshold' in [pike]; did you mean "
		  "'threshold'?" },
		{ { "pike", "", "xyzzy", "1" },
		  "c:9: unknown key 'xyzzy' in [pike]; `pike-git config`" },
		{ { "traget", "x", "entry", "f" },
		  "c:9: unknown section [traget]; did you mean 'target'?" },
		{ { "pike", "x", "threshold", "2" }, "c:9: [pike] takes no" },
		{ { "target", "", "entry", "f" },
		  "c:9: [target] needs a name" },
		{ { "target", "Soft", "entry", "f" },
		  "c:9: [target \"Soft\"]" },
		{ { "agent", "cook", "llm", "x" }, "c:9: there is no agent" },
		{ { "agent", "fix", "llm", "x" }, "c:9: there is no [llm" },
		{ { "strategy", "tune", "samples", "1" }, "c:9: 'tune' is a" },
		{ { "strategy", "mine", "samples", "1" },
		  "c:9: strategy 'mine' does not say" },
		{ { "pike", "", "threshold", "0.5" },
		  "c:9: threshold: must be a number from 1 to 1000" },
		{ { "pike", "", "threshold", "1.05x" },
		  "c:9: threshold: must" },
		{ { "pike", "", "threshold", NULL },
		  "c:9: 'threshold' has no" },
		{ { "pike", "", "confirmations", "0" }, "c:9: confirmations:" },
		{ { "pike", "", "chat", "pull" },
		  "c:9: chat: must be one of: push local off; did you mean "
		  "'push'?" },
		{ { "pike", "", "sync", "maybe" }, "c:9: sync: must be true" },
		{ { "pike", "", "remote", "--upload-pack=x" }, "c:9: remote:" },
		{ { "pike", "", "remote", "ext::sh -c x" }, "c:9: remote:" },
		{ { "pike", "", "base", "-x" }, "c:9: base:" },
		{ { "pike", "", "lane", "A/B" }, "c:9: lane:" },
		{ { "llm", "a", "key", "sk-123" },
		  "c:9: key: must be the NAME of an environment variable" },
		{ { "llm", "a", "key", "AWS_SECRET" }, "c:9: key: must be" },
		{ { "llm", "a", "url", "file:///etc/passwd" }, "c:9: url:" },
		{ { "llm", "a", "url", "http://a@b/" }, "c:9: url:" },
		{ { "llm", "a", "provider", "command" },
		  "c:9: llm 'a' has no" },
		{ { "forge", "x", "kind", "github" }, "c:9: [forge] takes no" },
		{ { "forge", "", "token", "ghp_0123" },
		  "c:9: token: must be the NAME of an environment variable" },
		{ { "forge", "", "token", "AWS_SECRET" }, "c:9: token: must" },
		{ { "forge", "", "url", "http://a@b/" }, "c:9: url:" },
		{ { "forge", "", "max-open", "-1" }, "c:9: max-open:" },
		{ { "target", "softmax", "source", "../x.c" },
		  "c:9: source: path '../x.c' contains '..'" },
		{ { "target", "softmax", "header", "/etc/passwd" },
		  "c:9: header: path" },
		{ { "target", "softmax", "header", "a/.GIT/x" },
		  "c:9: header: path" },
		{ { "target", "softmax", "header", "a//x" },
		  "c:9: header: path" },
		{ { "target", "softmax", "header", "kernels/softmax.c" },
		  "c:9: 'kernels/softmax.c' is named twice" },
		{ { "target", "softmax", "arg", "in f32 y[rows]" },
		  "c:9: argument 'y' is named twice" },
		{ { "target", "softmax", "arg", "in f32 z[rows+]" },
		  "c:9: arg: dimension 'rows+' of 'z': column 6" },
		{ { "target", "softmax", "arg", "i32 depth" },
		  "c:8: case 'rows=4096 cols=1024' does not say how large "
		  "'depth' is" },
		{ { "target", "softmax", "case", "rows=1" },
		  "c:9: size 'cols'" },
		{ { "target", "softmax", "hidden", "rows=-1 cols=1" },
		  "c:9: size 'rows' of 'x' is negative" },
		{ { "target", "softmax", "case", "rows=4096  cols=1024" },
		  "c:9: case 'rows=4096 cols=1024' is given twice" },
		{ { "target", "softmax", "flops", "2*k" },
		  "c:9: flops = 2*k in case" },
		{ { "target", "softmax", "stress", "heavy wild" },
		  "c:9: stress: must be all" },
		{ { "target", "softmax", "backend", "gpu" }, "c:9: backend:" },
		{ { "target", "softmax", "entry", "a b" }, "c:9: entry:" },
		{ { "target", "softmax", "compiler", "/opt/cc" },
		  "c:9: compiler: must be a program of /usr/bin" },
		{ { "target", "softmax", "compiler", "cc -B." },
		  "c:9: compiler: must be the name" },
		{ { "target", "softmax", "cflags", "-O3\n-x" },
		  "c:9: cflags:" },
		{ { "target", "softmax", "baseline", "eager" },
		  "c:9: baseline is for PyTorch models, not for" },
		{ { "target", "softmax", "baseline", "eager fast" },
		  "c:9: baseline: 'fast' is not a baseline; say off" },
		{ { "target", "softmax", "baseline", "../x.py" },
		  "c:9: baseline: path '../x.py' contains '..'" },
		{ { "target", "new", "entry", "f" },
		  "c:9: target 'new' has no backend" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_settings *s;
		int ret = make(&s, &rows[i].l, 1, true, &err);

		if (ret != PIKE_USAGE || err.level != PIKE_USAGE ||
		    !pike_starts_with(err.text, rows[i].why))
			fail_msg("want '%s', got %d '%s'", rows[i].why, ret,
				 err.text);
		assert_null(s);
	}
}

/* Line 1 of a target for CUDA is its backend, then the one that is wrong. */
static void test_endings(void **state)
{
	static const struct {
		const char *source, *header, *reference, *why;
	} rows[] = {
		{ "k/a.cu", "k/a.cuh", "k/r.cu", NULL },
		{ "k/a.cu", "k/a.h", "k/r.c", NULL },
		{ "k/a.c", "k/a.cuh", "k/r.cu",
		  "c:2: 'k/a.c' is not a file for backend = cuda: a source "
		  "ends "
		  "in .cu" },
		{ "k/a.cuh", "k/b.cuh", "k/r.cu", "c:2: 'k/a.cuh' is no" },
		{ "k/a.cu", "k/b.cu", "k/r.cu",
		  "c:3: 'k/b.cu' is not a file for backend = cuda: a header "
		  "ends "
		  "in .cuh or .h" },
		{ "k/a.cu", "k/b.hpp", "k/r.cu", "c:3: 'k/b.hpp' is no" },
		{ "k/a.cu", "k/a.cuh", "k/r.cpp",
		  "c:4: 'k/r.cpp' is not a file for backend = cuda: a "
		  "reference "
		  "ends in .cu, or in .c where it is for the host" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		const struct line lines[] = {
			{ "target", "k", "backend", "cuda" },
			{ "target", "k", "source", rows[i].source },
			{ "target", "k", "header", rows[i].header },
			{ "target", "k", "reference", rows[i].reference },
			{ "target", "k", "entry", "k" },
			{ "target", "k", "arg", "out f32 y[n]" },
			{ "target", "k", "case", "n=1" },
		};
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_entries e = { 0 };
		struct pike_settings *s;
		int ret;

		add_lines(&e, lines, PIKE_ARRAY_LEN(lines), true);
		ret = pike_settings_make(&s, &e, &err);
		assert_int_equal(ret, rows[i].why ? PIKE_USAGE : 0);
		if (rows[i].why && !pike_starts_with(err.text, rows[i].why))
			fail_msg("want '%s', got '%s'", rows[i].why, err.text);
		if (!ret)
			assert_null(pike_settings_target(s, "k")->cflags);
		pike_settings_free(s);
		pike_entries_release(&e);
	}
}

/* A value that may be a key itself is not repeated. */
static void test_key_not_shown(void **state)
{
	static const struct line l = { "llm", "a", "key", "sk-secret" };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_settings *s;

	(void)state;
	assert_int_equal(make(&s, &l, 1, true, &err), PIKE_USAGE);
	assert_null(strstr(err.text, "secret"));
}

static void test_layers(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e = { 0 };
	struct pike_settings *s;
	const struct pike_target *t;

	(void)state;
	add_lines(&e, whole, PIKE_ARRAY_LEN(whole), false);
	pike_entries_add(&e, "target.softmax", "case", "rows=1 cols=1",
			 "git config --global", true);
	pike_entries_add(&e, "target.softmax", "case", "rows=2 cols=2",
			 "git config --local", true);
	pike_entries_add(&e, "target.softmax", "case", "rows=3 cols=3",
			 "git config --local", true);
	pike_entries_add(&e, "pike", "threshold", "1.2", "git config --local",
			 true);
	pike_entries_add(&e, "pike", "threshold", "1.3", "--threshold", true);
	assert_int_equal(pike_settings_make(&s, &e, &err), 0);
	t = pike_settings_target(s, "softmax");
	assert_int_equal(t->ncases, 2);
	assert_string_equal(t->cases[0].text, "rows=2 cols=2");
	assert_string_equal(t->cases[1].text, "rows=3 cols=3");
	assert_int_equal(t->nargs, 3);
	assert_true(s->threshold == 1.3);
	pike_settings_free(s);
	/* The line of the value that counts is the one that is named. */
	pike_entries_add(&e, "target.softmax", "case", "rows=3 cols=3",
			 "--case", true);
	pike_entries_add(&e, "target.softmax", "case", "rows=3", "--case",
			 true);
	assert_int_equal(pike_settings_make(&s, &e, &err), PIKE_USAGE);
	assert_true(pike_starts_with(err.text, "--case: size 'cols'"));
	pike_entries_release(&e);
}

static int trust_of(const struct line *l, size_t n, bool trusted)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_settings *s;
	int ret = make(&s, l, n, trusted, &err);

	if (ret)
		assert_non_null(strstr(err.text, "`pike-git config --trust`"));
	pike_settings_free(s);
	return ret;
}

static void test_programs(void **state)
{
	static const struct line python = { "pike", "", "python", "./p" };
	static const struct line command[] = {
		{ "llm", "a", "provider", "command" },
		{ "llm", "a", "command", "./evil" },
	};

	(void)state;
	assert_int_equal(trust_of(&python, 1, false), PIKE_USAGE);
	assert_int_equal(trust_of(&python, 1, true), 0);
	assert_int_equal(trust_of(command, 2, false), PIKE_USAGE);
	assert_int_equal(trust_of(command, 2, true), 0);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *provider, *url;
		bool own;
	} rows[] = {
		{ "openai", "https://api.openai.com/v1", true },
		{ "openai", "https://API.OpenAI.com:443/v1", true },
		{ "anthropic", "https://api.anthropic.com", true },
		{ "gemini", "https://generativelanguage.googleapis.com/",
		  true },
		{ "openai", "http://127.0.0.1:8080/v1", true },
		{ "openai", "http://127.5.6.7", true },
		{ "openai", "http://localhost:1/v1", true },
		{ "openai", "http://[::1]:8080/", true },
		{ "openai", "http://api.openai.com/v1", false },
		{ "openai", "https://api.anthropic.com", false },
		{ "replay", "https://api.openai.com", false },
		{ "openai", "https://api.openai.com.evil.example/", false },
		{ "openai", "https://evil.example/api.openai.com", false },
		{ "openai", "https://evil.example#api.openai.com", false },
		{ "openai", "http://127.0.0.1.evil.example/", false },
		{ "openai", "http://127.0.0.999/", false },
		{ "openai", "http://127.1/", false },
		{ "openai", "http://128.0.0.1/", false },
		{ "openai", "http://localhost.evil.example/", false },
		{ "openai", "http://[::1", false },
		{ "openai", "http://[::1]evil.example/", false },
		{ "openai", "http://[::2]/", false },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		const struct line l[] = {
			{ "llm", "a", "provider", rows[i].provider },
			{ "llm", "a", "url", rows[i].url },
			{ "llm", "a", "key", "OPENAI_API_KEY" },
		};
		int ret = trust_of(l, 3, false);

		if ((ret == 0) != rows[i].own)
			fail_msg("%s at %s: %d", rows[i].provider, rows[i].url,
				 ret);
		assert_int_equal(trust_of(l, 3, true), 0);
		/* No key: nothing to lose. */
		assert_int_equal(trust_of(l, 2, false), 0);
	}
}

/* A forge's token goes to where the remote is, or where a trusted word says. */
static void test_forge_urls(void **state)
{
	static const struct line there[] = {
		{ "forge", "", "url", "https://evil.example/api/v3" },
		{ "forge", "", "token", "PIKE_GITHUB_TOKEN" },
	};
	static const struct line here = { "forge", "", "url",
					  "http://127.0.0.1:3000/api/v1" };

	(void)state;
	assert_int_equal(trust_of(there, 2, false), PIKE_USAGE);
	assert_int_equal(trust_of(there, 1, false), PIKE_USAGE);
	assert_int_equal(trust_of(there + 1, 1, false), 0);
	assert_int_equal(trust_of(there, 2, true), 0);
	assert_int_equal(trust_of(&here, 1, false), 0);
}

/* The user's own key is not sent to where an untrusted file points. */
static void test_mixed_trust(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e = { 0 };
	struct pike_settings *s;

	(void)state;
	pike_entries_add(&e, "llm.a", "url", "https://evil.example/", "c:1",
			 false);
	pike_entries_add(&e, "llm.a", "key", "OPENAI_API_KEY",
			 "git config --global", true);
	assert_int_equal(pike_settings_make(&s, &e, &err), PIKE_USAGE);
	assert_true(pike_starts_with(err.text, "c:1: url: would be sent"));
	pike_entries_release(&e);
}

static void canonical(struct pike_buf *b, const struct line *l, size_t n)
{
	struct pike_settings *s;

	pike_buf_reset(b);
	assert_int_equal(make(&s, l, n, true, NULL), 0);
	pike_target_canonical(b, &s->targets[0]);
	pike_settings_free(s);
}

/* What decides a verdict changes the canonical text, and only that. */
static void test_canonical(void **state)
{
	static const struct line same[] = {
		{ "target", "softmax", "bytes", "8*rows*cols" },
		{ "pike", "", "threshold", "2" },
	};
	static const struct line other[] = {
		{ "target", "softmax", "case", "rows=1 cols=1" },
		{ "target", "softmax", "hidden", "rows=1 cols=1" },
		{ "target", "softmax", "cflags", "-O2" },
		{ "target", "softmax", "threads", "2" },
		{ "target", "softmax", "cache", "cold" },
		{ "target", "softmax", "stress", "off" },
		{ "target", "softmax", "tolerance", "0.001" },
		{ "target", "softmax", "precision", "fp64" },
		{ "target", "softmax", "timeout", "61" },
		{ "target", "softmax", "header", "h.h" },
		{ "target", "softmax", "arg", "in f32 z[rows] uniform(0,1)" },
	};
	struct pike_buf a, b;

	(void)state;
	pike_buf_init(&a, 1 << 20);
	pike_buf_init(&b, 1 << 20);
	canonical(&a, NULL, 0);
	canonical(&b, same, PIKE_ARRAY_LEN(same));
	assert_string_equal(a.s, b.s);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(other); i++) {
		canonical(&b, &other[i], 1);
		assert_string_not_equal(a.s, b.s);
	}
	pike_buf_release(&a);
	pike_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_values),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_key_not_shown),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_forge_urls),
		cmocka_unit_test(test_mixed_trust),
		cmocka_unit_test(test_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
