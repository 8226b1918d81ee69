/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs: the same seed gives the same bytes; conversions of 16-bit floats
 * are exact; each distribution is what it says. */
#include "base/mem.h"
#include "eval/inputs_priv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N 4096

static void test_seed(void **state)
{
	uint8_t secret[PIKE_SECRET_LEN] = { 1 };
	uint64_t a = pike_input_seed(secret, "src", "env", 0);

	(void)state;
	assert_true(a == pike_input_seed(secret, "src", "env", 0));
	assert_true(a != pike_input_seed(secret, "src", "env", 1));
	assert_true(a != pike_input_seed(secret, "other", "env", 0));
	secret[31] = 1;
	assert_true(a != pike_input_seed(secret, "src", "env", 0));
}

static void test_same_bytes(void **state)
{
	struct pike_tensor arg = { .dir = PIKE_IN, .init = PIKE_INIT_NORMAL };
	struct pike_shape s = { N, 64 };
	struct pike_rng rng;

	(void)state;
	for (int t = 0; t < PIKE_DTYPE_COUNT; t++) {
		size_t len = N * pike_dtype_size((enum pike_dtype)t);
		char *a = pike_xcalloc(1, len), *b = pike_xcalloc(1, len);

		arg.dtype = (enum pike_dtype)t;
		arg.init = pike_dtype_is_float(arg.dtype) ? PIKE_INIT_NORMAL
							  : PIKE_INIT_RANDINT;
		arg.a = 0;
		arg.b = 100;
		pike_rng_seed(&rng, 42);
		pike_inputs_fill(a, &arg, s, PIKE_DIST_OWN, &rng);
		pike_rng_seed(&rng, 42);
		pike_inputs_fill(b, &arg, s, PIKE_DIST_OWN, &rng);
		assert_memory_equal(a, b, len);
		pike_inputs_fill(b, &arg, s, PIKE_DIST_OWN, &rng);
		assert_memory_not_equal(a, b, len);
		free(a);
		free(b);
	}
}

static void test_f16(void **state)
{
	(void)state;
	for (uint32_t h = 0; h < 0x10000; h++) {
		double x = pike_f16_to((uint16_t)h);
		double y = pike_bf16_to((uint16_t)h);

		if (!isnan(x))
			assert_int_equal(pike_f16_from(x), h);
		if (!isnan(y))
			assert_int_equal(pike_bf16_from(y), h);
	}
	assert_int_equal(pike_f16_from(1.0), 0x3c00);
	assert_int_equal(pike_f16_from(65504), 0x7bff);
	assert_int_equal(pike_f16_from(65519), 0x7bff);
	assert_int_equal(pike_f16_from(65520), 0x7c00);
	assert_int_equal(pike_f16_from(1 + 0x1p-11), 0x3c00);
	assert_int_equal(pike_f16_from(1 + 3 * 0x1p-11), 0x3c02);
	assert_int_equal(pike_f16_from(0x1p-25), 0);
	assert_int_equal(pike_f16_from(0x1.8p-25), 1);
	for (uint32_t h = 0; h < 65536; h++) {
		/* Arrays take another way; halfway values too */
		uint32_t u = h << 16 | 0x8000;
		float x;
		uint16_t got;

		memcpy(&x, &u, sizeof(x));
		pike_convert(&got, PIKE_BF16, &x, PIKE_F32, 1);
		if (isnan(x))
			assert_true(isnan(pike_bf16_to(got)));
		else
			assert_int_equal(got, pike_bf16_from(x));
		got = (uint16_t)h;
		pike_convert(&x, PIKE_F32, &got, PIKE_BF16, 1);
		if (!isnan(x))
			assert_true((double)x == pike_bf16_to(got));
	}
	assert_int_equal(pike_bf16_from(1.0), 0x3f80);
	assert_int_equal(pike_bf16_from(1 + 0x1p-8), 0x3f80);
	assert_true(isnan(pike_f16_to(pike_f16_from(NAN))));
	assert_true(isnan(pike_bf16_to(pike_bf16_from(NAN))));
	assert_true(isinf(pike_bf16_to(pike_bf16_from(1e300))));
}

static void draw(float *v, struct pike_tensor *arg, enum pike_dist d)
{
	struct pike_shape s = { N, 64 };
	struct pike_rng rng;

	pike_rng_seed(&rng, 9);
	pike_inputs_fill(v, arg, s, d, &rng);
}

static void moments(const float *v, double *mean, double *sd)
{
	*mean = *sd = 0;
	for (size_t i = 0; i < N; i++)
		*mean += v[i] / (double)N;
	for (size_t i = 0; i < N; i++)
		*sd += (v[i] - *mean) * (v[i] - *mean) / (double)N;
	*sd = sqrt(*sd);
}

