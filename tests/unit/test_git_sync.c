/* SPDX-License-Identifier: Apache-2.0 */
/* sync: two clones, and the repository that they share. */
#include "git/sync.h"
#include "git_fixture.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A machine: a clone, and its handles. */
struct machine {
	char *dir;
	struct pike_repo *r;
	struct pike_search_ref *s;
	struct pike_history *h;
};

struct two {
	struct fixture f;
	char *server;
	struct machine a, b;
};

static void sync_as(const struct machine *m, bool fetch, bool push, int want)
{
	const struct pike_sync o = {
		.remote = "origin", .fetch = fetch, .push = push, .chat = true
	};
	struct pike_synced out = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_sync(&out, m->r, &o, &err);

	if (ret != want)
		fail_msg("%d instead of %d: %s", ret, want, err.text);
	pike_synced_release(&out);
}

static void sync_both_ways(const struct machine *m)
{
	struct pike_strs left = PIKE_STRS_INIT;
	const struct pike_sync o = { .remote = "origin", .chat = true };
	struct pike_err err = PIKE_ERR_INIT;

	sync_as(m, true, true, 0);
	ok(pike_sync_unsent(&left, m->r, &o, &err), &err);
	assert_int_equal(left.n, 0);
	pike_strs_release(&left);
}

static void machine_open(struct machine *m, const struct fixture *f,
			 const char *name)
{
	struct pike_err err = PIKE_ERR_INIT;

	m->dir = pike_xasprintf("%s/%s", f->top, name);
	free(sh_in(f->top, 0, "git clone -q server.git %s", name));
	ok(pike_repo_open(&m->r, m->dir, &err), &err);
	assert_true(pike_sync_remote(m->r, "origin"));
	assert_false(pike_sync_remote(m->r, "elsewhere"));
	sync_as(m, true, false, 0);
	pike_repo_free(m->r);
	open_search(&m->r, &m->s, &m->h, m->dir);
}

static void machine_close(struct machine *m)
{
	close_search(m->r, m->s, m->h);
	free(m->dir);
}

/* Both know the search that the first has begun. */
static void two_begin(struct two *t)
{
	fixture_begin(&t->f);
	t->server = pike_xasprintf("%s/server.git", t->f.top);
	sh(t->f.top, "git clone -q --bare repo server.git && cd server.git && "
		     "git config receive.denyNonFastForwards true && "
		     "git config core.logAllRefUpdates always");
	machine_open(&t->a, &t->f, "a");
	sync_both_ways(&t->a);
	machine_open(&t->b, &t->f, "b");
	assert_string_equal(t->a.h->tip.hex, t->b.h->tip.hex);
}

static void two_end(struct two *t)
{
	fsck(t->server);
	fsck(t->a.dir);
	fsck(t->b.dir);
	machine_close(&t->a);
	machine_close(&t->b);
	free(t->server);
	fixture_end(&t->f);
}

static void refold(struct machine *m)
{
	struct pike_err err = PIKE_ERR_INIT;

	ok(pike_search_fold(m->h, m->s, &err), &err);
}

/* Both sync until both have all, and then agree with a newcomer. */
static void settle(struct two *t)
{
	struct machine c;

	sync_both_ways(&t->a);
	sync_both_ways(&t->b);
	sync_both_ways(&t->a);
	refold(&t->a);
	refold(&t->b);
	same_history(t->a.h, t->b.h);
	check_folds(t->a.dir, t->a.h);
	check_folds(t->b.dir, t->b.h);
	machine_open(&c, &t->f, "c");
	same_history(t->a.h, c.h);
	free(sh_in(t->f.top, 0, "rm -rf c"));
	machine_close(&c);
}

static struct pike_oid try_out(struct machine *m, const char *text)
{
	return store_one(m->s, m->h, m->h->base, text);
}

