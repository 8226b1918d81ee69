/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export: what somebody without the repository needs: the files of champions,
 * what was measured of them, and the report. Made twice it is the same.
 */
#include "gather.h"

#include "base/archive.h"
#include "base/mem.h"
#include "base/rand.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_MAX (256u << 20)
#define LINES_MAX (64u << 20)
#define DEFAULT_OUT "pike-export.tar.zst"

struct opts {
	struct pike_common common;
	const char *out;
};

static const struct pike_opt opts_table[] = {
	{ .name = "out",
	  .letter = 'o',
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, out),
	  .arg = "FILE",
	  .help = "instead of " DEFAULT_OUT },
	{ .name = NULL },
};

static void add(struct pike_files *out, const char *dir, const char *name,
		const char *text, size_t len)
{
	char *path = pike_xasprintf("%s/%s", dir, name);

	pike_files_add(out, path, text, len);
	free(path);
}

/* ---- one candidate ---- */

/* Its files are those in which it differs from the base. */
static int add_sources(struct pike_files *out, struct pike_ctx *ctx,
		       const struct pike_oid *base, const struct pike_oid *id,
		       const char *dir, struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	char *at = pike_xasprintf("%s/files", dir);
	int ret = pike_repo_changed(&paths, ctx->repo, base, id, err);

	if (!ret)
		ret = pike_repo_read(&files, ctx->repo, id, &paths, true, err);
	for (size_t i = 0; !ret && i < files.n; i++)
		add(out, at, files.v[i].path, files.v[i].data, files.v[i].len);
	pike_files_release(&files);
	pike_strs_release(&paths);
	free(at);
	return ret;
}

static int add_results(struct pike_files *out, struct pike_ctx *ctx,
		       const struct pike_oid *id, const char *dir,
		       struct pike_err *err)
{
	struct pike_result *res = NULL;
	struct pike_buf b;
	size_t n = 0;
	int ret = pike_results_of(&res, &n, ctx->repo, id, err);

	pike_buf_init(&b, LINES_MAX);
	for (size_t i = 0; i < n; i++) {
		pike_result_print(&b, &res[i]);
		pike_buf_addc(&b, '\n');
		pike_result_release(&res[i]);
	}
	free(res);
	if (!ret && b.len)
		add(out, dir, "results.jsonl", b.s, b.len);
	pike_buf_release(&b);
	return ret;
}

static int add_candidate(struct pike_files *out, struct pike_ctx *ctx,
			 const struct pike_oid *base, const struct pike_oid *id,
			 const char *dir, struct pike_err *err)
{
	char *message = NULL;
	int ret = pike_repo_message(&message, ctx->repo, id, err);

	if (!ret) {
		add(out, dir, "commit", id->hex, strlen(id->hex));
		add(out, dir, "message.txt", message, strlen(message));
		ret = add_sources(out, ctx, base, id, dir, err);
	}
	free(message);
	return ret ? ret : add_results(out, ctx, id, dir, err);
}

/* ---- all champions ---- */

static int add_champions(struct pike_files *out, struct pike_ctx *ctx,
			 const struct pike_gathered *m, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < m->n; i++) {
		const struct pike_history *h = m->v[i].h;
		char *dir;

		if (pike_oid_eq(&h->champion, &h->base))
			continue;
		dir = pike_xasprintf("champions/%s/%s", h->target, h->lane);
		ret = add_candidate(out, ctx, &h->base, &h->champion, dir, err);
		free(dir);
	}
	return ret;
}

static int add_report(struct pike_files *out, const struct pike_report *r,
		      struct pike_err *err)
{
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, PAGE_MAX);
	ret = pike_print_page(&b, r, err);
	add(out, "report", "index.html", b.s, b.len);
	pike_buf_reset(&b);
	pike_report_json(&b, r);
	add(out, "report", "report.json", b.s, b.len);
	pike_buf_reset(&b);
	ret = ret ? ret : pike_read_template(&b, PIKE_SCHEMA_FILE, err);
	add(out, "report", "report.schema.json", b.s, b.len);
	pike_buf_release(&b);
	pike_add_figures(out, "report/", r);
	return ret;
}

static int collect(struct pike_files *out, struct pike_ctx *ctx,
		   struct pike_err *err)
{
	const struct pike_strs all = PIKE_STRS_INIT;
	struct pike_gathered m = { .n = 0 };
	struct pike_report r = { .title = "pike-git report" };
	int ret = pike_gather(&m, ctx, &all, err);

