/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: text of commits. What a model wrote is data: it can neither become
 * a trailer nor a divider, nor reach a terminal with control bytes.
 */
#include "git/repo_priv.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BODY_MAX = 32 * 1024,
	VALUE_MAX = 400
};

void pike_text_line(struct pike_buf *b, const char *s, size_t max)
{
	struct pike_buf t;

	pike_buf_init(&t, max);
	pike_sanitize(&t, s, strlen(s));
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] == '\n' || t.s[i] == '\t')
			t.s[i] = ' ';
	while (t.len && t.s[t.len - 1] == ' ')
		t.len--;
	/* Cut inside a character? Then without that character. */
	while (t.len && !pike_utf8_valid(t.s, t.len))
		t.len--;
	pike_buf_add(b, t.s, t.len);
	pike_buf_release(&t);
}

/* "Word-word:" as git reads trailers, or a line that ends a message. */
static bool looks_like_trailer(const char *s, size_t n)
{
	size_t i = 0;

	if (n >= 3 && !memcmp(s, "---", 3))
		return true;
	if (n >= 1 && s[0] == '(')
		return n >= 13 && !memcmp(s, "(cherry picked", 13);
	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '-'))
		i++;
	if (!i)
		return false;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i < n && s[i] == ':';
}

void pike_text_body(struct pike_buf *b, const char *s)
{
	struct pike_buf t;
	const char *p, *end;

	pike_buf_init(&t, BODY_MAX);
	pike_sanitize(&t, s, strlen(s));
	while (t.len && !pike_utf8_valid(t.s, t.len))
		t.len--;
	while (t.len && isspace((unsigned char)t.s[t.len - 1]))
		t.len--;
	end = t.s + t.len;
	for (p = t.s; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

		if (looks_like_trailer(p, n))
			pike_buf_adds(b, "> ");
		pike_buf_add(b, p, n);
		pike_buf_addc(b, '\n');
		p += n + (nl != NULL);
	}
	pike_buf_release(&t);
}

void pike_trailer_add(struct pike_buf *b, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	pike_buf_addf(b, "%s: ", key);
	pike_text_line(b, value, VALUE_MAX);
	pike_buf_addc(b, '\n');
}

void pike_trailer_num(struct pike_buf *b, double v)
{
	char s[40];

	for (int digits = 6; digits <= 17; digits++) {
		snprintf(s, sizeof(s), "%.*g", digits, v);
		if (strtod(s, NULL) == v)
			break;
	}
	pike_buf_adds(b, s);
}
