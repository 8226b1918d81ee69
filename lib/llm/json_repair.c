/* SPDX-License-Identifier: Apache-2.0 */
/* json_repair: replies that a strict parser would not take, though they hold an
 * answer that has been paid for. */
#include "llm/ask_priv.h"

#include "base/text.h"

#define INSTEAD '?'

/* Bytes of the character that begins there; 0: it is no UTF-8, or NUL. */
static size_t character(const char *s, size_t len)
{
	for (size_t n = 1; n <= 4 && n <= len; n++)
		if (*s && pike_utf8_valid(s, n))
			return n;
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What "\uXXXX" stands for; -1: it is something else. */
static int escape(const char *s, size_t len)
{
	int v = 0;

	if (len < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex(s[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* An escape: what becomes of it, and how long it is. */
static size_t mend_escape(struct pike_buf *out, const char *s, size_t len)
{
	int v = escape(s, len), next = -1;

	if (v >= 0xd800 && v < 0xdc00)
		next = escape(s + 6, len - 6);
	if (next >= 0xdc00 && next < 0xe000) {
		pike_buf_add(out, s, 12);
		return 12;
	}
	if (!v || (v >= 0xd800 && v < 0xe000)) {
		pike_buf_addc(out, INSTEAD);
		return 6;
	}
	pike_buf_add(out, s, len < 2 ? len : 2);
	return len < 2 ? len : 2;
}

static void repair(struct pike_buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = character(s + i, len - i);

		if (s[i] == '\\') {
			i += mend_escape(out, s + i, len - i);
			continue;
		}
		if (n)
			pike_buf_add(out, s + i, n);
		else
			pike_buf_addc(out, INSTEAD);
		i += n ? n : 1;
	}
}

struct pike_json *pike_reply_json(const char *body, size_t len,
				  struct pike_err *err)
{
	struct pike_json *j = pike_json_parse(body, len, err);
	struct pike_buf b;

	if (j)
		return j;
	pike_buf_init(&b, len);
	repair(&b, body, len);
	j = pike_json_parse(b.s, b.len, err);
	pike_buf_release(&b);
	return j;
}
