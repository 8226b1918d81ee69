/* SPDX-License-Identifier: Apache-2.0 */
/* Each gate must catch its own mutant, and pass an honest result. */
#include "base/mem.h"
#include "base/rand.h"
#include "eval/check_priv.h"
#include "eval/inputs_priv.h"
#include "eval/pool_priv.h"

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

/* A tolerance that is configured and never applied is the fault of more than
 * one evaluator: each number of each class decides about some output. */
static void test_each_number_counts(void **state)
{
	static const struct {
		size_t field;
		double nat;   /* as a share of the class's cap */
		double error; /* of all, as a share of the field's bound */
		bool one;     /* of one element instead, by G3's bound */
	} rows[] = {
		{ offsetof(struct pike_tol, floor), 0, 0.5, false },
		{ offsetof(struct pike_tol, cap), 10, 0.5, false },
		{ offsetof(struct pike_tol, m), 0.3, 0.5, false },
		{ offsetof(struct pike_tol, a), 0, 0.9, true },
		{ offsetof(struct pike_tol, b), 0, 0.9, true },
	};
	struct fix *f = *state;

	for (int p = PIKE_P_FP32; p <= PIKE_P_BF16; p++)
		for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
			double bound, by, *number;
			size_t one = 100;

			pike_tol_for(&f->tol, (enum pike_precision)p, PIKE_F32,
				     0);
			f->nat = (struct pike_natural){ .l2 = rows[i].nat *
							      f->tol.cap };
			bound = pike_tol_bound(&f->tol, &f->nat);
			by = rows[i].error * bound;
			for (size_t k = 0; k < N; k++)
				f->y[k] = (float)(f->r[k] *
						  (1 + (rows[i].one ? 0 : by)));
			if (rows[i].one)
				f->y[one] =
				    (float)(f->r[one] +
					    rows[i].error *
						(f->tol.a +
						 f->tol.b * fabs(f->r[one])));
			assert_int_equal(gate(f), PIKE_G_PASS);
			number =
			    (double *)(void *)((char *)&f->tol + rows[i].field);
			*number *= 0.01;
			assert_int_not_equal(gate(f), PIKE_G_PASS);
		}
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
	struct pike_natural nat = { 0 };
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

/* ---- condition ---- */

#define COLS 1024
#define LINES 8

/* Of each row, as a kernel does it that sums in `float`, one after the other,
 * or as the reference does. */
#define LAYER_NORM(name, type, root)                                           \
	static void name(type *y, const type *x)                               \
	{                                                                      \
		for (size_t r = 0; r < LINES; r++, x += COLS, y += COLS) {     \
			type mean = 0, var = 0;                                \
                                                                               \
			for (size_t i = 0; i < COLS; i++)                      \
				mean += x[i];                                  \
			mean /= COLS;                                          \
			for (size_t i = 0; i < COLS; i++)                      \
				var += (x[i] - mean) * (x[i] - mean);          \
			var = 1 / root(var / COLS + (type)1e-5);               \
			for (size_t i = 0; i < COLS; i++)                      \
				y[i] = (x[i] - mean) * var + (type)(i % 3);    \
		}                                                              \
	}
LAYER_NORM(norm_f32, float, sqrtf)
LAYER_NORM(norm_f64, double, sqrt)

struct rows {
	float x[LINES * COLS], y[LINES * COLS];
	double xd[LINES * COLS], r[LINES * COLS];
	struct pike_truth t;
	struct pike_tol tol;
	struct pike_natural nat;
};

/* Rows of values `base` apart from zero and `spread` from each other. */
static struct rows *rows_new(double base, double spread)
{
	struct rows *w = pike_xcalloc(1, sizeof(*w));
	struct pike_rng rng;

	pike_rng_seed(&rng, 11);
	for (size_t i = 0; i < LINES * COLS; i++)
		w->xd[i] = w->x[i] =
		    (float)(base * (1 + 0.1 * (double)(i / COLS)) +
			    spread * pike_rng_normal(&rng));
	norm_f64(w->r, w->xd);
	pike_truth_make(&w->t, w->r, PIKE_F64, PIKE_F32, LINES * COLS, COLS);
	pike_tol_for(&w->tol, PIKE_P_FP32, PIKE_F32, 0);
	return w;
}

static void rows_free(struct rows *w)
{
	pike_truth_release(&w->t);
	free(w);
}

static void rows_moved(struct rows *w, bool by_value)
{
	struct pike_move m = { .by = w->tol.move,
			       .lo = -INFINITY,
			       .hi = INFINITY,
			       .seed = 3,
			       .by_value = by_value };

	for (size_t i = 0; i < LINES * COLS; i++)
		w->xd[i] = w->x[i];
	pike_move_all(w->xd, LINES * COLS, &m);
	norm_f64(w->r, w->xd);
	pike_natural_moved(&w->nat, w->r, PIKE_F64, &w->t);
}

static bool rows_pass(struct rows *w)
{
	struct pike_check c;

	return pike_check_output(&c, w->y, &w->t, &w->tol, &w->nat);
}

