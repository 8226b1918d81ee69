/* SPDX-License-Identifier: Apache-2.0 */
/* What others do in a repository, and what it is: extensions, names in the
 * way, folders that are removed, worktrees. */
#include "git_fixture.h"

#include "git/place_priv.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void refused(const char *dir, const char *part)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r = NULL;

	assert_int_equal(pike_repo_open(&r, dir, &err), PIKE_FATAL);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not say '%s'", err.text, part);
}

static void opens(const char *dir)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;

	ok(pike_repo_open(&r, dir, &err), &err);
	pike_repo_free(r);
}

static void set_extension(const struct fixture *f, const char *line)
{
	free(sh_in(f->repo, 0,
		   "git init -q fresh && "
		   "printf '[core]\n\trepositoryformatversion = 1\n"
		   "[extensions]\n\t%s\n' >>fresh/.git/config",
		   line));
}

static void test_extensions(void **state)
{
	static const struct {
		const char *line, *says; /* NULL: works */
	} rows[] = {
		{ "relativeWorktrees = true", NULL },
		{ "preciousObjects = true", NULL },
		{ "worktreeConfig = true", NULL },
		{ "refStorage = files", NULL },
		{ "objectFormat = sha1", NULL },
		{ "refStorage = reftable", "git refs migrate" },
		{ "objectFormat = sha256", "--object-format=sha1" },
		{ "compatObjectFormat = sha256", "two formats" },
		{ "partialClone = origin", NULL },
		{ "fromTheFuture = true", "'fromthefuture'" },
	};
	struct fixture f;
	char *dir;

	(void)state;
	fixture_begin(&f);
	dir = pike_xasprintf("%s/fresh", f.repo);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		set_extension(&f, rows[i].line);
		if (rows[i].says)
			refused(dir, rows[i].says);
		else
			opens(dir);
		sh(f.repo, "rm -rf fresh");
	}
	free(dir);
	fixture_end(&f);
}

static long loose(const struct fixture *f)
{
	char *n = sh_in(f->repo, 0, "find .git/objects -type f | wc -l");
	long got = strtol(n, NULL, 10);

	free(n);
	return got;
}

/* Others borrow objects: none goes, whatever is closed or packed. */
static void test_precious(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_strs l = PIKE_STRS_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid id;
	struct fixture f;
	long before;

	(void)state;
	fixture_begin(&f);
	sh(f.repo, "git config core.repositoryformatversion 1 && "
		   "git config extensions.preciousObjects true");
	open_search(&r, &s, &h, f.repo);
	for (int g = 0; g < 9; g++) {
		char text[32];

		snprintf(text, sizeof(text), "text %d\n", g);
		id = store_one(s, h, h->base, text);
		record_one(
		    s, h, &id,
		    (struct line){ text, PIKE_CONFIRM, PIKE_V_FASTER, 1.1 });
		before = loose(&f);
		close_generation(s, h, &id, 1.1);
		assert_true(loose(&f) > before);
	}
	before = loose(&f);
	assert_int_equal(pike_repo_pack(r, true, &err), 1);
	assert_int_equal(loose(&f), before);
	ok(pike_repo_problems(&l, r, &err), &err);
	assert_int_equal(l.n, 1);
	assert_non_null(strstr(l.v[0], "preciousObjects"));
	pike_strs_release(&l);
	close_search(r, s, h);
	fsck(f.repo);
	fixture_end(&f);
}

/* Refs where folders of ours have to be, or below a ref of ours. */
static void test_blocked(void **state)
{
	static const struct {
		const char *ref, *says;
	} rows[] = {
		{ "refs/heads/pike", "git branch -m pike another-name" },
		{ "refs/heads/pike/evo", "git branch -m pike/evo " },
		{ "refs/heads/pike/evo/softmax/cpu/x",
		  "git branch -m pike/evo/softmax/cpu/x " },
		{ "refs/notes/pike", "git update-ref -d refs/notes/pike" },
		{ "refs/pike/open", "git update-ref -d refs/pike/open" },
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_oid base;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	ok(pike_repo_open(&r, f.repo, &err), &err);
	ok(pike_search_open(&s, r, "softmax", "cpu", NULL, &err), &err);
	ok(pike_repo_base(&base, r, NULL, &err), &err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		free(sh_in(f.repo, 0,
			   "git update-ref %s HEAD && git pack-refs "
			   "--all",
			   rows[i].ref));
		assert_int_equal(pike_search_begin(s, &base, "tune", 7, &err),
				 PIKE_FATAL);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text,
				 rows[i].says);
		free(sh_in(f.repo, 0, "git update-ref -d %s", rows[i].ref));
	}
	ok(pike_search_begin(s, &base, "tune", 7, &err), &err);
	pike_search_close(s);
	pike_repo_free(r);
	fixture_end(&f);
}

