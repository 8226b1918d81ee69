/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work: a coding CLI as a provider (`cli`). It works in a box (sandbox/agent.h)
 * on the files of the solution that it starts from, asks the judge as often as
 * it may, and what it leaves in the evolvable files is its answer: a reply like
 * any other, with what it has printed as its thoughts, so that nothing else of
 * a search knows the difference.
 */
#include "run/agents_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/agent.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS_MOST 8
/* How long a call may take to say all. */
#define CALL_NS 30000000000LL
/* Of all its processes. */
#define MEMORY (8ll << 30)
#define NICE 10
#define KEY_MOST 8192
/* Of what is sent back: it fits into a socket that nobody reads. */
#define REPLY_MOST 32768
/* Of what it printed, in its note; of its last words, in its commit. */
#define TALK_MOST (512u << 10)
#define WORDS_MOST 2000
#define OPEN "<think>"
#define CLOSE "</think>"

struct call {
	int sock;
	int64_t since;
	struct pike_buf said;
};

struct pike_work {
	struct pike_box *box;
	struct pike_proxy *proxy;
	int judge, left; /* its door; what it leaves */
	bool held;
	struct call calls[CALLS_MOST];
	size_t ncalls, current; /* the one that is being judged */
	int tries, refused;	/* calls that were judged, and that were not */
};

/* ---- the program ---- */

struct program {
	struct pike_strs argv, env, folders;
	char *runner; /* what is /runner; or NULL */
};

static void program_release(struct program *p)
{
	pike_strs_release(&p->argv);
	pike_strs_release(&p->env);
	pike_strs_release(&p->folders);
	free(p->runner);
}

/* NULL: there is none. */
static char *find_in_path(const char *name)
{
	const char *all = getenv("PATH");
	struct pike_strs dirs = PIKE_STRS_INIT;
	char *found = NULL;

	pike_strs_split(&dirs, all ? all : "/usr/bin:/bin", ":");
	for (size_t i = 0; !found && i < dirs.n; i++) {
		found = pike_xasprintf("%s/%s", dirs.v[i], name);
		if (*found != '/' || access(found, X_OK)) {
			free(found);
			found = NULL;
		}
	}
	pike_strs_release(&dirs);
	return found;
}

/* As lib/llm does it for `command`: a path is one of the repository. */
static char *find_program(const char *word, const char *root)
{
	char *path;

	if (!strchr(word, '/'))
		return find_in_path(word);
	path = *word == '/' || !root ? pike_xstrdup(word)
				     : pike_xasprintf("%s/%s", root, word);
	if (!access(path, X_OK))
		return path;
	free(path);
	return NULL;
}

/* With the folders that it needs, of which it may see no more. */
static void place_in(struct program *p, const char *path, int prefix,
		     const char *bin, const char *lib)
{
	pike_strs_push(&p->argv, path);
	pike_strs_pushf(&p->folders, "%.*s%s", prefix, path, bin);
	if (lib)
		pike_strs_pushf(&p->folders, "%.*s%s", prefix, path, lib);
	pike_strs_pushf(
	    &p->env, "PATH=" PIKE_DOORS ":%.*s%s:/usr/local/bin:/usr/bin:/bin",
	    prefix, path, bin);
}

/* Of /usr a box has all; what is installed as PREFIX/bin/NAME needs its
 * siblings and PREFIX/lib, what npm has installed the packages beside it; a
 * file alone, as one of the repository, is taken along. */
static void place_program(struct program *p, const char *path, const char *root)
{
	static const char npm[] = "/node_modules";
	const char *bin = strstr(path, "/bin/"), *packages = strstr(path, npm);

	if (pike_starts_with(path, "/usr/") ||
	    pike_starts_with(path, "/bin/")) {
		pike_strs_push(&p->argv, path);
	} else if (packages) {
		place_in(p, path, (int)(packages - path), npm, NULL);
	} else if (bin && bin > path && !strchr(bin + 5, '/') &&
		   !(root && pike_starts_with(path, root))) {
		place_in(p, path, (int)(bin - path), "/bin", "/lib");
	} else {
		pike_strs_push(&p->argv, "/runner");
		p->runner = pike_xstrdup(path);
	}
}

static const char *key_of(const struct pike_llm *llm)
{
	const char *name = pike_llm_key_name(llm),
		   *key = name ? getenv(name) : NULL;

	return key && *key ? key : NULL;
}

