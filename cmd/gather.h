/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather: what a report or an export is made from.
 */
#ifndef PIKE_CMD_GATHER_H
#define PIKE_CMD_GATHER_H

#include "cmd.h"
#include "code.h"
#include "report/figures.h"

/* Searches with what this clone has of their champions. */
struct pike_gathered {
	struct pike_founds found;
	struct pike_report_search *v;
	struct pike_result *proofs;
	struct pike_buf *diffs;
	struct pike_code *code;
	char **strategies, **names; /* names: of runs, with their lanes */
	struct pike_preset *presets;
	size_t n;
	size_t every; /* as pike_report has it */
};
/* Of the named runs, `main` the one without a name; none named: of all. Needs
 * no configuration, but takes targets from the one that is there. */
int pike_gather(struct pike_gathered *m, struct pike_ctx *ctx,
		const struct pike_strs *runs, struct pike_err *err);
void pike_gathered_release(struct pike_gathered *m);

/* What `--format json` is by: a template. */
#define PIKE_SCHEMA_FILE "report/report.schema.json"

/* The HTML page, with its style and script. */
int pike_print_page(struct pike_buf *b, const struct pike_report *r,
		    struct pike_err *err);
/* DIR/NAME.svg and DIR/NAME.csv of each figure; `dir` ends with a slash or is
 * empty. */
void pike_add_figures(struct pike_files *out, const char *dir,
		      const struct pike_report *r);

#endif
