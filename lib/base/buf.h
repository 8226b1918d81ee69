/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf: a growing byte string with a maximum. strs: a list of strings.
 *
 * `s` is never NULL and always NUL-terminated at `len`. Going over `max` is an
 * ordinary failure: nothing is added, -1 is returned, `full` stays set.
 */
#ifndef PIKE_BASE_BUF_H
#define PIKE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct pike_buf {
	char *s;
	size_t len, cap, max;
	bool full;
};

void pike_buf_init(struct pike_buf *b, size_t max);
void pike_buf_release(struct pike_buf *b); /* twice is legal */
void pike_buf_reset(struct pike_buf *b);   /* empty, keeps memory */
int pike_buf_add(struct pike_buf *b, const void *data, size_t len);
int pike_buf_adds(struct pike_buf *b, const char *s);
int pike_buf_addc(struct pike_buf *b, char c);
int pike_buf_addf(struct pike_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *pike_buf_detach(struct pike_buf *b); /* caller frees; b is empty after */

/* v[n] is NULL, so v is an argv. The list owns its strings. */
struct pike_strs {
	char **v;
	size_t n, cap;
};
#define PIKE_STRS_INIT                                                         \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

void pike_strs_release(struct pike_strs *l);
void pike_strs_push(struct pike_strs *l, const char *s);
void pike_strs_pushf(struct pike_strs *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void pike_strs_take(struct pike_strs *l, char *s); /* owns s from now on */
bool pike_strs_has(const struct pike_strs *l, const char *s);
/* Splits on any of `seps`, no empty items. */
void pike_strs_split(struct pike_strs *l, const char *s, const char *seps);

#endif
