/* SPDX-License-Identifier: Apache-2.0 */
/* markup: text of strangers, so that it is text wherever it is shown. */
#include "report/report.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#define TEXT_MAX (1u << 20)

/* One code point of valid UTF-8; `*len` is how many bytes it has. */
static uint32_t code_point(const char *s, size_t *len)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] < 0x80) {
		*len = 1;
		return u[0];
	}
	*len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (*len == 2)
		return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
	if (*len == 3)
		return (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 |
		       (u[2] & 0x3fu);
	return (u[0] & 0x07u) << 18 | (u[1] & 0x3fu) << 12 |
	       (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
}

/* Marks that turn text around or cannot be seen (Unicode TR 36, and Boucher
 * and Anderson, "Trojan Source", 2021). */
static bool is_hidden(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x80, 0x9f },	      { 0xad, 0xad },	  { 0x61c, 0x61c },
		{ 0x180e, 0x180e },   { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Cleaned, without hidden marks: the caller releases. */
static void clean(struct pike_buf *out, const char *s, size_t max)
{
	struct pike_buf b;
	size_t len;

	pike_buf_init(&b, TEXT_MAX);
	pike_buf_init(out, 3 * TEXT_MAX);
	pike_sanitize(&b, s, strnlen(s, max < TEXT_MAX ? max : TEXT_MAX - 1));
	for (const char *at = b.s; *at; at += len)
		if (is_hidden(code_point(at, &len)))
			pike_buf_adds(out, "\xef\xbf\xbd");
		else
			pike_buf_add(out, at, len);
	pike_buf_release(&b);
}

void pike_add_html(struct pike_buf *b, const char *s)
{
	struct pike_buf text;

	clean(&text, s, TEXT_MAX);
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

/* As character references, which no reader of Markdown takes for markup
 * (CommonMark 2.5), nor a forge for a mention or a quick action. */
void pike_add_markdown(struct pike_buf *b, const char *s, size_t max)
{
	struct pike_buf text;

	clean(&text, s, max);
	for (const char *at = text.s; *at; at++) {
		if (*at == '\n' || *at == '\t')
			pike_buf_addc(b, ' ');
		else if (strchr("\\`*_{}[]()<>#+!|~&@:/$^=\"'-", *at))
			pike_buf_addf(b, "&#%d;", *at);
		else
			pike_buf_addc(b, *at);
	}
	pike_buf_release(&text);
}
