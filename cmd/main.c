/* SPDX-License-Identifier: Apache-2.0 */
/* main: global options, preconditions, dispatch, exit status. */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OUT_MAX (256u << 20)
#define DESCRIPTORS 1024

static volatile int stop;

/* The first signal asks the loop to end at the next safe point; everything
 * is safe in git at any time, so the second one need not wait. */
static void on_signal(int sig)
{
	(void)sig;
	if (stop)
		_exit(PIKE_EXIT_INTERRUPTED);
	stop = 1;
}

/* A limit on the size of files: the write fails then, and says why. Not
 * ignored, since programs that are started would have it so too. */
static void on_large_file(int sig)
{
	(void)sig;
}

/* As many descriptors as are granted, for a thousand are enough, and files as
 * large. */
static void raise_limits(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < DESCRIPTORS) {
		r.rlim_cur =
		    r.rlim_max < DESCRIPTORS ? r.rlim_max : DESCRIPTORS;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	if (!getrlimit(RLIMIT_FSIZE, &r) && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_FSIZE, &r);
	}
}

static void catch_signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = on_large_file;
	sigaction(SIGXFSZ, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

struct global {
	const char *dir;
	bool json, quiet, verbose, version;
};

const struct pike_opt pike_global_opts[] = {
	{ .name = "dir",
	  .letter = 'C',
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct global, dir),
	  .arg = "DIR",
	  .help = "work as if started in DIR" },
	{ .name = "json",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct global, json),
	  .help = "one JSON document on stdout" },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct global, quiet),
	  .help = "no chat on stderr but warnings and errors" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct global, verbose),
	  .help = "say more" },
	{ .name = "version",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct global, version),
	  .help = "print the version" },
	{ .name = NULL },
};

static int exit_status(int level)
{
	if (stop)
		return PIKE_EXIT_INTERRUPTED;
	return level == PIKE_USAGE ? PIKE_EXIT_USAGE : PIKE_EXIT_FATAL;
}

static int write_out(const struct pike_buf *b)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (b->full) {
		pike_error("output is larger than %u MiB", OUT_MAX >> 20);
		return PIKE_EXIT_FATAL;
	}
	if (!b->len || !pike_write_all(STDOUT_FILENO, b->s, b->len, &err))
		return 0;
	if (errno != EPIPE)
		pike_error("cannot write to stdout: %s", err.text);
	return PIKE_EXIT_FATAL;
}

/* The JSON document, with the error in it where there is one. */
static void print_doc(struct pike_ctx *ctx, int status,
		      const struct pike_err *err)
{
	if (!ctx->doc)
		ctx->doc = pike_json_object();
	if (err->text[0]) {
		pike_json_set_str(ctx->doc, "error", err->text);
		pike_json_set_i64(ctx->doc, "status", status);
	}
	pike_buf_reset(&ctx->out);
	pike_json_print(&ctx->out, ctx->doc);
	pike_buf_addc(&ctx->out, '\n');
}

/* Of a shallow clone the history is fetched first, where that may be. */
static int open_repo(struct pike_ctx *ctx, struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	int ret = pike_repo_open(&ctx->repo, ".", err), deeper;

	if (!ret || !(ctx->cmd->flags & PIKE_NEED_CONFIG))
		return ret;
	deeper = pike_repo_deepen(".", ctx->stop, &why);
	if (deeper < 0)
		return pike_fail(err, PIKE_FATAL, "%s", why.text);
	return deeper ? ret : pike_repo_open(&ctx->repo, ".", err);
}

static int prepare(struct pike_ctx *ctx, const char *dir, const void *opts,
		   struct pike_err *err)
{
	int ret = 0;

	if (dir && chdir(dir))
		return pike_fail_errno(err, PIKE_FATAL, "cannot change to '%s'",
				       dir);
	if (ctx->cmd->flags & PIKE_NEED_REPO)
		ret = ctx->cmd->flags & PIKE_READS
			  ? pike_repo_view(&ctx->repo, ".", err)
			  : open_repo(ctx, err);
	if (!ret && (ctx->cmd->flags & PIKE_NEED_CONFIG))
		ret = pike_ctx_config(ctx, opts, err);
	return ret;
}

