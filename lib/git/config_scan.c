/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_scan: finds the line of every entry of a config text, which libgit2
 * does not tell, and refuses with file and line what a tracked config may not
 * contain. It reads the grammar of git-config(1), values only as far as
 * needed to know where they end.
 */
#include "git/config_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_MAX 256

struct scan {
	const char *p, *end;
	int line;
	const char *name;
	struct pike_buf section; /* "target.softmax" */
	struct pike_marks *out;
	struct pike_err *err;
};

void pike_marks_release(struct pike_marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].name);
	free(m->v);
	memset(m, 0, sizeof(*m));
}

static int fail(const struct scan *s, const char *what)
{
	return pike_fail(s->err, PIKE_USAGE, "%s:%d: %s", s->name, s->line,
			 what);
}

static int peek(const struct scan *s)
{
	return s->p < s->end ? (unsigned char)*s->p : '\n';
}

static void blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

/* "\r\n" ends a line like "\n"; a lone '\r' was refused before. */
static bool at_eol(const struct scan *s)
{
	return peek(s) == '\n' || peek(s) == '\r';
}

static void to_eol(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static int read_sub(struct scan *s)
{
	int c;

	pike_buf_addc(&s->section, '.');
	for (s->p++; (c = peek(s)) != '"'; s->p++) {
		if (c == '\\') {
			s->p++;
			c = peek(s);
		}
		if (c == '\n' || c == '\r')
			return fail(s, "a section's name has no closing '\"'");
		pike_buf_addc(&s->section, (char)c);
	}
	s->p++;
	return 0;
}

/* git reads files that these name: the tracked config must stand alone. */
static bool is_include(const char *section)
{
	return !strcmp(section, "include") || !strcmp(section, "includeif") ||
	       pike_starts_with(section, "include.") ||
	       pike_starts_with(section, "includeif.");
}

static int read_section(struct scan *s)
{
	int ret;

	pike_buf_reset(&s->section);
	for (s->p++; isalnum(peek(s)) || peek(s) == '-' || peek(s) == '.';
	     s->p++)
		pike_buf_addc(&s->section, (char)tolower(peek(s)));
	if (!s->section.len)
		return fail(s, "a section is written [name] or [name \"sub\"]");
	if (is_include(s->section.s))
		return fail(s, "[include] is not allowed here; write the "
			       "settings into this file");
	if (strchr(s->section.s, '.'))
		return fail(s, "a section with a name is written "
			       "[section \"name\"]");
	if (peek(s) == ' ' || peek(s) == '\t') {
		blanks(s);
		if (peek(s) != '"')
			return fail(s, "expected '\"' and the section's name");
		if ((ret = read_sub(s)))
			return ret;
	}
	if (peek(s) != ']')
		return fail(s, "a section's header has no closing ']'");
	s->p++;
	return s->section.full ? fail(s, "a section's name is too long") : 0;
}

/* A backslash: an escape, or a line that goes on below. */
static int read_escape(struct scan *s)
{
	s->p++;
	if (peek(s) == '\r')
		s->p++;
	if (s->p >= s->end)
		return fail(s, "the file ends in a '\\'");
	if (!strchr("ntb\"\\\n", peek(s)))
		return fail(s, "a '\\' in a value is written '\\\\', inside "
			       "quotes");
	if (peek(s) == '\n')
		s->line++;
	s->p++;
	return 0;
}

static int read_value(struct scan *s)
{
	bool quoted = false;
	int first = s->line, ret = 0;

	while (!ret && s->p < s->end && *s->p != '\n') {
		if (!quoted && (*s->p == '#' || *s->p == ';')) {
			to_eol(s);
			break;
		}
		if (*s->p == '\\') {
			ret = read_escape(s);
			continue;
		}
		quoted ^= *s->p == '"';
		s->p++;
	}
	if (!ret && quoted) {
		s->line = first;
		return fail(s,
			    "a quote '\"' has no partner on this line; write "
			    "a '\"' itself as \\\"");
	}
	return ret;
}

static int read_entry(struct scan *s)
{
	const char *start = s->p;
	struct pike_mark *m;

	if (!s->section.len)
		return fail(s, "a key before the first [section]");
	if (!isalpha(peek(s)))
		return fail(s,
			    "expected [section], `key = value` or a comment");
	while (isalnum(peek(s)) || peek(s) == '-')
		s->p++;
	PIKE_GROW(s->out->v, s->out->n, s->out->cap);
	m = &s->out->v[s->out->n++];
	m->line = s->line;
	m->name =
	    pike_xasprintf("%s.%.*s", s->section.s, (int)(s->p - start), start);
	for (char *p = m->name + s->section.len; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	blanks(s);
	if (peek(s) == '=') {
		s->p++;
		return read_value(s);
	}
	if (peek(s) == '#' || peek(s) == ';')
		to_eol(s);
	if (!at_eol(s))
		return fail(s, peek(s) == '_' ? "a key has no '_'; write '-'"
					      : "expected '=' after the key");
	return 0;
}

static int read_line(struct scan *s)
{
	int ret = 0;

	blanks(s);
	if (peek(s) == '[')
		ret = read_section(s);
	blanks(s);
	if (!ret && (peek(s) == '#' || peek(s) == ';'))
		to_eol(s);
	else if (!ret && !at_eol(s))
		ret = read_entry(s);
	if (ret)
		return ret;
	blanks(s);
	if (peek(s) == '\r')
		s->p++;
	if (peek(s) != '\n')
		return fail(s, "unexpected text at the end of the line");
	s->p++;
	s->line++;
	return 0;
}

static int bad_byte(struct scan *s, const char *at, const char *what)
{
	for (; s->p < at; s->p++)
		s->line += *s->p == '\n';
	return fail(s, what);
}

/* The first byte that begins no valid UTF-8 sequence. */
static const char *bad_utf8(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	while (p < end) {
		size_t n = 1;

		while (n <= 4 && n <= (size_t)(end - p) &&
		       !pike_utf8_valid(p, n))
			n++;
		if (n > 4 || n > (size_t)(end - p))
			return p;
		p += n;
	}
	return NULL;
}

static int check_bytes(struct scan *s, size_t len)
{
	const char *text = s->p, *p;

	if (len > PIKE_CONFIG_MAX) {
		s->line = 1;
		return fail(s, "larger than 256 KiB; this cannot be a config");
	}
	if ((p = memchr(text, 0, len)))
		return bad_byte(s, p, "contains a NUL byte; save it as text");
	if (!pike_utf8_valid(text, len))
		return bad_byte(s, bad_utf8(text, len),
				"is not UTF-8; save it in that encoding");
	for (p = text; (p = memchr(p, '\r', len - (size_t)(p - text))); p++)
		if (p + 1 == s->end || p[1] != '\n')
			return bad_byte(s, p,
					"contains a lone carriage return; end "
					"lines with a line feed");
	return 0;
}

int pike_config_scan(struct pike_marks *out, const char *text, size_t len,
		     const char *name, struct pike_err *err)
{
	struct scan s = {
		.p = text,
		.end = text + len,
		.line = 1,
		.name = name,
		.out = out,
		.err = err,
	};
	int ret;

	memset(out, 0, sizeof(*out));
	pike_buf_init(&s.section, SECTION_MAX);
	ret = check_bytes(&s, len);
	if (!ret && len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		s.p += 3;
	while (!ret && s.p < s.end)
		ret = read_line(&s);
	pike_buf_release(&s.section);
	if (ret)
		pike_marks_release(out);
	return ret;
}
