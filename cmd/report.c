/* SPDX-License-Identifier: Apache-2.0 */
/* report: what the searches of the repository came to, as a page or as data. */
#include "cmd.h"
#include "code.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_MAX (256u << 20)
#define TEMPLATE_MAX (1u << 20)
#define DIFF_MAX (1u << 20)
/* More would be read for longer than a page is waited for. */
#define CODE_RECORDS 3000

struct opts {
	struct pike_common common;
	const char *out, *format;
};

static const struct pike_opt opts_table[] = {
	{ .name = "out",
	  .letter = 'o',
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, out),
	  .arg = "FILE|DIR/",
	  .help =
	      "write there instead of to stdout; into a folder, the figures "
	      "as SVG and their data as CSV too" },
	{ .name = "format",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, format),
	  .arg = "NAME",
	  .help = "html (default), markdown, json, csv or "
		  "github-action-benchmark" },
	{ .name = NULL },
};

static void html(struct pike_buf *b, const struct pike_report *r,
		 const struct pike_buf *css, const struct pike_buf *js)
{
	pike_report_html(b, r, css->s, js->s);
}

/* A format's name, the file of a folder, and who writes it. */
static const struct format {
	const char *name, *file;
	void (*print)(struct pike_buf *b, const struct pike_report *r);
} formats[] = {
	{ "html", "index.html", NULL }, /* needs templates */
	{ "markdown", "report.md", pike_report_markdown },
	{ "json", "report.json", pike_report_json },
	{ "csv", "report.csv", pike_report_csv },
	{ "github-action-benchmark", "benchmark.json", pike_report_benchmark },
};

static int pick_format(const struct format **out, const struct opts *o,
		       struct pike_err *err)
{
	const char *name = o->format	    ? o->format
			   : o->common.json ? "json"
					    : "html";

	for (size_t i = 0; i < PIKE_ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		*out = &formats[i];
		return 0;
	}
	return pike_fail(err, PIKE_USAGE,
			 "--format: '%s' is unknown; there are html, markdown, "
			 "json, csv and github-action-benchmark",
			 name);
}

/* ---- what a report is made from ---- */

struct made {
	struct pike_founds found;
	struct pike_report_search *v;
	struct pike_result *proofs;
	struct pike_buf *diffs;
	struct pike_code *code;
	size_t n;
};

static void made_release(struct made *m)
{
	for (size_t i = 0; i < m->n; i++) {
		pike_result_release(&m->proofs[i]);
		pike_buf_release(&m->diffs[i]);
		pike_code_release(&m->code[i]);
	}
	free(m->code);
	free(m->v);
	free(m->proofs);
	free(m->diffs);
	pike_founds_release(&m->found);
}

/* What this clone does not have is left out, and the page says so. */
static void add_proof(struct pike_ctx *ctx, struct made *m, size_t i)
{
	const struct pike_history *h = m->v[i].h;
	struct pike_strs paths = PIKE_STRS_INIT;

	if (ctx->settings)
		m->v[i].target = pike_settings_target(ctx->settings, h->target);
	if (pike_oid_eq(&h->champion, &h->base))
		return;
	if (!pike_last_result(&m->proofs[i], ctx, &h->champion, PIKE_CONFIRM,
			      NULL, NULL))
		m->v[i].proof = &m->proofs[i];
	/* Only its evolvable files differ, whatever they are called. */
	if (!pike_repo_changed(&paths, ctx->repo, &h->base, &h->champion,
			       NULL) &&
	    !pike_repo_difference(&m->diffs[i], ctx->repo, &h->base,
				  &h->champion, &paths, NULL) &&
	    m->diffs[i].len)
		m->v[i].diff = m->diffs[i].s;
	pike_strs_release(&paths);
}

static void add_code(struct pike_ctx *ctx, struct made *m)
{
	size_t all = 0;

	for (size_t i = 0; i < m->n; i++)
		all += m->v[i].h->nrecs;
	if (all > CODE_RECORDS)
		return;
	for (size_t i = 0; i < m->n; i++) {
		pike_code_count(&m->code[i], ctx->repo, m->v[i].h);
		m->v[i].lines = m->code[i].lines;
		m->v[i].changed = m->code[i].changed;
	}
}

static bool is_wanted(const struct pike_strs *runs, const char *run)
{
	return !runs->n || pike_strs_has(runs, run ? run : "main");
}

