/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool_sanitizer: the log of a checker read. Every line of it begins with
 * nine equals signs; what is indented behind them belongs to the report above.
 */
#include "device/tools.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "========= "
#define LINE_MAX_BYTES 1024

/* "Error: " begins a race; what else begins so is of the tool itself. */
static const char race[] = "Error: Race ";

/* The number right before `word`; -1: there is none. */
static int64_t count_before(const char *line, const char *word)
{
	const char *at = strstr(line, word), *p = at;
	char digits[20];
	size_t n;

	while (p && p > line && p[-1] >= '0' && p[-1] <= '9')
		p--;
	n = p ? (size_t)(at - p) : 0;
	if (!n || n >= sizeof(digits))
		return -1;
	memcpy(digits, p, n);
	digits[n] = '\0';
	return strtoll(digits, NULL, 10);
}

/* "ERROR SUMMARY: 2 errors", "RACECHECK SUMMARY: 1 hazard displayed (1 error,
 * 0 warnings)". Of several, the one with most: no name can make it less. */
static bool read_summary(struct pike_checked *out, const char *line)
{
	int64_t n;

	if (!pike_starts_with(line, "ERROR SUMMARY: ") &&
	    !pike_starts_with(line, "RACECHECK SUMMARY: "))
		return false;
	n = count_before(line, " error");
	out->done = out->done || n >= 0;
	if (n > out->errors)
		out->errors = n;
	return true;
}

static void put(char *out, size_t size, const char *s, size_t n)
{
	snprintf(out, size, "%.*s", (int)n, s);
}

/* "kernel+0x90", with " in file.cu:12" where lines are known. */
static void read_place(struct pike_check_report *r, const char *at)
{
	const char *plus = strstr(at, "+0x"), *in = strstr(at, " in ");
	const char *slash;

	if (r->kernel[0])
		return;
	put(r->kernel, sizeof(r->kernel), at,
	    plus ? (size_t)(plus - at) : strcspn(at, " ["));
	if (in) {
		in += strlen(" in ");
		slash = strrchr(in, '/');
		in = slash ? slash + 1 : in;
		put(r->place, sizeof(r->place), in, strcspn(in, " ["));
	} else if (plus) {
		put(r->place, sizeof(r->place), plus, strcspn(plus, " ["));
	}
}

/* ---- reports ---- */

struct reading {
	struct pike_checked *out;
	struct pike_check_report now; /* kind "": between reports */
};

/* Threads that do the same wrong at the same place are one report; what names
 * no kernel is the tool's own trouble. */
static void end_report(struct reading *x)
{
	struct pike_checked *out = x->out;
	bool known = !x->now.kernel[0] || out->n == PIKE_REPORTS;

	for (size_t i = 0; !known && i < out->n; i++)
		known = !strcmp(out->v[i].kind, x->now.kind) &&
			!strcmp(out->v[i].kernel, x->now.kernel) &&
			!strcmp(out->v[i].place, x->now.place);
	if (!known)
		out->v[out->n++] = x->now;
	memset(&x->now, 0, sizeof(x->now));
}

/* "Invalid __global__ read of size 4 bytes", or a race with its place. */
static void begin_report(struct reading *x, const char *line)
{
	const char *at;

	end_report(x);
	if (pike_starts_with(line, race))
		line += strlen("Error: ");
	at = strstr(line, " access at ");
	put(x->now.kind, sizeof(x->now.kind), line,
	    at ? (size_t)(at - line) : strlen(line));
	if (at)
		read_place(&x->now, at + strlen(" access at "));
}

/* "    at kernel+0x90", "    and Read access at kernel+0x150 [4 hazards]" */
static void go_on(struct reading *x, const char *line)
{
	char *kind = x->now.kind;
	size_t n = strlen(kind);
	const char *at = strstr(line, " access at ");

	if (pike_starts_with(line, "at "))
		read_place(&x->now, line + strlen("at "));
	else if (pike_starts_with(line, "and ") && at)
		snprintf(kind + n, sizeof(x->now.kind) - n, " %.*s access",
			 (int)(at - line), line);
}

/* A candidate's names stand in the log: what is read of a line is clean. */
static void read_line(struct reading *x, const char *raw, size_t n)
{
	char line[LINE_MAX_BYTES];
	struct pike_buf clean;

	pike_buf_init(&clean, sizeof(line));
	pike_sanitize(&clean, raw, n < sizeof(line) ? n : sizeof(line) - 1);
	put(line, sizeof(line), clean.s ? clean.s : "", clean.len);
	pike_buf_release(&clean);
	if (read_summary(x->out, line) || !line[strspn(line, " ")])
		end_report(x);
	else if (*line != ' ')
		begin_report(x, line);
	else if (x->now.kind[0])
		go_on(x, line + strspn(line, " "));
}

void pike_check_log_read(struct pike_checked *out, const char *log)
{
	struct reading x = { .out = out };

	memset(out, 0, sizeof(*out));
	while (*log) {
		size_t n = strcspn(log, "\n"), skip = strlen(PREFIX);

		if (n >= skip && pike_starts_with(log, PREFIX))
			read_line(&x, log + skip, n - skip);
		log += n + (log[n] == '\n');
	}
	end_report(&x);
}
