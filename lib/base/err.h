/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err: one error, its level and its text.
 *
 * The level says what the caller shall do, the text says why. Functions that
 * can fail return 0 or a negative enum pike_level, and take `struct pike_err *`
 * last; it is left alone on success and may be NULL. Text is one line without
 * capital or full stop: what failed, on what ('quoted'), then what to do.
 */
#ifndef PIKE_BASE_ERR_H
#define PIKE_BASE_ERR_H

enum pike_level {
	PIKE_OK = 0,
	PIKE_RETRY = -1,  /* ask again: busy lock, lost race, rate limit */
	PIKE_FAILED = -2, /* this one thing cannot go on */
	PIKE_FATAL = -3,  /* the run cannot go on: exit 128 */
	PIKE_USAGE = -4,  /* the user's input is wrong: exit 129 */
};

struct pike_err {
	int level;
	char text[1024];
};
#define PIKE_ERR_INIT                                                          \
	{                                                                      \
		0, ""                                                          \
	}

/* Sets the error and returns `level`, so `return pike_fail(err, ...)`. */
int pike_fail(struct pike_err *err, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As pike_fail, with ": <strerror(errno)>" appended. Keeps errno. */
int pike_fail_errno(struct pike_err *err, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "fmt: " before the text; returns the error's level. */
int pike_err_prefix(struct pike_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
