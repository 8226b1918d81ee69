/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a call, as a target's `arg` lines and a case make them. */
#include "base/mem.h"
#include "model/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const lines[] = {
	"in f32 x[rows][2 * cols] uniform(1,2)",
	"inout i64 n[rows]",
	"out bf16 y[rows][cols][3]",
	"i32 rows",
};

static int tensors(struct pike_tensors *out, const char *text,
		   struct pike_err *err)
{
	struct pike_arg args[PIKE_ARRAY_LEN(lines)];
	struct pike_target t = { .args = args, .nargs = PIKE_ARRAY_LEN(args) };
	struct pike_case c;
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(args); i++)
		assert_int_equal(pike_arg_parse(&args[i], lines[i], NULL), 0);
	assert_int_equal(pike_case_parse(&c, text, NULL), 0);
	ret = pike_tensors_of(out, &t, &c, err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(args); i++)
		pike_arg_release(&args[i]);
	pike_case_release(&c);
	return ret;
}

/* The list outlives the target that it was made of. */
static void test_of_args(void **state)
{
	struct pike_tensors list = { 0 };

	(void)state;
	assert_int_equal(tensors(&list, "rows=5 cols=7", NULL), 0);
	assert_int_equal(list.n, 4);
	assert_string_equal(list.v[0].name, "x");
	assert_int_equal(list.v[0].ndims, 2);
	assert_int_equal(list.v[0].dims[1], 14);
	assert_int_equal(list.v[0].shape.elems, 70);
	assert_int_equal(list.v[0].shape.row, 14);
	assert_int_equal(list.v[0].bytes, 280);
	assert_int_equal(list.v[0].init, PIKE_INIT_UNIFORM);
	assert_true(list.v[0].a == 1 && list.v[0].b == 2);
	assert_true(pike_tensor_is_input(&list.v[0]));
	assert_false(pike_tensor_is_output(&list.v[0]));
	assert_true(pike_tensor_is_input(&list.v[1]));
	assert_true(pike_tensor_is_output(&list.v[1]));
	assert_int_equal(list.v[2].bytes, 210);
	assert_int_equal(list.v[2].shape.row, 3);
	assert_false(pike_tensor_is_input(&list.v[2]));
	assert_int_equal(list.v[3].dir, PIKE_SCALAR);
	assert_int_equal(list.v[3].bytes, 0);
	assert_int_equal(list.v[3].value, 5);
	pike_tensors_release(&list);
	pike_tensors_release(&list);
}

static void test_missing_size(void **state)
{
	struct pike_tensors list = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_not_equal(tensors(&list, "cols=7", &err), 0);
	assert_true(err.text[0] != '\0');
	assert_int_equal(list.n, 0);
	assert_null(list.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_args),
		cmocka_unit_test(test_missing_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
