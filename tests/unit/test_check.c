/* SPDX-License-Identifier: Apache-2.0 */
/* Each gate must catch its own mutant, and pass an honest result. */
#include "base/mem.h"
#include "base/rand.h"
#include "eval/check_priv.h"
#include "eval/inputs_priv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROW 100
#define ROWS 256
#define N (ROW * ROWS)

struct fix {
	double *r;
	float *y;
	struct pike_truth t;
	struct pike_tol tol;
	struct pike_natural nat;
};

static int setup(void **state)
{
	struct fix *f = pike_xcalloc(1, sizeof(*f));
	struct pike_rng rng;

	pike_rng_seed(&rng, 5);
	f->r = pike_xcalloc(N, sizeof(*f->r));
	f->y = pike_xcalloc(N, sizeof(*f->y));
	for (size_t i = 0; i < N; i++) {
		f->r[i] = pike_rng_normal(&rng);
		f->y[i] = (float)f->r[i];
	}
	pike_truth_make(&f->t, f->r, PIKE_F64, PIKE_F32, N, ROW);
	pike_tol_for(&f->tol, PIKE_P_FP32, PIKE_F32, 0);
	f->nat.l2 = 2e-7;
	f->nat.max = 1e-6;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pike_truth_release(&f->t);
	free(f->r);
	free(f->y);
	free(f);
	return 0;
}

static enum pike_gate gate(struct fix *f)
{
	struct pike_check c;
	bool ok = pike_check_output(&c, f->y, &f->t, &f->tol, &f->nat);

	assert_true(ok == (c.gate == PIKE_G_PASS));
	return c.gate;
}

static void words(struct fix *f, char *out, size_t size)
{
	pike_check_describe(out, size, f->y, &f->t, &f->tol, &f->nat, NULL);
}

static void test_honest(void **state)
{
	struct fix *f = *state;

	assert_int_equal(gate(f), PIKE_G_PASS);
	/* The noise of another order of summation */
	for (size_t i = 0; i < N; i++)
		f->y[i] *= 1 + (i % 2 ? 3e-6f : -3e-6f);
	assert_int_equal(gate(f), PIKE_G_PASS);
}

static void test_nan(void **state)
{
	struct fix *f = *state;
	char said[256];

	f->y[77] = NAN;
	assert_int_equal(gate(f), PIKE_G1);
	words(f, said, sizeof(said));
	assert_non_null(strstr(said, "NaN in 1 of 25600 from index 77"));
	f->y[77] = INFINITY;
	assert_int_equal(gate(f), PIKE_G1);
	f->y[77] = -INFINITY;
	assert_int_equal(gate(f), PIKE_G1);
}

static void test_all_nan(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < N; i++)
		f->y[i] = NAN;
	assert_int_not_equal(gate(f), PIKE_G_PASS);
}

static void test_nan_expected(void **state)
{
	struct fix *f = *state;

	f->r[5] = NAN;
	f->r[6] = INFINITY;
	f->y[5] = NAN;
	f->y[6] = INFINITY;
	pike_truth_release(&f->t);
	pike_truth_make(&f->t, f->r, PIKE_F64, PIKE_F32, N, ROW);
	assert_false(f->t.finite);
	assert_int_equal(gate(f), PIKE_G_PASS);
	f->y[5] = 0;
	assert_int_equal(gate(f), PIKE_G1);
	f->y[5] = NAN;
	f->y[6] = -INFINITY;
	assert_int_equal(gate(f), PIKE_G1);
	f->y[6] = INFINITY;
	f->y[7] = NAN;
	assert_int_equal(gate(f), PIKE_G1);
}

/* Every element close, all of them off the same way. */
static void test_norm(void **state)
{
	struct fix *f = *state;
	char said[256];

	for (size_t i = 0; i < N; i++)
		f->y[i] *= 1 + 6e-5f;
	assert_int_equal(gate(f), PIKE_G2);
	words(f, said, sizeof(said));
	assert_non_null(strstr(said, "lower precision"));
}

static void test_element(void **state)
{
	struct fix *f = *state;
	struct pike_check c;

	f->y[4242] += 2e-3f;
	assert_false(pike_check_output(&c, f->y, &f->t, &f->tol, &f->nat));
	assert_int_equal(c.first, 4242);
	assert_int_equal(c.bad, 1);
	assert_true(fabs(c.max_abs - 2e-3) < 1e-5);
	/* G2 alone would have let it pass */
	assert_true(c.rel_l2 < 1e-4);
}

/* A block whose elements pass one by one. */
static void test_block(void **state)
{
	struct fix *f = *state;

	f->nat.max = 1e-5;
	for (size_t i = 640; i < 704; i++)
		f->y[i] += (i % 2 ? 1.25e-4f : -1.25e-4f);
	assert_int_equal(gate(f), PIKE_G4);
}

