/* SPDX-License-Identifier: Apache-2.0 */
/* marks: lines, and what a single line is. */
#include "llm/reply_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As git writes them: whatever follows, no line of code begins so. */
#define GIT_RUN 7
/* Columns that a mark may stand further right than the one that opened. */
#define INDENT_MAX 3

/* ---- lines ---- */

void pike_lines_push(struct pike_lines *l, const char *s, size_t n)
{
	PIKE_GROW(l->v, l->n, l->cap);
	l->v[l->n++] = (struct pike_line){ s, n };
}

void pike_lines_split(struct pike_lines *out, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	memset(out, 0, sizeof(*out));
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		pike_lines_push(out, p, n && p[n - 1] == '\r' ? n - 1 : n);
		p = nl ? nl + 1 : end;
	}
}

void pike_lines_release(struct pike_lines *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

bool pike_line_blank(struct pike_line l)
{
	for (size_t i = 0; i < l.n; i++)
		if (!isspace((unsigned char)l.s[i]))
			return false;
	return true;
}

bool pike_line_begins(struct pike_line l, const char *word)
{
	size_t n = strlen(word);

	return l.n >= n && !memcmp(l.s, word, n);
}

/* ---- marks ---- */

static bool is_word(const struct pike_mark *m, const char *word)
{
	size_t n = strlen(word);

	return m->nrest >= n && !strncasecmp(m->rest, word, n) &&
	       (m->nrest == n || !isalnum((unsigned char)m->rest[n]));
}

static enum pike_mark_kind kind_of(const struct pike_mark *m)
{
	/* Backquotes in what follows make it a span of code in a text. */
	if (m->run >= 3 && m->c == '`')
		return memchr(m->rest, '`', m->nrest) ? PIKE_MARK_TEXT
						      : PIKE_MARK_FENCE;
	if (m->run >= 3 && m->c == '~')
		return PIKE_MARK_FENCE;
	if (m->run < 5 || m->run > 10)
		return PIKE_MARK_TEXT;
	if (m->c == '<' && (m->run == GIT_RUN || is_word(m, "SEARCH")))
		return PIKE_MARK_SEARCH;
	if (m->c == '=' && !m->nrest)
		return PIKE_MARK_DIVIDER;
	if (m->c == '>' && (m->run == GIT_RUN || is_word(m, "REPLACE")))
		return PIKE_MARK_REPLACE;
	return PIKE_MARK_TEXT;
}

struct pike_mark pike_mark_of(struct pike_line l)
{
	struct pike_mark m = { .kind = PIKE_MARK_TEXT };
	const char *p = l.s, *end = l.s + l.n;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	m.lead = (size_t)(p - l.s);
	m.rest = p;
	if (p == end || !memchr("`~<=>", *p, 5))
		return m;
	m.c = *p;
	while (p < end && *p == m.c) {
		p++;
		m.run++;
	}
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	m.rest = p;
	m.nrest = (size_t)(end - p);
	m.kind = kind_of(&m);
	return m;
}

struct pike_mark pike_mark_within(struct pike_line l,
				  const struct pike_mark *open)
{
	struct pike_mark m = pike_mark_of(l);

	if (m.lead > open->lead + INDENT_MAX)
		m.kind = PIKE_MARK_TEXT;
	return m;
}

bool pike_mark_closes(const struct pike_mark *open, const struct pike_mark *m)
{
	return m->kind == PIKE_MARK_FENCE && m->c == open->c &&
	       m->run >= open->run && !m->nrest;
}