static int add_key(struct program *p, const struct pike_llm *llm,
		   struct pike_err *err)
{
	const char *name = pike_llm_key_name(llm), *key = key_of(llm);

	if (!key)
		return 0;
	if (strlen(key) > KEY_MOST)
		return pike_fail(err, PIKE_FATAL,
				 "llm '%s': the key in %s has more than %d "
				 "bytes",
				 llm->name, name, KEY_MOST);
	pike_strs_pushf(&p->env, "%s=%s", name, key);
	return 0;
}

static int make_program(struct program *p, const struct pike_llm *llm,
			const char *root, struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;
	char *path = NULL;
	int ret = 0;

	pike_strs_split(&words, llm->command ? llm->command : "", " \t");
	if (words.n)
		path = find_program(words.v[0], root);
	if (!path)
		ret = pike_fail(err, PIKE_FATAL,
				"llm '%s': there is no program '%s'; set its "
				"`command`",
				llm->name, words.n ? words.v[0] : "");
	else
		place_program(p, path, root);
	if (!ret && !p->runner && pike_starts_with(path, "/tmp/"))
		ret = pike_fail(err, PIKE_FATAL,
				"llm '%s': '%s' is below /tmp, which a sandbox "
				"has of its own; install it elsewhere",
				llm->name, path);
	for (size_t i = 1; !ret && i < words.n; i++)
		pike_strs_push(&p->argv, words.v[i]);
	/* What TLS trusts */
	pike_strs_push(&p->folders, "/etc/ssl/certs");
	pike_strs_push(&p->folders, "/etc/pki/tls/certs");
	if (!ret)
		ret = add_key(p, llm, err);
	free(path);
	pike_strs_release(&words);
	return ret;
}

/* ---- starting ---- */

/* No weaker box would do: the network is walled off by namespaces alone. */
static int check_level(const struct pike_llm *llm, struct pike_err *err)
{
	struct pike_isolation_info info;
	int ret = pike_isolation_probe(&info, err);

	if (ret || info.level >= PIKE_I2)
		return ret;
	return pike_fail(err, PIKE_FATAL,
			 "llm '%s': a coding CLI works in a sandbox of level "
			 "I2 or not at all, and this machine gives I%d; %s",
			 llm->name, (int)info.level, info.remedy);
}

/* What it starts from. */
static int read_files(struct pike_files *out, struct pike_run *run,
		      const struct pike_asked *q, struct pike_err *err)
{
	size_t left;
	int ret =
	    pike_repo_read_all(out, &left, run->repo, &q->parents[0], err);

	for (size_t i = 0; !ret && i < q->files.n; i++) {
		const struct pike_file *f = &q->files.v[i];

		if (!pike_files_find(out, f->path))
			pike_files_add(out, f->path, f->data, f->len);
	}
	return ret;
}

static int start_box(struct pike_work *w, struct pike_run *run,
		     const struct pike_asked *q, const struct program *p,
		     struct pike_err *err)
{
	const char *system = run->agents->system;
	char *prompt =
	    pike_xasprintf("%s%s%s", system, *system ? "\n\n" : "", q->prompt);
	const struct pike_box_agent agent = {
		.prompt = prompt,
		.env = (const char *const *)p->env.v,
		.edits = &run->target->sources,
	};
	struct pike_files files = { 0 };
	struct pike_box_opts o = {
		.kind = PIKE_BOX_AGENT,
		.argv = (const char *const *)p->argv.v,
		.runner = p->runner,
		.folders = (const char *const *)p->folders.v,
		.files = &files,
		.agent = &agent,
		.output = "left",
		.sock = -1,
		.wall_ms = q->llm->timeout * 1000,
		.memory = MEMORY,
		.nice = NICE,
		.require = PIKE_I2,
	};
	int ret = read_files(&files, run, q, err);

	if (!ret)
		ret = pike_memfd(&w->left, "left", 0, err);
	o.out_fd = w->left;
	if (!ret)
		ret = pike_box_start(&w->box, &o, err);
	pike_files_release(&files);
	free(prompt);
	return ret;
}

/* What could not be made says why when it is waited for. */
static int open_doors(struct pike_work *w, const struct pike_llm *llm,
		      struct pike_err *err)
{
	struct pike_box_end end;
	struct pike_doors doors;
	int ret = pike_box_doors(&doors, w->box, err);