static void test_distributions(void **state)
{
	struct pike_tensor arg = { .dir = PIKE_IN, .dtype = PIKE_F32 };
	float *v = pike_xcalloc(N, sizeof(*v));
	double mean, sd;
	size_t zero = 0;

	(void)state;
	draw(v, &arg, PIKE_DIST_NORMAL);
	moments(v, &mean, &sd);
	assert_true(fabs(mean) < 0.08 && fabs(sd - 1) < 0.05);
	draw(v, &arg, PIKE_DIST_OFFSET);
	moments(v, &mean, &sd);
	assert_true(fabs(mean - 100) < 0.1);
	draw(v, &arg, PIKE_DIST_SMALL);
	moments(v, &mean, &sd);
	assert_true(sd < 2e-3);
	draw(v, &arg, PIKE_DIST_UNIT);
	moments(v, &mean, &sd);
	assert_true(fabs(mean - 0.5) < 0.03);
	draw(v, &arg, PIKE_DIST_SPARSE);
	for (size_t i = 0; i < N; i++)
		zero += v[i] == 0;
	assert_in_range(zero, N * 85 / 100, N * 95 / 100);
	draw(v, &arg, PIKE_DIST_IMPULSE);
	for (size_t r = 0; r < N / 64; r++) {
		double sum = 0;

		for (size_t i = 0; i < 64; i++)
			sum += v[r * 64 + i];
		assert_true(sum == 1);
	}
	draw(v, &arg, PIKE_DIST_EQUAL);
	assert_true(v[0] == v[63] && v[0] != v[64]);
	draw(v, &arg, PIKE_DIST_HEAVY);
	for (size_t i = 0; i < N; i++)
		assert_true(fabs(v[i]) <= 50);
	draw(v, &arg, PIKE_DIST_INTEGER);
	for (size_t i = 0; i < N; i++)
		assert_true(v[i] == rint(v[i]) && fabs(v[i]) <= 2);
	free(v);
}

/* An author who wrote a domain keeps it under stress. */
static void test_domain_is_kept(void **state)
{
	struct pike_tensor arg = { .dir = PIKE_IN,
				   .dtype = PIKE_F32,
				   .init = PIKE_INIT_UNIFORM,
				   .a = 1,
				   .b = 2 };
	float *v = pike_xcalloc(N, sizeof(*v));

	(void)state;
	assert_false(pike_inputs_takes(&arg, PIKE_DIST_LARGE));
	assert_false(pike_inputs_takes(&arg, PIKE_DIST_CENTERED));
	draw(v, &arg, PIKE_DIST_LARGE);
	for (size_t i = 0; i < N; i++)
		assert_true(v[i] >= 1 && v[i] <= 2);
	free(v);
}

/* What was only seen is no domain: its zero-mean twin is as wide. */
static void test_centered(void **state)
{
	struct pike_tensor arg = { .dir = PIKE_IN,
				   .dtype = PIKE_F32,
				   .init = PIKE_INIT_UNIFORM,
				   .a = 1,
				   .b = 2,
				   .observed = true };
	float *v = pike_xcalloc(N, sizeof(*v));
	double sum = 0;

	(void)state;
	assert_true(pike_inputs_takes(&arg, PIKE_DIST_CENTERED));
	draw(v, &arg, PIKE_DIST_CENTERED);
	for (size_t i = 0; i < N; i++) {
		assert_true(fabsf(v[i]) <= 0.5f);
		sum += (double)v[i];
	}
	assert_true(fabs(sum / N) < 0.05);
	arg.a = -1; /* of both signs as it is */
	assert_false(pike_inputs_takes(&arg, PIKE_DIST_CENTERED));
	arg.dtype = PIKE_I32;
	arg.a = 1;
	assert_false(pike_inputs_takes(&arg, PIKE_DIST_CENTERED));
	free(v);
}

static void test_convert(void **state)
{
	double d[3] = { 1.5, -3e9, 300 };
	int32_t i[3];
	uint8_t u[3];
	float f[3];

	(void)state;
	pike_convert(i, PIKE_I32, d, PIKE_F64, 3);
	assert_int_equal(i[0], 1);
	assert_int_equal(i[1], INT32_MIN);
	pike_convert(u, PIKE_U8, d, PIKE_F64, 3);
	assert_int_equal(u[1], 0);
	assert_int_equal(u[2], 255);
	pike_convert(f, PIKE_F32, d, PIKE_F64, 3);
	assert_true(f[0] == 1.5f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_f16),
		cmocka_unit_test(test_distributions),
		cmocka_unit_test(test_domain_is_kept),
		cmocka_unit_test(test_centered),
		cmocka_unit_test(test_convert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