static int make(struct made *m, struct pike_ctx *ctx,
		const struct pike_strs *runs, struct pike_err *err)
{
	const struct pike_strs all = PIKE_STRS_INIT;
	int ret = pike_find_searches(&m->found, ctx, &all, NULL, err);

	if (ret)
		return ret;
	m->v = pike_xcalloc(m->found.n + 1, sizeof(*m->v));
	m->proofs = pike_xcalloc(m->found.n + 1, sizeof(*m->proofs));
	m->diffs = pike_xcalloc(m->found.n + 1, sizeof(*m->diffs));
	m->code = pike_xcalloc(m->found.n + 1, sizeof(*m->code));
	for (size_t i = 0; i < m->found.n; i++) {
		struct pike_found f = m->found.v[i];

		if (!is_wanted(runs, f.run))
			continue;
		/* Those that are wanted come first, and are `n`. */
		m->found.v[i] = m->found.v[m->n];
		m->found.v[m->n] = f;
		pike_result_init(&m->proofs[m->n]);
		pike_buf_init(&m->diffs[m->n], DIFF_MAX);
		m->v[m->n].h = f.history;
		m->v[m->n].run = f.run ? f.run : "main";
		add_proof(ctx, m, m->n++);
	}
	add_code(ctx, m);
	if (!m->n && runs->n)
		return pike_fail(
		    err, PIKE_USAGE,
		    "there is no run '%s'; `pike-git status` lists "
		    "them",
		    runs->v[0]);
	return 0;
}

/* ---- where it goes ---- */

static int print(struct pike_buf *b, const struct format *f,
		 const struct pike_report *r, struct pike_err *err)
{
	struct pike_buf css, js;
	int ret = 0;

	if (f->print) {
		f->print(b, r);
		return 0;
	}
	pike_buf_init(&css, TEMPLATE_MAX);
	pike_buf_init(&js, TEMPLATE_MAX);
	ret = pike_read_template(&css, "report/page.css", err);
	if (!ret)
		ret = pike_read_template(&js, "report/page.js", err);
	if (!ret)
		html(b, r, &css, &js);
	pike_buf_release(&css);
	pike_buf_release(&js);
	return ret;
}

static int write_to(const char *dir, const char *name, const char *ending,
		    const struct pike_buf *b, struct pike_err *err)
{
	char *path = pike_xasprintf("%s%s%s", dir, name, ending);
	int ret = pike_write_file(path, b->s, b->len, err);

	free(path);
	return ret;
}

static int write_figures(const char *dir, const struct pike_report *r,
			 struct pike_err *err)
{
	struct pike_figure *v;
	size_t n = pike_report_figures(&v, r);
	int ret = 0;

	for (size_t i = 0; i < n; i++) {
		struct pike_buf b;

		pike_buf_init(&b, PAGE_MAX);
		pike_figure_svg(&b, &v[i]);
		if (!ret)
			ret = write_to(dir, v[i].id, ".svg", &b, err);
		pike_buf_reset(&b);
		pike_figure_csv(&b, &v[i]);
		if (!ret)
			ret = write_to(dir, v[i].id, ".csv", &b, err);
		pike_buf_release(&b);
		pike_figure_release(&v[i]);
	}
	free(v);
	return ret;
}

static int deliver(struct pike_ctx *ctx, const struct opts *o,
		   const struct format *f, const struct pike_report *r,
		   struct pike_err *err)
{
	bool folder = o->out && pike_ends_with(o->out, "/");
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, PAGE_MAX);
	ret = print(&b, f, r, err);
	if (!ret && b.full)
		ret = pike_fail(err, PIKE_FAILED,
				"the report is larger than %u MiB; name fewer "
				"runs",
				PAGE_MAX >> 20);
	if (!ret && !o->out)
		pike_buf_add(&ctx->out, b.s, b.len);
	else if (!ret && !folder)
		ret = pike_write_file(o->out, b.s, b.len, err);
	if (!ret && folder)
		ret = pike_mkdir_p(o->out, 0777, err);
	if (!ret && folder)
		ret = write_to(o->out, f->file, "", &b, err);
	if (!ret && folder)
		ret = write_figures(o->out, r, err);
	pike_buf_release(&b);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const struct format *f = NULL;
	struct made m = { .n = 0 };
	struct pike_report r = { .title = "pike-git report" };
	int ret = pick_format(&f, o, err);

	if (ret)
		return ret;
	/* Without it the page lacks differences and rooflines, no more. */
	pike_ctx_config(ctx, opts, NULL);
	ret = make(&m, ctx, rest, err);
	r.v = m.v;
	r.n = m.n;
	if (!ret && !m.n)
		pike_warn("no search yet; `pike-git evolve` begins one");
	if (!ret)
		ret = deliver(ctx, o, f, &r, err);
	made_release(&m);
	return ret;
}

const struct pike_cmd pike_cmd_report = {
	.name = "report",
	.summary = "what searches came to: a page, figures, data",
	.usage = "[RUN...]",
	.text = "One HTML page on stdout, with all targets, runs and lanes of "
		"this repository; it needs no network. RUN names what was made "
		"with `evolve --run`; `main` is the search without a name.\n"
		"Speedups are confirmed, over the base. The published rule "
		"(floor at 1, a missing target is 1) stands beside the plain "
		"one, and what was never measured is called unmeasured.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
};
