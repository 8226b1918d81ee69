/* SPDX-License-Identifier: Apache-2.0 */
/* Lessons in git: what closing a generation leaves, and what is read of it. */
#include "git_fixture.h"

#include "git/lessons.h"

#define NOTES "refs/notes/pike/lessons"

/* A lesson of a record: its number in the history is its idea. */
struct teacher {
	struct pike_history *h;
	size_t asked;
	const char *skip; /* this commit teaches nothing */
	bool fails;
};

static void line_of(struct pike_buf *line, const char *commit, size_t idea)
{
	pike_buf_addf(line,
		      "{\"agent\":\"tune\",\"backend\":\"cpu\",\"commit\":"
		      "\"%s\",\"idea\":\"%zu\",\"lane\":\"cpu\",\"stage\":"
		      "\"screen\",\"target\":\"softmax\",\"v\":1,\"verdict\":"
		      "\"build\"}",
		      commit, idea);
}

static int teach(struct pike_buf *line, void *ctx,
		 const struct pike_oid *commit, struct pike_err *err)
{
	struct teacher *t = ctx;
	const struct pike_record *r = pike_history_find(t->h, commit);

	assert_non_null(r);
	t->asked++;
	if (t->fails)
		return pike_fail(err, PIKE_FAILED, "no lesson");
	if (!t->skip || strcmp(t->skip, commit->hex) != 0)
		line_of(line, commit->hex, (size_t)(r - t->h->recs));
	return 0;
}

static int close_with(struct pike_search_ref *s, struct teacher *t,
		      struct pike_err *err)
{
	const struct pike_close c = { .champion = t->h->base,
				      .speedup = { 1, 1, 1 },
				      .strategy = "tune",
				      .lesson = teach,
				      .ctx = t };

	t->asked = 0;
	return pike_search_advance(s, t->h, &c, err);
}

static void read_is(struct pike_lessons *l, struct pike_repo *r, size_t n)
{
	struct pike_err err = PIKE_ERR_INIT;

	ok(pike_lessons_read(l, r, &err), &err);
	assert_int_equal(l->n, n);
}

static void test_closed(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_lessons l = { 0 }, one = { 0 };
	struct pike_search_ref *s;
	struct pike_repo *r;
	struct pike_oid a, b, c;
	struct teacher t = { 0 };
	struct fixture f;
	char *out;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &t.h, f.repo);
	read_is(&l, r, 0);
	a = store_one(s, t.h, t.h->base, "one\n");
	b = store_one(s, t.h, t.h->base, "two\n");
	record_one(s, t.h, &a,
		   (struct line){ "1", PIKE_SCREEN, PIKE_V_SAME, 1 });
	record_one(s, t.h, &b,
		   (struct line){ "2", PIKE_SCREEN, PIKE_V_BUILD, 0 });
	/* Two results of one candidate, and one lesson. */
	record_one(s, t.h, &a,
		   (struct line){ "3", PIKE_CONFIRM, PIKE_V_SAME, 1 });
	t.skip = b.hex;
	/* What cannot be told closes nothing. */
	t.fails = true;
	assert_int_equal(close_with(s, &t, &err), PIKE_FAILED);
	assert_int_equal(t.h->ngens, 1);
	t.fails = false;
	ok(close_with(s, &t, &err), &err);
	assert_int_equal(t.asked, 2);
	read_is(&l, r, 1);
	assert_string_equal(l.v[0].idea, "0");
	out =
	    sh_in(f.repo, 0, "git notes --ref=" NOTES " list | cut -d' ' -f2");
	assert_string_equal(out, a.hex);
	free(out);
	/* What came since, and nothing twice. */
	c = store_one(s, t.h, t.h->base, "three\n");
	record_one(s, t.h, &c,
		   (struct line){ "4", PIKE_SCREEN, PIKE_V_BUILD, 0 });
	ok(close_with(s, &t, &err), &err);
	assert_int_equal(t.asked, 1);
	read_is(&l, r, 2);
	read_is(&l, r, 2);
	ok(pike_lessons_of(&one, r, &c, &err), &err);
	assert_int_equal(one.n, 1);
	assert_string_equal(one.v[0].commit.hex, c.hex);
	pike_lessons_release(&one);
	fsck(f.repo);
	pike_lessons_release(&l);
	close_search(r, s, t.h);
	fixture_end(&f);
}

/* Notes that others have written: what is no lesson of that commit is passed
 * over, and stays where it is. */
static void test_foreign(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_lessons l = { 0 };
	struct pike_repo *r;
	struct pike_buf b;
	struct fixture f;
	char *id, *out, *path;

	(void)state;
	fixture_begin(&f);
	id = sh_in(f.repo, 0, "git rev-parse main");
	pike_buf_init(&b, 1 << 20);
	line_of(&b, id, 1);
	pike_buf_adds(&b, "\n\nno JSON\n{\"v\":1}\n");
	line_of(&b, "0123456789012345678901234567890123456789", 2);
	path = pike_xasprintf("%s/lines", f.repo);
	ok(pike_write_file(path, b.s, b.len, &err), &err);
	sh(f.repo, "git notes --ref=" NOTES " add -F lines main");
	ok(pike_repo_open(&r, f.repo, &err), &err);
	read_is(&l, r, 1);
	assert_string_equal(l.v[0].idea, "1");
	out = sh_in(f.repo, 0, "git notes --ref=" NOTES " show main | wc -l");
	assert_string_equal(out, "5");
	free(out);
	pike_lessons_release(&l);
	pike_repo_free(r);
	pike_buf_release(&b);
	free(path);
	free(id);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
