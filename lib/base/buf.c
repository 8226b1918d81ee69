/* SPDX-License-Identifier: Apache-2.0 */
/* buf: a growing byte string with a maximum; strs: a list of strings. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char empty[1];

void pike_buf_init(struct pike_buf *b, size_t max)
{
	b->s = empty;
	b->len = b->cap = 0;
	b->max = max;
	b->full = false;
}

void pike_buf_release(struct pike_buf *b)
{
	if (b->cap)
		free(b->s);
	pike_buf_init(b, b->max);
}

void pike_buf_reset(struct pike_buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->cap)
		b->s[0] = '\0';
}

static int reserve(struct pike_buf *b, size_t extra)
{
	size_t need, cap;

	if (extra > b->max || b->len > b->max - extra) {
		b->full = true;
		return -1;
	}
	need = b->len + extra + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap *= 2;
	b->s = pike_xrealloc(b->cap ? b->s : NULL, cap, 1);
	b->cap = cap;
	return 0;
}

int pike_buf_add(struct pike_buf *b, const void *data, size_t len)
{
	if (reserve(b, len))
		return -1;
	if (len)
		memcpy(b->s + b->len, data, len);
	b->len += len;
	b->s[b->len] = '\0';
	return 0;
}

int pike_buf_adds(struct pike_buf *b, const char *s)
{
	return pike_buf_add(b, s, strlen(s));
}

int pike_buf_addc(struct pike_buf *b, char c)
{
	return pike_buf_add(b, &c, 1);
}

int pike_buf_addf(struct pike_buf *b, const char *fmt, ...)
{
	size_t room = b->cap ? b->cap - b->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? b->s + b->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n < 0 || reserve(b, (size_t)n)) {
		b->s[b->len] = '\0';
		return -1;
	}
	if ((size_t)n >= room) {
		va_start(ap, fmt);
		vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
	return 0;
}

char *pike_buf_detach(struct pike_buf *b)
{
	char *s = b->cap ? b->s : pike_xstrdup("");

	pike_buf_init(b, b->max);
	return s;
}

void pike_strs_release(struct pike_strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct pike_strs)PIKE_STRS_INIT;
}

void pike_strs_take(struct pike_strs *l, char *s)
{
	PIKE_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void pike_strs_push(struct pike_strs *l, const char *s)
{
	pike_strs_take(l, pike_xstrdup(s));
}

void pike_strs_pushf(struct pike_strs *l, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	pike_strs_take(l, n < 0 ? pike_xstrdup("") : s);
}

bool pike_strs_has(const struct pike_strs *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i], s))
			return true;
	return false;
}

void pike_strs_split(struct pike_strs *l, const char *s, const char *seps)
{
	while (*(s += strspn(s, seps))) {
		size_t n = strcspn(s, seps);

		pike_strs_take(l, pike_xstrndup(s, n));
		s += n;
	}
}
