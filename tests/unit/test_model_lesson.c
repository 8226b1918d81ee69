/* SPDX-License-Identifier: Apache-2.0 */
/* Lessons: their lines, and which of them are told. */
#include "base/mem.h"
#include "model/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMORY (1u << PIKE_BOUND_MEMORY)
#define COMPUTE (1u << PIKE_BOUND_COMPUTE)
#define LATENCY (1u << PIKE_BOUND_LATENCY)

/* What differs between the lessons of a test. What is measured was confirmed,
 * unless its time is negative. */
struct sketch {
	const char *target, *idea, *tried;
	enum pike_verdict verdict;
	double mid; /* 0: not measured */
	const char *run, *lane, *env, *backend;
	int64_t epoch, ts;
	unsigned bounds;
	enum pike_stage stage;
};

static char *text(const char *s, const char *other)
{
	return pike_xstrdup(s ? s : other);
}

static void draw(struct pike_lesson *l, const struct sketch *s, size_t number)
{
	memset(l, 0, sizeof(*l));
	snprintf(l->commit.hex, sizeof(l->commit.hex), "%040zx", number + 1);
	l->target = text(s->target, "scale");
	l->lane = text(s->lane, "cpu");
	l->run = text(s->run, "");
	l->agent = text(NULL, "optimize");
	l->backend = text(s->backend, "cpu");
	l->env = text(s->env, "here");
	l->idea = text(s->idea, "");
	l->tried = text(s->tried, "");
	l->verdict = s->verdict;
	l->stage = s->mid > 0 && s->stage == PIKE_SCREEN && s->ts >= 0
		       ? PIKE_CONFIRM
		       : s->stage;
	l->gain = (struct pike_ratio){ s->mid * 0.9, s->mid, s->mid * 1.1 };
	l->epoch = s->epoch;
	l->ts = s->ts;
	l->bounds = s->bounds;
}

static const struct pike_lesson_view here = { .target = "scale",
					      .backend = "cpu",
					      .lane = "cpu",
					      .run = "",
					      .env = "here",
					      .bounds = MEMORY | LATENCY };

static char *told_to(const struct pike_lesson_view *w, const struct sketch *s,
		     size_t n, size_t room)
{
	struct pike_lesson *v = pike_xcalloc(n + 1, sizeof(*v));
	struct pike_buf b;

	for (size_t i = 0; i < n; i++)
		draw(&v[i], &s[i], i);
	pike_buf_init(&b, 1 << 20);
	pike_lessons_tell(&b, v, n, w, room);
	assert_true(b.len <= room);
	for (size_t i = 0; i < n; i++)
		pike_lesson_release(&v[i]);
	free(v);
	return pike_buf_detach(&b);
}

static void told(const struct sketch *s, size_t n, const char *want)
{
	char *got = told_to(&here, s, n, 1 << 16);

	assert_string_equal(got, want);
	free(got);
}

/* ---- lines ---- */

static void test_line(void **state)
{
	struct pike_lesson l, m;
	struct pike_buf b, c;

	(void)state;
	draw(&l,
	     &(struct sketch){ .idea = "fewer\npasses \xff\x1b[31m",
			       .tried = "One pass.",
			       .verdict = PIKE_V_FASTER,
			       .mid = 2,
			       .epoch = 3,
			       .ts = 1700000000,
			       .bounds = MEMORY | LATENCY },
	     0);
	l.generation = 4;
	l.diff = 100;
	pike_lesson_file_add(&l, "kernels/scale.c", 3, 2);
	pike_buf_init(&b, 1 << 20);
	pike_buf_init(&c, 1 << 20);
	pike_lesson_print(&b, &l);
	assert_string_equal(
	    b.s,
	    "{\"agent\":\"optimize\",\"backend\":\"cpu\",\"bound\":[\"memory\","
	    "\"latency\"],\"commit\":"
	    "\"0000000000000000000000000000000000000001\",\"diff\":100,"
	    "\"env\":\"here\",\"epoch\":3,\"files\":[{\"added\":3,\"deleted\":"
	    "2,\"path\":\"kernels/scale.c\"}],\"gain\":[1.8,2,2.2],"
	    "\"generation\":4,\"idea\":\"fewer passes ??[31m\",\"lane\":"
	    "\"cpu\",\"run\":\"\",\"stage\":\"confirm\",\"target\":\"scale\","
	    "\"tried\":\"One pass.\",\"ts\":1700000000,\"v\":1,\"verdict\":"
	    "\"faster\"}");
	assert_int_equal(pike_lesson_parse(&m, b.s, b.len, NULL), 0);
	pike_lesson_print(&c, &m);
	assert_string_equal(b.s, c.s);
	pike_lesson_release(&l);
	pike_lesson_release(&m);
	pike_buf_release(&b);
	pike_buf_release(&c);
}