	r.v = m.v;
	r.n = m.n;
	r.every = m.every;
	if (!ret && !m.n)
		ret = pike_fail(err, PIKE_FAILED,
				"there is no search to export; `pike-git "
				"evolve` begins one");
	if (!ret)
		ret = add_champions(out, ctx, &m, err);
	if (!ret)
		ret = add_report(out, &r, err);
	pike_gathered_release(&m);
	return ret;
}

/* The base is that of its search, else the base branch. */
static int collect_one(struct pike_files *out, struct pike_ctx *ctx,
		       const char *rev, struct pike_err *err)
{
	const struct pike_strs all = PIKE_STRS_INIT;
	struct pike_founds f = { 0 };
	struct pike_oid id, base = { "" };
	int ret = pike_repo_resolve(&id, ctx->repo, rev, err);

	if (!ret)
		ret = pike_find_searches(&f, ctx, &all, NULL, err);
	for (size_t i = 0; !ret && i < f.n; i++)
		if (pike_find_record(f.v[i].history, &id))
			base = f.v[i].history->base;
	if (!ret && !pike_oid_set(&base))
		ret = pike_repo_base(&base, ctx->repo,
				     ctx->settings ? ctx->settings->base : NULL,
				     err);
	pike_founds_release(&f);
	return ret ? ret
		   : add_candidate(out, ctx, &base, &id, "candidate", err);
}

/* ---- the archive ---- */

static void add_manifest(struct pike_files *f)
{
	struct pike_json *j = pike_json_object(), *list = pike_json_array();
	struct pike_buf b;

	for (size_t i = 0; i < f->n; i++) {
		struct pike_json *one = pike_json_object();
		char hash[65];

		pike_sha256_hex(hash, f->v[i].data, f->v[i].len);
		pike_json_set_str(one, "path", f->v[i].path);
		pike_json_set_str(one, "sha256", hash);
		pike_json_set_i64(one, "bytes", (int64_t)f->v[i].len);
		pike_json_push(list, one);
	}
	pike_json_set_i64(j, "v", 1);
	pike_json_set(j, "files", list);
	pike_buf_init(&b, LINES_MAX);
	pike_json_print(&b, j);
	pike_buf_addc(&b, '\n');
	pike_files_add(f, "manifest.json", b.s, b.len);
	pike_buf_release(&b);
	pike_json_free(j);
}

static int write_all(const char *path, const struct pike_files *f,
		     struct pike_err *err)
{
	struct pike_archive_file *v = pike_xcalloc(f->n, sizeof(*v));
	int ret;

	for (size_t i = 0; i < f->n; i++)
		v[i] = (struct pike_archive_file){ f->v[i].path, f->v[i].data,
						   f->v[i].len };
	ret = pike_archive_write(path, v, f->n, err);
	free(v);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const char *path = o->out ? o->out : DEFAULT_OUT;
	struct pike_files f = { 0 };
	int ret = pike_operands(rest, 0, 1, err);

	if (!ret)
		ret = pike_archive_check(path, err);
	if (ret)
		return ret;
	pike_ctx_config(ctx, opts, NULL);
	ret = rest->n ? collect_one(&f, ctx, rest->v[0], err)
		      : collect(&f, ctx, err);
	if (!ret) {
		add_manifest(&f);
		ret = write_all(path, &f, err);
	}
	if (!ret) {
		ctx->doc = pike_json_object();
		pike_json_set_str(ctx->doc, "out", path);
		pike_json_set_i64(ctx->doc, "files", (int64_t)f.n);
		pike_buf_addf(&ctx->out, "%s: %zu files\n", path, f.n);
	}
	pike_files_release(&f);
	return ret;
}

const struct pike_cmd pike_cmd_export = {
	.name = "export",
	.summary = "an archive of champions, results and the report",
	.usage = "[REV]",
	.text =
	    "For people without the repository. Of each champion: its "
	    "files, its commit's message and every result; the report with "
	    "its figures; and manifest.json with the SHA-256 of each file. "
	    "With REV: of that candidate alone. The same searches give the "
	    "same archive, byte for byte. The name of FILE says which kind: "
	    ".tar.zst, .tar.gz, .tar or .zip.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
};
