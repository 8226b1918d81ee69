/* SPDX-License-Identifier: Apache-2.0 */
/*
 * try: builds, checks and screens the files of the working tree against the
 * champion, and stores nothing: what a person, or an agent, asks while it
 * writes. Hidden cases are never run, so nothing is learned of them.
 */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "device/device.h"
#include "model/backend.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (4u << 20)
#define LOG_MAX_BYTES 4000

struct opts {
	struct pike_common common;
	const char *allow_weak, *run, *arch;
	bool compile_only;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "against the champion of this run" },
	{ .name = "compile-only",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, compile_only),
	  .help = "build and tell what it needs; needs no GPU" },
	{ .name = "arch",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, arch),
	  .arg = "sm_NN",
	  .help = "what GPU to compile for" },
	{ .name = "allow-weak",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, allow_weak),
	  .arg = "LEVEL",
	  .help = "go on below isolation I2, down to I1 or I0",
	  .person = true },
	{ .name = NULL },
};

/* ---- the working tree ---- */

/* What is no regular file is none of a candidate. */
static int read_one(struct pike_files *out, const char *root, const char *path,
		    struct pike_err *err)
{
	char *full = pike_xasprintf("%s/%s", root, path);
	int fd = open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct pike_buf b;
	struct stat st;
	int ret = 0;

	pike_buf_init(&b, FILE_MAX_BYTES);
	if (fd < 0)
		ret =
		    pike_fail_errno(err, PIKE_FAILED, "cannot read '%s'", full);
	else if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		ret = pike_fail(err, PIKE_FAILED, "'%s' is not a regular file",
				full);
	else
		ret = pike_read_fd(&b, fd, err);
	if (!ret)
		pike_files_add(out, path, b.s, b.len);
	if (fd >= 0)
		close(fd);
	pike_buf_release(&b);
	free(full);
	return ret;
}

static int read_working(struct pike_files *out, struct pike_ctx *ctx,
			const struct pike_target *t, struct pike_err *err)
{
	const char *root = pike_repo_workdir(ctx->repo);
	int ret = 0;

	if (!root)
		return pike_fail(err, PIKE_USAGE,
				 "a bare repository has no working files; "
				 "`pike-git bench REV` judges a commit");
	for (size_t i = 0; !ret && i < t->sources.n; i++)
		ret = read_one(out, root, t->sources.v[i], err);
	return ret;
}

/* ---- what it is held against ---- */

/* The champion of the lane that is set, else of the only search; without a
 * search the base. */
static int find_rival(struct pike_oid *out, struct pike_ctx *ctx,
		      const char *target, const char *run, struct pike_err *err)
{
	struct pike_strs names = PIKE_STRS_INIT;
	struct pike_founds f = { 0 };
	const char *lane = ctx->settings->lane;
	size_t n = 0;
	int ret;

	pike_strs_push(&names, target);
	ret = pike_repo_base(out, ctx->repo, ctx->settings->base, err);
	if (!ret)
		ret = pike_find_searches(&f, ctx, &names, run, err);
	for (size_t i = 0; !ret && i < f.n; i++) {
		if ((!run && f.v[i].run) ||
		    (lane && *lane && strcmp(lane, f.v[i].lane) != 0))
			continue;
		*out = f.v[i].history->champion;
		n++;
	}
	if (!ret && n > 1)
		ret = pike_fail(err, PIKE_USAGE,
				"'%s' has searches on several lanes; name one: "
				"`git -c pike.lane=NAME pike try %s`",
				target, target);
	pike_founds_release(&f);
	pike_strs_release(&names);
	return ret;
}

static bool same_files(struct pike_ctx *ctx, const struct pike_oid *commit,
		       const struct pike_target *t, const struct pike_files *f)
{
	struct pike_files was = { 0 };
	bool same =
	    !pike_repo_read(&was, ctx->repo, commit, &t->sources, true, NULL);

	for (size_t i = 0; same && i < f->n; i++) {
		const struct pike_file *w = pike_files_find(&was, f->v[i].path);

		same = w && w->len == f->v[i].len &&
		       !memcmp(w->data, f->v[i].data, w->len);
	}
	pike_files_release(&was);
	return same;
}

/* ---- one target ---- */

