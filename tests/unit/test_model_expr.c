/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of expressions, arguments, cases and whole targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/target.h"

#include <stdlib.h>
#include <string.h>

static bool lookup(void *ctx, const char *name, int64_t *out)
{
	(void)ctx;
	if (!strcmp(name, "n"))
		*out = 10;
	else if (!strcmp(name, "huge"))
		*out = INT64_MAX;
	else if (!strcmp(name, "tiny"))
		*out = INT64_MIN;
	else
		return false;
	return true;
}

static void test_values(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{ "1", 1 },
		{ " n ", 10 },
		{ "1+2*3", 7 },
		{ "(1+2)*3", 9 },
		{ "20-3-4", 13 },
		{ "100/7/2", 7 },
		{ "n%3", 1 },
		{ "-n+3", -7 },
		{ "2*-3", -6 },
		{ "--3", 3 },
		{ "cdiv(n,4)", 3 },
		{ "cdiv(8, 4)", 2 },
		{ "cdiv(-7,2)", -3 },
		{ "cdiv(-7,-2)", 4 },
		{ "min(n,3)+max(n,30)", 33 },
		{ "max(1,max(2,max(3,4)))", 4 },
		{ "9223372036854775807", INT64_MAX },
		{ "tiny", INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_expr *e;
		int64_t v;

		assert_int_equal(pike_expr_parse(&e, rows[i].text, &err), 0);
		assert_string_equal(pike_expr_text(e), rows[i].text);
		assert_int_equal(pike_expr_eval(&v, e, lookup, NULL, &err), 0);
		if (v != rows[i].value)
			fail_msg("%s gave %lld", rows[i].text, (long long)v);
		pike_expr_free(e);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "column 1: expected a number" },
		{ "1+", "column 3: expected a number" },
		{ "(1", "column 3: expected ')'" },
		{ "rows cols", "column 6: expected an operator" },
		{ "f(1,2)", "column 1: unknown function 'f'" },
		{ "min(1)", "column 6: expected ','" },
		{ "1.5", "column 1: a size is a whole" },
		{ "9223372036854775808", "column 1: number is too large" },
		{ "4x", "column 1: a size is a whole" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_expr *e;

		assert_int_equal(pike_expr_parse(&e, rows[i].text, &err),
				 PIKE_USAGE);
		assert_null(e);
		if (strncmp(err.text, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("'%s': %s", rows[i].text, err.text);
	}
}

static void test_failed(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "1/(n-10)", "column 2: division by zero" },
		{ "n % 0", "column 3: division by zero" },
		{ "cdiv(n,0)", "column 1: division by zero" },
		{ "huge+1", "column 5: overflow" },
		{ "tiny-1", "column 5: overflow" },
		{ "huge*2", "column 5: overflow" },
		{ "-tiny", "column 1: overflow" },
		{ "tiny/-1", "column 5: overflow" },
		{ "1 + rows", "column 5: unknown name 'rows'" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_expr *e;
		int64_t v;

		assert_int_equal(pike_expr_parse(&e, rows[i].text, &err), 0);
		assert_int_equal(pike_expr_eval(&v, e, lookup, NULL, &err),
				 PIKE_FAILED);
		assert_string_equal(err.text, rows[i].why);
		pike_expr_free(e);
	}
}

/* Text of any shape stays within the evaluator's stack. */
static void test_deep(void **state)
{
	char deep[201], wide[1024];
	struct pike_expr *e;
	int64_t v;

	(void)state;
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	assert_int_equal(pike_expr_parse(&e, deep, NULL), PIKE_USAGE);
	for (size_t i = 0; i < sizeof(wide) - 1; i++)
		wide[i] = i % 2 ? '+' : '1';
	wide[sizeof(wide) - 1] = 0;
	assert_int_equal(pike_expr_parse(&e, wide, NULL), 0);
	assert_int_equal(pike_expr_eval(&v, e, NULL, NULL, NULL), 0);
	assert_int_equal(v, 512);
	pike_expr_free(e);
	/* The deepest stack that the nesting limit admits. */
	wide[0] = 0;
	for (int i = 0; i < 31; i++)
		strncat(wide, "1+2*max(3,", sizeof(wide) - strlen(wide) - 1);
	strncat(wide, "4", sizeof(wide) - strlen(wide) - 1);
	for (int i = 0; i < 31; i++)
		strncat(wide, ")", sizeof(wide) - strlen(wide) - 1);
	assert_int_equal(pike_expr_parse(&e, wide, NULL), 0);
	assert_int_equal(pike_expr_eval(&v, e, NULL, NULL, NULL), 0);
	assert_true(v > 0);
	pike_expr_free(e);
}

/* ---- arguments and cases ---- */

static void test_arg(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_arg a;

	(void)state;
	assert_int_equal(
	    pike_arg_parse(&a, "in f32 x[rows][cols] normal", &err), 0);
	assert_int_equal(a.dir, PIKE_IN);
	assert_int_equal(a.dtype, PIKE_F32);
	assert_string_equal(a.name, "x");
	assert_int_equal(a.ndims, 2);
	assert_string_equal(pike_expr_text(a.dims[1]), "cols");
	assert_int_equal(a.init, PIKE_INIT_NORMAL);
	pike_arg_release(&a);

	assert_int_equal(
	    pike_arg_parse(&a, " inout i32 idx [n] randint( 0 , 9 )", &err), 0);
	assert_int_equal(a.dir, PIKE_INOUT);
	assert_int_equal(a.init, PIKE_INIT_RANDINT);
	assert_true(a.a == 0 && a.b == 9);
	pike_arg_release(&a);

	assert_int_equal(
	    pike_arg_parse(&a, "in f64 w[k] uniform(-1,1.5)", &err), 0);
	assert_true(a.a == -1 && a.b == 1.5);
	pike_arg_release(&a);

	assert_int_equal(pike_arg_parse(&a, "in bool m[n]", &err), 0);
	assert_int_equal(a.init, PIKE_INIT_RANDINT);
	assert_true(a.b == 1);
	pike_arg_release(&a);

	assert_int_equal(pike_arg_parse(&a, "i32 rows", &err), 0);
	assert_int_equal(a.dir, PIKE_SCALAR);
	assert_int_equal(a.ndims, 0);
	pike_arg_release(&a);
	pike_arg_release(&a);
}

static void test_arg_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "expected [in|out|inout] and a type" },
		{ "in f33 x[n]", "column 4" },
		{ "in f32", "expected a name" },
		{ "in f32 x", "needs its dimensions" },
		{ "f32 x[n]", "needs in, out or inout" },
		{ "i32 rows cols", "a scalar is TYPE SIZE" },
		{ "in f32 x[n", "expected ']'" },
		{ "in f32 x[]", "dimension '' of 'x': column 1" },
		{ "in f32 x[n+]", "dimension 'n+' of 'x': column 3" },
		{ "in f32 x[n] gauss", "expected normal" },
		{ "in f32 x[n] uniform", "expected '(a, b)'" },
		{ "in f32 x[n] uniform(1)", "two numbers" },
		{ "in f32 x[n] uniform(2,1)", "the range is empty" },
		{ "in f32 x[n] uniform(1,nan)", "expected a number" },
		{ "in f32 x[n] zeros 1", "unexpected text" },
		{ "in i8 x[n] randint(0,200)", "beyond the type's range" },
		{ "in i8 x[n] randint(0,1.5)", "whole numbers" },
		{ "in i32 x[n] normal", "integers take" },
		{ "out f32 x[n] zeros", "an output has no initial" },
		{ "in f32 x[a][a][a][a][a][a][a][a][a]", "more than 8" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_arg a;

		assert_int_equal(pike_arg_parse(&a, rows[i].text, &err),
				 PIKE_USAGE);
		if (!strstr(err.text, rows[i].why))
			fail_msg("'%s': %s", rows[i].text, err.text);
	}
}