static int finish(struct pike_ctx *ctx, int ret, const struct pike_err *err)
{
	int status = ret >= 0 ? ret : exit_status(ret);
	int wrote;

	pike_progress_end();
	if (ret >= 0 && stop)
		status = PIKE_EXIT_INTERRUPTED;
	if (ret < 0)
		pike_error("%s", err->text);
	if (ctx->json)
		print_doc(ctx, status, err);
	wrote = write_out(&ctx->out);
	pike_json_free(ctx->doc);
	pike_settings_free(ctx->settings);
	pike_entries_release(&ctx->entries);
	pike_repo_free(ctx->repo);
	pike_buf_release(&ctx->out);
	return wrote ? wrote : status;
}

static void release_opts(const struct pike_opt *table, void *opts)
{
	for (; table->name; table++)
		if (table->type == PIKE_OPT_STRS)
			pike_strs_release(
			    (void *)((char *)opts + table->offset));
}

static void set_verbosity(bool quiet, bool verbose)
{
	pike_log_set(quiet ? PIKE_QUIET : verbose ? PIKE_VERBOSE : PIKE_NORMAL);
}

static int run_command(const struct pike_cmd *cmd, const struct global *g,
		       const struct pike_strs *args)
{
	struct pike_ctx ctx = { .cmd = cmd, .json = g->json, .stop = &stop };
	struct pike_opt *table = pike_cmd_opts(cmd);
	struct pike_common *opts = pike_xcalloc(1, cmd->opts_size);
	struct pike_strs rest = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	int ret;

	pike_buf_init(&ctx.out, OUT_MAX);
	ret = pike_opts_parse(table, opts, (int)args->n, args->v, false, &rest,
			      &err);
	ctx.json = g->json || opts->json;
	set_verbosity(g->quiet || opts->quiet, g->verbose || opts->verbose);
	if (ret == 1) {
		ctx.json = false;
		pike_help_command(&ctx.out, cmd);
		ret = 0;
	} else if (ret) {
		pike_err_prefix(&err, "%s", cmd->name);
	} else {
		ret = prepare(&ctx, g->dir, opts, &err);
		if (!ret)
			ret = cmd->run(&ctx, opts, &rest, &err);
	}
	ret = finish(&ctx, ret, &err);
	release_opts(table, opts);
	pike_strs_release(&rest);
	free(opts);
	free(table);
	return ret;
}

static int print_help(void)
{
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, 1 << 20);
	pike_help_program(&b);
	ret = write_out(&b);
	pike_buf_release(&b);
	return ret;
}

static int usage(const struct pike_err *err)
{
	pike_error("%s", err->text);
	pike_say("see `pike-git -h`");
	return PIKE_EXIT_USAGE;
}

static int dispatch(const struct global *g, const struct pike_strs *args)
{
	struct pike_err err = PIKE_ERR_INIT;
	const struct pike_cmd *cmd = args->n ? pike_cmd_find(args->v[0]) : NULL;

	if (cmd)
		return run_command(cmd, g, args);
	if (args->n)
		pike_fail(&err, PIKE_USAGE, "there is no command '%s'",
			  args->v[0]);
	else
		pike_fail(&err, PIKE_USAGE, "a command is missing");
	return usage(&err);
}

int main(int argc, char **argv)
{
	struct global g = { 0 };
	struct pike_strs rest = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	int ret;

	setlocale(LC_CTYPE, "");
	catch_signals();
	raise_limits();
	ret = pike_opts_parse(pike_global_opts, &g, argc, argv, true, &rest,
			      &err);
	set_verbosity(g.quiet, g.verbose);
	if (ret == 1) {
		ret = print_help();
	} else if (ret) {
		ret = usage(&err);
	} else if (g.version) {
		puts("pike-git " PIKE_VERSION);
	} else {
		ret = dispatch(&g, &rest);
	}
	pike_strs_release(&rest);
	return ret;
}
