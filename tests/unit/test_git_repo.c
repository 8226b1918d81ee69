/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of repositories, files read from them, texts of commits. */
#include "git_fixture.h"
#include "left_out.h"

#include "git/repo_priv.h"

#include <zlib.h>

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
		  "--object-format=sha256 sha256 && git clone -q --bare repo "
		  "partial && git -C partial config remote.origin.promisor "
		  "true && mkdir none");
	dir = pike_xasprintf("%s/shallow", f.top);
	refused(dir, "git fetch --unshallow");
	free(dir);
	dir = pike_xasprintf("%s/sha256", f.top);
	refused(dir, "sha256");
	free(dir);
	dir = pike_xasprintf("%s/partial", f.top);
	refused(dir, "--filter");
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

static void test_scratch(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r, *other;
	struct fixture f;
	char *mine, *dead, *list;

	(void)state;
	fixture_begin(&f);
	ok(pike_repo_open(&r, f.repo, &err), &err);
	ok(pike_repo_scratch(&mine, r, &err), &err);
	dead = pike_xasprintf("%s/.git/pike-scratch/dead", f.repo);
	ok(pike_mkdir_p(dead, 0700, &err), &err);
	list = pike_xasprintf("%s/.git/pike-packs.tmp-dead", f.repo);
	ok(pike_write_file(list, "", 0, &err), &err);
	ok(pike_repo_open(&other, f.repo, &err), &err);
	assert_int_equal(access(list, F_OK), -1);
	assert_int_equal(access(mine, F_OK), 0);
	assert_int_equal(access(dead, F_OK), -1);
	pike_repo_free(other);
	pike_repo_free(r);
	assert_int_equal(access(mine, F_OK), -1);
	free(mine);
	free(dead);
	free(list);
	fixture_end(&f);
}

/* What is stored, of a tree, or made smaller, is the same when read again. */
static void test_deflate(void **state)
{
	static const size_t sizes[] = { 0,     1,     4087,  4088,
					65525, 65526, 65535, 200000 };
	static const git_object_t types[] = { GIT_OBJECT_TREE,
					      GIT_OBJECT_BLOB };
	static const char text[] = "tree 12345";
	struct pike_err err = PIKE_ERR_INIT;
	unsigned char *in = pike_xmalloc(200000), *out = pike_xmalloc(200064);
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	ok(pike_repo_open(&r, f.repo, &err), &err);
	assert_int_equal(pike_deflate_ready(r), 0);
	for (size_t i = 0; i < 200000; i++)
		in[i] = (unsigned char)(i * i >> 7);
	for (size_t i = 0; i < 2 * PIKE_ARRAY_LEN(sizes); i++) {
		struct pike_span head = { text, i % 3 ? sizeof(text) : 0 };
		struct pike_span body = { (char *)in, sizes[i / 2] };
		uLongf len = 200064;
		struct pike_buf b;

		pike_buf_init(&b, 1 << 20);
		assert_int_equal(pike_deflate_add(&b, r->deflate, types[i % 2],
						  &head, &body),
				 0);
		assert_int_equal(
		    uncompress(out, &len, (unsigned char *)b.s, b.len), Z_OK);
		assert_int_equal(len, head.n + body.n);
		assert_memory_equal(out, head.s, head.n);
		assert_memory_equal(out + head.n, in, body.n);
		pike_buf_release(&b);
	}
	pike_repo_free(r);
	free(in);
	free(out);
	fixture_end(&f);
}

/* A tree as it is stored, and every way in which it may be cut off. */
static void test_tree_entries(void **state)
{
	static const char id[] = "abcdefghijklmnopqrst", two[] = "100644 b";
	struct pike_span rest = { NULL, 0 };
	struct pike_raw_entry e;
	struct pike_buf b;

	(void)state;
	assert_false(pike_raw_entry_next(&rest, &e));
	pike_buf_init(&b, 256);
	pike_buf_add(&b, "40000 sub dir", sizeof("40000 sub dir"));
	pike_buf_add(&b, id, GIT_OID_RAWSZ);
	pike_buf_add(&b, two, sizeof(two));
	pike_buf_add(&b, id, GIT_OID_RAWSZ);
	rest = (struct pike_span){ b.s, b.len };
	assert_true(pike_raw_entry_next(&rest, &e));
	assert_true(e.is_tree);
	assert_string_equal(e.name, "sub dir");
	assert_memory_equal(e.id.id, id, GIT_OID_RAWSZ);
	for (size_t cut = 1; cut <= rest.n; cut++) {
		struct pike_span part = { rest.s, rest.n - cut };
		/* In a block of its own, so that a sanitizer sees what is
		 * read beyond it. */
		char *copy = pike_xmalloc(part.n + !part.n);

		memcpy(copy, part.s, part.n);
		part.s = copy;
		assert_false(pike_raw_entry_next(&part, &e));
		free(copy);
	}
	assert_true(pike_raw_entry_next(&rest, &e));
	assert_false(e.is_tree);
	assert_string_equal(e.name, "b");
	assert_int_equal(rest.n, 0);
	assert_false(pike_raw_entry_next(&rest, &e));
	pike_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_deflate),
		cmocka_unit_test(test_tree_entries),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_content_address),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
