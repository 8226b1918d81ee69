/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of others on the page of a forge: whatever a model, a log or a note
 * says, it stays one piece of code in the row where it was put.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const hostile[] = {
	"@everyone please approve",
	"thanks to @octocat and (@team/leads)",
	"/approve",
	"\n/merge",
	"x\r\n/close\r\n",
	"text\n\n/label ~\"safe\"\n/assign @me",
	"::error file=a.c::owned",
	"\n::set-output name=x::y",
	"ok\n::add-mask::secret",
	"##[set-env name=PATH]evil",
	"<script>alert(1)</script>",
	"<img src=x onerror=alert(1)>",
	"<!-- pike-git:softmax/cpu 0000 -->",
	"</td></tr></table><h1>merged</h1>",
	"<a href=\"javascript:alert(1)\">click</a>",
	"![x](https://evil.example/pixel.png)",
	"[free money](https://evil.example)",
	"[ref]: https://evil.example",
	"<https://evil.example>",
	"https://evil.example/?leak",
	"``` \n# heading\n```",
	"`",
	"``",
	"`code` and ``more`` and ```` fence",
	"````````````````````",
	"~~~\nend of fence\n~~~",
	"a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |",
	"\\| \\` \\",
	"trailing backslash \\",
	"# heading",
	"- [x] reviewed",
	"> quote",
	"1. list",
	"| cell",
	"\tindented",
	"===\n---\n***",
	"Closes #1, fixes #22, resolves group/project#3",
	"Fixes https://gitlab.example/o/r/-/issues/1",
	"merge !12 now",
	"[skip ci]",
	"[CI SKIP] [no ci] [skip actions] [actions skip]",
	"$$\\href{https://evil.example}{x}$$",
	"$`x`$",
	"safe\xe2\x80\xae"
	"evil\xe2\x80\xac",
	"\xe2\x81\xa6isolate\xe2\x81\xa9",
	"zero\xe2\x80\x8bwidth @\xe2\x80\x8buser",
	"\xef\xbb\xbf"
	"bom",
	"line\xe2\x80\xa8separator\xe2\x80\xa9paragraph",
	"tags\xf3\xa0\x81\x81\xf3\xa0\x81\x82",
	"next\xc2\x85line",
	"\033[31mred\033[0m \a\b",
	"bad \xff\xfe\xc0\x80 utf-8 \xed\xa0\x80",
	"nul and\x01 control\x7f",
	"Co-authored-by: Boss <boss@example.org>",
	"&lt;b&gt; &#64;user &#47;merge",
	":rocket: :+1:",
	"```mermaid\ngraph TD\nclick A \"https://evil.example\"\n```",
	"%%{init: {\"securityLevel\": \"loose\"}}%%",
	"",
	" ",
	" ` ",
};

/* The bytes of UTF-8 that are left are all seen. */
static void assert_seen(const char *s)
{
	static const char *const unseen[] = { "\xe2\x80\x8b", "\xe2\x80\xa8",
					      "\xe2\x80\xa9", "\xe2\x80\xae",
					      "\xe2\x80\xac", "\xe2\x81\xa6",
					      "\xe2\x81\xa9", "\xef\xbb\xbf",
					      "\xc2\x85",     "\xf3\xa0" };

	assert_true(pike_utf8_valid(s, strlen(s)));
	for (size_t i = 0; i < PIKE_ARRAY_LEN(unseen); i++)
		assert_null(strstr(s, unseen[i]));
	for (; *s; s++)
		assert_false((unsigned char)*s < ' ' && *s != '\n');
}

