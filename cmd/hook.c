/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook: internal; what the installed git hooks call. Those of a server refuse
 * what breaks the record; those of a clone help, and never stop anything.
 */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PUSH_MAX = 64 << 20, /* bytes of lines that pre-receive is told */
	SYNC_MS = 10 * 60 * 1000
};

/* Set for what a hook starts: its pushes call no hook again. */
#define INSIDE "PIKE_INSIDE_HOOK"

/* ---- a server's ---- */

static bool oid_of(struct pike_oid *out, const char *text)
{
	memset(out, 0, sizeof(*out));
	if (strlen(text) != sizeof(out->hex) - 1 ||
	    strspn(text, "0123456789abcdef") != sizeof(out->hex) - 1)
		return false;
	if (strspn(text, "0") != sizeof(out->hex) - 1)
		memcpy(out->hex, text, sizeof(out->hex));
	return true;
}

static int refused(int ret, const struct pike_err *err)
{
	if (ret != PIKE_FAILED)
		return ret;
	pike_error("refused: %s", err->text);
	return PIKE_EXIT_NO;
}

static int update(struct pike_ctx *ctx, const struct pike_strs *args,
		  struct pike_err *err)
{
	struct pike_ref_update u = { .ref = args->v[0] };

	if (!oid_of(&u.was, args->v[1]) || !oid_of(&u.now, args->v[2]))
		return pike_fail(err, PIKE_USAGE,
				 "update: the operands are REF OLD NEW");
	return refused(pike_repo_receive(ctx->repo, &u, 1, false, err), err);
}

struct updates {
	struct pike_ref_update *v;
	size_t n, cap;
};

static int add_update(struct updates *l, const char *line, struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;
	struct pike_ref_update u;
	bool ok;

	pike_strs_split(&words, line, " ");
	ok = words.n == 3 && oid_of(&u.was, words.v[0]) &&
	     oid_of(&u.now, words.v[1]);
	if (ok) {
		u.ref = pike_xstrdup(words.v[2]);
		PIKE_GROW(l->v, l->n, l->cap);
		l->v[l->n++] = u;
	}
	pike_strs_release(&words);
	return ok ? 0
		  : pike_fail(err, PIKE_USAGE,
			      "pre-receive: the lines of stdin are OLD NEW "
			      "REF");
}

static int pre_receive(struct pike_ctx *ctx, const struct pike_strs *args,
		       struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct updates l = { NULL, 0, 0 };
	struct pike_buf in;
	int ret;

	(void)args;
	pike_buf_init(&in, PUSH_MAX);
	ret = pike_read_fd(&in, STDIN_FILENO, err);
	if (!ret)
		pike_strs_split(&lines, in.s, "\n");
	for (size_t i = 0; !ret && i < lines.n; i++)
		ret = add_update(&l, lines.v[i], err);
	if (!ret)
		ret = refused(pike_repo_receive(ctx->repo, l.v, l.n, true, err),
			      err);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].ref);
	free(l.v);
	pike_strs_release(&lines);
	pike_buf_release(&in);
	return ret;
}

/* ---- a clone's ---- */

static int call_sync(struct pike_err *err)
{
	char *exe = pike_xasprintf("%s/pike-git", pike_exe_dir());
	const char *const argv[] = { exe, "sync", "--push", "-q", NULL };
	const struct pike_proc_opts o = { .argv = argv, .timeout_ms = SYNC_MS };
	struct pike_proc_result res;
	int ret;

	setenv(INSIDE, "1", 1);
	ret = pike_proc_run(&res, &o, err);
	free(exe);
	if (ret)
		return ret;
	res.err.s[strcspn(res.err.s, "\n")] = '\0';
	if (res.status)
		ret = pike_fail(err, PIKE_FAILED, "%s",
				res.timed_out ? "it took too long" : res.err.s);
	pike_proc_result_release(&res);
	return ret;
}

/* Only to the remote that searches are kept in step with. */
static int pre_push(struct pike_ctx *ctx, const struct pike_strs *args,
		    struct pike_err *err)
{
	struct pike_strs searches = PIKE_STRS_INIT;
	int ret = 0;

	if (getenv(INSIDE) || !pike_cmd_find("sync"))
		return 0;
	ret = pike_ctx_config(ctx, NULL, err);
	if (!ret && !strcmp(args->v[0], ctx->settings->remote))
		ret = pike_search_list(&searches, ctx->repo, err);
	if (!ret && searches.n && call_sync(err))
		pike_warn("searches and results were not sent along: %s; "
			  "`pike-git sync --push` does it again",
			  err->text);
	pike_strs_release(&searches);
	return ret;
}

/* Tree of a target's files at a revision; false where they are not there. */
static bool source_at(struct pike_oid *out, const struct pike_ctx *ctx,
		      const struct pike_target *t, const struct pike_oid *at)
{
	struct pike_files f = { 0 };
	bool ok =
	    !pike_repo_read(&f, ctx->repo, at, &t->sources, false, NULL) &&
	    !pike_repo_source(out, ctx->repo, &f, NULL);

	pike_files_release(&f);
	return ok;
}

/* Are the files that are checked out what a search has left behind: its base,
 * or a candidate that is not the champion? What people made of them since is
 * theirs. */