static size_t count(const char *dir, const char *pattern)
{
	char *n =
	    sh_in(dir, 0, "git for-each-ref --format=x '%s' | wc -l", pattern);
	size_t k = (size_t)strtoul(n, NULL, 10);

	free(n);
	return k;
}

#define INBOXES "refs/notes/pike/inbox"

/* One proposes, another measures, the first folds. */
static void test_stages(void **state)
{
	struct two t;
	struct pike_oid id;

	(void)state;
	two_begin(&t);
	id = try_out(&t.a, "one\n");
	sync_both_ways(&t.a);
	sync_as(&t.b, true, false, 0);
	refold(&t.b);
	assert_non_null(pike_history_find(t.b.h, &id));
	record_one(t.b.s, t.b.h, &id,
		   (struct line){ "r1", PIKE_SCREEN, PIKE_V_FASTER, 2 });
	sync_as(&t.b, false, true, 0);
	assert_int_equal(count(t.server, INBOXES), 1);
	sync_both_ways(&t.a);
	refold(&t.a);
	close_generation(t.a.s, t.a.h, &id, 2);
	assert_int_equal(count(t.server, INBOXES), 1);
	sync_both_ways(&t.a);
	assert_int_equal(count(t.server, INBOXES), 0);
	settle(&t);
	assert_int_equal(count(t.b.dir, INBOXES), 0);
	assert_int_equal(t.b.h->ngens, 2);
	/* Nothing to do is nothing done. */
	sync_both_ways(&t.b);
	assert_string_equal(t.b.h->champion.hex, id.hex);
	two_end(&t);
}

/* Both climb at once. */
static void test_ladders(void **state)
{
	struct two t;
	char text[32];

	(void)state;
	two_begin(&t);
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "a%d\n", i);
		try_out(&t.a, text);
		snprintf(text, sizeof(text), "b%d\n", i);
		try_out(&t.b, text);
	}
	settle(&t);
	assert_int_equal(t.a.h->nrecs, 6);
	free(sh_in(t.server, 0,
		   "test $(git log --format=%%s refs/pike/open/softmax/cpu | "
		   "grep -c 'try it') = 6"));
	two_end(&t);
}

/* What a comment says, or (0) somebody here. */
static size_t steer(struct machine *m, enum pike_steer_word w, const char *text,
		    int64_t comment)
{
	struct pike_steer s = { .word = w,
				.text = pike_xstrdup(text),
				.by = pike_xstrdup(comment ? "anna" : ""),
				.comment = comment,
				.nth = comment ? 1 : 0 };
	struct pike_steers l = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	size_t n;

	pike_steers_push(&l, &s);
	ok(pike_search_steer(&n, m->s, m->h, &l, &err), &err);
	pike_steers_release(&l);
	return n;
}

/* Words on both ladders: none is lost, and what both have read of one comment
 * counts once. */
static void test_steers(void **state)
{
	struct two t;
	const struct pike_steer *rest;
	struct pike_oid a, b;

	(void)state;
	two_begin(&t);
	a = try_out(&t.a, "a\n");
	assert_int_equal(steer(&t.a, PIKE_STEER_HINT, "wider: loads", 7), 1);
	assert_int_equal(steer(&t.a, PIKE_STEER_PAUSE, "", 8), 1);
	assert_int_equal(steer(&t.a, PIKE_STEER_PAUSE, "", 8), 0);
	try_out(&t.b, "b\n");
	assert_int_equal(steer(&t.b, PIKE_STEER_PAUSE, "", 8), 1);
	assert_int_equal(steer(&t.b, PIKE_STEER_HINT, "shorter", 9), 1);
	b = try_out(&t.b, "c\n");
	settle(&t);
	assert_int_equal(t.a.h->nrecs, 3);
	assert_int_equal(t.a.h->steers.n, 3);
	assert_int_equal(pike_steers_last_comment(&t.a.h->steers), 9);
	rest = pike_steers_rest(&t.b.h->steers);
	assert_non_null(rest);
	assert_int_equal(rest->word, PIKE_STEER_PAUSE);
	assert_string_equal(rest->by, "anna");

	/* A generation that gave way takes no word along. */
	record_one(t.a.s, t.a.h, &a,
		   (struct line){ "ra", PIKE_SCREEN, PIKE_V_FASTER, 2 });
	record_one(t.b.s, t.b.h, &b,
		   (struct line){ "rb", PIKE_SCREEN, PIKE_V_FASTER, 3 });
	assert_int_equal(steer(&t.b, PIKE_STEER_RESUME, "", 0), 1);
	close_generation(t.a.s, t.a.h, &a, 2);
	close_generation(t.b.s, t.b.h, &b, 3);
	sync_both_ways(&t.a);
	settle(&t);
	assert_int_equal(t.b.h->resets, 1);
	assert_int_equal(t.a.h->steers.n, 4);
	assert_null(pike_steers_rest(&t.a.h->steers));
	two_end(&t);
}