static void tell_text(struct pike_buf *b, const struct pike_result *r,
		      const struct pike_target *t, const struct pike_oid *rival)
{
	pike_buf_addf(b, "%s%s, against %.12s\n", b->len ? "\n" : "", t->name,
		      rival->hex);
	pike_text_result(b, r, t);
	if (r->log && *r->log) {
		size_t len = strlen(r->log);

		pike_buf_adds(b, "log:\n");
		pike_clean_lines(
		    b,
		    r->log + (len > LOG_MAX_BYTES ? len - LOG_MAX_BYTES : 0));
	}
	pike_resources_text(b, r);
	if (r->verdict == PIKE_V_NONE)
		pike_compiled_text(b, r);
}

void pike_tell_try(struct pike_buf *out, bool json, const struct pike_result *r,
		   const struct pike_target *t, const struct pike_oid *rival)
{
	struct pike_json *doc, *list, *j;

	if (!json) {
		tell_text(out, r, t, rival);
		return;
	}
	doc = pike_json_object();
	list = pike_json_array();
	j = pike_json_result(r);
	pike_json_set(doc, "results", list);
	if (j)
		pike_json_push(list, j);
	pike_json_print(out, doc);
	pike_buf_addc(out, '\n');
	pike_json_free(doc);
}

static void say(struct pike_ctx *ctx, const struct pike_result *r,
		const struct pike_target *t, const struct pike_oid *rival)
{
	struct pike_json *j = ctx->json ? pike_json_result(r) : NULL;

	if (j)
		pike_json_push(ctx->list, j);
	if (!ctx->json)
		tell_text(&ctx->out, r, t, rival);
}

/* Without its GPU only a compiler can say something. */
static bool compiles_only(const struct opts *o, const struct pike_target *t)
{
	const struct pike_backend_rules *rules =
	    pike_backend_rules_find(t->backend);
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_device_info dev;

	if (o->compile_only || !rules || !rules->gpu || rules->python ||
	    !pike_device_find(&dev, t->backend, &why))
		return o->compile_only;
	pike_warn("'%s' is compiled only, not run: %s", t->name, why.text);
	return true;
}

static int judge(struct pike_ctx *ctx, const struct opts *o,
		 const struct pike_target *t, const struct pike_oid *rival,
		 const struct pike_files *files, struct pike_err *err)
{
	bool only = compiles_only(o, t);
	struct pike_bench_opts b = { .target = t->name,
				     .base = rival->hex,
				     .working = files,
				     .quick = !only,
				     .compile_only = only,
				     .arch = o->arch,
				     .stop = ctx->stop };
	struct pike_result r;
	int ret = pike_pick_isolation(&b.require, o->allow_weak, err);

	pike_result_init(&r);
	if (!ret)
		ret = pike_run_bench(&r, ctx->repo, ctx->settings, &b, err);
	if (!ret)
		say(ctx, &r, t, rival);
	pike_result_release(&r);
	return ret;
}

/* `asked`: by name; else only what is edited. */
static int try_target(struct pike_ctx *ctx, const struct opts *o,
		      const struct pike_target *t, bool asked, size_t *tried,
		      struct pike_err *err)
{
	struct pike_files files = { 0 };
	struct pike_oid rival;
	int ret = find_rival(&rival, ctx, t->name, o->run, err);

	if (!ret)
		ret = read_working(&files, ctx, t, err);
	if (!ret && (asked || !same_files(ctx, &rival, t, &files))) {
		++*tried;
		ret = judge(ctx, o, t, &rival, &files, err);
	}
	pike_files_release(&files);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_strs names = PIKE_STRS_INIT;
	size_t tried = 0;
	int ret = pike_check_run(o->run, err);

	if (!ret)
		ret = pike_pick_targets(&names, ctx, rest, err);
	ctx->doc = pike_json_object();
	ctx->list = pike_json_array();
	pike_json_set(ctx->doc, "results", ctx->list);
	for (size_t i = 0; !ret && i < names.n; i++)
		ret = try_target(
		    ctx, o, pike_settings_target(ctx->settings, names.v[i]),
		    rest->n > 0, &tried, err);
	if (!ret && !tried)
		pike_buf_adds(&ctx->out,
			      "the working files are the champions'; "
			      "edit one and try again\n");
	pike_strs_release(&names);
	return ret;
}

const struct pike_cmd pike_cmd_try = {
	.name = "try",
	.summary = "judge the working files against the champion, quickly",
	.usage = "[TARGET...]",
	.text = "Builds, checks and screens what stands in the working tree, "
		"committed or not, and prints the verdict with its reason. "
		"Without a TARGET, those whose files are not the champion's. "
		"Nothing is stored, and hidden cases are not run: `pike-git "
		"propose --from REV` puts a commit on the search, where it is "
		"confirmed.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG | PIKE_READS | PIKE_TOOL,
	.run = run,
};
