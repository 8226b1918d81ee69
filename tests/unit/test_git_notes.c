/* SPDX-License-Identifier: Apache-2.0 */
/* Notes of any layout, joined as git joins them. */
#include "git/notes_priv.h"
#include "git_fixture.h"

#include "base/rand.h"

enum {
	COMMITS = 40
};

static void open_repo(struct fixture *f, struct pike_repo **r)
{
	struct pike_err err = PIKE_ERR_INIT;

	fixture_begin(f);
	sh(f->repo, "for i in $(seq 40); do git commit -q --allow-empty -m $i; "
		    "done");
	ok(pike_repo_open(r, f->repo, &err), &err);
}

static void commits_of(git_oid *out, const char *repo)
{
	struct pike_strs l = PIKE_STRS_INIT;
	char *all = sh_in(repo, 0, "git rev-list -%d main", COMMITS);

	pike_strs_split(&l, all, "\n");
	assert_int_equal(l.n, COMMITS);
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(git_oid_fromstr(&out[i], l.v[i]), 0);
	pike_strs_release(&l);
	free(all);
}

static void write_ref(struct pike_repo *r, const char *name,
		      const git_oid *tree)
{
	struct pike_err err = PIKE_ERR_INIT;
	git_oid tip, was;
	int have = pike_ref_read(&was, r, name, &err);

	ok(pike_commit_write(&tip, r, "notes\n", tree, &was, have == 0, &err),
	   &err);
	ok(pike_ref_move(r, name, &tip, have ? NULL : &was, "t", &err), &err);
}

static void random_lines(struct pike_notes *l, const git_oid *commits, size_t n,
			 struct pike_rng *rng)
{
	for (size_t i = 0; i < n; i++) {
		char line[64];
		int k = snprintf(line, sizeof(line), "{\"id\":\"%u\"}\n",
				 (unsigned)pike_rng_below(rng, 30));

		pike_notes_add(l, &commits[pike_rng_below(rng, COMMITS)], line,
			       (size_t)k);
	}
}

static char *shown(const char *repo, const char *ref)
{
	return sh_in(repo, 0,
		     "git log -%d --no-standard-notes --notes=%s "
		     "--format='%%H%%n%%N' main",
		     COMMITS, ref);
}

static void test_union(void **state)
{
	git_oid commits[COMMITS], tree, tip;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct pike_rng rng;
	struct fixture f;

	(void)state;
	open_repo(&f, &r);
	commits_of(commits, f.repo);
	pike_rng_seed(&rng, 11);
	for (unsigned round = 0; round < 8; round++) {
		struct pike_notes a = { NULL, 0, 0 }, b = { NULL, 0, 0 };
		git_tree *base = NULL;
		char *ours, *gits;

		random_lines(&a, commits, 5 + 10 * round, &rng);
		random_lines(&b, commits, 30, &rng);
		sh(f.repo, "for n in x y; do git update-ref -d refs/notes/$n; "
			   "done");
		ok(pike_notes_union(&tree, r, NULL, &a, round % 4, &err), &err);
		write_ref(r, "refs/notes/x", &tree);
		ok(pike_notes_union(&tree, r, NULL, &b, (round + 1) % 3, &err),
		   &err);
		write_ref(r, "refs/notes/y", &tree);
		ok(pike_notes_open(&tip, &base, r, "refs/notes/x", &err), &err);
		ok(pike_notes_union(&tree, r, base, &b, (round + 2) % 4, &err),
		   &err);
		git_tree_free(base);
		sh(f.repo, "git notes --ref=x merge -q -s cat_sort_uniq y");
		gits = shown(f.repo, "x");
		write_ref(r, "refs/notes/z", &tree);
		ours = shown(f.repo, "z");
		assert_string_equal(ours, gits);
		free(ours);
		free(gits);
		pike_notes_release(&a);
		pike_notes_release(&b);
	}
	fsck(f.repo);
	pike_repo_free(r);
	fixture_end(&f);
}

struct count {
	size_t notes;
};

static int count_note(void *ctx, const git_oid *commit, const git_oid *blob,
		      struct pike_err *err)
{
	struct count *c = ctx;