/* Both close a generation: the first one stands, nothing of the other's is
 * lost. */
static void test_generations(void **state)
{
	struct two t;
	struct pike_oid a, b;
	const struct pike_record *r;

	(void)state;
	two_begin(&t);
	a = try_out(&t.a, "a\n");
	b = try_out(&t.b, "b\n");
	record_one(t.a.s, t.a.h, &a,
		   (struct line){ "ra", PIKE_SCREEN, PIKE_V_FASTER, 2 });
	record_one(t.b.s, t.b.h, &b,
		   (struct line){ "rb", PIKE_SCREEN, PIKE_V_FASTER, 3 });
	close_generation(t.a.s, t.a.h, &a, 2);
	close_generation(t.b.s, t.b.h, &b, 3);
	sync_both_ways(&t.a);
	settle(&t);
	assert_int_equal(t.b.h->resets, 1);
	assert_int_equal(t.b.h->ngens, 2);
	assert_string_equal(t.b.h->champion.hex, a.hex);
	r = pike_history_find(t.b.h, &b);
	assert_non_null(r);
	assert_int_equal(r->settled, -1);
	assert_int_equal(r->screen.verdict, PIKE_V_FASTER);
	/* It goes on, and lists what is late. */
	close_generation(t.b.s, t.b.h, &b, 3);
	settle(&t);
	assert_int_equal(t.a.h->ngens, 3);
	r = pike_history_find(t.a.h, &b);
	assert_int_equal(r->settled, 2);
	two_end(&t);
}

/* Two that begin the same search before either knows of the other. */
static void test_beginnings(void **state)
{
	struct two t;
	struct pike_err err = PIKE_ERR_INIT;
	struct machine *const all[] = { &t.a, &t.b };

	(void)state;
	two_begin(&t);
	for (int i = 0; i < 2; i++) {
		struct machine *m = all[i];
		struct pike_proposal p;
		struct pike_oid id;
		bool known;

		pike_history_free(m->h);
		pike_search_close(m->s);
		ok(pike_search_open(&m->s, m->r, "softmax", "cpu", "two", &err),
		   &err);
		m->h = pike_history_new("softmax", "cpu.two");
		ok(pike_repo_base(&id, m->r, NULL, &err), &err);
		ok(pike_search_begin(m->s, &id, i ? "tune" : "plan",
				     (uint64_t)i, &err),
		   &err);
		refold(m);
		proposal(&p, &m->h->base, i ? "b\n" : "a\n");
		ok(pike_search_store(&id, &known, m->s, m->h, &p, 1, &err),
		   &err);
		pike_files_release(&p.files);
	}
	sync_both_ways(&t.a);
	sync_both_ways(&t.b);
	sync_both_ways(&t.a);
	refold(&t.a);
	refold(&t.b);
	same_history(t.a.h, t.b.h);
	assert_int_equal(t.a.h->nrecs, 2);
	assert_int_equal(t.a.h->ngens, 1);
	two_end(&t);
}

