/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report: tells people. Text that fits 80 columns, the reading of a verdict,
 * and the distance to the machine's ceilings.
 *
 * Every cell and paragraph is cleaned on its way in (pike_sanitize), so text
 * of a candidate, a compiler or a model cannot reach a terminal as it came.
 */
#ifndef PIKE_REPORT_REPORT_H
#define PIKE_REPORT_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "model/result.h"
#include "model/target.h"

#include <stdbool.h>
#include <stddef.h>

#define PIKE_WIDTH 80

/* ---- table.c ---- */

struct pike_column {
	const char *title; /* NULL in all columns: no line of titles */
	bool right;
	bool cut; /* the last one: what is too long is cut, not wrapped */
};
struct pike_table {
	const struct pike_column *cols;
	size_t ncols;
	struct pike_strs cells; /* row by row */
};
void pike_table_init(struct pike_table *t, const struct pike_column *cols,
		     size_t ncols);
void pike_table_release(struct pike_table *t);
/* The next cell, left to right and down. NULL is an empty one. */
void pike_table_cell(struct pike_table *t, const char *text);
void pike_table_cellf(struct pike_table *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Columns are as wide as they must; the last one wraps at `width`. */
void pike_table_print(struct pike_buf *b, const struct pike_table *t,
		      size_t width);

/* Appends a paragraph, wrapped at `width`; `indent` spaces before each line,
 * the first included. Newlines in `text` start a new line. */
void pike_wrap(struct pike_buf *b, const char *text, size_t indent,
	       size_t width);
/* The same behind something that has already filled `at` columns. */
void pike_wrap_from(struct pike_buf *b, const char *text, size_t at,
		    size_t indent, size_t width);
/* The first line of it, as far as `room` columns hold it. */
void pike_cut(struct pike_buf *b, const char *text, size_t room);
/* Columns that UTF-8 text takes, one for each code point. */
size_t pike_text_width(const char *s);

/* ---- verdict.c ---- */

/* "1.83x [1.71, 1.95]", "-" where nothing was measured. */
const char *pike_ratio_text(char out[64], const struct pike_ratio *r);
/* One sentence on what the verdict of that stage says, and what to do. */
const char *pike_verdict_meaning(enum pike_verdict v, enum pike_stage stage);
/* One line: what was NOT checked by this result. */
void pike_unchecked(struct pike_buf *b, const struct pike_result *r,
		    const struct pike_target *t);
/* One line, where it is known: the classes of precision that the outputs keep,
 * and what the rules of other tools would say. */
void pike_classes_text(struct pike_buf *b, const struct pike_result *r);
/* How much faster than its baselines, the best of them first; why one is
 * unmeasured; nothing where none was asked for. */
void pike_baselines_text(struct pike_buf *b, const struct pike_result *r);
/* One line: how long it took, and what most of it went to. */
void pike_phases_text(struct pike_buf *b, const struct pike_result *r);
/* The cases of a result as a table. */
void pike_cases_text(struct pike_buf *b, const struct pike_result *r);

/* ---- checked.c ---- */

/* What became of one target between two commits. */
struct pike_checked {
	const char *target, *file; /* file: of the target; the first */
	struct pike_result res;	   /* of the end, judged against the start */
	bool compared;		   /* else against itself: is it right? */
	char *why;		   /* it is not compared; or NULL */
	struct pike_oid first;	   /* commit since which it is bad; or "" */
	char *subject;		   /* of that one; or NULL */
	size_t nsuspects;	   /* it is one of so many; 0: not looked for */
};
/* Slower, or not right. */
bool pike_checked_bad(const struct pike_checked *c);
/* In one line, as it is: with what others wrote. */
void pike_checked_text(struct pike_buf *b, const struct pike_checked *c);
struct pike_checked_format {
	const char *name;
	void (*print)(struct pike_buf *b, const struct pike_checked *v,
		      size_t n);
};
/* NULL: there is none of that name. */
const struct pike_checked_format *pike_checked_format(const char *name);
void pike_checked_names(struct pike_buf *b);
/* A line that GitHub's runner makes a remark of, beside the file; nothing where
 * all is well. */
void pike_checked_remark(struct pike_buf *b, const struct pike_checked *c);

/* ---- tree.c ---- */

struct pike_tree_opts {
	const struct pike_oid *of; /* NULL: all; else the line to this one */
	bool all;     /* candidates that nothing came of have a line, too */
	size_t width; /* columns; ideas are cut there */
};
/* The family tree: what each candidate was made from. `*` is the champion, `+`
 * a former one; `~` before a speedup says that nobody has confirmed it. Those
 * without children are counted behind their parent. PIKE_FAILED: `of` is none
 * of the search. */
int pike_tree_text(struct pike_buf *b, const struct pike_history *h,
		   const struct pike_tree_opts *o, struct pike_err *err);

/* ---- resources.c ---- */

/* What a GPU result tells beside its times: launches with registers, spills,
 * shared memory and occupancy; the share of the measured ceilings and which
 * of them binds; the clock. Nothing where the result has nothing of it. */
void pike_resources_text(struct pike_buf *b, const struct pike_result *r);

/* What a build tells that nobody has run: for which GPU it is, what each
 * kernel needs, and the launches of each measured case. */
void pike_compiled_text(struct pike_buf *b, const struct pike_result *r);

/* ---- profile.c ---- */

/* What the profiler and the checkers said, where they were asked: a table of
 * the longest launches, one sentence by rule, errors with their places. */
void pike_profile_text(struct pike_buf *b, const struct pike_result *r);

/* ---- markdown.c: text of others on the page of a forge ---- */

/* The first `max` bytes, on one line, as code: nothing in it is Markdown, HTML,
 * a mention, a reference, a quick action or a command of a CI. Also in a cell
 * of a table. NULL and "" are a dash. */
void pike_md_code(struct pike_buf *b, const char *s, size_t max);
/* The same of many lines, as a block. */
void pike_md_block(struct pike_buf *b, const char *s, size_t max);
/* Letters, digits and ". _ -" alone, for the label of a diagram. */
void pike_md_label(struct pike_buf *b, const char *s, size_t max);

/* ---- roofline.c ---- */

struct pike_roof {
	bool memory;	      /* which ceiling is nearer: copy or FMA */
	double before, after; /* share of it, 1 is all of it */
	double rate_before, rate_after; /* bytes or flops per second */
};
/* Of one case by the target's `bytes` and `flops`; 1 when neither is declared
 * or nothing was timed. Ceilings are in bytes and flops per second. */
int pike_roofline(struct pike_roof *out, const struct pike_target *t,
		  const struct pike_case_result *c, double copy_bps,
		  double fma_flops, struct pike_err *err);
/* The share of the way from the base's time to the floor that a confirmed
 * result has gone: mean over cases, from the least to the most. Without a
 * target of the first case alone, by the rates that the result tells. All NaN:
 * no work is declared, no ceiling was measured, or it was passed. */
void pike_roof_closed(struct pike_ratio *out, const struct pike_result *r,
		      const struct pike_target *t);
/* "copy bandwidth 21 % -> 88 %  (3.1 -> 13.0 GB/s)" */
void pike_roof_text(struct pike_buf *b, const struct pike_roof *r);

/* ---- markup.c: text of strangers in pages ---- */

/* As content or a quoted attribute of HTML, XML or SVG: cleaned, `&<>"'` as
 * entities, marks that change the direction of text shown as U+FFFD. */
void pike_add_html(struct pike_buf *b, const char *s);

#endif
