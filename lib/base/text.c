/* SPDX-License-Identifier: Apache-2.0 */
/* text: small checks and conversions of strings. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (!first && (c == '-' || c == '_'));
}

bool pike_is_name(const char *s)
{
	size_t n = 0;

	while (n < 65 && s[n] && name_char(s[n], n == 0))
		n++;
	return n > 0 && n <= 64 && !s[n];
}

size_t pike_cut_text(const char *s, size_t len, size_t max)
{
	size_t n = max;

	if (len <= max)
		return len;
	while (n && s[n - 1] != '\n')
		n--;
	if (n > max / 2)
		return n;
	for (n = max; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

void pike_slug(char out[65], const char *s)
{
	size_t n = 0;

	for (; *s && n < 64; s++) {
		char c = (char)tolower((unsigned char)*s);

		if (name_char(c, true))
			out[n++] = c;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	if (!n)
		out[n++] = 'x';
	out[n] = '\0';
}

bool pike_parse_i64(const char *s, int64_t *out)
{
	long long v;
	char *end;

	if (!*s || isspace((unsigned char)*s))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || end == s)
		return false;
	*out = v;
	return true;
}

bool pike_parse_f64(const char *s, double *out)
{
	char *end;
	double v;

	if (!*s || isspace((unsigned char)*s))
		return false;
	v = strtod(s, &end);
	if (*end || end == s || !isfinite(v))
		return false;
	*out = v;
	return true;
}

/* Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7);
 * 0: none. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool pike_is_host_port(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
			     "UVWXYZ0123456789.-_");
	int64_t port;

	if (!n || n > 253 || *s == '-' || *s == '.')
		return false;
	return !s[n] ||
	       (s[n] == ':' && isdigit(s[n + 1]) &&
		pike_parse_i64(s + n + 1, &port) && port > 0 && port < 65536);
}

bool pike_utf8_valid(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len((const unsigned char *)s + i, len - i);

		if (!n)
			return false;
		i += n;
	}
	return true;
}

/* C0, DEL, and the C1 controls U+0080..U+009F, which terminals obey too. */
static bool is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return (s[0] < 0x20 && s[0] != '\n' && s[0] != '\t') ||
		       s[0] == 0x7f;
	return n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

void pike_sanitize(struct pike_buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		const unsigned char *u = (const unsigned char *)s + i;
		size_t n = utf8_len(u, len - i);

		if (!n || is_control(u, n)) {
			if (pike_buf_addc(b, '?'))
				return;
		} else if (pike_buf_add(b, u, n)) {
			return;
		}
		i += n ? n : 1;
	}
}

char *pike_clean_line(const char *s, size_t len, size_t max)
{
	struct pike_buf b;

	pike_buf_init(&b, max);
	pike_sanitize(&b, s, len);
	for (size_t i = 0; i < b.len; i++)
		if (b.s[i] == '\n' || b.s[i] == '\t')
			b.s[i] = ' ';
	return pike_buf_detach(&b);
}

bool pike_host_is_loopback(const char *host, size_t len)
{
	char h[64], tail;
	unsigned a, b, c;

	if (len >= sizeof(h))
		return false;
	memcpy(h, host, len);
	h[len] = 0;
	if (!strcasecmp(h, "localhost") || !strcmp(h, "[::1]"))
		return true;
	return strspn(h, "0123456789.") == len &&
	       sscanf(h, "127.%3u.%3u.%3u%c", &a, &b, &c, &tail) == 3 &&
	       a < 256 && b < 256 && c < 256;
}

const char *pike_url_host(const char *url, size_t *len)
{
	bool https = pike_starts_with(url, "https://");
	const char *host = url + (https ? 8 : 7);

	if (!https && !pike_starts_with(url, "http://"))
		return NULL;
	*len = *host == '[' ? strcspn(host, "]/?#") + 1 : strcspn(host, ":/?#");
	if (*len > strlen(host) || (host[*len] && !strchr(":/?#", host[*len])))
		return NULL;
	/* What stands before an '@' is a user, and the host behind it. */
	return memchr(host, '@', strcspn(host, "/?#")) ? NULL : host;
}

void pike_redact_urls(char *s)
{
	while ((s = strstr(s, "://"))) {
		size_t n = strcspn(s + 3, "/ '\"\t\n"), user = n;

		s += 3;
		while (user && s[user - 1] != '@')
			user--;
		/* Of one byte or more: the text may only become shorter. */
		if (user > 1) {
			size_t keep = user - 1 < 3 ? user - 1 : 3;

			memcpy(s, "...", keep);
			memmove(s + keep, s + user - 1,
				strlen(s + user - 1) + 1);
			s += keep;
		}
	}
}

bool pike_starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool pike_ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

const char *pike_human_ns(char out[32], double ns)
{
	double s = ns / 1e9;

	if (s >= 3600)
		snprintf(out, 32, "%.0fh %02.0fm", floor(s / 3600),
			 floor(fmod(s, 3600) / 60));
	else if (s >= 60)
		snprintf(out, 32, "%.0fm %02.0fs", floor(s / 60),
			 floor(fmod(s, 60)));
	else if (s >= 1)
		snprintf(out, 32, "%.1fs", s);
	else if (s >= 1e-3)
		snprintf(out, 32, "%.3gms", s * 1e3);
	else
		snprintf(out, 32, "%.3gus", s * 1e6);
	return out;
}

/* Levenshtein's distance; `len` is that of `s`, at most 64. */
static size_t distance(const char *w, const char *s, size_t len)
{
	size_t prev[65], row[65];

	for (size_t j = 0; j <= len; j++)
		prev[j] = j;
	for (size_t i = 1; w[i - 1]; i++) {
		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t d = prev[j - 1] + (w[i - 1] != s[j - 1]);

			d = prev[j] + 1 < d ? prev[j] + 1 : d;
			row[j] = row[j - 1] + 1 < d ? row[j - 1] + 1 : d;
		}
		memcpy(prev, row, (len + 1) * sizeof(*row));
	}
	return prev[len];
}

const char *pike_nearest(const char *s, const char *const *words, size_t n)
{
	size_t len = strlen(s), best = len / 3 + 2;
	const char *found = NULL;

	for (size_t k = 0; len <= 64 && k < n; k++) {
		size_t d = distance(words[k], s, len);

		if (d < best) {
			best = d;
			found = words[k];
		}
	}
	return found;
}