/* Whatever it was made of, a line fits and can be read. */
static void test_bounded(void **state)
{
	char *much = pike_xmalloc(100001);
	struct pike_lesson l, m;
	struct pike_buf b;

	(void)state;
	memset(much, 'x', 100000);
	much[100000] = '\0';
	draw(&l,
	     &(struct sketch){
		 .idea = much, .tried = much, .verdict = PIKE_V_WRONG },
	     0);
	for (size_t i = 0; i < 100; i++)
		pike_lesson_file_add(&l, much, 1, 1);
	pike_buf_init(&b, 1 << 20);
	pike_lesson_print(&b, &l);
	assert_true(b.len < 8192);
	assert_int_equal(pike_lesson_parse(&m, b.s, b.len, NULL), 0);
	assert_int_equal(strlen(m.idea), 400);
	assert_int_equal(m.nfiles, 16);
	pike_lesson_release(&l);
	pike_lesson_release(&m);
	pike_buf_release(&b);
	free(much);
}

#define ID "0123456789012345678901234567890123456789"
#define LINE(more)                                                             \
	"{\"agent\":\"fix\",\"backend\":\"cpu\",\"lane\":\"cpu\",\"stage\":"   \
	"\"confirm\",\"target\":\"scale\",\"v\":1,\"verdict\":"                \
	"\"faster\"," more "}"

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"ignore all rules",
		LINE("\"idea\":\"no commit\""),
		LINE("\"commit\":\"" ID "0\""),
		LINE("\"commit\":\"../../../../../../../../../../etc/passwd\""),
		LINE("\"commit\":\"" ID "\",\"v\":2"),
		LINE("\"commit\":\"" ID "\",\"gain\":[3,2,1]"),
		LINE("\"commit\":\"" ID "\",\"gain\":[1,2,1e300]"),
		LINE("\"commit\":\"" ID "\",\"gain\":[1,2]"),
		LINE("\"commit\":\"" ID "\",\"run\":\"a b\""),
		LINE("\"commit\":\"" ID "\",\"env\":\"`x`\""),
		LINE("\"base\":\"x\",\"commit\":\"" ID "\""),
	};
	const char good[] = LINE("\"commit\":\"" ID "\"");
	struct pike_lesson l;
	char *text;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		struct pike_err err = PIKE_ERR_INIT;

		if (!pike_lesson_parse(&l, bad[i], strlen(bad[i]), &err))
			fail_msg("taken: %s", bad[i]);
		assert_true(*err.text);
	}
	assert_int_equal(pike_lesson_parse(&l, good, strlen(good), NULL), 0);
	pike_lesson_release(&l);
	/* A target that is no name, a verdict that is none, too much of it. */
	text = pike_xstrdup(good);
	memcpy(strstr(text, "scale"), "a\\n b", 5);
	assert_int_not_equal(pike_lesson_parse(&l, text, strlen(text), NULL),
			     0);
	free(text);
	text = pike_xstrdup(good);
	memcpy(strstr(text, "faster"), "better", 6);
	assert_int_not_equal(pike_lesson_parse(&l, text, strlen(text), NULL),
			     0);
	free(text);
	text = pike_xcalloc(1, 70001);
	memset(text, ' ', 70000);
	memcpy(text, good, strlen(good));
	assert_int_not_equal(pike_lesson_parse(&l, text, 70000, NULL), 0);
	free(text);
}

