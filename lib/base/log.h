/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: chat on stderr, and how far it is: one line on a terminal.
 *
 * A message first clears the progress line and prints "pike-git: " before it.
 * Text that came from outside goes through pike_sanitize by itself.
 */
#ifndef PIKE_BASE_LOG_H
#define PIKE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum pike_verbosity {
	PIKE_QUIET = -1,
	PIKE_NORMAL = 0,
	PIKE_VERBOSE = 1
};

void pike_log_set(enum pike_verbosity v);
void pike_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void pike_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Not when quiet. */
void pike_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Only when verbose. */
void pike_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Lines as they are, for a CI that reads commands there. */
void pike_log_lines(const char *text);

/* Redraws the progress line, at most ten times a second, cut to the
 * terminal's width. Where stderr is no terminal, a line of its own each
 * minute, the first after one. Nothing when quiet. */
void pike_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void pike_progress_end(void);	/* erases the line */
bool pike_progress_shown(void); /* would it be shown now? */
/* Instead of each minute: ns. */
void pike_progress_every(int64_t ns);

#endif
