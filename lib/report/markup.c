/* SPDX-License-Identifier: Apache-2.0 */
/* markup: text of strangers as text of a page of HTML. */
#include "report/page_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#define TEXT_MAX (1u << 20)

uint32_t pike_code_point(const char *s, size_t *len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = p[0];

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (*len == 1)
		return c;
	c &= 0xffU >> (*len + 1);
	for (size_t i = 1; i < *len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

bool pike_is_hidden(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{ 0x80, 0x9f },	      { 0xad, 0xad },	  { 0x34f, 0x34f },
		{ 0x61c, 0x61c },     { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },   { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(ranges); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

/* Cleaned, without hidden marks: the caller releases. */
static void clean(struct pike_buf *out, const char *s)
{
	struct pike_buf b;
	size_t len;

	pike_buf_init(&b, TEXT_MAX);
	pike_buf_init(out, 3 * TEXT_MAX);
	pike_sanitize(&b, s, strnlen(s, TEXT_MAX - 1));
	for (const char *at = b.s; *at; at += len)
		if (pike_is_hidden(pike_code_point(at, &len)))
			pike_buf_adds(out, "\xef\xbf\xbd");
		else
			pike_buf_add(out, at, len);
	pike_buf_release(&b);
}

void pike_add_html(struct pike_buf *b, const char *s)
{
	struct pike_buf text;

	clean(&text, s);
	for (const char *at = text.s; *at; at++) {
		switch (*at) {
		case '&':
			pike_buf_adds(b, "&amp;");
			break;
		case '<':
			pike_buf_adds(b, "&lt;");
			break;
		case '>':
			pike_buf_adds(b, "&gt;");
			break;
		case '"':
			pike_buf_adds(b, "&quot;");
			break;
		case '\'':
			pike_buf_adds(b, "&#39;");
			break;
		default:
			pike_buf_addc(b, *at);
		}
	}
	pike_buf_release(&text);
}
