/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs, truths and checks are made in pieces: what comes out is the same
 * however many cores work on them, and where two pieces meet. */
#include "base/mem.h"
#include "base/par.h"
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

#define N (3 * PIKE_PIECE + 12345)
#define ROW 20 /* no divisor of a piece */

static void several(bool on)
{
	cpu_set_t all;

	sched_getaffinity(0, sizeof(all), &all);
	pike_parallel_on(on ? &all : NULL);
}

static void *drawn(enum pike_dtype type, enum pike_dist dist, size_t row,
		   bool on)
{
	struct pike_tensor a = { .dir = PIKE_IN, .dtype = type };
	struct pike_shape s = { N, row };
	void *v = pike_xcalloc(N, pike_dtype_size(type));
	struct pike_rng rng;

	a.init =
	    pike_dtype_is_float(type) ? PIKE_INIT_NORMAL : PIKE_INIT_RANDINT;
	a.b = 100;
	several(on);
	pike_rng_seed(&rng, 42);
	pike_inputs_fill(v, &a, s, dist, &rng);
	several(false);
	return v;
}

static void the_same_bytes_on_any_number_of_cores(void **state)
{
	(void)state;
	for (int t = 0; t < PIKE_DTYPE_COUNT; t++)
		for (int d = 0; d < PIKE_DIST_COUNT; d++) {
			enum pike_dtype type = (enum pike_dtype)t;
			void *a, *b;

			if (d && type != PIKE_F32)
				continue;
			a = drawn(type, (enum pike_dist)d, ROW, false);
			b = drawn(type, (enum pike_dist)d, ROW, true);
			assert_memory_equal(a, b, N * pike_dtype_size(type));
			free(a);
			free(b);
		}
}

static void no_piece_is_like_another(void **state)
{
	float *v = drawn(PIKE_F32, PIKE_DIST_OWN, 1, true);

	(void)state;
	assert_memory_not_equal(v, v + PIKE_PIECE, 64 * sizeof(*v));
	assert_memory_not_equal(v + PIKE_PIECE, v + 2 * PIKE_PIECE,
				64 * sizeof(*v));
	free(v);
}

static void rows_go_on_in_the_next_piece(void **state)
{
	size_t row = 40000;
	float *one = drawn(PIKE_F32, PIKE_DIST_IMPULSE, row, true);
	float *same = drawn(PIKE_F32, PIKE_DIST_EQUAL, row, true);

	(void)state;
	for (size_t r = 0; (r + 1) * row <= N; r++) {
		const float *v = one + r * row;
		double sum = 0;

		for (size_t i = 0; i < row; i++) {
			sum += v[i];
			assert_true(same[r * row + i] == same[r * row]);
		}
		assert_true(sum == 1);
		if (r)
			assert_true(same[r * row] != same[(r - 1) * row]);
	}
	free(one);
	free(same);
}

/* What is to be found out about an output. */
struct found {
	struct pike_truth t;
	struct pike_natural nat;
	struct pike_check c;
	bool passes, finite;
	char said[256];
};

static void look(struct found *f, const double *r, const float *y, size_t n,
		 bool on)
{
	struct pike_tol tol;

	memset(f, 0, sizeof(*f));
	several(on);
	pike_tol_for(&tol, PIKE_P_FP32, PIKE_F32, 0);
	pike_truth_make(&f->t, r, PIKE_F64, PIKE_F32, n, ROW);
	pike_natural_error(&f->nat, r, PIKE_F64, &f->t);
	f->finite = pike_all_finite(r, PIKE_F64, n);
	pike_check_output(&f->c, y, &f->t, &tol, &f->nat);
	f->passes = pike_check_passes(y, &f->t, &tol, &f->nat);
	pike_check_describe(f->said, sizeof(f->said), y, &f->t, &tol, &f->nat,
			    NULL);
	several(false);
}

/* On one core and on several; leaves the latter's in `f`. */
static void look_twice(struct found *f, const double *r, const float *y,
		       size_t n)
{
	struct found one;

	look(&one, r, y, n, false);
	look(f, r, y, n, true);
	assert_memory_equal(one.t.r, f->t.r, n * sizeof(float));
	assert_true(one.t.norm == f->t.norm && one.t.finite == f->t.finite);
	pike_truth_release(&one.t);
	assert_memory_equal(&one.nat, &f->nat, sizeof(one.nat));
	assert_memory_equal(&one.c, &f->c, sizeof(one.c));
	assert_int_equal(one.passes, f->passes);
	assert_int_equal(f->passes, f->c.gate == PIKE_G_PASS);
	assert_int_equal(one.finite, f->finite);
	assert_string_equal(one.said, f->said);
	pike_truth_release(&f->t);
}

static void the_same_findings_on_any_number_of_cores(void **state)
{
	double *r = pike_xcalloc(N, sizeof(*r));
	float *y = pike_xcalloc(N, sizeof(*y));
	struct found f;
	struct pike_rng rng;

	(void)state;
	pike_rng_seed(&rng, 3);
	for (size_t i = 0; i < N; i++) {
		r[i] = pike_rng_normal(&rng);
		y[i] = (float)r[i];
	}
	look_twice(&f, r, y, N);
	assert_true(f.passes && f.finite);
	/* Every third from the second piece on. */
	for (size_t i = PIKE_PIECE + 7; i < N; i += 3)
		y[i] += 1;
	look_twice(&f, r, y, N);
	assert_int_equal(f.c.gate, PIKE_G2);
	assert_int_equal(f.c.first, PIKE_PIECE + 7);
	assert_int_equal(f.c.bad, (N - PIKE_PIECE - 7 + 2) / 3);
	assert_string_equal(f.said, "at every 3-th from index 65543");
	y[2 * PIKE_PIECE] = NAN;
	look_twice(&f, r, y, N);
	assert_int_equal(f.c.gate, PIKE_G1);
	r[N - 1] = INFINITY;
	look_twice(&f, r, y, N);
	assert_false(f.finite);
	free(r);
	free(y);
}

/* A row whose error is too large as a whole, though no element's is, and no
 * block's: its last four elements, which have all of it, are the first of the
 * second piece. */
static void a_row_in_two_pieces_is_one(void **state)
{
	size_t n = 2 * PIKE_PIECE / ROW * ROW, at = PIKE_PIECE;
	double *r = pike_xcalloc(n, sizeof(*r));
	float *y = pike_xcalloc(n, sizeof(*y));
	struct found f;

	(void)state;
	assert_int_equal(at % ROW, ROW - 4);
	for (size_t i = 0; i < n; i++)
		r[i] = i >= at && i < at + 4 ? 3 : i % 2 ? 1 : -1;
	for (size_t i = 0; i < n; i++)
		y[i] = (float)(r[i] + (r[i] > 2 ? 3.7e-4 : 0));
	look_twice(&f, r, y, n);
	assert_int_equal(f.c.gate, PIKE_G4);
	assert_int_equal(f.c.first, at - (ROW - 4));
	for (size_t i = at; i < at + 4; i++)
		y[i] = (float)(r[i] + 3.4e-4);
	look_twice(&f, r, y, n);
	assert_int_equal(f.c.gate, PIKE_G_PASS);
	free(r);
	free(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_bytes_on_any_number_of_cores),
		cmocka_unit_test(no_piece_is_like_another),
		cmocka_unit_test(rows_go_on_in_the_next_piece),
		cmocka_unit_test(the_same_findings_on_any_number_of_cores),
		cmocka_unit_test(a_row_in_two_pieces_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
