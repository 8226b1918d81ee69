/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport: the `git` program, where it does what libgit2 cannot: the network,
 * bundles, packing, signing. Arguments go as a vector, hooks are off, which
 * goes over the config of the call, and the environment has none of the GIT_*
 * that would point it elsewhere. Who may speak with a remote, and how, is as
 * the user's git has it: helpers, tokens in headers, ssh, proxies.
 */
#include "git/repo_priv.h"

#include "base/clock.h"
#include "base/log.h"
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
	OUT_MAX = 1024 * 1024,
	/* Talking to others: nothing is heard for so long, and it is over. */
	SILENCE_S = 5 * 60,
	TALK_MAX = 64 * 1024 * 1024,
	STEP_MS = 5
};

extern char **environ;

/* Of the user's environment all but GIT_*, yet how ssh, askpass, the network
 * and git itself are run, and what holds as config for this call. Keys of
 * models are not git's. */
static bool keep_variable(const char *v)
{
	static const char *const kept[] = {
		"GIT_SSH",	  "GIT_ASKPASS",    "GIT_SSL_",
		"GIT_PROXY_SSL_", "GIT_HTTP_",	    "GIT_ALLOW_PROTOCOL=",
		"GIT_TRACE",	  "GIT_EXEC_PATH=", "GIT_CONFIG_"
	};
	static const char key[] = "_API_KEY";
	size_t n = strcspn(v, "="), k = sizeof(key) - 1;

	if (n > k && !strncmp(v + n - k, key, k))
		return false;
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
		"maintenance.auto=false",
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

/* ---- with others ---- */

/* What of git's words says why: its own last word, or else the first. */
static const char *reason_in(char *text)
{
	static const char *const marks[] = { "fatal: ", "error: ", "remote: " };
	char *at = NULL;

	pike_redact_urls(text);
	for (size_t i = 0; !at && i < PIKE_ARRAY_LEN(marks); i++)
		at = strstr(text, marks[i]);
	if (!at)
		at = text + strspn(text, "\r\n");
	at[strcspn(at, "\r\n")] = '\0';
	return *at ? at : "it did not say why";
}

/* The last whole line that it has drawn. */
static void show_talk(const struct pike_talk *t,
		      const struct pike_proc_result *res)
{
	const char *s = res->err.s, *end = s + res->err.len, *from;

	while (end > s && end[-1] != '\r' && end[-1] != '\n')
		end--;
	while (end > s && (end[-1] == '\r' || end[-1] == '\n'))
		end--;
	for (from = end; from > s && from[-1] != '\r' && from[-1] != '\n';)
		from--;
	pike_progress("%s%s%.*s", t->what, from < end ? ": " : "",
		      (int)(end - from < 60 ? end - from : 60), from);
}

static int listen_to(struct pike_proc *p, const struct pike_talk *t,
		     struct pike_err *err)
{
	const struct pike_proc_result *res = pike_proc_result(p);
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	const int most = t->silence_s ? t->silence_s : SILENCE_S;
	int64_t heard = pike_now_ns();
	size_t known = 0;

	while (!pike_proc_step(p)) {
		size_t now = res->err.len + res->out.len;

		if (now != known)
			heard = pike_now_ns();
		known = now;
		if (t->stop && *t->stop)
			return pike_fail(err, PIKE_RETRY, "%s: interrupted",
					 t->what);
		if (pike_now_ns() - heard > most * (int64_t)1000000000)
			return pike_fail(err, PIKE_RETRY,
					 "%s: nothing was heard for %d s",
					 t->what, most);
		if (now)
			show_talk(t, res);
		nanosleep(&step, NULL);
	}
	return 0;
}

static bool configured(const struct pike_repo *r, const char *key)
{
	git_config_entry *e = NULL;
	bool yes = !git_config_get_entry(&e, r->layers.cfg, key);

	git_config_entry_free(e);
	return yes;
}

/* ssh that asks has nobody to ask. */
static void talk_environment(struct pike_strs *env, const struct pike_repo *r)
{
	git_environment(env);
	if (!getenv("GIT_SSH") && !getenv("GIT_SSH_COMMAND") &&
	    !configured(r, "core.sshcommand"))
		pike_strs_push(env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes");
}

int pike_git_talk(struct pike_buf *out, struct pike_repo *r,
		  const struct pike_talk *t, struct pike_err *err)
{
	struct pike_strs argv = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	struct pike_proc_opts o = { .out_max = TALK_MAX };
	struct pike_proc *p = NULL;
	const struct pike_proc_result *res;
	int ret;

	git_argv(&argv, r, t->args);
	talk_environment(&env, r);
	o.argv = (const char *const *)argv.v;
	o.envp = (const char *const *)env.v;
	ret = pike_proc_start(&p, &o, err);
	if (ret) {
		ret = pike_fail(err, PIKE_FAILED,
				"%s: there is no git "
				"program; install it",
				t->what);
		goto out;
	}
	ret = listen_to(p, t, err);
	res = pike_proc_result(p);
	if (!ret && res->status)
		ret = pike_fail(err, PIKE_RETRY, "%s: %s", t->what,
				reason_in(res->err.s));
	if (out)
		pike_buf_add(out, res->out.s, res->out.len);
out:
	pike_progress_end();
	pike_proc_free(p);
	pike_strs_release(&argv);
	pike_strs_release(&env);
	return ret;
}