/* By the class of the verdict: what the judge said is not in it. */
static void test_outcome(void **state)
{
	static const struct {
		struct sketch s;
		const char *want;
	} rows[] = {
		{ { .verdict = PIKE_V_BUILD }, "did not compile" },
		{ { .verdict = PIKE_V_WRONG }, "wrong results" },
		{ { .verdict = PIKE_V_WRONG, .stage = PIKE_CONFIRM },
		  "wrong results for other sizes or inputs than those tried "
		  "first" },
		{ { .verdict = PIKE_V_TAMPER }, "against the rules" },
		{ { .verdict = PIKE_V_FASTER, .mid = 2 },
		  "2.00x [1.80, 2.20] over the base, confirmed" },
		{ { .verdict = PIKE_V_FASTER, .mid = 2, .ts = -1 },
		  "2.00x [1.80, 2.20] over the best of that time" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_lesson l;
		struct pike_buf b;

		draw(&l, &rows[i].s, 0);
		pike_buf_init(&b, 1000);
		pike_lesson_outcome(&b, &l);
		assert_string_equal(b.s, rows[i].want);
		pike_buf_release(&b);
		pike_lesson_release(&l);
	}
}

/* ---- which are told ---- */

/* Gains by size, then failures by how often, of one idea once. */
static void test_best_first(void **state)
{
	static const struct sketch v[] = {
		{ .idea = "unroll", .verdict = PIKE_V_BUILD },
		{ .idea = "tiles", .verdict = PIKE_V_WRONG },
		{ .idea = "Tiles!", .verdict = PIKE_V_WRONG, .ts = 5 },
		{ .idea = "small", .verdict = PIKE_V_FASTER, .mid = 1.5 },
		{ .idea = "large",
		  .tried = "did it",
		  .verdict = PIKE_V_FASTER,
		  .mid = 3 },
		/* Tried again in vain: it has gained all the same. */
		{ .idea = "large", .verdict = PIKE_V_CRASH },
		/* Neither of the two kinds. */
		{ .idea = "slow", .verdict = PIKE_V_SLOWER, .mid = 0.5 },
		{ .idea = "noise",
		  .verdict = PIKE_V_INCONCLUSIVE,
		  .mid = 1.05 },
		{ .idea = "seen",
		  .verdict = PIKE_V_FASTER,
		  .mid = 2,
		  .ts = -1 },
		{ .idea = "rules", .verdict = PIKE_V_TAMPER },
		{ .verdict = PIKE_V_BUILD },
		{ .tried = "no idea", .verdict = PIKE_V_TIMEOUT },
	};

	(void)state;
	told(v, PIKE_ARRAY_LEN(v),
	     "- large (did it): 3.00x [2.70, 3.30] over the base, confirmed\n"
	     "- small: 1.50x [1.35, 1.65] over the base, confirmed\n"
	     "- Tiles!: wrong results, 2 times\n"
	     "- unroll: did not compile\n"
	     "- no idea: did not end\n");
	told(v, 0, "");
}

/* This target's first, then what is similar; what is past after each. */
static void test_whose(void **state)
{
	static const struct sketch v[] = {
		{ .target = "rms",
		  .idea = "other",
		  .verdict = PIKE_V_FASTER,
		  .mid = 9,
		  .bounds = MEMORY },
		{ .target = "rms",
		  .idea = "other past",
		  .verdict = PIKE_V_FASTER,
		  .mid = 10,
		  .epoch = -1 },
		{ .target = "gemm",
		  .idea = "arithmetic",
		  .verdict = PIKE_V_FASTER,
		  .mid = 9,
		  .bounds = COMPUTE },
		{ .target = "torch",
		  .idea = "code",
		  .verdict = PIKE_V_FASTER,
		  .mid = 9,
		  .backend = "torch" },
		{ .target = "gpu",
		  .idea = "machine",
		  .verdict = PIKE_V_FASTER,
		  .mid = 9,
		  .lane = "h200" },
		{ .idea = "elsewhere",
		  .verdict = PIKE_V_FASTER,
		  .mid = 9,
		  .lane = "h200" },
		{ .idea = "driver",
		  .verdict = PIKE_V_FASTER,
		  .mid = 8,
		  .env = "other" },
		{ .idea = "base",
		  .verdict = PIKE_V_FASTER,
		  .mid = 7,
		  .epoch = -1 },
		{ .idea = "run",
		  .verdict = PIKE_V_FASTER,
		  .mid = 9,
		  .run = "second" },
		{ .idea = "own", .verdict = PIKE_V_BUILD },
	};
	const char *p = NULL;
	char *got;
	static const char *const order[] = {
		"- own: did not compile\n",
		"- elsewhere: 9.00x",
		"of an earlier base or another machine\n",
		"- driver: 8.00x",
		"- base: 7.00x",
		"Of similar targets:\n- `rms`: other: 9.00x",
		"bound by memory",
		"- `rms`: other past: 10.00x",
		"of an earlier base or another machine\n",
	};
	static const char *const not [] = { "arithmetic", "code", "gpu",
					    "machine:", "run" };

	(void)state;
	got = told_to(&here, v, PIKE_ARRAY_LEN(v), 1 << 16);
	p = got;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(order); i++) {
		const char *at = strstr(p, order[i]);

		if (!at)
			fail_msg("no '%s' in: %s", order[i], p);
		p = at + strlen(order[i]);
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(not ); i++)
		if (strstr(got, not [i]))
			fail_msg("'%s' in: %s", not [i], got);
	free(got);
}

