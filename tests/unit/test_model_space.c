/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of tunables: reading, rewriting and naming a choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/target.h"

#include <stdlib.h>
#include <string.h>

static const char source[] =
    "/* a kernel */\n"
    "#define TILE 32 //pike: tune 8 16 32 64\n"
    "#define OTHER 5\r\n"
    "  # define\tUNROLL   4   // comment //pike: tune 1 2\n"
    "//pike: launch k grid=(rows)\n"
    "void f(void) { g(TILE); }";

static const char good[] = "/* a kernel */\n"
			   "#define TILE 32 //pike: tune 8 16 32 64\n"
			   "  # define\tUNROLL   4   //pike: tune 1,2 4\r\n"
			   "//pike: launch k grid=(rows)\n"
			   "void f(void) { g(TILE); }";

static void test_scan(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_space s = { 0 };

	(void)state;
	assert_int_equal(pike_space_scan(&s, 3, "a.c", good, &err), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.t[0].name, "TILE");
	assert_int_equal(s.t[0].line, 2);
	assert_int_equal(s.t[0].file, 3);
	assert_int_equal(s.t[0].current, 2);
	assert_int_equal(s.t[1].values.n, 3);
	assert_string_equal(s.t[1].values.v[2], "4");
	assert_int_equal(s.t[1].line, 3);
	pike_space_release(&s);
	/* What stands between value and mark is not understood: refused. */
	assert_int_equal(pike_space_scan(&s, 0, "a.c", source, &err),
			 PIKE_USAGE);
	assert_true(!strncmp(err.text, "a.c:4: ", 7));
	pike_space_release(&s);
}

/* Behind its values a line may say what they are. */
static void test_comment(void **state)
{
	static const char *const lines[] = {
		"#define A 1 //pike: tune 1 2 4 // of a cache line\n",
		"#define A 1 //pike: tune 1 2 4 /* of a cache line */\n",
		"#define A 1 //pike: tune 1 2 4//\n",
		"#define A 1 //pike: tune 1 2 4 //pike: tune 9\n",
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(lines); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_space s = { 0 };
		int choice[] = { 2 };
		struct pike_buf b;

		pike_buf_init(&b, 4096);
		assert_int_equal(pike_space_scan(&s, 0, "a.c", lines[i], &err),
				 0);
		assert_int_equal(s.n, 1);
		assert_int_equal(s.t[0].values.n, 3);
		assert_int_equal(
		    pike_space_apply(&b, &s, 0, lines[i], choice, &err), 0);
		assert_memory_equal(b.s, "#define A 4 //", 14);
		assert_string_equal(b.s + 11, lines[i] + 11);
		pike_buf_release(&b);
		pike_space_release(&s);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "#define A 3 //pike: tune 1 2", "a.c:1: tunable 'A' is 3" },
		{ "\n#define A 3 //pike: tune 3 3",
		  "a.c:2: tunable 'A' lists" },
		{ "#define A //pike: tune 1", "a.c:1: a tunable is" },
		{ "int A = 1; //pike: tune 1", "a.c:1: a tunable is" },
		{ "#define A(x) 1 //pike: tune 1", "a.c:1: 'A(x)' cannot" },
		{ "#define A 1 //pike: tune 1\n#define A 1 //pike: tune 1",
		  "a.c:2: tunable 'A' is declared twice" },
		{ "#define A 1 //pike: tune 1 \"",
		  "a.c:1: tunable 'A' lists a value" },
		{ "int A = 2; //pike: tune 1",
		  "a.c:1: a tunable is `#define NAME VALUE //pike: tune VALUE "
		  "VALUE...`, found 'int A = 2; //pike: tune 1'" },
		{ "#define A 1 //pike: tune", "a.c:1: tunable 'A' is 1" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_space s = { 0 };

		assert_int_equal(
		    pike_space_scan(&s, 0, "a.c", rows[i].text, &err),
		    PIKE_USAGE);
		if (strncmp(err.text, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("%s", err.text);
		pike_space_release(&s);
	}
}

static void test_apply(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_space s = { 0 };
	const int choice[] = { 3, 0 }, broken[] = { 3, 9 };
	struct pike_buf b;

	(void)state;
	assert_int_equal(pike_space_scan(&s, 0, "a.c", good, &err), 0);
	pike_buf_init(&b, 1 << 20);
	assert_int_equal(pike_space_apply(&b, &s, 0, good, choice, &err), 0);
	assert_string_equal(b.s,
			    "/* a kernel */\n"
			    "#define TILE 64 //pike: tune 8 16 32 64\n"
			    "  # define\tUNROLL   1   //pike: tune 1,2 4\r\n"
			    "//pike: launch k grid=(rows)\n"
			    "void f(void) { g(TILE); }");
	pike_buf_reset(&b);
	/* Another file of the same space is left as it is. */
	assert_int_equal(pike_space_apply(&b, &s, 1, good, choice, &err), 0);
	assert_string_equal(b.s, good);
	assert_int_equal(pike_space_apply(&b, &s, 0, good, broken, &err),
			 PIKE_FAILED);
	assert_int_equal(pike_space_apply(&b, &s, 0, "int x;", choice, &err),
			 PIKE_FAILED);
	assert_string_equal(err.text,
			    "tunable 'TILE' is no longer in the source");
	pike_buf_release(&b);
	pike_space_release(&s);
}

static void test_text(void **state)
{
	struct pike_space s = { 0 };
	const int choice[] = { 1, 2 };
	int back[2];
	struct pike_buf b;

	(void)state;
	assert_int_equal(pike_space_scan(&s, 0, "a.c", good, NULL), 0);
	pike_buf_init(&b, 1024);
	pike_space_print(&b, &s, choice);
	assert_string_equal(b.s, "TILE=16 UNROLL=4");
	assert_int_equal(pike_space_read(back, &s, b.s), 0);
	assert_memory_equal(back, choice, sizeof(back));
	assert_int_equal(pike_space_read(back, &s, "UNROLL=4 TILE=16"), 0);
	assert_int_equal(pike_space_read(back, &s, "TILE=16"), -1);
	assert_int_equal(pike_space_read(back, &s, "TILE=16 TILE=16"), -1);
	assert_int_equal(pike_space_read(back, &s, "TILE=16 UNROLL=3"), -1);
	assert_int_equal(pike_space_read(back, &s, "TILE=16 X=4"), -1);
	assert_int_equal(pike_space_read(back, &s, ""), -1);
	assert_int_equal(pike_space_read(back, &s, "try smaller tiles"), -1);
	pike_buf_release(&b);
	pike_space_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),	cmocka_unit_test(test_comment),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_apply),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