static void test_case(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_case c;
	int64_t v;

	(void)state;
	assert_int_equal(pike_case_parse(&c, "  rows=4096\tcols=01024 ", &err),
			 0);
	assert_string_equal(c.text, "rows=4096 cols=1024");
	assert_true(pike_case_size(&c, "cols", &v));
	assert_int_equal(v, 1024);
	assert_false(pike_case_size(&c, "col", &v));
	pike_case_release(&c);
	assert_int_equal(pike_case_parse(&c, "", &err), PIKE_USAGE);
	assert_int_equal(pike_case_parse(&c, "n=1 n=2", &err), PIKE_USAGE);
	assert_string_equal(err.text, "size 'n' is given twice");
	assert_int_equal(pike_case_parse(&c, "n = 1", &err), PIKE_USAGE);
	assert_int_equal(pike_case_parse(&c, "n=1k", &err), PIKE_USAGE);
	assert_int_equal(pike_case_parse(&c, "1n=1", &err), PIKE_USAGE);
}

static int elems(int64_t *n, int64_t dims[8], const char *arg, const char *cs,
		 struct pike_err *err)
{
	struct pike_arg a;
	struct pike_case c;
	int ret;

	assert_int_equal(pike_arg_parse(&a, arg, NULL), 0);
	assert_int_equal(pike_case_parse(&c, cs, NULL), 0);
	ret = pike_arg_elems(n, dims, &a, &c, err);
	pike_arg_release(&a);
	pike_case_release(&c);
	return ret;
}

static void test_elems(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	int64_t n, dims[8];

	(void)state;
	assert_int_equal(
	    elems(&n, dims, "in f32 x[a][cdiv(b,2)]", "a=3 b=5", &err), 0);
	assert_int_equal(n, 9);
	assert_int_equal(dims[0], 3);
	assert_int_equal(dims[1], 3);
	assert_int_equal(elems(&n, NULL, "i32 a", "a=3", &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(elems(&n, NULL, "in f32 x[a]", "a=-1", &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "negative"));
	assert_int_equal(elems(&n, NULL, "in f32 x[a][a]", "a=1048577", &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "2^40"));
	assert_int_equal(
	    elems(&n, NULL, "in f32 x[a][a]", "a=9223372036854775807", &err),
	    PIKE_FAILED);
	assert_int_equal(elems(&n, NULL, "in f32 x[c]", "a=1", &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "unknown name 'c'"));
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PIKE_DTYPE_COUNT; i++)
		assert_int_equal(
		    pike_dtype_parse(pike_dtype_name((enum pike_dtype)i)), i);
	for (int i = 0; i < PIKE_P_COUNT; i++)
		assert_int_equal(pike_precision_parse(pike_precision_name(
				     (enum pike_precision)i)),
				 i);
	for (int i = 0; i < PIKE_DIST_COUNT; i++)
		assert_int_equal(
		    pike_dist_parse(pike_dist_name((enum pike_dist)i)), i);
	assert_int_equal(pike_dtype_parse("float"), -1);
	assert_int_equal(pike_precision_parse("double"), -1);
	assert_int_equal(pike_dist_parse(""), -1);
	assert_int_equal(pike_dtype_size(PIKE_BF16), 2);
	assert_true(pike_dtype_is_float(PIKE_BF16));
	assert_false(pike_dtype_is_float(PIKE_BOOL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_arg),
		cmocka_unit_test(test_arg_refused),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_elems),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
