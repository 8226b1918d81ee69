/* SPDX-License-Identifier: Apache-2.0 */
/* formats: the report for other programs, and as Markdown for forges. */
#include "report/page_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 200

/* ---- Markdown ---- */

static void md_number(struct pike_buf *b, double v)
{
	if (isnan(v))
		pike_buf_adds(b, " unmeasured |");
	else
		pike_buf_addf(b, " %.3fx |", v);
}

static void md_runs(struct pike_buf *b, const struct pike_run_sum *v, size_t n)
{
	pike_buf_adds(b, "| run | measured | geometric mean | published rule | "
			 "faster | queries | USD |\n"
			 "|---|--:|--:|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < n; k++) {
		pike_buf_adds(b, "| ");
		pike_md_code(b, v[k].run, NAME_MAX_BYTES);
		pike_buf_addf(b, " | %zu of %zu |", v[k].measured,
			      v[k].targets);
		md_number(b, v[k].mean);
		md_number(b, v[k].published);
		pike_buf_addf(b, " %zu | %lld | %.2f |\n", v[k].over[0],
			      (long long)v[k].queries, v[k].usd);
	}
	pike_buf_adds(b, "\nGeometric mean: of the measured targets. Published "
			 "rule: over all, none below 1, a missing one 1.\n\n");
}

static void md_target(struct pike_buf *b, const struct pike_report_search *s)
{
	const struct pike_history *h = s->h;

	pike_buf_adds(b, "| ");
	pike_md_code(b, h->target, NAME_MAX_BYTES);
	pike_buf_adds(b, " | ");
	pike_md_code(b, s->run, NAME_MAX_BYTES);
	pike_buf_adds(b, " | ");
	pike_md_code(b, h->lane, NAME_MAX_BYTES);
	if (!pike_report_measured(s))
		pike_buf_adds(b, " | unmeasured | | | |\n");
	else if (pike_oid_eq(&h->champion, &h->base))
		pike_buf_adds(b, " | no gain | | | |\n");
	else
		pike_buf_addf(b, " | **%.2fx** | %.2f | %.2f | `%.12s` |\n",
			      h->speedup.mid, h->speedup.lo, h->speedup.hi,
			      h->champion.hex);
}

/* GitHub and GitLab draw it; elsewhere it is read as the numbers it holds. */
static void md_chart(struct pike_buf *b, const struct pike_report *r)
{
	size_t n = 0;

	pike_buf_adds(b, "\n```mermaid\nxychart-beta\n    title \"Confirmed "
			 "speedup over the base\"\n    x-axis [");
	for (size_t i = 0; i < r->n; i++)
		if (pike_report_measured(&r->v[i]))
			pike_buf_addf(b, "%s\"%s/%s\"", n++ ? ", " : "",
				      r->v[i].h->target, r->v[i].run);
	pike_buf_adds(b, "]\n    y-axis \"speedup\"\n    bar [");
	n = 0;
	for (size_t i = 0; i < r->n; i++)
		if (pike_report_measured(&r->v[i]))
			pike_buf_addf(b, "%s%.3f", n++ ? ", " : "",
				      r->v[i].h->speedup.mid);
	pike_buf_adds(b, "]\n```\n");
}

void pike_report_markdown(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_run_sum *v;
	size_t n = pike_report_runs(&v, r);
	bool any = false;

	pike_buf_adds(b, "## ");
	pike_md_label(b, r->title, NAME_MAX_BYTES);
	pike_buf_adds(b, "\n\n");
	md_runs(b, v, n);
	pike_buf_adds(b, "| target | run | lane | speedup | from | to | "
			 "champion |\n|---|---|---|--:|--:|--:|---|\n");
	for (size_t i = 0; i < r->n; i++) {
		md_target(b, &r->v[i]);
		any = any || pike_report_measured(&r->v[i]);
	}
	if (any)
		md_chart(b, r);
	free(v);
}

/* ---- a line each ---- */

