/* SPDX-License-Identifier: Apache-2.0 */
/* page: what the files that write pages and figures share. */
#ifndef PIKE_REPORT_PAGE_PRIV_H
#define PIKE_REPORT_PAGE_PRIV_H

#include "report/figures.h"

#include <stdint.h>

/* ---- axis.c ---- */

/* From values to places in a drawing. */
struct pike_axis {
	double lo, hi;	 /* of values; both ends are marked */
	double from, to; /* of places */
	bool log;
};
#define PIKE_TICKS 12

/* Widens lo and hi to round values. With `log` both must be above 0. */
void pike_axis_fit(struct pike_axis *a);
double pike_axis_at(const struct pike_axis *a, double v);
/* Round values along it, at most PIKE_TICKS; returns how many. */
size_t pike_axis_ticks(double out[PIKE_TICKS], const struct pike_axis *a);

/* ---- markup.c ---- */

/* A character of valid UTF-8 and how many bytes it has. */
uint32_t pike_code_point(const char *s, size_t *len);
/* One that is not seen, or turns what is seen around (Boucher and Anderson,
 * "Trojan Source", 2021). */
bool pike_is_hidden(uint32_t c);

/* ---- svg.c ---- */

/* Begins a drawing that stands alone: its size, styles, title and text. */
void pike_svg_open(struct pike_buf *b, const char *id, const char *title,
		   const char *about, double width, double height);

/* ---- figure.c ---- */

void pike_csv_text(struct pike_buf *b, const char *s);
/* A comma before it; NaN: nothing more. */
void pike_csv_number(struct pike_buf *b, double v);

/* ---- junit.c ---- */

enum pike_test_state {
	PIKE_TEST_PASSED,
	PIKE_TEST_FAILED,
	PIKE_TEST_SKIPPED,
	PIKE_TEST_COUNT
};
/* Borrows all of it; texts are as they came. */
struct pike_test_case {
	const char *name, *text;
	const char *file; /* NULL: none is known */
	double secs;
	enum pike_test_state state;
};
/* A document is opened, has suites, and is closed. */
void pike_junit_open(struct pike_buf *b);
void pike_junit_suite(struct pike_buf *b, const char *name, const char *class,
		      const struct pike_test_case *v, size_t n);
void pike_junit_close(struct pike_buf *b);

#endif
