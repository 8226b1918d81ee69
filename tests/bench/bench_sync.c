/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sync: how fast the results of many machines come together.
 *
 *   bench_sync [WRITERS RESULTS EVERY [URL]]     default: 8 100 10
 *
 * So many processes, each in a clone of its own, record so many results of as
 * many candidates, one by one, and push after each EVERY of them; then one
 * fetches them all, closes the generation and pushes that. `sync` is results
 * per second from the first measurement to that last push. All of it is checked
 * in one more clone: nothing may be lost or doubled. URL is an empty repository
 * to be pushed to, else a bare one in TMPDIR is. A JSON line on stdout, a table
 * on stderr.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "git/git.h"
#include "git/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ROUNDS = 3
};

struct bench {
	char *dir, *url;
	size_t writers, results, every, n; /* n: of all results */
	size_t round;
};

/* A clone, opened. */
struct place {
	struct pike_repo *r;
	struct pike_search_ref *s;
	struct pike_history *h;
};

static void must(int ret, const struct pike_err *err)
{
	if (!ret)
		return;
	fprintf(stderr, "bench_sync: %s\n", err->text);
	exit(128);
}

static void must_be(bool yes, const char *what)
{
	if (yes)
		return;
	fprintf(stderr, "bench_sync: %s\n", what);
	exit(1);
}

static void sh(const char *dir, const char *line)
{
	const char *argv[] = { "sh", "-ec", line, NULL };
	const struct pike_proc_opts o = { .argv = argv, .dir = dir };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proc_result res;

	must(pike_proc_run(&res, &o, &err), &err);
	if (res.status) {
		fprintf(stderr, "bench_sync: %s: %s", line, res.err.s);
		exit(128);
	}
	pike_proc_result_release(&res);
}

static void sync_it(const struct place *p, bool fetch, bool push)
{
	const struct pike_sync o = {
		.remote = "origin", .fetch = fetch, .push = push, .chat = true
	};
	struct pike_synced done = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	must(pike_sync(&done, p->r, &o, &err), &err);
	pike_synced_release(&done);
}

/* ---- places ---- */

static void make_clone(const struct bench *b, const char *name)
{
	char *line =
	    pike_xasprintf("git init -q '%s' && cd '%s' && git remote add "
			   "origin '%s' && git fetch -q origin main && git "
			   "checkout -q -b main FETCH_HEAD",
			   name, name, b->url);

	sh(b->dir, line);
	free(line);
}

static void enter(struct place *p, const struct bench *b, const char *name)
{
	char *dir = pike_xasprintf("%s/%s", b->dir, name);
	char *run = pike_xasprintf("r%zu", b->round);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid base;

	must(pike_repo_open(&p->r, dir, &err), &err);
	sync_it(p, true, false);
	must(pike_search_open(&p->s, p->r, "softmax", "cpu", run, &err), &err);
	must(pike_repo_base(&base, p->r, NULL, &err), &err);
	must(pike_search_begin(p->s, &base, "tune", 1, &err), &err);
	p->h = pike_history_new("softmax", "cpu");
	must(pike_search_fold(p->h, p->s, &err), &err);
	free(run);
	free(dir);
}

static void leave(struct place *p)
{
	pike_history_free(p->h);
	pike_search_close(p->s);
	pike_repo_free(p->r);
}

/* ---- the parts ---- */

/* Candidates of a round, where all can fetch them. */
static void propose(struct bench *b, const struct place *p)
{
	struct pike_proposal *v = pike_xcalloc(b->n, sizeof(*v));
	struct pike_oid *ids = pike_xcalloc(b->n, sizeof(*ids));
	bool *known = pike_xcalloc(b->n, sizeof(*known));
	struct pike_err err = PIKE_ERR_INIT;

	for (size_t i = 0; i < b->n; i++) {
		char *text =
		    pike_xasprintf("int tile = %zu;\n", b->round * b->n + i);

		v[i] = (struct pike_proposal){ .parents = &p->h->base,
					       .nparents = 1,
					       .subject = "another tile",
					       .agent = &pike_agent_tune,
					       .idea = "TILE=32" };
		pike_files_add(&v[i].files, "kernel.c", text, strlen(text));
		free(text);
	}
	must(pike_search_store(ids, known, p->s, p->h, v, b->n, &err), &err);
	for (size_t i = 0; i < b->n; i++)
		pike_files_release(&v[i].files);
	free(v);
	free(ids);
	free(known);
}

static void record(const struct place *p, size_t i)
{
	const struct pike_oid id = p->h->recs[i].id;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result res;

	pike_result_init(&res);
	res.commit = id;
	res.base = res.champion = p->h->base;
	res.id = pike_xasprintf("%zu-%.12s", i, id.hex);
	res.env = pike_xstrdup("0123456789abcdef");
	res.task = pike_xstrdup("fedcba9876543210");
	res.lane = pike_xstrdup("cpu");
	res.target = pike_xstrdup("softmax");
	res.verdict = PIKE_V_SLOWER;
	res.ts = 1700000000 + (int64_t)i;
	res.vs_base = res.vs_champion = (struct pike_ratio){ 0.8, 0.9, 0.95 };
	must(pike_search_record(p->s, p->h, &res, 1, &err), &err);
	pike_result_release(&res);
}

