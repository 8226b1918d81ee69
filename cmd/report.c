/* SPDX-License-Identifier: Apache-2.0 */
/* report: what the searches of the repository came to, as a page or as data. */
#include "gather.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_MAX (256u << 20)
#define REFERENCE_MAX (64u << 10)

struct opts {
	struct pike_common common;
	const char *out, *format, *reference;
};

static const struct pike_opt opts_table[] = {
	{ .name = "out",
	  .letter = 'o',
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, out),
	  .arg = "FILE|DIR/",
	  .help = "not to stdout; DIR/: with the figures and data" },
	{ .name = "format",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, format),
	  .arg = "NAME",
	  .help = "html (default), markdown, json, csv..." },
	{ .name = "reference",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, reference),
	  .arg = "FILE",
	  .help = "published numbers, drawn as dashed lines" },
	{ .name = NULL },
};

/* Who writes a format: of these the first that is there. */
static const struct format {
	const char *name, *file; /* of a folder */
	void (*print)(struct pike_buf *b, const struct pike_report *r);
	int (*ask)(struct pike_buf *b, const struct pike_report *r,
		   struct pike_err *err);
	const char *as_it_is; /* a template */
} formats[] = {
	{ .name = "html", .file = "index.html", .ask = pike_print_page },
	{ .name = "markdown",
	  .file = "report.md",
	  .print = pike_report_markdown },
	{ .name = "json", .file = "report.json", .print = pike_report_json },
	{ .name = "json-schema",
	  .file = "report.schema.json",
	  .as_it_is = PIKE_SCHEMA_FILE },
	{ .name = "csv", .file = "report.csv", .print = pike_report_csv },
	{ .name = "junit", .file = "report.xml", .print = pike_report_junit },
	{ .name = "github-action-benchmark",
	  .file = "benchmark.json",
	  .print = pike_report_benchmark },
};

static void format_names(struct pike_buf *b)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(formats); i++)
		pike_buf_addf(b, "%s%s", i ? ", " : "", formats[i].name);
}

static int print(struct pike_buf *b, const struct format *f,
		 const struct pike_report *r, struct pike_err *err)
{
	if (f->print)
		f->print(b, r);
	else if (f->ask)
		return f->ask(b, r, err);
	else
		return pike_read_template(b, f->as_it_is, err);
	return 0;
}

static int pick_format(const struct format **out, const struct opts *o,
		       struct pike_err *err)
{
	const char *name = o->format	    ? o->format
			   : o->common.json ? "json"
					    : "html";
	struct pike_buf names;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		*out = &formats[i];
		return 0;
	}
	pike_buf_init(&names, 1024);
	format_names(&names);
	pike_fail(err, PIKE_USAGE, "--format: '%s' is unknown; there are %s",
		  name, names.s);
	pike_buf_release(&names);
	return PIKE_USAGE;
}

/* ---- where it goes ---- */

static int write_into(const char *dir, const char *name,
		      const struct pike_buf *b, struct pike_err *err)
{
	char *path = pike_xasprintf("%s%s", dir, name);
	int ret = pike_write_file(path, b->s, b->len, err);

	free(path);
	return ret;
}

static int write_figures(const char *dir, const struct pike_report *r,
			 struct pike_err *err)
{
	struct pike_files files = { 0 };
	int ret = 0;

	pike_add_figures(&files, dir, r);
	for (size_t i = 0; !ret && i < files.n; i++)
		ret = pike_write_file(files.v[i].path, files.v[i].data,
				      files.v[i].len, err);
	pike_files_release(&files);
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
		ret = write_into(o->out, f->file, &b, err);
	if (!ret && folder)
		ret = write_figures(o->out, r, err);
	pike_buf_release(&b);
	return ret;
}

static int read_references(struct pike_quotes *out, const char *path,
			   struct pike_err *err)
{
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, REFERENCE_MAX);
	ret = pike_read_file(&b, path, err);
	if (!ret)
		ret = pike_quotes_parse(out, b.s, b.len, path, err);
	pike_buf_release(&b);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const struct format *f = NULL;
	struct pike_gathered m = { .n = 0 };
	struct pike_quotes refs = { .n = 0 };
	struct pike_report r = { .title = "pike-git report", .quotes = &refs };
	int ret = pick_format(&f, o, err);

	if (!ret && o->reference)
		ret = read_references(&refs, o->reference, err);
	if (ret)
		return ret;
	pike_ctx_config(ctx, opts, NULL);
	ret = pike_gather(&m, ctx, rest, err);
	r.v = m.v;
	r.n = m.n;
	r.every = m.every;
	if (!ret && !m.n)
		pike_warn("no search yet; `pike-git evolve` begins one");
	if (!ret)
		ret = deliver(ctx, o, f, &r, err);
	pike_gathered_release(&m);
	pike_quotes_release(&refs);
	return ret;
}

const struct pike_cmd pike_cmd_report = {
	.name = "report",
	.summary = "what searches came to: a page, figures, data",
	.usage = "[RUN...]",
	.text = "One HTML page on stdout, with all targets, runs and lanes of "
		"this repository; it needs no network. RUN names what was made "
		"with `evolve --run`; `main` is the search without a name. "
		"With a folder, each figure as SVG and its data as CSV stand "
		"beside the page. Formats: html, markdown, json (by the "
		"schema that json-schema prints), csv, junit and "
		"github-action-benchmark.\n"
		"Speedups are confirmed, over the base. The published rule "
		"(floor at 1, a missing target is 1) stands beside the plain "
		"one, and what was never measured is called unmeasured.\n"
		"FILE of --reference is a JSON list of up to 8 entries like "
		"{\"label\": \"o1, level 1\", \"source\": \"where it stands\", "
		"\"value\": 1.8}: speedups that others have published. They "
		"are lines in figures, and in data stand apart from what was "
		"measured.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
};
