/* SPDX-License-Identifier: Apache-2.0 */
/* program: any program as a model. */
#include "llm/ask_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define ENVIRON_MAX ((size_t)4 << 20) /* of one process */

extern char **environ;

struct pike_program {
	struct pike_proc *proc;
	char *name, *dir;
};

/* A path is one of the repository: the program's own folder is empty. */
static int words_of(struct pike_strs *out, const struct pike_llm *llm,
		    const char *root, struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;

	pike_strs_split(&words, llm->command ? llm->command : "", " \t");
	for (size_t i = 0; i < words.n; i++)
		if (!i && root && words.v[0][0] != '/' &&
		    strchr(words.v[0], '/'))
			pike_strs_pushf(out, "%s/%s", root, words.v[0]);
		else
			pike_strs_push(out, words.v[i]);
	pike_strs_release(&words);
	return out->n ? 0
		      : pike_fail(err, PIKE_FATAL, "llm '%s': set its command",
				  llm->name);
}

/* Somebody else's key: "NAME_API_KEY=..." */
static bool is_other_key(const char *entry, const char *own)
{
	size_t n = strcspn(entry, "=");
	const size_t end = sizeof("_API_KEY") - 1;

	if (n < end || strncmp(entry + n - end, "_API_KEY", end) != 0)
		return false;
	return !own || strlen(own) != n || strncmp(entry, own, n) != 0;
}

/* By what those of one question are known, wherever they went. */
static char *mark_of(const char *dir)
{
	return pike_xasprintf("PIKE_QUESTION=%s", dir);
}

static bool has_mark(const char *pid, const char *mark)
{
	char *path = pike_xasprintf("/proc/%s/environ", pid);
	size_t n = strlen(mark) + 1;
	struct pike_buf env;
	bool has = false;

	pike_buf_init(&env, ENVIRON_MAX);
	/* Of somebody else's process nothing can be read. */
	if (!pike_read_file(&env, path, NULL))
		has = memmem(env.s, env.len, mark, n) != NULL;
	pike_buf_release(&env);
	free(path);
	return has;
}

/* Those that have left its group, of a program that is killed: nobody reads
 * their answer any more, and it may cost. */
static void kill_strays(const char *dir)
{
	DIR *proc = opendir("/proc");
	char *mark = mark_of(dir);
	const struct dirent *e;
	int64_t pid;

	while (proc && (e = readdir(proc)))
		if (pike_parse_i64(e->d_name, &pid) && pid > 1 &&
		    has_mark(e->d_name, mark))
			kill((pid_t)pid, SIGKILL);
	if (proc)
		closedir(proc);
	free(mark);
}

static void environment(struct pike_strs *out, const char *own, const char *dir)
{
	for (char **e = environ; *e; e++)
		if (!is_other_key(*e, own))
			pike_strs_push(out, *e);
	pike_strs_take(out, mark_of(dir));
}

static char *empty_folder(struct pike_err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = pike_xasprintf("%s/pike-model.XXXXXX",
				   tmp && *tmp == '/' ? tmp : "/tmp");

	if (mkdtemp(dir))
		return dir;
	pike_fail_errno(err, PIKE_FATAL, "cannot create '%s'", dir);
	free(dir);
	return NULL;
}

static int start(struct pike_program *p, const struct pike_llm *llm,
		 const struct pike_ask *ask, const char *root,
		 struct pike_err *err)
{
	struct pike_strs argv = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	char *in = pike_xasprintf("%s%s%s", ask->system ? ask->system : "",
				  ask->system ? "\n\n" : "", ask->prompt);
	struct pike_proc_opts o = { .dir = p->dir,
				    .in = in,
				    .in_len = strlen(in),
				    .timeout_ms = (int)llm->timeout * 1000,
				    .out_max = PIKE_REPLY_MAX,
				    .alone = true };
	int ret = words_of(&argv, llm, root, err);

	environment(&env, llm->key, p->dir);
	o.argv = (const char *const *)argv.v;
	o.envp = (const char *const *)env.v;
	if (!ret && pike_proc_start(&p->proc, &o, err))
		ret = PIKE_FATAL;
	if (!ret)
		p->name = pike_xstrdup(argv.v[0]);
	pike_strs_release(&argv);
	pike_strs_release(&env);
	free(in);
	return ret;
}

int pike_program_start(struct pike_program **out, const struct pike_llm *llm,
		       const struct pike_ask *ask, const char *root,
		       struct pike_err *err)
{
	struct pike_program *p = pike_xcalloc(1, sizeof(*p));
	int ret;

	p->dir = empty_folder(err);
	ret = p->dir ? start(p, llm, ask, root, err) : PIKE_FATAL;
	if (ret)
		pike_program_free(p);
	*out = ret ? NULL : p;
	return ret;
}

bool pike_program_ended(struct pike_program *p)
{
	/* Nobody waits for the end of more than is read. */
	return pike_proc_step(p->proc) || pike_proc_result(p->proc)->out.full;
}

static int failed(const struct pike_program *p, const char *key,
		  struct pike_err *err)
{
	const struct pike_proc_result *r = pike_proc_result(p->proc);
	char *said = pike_foreign_words(r->err.s, r->err.len, key);
	int level =
	    r->timed_out || r->status == EX_TEMPFAIL ? PIKE_RETRY : PIKE_FAILED;

	if (r->timed_out)
		pike_fail(err, level, "'%s' did not answer in time", p->name);
	else
		pike_fail(err, level, "'%s' exited with %d%s%s", p->name,
			  r->status, *said ? ": " : "", said);
	free(said);
	return level;
}

int pike_program_answer(struct pike_answer *out, const struct pike_program *p,
			const struct pike_ask *ask, const char *key,
			struct pike_err *err)
{
	const struct pike_proc_result *r = pike_proc_result(p->proc);

	if (r->out.full)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' says more than %u bytes", p->name,
				 PIKE_REPLY_MAX);
	if (r->timed_out || r->status)
		return failed(p, key, err);
	out->text = pike_xstrndup(r->out.s, r->out.len);
	pike_answer_guess(out, ask);
	return 0;
}

void pike_program_free(struct pike_program *p)
{
	bool kept;

	if (!p)
		return;
	kept = !p->proc || (pike_proc_step(p->proc) &&
			    !pike_proc_result(p->proc)->timed_out);
	pike_proc_free(p->proc);
	if (!kept)
		kill_strays(p->dir);
	if (p->dir)
		pike_rm_rf(p->dir, NULL);
	free(p->dir);
	free(p->name);
	free(p);
}