/* Another process: opens its clone, waits for the word, and works. */
static pid_t writer(struct bench *b, size_t which, const int go[2])
{
	char name[32], c;
	struct place p;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(go[1]);
	snprintf(name, sizeof(name), "w%zu", which);
	enter(&p, b, name);
	must_be(p.h->nrecs == b->n, "a writer does not see all candidates");
	must_be(read(go[0], &c, 1) == 0, "no word to begin");
	for (size_t i = 0; i < b->results; i++) {
		record(&p, which * b->results + i);
		if ((i + 1) % b->every == 0 || i + 1 == b->results)
			sync_it(&p, false, true);
	}
	leave(&p);
	_exit(0);
}

static void fold(const struct place *p)
{
	const struct pike_close c = { .champion = p->h->base,
				      .speedup = { 1, 1, 1 },
				      .strategy = "tune",
				      .table = "" };
	struct pike_err err = PIKE_ERR_INIT;

	sync_it(p, true, false);
	must(pike_search_advance(p->s, p->h, &c, &err), &err);
	sync_it(p, false, true);
}

/* In one more clone, by what git says. */
static void check(struct bench *b)
{
	char *count = pike_xasprintf(
	    "cd check%zu && test $(git log -1 --format=%%B "
	    "pike/evo/softmax/cpu.r%zu | grep -c '^Pike-Result') = %zu && test "
	    "-z \"$(git for-each-ref refs/notes/pike/inbox)\" && git fsck "
	    "--strict --no-dangling",
	    b->round, b->round, b->n);
	char name[32];
	struct place p;

	snprintf(name, sizeof(name), "check%zu", b->round);
	make_clone(b, name);
	enter(&p, b, name);
	must_be(p.h->nrecs == b->n && !pike_history_pending(p.h),
		"results were lost");
	for (size_t i = 0; i < p.h->nrecs; i++)
		must_be(p.h->recs[i].settled == 1, "one is not listed");
	leave(&p);
	sh(b->dir, count);
	free(count);
}

static double one_round(struct bench *b)
{
	struct place p;
	int go[2], status;
	int64_t start;
	double took;

	enter(&p, b, "maker");
	propose(b, &p);
	sync_it(&p, false, true);
	must_be(!pipe(go), "no pipe");
	for (size_t i = 0; i < b->writers; i++)
		writer(b, i, go);
	close(go[0]);
	sleep(2); /* all have opened their clones */
	start = pike_now_ns();
	close(go[1]);
	while (wait(&status) > 0)
		must_be(!status, "a writer has failed");
	fold(&p);
	took = (double)(pike_now_ns() - start) / 1e9;
	leave(&p);
	check(b);
	return (double)b->n / took;
}

static void make(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	char *line;

	b->dir = pike_xasprintf("%s/pike-bench-XXXXXX", tmp ? tmp : "/tmp");
	must_be(mkdtemp(b->dir) != NULL, "cannot make a folder");
	setenv("GIT_AUTHOR_NAME", "bench", 1);
	setenv("GIT_AUTHOR_EMAIL", "bench@localhost", 1);
	setenv("GIT_COMMITTER_NAME", "bench", 1);
	setenv("GIT_COMMITTER_EMAIL", "bench@localhost", 1);
	if (!b->url) {
		b->url = pike_xasprintf("file://%s/server.git", b->dir);
		sh(b->dir, "git init -q --bare server.git && git -C server.git "
			   "config receive.denyNonFastForwards true");
	}
	line = pike_xasprintf("git init -q seed && cd seed && echo 'int tile;' "
			      ">kernel.c && git add -A && git commit -qm base "
			      "&& git push -q '%s' HEAD:refs/heads/main",
			      b->url);
	sh(b->dir, line);
	free(line);
	make_clone(b, "maker");
	for (size_t i = 0; i < b->writers; i++) {
		char name[32];

		snprintf(name, sizeof(name), "w%zu", i);
		make_clone(b, name);
	}
}

static size_t number(const char *s)
{
	size_t n = strtoul(s, NULL, 10);

	must_be(n > 0, "usage: bench_sync [WRITERS RESULTS EVERY [URL]]");
	return n;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct bench b = { .writers = argc > 1 ? number(argv[1]) : 8,
			   .results = argc > 2 ? number(argv[2]) : 100,
			   .every = argc > 3 ? number(argv[3]) : 10,
			   .url = argc > 4 ? pike_xstrdup(argv[4]) : NULL };
	double rate[ROUNDS];

	pike_log_set(PIKE_QUIET);
	b.n = b.writers * b.results;
	make(&b);
	for (b.round = 0; b.round < ROUNDS; b.round++)
		rate[b.round] = one_round(&b);
	qsort(rate, ROUNDS, sizeof(*rate), by_value);
	printf("{\"bench\":\"sync\",\"n\":%zu,\"unit\":\"results/s\","
	       "\"median\":%.4g,\"min\":%.4g,\"max\":%.4g}\n",
	       b.n, rate[ROUNDS / 2], rate[0], rate[ROUNDS - 1]);
	fprintf(stderr,
		"%-16s %8zu  %10.1f results/s (%.1f to %.1f), %zu writers, a "
		"push every %zu\n",
		"sync", b.n, rate[ROUNDS / 2], rate[0], rate[ROUNDS - 1],
		b.writers, b.every);
	pike_rm_rf(b.dir, NULL);
	free(b.dir);
	free(b.url);
	return 0;
}