/* Notes that git joins in its own way, and what both have added since. */
static void test_notes(void **state)
{
	struct two t;
	char *a, *b, *s;

	(void)state;
	two_begin(&t);
	sh(t.a.dir, "git notes --ref=pike/lessons add -m one main && "
		    "git notes --ref=pike/lessons append -m two main");
	sync_both_ways(&t.a);
	sync_as(&t.b, true, false, 0);
	sh(t.a.dir, "git notes --ref=pike/lessons append -m three main");
	sh(t.b.dir, "git notes --ref=pike/lessons append -m four main && "
		    "git notes --ref=pike/lessons add -m other "
		    "$(git rev-parse main:README)");
	sync_both_ways(&t.a);
	sync_both_ways(&t.b);
	sync_both_ways(&t.a);
	a = sh_in(t.a.dir, 0, "git rev-parse refs/notes/pike/lessons");
	b = sh_in(t.b.dir, 0, "git rev-parse refs/notes/pike/lessons");
	s = sh_in(t.server, 0, "git rev-parse refs/notes/pike/lessons");
	assert_string_equal(a, b);
	assert_string_equal(a, s);
	free(a);
	free(b);
	free(s);
	a = sh_in(t.server, 0,
		  "git notes --ref=pike/lessons show main | tr "
		  "'\\n' ' '");
	assert_string_equal(a, "four one three two ");
	free(a);
	free(sh_in(t.server, 0,
		   "git notes --ref=pike/lessons show main:README"));
	two_end(&t);
}

/* A writer goes on in an inbox that others have folded meanwhile. */
static void test_written_on(void **state)
{
	struct two t;
	struct pike_oid one, two;

	(void)state;
	two_begin(&t);
	one = try_out(&t.a, "one\n");
	two = try_out(&t.a, "two\n");
	sync_both_ways(&t.a);
	sync_as(&t.b, true, false, 0);
	refold(&t.b);
	record_one(t.b.s, t.b.h, &one,
		   (struct line){ "r1", PIKE_SCREEN, PIKE_V_FASTER, 2 });
	sync_both_ways(&t.b);
	sync_both_ways(&t.a);
	refold(&t.a);
	close_generation(t.a.s, t.a.h, &one, 2);
	sync_both_ways(&t.a);
	record_one(t.b.s, t.b.h, &two,
		   (struct line){ "r2", PIKE_SCREEN, PIKE_V_SLOWER, 0.5 });
	settle(&t);
	assert_int_equal(count(t.server, INBOXES), 1);
	close_generation(t.a.s, t.a.h, &one, 2);
	settle(&t);
	assert_int_equal(count(t.server, INBOXES), 0);
	assert_int_equal(count(t.b.dir, INBOXES), 0);
	assert_int_equal(pike_history_find(t.b.h, &two)->settled, 2);
	two_end(&t);
}

/* A remote that was taken back, and one that has another search, are told and
 * change nothing here. */
static void test_taken_back(void **state)
{
	struct two t;
	struct pike_oid id;
	char *was;

	(void)state;
	two_begin(&t);
	id = try_out(&t.a, "one\n");
	record_one(t.a.s, t.a.h, &id,
		   (struct line){ "r1", PIKE_SCREEN, PIKE_V_FASTER, 2 });
	close_generation(t.a.s, t.a.h, &id, 2);
	sync_both_ways(&t.a);
	sync_as(&t.b, true, false, 0);
	was = sh_in(t.b.dir, 0,
		    "git rev-parse pike/evo/softmax/cpu "
		    "refs/pike/open/softmax/cpu");
	/* Another generation 1 than the one that was there. */
	sh(t.server, "b=refs/heads/pike/evo/softmax/cpu; "
		     "c=$(git log -1 --format=%B $b | git -c user.name=x -c "
		     "user.email=x@y commit-tree $b^{tree} -p $b^); "
		     "git update-ref $b $c; "
		     "git update-ref refs/pike/open/softmax/cpu $c");
	sync_as(&t.b, true, true, 0);
	free(sh_in(t.b.dir, 0,
		   "test \"$(git rev-parse pike/evo/softmax/cpu "
		   "refs/pike/open/softmax/cpu)\" = '%s'",
		   was));
	free(was);
	two_end(&t);
}

