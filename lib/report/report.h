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
/* "copy bandwidth 21 % -> 88 %  (3.1 -> 13.0 GB/s)" */
void pike_roof_text(struct pike_buf *b, const struct pike_roof *r);

/* ---- markup.c: text of strangers in pages ---- */

/* As content or a quoted attribute of HTML, XML or SVG: cleaned, `&<>"'` as
 * entities, marks that change the direction of text shown as U+FFFD. */
void pike_add_html(struct pike_buf *b, const char *s);

/* ---- figure.c, svg.c: figures, from data ---- */

enum pike_mark {
	PIKE_MARK_STEP, /* y holds from x on */
	PIKE_MARK_BAR,	/* y of each category, with its interval */
	PIKE_MARK_HIST, /* y things between x and the next x */
	PIKE_MARK_DOT,
	PIKE_MARK_COUNT
};

/* A line, or the bars of one colour. NaN: unmeasured. */
struct pike_series {
	char *name;
	double *x, *y, *lo, *hi; /* lo, hi: an interval, or NaN */
	size_t n, cap;
	bool reference; /* drawn as a line across, x is not used */
};
struct pike_figure {
	const char *id; /* a name for files and links */
	const char *title, *x, *y;
	char *about; /* what is shown, by which rule, of how many */
	enum pike_mark mark;
	bool log; /* y, or of bars their length */
	struct pike_series *v;
	size_t n, cap;
	struct pike_strs cats; /* of bars: what stands along x */
};
void pike_figure_release(struct pike_figure *f);
/* Adds a series; the pointer holds until the next. */
struct pike_series *pike_figure_series(struct pike_figure *f, const char *name);
void pike_series_add(struct pike_series *s, double x, double y, double lo,
		     double hi);
/* One SVG element that stands alone: colours for light and dark, a title and a
 * description for readers of screens, the value of each mark as its title. */
void pike_figure_svg(struct pike_buf *b, const struct pike_figure *f);
/* The family of a search as one such drawing; false: nothing is in it, or more
 * than a drawing can show. */
bool pike_lineage_svg(struct pike_buf *b, const struct pike_history *h,
		      const char *id);
/* RFC 4180: series, x or category, y, lo, hi. Unmeasured: empty. */
void pike_figure_csv(struct pike_buf *b, const struct pike_figure *f);

/* ---- summary.c, figures.c: what searches come to ---- */

/* One search, as a report has it. */
struct pike_report_search {
	const struct pike_history *h;
	const char *run;		  /* "main", or the name of the run */
	const struct pike_result *proof;  /* the champion's; NULL: none here */
	const struct pike_target *target; /* NULL: not in this config */
	const char *diff;		  /* champion against base; NULL */
	/* Of each record, without blank lines and comments of a line of their
	 * own: how long its files are, how many lines it adds and removes
	 * against what it was made from. -1: unknown; NULL: of none. */
	const int *lines, *changed;
};
struct pike_report {
	const char *title;
	const struct pike_report_search *v;
	size_t n;
};

/* A target without a search in a run, or with nothing measured in it, is
 * unmeasured. One without a confirmed gain stands at 1: it keeps its base. */
struct pike_run_sum {
	const char *run;
	size_t targets, measured; /* of all targets of the report */
	double mean;	  /* geometric, of measured targets; NaN: none */
	double mean_lo;	  /* the same of the intervals' lower ends */
	double published; /* floor at 1, missing is 1 (KernelBench, PIKE) */
	size_t over[4];	  /* targets whose lower end is over 1 1.1 1.5 2 */
	int64_t candidates, queries, exchanges;
	int64_t fixes, fixed; /* chains of fixes; those that ended well */
	size_t verdicts[PIKE_V_COUNT];
	double usd;
};
/* The caller frees. In the order in which runs first occur. */
size_t pike_report_runs(struct pike_run_sum **out, const struct pike_report *r);
/* Names of the targets, in the order in which they first occur. */
void pike_report_targets(struct pike_strs *out, const struct pike_report *r);
/* NULL: this run has no search of it. */
const struct pike_report_search *pike_report_find(const struct pike_report *r,
						  const char *target,
						  const char *run);
/* Has anything of it been measured? */
bool pike_report_measured(const struct pike_report_search *s);
/* How much faster `run` is than `over`, by the geometric mean over the targets
 * that both have measured, with a 95 % interval over targets (NaN: too few for
 * one). Returns how many targets those are. */
size_t pike_report_compare(struct pike_ratio *out, const struct pike_report *r,
			   const char *run, const char *over);
/* The caller releases each and frees. */
size_t pike_report_figures(struct pike_figure **out,
			   const struct pike_report *r);

/* ---- page.c, formats.c ---- */

/* One HTML page that needs nothing else; `css` and `js` go into it. */
void pike_report_html(struct pike_buf *b, const struct pike_report *r,
		      const char *css, const char *js);
void pike_report_markdown(struct pike_buf *b, const struct pike_report *r);
void pike_report_json(struct pike_buf *b, const struct pike_report *r);
/* A line for each target and run, RFC 4180. */
void pike_report_csv(struct pike_buf *b, const struct pike_report *r);
/* For github-action-benchmark's customBiggerIsBetter. */
void pike_report_benchmark(struct pike_buf *b, const struct pike_report *r);

#endif
