/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges in git: a commit and a chat note each, whatever came of them. */
#include "git_fixture.h"

#define CHAT "refs/notes/pike/chat"

/* One exchange; without text it left nothing to measure. */
static struct pike_oid exchange(struct pike_search_ref *s,
				struct pike_history *h, struct pike_oid parent,
				const char *text, const char *chat)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proposal p;
	struct pike_oid id;
	bool known = true;

	proposal(&p, &parent, text ? text : "");
	if (!text)
		pike_files_release(&p.files);
	p.agent = &pike_agent_optimize;
	p.chat = chat;
	p.paid = true;
	ok(pike_search_store(&id, &known, s, h, &p, 1, &err), &err);
	assert_false(known);
	pike_files_release(&p.files);
	return id;
}

static void chats(struct pike_strs *out, struct pike_repo *r,
		  const struct pike_oid *id)
{
	struct pike_err err = PIKE_ERR_INIT;

	pike_strs_release(out);
	ok(pike_chats_of(out, r, id, &err), &err);
}

static void test_notes(void **state)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid a, b, c;
	struct fixture f;
	char *out;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	a = exchange(s, h, h->base, "one\n", "{\"reply\":\"1\"}");
	/* The same files again were paid for again. */
	b = exchange(s, h, h->base, "one\n", "{\"reply\":\"2\"}");
	c = exchange(s, h, a, NULL, "{\"reply\":\"3\"}");
	assert_int_equal(h->nrecs, 3);
	assert_string_not_equal(a.hex, b.hex);
	assert_string_equal(h->recs[0].source.hex, h->recs[1].source.hex);
	assert_string_equal(h->recs[2].source.hex, "");
	assert_int_equal(h->skipped_lines, 0);
	check_folds(f.repo, h);
	chats(&lines, r, &a);
	assert_int_equal(lines.n, 1);
	assert_string_equal(lines.v[0], "{\"reply\":\"1\"}");
	record_one(s, h, &a, (struct line){ "1", PIKE_SCREEN, PIKE_V_SAME, 1 });
	record_one(s, h, &c,
		   (struct line){ "2", PIKE_SCREEN, PIKE_V_UNUSABLE, 0 });
	close_generation(s, h, &h->base, 1);
	check_folds(f.repo, h);
	fsck(f.repo);
	/* Folded, and where git itself shows it. */
	out = sh_in(f.repo, 0, "git for-each-ref refs/notes/pike/inbox");
	assert_string_equal(out, "");
	free(out);
	out = sh_in(f.repo, 0, "git notes --ref=" CHAT " show %s", c.hex);
	assert_string_equal(out, "{\"reply\":\"3\"}");
	free(out);
	out = sh_in(f.repo, 0, "git diff --stat %s %s", a.hex, c.hex);
	assert_string_equal(out, "");
	free(out);
	chats(&lines, r, &c);
	assert_int_equal(lines.n, 1);
	/* Without a note there is none. */
	a = exchange(s, h, h->base, "two\n", NULL);
	chats(&lines, r, &a);
	assert_int_equal(lines.n, 0);
	pike_strs_release(&lines);
	close_search(r, s, h);
	fixture_end(&f);
}

/* Killed after the note and before the rung: the exchange is not lost. */
static void test_adopted(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_repo *r;
	struct pike_oid a, b;
	struct fixture f;
	char *ladder;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	a = exchange(s, h, h->base, "one\n", "{\"reply\":\"1\"}");
	ladder = sh_in(f.repo, 0, "git rev-parse refs/pike/open/softmax/cpu");
	b = exchange(s, h, h->base, "two\n", "{\"reply\":\"2\"}");
	close_search(r, s, h);
	free(sh_in(f.repo, 0, "git update-ref refs/pike/open/softmax/cpu %s",
		   ladder));
	free(ladder);
	open_search(&r, &s, &h, f.repo);
	assert_int_equal(h->nrecs, 1);
	ok(pike_search_adopt(s, h, &err), &err);
	assert_int_equal(h->nrecs, 2);
	assert_string_equal(h->recs[1].id.hex, b.hex);
	check_folds(f.repo, h);
	/* Once. */
	ladder = sh_in(f.repo, 0, "git rev-parse refs/pike/open/softmax/cpu");
	ok(pike_search_adopt(s, h, &err), &err);
	assert_int_equal(h->nrecs, 2);
	assert_string_equal(h->ladder.hex, ladder);
	free(ladder);
	record_one(s, h, &a, (struct line){ "1", PIKE_SCREEN, PIKE_V_SAME, 1 });
	record_one(s, h, &b, (struct line){ "2", PIKE_SCREEN, PIKE_V_SAME, 1 });
	close_generation(s, h, &h->base, 1);
	fsck(f.repo);
	close_search(r, s, h);
	fixture_end(&f);
}

/* Another search's exchanges are left alone, and dropped with it. */
static void test_of_others(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s, *other;
	struct pike_history *h, *ho;
	struct pike_repo *r;
	struct pike_oid base;
	struct fixture f;
	char *out;

	(void)state;
	fixture_begin(&f);
	open_search(&r, &s, &h, f.repo);
	ok(pike_repo_base(&base, r, NULL, &err), &err);
	ok(pike_search_open(&other, r, "softmax", "cpu", "b", &err), &err);
	ok(pike_search_begin(other, &base, "pike-b", 7, &err), &err);
	ho = pike_history_new("softmax", "cpu.b");
	ok(pike_search_fold(ho, other, &err), &err);
	exchange(other, ho, base, "one\n", "{\"reply\":\"1\"}");
	ok(pike_search_adopt(s, h, &err), &err);
	assert_int_equal(h->nrecs, 0);
	ok(pike_search_drop(other, &err), &err);
	out = sh_in(f.repo, 0, "git for-each-ref refs/notes/pike/inbox");
	assert_string_equal(out, "");
	free(out);
	pike_history_free(ho);
	pike_search_close(other);
	close_search(r, s, h);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_adopted),
		cmocka_unit_test(test_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