/* What is no name, or no commit, of ours. */
static void test_distrust(void **state)
{
	struct two t;

	(void)state;
	two_begin(&t);
	sh(t.server,
	   "b=$(git rev-parse main:README) c=$(git rev-parse main); "
	   "git update-ref refs/pike/open/softmax/blob $b; "
	   "git update-ref refs/notes/pike/inbox/blob $b; "
	   "git update-ref refs/pike/open/UPPER/cpu $c; "
	   "git update-ref refs/pike/open/a/b/c $c; "
	   "git update-ref refs/pike/open/softmax/main $c; "
	   "git update-ref refs/heads/pike/evo/softmax/main $c; "
	   "git update-ref refs/pike/open/softmax/alone $c; "
	   "r=$(printf 'r\\n\\nPike-Rung: 1\\n' | git -c "
	   "user.name=x -c user.email=x@y commit-tree $c^{tree} -p $c "
	   "-p $c); git update-ref refs/pike/open/softmax/cpu $r; "
	   "git update-ref refs/heads/pike/evo/alone $c; "
	   "git update-ref refs/notes/pike/other $c; "
	   "git update-ref refs/notes/pike/inbox/in/folders $c; "
	   "git update-ref refs/pike/remote/origin/x $c");
	sync_both_ways(&t.a);
	assert_int_equal(count(t.a.dir, "refs/pike/open"), 0);
	assert_int_equal(count(t.a.dir, INBOXES), 0);
	assert_int_equal(count(t.a.dir, "refs/notes"), 0);
	assert_int_equal(count(t.a.dir, "refs/heads/pike"), 1);
	two_end(&t);
}

/* A hook that lets the second push pass, and one that lets none. */
static void test_refused(void **state)
{
	struct two t;
	const struct pike_sync o = { .remote = "origin", .push = true };
	struct pike_synced out = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	two_begin(&t);
	sh(t.server, "printf '#!/bin/sh\\ntest -e passed || { >passed; exit 1; "
		     "}\\n' >hooks/update && chmod +x hooks/update");
	try_out(&t.a, "one\n");
	sync_as(&t.a, false, true, 0);
	sh(t.server,
	   "printf '#!/bin/sh\\ncase $1 in refs/pike/*) echo no; exit "
	   "1;; esac\\n' >hooks/update");
	try_out(&t.a, "two\n");
	assert_int_equal(pike_sync(&out, t.a.r, &o, &err), PIKE_RETRY);
	assert_non_null(strstr(err.text, "refuses 'refs/pike/open/softmax/"
					 "cpu'"));
	assert_non_null(strstr(err.text, "hook declined"));
	pike_synced_release(&out);
	sh(t.server, "rm hooks/update");
	settle(&t);
	two_end(&t);
}

/* No server: an error with a reason, and no secret in it. */
static void test_unreachable(void **state)
{
	struct two t;
	const struct pike_sync o = { .remote = "origin", .fetch = true };
	struct pike_synced out = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	two_begin(&t);
	sh(t.a.dir, "git remote set-url origin http://me:secret@127.0.0.1:1/x");
	assert_int_equal(pike_sync(&out, t.a.r, &o, &err), PIKE_RETRY);
	assert_non_null(strstr(err.text, "127.0.0.1"));
	assert_null(strstr(err.text, "secret"));
	pike_synced_release(&out);
	two_end(&t);
}