/* Removes the folders of refs as soon as they are empty, until it is killed. */
static pid_t remover(const char *repo)
{
	static const char *const dirs[] = {
		"heads/pike/evo/softmax", "heads/pike/evo", "heads/pike",
		"pike/open/softmax",	  "pike/open",	    "pike"
	};
	pid_t pid = fork();

	while (!pid) {
		usleep(20); /* else nobody could make any of them, nor git */
		for (size_t i = 0; i < PIKE_ARRAY_LEN(dirs); i++) {
			char path[512];

			snprintf(path, sizeof(path), "%s/.git/refs/%s", repo,
				 dirs[i]);
			rmdir(path);
		}
	}
	return pid;
}

static void test_folders_removed(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct pike_oid base;
	struct fixture f;
	pid_t pid;

	(void)state;
	fixture_begin(&f);
	ok(pike_repo_open(&r, f.repo, &err), &err);
	ok(pike_repo_base(&base, r, NULL, &err), &err);
	pid = remover(f.repo);
	assert_true(pid > 0);
	for (int i = 0; i < 40; i++) {
		struct pike_search_ref *s;
		char run[16];
		int ret;

		snprintf(run, sizeof(run), "r%d", i);
		ok(pike_search_open(&s, r, "softmax", "cpu", run, &err), &err);
		ret = pike_search_begin(s, &base, "tune", 7, &err);
		pike_search_close(s);
		if (!ret)
			free(sh_in(f.repo, 0, "git pack-refs --all"));
		if (ret) {
			kill(pid, SIGKILL);
			fail_msg("%d: %s", i, err.text);
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pike_repo_free(r);
	fsck(f.repo);
	fixture_end(&f);
}

/* Also where libgit2 cannot open the worktree: relative paths, of git 2.48. */
static void test_checked_out(void **state)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;
	const char *branch;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	branch = pike_search_branch(s);
	assert_false(pike_ref_checked_out(r, branch));
	sh(f.repo, "git worktree add -q ../w pike/evo/softmax/cpu");
	assert_true(pike_ref_checked_out(r, branch));
	sh(f.repo, "echo ../../../../w/.git >.git/worktrees/w/gitdir");
	assert_true(pike_ref_checked_out(r, branch));
	sh(f.repo, "rm -rf ../w"); /* git worktree prune would forget it */
	assert_false(pike_ref_checked_out(r, branch));
	sh(f.repo, "rm -rf .git/worktrees && git checkout -q "
		   "pike/evo/softmax/cpu");
	assert_true(pike_ref_checked_out(r, branch));
	sh(f.repo, "git checkout -q --detach");
	assert_false(pike_ref_checked_out(r, branch));
	close_search(r, s, h);
	fixture_end(&f);
}

/* Signs with nothing, and counts. */
static void fake_signer(const struct fixture *f)
{
	free(sh_in(f->repo, 0,
		   "cat >../gpg <<'END' && chmod +x ../gpg && "
		   "git config commit.gpgsign true && "
		   "git config gpg.program %s/gpg\n"
		   "#!/bin/sh\n"
		   "cat >>%s/signed\n"
		   "echo signed >>%s/signatures\n"
		   "printf '\\n[GNUPG:] SIG_CREATED \\n' >&2\n"
		   "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nnone\\n"
		   "-----END PGP SIGNATURE-----\\n'\n"
		   "END",
		   f->top, f->top, f->top));
}

static void count_is(const struct fixture *f, const char *what,
		     const char *command, const char *want)
{
	char *got = sh_in(f->repo, -1, "%s", command);

	if (strcmp(got, want) != 0)
		fail_msg("%s: '%s', not '%s'", what, got, want);
	free(got);
}

#define SIGNED(rev) "git cat-file -p " rev " | grep -c ^gpgsig"

/* One signature a batch and generation; what they cover has none. */
static void test_signed(void **state)
{
	static const char *const texts[] = { "a\n", "b\n", "c\n" };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result res[3];
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_oid id[3];
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	fake_signer(&f);
	open_search(&r, &s, &h, f.repo);
	for (size_t i = 0; i < 3; i++) {
		id[i] = store_one(s, h, h->base, texts[i]);
		result_make(
		    &res[i], h, &id[i],
		    (struct line){ texts[i], PIKE_SCREEN, PIKE_V_FASTER, 1.2 });
	}
	count_is(&f, "begun", "wc -l <../signatures", "1");
	count_is(&f, "a rung", SIGNED("refs/pike/open/softmax/cpu"), "0");
	count_is(&f, "a candidate", SIGNED("refs/pike/open/softmax/cpu^2"),
		 "0");
	ok(pike_search_record(s, h, res, 3, &err), &err);
	count_is(&f, "a batch", "wc -l <../signatures", "2");
	count_is(&f, "its commit",
		 SIGNED("$(git for-each-ref --format='%(refname)' "
			"refs/notes/pike/inbox)"),
		 "1");
	close_generation(s, h, &id[0], 1.2);
	count_is(&f, "a generation", "wc -l <../signatures", "4");
	count_is(&f, "its commit", SIGNED("pike/evo/softmax/cpu"), "1");
	count_is(&f, "its notes", SIGNED("refs/notes/pike/results"), "1");
	count_is(&f, "who",
		 "git log -1 --format='%an <%ae> %cn' "
		 "pike/evo/softmax/cpu",
		 "tester <tester@example.org> tester");
	check_folds(f.repo, h);
	for (size_t i = 0; i < 3; i++)
		pike_result_release(&res[i]);
	close_search(r, s, h);
	fsck(f.repo);
	fixture_end(&f);
}

/* Said before anything is begun, and before anything is paid for. */
static void test_unsigned(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s, *other;
	struct pike_history *h;
	struct pike_oid base;
	struct pike_repo *r;
	struct fixture f;
	bool signs;
	int fd;

	(void)state;
	fixture_begin(&f);
	fake_signer(&f);
	open_search(&r, &s, &h, f.repo);
	close_search(r, s, h);
	sh(f.repo, "git config gpg.program false");
	ok(pike_repo_open(&r, f.repo, &err), &err);
	ok(pike_search_open(&s, r, "softmax", "cpu", NULL, &err), &err);
	assert_int_equal(pike_search_claim_asking(&fd, s, &err), PIKE_FATAL);
	assert_non_null(strstr(err.text, "git config commit.gpgsign false"));
	ok(pike_search_open(&other, r, "softmax", "cpu", "two", &err), &err);
	h = pike_history_new("softmax", "cpu.two");
	ok(pike_repo_base(&base, r, NULL, &err), &err);
	assert_int_equal(pike_search_begin(other, &base, "tune", 7, &err),
			 PIKE_FATAL);
	count_is(&f, "nothing begun",
		 "git for-each-ref --format='%(refname)' 'refs/*/*two'", "");
	assert_int_equal(pike_repo_signs(&signs, r, &err), PIKE_FATAL);
	sh(f.repo, "git config commit.gpgsign false");
	pike_search_close(other);
	close_search(r, s, h);
	ok(pike_repo_view(&r, f.repo, &err), &err);
	ok(pike_repo_signs(&signs, r, &err), &err);
	assert_false(signs);
	pike_repo_free(r);
	fixture_end(&f);
}

/* What git itself gives files of each kind, whatever the umask; its own
 * are beside ours, and compared. */
static void test_shared(void **state)
{
	static const char *const rows[] = { "group", "all", "0640", "0660",
					    "true",  "2",   "umask" };
	mode_t was = umask(077);
	struct fixture f;
	char *ours, *theirs;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_search_ref *s;
		struct pike_history *h;
		struct pike_repo *r;
		struct pike_oid id;

		fixture_begin(&f);
		free(sh_in(
		    f.repo, 0,
		    "git init -q --shared=%s . && git gc -q && sleep 0.02 && "
		    "touch ../mark && sleep 0.02",
		    rows[i]));
		open_search(&r, &s, &h, f.repo);
		for (int g = 0; g < 9; g++) {
			char text[32];

			snprintf(text, sizeof(text), "text %d\n", g);
			id = store_one(s, h, h->base, text);
			record_one(s, h, &id,
				   (struct line){ text, PIKE_CONFIRM,
						  PIKE_V_FASTER, 1.1 });
			close_generation(s, h, &id, 1.1);
		}
		store_one(s, h, h->base, "loose\n");
		ours = sh_in(f.repo, 0,
			     "find .git -newer ../mark -printf '%%y%%m\n' | "
			     "sort -u | tr '\n' ' '");
		close_search(r, s, h);
		sh(f.repo,
		   "rm -rf .git/pike* && touch ../mark && sleep 0.02 && "
		   "git update-ref refs/new/a/b HEAD && git branch -q "
		   "c/d && git commit -q --allow-empty -m x && "
		   "git pack-refs --all && git update-ref -d "
		   "refs/new/a/b && git update-ref refs/new/a/b HEAD "
		   "&& rm -f .git/COMMIT_EDITMSG");
		theirs = sh_in(f.repo, 0,
			       "find .git -newer ../mark -printf '%%y%%m\n' | "
			       "sort -u | tr '\n' ' '");
		if (strcmp(ours, theirs) != 0)
			fail_msg("%s: ours %s, git's %s", rows[i], ours,
				 theirs);
		free(ours);
		free(theirs);
		fixture_end(&f);
	}
	umask(was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_precious),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_folders_removed),
		cmocka_unit_test(test_checked_out),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
