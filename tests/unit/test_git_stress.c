/* SPDX-License-Identifier: Apache-2.0 */
/* Many processes at once, and processes killed at random moments. */
#include "git_fixture.h"

#include "git/repo_priv.h"

#include "base/clock.h"
#include "base/rand.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum {
	WRITERS = 4,
	EACH = 50,
	KILLS = 12
};

/* Stores and records until `n` are done; tells each durable id on `fd`. */
static void writer(const char *dir, int who, int n, int fd)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;

	open_search(&r, &s, &h, dir);
	for (int i = 0; i < n; i++) {
		char text[64], id[64];
		struct pike_oid c;

		snprintf(text, sizeof(text), "%d %d %d\n", who, i, getpid());
		snprintf(id, sizeof(id), "id-%d-%d-%d", who, i, getpid());
		c = store_one(s, h, h->base, text);
		record_one(s, h, &c,
			   (struct line){ id, PIKE_SCREEN, PIKE_V_FASTER,
					  1 + i / 100.0 });
		if (dprintf(fd, "%s\n", id) < 0)
			_exit(3);
		if (n > EACH && i % 7 == 6) {
			struct pike_err err = PIKE_ERR_INIT;
			struct pike_close k = { .champion = h->base,
						.speedup = { 1, 1, 1 } };
			int ret = pike_search_advance(s, h, &k, &err);

			if (ret && ret != PIKE_RETRY)
				_exit(4);
		}
	}
	close_search(r, s, h);
}

static pid_t spawn_writer(const char *dir, int who, int n, int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		writer(dir, who, n, fd);
		_exit(0);
	}
	return pid;
}

/* Every id in `told` must stand in a note of the repository. */
static size_t check_told(const char *dir, const char *told)
{
	struct pike_strs ids = PIKE_STRS_INIT;
	size_t n;
	char *all = sh_in(dir, 0,
			  "git for-each-ref --format='%%(refname)' "
			  "refs/notes/pike | while read -r ref; do git ls-tree "
			  "-r $ref; done | awk '{print $3}' | sort -u | git "
			  "cat-file --batch");

	pike_strs_split(&ids, told, "\n");
	for (size_t i = 0; i < ids.n; i++) {
		char *quoted = pike_xasprintf("\"id\":\"%s\"", ids.v[i]);

		if (!strstr(all, quoted))
			fail_msg("line %s is lost", ids.v[i]);
		free(quoted);
	}
	n = ids.n;
	pike_strs_release(&ids);
	free(all);
	return n;
}

static void drain(struct pike_buf *told, int fd)
{
	struct pike_err err = PIKE_ERR_INIT;

	ok(pike_read_fd(told, fd, &err), &err);
}

