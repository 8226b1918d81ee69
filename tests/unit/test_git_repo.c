/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of repositories, files read from them, texts of commits. */
#include "git_fixture.h"
#include "left_out.h"

#include "git/repo_priv.h"

static void cycle(const char *dir, const char *text)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid id;

	open_search(&r, &s, &h, dir);
	id = store_one(s, h, h->base, text);
	record_one(s, h, &id,
		   (struct line){ text, PIKE_SCREEN, PIKE_V_FASTER, 1.2 });
	record_one(s, h, &id,
		   (struct line){ "c", PIKE_CONFIRM, PIKE_V_FASTER, 1.2 });
	close_generation(s, h, &id, 1.2);
	check_folds(dir, h);
	close_search(r, s, h);
}

static void refused(const char *dir, const char *part)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r = NULL;

	assert_int_equal(pike_repo_open(&r, dir, &err), PIKE_FATAL);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not say '%s'", err.text, part);
}

static void test_kinds(void **state)
{
	struct fixture f;
	char *dir, *was, *now;

	(void)state;
	fixture_begin(&f);
	sh(f.top, "git clone -q --bare repo bare.git && git -C repo worktree "
		  "add -q ../linked -b side && git clone -q repo detached && "
		  "git -C detached checkout -q --detach && "
		  "git clone -q repo dirty && echo change >>dirty/README && "
		  "echo new >dirty/new && git -C dirty add new");
	dir = pike_xasprintf("%s/bare.git", f.top);
	cycle(dir, "bare\n");
	fsck(dir);
	free(dir);
	dir = pike_xasprintf("%s/linked", f.top);
	cycle(dir, "linked\n");
	fsck(f.repo);
	free(dir);
	dir = pike_xasprintf("%s/detached/kernels", f.top);
	cycle(dir, "detached\n");
	free(dir);
	dir = pike_xasprintf("%s/dirty", f.top);
	was = sh_in(dir, 0,
		    "git status --porcelain; git diff; git diff "
		    "--cached; git rev-parse HEAD");
	cycle(dir, "dirty\n");
	now = sh_in(dir, 0,
		    "git status --porcelain; git diff; git diff "
		    "--cached; git rev-parse HEAD");
	assert_string_equal(was, now);
	free(was);
	free(now);
	free(dir);
	fixture_end(&f);
}

static void test_refusals(void **state)
{
	struct fixture f;
	char *dir;

	(void)state;
	fixture_begin(&f);
	sh(f.top, "git -C repo commit -q --allow-empty -m two && git clone -q "
		  "--depth 1 file://$PWD/repo shallow && git init -q "
		  "--object-format=sha256 sha256 && mkdir none");
	dir = pike_xasprintf("%s/shallow", f.top);
	refused(dir, "git fetch --unshallow");
	free(dir);
	dir = pike_xasprintf("%s/sha256", f.top);
	refused(dir, "sha256");
	free(dir);
	dir = pike_xasprintf("%s/none", f.top);
	refused(dir, "git init");
	free(dir);
	fixture_end(&f);
}

static void test_owner(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	if (geteuid() != 0)
		left_out("only root can give files away: run it as root");
	fixture_begin(&f);
	sh(f.top, "chown -R 12345 repo");
	refused(f.repo, "git config --global --add safe.directory");
	free(sh_in(f.top, 0, "git config --global --add safe.directory %s/repo",
		   f.top));
	ok(pike_repo_open(&r, f.repo, &err), &err);
	pike_repo_free(r);
	fixture_end(&f);
}

static int read_one(struct pike_repo *r, const char *path, bool may_miss,
		    size_t *found, struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files files = { .n = 0 };
	struct pike_oid head;
	int ret = pike_repo_resolve(&head, r, "HEAD", err);

	pike_strs_push(&paths, path);
	if (!ret)
		ret = pike_repo_read(&files, r, &head, &paths, may_miss, err);
	*found = files.n;
	pike_files_release(&files);
	pike_strs_release(&paths);
	return ret;
}

/* What a partial clone lacks is fetched when it is read; what nobody has is
 * missing there, too. */
