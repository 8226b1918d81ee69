/* SPDX-License-Identifier: Apache-2.0 */
/*
 * markdown: text of others on the page of a forge. All of it stands in code,
 * where no forge reads Markdown, HTML, mentions or references; and what some of
 * them read in spite of that, or in a log or a commit that the page is copied
 * to, is taken apart: quick actions, workflow commands, words that close an
 * issue or skip the CI.
 */
#include "report/page_priv.h"

#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "[skip ci]" and its kin, in the message of a squashed commit. */
static bool skips_ci(const char *s)
{
	static const char *const words[] = { "skip", "ci", "no ci", "actions" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncasecmp(s, words[i], strlen(words[i])))
			return true;
	return false;
}

/* Does something begin with `s[0]` that is read outside of Markdown, too? Then
 * a blank behind it takes it apart. `before` is the character before it. */
static bool is_read(const char *s, char before)
{
	bool word = isalnum((unsigned char)before) || before == '_';

	switch (s[0]) {
	case '@': /* a mention */
		return !word && s[1] && !isspace((unsigned char)s[1]);
	case '#': /* an issue; the commands of an older runner */
		return isdigit((unsigned char)s[1]) || s[1] == '[';
	case '!': /* a merge request; an image */
		return isdigit((unsigned char)s[1]) || s[1] == '[';
	case ':': /* a workflow command, but no C++; a link */
		return (s[1] == ':' && !word && before != '>') ||
		       (s[1] == '/' && s[2] == '/');
	case '[':
		return skips_ci(s + 1);
	case '<': /* should the code around it ever be lost */
		return isalpha((unsigned char)s[1]) ||
		       (s[1] && strchr("/!?", s[1]));
	default:
		return false;
	}
}

/* One line or many, without what is not seen. */
static void clean_into(struct pike_buf *out, const char *s, size_t max,
		       bool lines)
{
	struct pike_buf text;
	char before = ' ';
	size_t len;

	pike_buf_init(&text, max);
	pike_sanitize(&text, s, strnlen(s, max));
	for (const char *p = text.s; *p; p += len) {
		uint32_t c = pike_code_point(p, &len);

		if (c == '\n' && lines)
			pike_buf_addc(out, '\n');
		else if (c == '\n' || c == '\t')
			pike_buf_addc(out, ' ');
		else if (c == '|')
			pike_buf_adds(out, "\302\246"); /* ends no cell */
		else if (pike_is_hidden(c))
			pike_buf_addc(out, '?');
		else
			pike_buf_add(out, p, len);
		if (is_read(p, before))
			pike_buf_addc(out, ' ');
		before = *p;
	}
	pike_buf_release(&text);
}

static size_t longest_run(const char *s)
{
	size_t longest = 0, run = 0;

	for (; *s; s++) {
		run = *s == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void add_ticks(struct pike_buf *b, size_t n)
{
	while (n--)
		pike_buf_addc(b, '`');
}

/* All of it or, where there is no room, nothing: half a fence would let out
 * what stands behind it. */
static void add_whole(struct pike_buf *b, struct pike_buf *text)
{
	pike_buf_add(b, text->s, text->len);
	pike_buf_release(text);
}

void pike_md_code(struct pike_buf *b, const char *s, size_t max)
{
	struct pike_buf clean, text;
	size_t n;
	bool edge;

	pike_buf_init(&clean, (size_t)-1);
	pike_buf_init(&text, (size_t)-1);
	clean_into(&clean, s ? s : "", max, false);
	n = longest_run(clean.s) + 1;
	/* A tick at an edge would lengthen the fence. */
	edge = !clean.len || clean.s[0] == '`' || clean.s[clean.len - 1] == '`';
	add_ticks(&text, n);
	pike_buf_adds(&text, edge ? " " : "");
	pike_buf_adds(&text, clean.len ? clean.s : "-");
	pike_buf_adds(&text, edge ? " " : "");
	add_ticks(&text, n);
	add_whole(b, &text);
	pike_buf_release(&clean);
}

void pike_md_block(struct pike_buf *b, const char *s, size_t max)
{
	struct pike_buf clean, text;
	size_t n;

	pike_buf_init(&clean, (size_t)-1);
	pike_buf_init(&text, (size_t)-1);
	clean_into(&clean, s ? s : "", max, true);
	n = longest_run(clean.s) + 1;
	n = n < 3 ? 3 : n;
	add_ticks(&text, n);
	pike_buf_adds(&text, "text\n");
	for (const char *p = clean.s; *p;) {
		size_t len = strcspn(p, "\n");

		/* A quick action begins its line. */
		pike_buf_adds(&text, "  ");
		pike_buf_add(&text, p, len);
		pike_buf_addc(&text, '\n');
		p += len + (p[len] == '\n');
	}
	add_ticks(&text, n);
	pike_buf_addc(&text, '\n');
	add_whole(b, &text);
	pike_buf_release(&clean);
}

void pike_md_label(struct pike_buf *b, const char *s, size_t max)
{
	for (size_t i = 0; i < max && s[i]; i++)
		pike_buf_addc(b, isalnum((unsigned char)s[i]) ||
					 strchr("._-", s[i])
				     ? s[i]
				     : ' ');
}
