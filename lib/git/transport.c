/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport: the `git` program, where it does what libgit2 cannot: bundles,
 * packing, signing. Arguments go as a vector, hooks are off, which
 * goes over the config of the call, and the environment has none of the GIT_*
 * that would point it elsewhere.
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMEOUT_MS = 10 * 60 * 1000,
	OUT_MAX = 1024 * 1024
};

extern char **environ;

/* Of the user's environment all but GIT_*, yet how ssh, askpass and git itself
 * are run, and what holds as config for this call. */
static bool keep_variable(const char *v)
{
	static const char *const kept[] = { "GIT_SSH", "GIT_ASKPASS",
					    "GIT_SSL_",
					    "GIT_EXEC_PATH=", "GIT_CONFIG_" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(kept); i++)
		if (pike_starts_with(v, kept[i]))
			return true;
	return !pike_starts_with(v, "GIT_");
}

static void git_environment(struct pike_strs *env)
{
	for (char **v = environ; *v; v++)
		if (keep_variable(*v) && !pike_starts_with(*v, "LC_ALL="))
			pike_strs_push(env, *v);
	pike_strs_push(env, "GIT_TERMINAL_PROMPT=0");
	pike_strs_push(env, "GIT_OPTIONAL_LOCKS=0");
	pike_strs_push(env, "LC_ALL=C");
}

static void git_argv(struct pike_strs *argv, const struct pike_repo *r,
		     const struct pike_strs *args)
{
	static const char *const first[] = {
		"git",
		"-c",
		"core.hooksPath=/dev/null",
		"-c",
		"core.fsmonitor=false",
		"-c",
		"protocol.ext.allow=never",
		"-c",
		"gc.auto=0",
		"-c",
		"safe.directory=*",
		"-c",
		"i18n.commitEncoding=UTF-8",
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(first); i++)
		pike_strs_push(argv, first[i]);
	if (r->fsync) {
		pike_strs_push(argv, "-c");
		pike_strs_push(argv, "core.fsync=committed");
	}
	/* Not the folder that worktrees share: config.worktree is here. */
	pike_strs_pushf(argv, "--git-dir=%s", git_repository_path(r->g));
	for (size_t i = 0; i < args->n; i++)
		pike_strs_push(argv, args->v[i]);
}

static int git_status(struct pike_proc_result *res,
		      const struct pike_strs *args, struct pike_err *err)
{
	char *nl = strchr(res->err.s, '\n');

	if (!res->status)
		return 0;
	/* git's messages name a remote with whatever its URL holds. */
	pike_redact_urls(res->err.s);
	if (nl)
		*nl = '\0';
	return pike_fail(err, PIKE_FAILED, "git %s failed: %s", args->v[0],
			 res->timed_out ? "it took too long" : res->err.s);
}

int pike_git_call(struct pike_buf *out, struct pike_repo *r,
		  const struct pike_git_call *c, struct pike_err *err)
{
	struct pike_strs argv = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	struct pike_proc_result res;
	/* A remote or a key may be named by a path from there. */
	struct pike_proc_opts o = { .timeout_ms = c->timeout_ms,
				    .dir = r->workdir
					       ? r->workdir
					       : git_repository_path(r->g),
				    .out_max = OUT_MAX };
	int ret;

	git_argv(&argv, r, c->args);
	git_environment(&env);
	for (size_t i = 0; c->env && i < c->env->n; i++)
		pike_strs_push(&env, c->env->v[i]);
	o.argv = (const char *const *)argv.v;
	o.envp = (const char *const *)env.v;
	if (c->in) {
		o.in = c->in->s;
		o.in_len = c->in->len;
	}
	ret = pike_proc_run(&res, &o, err);
	if (ret)
		ret = 1; /* cannot be started: not installed */
	else
		ret = git_status(&res, c->args, err);
	/* Also of a push of which a part was not done. */
	if (out)
		pike_buf_add(out, res.out.s, res.out.len);
	pike_proc_result_release(&res);
	pike_strs_release(&argv);
	pike_strs_release(&env);
	return ret;
}

int pike_git_run(struct pike_buf *out, struct pike_repo *r,
		 const struct pike_strs *args, const struct pike_buf *in,
		 struct pike_err *err)
{
	const struct pike_git_call c = { .args = args,
					 .in = in,
					 .timeout_ms = TIMEOUT_MS };

	return pike_git_call(out, r, &c, err);
}