/* Forced refspecs of the user's do not reach our notes. */
static void test_forced_refspec(void **state)
{
	struct two t;
	struct pike_oid id;
	char *was;

	(void)state;
	two_begin(&t);
	id = try_out(&t.a, "one\n");
	record_one(t.a.s, t.a.h, &id,
		   (struct line){ "r1", PIKE_SCREEN, PIKE_V_FASTER, 2 });
	close_generation(t.a.s, t.a.h, &id, 2);
	sync_both_ways(&t.a);
	sync_as(&t.b, true, false, 0);
	sh(t.b.dir, "git config --add remote.origin.fetch "
		    "'+refs/notes/*:refs/notes/*' && "
		    "git notes --ref=pike/results append -m mine main");
	was = sh_in(t.b.dir, 0, "git rev-parse refs/notes/pike/results");
	sync_as(&t.b, true, false, 0);
	free(sh_in(t.b.dir, 0,
		   "test $(git rev-parse refs/notes/pike/results) = %s", was));
	free(was);
	two_end(&t);
}

/* ---- killed at any moment ---- */

enum {
	KILLS = 25,
	PATIENCE_US = 100000
};

/* As a process does that may end at any time; tells what is durable. */
static void work(const struct two *t, int round, int tell)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_synced out = { 0 };
	const struct pike_sync o = { .remote = "origin",
				     .fetch = true,
				     .push = true };
	struct machine m;
	char text[32];

	open_search(&m.r, &m.s, &m.h, t->b.dir);
	for (int i = 0; i < 4; i++) {
		struct pike_oid id;

		snprintf(text, sizeof(text), "%d %d\n", round, i);
		refold(&m);
		id = try_out(&m, text);
		record_one(
		    m.s, m.h, &id,
		    (struct line){ text, PIKE_SCREEN, PIKE_V_SLOWER, 0.5 });
		ok(write(tell, id.hex, 40) != 40, &err);
		pike_sync(&out, m.r, &o, &err);
		refold(&m);
		if (i % 2)
			close_generation(m.s, m.h, &m.h->champion, 1);
	}
	pike_sync(&out, m.r, &o, &err);
}

/* What one round leaves, whenever it ends. */
static void kill_one(const struct two *t, int round, int tell)
{
	pid_t pid = fork();
	uint32_t us;
	int status;

	if (!pid) {
		work(t, round, tell);
		_exit(0);
	}
	/* Mostly while it syncs; the last one may end by itself. */
	us = (uint32_t)round * 2654435761u % (4 * PATIENCE_US);
	if (round + 1 < KILLS) {
		usleep(us);
		kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status))
		assert_int_equal(status, 0);
}

/* git programs of the killed go on for a while. */
static void sync_at_last(const struct machine *m)
{
	const struct pike_sync o = { .remote = "origin",
				     .fetch = true,
				     .push = true };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_synced out = { 0 };
	int ret = PIKE_RETRY;

	for (int i = 0; ret == PIKE_RETRY && i < 20; i++) {
		if (i)
			usleep(PATIENCE_US);
		ret = pike_sync(&out, m->r, &o, &err);
	}
	ok(ret, &err);
	pike_synced_release(&out);
}

static void test_killed(void **state)
{
	struct two t;
	struct pike_oid id = { { 0 } };
	int tell[2];
	size_t n = 0;

	(void)state;
	two_begin(&t);
	assert_int_equal(pipe(tell), 0);
	for (int i = 0; i < KILLS; i++)
		kill_one(&t, i, tell[1]);
	close(tell[1]);
	refold(&t.b);
	sync_at_last(&t.b);
	refold(&t.b);
	close_generation(t.b.s, t.b.h, &t.b.h->champion, 1);
	settle(&t);
	for (; read(tell[0], id.hex, 40) == 40; n++) {
		const struct pike_record *r = pike_history_find(t.a.h, &id);

		assert_non_null(r);
		assert_int_equal(r->screen.verdict, PIKE_V_SLOWER);
		assert_true(r->settled > 0);
	}
	assert_true(n >= 4);
	close(tell[0]);
	assert_int_equal(count(t.server, INBOXES), 0);
	two_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_ladders),
		cmocka_unit_test(test_steers),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_written_on),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_distrust),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_forced_refspec),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