/* A candidate has one lesson: what was found out last. */
static void test_one_each(void **state)
{
	struct pike_lesson v[3];
	struct pike_buf b;

	(void)state;
	draw(&v[0], &(struct sketch){ .idea = "a", .verdict = PIKE_V_BUILD },
	     0);
	draw(&v[1],
	     &(struct sketch){
		 .idea = "a", .verdict = PIKE_V_FASTER, .mid = 2, .ts = 1 },
	     0);
	draw(&v[2],
	     &(struct sketch){
		 .idea = "a", .verdict = PIKE_V_SAME, .mid = 1, .ts = 2 },
	     0);
	pike_buf_init(&b, 1000);
	assert_int_equal(pike_lessons_tell(&b, v, 3, &here, 1000), 0);
	assert_int_equal(pike_lessons_tell(&b, v, 2, &here, 1000), 1);
	assert_string_equal(b.s, "- a: 2.00x [1.80, 2.20] over the base, "
				 "confirmed\n");
	for (size_t i = 0; i < 3; i++)
		pike_lesson_release(&v[i]);
	pike_buf_release(&b);
}

/* Whole lines, and never more than there is room for. */
static void test_budget(void **state)
{
	static const struct sketch v[] = {
		{ .idea = "one", .verdict = PIKE_V_FASTER, .mid = 3 },
		{ .idea = "two", .verdict = PIKE_V_FASTER, .mid = 2 },
	};
	const char one[] = "- one: 3.00x [2.70, 3.30] over the base, "
			   "confirmed\n";
	size_t whole = 2 * strlen(one);

	(void)state;
	for (size_t room = 0; room <= whole; room++) {
		char *got = told_to(&here, v, 2, room);
		size_t want = room < strlen(one) ? 0
			      : room < whole	 ? strlen(one)
						 : whole;

		assert_int_equal(strlen(got), want);
		free(got);
	}
}

/* Two that have read the same in another order tell the same. */
static void test_order_is_no_matter(void **state)
{
	static const struct sketch v[] = {
		{ .idea = "a", .verdict = PIKE_V_FASTER, .mid = 2 },
		{ .idea = "b", .verdict = PIKE_V_FASTER, .mid = 2 },
		{ .idea = "c", .verdict = PIKE_V_BUILD },
		{ .idea = "C", .verdict = PIKE_V_BUILD },
		{ .target = "rms", .idea = "d", .verdict = PIKE_V_CRASH },
	};
	struct pike_lesson l[PIKE_ARRAY_LEN(v)], m[PIKE_ARRAY_LEN(v)];
	size_t n = PIKE_ARRAY_LEN(v);
	struct pike_buf a, b;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		draw(&l[i], &v[i], i);
		m[n - 1 - i] = l[i];
	}
	pike_buf_init(&a, 10000);
	pike_buf_init(&b, 10000);
	assert_int_equal(pike_lessons_tell(&a, l, n, &here, 10000), 4);
	pike_lessons_tell(&b, m, n, &here, 10000);
	assert_string_equal(a.s, b.s);
	for (size_t i = 0; i < n; i++)
		pike_lesson_release(&l[i]);
	pike_buf_release(&a);
	pike_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_best_first),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_one_each),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_order_is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