static void test_together(void **state)
{
	struct fixture f;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_buf told;
	pid_t pid[WRITERS];
	int p[2];

	(void)state;
	fixture_begin(&f);
	pike_buf_init(&told, 1 << 20);
	assert_int_equal(pipe(p), 0);
	for (int i = 0; i < WRITERS; i++)
		pid[i] = spawn_writer(f.repo, i, EACH, p[1]);
	close(p[1]);
	drain(&told, p[0]);
	close(p[0]);
	for (int i = 0; i < WRITERS; i++) {
		int status;

		waitpid(pid[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(check_told(f.repo, told.s), WRITERS * EACH);
	open_search(&r, &s, &h, f.repo);
	assert_int_equal(h->nrecs, WRITERS * EACH);
	assert_int_equal(pike_history_pending(h), 0);
	close_generation(s, h, &h->recs[0].id, 1.2);
	check_folds(f.repo, h);
	assert_int_equal(check_told(f.repo, told.s), WRITERS * EACH);
	fsck(f.repo);
	close_search(r, s, h);
	pike_buf_release(&told);
	fixture_end(&f);
}

static void nap(unsigned ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000,
				     .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

/* Until a writer has told something, or closed its end. */
static void await_word(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

/*
 * Kills every other writer at whatever moment, so while it opens too; the
 * rest once they have told of a result, however slow the machine.
 */
static void test_killed(void **state)
{
	struct fixture f;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_buf told;
	struct pike_rng rng;
	char *left;

	(void)state;
	fixture_begin(&f);
	pike_buf_init(&told, 1 << 20);
	pike_rng_seed(&rng, (uint64_t)pike_now_ns());
	for (int i = 0; i < KILLS; i++) {
		int p[2];
		pid_t pid;

		assert_int_equal(pipe(p), 0);
		pid = spawn_writer(f.repo, i, 1000000, p[1]);
		close(p[1]);
		if (i % 2)
			await_word(p[0]);
		nap(20 + (unsigned)pike_rng_below(&rng, 250));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		drain(&told, p[0]);
		close(p[0]);
		/* Opening it again is all the repair there is. */
		open_search(&r, &s, &h, f.repo);
		check_folds(f.repo, h);
		record_one(
		    s, h, &h->base,
		    (struct line){ "after", PIKE_VERIFY, PIKE_V_SAME, 1 });
		close_search(r, s, h);
		check_told(f.repo, told.s);
		fsck(f.repo);
	}
	open_search(&r, &s, &h, f.repo);
	close_generation(s, h, &h->base, 1);
	check_folds(f.repo, h);
	assert_true(check_told(f.repo, told.s) >= KILLS / 2);
	assert_true(h->nrecs >= check_told(f.repo, told.s));
	close_search(r, s, h);
	fsck(f.repo);
	left = sh_in(f.repo, 0, "find .git/refs .git/logs -name '*.lock'");
	assert_string_equal(left, "");
	free(left);
	pike_buf_release(&told);
	fixture_end(&f);
}

/* Ends amid the first file that gets larger than `bytes`. */
static void torn_writer(const char *dir, rlim_t bytes)
{
	const struct rlimit none = { 0, 0 }, most = { bytes, bytes };
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;

	open_search(&r, &s, &h, dir);
	if (setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_FSIZE, &most))
		_exit(3);
	for (int i = 0; i < 8; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d\n", i);
		store_one(s, h, h->base, text);
	}
	close_generation(s, h, &h->base, 1);
}

/* A file of which a part is written is none: no object, no result. */
static void test_torn(void **state)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;
	char *part;
	int status;
	pid_t pid;

	(void)state;
	fixture_begin(&f);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		torn_writer(f.repo, 20);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXFSZ);
	part = sh_in(f.repo, 0, "find .git/objects -name 'tmp_object*'");
	assert_non_null(strstr(part, "tmp_object"));
	open_search(&r, &s, &h, f.repo);
	assert_int_equal(h->nrecs, 0);
	close_search(r, s, h);
	fsck(f.repo);
	free(part);
	fixture_end(&f);
}

/* Somebody repacks while a passphrase is typed: what is to be signed is on disk
 * then, and nothing names it. */
static void test_repacked_while_signed(void **state)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	free(sh_in(f.repo, 0,
		   "printf '#!/bin/sh\\ngit -C %s repack -adq\\nprintf "
		   "\"\\\\n[GNUPG:] SIG_CREATED \" >&2\\ncat >/dev/null\\n"
		   "echo -----BEGIN PGP SIGNATURE-----\\necho x\\n"
		   "echo -----END PGP SIGNATURE-----\\n' >.git/signer && "
		   "chmod +x .git/signer && git config commit.gpgsign true && "
		   "git config gpg.program $PWD/.git/signer && "
		   "git config user.signingkey x",
		   f.repo));
	open_search(&r, &s, &h, f.repo);
	for (int g = 0; g < 2; g++) {
		struct pike_oid id;

		for (int i = 0; i < 24; i++) {
			char text[32];

			snprintf(text, sizeof(text), "%d %d\n", g, i);
			id = store_one(s, h, h->base, text);
			record_one(s, h, &id,
				   (struct line){ text, PIKE_SCREEN,
						  PIKE_V_FASTER, 1.1 });
		}
		close_generation(s, h, &id, 1.1);
	}
	check_folds(f.repo, h);
	close_search(r, s, h);
	fsck(f.repo);
	fixture_end(&f);
}

static pid_t spawn_maintenance(const char *dir)
{
	static const char script[] =
	    "while :; do git gc -q; git repack -adq; git pack-refs --all; "
	    "git maintenance run --quiet --task=commit-graph "
	    "--task=loose-objects --task=incremental-repack; done";
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (chdir(dir))
		_exit(3);
	execlp("sh", "sh", "-c", script, (char *)NULL);
	_exit(3);
}

/* Whatever git does to the store and to the refs meanwhile. */
static void test_maintained(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_buf told;
	pid_t pids[WRITERS], git;
	struct fixture f;
	int p[2], status;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	git = spawn_maintenance(f.repo);
	assert_int_equal(pipe(p), 0);
	for (int i = 0; i < WRITERS; i++)
		pids[i] = spawn_writer(f.repo, i, EACH + 1, p[1]);
	close(p[1]);
	pike_buf_init(&told, 1 << 20);
	ok(pike_read_fd(&told, p[0], &err), &err);
	for (int i = 0; i < WRITERS; i++) {
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	kill(-git, SIGTERM);
	waitpid(git, &status, 0);
	ok(pike_search_fold(h, s, &err), &err);
	assert_int_equal(h->nrecs, WRITERS * (EACH + 1));
	ok(pike_repo_pack(r, false, &err), &err);
	assert_int_equal(check_told(f.repo, told.s), WRITERS * (EACH + 1));
	check_folds(f.repo, h);
	close_search(r, s, h);
	fsck(f.repo);
	close(p[0]);
	pike_buf_release(&told);
	fixture_end(&f);
}

enum {
	PACKED = 150
};

/* Whoever packs refs while some of them are deleted loses none of his. */
static void test_packed_while_deleted(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct fixture f;
	git_oid tip;
	pid_t git;
	int status;
	char *n;

	(void)state;
	fixture_begin(&f);
	free(
	    sh_in(f.repo, 0,
		  "h=$(git rev-parse HEAD); for i in $(seq %d); do echo "
		  "create refs/pike/gone/$i $h; done | git update-ref --stdin; "
		  "git pack-refs --all",
		  PACKED));
	ok(pike_repo_open(&r, f.repo, &err), &err);
	assert_int_equal(pike_ref_read(&tip, r, "refs/pike/gone/1", &err), 0);
	git = fork();
	assert_true(git >= 0);
	if (!git) {
		free(sh_in(f.repo, 0,
			   "for i in $(seq %d); do git branch kept-$i; git "
			   "pack-refs --all; done",
			   PACKED));
		_exit(0);
	}
	for (int i = 1; i <= PACKED; i++) {
		char name[64];

		snprintf(name, sizeof(name), "refs/pike/gone/%d", i);
		ok(pike_ref_delete(r, name, &tip, &err), &err);
	}
	waitpid(git, &status, 0);
	assert_int_equal(status, 0);
	n = sh_in(f.repo, 0,
		  "git for-each-ref 'refs/heads/kept-*' | wc -l; git "
		  "for-each-ref refs/pike/gone | wc -l");
	assert_string_equal(n, "150\n0");
	free(n);
	pike_repo_free(r);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_maintained),
		cmocka_unit_test(test_packed_while_deleted),
		cmocka_unit_test(test_repacked_while_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