	if (ret) {
		if (!pike_box_wait(&end, w->box, -1, err))
			pike_box_end_release(&end);
		return PIKE_FATAL;
	}
	w->judge = doors.judge;
	return pike_proxy_start(&w->proxy, doors.proxy, &llm->hosts, err);
}

int pike_work_start(struct pike_work **out, struct pike_run *run,
		    const struct pike_asked *q, struct pike_err *err)
{
	struct pike_work *w = pike_xcalloc(1, sizeof(*w));
	struct program p = { .runner = NULL };
	int ret = check_level(q->llm, err);

	w->judge = w->left = -1;
	if (!ret)
		ret =
		    make_program(&p, q->llm, pike_repo_workdir(run->repo), err);
	if (!ret)
		ret = start_box(w, run, q, &p, err);
	if (!ret)
		ret = open_doors(w, q->llm, err);
	program_release(&p);
	if (ret) {
		pike_work_free(w);
		return ret;
	}
	*out = w;
	return 0;
}

static void call_end(struct pike_work *w, size_t i)
{
	close(w->calls[i].sock);
	pike_buf_release(&w->calls[i].said);
	w->calls[i] = w->calls[--w->ncalls];
}

void pike_work_free(struct pike_work *w)
{
	if (!w)
		return;
	while (w->ncalls)
		call_end(w, w->ncalls - 1);
	pike_proxy_free(w->proxy);
	pike_box_free(w->box);
	if (w->judge >= 0)
		close(w->judge);
	if (w->left >= 0)
		close(w->left);
	free(w);
}

int pike_work_tries(const struct pike_work *w)
{
	return w->tries;
}

void pike_work_hold(struct pike_work *w, bool hold)
{
	if (!w || w->held == hold || pike_box_ended(w->box))
		return;
	/* One that ends just now needs no words. */
	(void)pike_box_freeze(w->box, hold, NULL);
	w->held = hold;
}

/* ---- its calls for the judge ---- */