static void test_partial_work(void **state)
{
	struct fix *f = *state;
	char said[256];

	for (size_t i = N - 7; i < N; i++)
		f->y[i] = 1234;
	assert_int_not_equal(gate(f), PIKE_G_PASS);
	words(f, said, sizeof(said));
	assert_non_null(strstr(said, "only in the last 7 of 25600"));
}

static void test_columns(void **state)
{
	struct fix *f = *state;
	char said[256];

	for (size_t r = 0; r < ROWS; r++)
		for (size_t c = ROW - 3; c < ROW; c++)
			f->y[r * ROW + c] = 99;
	words(f, said, sizeof(said));
	assert_non_null(strstr(said, "the last 3 of each row of 100"));
}

static void test_zero(void **state)
{
	struct fix *f = *state;
	char said[256];

	memset(f->y, 0, N * sizeof(*f->y));
	assert_int_not_equal(gate(f), PIKE_G_PASS);
	words(f, said, sizeof(said));
	assert_non_null(strstr(said, "zero"));
}

static void test_low_precision(void **state)
{
	struct fix *f = *state;
	uint16_t *h = pike_xcalloc(N, sizeof(*h));

	pike_convert(h, PIKE_F16, f->r, PIKE_F64, N);
	pike_convert(f->y, PIKE_F32, h, PIKE_F16, N);
	assert_int_not_equal(gate(f), PIKE_G_PASS);
	pike_tol_for(&f->tol, PIKE_P_FP16, PIKE_F32, 0);
	assert_int_equal(gate(f), PIKE_G_PASS);
	free(h);
}

/* A truth of zeros has no scale. */
static void test_zero_truth(void **state)
{
	struct fix *f = *state;

	memset(f->r, 0, N * sizeof(*f->r));
	memset(f->y, 0, N * sizeof(*f->y));
	pike_truth_release(&f->t);
	pike_truth_make(&f->t, f->r, PIKE_F64, PIKE_F32, N, ROW);
	f->nat.l2 = f->nat.max = 0;
	assert_int_equal(gate(f), PIKE_G_PASS);
	f->y[3] = 1e-6f;
	assert_int_not_equal(gate(f), PIKE_G_PASS);
}

static void test_integers(void **state)
{
	int32_t r[300], y[300];
	struct pike_natural nat = { 0, 0 };
	struct pike_check c;
	struct pike_truth t;
	struct pike_tol tol;

	(void)state;
	for (int i = 0; i < 300; i++)
		r[i] = y[i] = i * i;
	pike_truth_make(&t, r, PIKE_I32, PIKE_I32, 300, 10);
	pike_tol_for(&tol, PIKE_P_FP32, PIKE_I32, 0);
	assert_true(tol.exact);
	assert_true(pike_check_output(&c, y, &t, &tol, &nat));
	y[299]++;
	assert_false(pike_check_output(&c, y, &t, &tol, &nat));
	assert_int_equal(c.gate, PIKE_G5);
	assert_int_equal(c.first, 299);
	pike_truth_release(&t);
}

static void test_classes(void **state)
{
	struct pike_tol tol;

	(void)state;
	/* An f16 output cannot be held to fp32 */
	pike_tol_for(&tol, PIKE_P_FP32, PIKE_F16, 0);
	assert_int_equal(tol.cls, PIKE_P_FP16);
	pike_tol_for(&tol, PIKE_P_AS_REFERENCE, PIKE_F64, 0);
	assert_int_equal(tol.cls, PIKE_P_FP64);
	pike_tol_for(&tol, PIKE_P_FP32, PIKE_F32, 1e-2);
	assert_true(tol.cap == 1e-2 && fabs(tol.floor - 1e-3) < 1e-12);
}

static void test_copy_is_named(void **state)
{
	struct fix *f = *state;
	float *x = pike_xcalloc(N, sizeof(*x));
	const void *in[] = { x };
	const char *const names[] = { "x" };
	struct pike_mismatch_hints h = { .inputs = in,
					 .names = names,
					 .ninputs = 1 };
	char said[256];

	for (size_t i = 0; i < N; i++)
		x[i] = f->y[i] = (float)i;
	pike_check_describe(said, sizeof(said), f->y, &f->t, &f->tol, &f->nat,
			    &h);
	assert_string_equal(said, "it is a copy of input 'x'");
	free(x);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_honest),	       T(test_nan),
		T(test_all_nan),       T(test_nan_expected),
		T(test_norm),	       T(test_element),
		T(test_block),	       T(test_partial_work),
		T(test_columns),       T(test_zero),
		T(test_low_precision), T(test_zero_truth),
		T(test_integers),      T(test_classes),
		T(test_copy_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