static int run_needed(struct pike_buf *out, struct pike_repo *r,
		      const struct pike_strs *args, const struct pike_buf *in,
		      struct pike_err *err)
{
	int ret = pike_git_run(out, r, args, in, err);

	return ret == 1 ? pike_fail(err, PIKE_FATAL,
				    "bundles need the git program; install it")
			: ret;
}

/* ---- bundles ---- */

static char *absolute(const char *path)
{
	char *cwd, *full;

	if (path[0] == '/')
		return pike_xstrdup(path);
	cwd = realpath(".", NULL);
	full = pike_xasprintf("%s/%s", cwd ? cwd : ".", path);
	free(cwd);
	return full;
}

int pike_bundle_write(struct pike_search_ref *s, const char *path,
		      struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT;
	struct pike_buf in;
	char *full = absolute(path), hex[GIT_OID_HEXSZ + 1];
	git_oid id, tip;
	int ret;

	pike_buf_init(&in, 1 << 20);
	if (!pike_ref_read(&id, s->r, s->ladder, NULL))
		pike_buf_addf(&in, "%s\n", s->ladder);
	if (s->inbox.ref)
		pike_buf_addf(&in, "%s\n", s->inbox.ref);
	if (!in.len) {
		ret = pike_fail(err, PIKE_FAILED,
				"there is nothing to bundle for '%s/%s'",
				s->target, s->lane);
		goto out;
	}
	/* The receiver has the branch; without new rungs the ladder is it. */
	if (!pike_ref_read(&tip, s->r, s->branch, NULL) &&
	    (git_oid_is_zero(&id) || !git_oid_equal(&id, &tip)))
		pike_buf_addf(&in, "^%s\n",
			      git_oid_tostr(hex, sizeof(hex), &tip));
	pike_strs_push(&args, "bundle");
	pike_strs_push(&args, "create");
	pike_strs_push(&args, "--quiet");
	pike_strs_push(&args, full);
	pike_strs_push(&args, "--stdin");
	ret = run_needed(NULL, s->r, &args, &in, err);
out:
	pike_strs_release(&args);
	pike_buf_release(&in);
	free(full);
	return ret;
}

/* A ref of the bundle: only ladders and inboxes are taken. */
static int take_ref(struct pike_repo *r, const char *line, struct pike_err *err)
{
	const char *name = strchr(line, ' ');
	git_oid id, was;
	int have, ret;

	if (!name || git_oid_fromstrn(&id, line, GIT_OID_HEXSZ))
		return 0;
	name++;
	if (!pike_starts_with(name, "refs/pike/open/") &&
	    !pike_starts_with(name, PIKE_NOTES_INBOX))
		return 0;
	if (git_reference_is_valid_name(name) != 1)
		return 0;
	have = pike_ref_read(&was, r, name, err);
	if (have < 0)
		return have;
	if (!have && (git_oid_equal(&was, &id) ||
		      git_graph_descendant_of(r->g, &was, &id) == 1))
		return 0; /* known already */
	if (!have && git_graph_descendant_of(r->g, &id, &was) != 1)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' of the bundle does not descend from "
				 "the one here; sync first",
				 name);
	ret = pike_ref_move(r, name, &id, have ? NULL : &was, "pike: bundle",
			    err);
	return ret;
}

static int unbundle(struct pike_buf *out, struct pike_repo *r, const char *full,
		    struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT;
	int ret;

	pike_strs_push(&args, "bundle");
	pike_strs_push(&args, "unbundle");
	pike_strs_push(&args, full);
	ret = run_needed(out, r, &args, NULL, err);
	pike_strs_release(&args);
	if (ret)
		pike_err_prefix(err, "cannot read the bundle '%s'", full);
	return ret;
}

int pike_bundle_read(struct pike_repo *r, const char *path,
		     struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_buf out;
	char *full = absolute(path);
	int fd = -1, ret;

	pike_buf_init(&out, OUT_MAX);
	ret = unbundle(&out, r, full, err);
	if (!ret)
		ret = pike_repo_lock(&fd, r, err);
	if (ret)
		goto out;
	git_odb_refresh(r->disk);
	pike_strs_split(&lines, out.s, "\n");
	for (size_t i = 0; !ret && i < lines.n; i++)
		ret = take_ref(r, lines.v[i], err);
	close(fd);
out:
	pike_strs_release(&lines);
	pike_buf_release(&out);
	free(full);
	return ret;
}