/* Of a socket that has room for it, or nobody cares. */
static void reply(struct call *c, bool done, const struct pike_buf *text)
{
	(void)send(c->sock, done ? "0" : "1", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)send(c->sock, text->s, text->len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void refuse(struct pike_work *w, size_t i, const struct pike_err *why)
{
	struct pike_buf out;

	pike_buf_init(&out, REPLY_MOST);
	pike_buf_addf(&out, "pike-git: error: %s\n", why->text);
	reply(&w->calls[i], false, &out);
	pike_buf_release(&out);
	w->refused++;
	call_end(w, i);
}

static void take_calls(struct pike_work *w)
{
	int sock;

	while (w->ncalls < CALLS_MOST &&
	       (sock = accept4(w->judge, NULL, NULL,
			       SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct call *c = &w->calls[w->ncalls++];

		*c = (struct call){ .sock = sock, .since = pike_now_ns() };
		pike_buf_init(&c->said, PIKE_CALL_MAX);
	}
}

/* 1: all is said; 0: not yet; -1: it is of no use. */
static int hear(struct call *c)
{
	char part[65536];
	ssize_t n;

	while ((n = recv(c->sock, part, sizeof(part), MSG_DONTWAIT)) > 0)
		if (pike_buf_add(&c->said, part, (size_t)n))
			return -1;
	if (!n)
		return 1;
	if (errno != EAGAIN && errno != EINTR)
		return -1;
	return pike_now_ns() - c->since > CALL_NS ? -1 : 0;
}

static int check_call(struct pike_files *files, bool *json,
		      const struct pike_run *run, const struct pike_asked *q,
		      const struct call *c, struct pike_err *err)
{
	int ret = pike_call_read(files, json, &run->target->sources, c->said.s,
				 c->said.len, err);

	if (!ret && q->work->tries >= q->llm->tries)
		ret = pike_fail(err, PIKE_FAILED,
				"no tries are left: all %lld were used",
				(long long)q->llm->tries);
	return ret;
}

bool pike_work_call(struct pike_files *files, bool *json,
		    const struct pike_run *run, struct pike_asked *q)
{
	struct pike_work *w = q->work;

	take_calls(w);
	for (size_t i = 0; i < w->ncalls;) {
		struct pike_err err = PIKE_ERR_INIT;
		int heard = hear(&w->calls[i]);

		if (!heard) {
			i++;
		} else if (heard < 0) {
			call_end(w, i);
		} else if (check_call(files, json, run, q, &w->calls[i],
				      &err)) {
			pike_files_release(files);
			refuse(w, i, &err);
		} else {
			w->current = i;
			return true;
		}
	}
	return false;
}

void pike_work_told(const struct pike_run *run, struct pike_asked *q, bool json,
		    const struct pike_result *res, const struct pike_err *why)
{
	struct pike_work *w = q->work;
	struct pike_buf out;

	if (!res) {
		refuse(w, w->current, why);
		return;
	}
	w->tries++;
	pike_buf_init(&out, REPLY_MOST);
	if (run->o.tell)
		run->o.tell(&out, json, res, run->target,
			    &run->history->champion);
	else
		pike_buf_addf(&out, "%s: %s\n", pike_verdict_name(res->verdict),
			      res->reason ? res->reason : "");
	if (!json)
		pike_buf_addf(&out, "%lld of %lld tries are left\n",
			      (long long)(q->llm->tries - w->tries),
			      (long long)q->llm->tries);
	reply(&w->calls[w->current], true, &out);
	pike_buf_release(&out);
	call_end(w, w->current);
}

/* ---- its answer ---- */

/* What it printed, which nothing in it can end. */
static void add_talk(struct pike_buf *out, const char *talk, size_t len)
{
	const char *head = talk, *tail = talk + len;

	if (len > TALK_MOST) {
		head += TALK_MOST / 2;
		tail -= TALK_MOST / 2;
	} else {
		head = tail;
	}
	pike_buf_adds(out, OPEN "\n");
	for (const char *p = talk; p < talk + len; p++) {
		if (p == head && head < tail) {
			pike_buf_adds(out, "\n[...]\n");
			p = tail;
		}
		if (!strncasecmp(p, CLOSE, sizeof(CLOSE) - 2))
			pike_buf_adds(out, "< ");
		else
			pike_buf_addc(out, *p);
	}
	pike_buf_adds(out, "\n" CLOSE "\n\n");
}

/* Words of a reply that could be code end what is told of it. */
static size_t plain_words(const char *s)
{
	static const char *const code[] = { "```",    "~~~",	"<<<<<<<",
					    "@@",     "--- ",	"diff --git",
					    "<file",  "<think", "</think",
					    "\n    ", "\n\t" };
	size_t n = strlen(s);

	for (size_t i = 0; i < PIKE_ARRAY_LEN(code); i++) {
		const char *at = strstr(s, code[i]);

		if (at && (size_t)(at - s) < n)
			n = (size_t)(at - s);
	}
	return n;
}

static void add_words(struct pike_buf *out, const char *text)
{
	struct pike_buf clean;
	size_t n;

	pike_buf_init(&clean, WORDS_MOST);
	pike_sanitize(&clean, text, strlen(text));
	n = plain_words(clean.s);
	pike_buf_add(out, clean.s, n);
	if (n)
		pike_buf_adds(out, "\n\n");
	pike_buf_release(&clean);
}

/* The last line of what it printed that says something. */
static char *last_line(const char *talk)
{
	const char *end = talk + strlen(talk), *at;

	while (end > talk && strchr(" \t\r\n", end[-1]))
		end--;
	at = memrchr(talk, '\n', (size_t)(end - talk));
	at = at ? at + 1 : talk;
	/* JSON is for programs */
	return pike_clean_line(at, strchr("{[", *at) ? 0 : (size_t)(end - at),
			       400);
}

/* What was held back, and how it ended where that is no honest end. */
static void add_report(struct pike_buf *out, const struct pike_work *w,
		       const struct pike_box_end *end,
		       const struct pike_left *left)
{
	const char *what;
	size_t refused = pike_proxy_refused(w->proxy, &what);

	if (end->why != PIKE_BOX_EXITED || end->status) {
		pike_buf_adds(out, "The program ");
		pike_box_say(out, end);
		pike_buf_adds(out, ".\n");
	}
	if (left->ntouched) {
		pike_buf_addf(out,
			      "Dropped, since only sources count: %zu "
			      "other files that it touched:",
			      left->ntouched);
		for (size_t i = 0; i < left->touched.n && i < 10; i++)
			pike_buf_addf(out, " '%s'", left->touched.v[i]);
		pike_buf_adds(out,
			      left->ntouched > 10 ? " and more.\n" : ".\n");
	}
	if (refused)
		pike_buf_addf(out,
			      "Refused: %zu calls to hosts that are not "
			      "listed, the first to '%s'.\n",
			      refused, what);
	if (w->refused)
		pike_buf_addf(out, "Refused: %d calls for the judge.\n",
			      w->refused);
}

static bool is_changed(const struct pike_left *left,
		       const struct pike_files *was)
{
	for (size_t i = 0; i < left->files.n; i++) {
		const struct pike_file *f = &left->files.v[i],
				       *w = pike_files_find(was, f->path);

		if (!w || w->len != f->len || memcmp(w->data, f->data, f->len))
			return true;
	}
	return false;
}

static void add_files(struct pike_buf *out, const struct pike_left *left,
		      const struct pike_files *was)
{
	for (size_t i = 0; i < left->files.n; i++) {
		const struct pike_file *f = &left->files.v[i],
				       *w = pike_files_find(was, f->path);

		if (w && w->len == f->len && !memcmp(w->data, f->data, f->len))
			continue;
		pike_buf_addf(out, "\n%s\n", f->path);
		pike_prompt_fence(out, "", f->data);
	}
}

/* What it comes to: 0, or an error that it ended with, and left nothing. */
static int compose(struct pike_buf *out, const struct pike_asked *q,
		   const struct pike_box_end *end, const struct pike_left *left,
		   const char *words, struct pike_err *err)
{
	char *last = words ? NULL : last_line(end->log.s);
	bool changed = is_changed(left, &q->files);
	struct pike_buf report;
	char *line;
	int ret = 0;

	pike_buf_init(&report, 8192);
	add_report(&report, q->work, end, left);
	/* Of one that lists ideas its words are the answer. */
	if (q->move.agent->ideas) {
		pike_buf_adds(out, words ? words : end->log.s);
	} else {
		add_talk(out, end->log.s, end->log.len);
		add_words(out, words ? words : last);
		pike_buf_adds(out, report.s);
		add_files(out, left, &q->files);
	}
	line = pike_clean_line(report.s, report.len, 700);
	if (report.len)
		pike_say("llm '%s': %s", q->llm->name, line);
	if (!changed && !left->broken &&
	    (end->why != PIKE_BOX_EXITED || end->status))
		ret = pike_fail(err, PIKE_FAILED, "nothing has changed: %s%s",
				line, last ? last : "");
	free(line);
	pike_buf_release(&report);
	free(last);
	return ret;
}

/* What it prints and writes is kept, and shared; its key is neither. */
static void hide_key(char *talk, struct pike_left *left, const char *key)
{
	size_t n = key ? strlen(key) : 0;

	for (char *at = talk; n && (at = strstr(at, key)); at += n)
		memset(at, '*', n);
	for (size_t i = 0; n && i < left->files.n; i++) {
		const struct pike_file *f = &left->files.v[i];

		if (memmem(f->data, f->len, key, n) && !left->broken)
			left->broken =
			    pike_xasprintf("'%s' holds the key", f->path);
	}
	if (left->broken)
		pike_files_release(&left->files);
}

static void finish(struct pike_asked *q, const struct pike_box_end *end)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_answer a = { .ending = PIKE_END_WHOLE };
	struct pike_left left = { .ntouched = 0 };
	struct pike_buf text;
	char *words;
	int ret = pike_left_read(&left, q->work->left, &err);

	hide_key(end->log.s, &left, key_of(q->llm));
	pike_buf_init(&text, PIKE_REPLY_MAX);
	words = pike_answer_printed(&a, end->log.s);
	if (!ret)
		ret = compose(&text, q, end, &left, words, &err);
	if (!ret && left.broken) {
		a.ending = PIKE_END_BROKEN;
		a.broken = pike_xstrdup(left.broken);
	}
	a.text = pike_buf_detach(&text);
	pike_question_answered(q->question, &a, ret, err.text);
	free(words);
	pike_left_release(&left);
}

void pike_work_step(struct pike_asked *q)
{
	struct pike_work *w = q->work;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_answer none = { .text = NULL };
	struct pike_box_end end;
	int ret;

	if (!pike_box_ended(w->box))
		return;
	ret = pike_box_wait(&end, w->box, -1, &err);
	pike_proxy_stop(w->proxy);
	if (ret) {
		none.text = pike_xstrdup("");
		pike_question_answered(q->question, &none, ret, err.text);
		return;
	}
	finish(q, &end);
	pike_box_end_release(&end);
}
