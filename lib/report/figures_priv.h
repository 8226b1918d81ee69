/* SPDX-License-Identifier: Apache-2.0 */
/* figures_priv: what the files that make figures share. */
#ifndef PIKE_REPORT_FIGURES_PRIV_H
#define PIKE_REPORT_FIGURES_PRIV_H

#include "report/figures.h"

struct pike_figures {
	struct pike_figure *v;
	size_t n, cap;
	const struct pike_report *r;
	struct pike_run_sum *runs;
	size_t nruns;
	struct pike_strs targets;
};
/* ---- figure.c ---- */

/* The next one; the pointer holds until then. Its words are not copied. */
struct pike_figure *pike_figures_add(struct pike_figures *f, const char *id,
				     const char *title, const char *x,
				     const char *y);
/* Takes the last one back: the searches have nothing for it. */
void pike_figures_drop(struct pike_figures *f);
/* Adds to `about` that it is of a sample of the candidates, where it is. */
void pike_figures_sampled(struct pike_figures *f);

/* ---- curves.c ---- */

void pike_curves(struct pike_figures *f);
/* Of several runs, what each had come to when it had spent on a target what all
 * of them have: money, or where that is unknown queries. */
void pike_add_equal(struct pike_figure *g, const struct pike_figures *f);
/* Lines across for the baselines that all targets have, and for what others
 * have published; `about` tells of the latter. */
void pike_add_references(struct pike_figure *g, const struct pike_figures *f);

/* ---- shares.c ---- */

void pike_shares(struct pike_figures *f);

#endif