	(void)commit;
	(void)blob;
	(void)err;
	c->notes++;
	return 0;
}

/* A tree as git leaves it behind: any depth, several at once. */
static void test_any_layout(void **state)
{
	git_oid commits[COMMITS], tree, tip;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oidset seen = { NULL, 0, 0 };
	struct pike_notes l = { NULL, 0, 0 };
	struct count c = { 0 };
	git_tree *base = NULL;
	struct pike_repo *r;
	struct fixture f;
	char *n;

	(void)state;
	open_repo(&f, &r);
	commits_of(commits, f.repo);
	for (unsigned i = 0; i < COMMITS; i++) {
		struct pike_notes one = { NULL, 0, 0 };
		char line[32];
		int k = snprintf(line, sizeof(line), "line %u\n", i);

		pike_notes_add(&one, &commits[i], line, (size_t)k);
		ok(pike_notes_union(&tree, r, base, &one, i % 5, &err), &err);
		pike_notes_release(&one);
		git_tree_free(base);
		assert_int_equal(git_tree_lookup(&base, r->g, &tree), 0);
	}
	for (unsigned i = 0; i < COMMITS; i++) {
		struct pike_buf b;
		char want[32];

		snprintf(want, sizeof(want), "line %u\n", i);
		pike_buf_init(&b, 1 << 16);
		ok(pike_notes_get(&b, r, base, &commits[i], &err), &err);
		assert_string_equal(b.s, want);
		pike_buf_release(&b);
	}
	ok(pike_notes_each(r, base, &seen, count_note, &c, &err), &err);
	assert_int_equal(c.notes, COMMITS);
	ok(pike_notes_each(r, base, &seen, count_note, &c, &err), &err);
	assert_int_equal(c.notes, COMMITS);
	/* Another line of each at one depth: no second path is left. */
	for (unsigned i = 0; i < COMMITS; i++)
		pike_notes_add(&l, &commits[i], "more\n", 5);
	ok(pike_notes_union(&tree, r, base, &l, 2, &err), &err);
	write_ref(r, "refs/notes/x", &tree);
	n = sh_in(f.repo, 0,
		  "git ls-tree -r --name-only refs/notes/x | "
		  "grep -c '^../../....................................$'");
	assert_int_equal(strtol(n, NULL, 10), COMMITS);
	free(n);
	n = sh_in(f.repo, 0, "git ls-tree -r refs/notes/x | wc -l");
	assert_int_equal(strtol(n, NULL, 10), COMMITS);
	free(n);
	/* git re-balances on writing; what it made is read again. */
	sh(f.repo, "git notes --ref=x append -m last HEAD");
	git_tree_free(base);
	base = NULL;
	ok(pike_notes_open(&tip, &base, r, "refs/notes/x", &err), &err);
	c.notes = 0;
	ok(pike_notes_each(r, base, NULL, count_note, &c, &err), &err);
	assert_int_equal(c.notes, COMMITS);
	git_tree_free(base);
	pike_notes_release(&l);
	pike_oidset_release(&seen);
	pike_repo_free(r);
	fixture_end(&f);
}

/* An inbox goes from flat to folders and keeps all lines. */
static void test_inbox_grows(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;
	char *n;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	for (int i = 0; i < 60; i++) {
		char text[32];
		struct pike_oid id;

		snprintf(text, sizeof(text), "%d\n", i);
		id = store_one(s, h, h->base, text);
		record_one(s, h, &id,
			   (struct line){ text, PIKE_SCREEN, PIKE_V_SAME, 1 });
	}
	n = sh_in(f.repo, 0,
		  "git ls-tree -r $(git for-each-ref --format='%%(refname)' "
		  "refs/notes/pike/inbox) | wc -l");
	assert_int_equal(strtol(n, NULL, 10), 60);
	free(n);
	check_folds(f.repo, h);
	close_generation(s, h, &h->base, 1);
	check_folds(f.repo, h);
	fsck(f.repo);
	(void)err;
	close_search(r, s, h);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_any_layout),
		cmocka_unit_test(test_inbox_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