static void test_partial(void **state)
{
	static const char *const filters[] = { "blob:none", "tree:0" };
	struct pike_err err = PIKE_ERR_INIT;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	sh(f.repo, "git config uploadpack.allowFilter true && "
		   "git config uploadpack.allowAnySHA1InWant true");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(filters); i++) {
		struct pike_repo *r;
		struct pike_oid none;
		size_t n;
		char *dir = pike_xasprintf("%s/part%zu", f.top, i);

		free(sh_in(f.top, 0,
			   "git clone -q --no-checkout --filter=%s "
			   "file://$PWD/repo %s",
			   filters[i], dir));
		ok(pike_repo_open(&r, dir, &err), &err);
		ok(read_one(r, FIXTURE_FILE, false, &n, &err), &err);
		assert_int_equal(n, 1);
		assert_true(pike_repo_resolve(
				&none, r,
				"0123456789012345678901234567890123456789",
				&err) < 0);
		pike_repo_free(r);
		cycle(dir, "in part\n");
		fsck(dir);
		free(dir);
	}
	fixture_end(&f);
}

static void test_files(void **state)
{
	static const struct {
		const char *path, *says;
	} bad[] = {
		{ "link", "symbolic link" },
		{ "kernels", "folder" },
		{ "lfs", "LFS" },
		{ "big", "4 MiB" },
		{ "missing", "no file" },
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct fixture f;
	size_t n;

	(void)state;
	fixture_begin(&f);
	sh(f.repo, "ln -s README link && printf 'version "
		   "https://git-lfs.github.com/spec/v1\\noid x\\n' >lfs && "
		   "head -c 5000000 /dev/zero >big && git add -A && git commit "
		   "-qm files");
	ok(pike_repo_open(&r, f.repo, &err), &err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		assert_int_equal(read_one(r, bad[i].path, false, &n, &err),
				 PIKE_FAILED);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: %s", bad[i].path, err.text);
	}
	ok(read_one(r, "missing", true, &n, &err), &err);
	assert_int_equal(n, 0);
	ok(read_one(r, FIXTURE_FILE, false, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(
	    pike_repo_resolve(&(struct pike_oid){ "" }, r, "no-such", &err),
	    PIKE_FAILED);
	pike_repo_free(r);
	fixture_end(&f);
}

/* What an agent is given: files, and nothing of .pike. */
static void test_read_all(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_files files = { .n = 0 };
	struct pike_repo *r;
	struct pike_oid head;
	struct fixture f;
	size_t left;

	(void)state;
	fixture_begin(&f);
	sh(f.repo, "mkdir -p a/b .pike c/.d && ln -s README link && echo x "
		   ">a/b/x && echo dot >a/.dot && echo y >.pike/config && echo "
		   "z >c/.d/z && head -c 5000000 /dev/zero >big && git add -A "
		   "&& git commit -qm files");
	ok(pike_repo_open(&r, f.repo, &err), &err);
	ok(pike_repo_resolve(&head, r, "HEAD", &err), &err);
	ok(pike_repo_read_all(&files, &left, r, &head, &err), &err);
	assert_int_equal(left, 1); /* the big one */
	assert_string_equal(pike_files_find(&files, "a/b/x")->data, "x\n");
	assert_non_null(pike_files_find(&files, "a/.dot"));
	assert_non_null(pike_files_find(&files, FIXTURE_FILE));
	assert_null(pike_files_find(&files, ".pike/config"));
	assert_null(pike_files_find(&files, "c/.d/z"));
	assert_null(pike_files_find(&files, "link"));
	pike_files_release(&files);
	pike_repo_free(r);
	fixture_end(&f);
}

static void test_content_address(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_files files = { .n = 0 };
	struct pike_oid a, blob;
	struct pike_repo *r;
	struct fixture f;
	char *git;

	(void)state;
	fixture_begin(&f);
	ok(pike_repo_open(&r, f.repo, &err), &err);
	pike_files_add(&files, "b/y.c", "y\n", 2);
	pike_files_add(&files, "a.c", "x\n", 2);
	ok(pike_repo_source(&a, r, &files, &err), &err);
	git = sh_in(f.top, 0,
		    "git init -q t && cd t && mkdir b && echo y >b/y.c && echo "
		    "x >a.c && git add -A && git write-tree");
	assert_string_equal(a.hex, git);
	free(git);
	ok(pike_blob_id(&blob, "x\n", 2, &err), &err);
	git = sh_in(f.top, 0, "echo x | git hash-object --stdin");
	assert_string_equal(blob.hex, git);
	free(git);
	/* Nothing of it was written. */
	free(sh_in(f.repo, 1, "git cat-file -e %s 2>/dev/null", blob.hex));
	pike_files_release(&files);
	pike_repo_free(r);
	fixture_end(&f);
}

static void test_texts(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_proposal p;
	struct pike_repo *r;
	struct pike_oid id;
	struct fixture f;
	bool known;
	char *out;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	proposal(&p, &h->base, "text\n");
	p.subject = "a\nPike-Cost: 99\nsubject \x1b[31m\xff";
	p.body = "why\n\nPike-Agent: human\nSigned-off-by: Me\n---\n"
		 "Pike-Champion : x\n\n";
	p.idea = "x\nPike-Source: 0000";
	ok(pike_search_store(&id, &known, s, h, &p, 1, &err), &err);
	pike_files_release(&p.files);
	out = sh_in(f.repo, 0,
		    "git log -1 --format='%%(trailers:only,unfold)' %s | "
		    "grep -v '^$' | cut -d: -f1 | tr '\\n' ' '",
		    id.hex);
	assert_string_equal(out, "Pike-Target Pike-Lane Pike-Agent "
				 "Pike-Generation Pike-Slot Pike-Idea "
				 "Pike-Model Pike-Tokens Pike-Cost Pike-Run "
				 "Pike-Source ");
	free(out);
	assert_string_equal(h->recs[0].agent->name, "tune");
	assert_true(h->recs[0].cost == 0.125);
	assert_int_equal(h->recs[0].tokens_out, 20);
	out = sh_in(f.repo, 0, "git log -1 --format=%%s %s", id.hex);
	assert_null(strchr(out, '\x1b'));
	free(out);
	fsck(f.repo);
	close_search(r, s, h);
	fixture_end(&f);
}

static void test_problems(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_strs l = PIKE_STRS_INIT;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	ok(pike_repo_open(&r, f.repo, &err), &err);
	ok(pike_repo_problems(&l, r, &err), &err);
	assert_int_equal(l.n, 0);
	sh(f.repo, "git branch pike && touch .git/packed-refs.lock");
	ok(pike_repo_problems(&l, r, &err), &err);
	assert_int_equal(l.n, 2);
	assert_non_null(strstr(l.v[0], "packed-refs.lock"));
	assert_non_null(strstr(l.v[1], "branch named 'pike'"));
	pike_strs_release(&l);
	pike_repo_free(r);
	fixture_end(&f);
}

/* What a killed repack or libgit2 leaves, once it is old and nobody's. */
static void test_leftovers(void **state)
{
	static const struct {
		const char *name;
		bool old, stays;
	} files[] = {
		{ "objects/tmp_object_git2_a", true, false },
		{ "objects/tmp_object_git2_b", false, true },
		{ "objects/pack/pack_git2_a", true, false },
		{ "objects/pack/.tmp-999999999-pack-a.pack", true, false },
		{ "objects/pack/.tmp-999999999-pack-b.pack", false, true },
		{ "objects/pack/.tmp-1-pack-c.idx", true, true }, /* lives */
		{ "objects/pack/tmp_pack_a", true, false },
		{ "objects/pack/tmp_idx_b", false, true },
		{ "objects/pack/pack-a.keep", true, true }, /* a person's */
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	sh(f.repo, "mkdir -p .git/objects/pack");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(files); i++)
		free(sh_in(f.repo, 0, "touch %s .git/%s",
			   files[i].old ? "-d '2 hours ago'" : "",
			   files[i].name));
	ok(pike_repo_open(&r, f.repo, &err), &err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(files); i++) {
		char *path =
		    pike_xasprintf("%s/.git/%s", f.repo, files[i].name);

		if (!access(path, F_OK) != files[i].stays)
			fail_msg("%s", files[i].name);
		free(path);
	}
	/* Asked for, what nobody has written to for a minute is enough. */
	sh(f.repo, "touch -d '2 minutes ago' .git/objects/tmp_object_git2_b");
	ok(pike_repo_tidy(r, &err), &err);
	sh(f.repo, "! test -e .git/objects/tmp_object_git2_b");
	pike_repo_free(r);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_read_all),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_content_address),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
