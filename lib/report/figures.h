/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures: what searches come to, as series of numbers; figures that are drawn
 * from them; and the report in each of its formats.
 */
#ifndef PIKE_REPORT_FIGURES_H
#define PIKE_REPORT_FIGURES_H

#include "model/preset.h"
#include "report/report.h"

/* ---- figure.c, svg.c: figures, from data ---- */

enum pike_mark {
	PIKE_MARK_STEP, /* y holds from x on */
	PIKE_MARK_BAR,	/* y of each category, with its interval */
	PIKE_MARK_HIST, /* y things between x and the next x */
	PIKE_MARK_DOT,
	PIKE_MARK_COUNT
};
const char *pike_mark_name(enum pike_mark m);

/* A line, or the bars of one colour. NaN: unmeasured. */
struct pike_series {
	char *name;
	double *x, *y, *lo, *hi; /* lo, hi: an interval, or NaN */
	const char **note;	 /* what else a point tells, or NULL */
	size_t n, cap;
	bool reference; /* one point: a line across, x is not used */
	char *source;	/* of a reference: who published it; NULL: measured */
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
/* Of the last point; `note` is not copied. */
void pike_series_note(struct pike_series *s, const char *note);
/* A dashed line across. Those are added after all other series. */
void pike_figure_reference(struct pike_figure *f, const char *label,
			   const char *source, double value);
/* One SVG element that stands alone: colours for light and dark, a title and a
 * description for readers of screens, the value of each mark as its title. */
void pike_figure_svg(struct pike_buf *b, const struct pike_figure *f);
/* The family of a search as one such drawing; false: nothing is in it, or more
 * than a drawing can show. */
bool pike_lineage_svg(struct pike_buf *b, const struct pike_history *h,
		      const char *id);
/* RFC 4180: series, x or category, y, lo, hi, note, and apart from these what
 * others have published: value and source. Unmeasured: empty. */
void pike_figure_csv(struct pike_buf *b, const struct pike_figure *f);

/* ---- quote.c: numbers that others have published ---- */

#define PIKE_QUOTES 8
struct pike_quote {
	char *label, *source;
	double value; /* a speedup */
};
struct pike_quotes {
	struct pike_quote v[PIKE_QUOTES];
	size_t n;
};
/* A JSON list of {"label": "...", "source": "...", "value": 1.8}. PIKE_USAGE
 * names the entry, what is wrong with it and what it may be; `name` is the
 * file's, for messages. */
int pike_quotes_parse(struct pike_quotes *out, const char *s, size_t len,
		      const char *name, struct pike_err *err);
void pike_quotes_release(struct pike_quotes *r);

/* ---- kinds.c, clocked.c: what is read of candidates and results ---- */

#define PIKE_KINDS 6
/* Of bit i: "Triton". */
const char *pike_kind_name(size_t i);
/* Bits of the kinds that the words of a line tell. */
unsigned pike_kinds_of(const char *line, size_t len);

/* All zero: nothing yet. Times in seconds. */
struct pike_clocked {
	struct {
		char name[24];
		double secs;
	} phases[24];
	size_t nphases, n; /* n: results */
	double held;	   /* a device */
	double kernels;	   /* ran, in pairs that were timed */
	int64_t from, to;  /* Unix time: the first begins, the last ends */
};
void pike_clocked_add(struct pike_clocked *c, const struct pike_result *r);
void pike_clocked_join(struct pike_clocked *c, const struct pike_clocked *more);

/* ---- summary.c, knobs.c, figures.c: what searches come to ---- */

/* One search, as a report has it. */
struct pike_report_search {
	const struct pike_history *h;
	/* "main", or the name of the run; with its lane where a target of a run
	 * has several. */
	const char *run;
	const struct pike_result *proof;  /* the champion's; NULL: none here */
	const struct pike_target *target; /* NULL: not in this config */
	const char *diff;		  /* champion against base; NULL */
	/* Of each record, without blank lines and comments of a line of their
	 * own: how long its files are, how many lines it adds and removes
	 * against what it was made from. -1: unknown; NULL: of none. */
	const int *lines, *changed;
	const unsigned *kinds;		    /* of those with lines; NULL */
	const struct pike_clocked *clocked; /* NULL: unknown */
	const char *strategy;		    /* of its last generation; NULL */
	const struct pike_preset *preset;   /* its knobs; NULL: unknown here */
};
struct pike_report {
	const char *title;
	const struct pike_report_search *v;
	size_t n;
	const struct pike_quotes *quotes; /* NULL: none */
	/* Of so many candidates one was read, of very many; else 0 or 1. */
	size_t every;
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
 * that both have measured on the same lane, with a 95 % interval over targets
 * (NaN: too few for one). Returns how many targets those are. */
size_t pike_report_compare(struct pike_ratio *out, const struct pike_report *r,
			   const char *run, const char *over);
/* The first search of each run and strategy. The caller frees. */
size_t pike_report_strategies(const struct pike_report_search ***out,
			      const struct pike_report *r);
/* As settings call the i-th knob; NULL past the last. */
const char *pike_knob_name(size_t i);
/* Its value; nothing where it is unknown or of no use. */
void pike_knob_text(struct pike_buf *b, const struct pike_preset *p, size_t i);
/* The caller releases each and frees. */
size_t pike_report_figures(struct pike_figure **out,
			   const struct pike_report *r);

/* ---- page.c, document.c, formats.c ---- */

/* One HTML page that needs nothing else; `css` and `js` go into it. */
void pike_report_html(struct pike_buf *b, const struct pike_report *r,
		      const char *css, const char *js);
void pike_report_markdown(struct pike_buf *b, const struct pike_report *r);
/* By templates/report/report.schema.json, whose version this names. */
#define PIKE_REPORT_SCHEMA "pike-git-report-1"
void pike_report_json(struct pike_buf *b, const struct pike_report *r);
/* A line for each target and run, RFC 4180. */
void pike_report_csv(struct pike_buf *b, const struct pike_report *r);
/* For github-action-benchmark's customBiggerIsBetter. */
void pike_report_benchmark(struct pike_buf *b, const struct pike_report *r);
/* A suite for each run, a test for each target: skipped where it is
 * unmeasured, else passed, with what came of it. */
void pike_report_junit(struct pike_buf *b, const struct pike_report *r);

#endif