/* What forges, logs and commits read even where Markdown does not. */
static void assert_inert(const char *s)
{
	static const char *const words[] = { "[skip",	 "[ci",	 "[no ci",
					     "[actions", "<!--", "</",
					     "![",	 "##[",	 "://" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		for (const char *p = s; *p; p++)
			if (!strncasecmp(p, words[i], strlen(words[i])))
				fail_msg("'%s' in: %s", words[i], s);
	for (const char *p = s; *p; p++) {
		bool word =
		    p > s && (isalnum((unsigned char)p[-1]) || p[-1] == '_');

		if (*p == '@' && !word && p[1] && p[1] != '\n')
			assert_true(p[1] == ' ');
		if (strchr("#!", *p))
			assert_false(isdigit((unsigned char)p[1]));
		if (*p == '<')
			assert_false(isalpha((unsigned char)p[1]));
		if (!word && p[0] == ':')
			assert_true(p[1] != ':');
	}
}

static size_t run_of(const char *s, char c)
{
	size_t n = 0;

	while (s[n] == c)
		n++;
	return n;
}

/* A fence of n ticks, no run of just n within, n ticks, and that is all. */
static void assert_one_code(const char *s)
{
	size_t n = run_of(s, '`'), len = strlen(s);

	assert_true(n >= 1 && len > 2 * n);
	assert_true(run_of(s + len - n, '`') == n && s[len - n - 1] != '`');
	for (const char *p = s + n; p < s + len - n;) {
		size_t k = run_of(p, '`');

		assert_true(k != n);
		p += k ? k : 1;
	}
}

static void test_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(hostile); i++) {
		struct pike_buf b;

		pike_buf_init(&b, 1 << 16);
		pike_md_code(&b, hostile[i], 500);
		assert_null(strchr(b.s, '\n'));
		assert_null(strchr(b.s, '|'));
		assert_seen(b.s);
		assert_inert(b.s);
		assert_one_code(b.s);
		pike_buf_release(&b);
	}
}

/* Each line is indented, and none but the last ends the fence. */
static void assert_one_block(const char *s)
{
	size_t n = run_of(s, '`');
	const char *p = strchr(s, '\n');

	assert_true(n >= 3 && p && !strncmp(s + n, "text\n", 5));
	for (p++; *p; p = strchr(p, '\n') + 1) {
		const char *text = p + strspn(p, " \t");

		if (run_of(p, '`') == n && p[n] == '\n' && !p[n + 1])
			return;
		assert_true(p[0] == ' ' && p[1] == ' ');
		assert_true(run_of(text, '`') < n);
		assert_int_not_equal(strncmp(text, "::", 2), 0);
	}
	fail_msg("no end: %s", s);
}

static void test_block(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(hostile); i++) {
		struct pike_buf b;

		pike_buf_init(&b, 1 << 16);
		pike_md_block(&b, hostile[i], 500);
		assert_seen(b.s);
		assert_inert(b.s);
		assert_one_block(b.s);
		pike_buf_release(&b);
	}
}

/* A part that does not fit leaves nothing half open. */
static void test_all_or_nothing(void **state)
{
	(void)state;
	for (size_t max = 0; max < 40; max++) {
		struct pike_buf b;

		pike_buf_init(&b, max);
		pike_md_code(&b, "twelve bytes", 100);
		assert_true(!b.len || !strcmp(b.s, "`twelve bytes`"));
		pike_buf_reset(&b);
		pike_md_block(&b, "twelve bytes", 100);
		assert_true(!b.len ||
			    !strcmp(b.s, "```text\n  twelve bytes\n```\n"));
		pike_buf_release(&b);
	}
}

static void test_kept(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "tile 32x32, unroll 4", "`tile 32x32, unroll 4`" },
		{ "std::max<float>(a[i], b)", "`std::max< float>(a[i], b)`" },
		{ "Intel(R) Xeon(R) 8480+ @ 2.0GHz",
		  "`Intel(R) Xeon(R) 8480+ @ 2.0GHz`" },
		{ "a ` b", "``a ` b``" },
		{ "`", "`` ` ``" },
		{ "", "` - `" },
		{ NULL, "` - `" },
		{ "\xc3\xa9t\xc3\xa9", "`\xc3\xa9t\xc3\xa9`" },
	};
	struct pike_buf b;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		pike_buf_init(&b, 1000);
		pike_md_code(&b, t[i].in, 100);
		assert_string_equal(b.s, t[i].out);
		pike_buf_release(&b);
	}
	pike_buf_init(&b, 1000);
	pike_md_code(&b, "0123456789", 4);
	assert_string_equal(b.s, "`0123`");
	pike_buf_reset(&b);
	pike_md_label(&b, "a\"] --> b[x]; click", 100);
	assert_string_equal(b.s, "a   --  b x   click");
	pike_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
