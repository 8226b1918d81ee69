/* SPDX-License-Identifier: Apache-2.0 */
/* A search in git: stored, recorded, closed, folded; seen by git itself. */
#include "git_fixture.h"

#include "git/repo_priv.h"

#include "base/rand.h"

static void test_one_generation(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid a, b;
	struct fixture f;
	char *out;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	assert_int_equal(h->ngens, 1);
	a = store_one(s, h, h->base, "one\n");
	b = store_one(s, h, a, "two\n");
	assert_int_equal(h->nrecs, 2);
	check_folds(f.repo, h);
	record_one(s, h, &a,
		   (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
	record_one(s, h, &b,
		   (struct line){ "2", PIKE_SCREEN, PIKE_V_WRONG, 0 });
	record_one(s, h, &a,
		   (struct line){ "3", PIKE_CONFIRM, PIKE_V_FASTER, 1.3 });
	check_folds(f.repo, h);
	out = sh_in(f.repo, 0,
		    "git notes --ref=$(git for-each-ref --format='%%(refname)'"
		    " refs/notes/pike/inbox) show %s",
		    a.hex);
	assert_non_null(strstr(out, "\"stage\":\"confirm\""));
	free(out);
	close_generation(s, h, &a, 1.3);
	assert_int_equal(h->ngens, 2);
	assert_int_equal(h->recs[0].settled, 1);
	check_folds(f.repo, h);
	fsck(f.repo);
	out = sh_in(f.repo, 0,
		    "git log -1 --format='%%(trailers:key=Pike-Champion,"
		    "valueonly,separator=)' pike/evo/softmax/cpu");
	assert_string_equal(out, a.hex);
	free(out);
	out = sh_in(f.repo, 0, "git for-each-ref refs/notes/pike/inbox");
	assert_string_equal(out, "");
	free(out);
	out = sh_in(f.repo, 0,
		    "git notes --ref=refs/notes/pike/results show "
		    "%s | wc -l",
		    a.hex);
	assert_int_equal(strtol(out, NULL, 10), 2);
	free(out);
	/* The tree is the champion's, the worktree is as it was. */
	out = sh_in(f.repo, 0, "git show pike/evo/softmax/cpu:" FIXTURE_FILE);
	assert_string_equal(out, "one");
	free(out);
	out = sh_in(f.repo, 0, "git status --porcelain");
	assert_string_equal(out, "");
	free(out);
	/* Packed when it is worth it: nothing of it is loose then. */
	ok(pike_repo_pack(r, false, &err), &err);
	out = sh_in(f.repo, 0,
		    "git rev-list --objects --unpacked "
		    "pike/evo/softmax/cpu ^pike/evo/softmax/cpu~1");
	assert_string_equal(out, "");
	free(out);
	close_search(r, s, h);
	fixture_end(&f);
}

/* Two handles as two processes: the one that comes second must try again. */
static void test_lost_race(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s, *s2;
	struct pike_history *h, *h2;
	struct pike_repo *r, *r2;
	struct pike_close c = { .speedup = { 1, 1, 1 } };
	struct pike_oid a;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	open_search(&r2, &s2, &h2, f.repo);
	a = store_one(s, h, h->base, "one\n");
	record_one(s, h, &a,
		   (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
	record_one(s, h, &a,
		   (struct line){ "2", PIKE_CONFIRM, PIKE_V_FASTER, 1.1 });
	close_generation(s, h, &a, 1.1);
	c.champion = h2->base;
	assert_int_equal(pike_search_advance(s2, h2, &c, &err), PIKE_RETRY);
	/* It has seen the other's generation now, and can go on from it. */
	same_history(h, h2);
	assert_string_equal(h2->champion.hex, a.hex);
	close_generation(s2, h2, &a, 1.1);
	assert_int_equal(h2->ngens, 3);
	ok(pike_search_fold(h, s, &err), &err);
	same_history(h, h2);
	check_folds(f.repo, h);
	close_search(r, s, h);
	close_search(r2, s2, h2);
	fixture_end(&f);
}

/* What a handle remembers of where its objects lie is not true any more when
 * git has packed them, or another handle has closed the generation. */
static void test_moved_by_others(void **state)
{
	struct pike_search_ref *s, *s2;
	struct pike_history *h, *h2;
	struct pike_repo *r, *r2;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	open_search(&r2, &s2, &h2, f.repo);
	for (int i = 0; i < 12; i++) {
		struct pike_err err = PIKE_ERR_INIT;
		char id[16], text[32];
		struct pike_oid a;

		snprintf(id, sizeof(id), "%d", i);
		snprintf(text, sizeof(text), "moved %d\n", i);
		a = store_one(s, h, h->base, text);
		if (i % 3 == 0)
			sh(f.repo, "git gc -q --prune=now");
		record_one(
		    s, h, &a,
		    (struct line){ id, PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
		if (i % 4 == 1)
			sh(f.repo, "git repack -q -a -d && git prune-packed");
		if (i % 6 == 2) /* as is the inbox, whole */
			sh(f.repo, "git pack-refs --all");
		ok(pike_search_fold(h2, s2, &err), &err);
		if (i % 2)
			close_generation(s2, h2, &a, 1.1);
		else
			close_generation(s, h, &a, 1.1);
		ok(pike_search_fold(h, s, &err), &err);
		ok(pike_search_fold(h2, s2, &err), &err);
		same_history(h, h2);
	}
	check_folds(f.repo, h);
	fsck(f.repo);
	close_search(r, s, h);
	close_search(r2, s2, h2);
	fixture_end(&f);
}

/* Two handles write, close and fold at random; every view agrees. */
static void test_random_histories(void **state)
{
	static const enum pike_verdict verdicts[] = {
		PIKE_V_FASTER, PIKE_V_SAME,  PIKE_V_SLOWER,
		PIKE_V_WRONG,  PIKE_V_BUILD, PIKE_V_INCONCLUSIVE,
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s[2];
	struct pike_history *h[2];
	struct pike_repo *r[2];
	struct pike_rng rng;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	pike_rng_seed(&rng, 5);
	for (int i = 0; i < 2; i++)
		open_search(&r[i], &s[i], &h[i], f.repo);
	for (int i = 0; i < 300; i++) {
		size_t w = pike_rng_below(&rng, 2);
		struct pike_history *v = h[w];
		uint64_t what = pike_rng_below(&rng, 10);
		char text[32];
		size_t k;

		snprintf(text, sizeof(text), "%d\n", i);
		ok(pike_search_fold(v, s[w], &err), &err);
		if (!v->nrecs || what < 3) {
			store_one(s[w], v, v->champion, text);
			continue;
		}
		k = (size_t)pike_rng_below(&rng, v->nrecs);
		if (what < 6 && v->recs[k].screen.verdict == PIKE_V_PENDING)
			record_one(
			    s[w], v, &v->recs[k].id,
			    (struct line){ text, PIKE_SCREEN,
					   verdicts[pike_rng_below(&rng, 6)],
					   1 + pike_rng_unit(&rng) });
		else if (what < 8 && v->recs[k].confirms < 2)
			record_one(s[w], v, &v->recs[k].id,
				   (struct line){ text, PIKE_CONFIRM,
						  PIKE_V_FASTER,
						  1 + pike_rng_unit(&rng) });
		else if (what == 8)
			close_generation(s[w], v, &v->recs[k].id, 1.5);
		if (i % 25 == 0)
			check_folds(f.repo, v);
	}
	for (int i = 0; i < 2; i++)
		ok(pike_search_fold(h[i], s[i], &err), &err);
	same_history(h[0], h[1]);
	assert_true(h[0]->ngens > 5);
	check_folds(f.repo, h[0]);
	fsck(f.repo);
	for (int i = 0; i < 2; i++)
		close_search(r[i], s[i], h[i]);
	fixture_end(&f);
}

/* Killed after the results and before the generation: nothing counts twice. */
static void test_cut_short(void **state)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid a;
	struct fixture f;
	char *gen;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	a = store_one(s, h, h->base, "one\n");
	record_one(s, h, &a,
		   (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
	record_one(s, h, &a,
		   (struct line){ "2", PIKE_CONFIRM, PIKE_V_FASTER, 1.1 });
	gen = sh_in(f.repo, 0,
		    "git rev-parse pike/evo/softmax/cpu && git "
		    "for-each-ref refs/notes/pike/inbox "
		    "--format='%%(objectname) %%(refname)'");
	close_generation(s, h, &a, 1.1);
	close_search(r, s, h);
	/* The branch as it was, without the inbox: lines are in the results. */
	free(sh_in(f.repo, 0,
		   "git update-ref refs/heads/pike/evo/softmax/cpu %.40s && "
		   "git update-ref refs/pike/open/softmax/cpu $(git rev-parse "
		   "refs/pike/open/softmax/cpu^2)",
		   gen));
	free(gen);
	open_search(&r, &s, &h, f.repo);
	assert_int_equal(h->nrecs, 1);
	assert_int_equal(h->recs[0].confirms, 1);
	assert_int_equal(h->recs[0].settled, -1);
	close_generation(s, h, &a, 1.1);
	assert_int_equal(h->recs[0].settled, 1);
	check_folds(f.repo, h);
	close_search(r, s, h);
	fixture_end(&f);
}

static void test_known_content(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_proposal p[3];
	struct pike_oid a, ids[3];
	struct pike_repo *r;
	struct fixture f;
	bool known[3];

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	a = store_one(s, h, h->base, "one\n");
	proposal(&p[0], &a, "two\n");
	proposal(&p[1], &a, "one\n");
	proposal(&p[2], &a, "two\n");
	ok(pike_search_store(ids, known, s, h, p, 3, &err), &err);
	assert_false(known[0]);
	assert_true(known[1] && known[2]);
	assert_string_equal(ids[1].hex, a.hex);
	assert_string_equal(ids[2].hex, ids[0].hex);
	assert_int_equal(h->nrecs, 2);
	for (int i = 0; i < 3; i++)
		pike_files_release(&p[i].files);
	check_folds(f.repo, h);
	close_search(r, s, h);
	fixture_end(&f);
}

/* All that a prompt showed is told; parents are what git's graph shows. */
static void test_shown(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_proposal p;
	struct pike_oid shown[3], id;
	struct pike_repo *r;
	struct fixture f;
	char *out, *want;
	bool known;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	shown[0] = store_one(s, h, h->base, "one\n");
	shown[1] = store_one(s, h, h->base, "two\n");
	shown[2] = store_one(s, h, h->base, "three\n");
	proposal(&p, shown, "four\n");
	p.nparents = 2;
	p.shown = shown;
	p.nshown = 3;
	ok(pike_search_store(&id, &known, s, h, &p, 1, &err), &err);
	out = sh_in(f.repo, 0,
		    "git log -1 --format='%%P; %%(trailers:key=Pike-Shown,"
		    "valueonly,separator=)' %s",
		    id.hex);
	want = pike_xasprintf("%s %s; %s %s %s", shown[0].hex, shown[1].hex,
			      shown[0].hex, shown[1].hex, shown[2].hex);
	assert_string_equal(out, want);
	free(out);
	free(want);
	pike_files_release(&p.files);
	check_folds(f.repo, h);
	close_search(r, s, h);
	fixture_end(&f);
}

static void test_lookup(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s, *other;
	struct pike_history *h, *h2;
	struct pike_result key, found, *all;
	struct pike_repo *r;
	struct pike_oid a;
	struct fixture f;
	size_t n;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	ok(pike_search_open(&other, r, "softmax", "cpu", "two", &err), &err);
	ok(pike_search_begin(other, &h->base, "tune", 1, &err), &err);
	h2 = pike_history_new("softmax", "cpu.two");
	ok(pike_search_fold(h2, other, &err), &err);
	a = store_one(s, h, h->base, "one\n");
	result_make(&key, h, &a,
		    (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 1.5 });
	assert_int_equal(pike_results_lookup(&found, other, &key, &err), 1);
	ok(pike_search_record(s, h, &key, 1, &err), &err);
	ok(pike_results_lookup(&found, other, &key, &err), &err);
	assert_string_equal(found.commit.hex, a.hex);
	pike_result_release(&found);
	key.stage = PIKE_CONFIRM;
	assert_int_equal(pike_results_lookup(&found, other, &key, &err), 1);
	/* A run of its own is a search of its own; inboxes stay with theirs. */
	close_generation(other, h2, &h2->base, 1);
	ok(pike_results_of(&all, &n, r, &a, &err), &err);
	assert_int_equal(n, 1);
	pike_result_release(&all[0]);
	free(all);
	close_generation(s, h, &a, 1.5);
	ok(pike_results_of(&all, &n, r, &a, &err), &err);
	assert_int_equal(n, 1);
	pike_result_release(&all[0]);
	free(all);
	key.stage = PIKE_VERIFY;
	ok(pike_results_add(r, &key, 1, &err), &err);
	ok(pike_results_of(&all, &n, r, &a, &err), &err);
	assert_int_equal(n, 1); /* the same id is the same line */
	pike_result_release(&all[0]);
	free(all);
	check_folds(f.repo, h);
	pike_result_release(&key);
	pike_history_free(h2);
	pike_search_close(other);
	close_search(r, s, h);
	fixture_end(&f);
}

/* One machine measures and hands on a file; another takes it in, twice. */
static void test_bundle(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s, *s2;
	struct pike_history *h, *h2;
	struct pike_repo *r, *r2;
	struct pike_oid a, b;
	struct fixture f;
	char *path, *clone;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	a = store_one(s, h, h->base, "one\n");
	sh(f.top, "git clone -q --mirror repo clone");
	clone = pike_xasprintf("%s/clone", f.top);
	path = pike_xasprintf("%s/out.bundle", f.top);
	open_search(&r2, &s2, &h2, clone);
	assert_int_equal(h2->nrecs, 1);
	record_one(s2, h2, &a,
		   (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
	b = store_one(s2, h2, a, "two\n");
	record_one(s2, h2, &b,
		   (struct line){ "2", PIKE_SCREEN, PIKE_V_SLOWER, 0.9 });
	ok(pike_bundle_write(s2, path, &err), &err);
	ok(pike_bundle_read(r, path, &err), &err);
	ok(pike_bundle_read(r, path, &err), &err);
	ok(pike_search_fold(h, s, &err), &err);
	same_history(h, h2);
	close_generation(s, h, &a, 1.1);
	assert_int_equal(h->recs[1].settled, 1);
	check_folds(f.repo, h);
	free(sh_in(f.top, 0, "echo rubbish >%s", path));
	assert_int_equal(pike_bundle_read(r, path, &err), PIKE_FAILED);
	fsck(f.repo);
	close_search(r, s, h);
	close_search(r2, s2, h2);
	free(path);
	free(clone);
	fixture_end(&f);
}

/* A person's commit on the ladder competes like any candidate. */
static void test_person(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid a;
	struct fixture f;
	char *hex;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	a = store_one(s, h, h->base, "one\n");
	hex = sh_in(f.repo, 0,
		    "c=$(git commit-tree -p refs/pike/open/softmax/cpu -m "
		    "'by hand' %s^{tree}) && git update-ref "
		    "refs/pike/open/softmax/cpu $c && echo $c",
		    a.hex);
	ok(pike_search_fold(h, s, &err), &err);
	assert_int_equal(h->nrecs, 2);
	assert_string_equal(h->recs[1].id.hex, hex);
	assert_string_equal(h->recs[1].agent->name, "human");
	free(hex);
	store_one(s, h, a, "two\n");
	hex = sh_in(f.repo, 0,
		    "git show refs/pike/open/softmax/cpu:" FIXTURE_FILE);
	assert_string_equal(hex, "void softmax(void) {}");
	free(hex);
	close_generation(s, h, &h->base, 1);
	check_folds(f.repo, h);
	close_search(r, s, h);
	fixture_end(&f);
}

static void test_checked_out(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_close c = { .speedup = { 1, 1, 1 } };
	struct pike_strs l = PIKE_STRS_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	sh(f.repo, "git worktree add -q ../wt pike/evo/softmax/cpu");
	c.champion = h->base;
	assert_int_equal(pike_search_advance(s, h, &c, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "checked out"));
	ok(pike_repo_problems(&l, r, &err), &err);
	assert_int_equal(l.n, 1);
	sh(f.repo, "git worktree remove ../wt");
	close_generation(s, h, &h->base, 1);
	pike_strs_release(&l);
	/* Ended: no ref of it is left, its results are. */
	store_one(s, h, h->base, "x\n");
	ok(pike_search_list(&l, r, &err), &err);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0], "softmax/cpu");
	ok(pike_search_drop(s, &err), &err);
	pike_strs_release(&l);
	ok(pike_search_list(&l, r, &err), &err);
	assert_int_equal(l.n, 0);
	pike_strs_release(&l);
	close_search(r, s, h);
	fixture_end(&f);
}

/* Packs are merged, and other handles go on reading. */
static void test_many_generations(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s, *s2;
	struct pike_history *h, *h2;
	struct pike_repo *r, *r2;
	struct fixture f;
	char *n;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	open_search(&r2, &s2, &h2, f.repo);
	for (int i = 0; i < 40; i++) {
		char text[32];
		struct pike_oid id;

		snprintf(text, sizeof(text), "%d\n", i);
		id = store_one(s, h, h->champion, text);
		record_one(
		    s, h, &id,
		    (struct line){ text, PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
		record_one(
		    s, h, &id,
		    (struct line){ "c", PIKE_CONFIRM, PIKE_V_FASTER, 1.1 });
		close_generation(s, h, &id, 1.1);
		ok(pike_repo_pack(r, false, &err), &err);
		if (i % 10 == 9) {
			ok(pike_search_fold(h2, s2, &err), &err);
			same_history(h, h2);
		}
	}
	n = sh_in(f.repo, 0, "ls .git/objects/pack/*.pack | wc -l");
	assert_in_range(strtol(n, NULL, 10), 1, 15);
	free(n);
	ok(pike_repo_pack(r, true, &err), &err);
	n = sh_in(f.repo, 0, "ls .git/objects/pack/*.pack | wc -l");
	assert_int_equal(strtol(n, NULL, 10), 1);
	free(n);
	ok(pike_search_fold(h2, s2, &err), &err);
	same_history(h, h2);
	check_folds(f.repo, h);
	sh(f.repo, "git gc -q --prune=now");
	check_folds(f.repo, h);
	fsck(f.repo);
	close_search(r, s, h);
	close_search(r2, s2, h2);
	fixture_end(&f);
}

/* What is on disk and not yet named by a ref is not a user's to remove. */
static void test_kept_until_named(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;
	git_oid ids[40];
	char *left;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(ids); i++) {
		char text[16];

		snprintf(text, sizeof(text), "%zu\n", i);
		assert_int_equal(git_odb_write(&ids[i], r->odb, text,
					       strlen(text), GIT_OBJECT_BLOB),
				 0);
	}
	ok(pike_store_flush(r, &err), &err);
	sh(f.repo, "ls .git/objects/pack/*.keep && git repack -adq && "
		   "git gc -q --prune=now");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(ids); i++)
		assert_int_equal(git_odb_exists(r->odb, &ids[i]), 1);
	/* With the next operation that is done, nothing keeps them. */
	store_one(s, h, h->base, "x\n");
	left = sh_in(f.repo, 0,
		     "find .git/objects -name '*.keep' -o -name 'tmp_*'");
	assert_string_equal(left, "");
	free(left);
	close_search(r, s, h);
	fsck(f.repo);
	fixture_end(&f);
}

/* Two processes, seen through two handles. */
static void test_claims(void **state)
{
	struct pike_repo *r, *r2;
	struct pike_search_ref *s, *s2, *other;
	struct pike_history *h, *h2;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid a, b;
	struct fixture f;
	int fd, fd2, fd3;
	bool claimed;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	open_search(&r2, &s2, &h2, f.repo);
	ok(pike_search_open(&other, r2, "other", "cpu", NULL, &err), &err);
	a = store_one(s, h, h->champion, "a\n");
	b = store_one(s, h, h->champion, "b\n");
	ok(pike_search_claimed(&claimed, s2, &err), &err);
	assert_false(claimed);
	ok(pike_search_claim_record(&fd, s, &a, &err), &err);
	assert_int_equal(pike_search_claim_record(&fd2, s2, &a, &err),
			 PIKE_RETRY);
	assert_int_equal(fd2, -1);
	assert_non_null(strstr(err.text, "by another process"));
	ok(pike_search_claimed(&claimed, s2, &err), &err);
	assert_true(claimed);
	/* What else there is, is free. */
	ok(pike_search_claim_record(&fd2, s2, &b, &err), &err);
	ok(pike_search_claim_record(&fd3, other, &a, &err), &err);
	close(fd3);
	ok(pike_search_claimed(&claimed, other, &err), &err);
	assert_false(claimed);
	close(fd2);
	close(fd);
	ok(pike_search_claim_record(&fd2, s2, &a, &err), &err);
	close(fd2);
	pike_search_close(other);
	close_search(r, s, h);
	close_search(r2, s2, h2);
	fixture_end(&f);
}

/* ---- the base moves ---- */

static struct pike_oid store_in(struct pike_search_ref *s,
				struct pike_history *h, struct pike_oid parent,
				const char *text, int64_t generation,
				const struct pike_oid *again)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proposal p;
	struct pike_oid id;
	bool known;

	proposal(&p, &parent, text);
	p.generation = generation;
	p.again = again;
	ok(pike_search_store(&id, &known, s, h, &p, 1, &err), &err);
	pike_files_release(&p.files);
	return id;
}

static void begin_epoch(struct pike_search_ref *s, struct pike_history *h,
			struct pike_repo *r, const char *env)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_close c = { .speedup = { 1, 1, 1 }, .env = env };
	struct pike_oid base;

	ok(pike_repo_base(&base, r, NULL, &err), &err);
	c.champion = base;
	c.base = &base;
	ok(pike_search_advance(s, h, &c, &err), &err);
}

static void move_base(const struct fixture *f)
{
	sh(f->repo, "echo fixed >" FIXTURE_FILE " && git commit -qam fix");
}

/* Two were measured, one was not; then the base moves. */
static void test_base_moves(void **state)
{
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid old, a, b, c, again;
	struct fixture f;
	char *out;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	old = h->base;
	a = store_in(s, h, h->base, "one\n", 1, NULL);
	record_one(s, h, &a,
		   (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 1.5 });
	record_one(s, h, &a,
		   (struct line){ "2", PIKE_CONFIRM, PIKE_V_FASTER, 1.5 });
	close_generation(s, h, &a, 1.5);
	b = store_in(s, h, a, "two\n", 2, NULL);
	record_one(s, h, &b,
		   (struct line){ "3", PIKE_SCREEN, PIKE_V_FASTER, 1.2 });
	c = store_in(s, h, a, "three\n", 2, NULL);
	move_base(&f);
	begin_epoch(s, h, r, "");
	assert_int_equal(h->ngens, 3);
	assert_string_not_equal(h->base.hex, old.hex);
	assert_string_equal(h->champion.hex, h->base.hex);
	assert_true(h->speedup.mid == 1);
	for (size_t i = 0; i < h->nrecs; i++) {
		assert_true(h->recs[i].past && isnan(h->recs[i].score));
		assert_int_equal(h->recs[i].settled, i ? 2 : 1);
	}
	assert_true(fabs(h->recs[1].was - log(1.5 * 1.2)) < 1e-9);
	assert_int_equal(pike_history_pending(h), 0);
	check_folds(f.repo, h);
	out = sh_in(f.repo, 0,
		    "git log -1 --format='%%P' pike/evo/softmax/cpu | "
		    "awk '{ print $NF, NF }'; git show -s "
		    "--format='%%(trailers:key=Pike-Base,valueonly)' "
		    "pike/evo/softmax/cpu | grep .; "
		    "git show pike/evo/softmax/cpu:" FIXTURE_FILE);
	assert_non_null(strstr(out, h->base.hex));
	assert_non_null(strstr(out, " 3\n"));
	assert_non_null(strstr(out, "fixed"));
	free(out);
	/* A reply to what was asked before the base moved. */
	b = store_in(s, h, a, "late\n", 3, NULL);
	assert_true(h->recs[3].past);
	b = store_in(s, h, old, "later\n", 3, NULL);
	assert_true(h->recs[4].past);
	assert_int_equal(pike_history_pending(h), 0);
	check_folds(f.repo, h);
	/* The same files are measured again, for the new base. */
	again = store_in(s, h, h->base, "one\n", 3, &a);
	assert_string_not_equal(again.hex, a.hex);
	assert_true(h->recs[5].again && !h->recs[5].past);
	assert_int_equal(pike_history_pending(h), 1);
	record_one(s, h, &again,
		   (struct line){ "9", PIKE_SCREEN, PIKE_V_FASTER, 1.1 });
	assert_true(fabs(h->recs[5].score - log(1.1)) < 1e-9);
	close_generation(s, h, &again, 1.1);
	check_folds(f.repo, h);
	(void)b, (void)c;
	fsck(f.repo);
	close_search(r, s, h);
	fixture_end(&f);
}

/* Lines of another base or environment than the epoch's are of no account. */
static void test_only_of_the_epoch(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_result res;
	struct pike_oid a, old;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	old = h->base;
	move_base(&f);
	begin_epoch(s, h, r, "env");
	a = store_in(s, h, h->base, "one\n", 2, NULL);
	result_make(&res, h, &a,
		    (struct line){ "1", PIKE_SCREEN, PIKE_V_FASTER, 3 });
	res.base = old;
	ok(pike_search_record(s, h, &res, 1, &err), &err);
	assert_int_equal(h->recs[0].screen.verdict, PIKE_V_PENDING);
	res.base = h->base;
	memcpy(res.env, "ENV", 4);
	ok(pike_search_record(s, h, &res, 1, &err), &err);
	assert_int_equal(h->recs[0].screen.verdict, PIKE_V_PENDING);
	check_folds(f.repo, h);
	memcpy(res.env, "env", 4);
	ok(pike_search_record(s, h, &res, 1, &err), &err);
	assert_int_equal(h->recs[0].screen.verdict, PIKE_V_FASTER);
	pike_result_release(&res);
	close_generation(s, h, &a, 3);
	check_folds(f.repo, h);
	close_search(r, s, h);
	fixture_end(&f);
}

/* A person's commit says nothing of when it was made. */
static void test_person_on_old_base(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	store_in(s, h, h->base, "one\n", 1, NULL);
	move_base(&f);
	sh(f.repo, "git worktree add -q --detach ../old "
		   "refs/pike/open/softmax/cpu && cd ../old && "
		   "echo mine >" FIXTURE_FILE " && git commit -qam mine");
	begin_epoch(s, h, r, "");
	sh(f.repo, "git worktree add -q --detach ../new "
		   "refs/pike/open/softmax/cpu && cd ../new && "
		   "echo newer >" FIXTURE_FILE " && git commit -qam newer && "
		   "git update-ref refs/pike/open/softmax/cpu HEAD");
	ok(pike_search_fold(h, s, &err), &err);
	assert_int_equal(h->nrecs, 2);
	assert_true(h->recs[0].past && !h->recs[1].past);
	check_folds(f.repo, h);
	sh(f.repo, "cd ../old && git update-ref refs/pike/open/softmax/cpu "
		   "$(git commit-tree -p HEAD -m worse HEAD^{tree})");
	ok(pike_search_fold(h, s, &err), &err);
	assert_int_equal(h->nrecs, 4);
	assert_true(h->recs[2].past && h->recs[3].past);
	close_search(r, s, h);
	fixture_end(&f);
}

static void carried(struct pike_repo *r, const char *theirs, const char *want,
		    size_t nconflicts)
{
	static char path[] = FIXTURE_FILE;
	char *v[] = { path };
	const struct pike_strs paths = { .v = v, .n = 1 };
	struct pike_strs conflicts = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_files out = { 0 };
	struct pike_oid from, to, id;

	ok(pike_repo_resolve(&from, r, "from", &err), &err);
	ok(pike_repo_resolve(&to, r, "to", &err), &err);
	ok(pike_repo_resolve(&id, r, theirs, &err), &err);
	ok(pike_repo_carry(&out, &conflicts, r, &paths, &from, &id, &to, &err),
	   &err);
	assert_int_equal(conflicts.n, nconflicts);
	assert_int_equal(out.n, want ? 1 : 0);
	if (want)
		assert_string_equal(out.v[0].data, want);
	pike_strs_release(&conflicts);
	pike_files_release(&out);
}

/* Three lines; the base mends the first one. */
static void test_carry(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	sh(f.repo,
	   "put() { printf '%s\n' \"$@\" >" FIXTURE_FILE
	   "; git commit -qam x; }\n"
	   "put a b c d e f g && git branch from && put A b c d e f g && "
	   "git branch to && git checkout -q from && git checkout -qb last && "
	   "put a b c d e f G && git checkout -q from && "
	   "git checkout -qb first && put ! b c d e f g && "
	   "git checkout -q from && git checkout -qb gone && "
	   "git rm -q " FIXTURE_FILE " && git commit -qm gone");
	ok(pike_repo_open(&r, f.repo, &err), &err);
	carried(r, "last", "A\nb\nc\nd\ne\nf\nG\n", 0);
	carried(r, "first", "A\nb\nc\nd\ne\nf\ng\n", 1);
	carried(r, "from", "A\nb\nc\nd\ne\nf\ng\n", 0);
	carried(r, "gone", "A\nb\nc\nd\ne\nf\ng\n", 1);
	sh(f.repo, "git branch -f to gone");
	carried(r, "last", NULL, 1);
	carried(r, "from", NULL, 0);
	pike_repo_free(r);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_generation),
		cmocka_unit_test(test_base_moves),
		cmocka_unit_test(test_only_of_the_epoch),
		cmocka_unit_test(test_person_on_old_base),
		cmocka_unit_test(test_carry),
		cmocka_unit_test(test_lost_race),
		cmocka_unit_test(test_moved_by_others),
		cmocka_unit_test(test_random_histories),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_known_content),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_person),
		cmocka_unit_test(test_checked_out),
		cmocka_unit_test(test_many_generations),
		cmocka_unit_test(test_kept_until_named),
		cmocka_unit_test(test_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