void pike_report_csv(struct pike_buf *b, const struct pike_report *r)
{
	pike_buf_adds(b,
		      "target,run,lane,speedup,lo,hi,champion,candidates\r\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct pike_history *h = r->v[i].h;
		bool measured = pike_report_measured(&r->v[i]);

		pike_csv_text(b, h->target);
		pike_buf_addc(b, ',');
		pike_csv_text(b, r->v[i].run);
		pike_buf_addc(b, ',');
		pike_csv_text(b, h->lane);
		pike_csv_number(b, measured ? h->speedup.mid : NAN);
		pike_csv_number(b, measured ? h->speedup.lo : NAN);
		pike_csv_number(b, measured ? h->speedup.hi : NAN);
		pike_buf_addf(b, ",%s,%zu\r\n", h->champion.hex, h->nrecs);
	}
}

void pike_report_benchmark(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct pike_history *h = r->v[i].h;
		struct pike_json *j;
		char *text;

		if (!pike_report_measured(&r->v[i]))
			continue;
		j = pike_json_object();
		text = pike_xasprintf("%s on %s, run %s", h->target, h->lane,
				      r->v[i].run);
		pike_json_set_str(j, "name", text);
		free(text);
		pike_json_set_str(j, "unit", "x");
		pike_json_set_f64(j, "value", h->speedup.mid);
		text = pike_xasprintf("[%.3f, %.3f]", h->speedup.lo,
				      h->speedup.hi);
		pike_json_set_str(j, "range", text);
		free(text);
		pike_json_set_str(j, "extra", h->champion.hex);
		pike_json_push(list, j);
	}
	pike_json_print(b, list);
	pike_buf_addc(b, '\n');
	pike_json_free(list);
}

/* ---- a test each ---- */

/* NULL: this run has no search of it. Its words are the last of `texts`. */
static struct pike_test_case as_test(const struct pike_report_search *s,
				     struct pike_strs *texts)
{
	const struct pike_history *h = s ? s->h : NULL;
	struct pike_test_case c = { .state = PIKE_TEST_PASSED };
	char ratio[64];

	if (s && s->target && s->target->sources.n)
		c.file = s->target->sources.v[0];
	if (s && s->proof)
		c.secs = s->proof->secs;
	if (!h || !pike_report_measured(s)) {
		c.state = PIKE_TEST_SKIPPED;
		pike_strs_push(texts, "unmeasured: nothing of it has been "
				      "judged in this run");
	} else if (pike_oid_eq(&h->champion, &h->base)) {
		pike_strs_pushf(texts,
				"no gain was confirmed in %zu candidate%s: the "
				"base stays",
				h->nrecs, h->nrecs == 1 ? "" : "s");
	} else {
		pike_strs_pushf(texts, "%s over the base %.12s: %.12s",
				pike_ratio_text(ratio, &h->speedup),
				h->base.hex, h->champion.hex);
	}
	return c;
}

static void junit_run(struct pike_buf *b, const struct pike_report *r,
		      const char *run, const struct pike_strs *targets)
{
	struct pike_test_case *v =
	    pike_xcalloc(r->n + targets->n + 1, sizeof(*v));
	struct pike_strs names = PIKE_STRS_INIT, texts = PIKE_STRS_INIT;
	char *suite = pike_xasprintf("pike-git report, run %s", run);
	char *class = pike_xasprintf("pike-git.report.%s", run);
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].run, run)) {
			pike_strs_pushf(&names, "%s/%s", r->v[i].h->target,
					r->v[i].h->lane);
			v[n++] = as_test(&r->v[i], &texts);
		}
	for (size_t i = 0; i < targets->n; i++)
		if (!pike_report_find(r, targets->v[i], run)) {
			pike_strs_push(&names, targets->v[i]);
			v[n++] = as_test(NULL, &texts);
		}
	for (size_t i = 0; i < n; i++) {
		v[i].name = names.v[i];
		v[i].text = texts.v[i];
	}
	pike_junit_suite(b, suite, class, v, n);
	pike_strs_release(&names);
	pike_strs_release(&texts);
	free(suite);
	free(class);
	free(v);
}

void pike_report_junit(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_strs targets = PIKE_STRS_INIT;
	struct pike_run_sum *runs;
	size_t n = pike_report_runs(&runs, r);

	pike_report_targets(&targets, r);
	pike_junit_open(b);
	for (size_t k = 0; k < n; k++)
		junit_run(b, r, runs[k].run, &targets);
	pike_junit_close(b);
	pike_strs_release(&targets);
	free(runs);
}