/* What the sums of equal or of distant values are off by is magnified. */
static void test_condition(void **state)
{
	static const double base[] = { 0.3, 100 }, spread[] = { 0, 1 };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct rows *w = rows_new(base[k], spread[k]);

		norm_f32(w->y, w->x);
		assert_false(rows_pass(w));
		rows_moved(w, false);
		assert_true(w->nat.moved_l2 > w->tol.cap * w->t.norm);
		assert_false(pike_natural_vague(&w->nat, &w->t));
		assert_true(rows_pass(w));
		/* The bounds are wider, but neither open nor capped */
		for (size_t i = 0; i < COLS; i++)
			w->y[i] = 0;
		assert_false(rows_pass(w));
		norm_f32(w->y, w->x);
		w->y[7] = NAN;
		assert_false(rows_pass(w));
		rows_free(w);
	}
}

/* The distant values, rounded to tf32 before the sums are made. */
static void test_condition_tells(void **state)
{
	struct rows *w = rows_new(100, 1);

	(void)state;
	rows_moved(w, false);
	for (size_t i = 0; i < LINES * COLS; i++) {
		uint32_t u;

		memcpy(&u, &w->x[i], sizeof(u));
		u = (u + 0x1000) & 0xffffe000;
		memcpy(&w->x[i], &u, sizeof(u));
	}
	norm_f32(w->y, w->x);
	assert_false(rows_pass(w));
	rows_free(w);
}

/* A truth of zeros that moves: what lies within is not known to be right. */
static void test_condition_vague(void **state)
{
	double zero[4] = { 0 }, moved[4] = { 1e-3, 0, 0, 0 };
	float y[4] = { 0, 1e-4f, 0, 0 };
	struct pike_natural nat = { 0 };
	struct pike_check c;
	struct pike_truth t;
	struct pike_tol tol;

	(void)state;
	pike_tol_for(&tol, PIKE_P_FP32, PIKE_F32, 0);
	pike_truth_make(&t, zero, PIKE_F64, PIKE_F32, 4, 4);
	assert_false(pike_natural_vague(&nat, &t));
	assert_false(pike_check_output(&c, y, &t, &tol, &nat));
	pike_natural_moved(&nat, moved, PIKE_F64, &t);
	assert_true(nat.moved_l2 == 1e-3 && nat.moved_max == 1e-3);
	assert_true(pike_natural_vague(&nat, &t));
	assert_true(pike_check_output(&c, y, &t, &tol, &nat));
	y[3] = 1;
	assert_false(pike_check_output(&c, y, &t, &tol, &nat));
	/* It leaves the domain where it is moved */
	moved[1] = NAN;
	pike_natural_moved(&nat, moved, PIKE_F64, &t);
	assert_true(isinf(nat.moved_l2) && isinf(nat.moved_max));
	assert_true(pike_check_output(&c, y, &t, &tol, &nat));
	y[2] = NAN;
	assert_false(pike_check_output(&c, y, &t, &tol, &nat));
	pike_truth_release(&t);
}

static void test_move(void **state)
{
	struct pike_move m = { .by = 0.5, .seed = 1, .by_value = true };
	struct pike_tensor a = { .dir = PIKE_IN, .dtype = PIKE_F32 };
	double same[64], each[64];
	size_t up = 0, equal = 0;

	(void)state;
	a.init = PIKE_INIT_RANDINT;
	assert_false(pike_move_range(&m, &a));
	a.init = PIKE_INIT_UNIFORM;
	a.a = 0.5;
	a.b = 2.5;
	assert_true(pike_move_range(&m, &a));
	assert_true(m.lo == 0.5 && m.hi == 2.5);
	/* Bounds that were only seen: each set has its own. */
	a.observed = true;
	assert_true(pike_move_range(&m, &a));
	assert_true(isinf(m.lo) && isinf(m.hi) && m.within);
	for (size_t i = 0; i < 64; i++)
		each[i] = (double)i + 8;
	pike_move_all(each, 64, &m);
	for (size_t i = 0; i < 64; i++)
		assert_true(each[i] >= 8 && each[i] <= 71);
	a.observed = false;
	a.init = PIKE_INIT_NORMAL;
	assert_true(pike_move_range(&m, &a));
	assert_true(isinf(m.lo) && isinf(m.hi));
	for (size_t i = 0; i < 64; i++)
		same[i] = each[i] = 2;
	pike_move_all(same, 64, &m);
	m.by_value = false;
	m.hi = 2.5;
	pike_move_all(each, 64, &m);
	for (size_t i = 0; i < 64; i++) {
		up += each[i] == 2.5;
		equal += same[i] == same[0];
		assert_true(each[i] == 2.5 || each[i] == 1);
	}
	assert_int_equal(equal, 64);
	assert_true(same[0] == 1 || same[0] == 3);
	assert_true(up > 10 && up < 54);
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
		T(test_honest),
		T(test_each_number_counts),
		T(test_nan),
		T(test_all_nan),
		T(test_nan_expected),
		T(test_norm),
		T(test_element),
		T(test_block),
		T(test_partial_work),
		T(test_columns),
		T(test_zero),
		T(test_low_precision),
		T(test_zero_truth),
		T(test_integers),
		T(test_classes),
		T(test_copy_is_named),
		T(test_condition),
		T(test_condition_tells),
		T(test_condition_vague),
		T(test_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
