/* SPDX-License-Identifier: Apache-2.0 */
/* log: chat on stderr and one progress line. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS 100000000
#define LINE_NS 60000000000

/* The one state of the terminal that the process talks to. */
static enum pike_verbosity verbosity;
static int64_t drawn_ns; /* the line, or off a terminal the last one */
static int64_t between_ns = LINE_NS;
static bool line_shown;

void pike_log_set(enum pike_verbosity v)
{
	verbosity = v;
}

static void format(struct pike_buf *out, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void put(const char *prefix, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void format(struct pike_buf *out, const char *fmt, va_list ap)
{
	char *s;
	int n = vasprintf(&s, fmt, ap);

	if (n < 0)
		return;
	pike_sanitize(out, s, (size_t)n);
	free(s);
}

static void put(const char *prefix, const char *fmt, va_list ap)
{
	struct pike_buf b;

	pike_buf_init(&b, 1 << 16);
	format(&b, fmt, ap);
	pike_progress_end();
	fprintf(stderr, "pike-git: %s%s\n", prefix, b.s);
	pike_buf_release(&b);
}

#define PUT(prefix)                                                            \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		put(prefix, fmt, ap);                                          \
		va_end(ap);                                                    \
	} while (0)

void pike_error(const char *fmt, ...)
{
	PUT("error: ");
}

void pike_warn(const char *fmt, ...)
{
	PUT("warning: ");
}

void pike_say(const char *fmt, ...)
{
	if (verbosity >= PIKE_NORMAL)
		PUT("");
}

void pike_debug(const char *fmt, ...)
{
	if (verbosity >= PIKE_VERBOSE)
		PUT("");
}

void pike_log_lines(const char *text)
{
	pike_progress_end();
	fputs(text, stderr);
}

void pike_progress_every(int64_t ns)
{
	between_ns = ns;
}

/* In a file or a CI job a line now and then says that it goes on; a command
 * that ends before says nothing. */
static bool line_due(void)
{
	int64_t now = pike_now_ns();

	if (!drawn_ns)
		drawn_ns = now;
	return now - drawn_ns >= between_ns;
}

bool pike_progress_shown(void)
{
	return verbosity >= PIKE_NORMAL &&
	       (isatty(STDERR_FILENO) || line_due());
}

static size_t columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col < 20)
		return 80;
	return w.ws_col;
}

/* Cuts after `n` characters, never inside one. */
static void cut(struct pike_buf *b, size_t n)
{
	size_t i = 0;

	while (i < b->len && (n || ((unsigned char)b->s[i] & 0xc0) == 0x80)) {
		if (b->s[i] == '\n' || b->s[i] == '\t')
			b->s[i] = ' ';
		i++;
		if (((unsigned char)b->s[i] & 0xc0) != 0x80)
			n--;
	}
	if (i < b->len)
		b->s[i] = '\0';
}

void pike_progress(const char *fmt, ...)
{
	int64_t now = pike_now_ns();
	bool terminal = isatty(STDERR_FILENO);
	struct pike_buf b;
	va_list ap;

	if (!pike_progress_shown() ||
	    (line_shown && now - drawn_ns < REDRAW_NS))
		return;
	pike_buf_init(&b, 1024);
	va_start(ap, fmt);
	format(&b, fmt, ap);
	va_end(ap);
	if (terminal) {
		cut(&b, columns() - 1);
		fprintf(stderr, "\r%s\033[K", b.s);
	} else {
		cut(&b, b.len);
		fprintf(stderr, "pike-git: %s\n", b.s);
	}
	fflush(stderr);
	line_shown = terminal;
	drawn_ns = now;
	pike_buf_release(&b);
}

void pike_progress_end(void)
{
	if (!line_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	line_shown = false;
}
