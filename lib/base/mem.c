/* SPDX-License-Identifier: Apache-2.0 */
/* mem: allocation that dies when there is none. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Noreturn void no_memory(void)
{
	fputs("pike-git: out of memory\n", stderr);
	exit(128);
}

void *pike_xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		no_memory();
	return p;
}

#define HUGE_PAGE ((size_t)2 << 20)

void *pike_xmalloc_big(size_t size)
{
	size_t all = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	void *p;

	if (size < 2 * HUGE_PAGE || all < size)
		return pike_xmalloc(size);
	p = aligned_alloc(HUGE_PAGE, all);
	if (!p)
		no_memory();
	/* Only a hint. */
	madvise(p, all, MADV_HUGEPAGE);
	return p;
}

void *pike_xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		no_memory();
	return p;
}

void *pike_xrealloc(void *p, size_t n, size_t size)
{
	void *q;

	if (size && n > SIZE_MAX / size)
		no_memory();
	q = realloc(p, n && size ? n * size : 1);
	if (!q)
		no_memory();
	return q;
}

void *pike_xmemdup(const void *p, size_t n)
{
	void *q = pike_xmalloc(n);

	if (n)
		memcpy(q, p, n);
	return q;
}

char *pike_xstrdup(const char *s)
{
	return s ? pike_xmemdup(s, strlen(s) + 1) : NULL;
}

char *pike_xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *q = pike_xmalloc(len + 1);

	memcpy(q, s, len);
	q[len] = '\0';
	return q;
}

char *pike_xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		no_memory();
	return s;
}