static bool is_behind(const struct pike_ctx *ctx, const struct pike_found *f,
		      const struct pike_oid *head)
{
	const struct pike_target *t =
	    pike_settings_target(ctx->settings, f->target);
	struct pike_history *h = f->history;
	struct pike_oid here, champion, base;

	if (!t || f->run || pike_oid_eq(&h->champion, &h->base) ||
	    !source_at(&here, ctx, t, head) ||
	    !source_at(&champion, ctx, t, &h->champion) ||
	    pike_oid_eq(&here, &champion))
		return false;
	return (source_at(&base, ctx, t, &h->base) &&
		pike_oid_eq(&here, &base)) ||
	       pike_history_by_source(h, &here);
}

static void hint_of(struct pike_ctx *ctx, const struct pike_founds *f,
		    const struct pike_oid *head)
{
	struct pike_strs behind = PIKE_STRS_INIT;

	for (size_t i = 0; i < f->n; i++)
		if (is_behind(ctx, &f->v[i], head))
			pike_strs_pushf(&behind, "%s (%.2fx on %s)",
					f->v[i].target,
					f->v[i].history->speedup.mid,
					f->v[i].history->lane);
	if (behind.n)
		pike_buf_addf(&ctx->out,
			      "pike-git: a faster version is confirmed of %s",
			      behind.v[0]);
	if (behind.n > 1)
		pike_buf_addf(&ctx->out, " and of %zu more", behind.n - 1);
	if (behind.n)
		pike_buf_adds(&ctx->out, ": see `pike-git status`\n");
	pike_strs_release(&behind);
}

/* A clone has the branches of searches, and none of their results. */
static void hint_notes(struct pike_ctx *ctx)
{
	struct pike_oid id;

	if (pike_repo_resolve(&id, ctx->repo, "refs/notes/pike/results", NULL))
		pike_buf_addf(&ctx->out,
			      "pike-git: results of the searches are not here; "
			      "fetch them: git fetch %s "
			      "'refs/notes/pike/*:refs/notes/pike/*' "
			      "'refs/pike/*:refs/pike/*'\n",
			      ctx->settings->remote);
}

static int look_up(struct pike_ctx *ctx, struct pike_err *err)
{
	static const struct pike_strs all = PIKE_STRS_INIT;
	struct pike_founds f = { 0 };
	struct pike_oid head;
	int ret = pike_ctx_config(ctx, NULL, err);

	if (!ret)
		ret = pike_repo_resolve(&head, ctx->repo, "HEAD", err);
	if (!ret)
		ret = pike_find_searches(&f, ctx, &all, NULL, err);
	if (!ret) {
		hint_of(ctx, &f, &head);
		if (!ctx->out.len && f.n)
			hint_notes(ctx);
	}
	pike_founds_release(&f);
	return ret;
}

static int post_merge(struct pike_ctx *ctx, const struct pike_strs *args,
		      struct pike_err *err)
{
	(void)args;
	return look_up(ctx, err);
}

/* Not when only some files were checked out. */
static int post_checkout(struct pike_ctx *ctx, const struct pike_strs *args,
			 struct pike_err *err)
{
	return strcmp(args->v[2], "1") ? 0 : look_up(ctx, err);
}

/* ---- the command ---- */

static const struct hook {
	const char *name;
	size_t args; /* that git gives it */
	bool helps;  /* a clone's: whatever happens, git goes on */
	int (*run)(struct pike_ctx *ctx, const struct pike_strs *args,
		   struct pike_err *err);
} hooks[] = {
	{ .name = "update", .args = 3, .run = update },
	{ .name = "pre-receive", .args = 0, .run = pre_receive },
	{ .name = "pre-push", .args = 2, .helps = true, .run = pre_push },
	{ .name = "post-merge", .args = 1, .helps = true, .run = post_merge },
	{ .name = "post-checkout",
	  .args = 3,
	  .helps = true,
	  .run = post_checkout },
};

static int run_hook(const struct hook *h, struct pike_ctx *ctx,
		    const struct pike_strs *rest, struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT;
	int ret;

	for (size_t i = 1; i < rest->n; i++)
		pike_strs_push(&args, rest->v[i]);
	if (args.n != h->args)
		ret =
		    pike_fail(err, PIKE_USAGE, "%s: git gives it %zu operands",
			      h->name, h->args);
	else
		ret = h->run(ctx, &args, err);
	pike_strs_release(&args);
	if (ret >= 0 || !h->helps)
		return ret;
	pike_warn("%s: %s", h->name, err->text);
	err->text[0] = '\0';
	return 0;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	(void)opts;
	if (!rest->n)
		return pike_operands(rest, 1, 1, err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(hooks); i++)
		if (!strcmp(hooks[i].name, rest->v[0]))
			return run_hook(&hooks[i], ctx, rest, err);
	return pike_fail(err, PIKE_USAGE, "there is no hook '%s'", rest->v[0]);
}

const struct pike_cmd pike_cmd_hook = {
	.name = "hook",
	.summary = "what the installed git hooks call",
	.usage = "NAME [ARGS]",
	.text = "On a server, `update` and `pre-receive` exit with 1 where a "
		"push would break the record: evolution branches, ladders and "
		"notes only move forward; candidates change their target's "
		"files alone, commit by commit; generations and result lines "
		"are well formed, and signed where .pike/runners says so. In a "
		"clone, `pre-push` sends searches along, `post-merge` and "
		"`post-checkout` tell of faster versions; they always exit "
		"with 0.",
	.opts_size = sizeof(struct pike_common),
	.flags = PIKE_NEED_REPO | PIKE_READS | PIKE_HIDDEN,
	.run = run,
};
