/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem: allocation that dies when there is none. For sizes of our own; a size
 * that comes from outside is bounded and refused before it gets here.
 */
#ifndef PIKE_BASE_MEM_H
#define PIKE_BASE_MEM_H

#include <stddef.h>

void *pike_xmalloc(size_t size);
/* For many megabytes that are about to be written: on huge pages where the
 * kernel has them, as a fault for each small one takes longer than the rest. */
void *pike_xmalloc_big(size_t size);
void *pike_xcalloc(size_t n, size_t size); /* zeroed, overflow checked */
void *pike_xrealloc(void *p, size_t n, size_t size); /* overflow checked */
char *pike_xstrdup(const char *s);		     /* NULL gives NULL */
char *pike_xstrndup(const char *s, size_t n);
void *pike_xmemdup(const void *p, size_t n);
char *pike_xasprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Makes room for one more element in `ptr[cap]` that holds `n`. */
#define PIKE_GROW(ptr, n, cap)                                                 \
	do {                                                                   \
		if ((n) >= (cap)) {                                            \
			(cap) = (cap) ? (cap)*2 : 8;                           \
			(ptr) = pike_xrealloc((ptr), (cap), sizeof(*(ptr)));   \
		}                                                              \
	} while (0)

#define PIKE_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
