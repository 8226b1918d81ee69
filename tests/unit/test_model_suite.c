/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of the names of imported targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/suite.h"

#include <string.h>

/* Paths as they stand in public suites, and such as nobody should write. */
static void test_names(void **state)
{
	static const struct {
		const char *path, *name, *title;
		bool plain;
	} rows[] = {
		{ "KernelBench/level3/15_DenseNet121.py", "l3-15-densenet121",
		  "level3/15_DenseNet121.py", true },
		{ "./level1/1_Square_matrix_multiplication_.py",
		  "l1-1-square-matrix-multiplication",
		  "level1/1_Square_matrix_multiplication_.py", true },
		{ "KernelBench/level_3-pike/43_MinGPT.py", "l3-pike-43-mingpt",
		  "level_3-pike/43_MinGPT.py", true },
		{ "a/level2/b/level4/7_x__y.py", "l4-7-x-y", "level4/7_x__y.py",
		  true },
		{ "level5/llama.py", "l5-llama", "level5/llama.py", true },
		{ "level5/7llama.py", "l5-7llama", "level5/7llama.py", true },
		{ "level1/../../1_x.py", "l1-1-x", "level1/../../1_x.py",
		  false },
		{ "level1/1_\"x.py", "l1-1-x", "level1/1_\"x.py", false },
		{ "level1/1_x\n.py", "l1-1-x", "level1/1_x\n.py", false },
	};
	struct pike_task t;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		assert_true(pike_task_of(&t, rows[i].path));
		assert_string_equal(t.name, rows[i].name);
		assert_string_equal(t.title, rows[i].title);
		assert_int_equal(t.plain, rows[i].plain);
	}
}

static void test_no_task(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"x.py",
		"level1",
		"levels/1_x.py",
		"level/1_x.py",
		"level1/.py",
		"level1/1_x.txt",
		"src/kernelbench/eval.py",
		"level1x/",
		"level1.py",
	};
	struct pike_task t;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(paths); i++)
		assert_false(pike_task_of(&t, paths[i]));
}

static void test_lacks(void **state)
{
	static const char model[] = "import torch\nclass Model(nn.Module):\n"
				    "  pass\ndef get_inputs():\n  pass\n";

	(void)state;
	assert_null(pike_task_lacks(model));
	assert_non_null(strstr(pike_task_lacks("class Models:\n"), "Model"));
	assert_non_null(
	    strstr(pike_task_lacks("class Model:\n def get_inputs():\n"),
		   "get_inputs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_task),
		cmocka_unit_test(test_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
