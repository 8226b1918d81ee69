/* SPDX-License-Identifier: Apache-2.0 */
/* inputs: generators of evaluation.md 3.4, and conversions of elements. */
#include "eval/inputs_priv.h"

#include "base/mem.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t pike_input_seed(const uint8_t secret[PIKE_SECRET_LEN],
			 const char *source_hash, const char *env,
			 uint64_t counter)
{
	char *msg = pike_xasprintf("%s|%s|%llu", source_hash, env,
				   (unsigned long long)counter);
	uint8_t mac[32];
	uint64_t seed = 0;

	pike_hmac_sha256(mac, secret, PIKE_SECRET_LEN, msg, strlen(msg));
	for (int i = 0; i < 8; i++)
		seed = seed << 8 | mac[i];
	free(msg);
	return seed;
}

/* ---- 16-bit floats ---- */

static uint32_t float_bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static float bits_float(uint32_t u)
{
	float f;

	memcpy(&f, &u, sizeof(f));
	return f;
}

/* Rounds |x| to a multiple of 2^(e - bits) by the FPU's own nearest-even:
 * x is a double, the grid is coarser, so one rounding only. */
static double round_to_grid(double x, int bits, int emin)
{
	int e;
	double ulp;

	frexp(x, &e);
	e -= 1;
	if (e < emin)
		e = emin;
	ulp = ldexp(1.0, e - bits);
	return nearbyint(x / ulp) * ulp;
}

uint16_t pike_f16_from(double x)
{
	uint16_t sign = signbit(x) ? 0x8000 : 0;
	double a = fabs(x);
	int e;

	if (isnan(x))
		return sign | 0x7e00;
	if (isinf(x))
		return sign | 0x7c00;
	if (a == 0)
		return sign;
	a = round_to_grid(a, 10, -14);
	if (a >= 65536.0)
		return sign | 0x7c00;
	if (a < ldexp(1.0, -14))
		return sign | (uint16_t)ldexp(a, 24);
	a = frexp(a, &e); /* a in [0.5, 1) */
	return sign | (uint16_t)((e + 14) << 10) |
	       (uint16_t)(ldexp(a, 11) - 1024);
}

double pike_f16_to(uint16_t h)
{
	int e = h >> 10 & 31, m = h & 1023;
	double a;

	if (e == 31)
		a = m ? NAN : INFINITY;
	else if (e)
		a = ldexp(1024 + m, e - 25);
	else
		a = ldexp(m, -24);
	return h & 0x8000 ? -a : a;
}

uint16_t pike_bf16_from(double x)
{
	double a = fabs(x);
	uint32_t u;

	if (isnan(x))
		return signbit(x) ? 0xffc0 : 0x7fc0;
	if (a != 0 && !isinf(x))
		a = round_to_grid(a, 7, -126);
	u = float_bits((float)copysign(a, x));
	return (uint16_t)(u >> 16);
}

double pike_bf16_to(uint16_t h)
{
	return bits_float((uint32_t)h << 16);
}

/* ---- conversion ---- */

#define LOAD(type)                                                             \
	do {                                                                   \
		type tmp_;                                                     \
		memcpy(&tmp_, (const char *)src + i * sizeof(tmp_),            \
		       sizeof(tmp_));                                          \
		return (double)tmp_;                                           \
	} while (0)

static double load(const void *src, enum pike_dtype t, size_t i)
{
	uint16_t h = 0;

	switch (t) {
	case PIKE_F64:
		LOAD(double);
	case PIKE_F32:
		LOAD(float);
	case PIKE_F16:
		memcpy(&h, (const char *)src + 2 * i, 2);
		return pike_f16_to(h);
	case PIKE_BF16:
		memcpy(&h, (const char *)src + 2 * i, 2);
		return pike_bf16_to(h);
	case PIKE_I8:
		LOAD(int8_t);
	case PIKE_U8:
	case PIKE_BOOL:
		LOAD(uint8_t);
	case PIKE_I32:
		LOAD(int32_t);
	case PIKE_U32:
		LOAD(uint32_t);
	case PIKE_I64:
		LOAD(int64_t);
	case PIKE_DTYPE_COUNT:
		break;
	}
	return 0;
}

/* Kept inside what the type can hold: a cast from outside it is undefined. */
static double within(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

#define STORE(type, lo, hi)                                                    \
	do {                                                                   \
		type tmp_ = (type)within(x, lo, hi);                           \
		memcpy((char *)dst + i * sizeof(tmp_), &tmp_, sizeof(tmp_));   \
	} while (0)

static void store(void *dst, enum pike_dtype t, size_t i, double x)
{
	uint16_t h;
	float f;

	switch (t) {
	case PIKE_F64:
		memcpy((char *)dst + i * sizeof(x), &x, sizeof(x));
		break;
	case PIKE_F32:
		f = (float)x;
		memcpy((char *)dst + i * sizeof(f), &f, sizeof(f));
		break;
	case PIKE_F16:
	case PIKE_BF16:
		h = t == PIKE_F16 ? pike_f16_from(x) : pike_bf16_from(x);
		memcpy((char *)dst + 2 * i, &h, 2);
		break;
	case PIKE_I8:
		STORE(int8_t, INT8_MIN, INT8_MAX);
		break;
	case PIKE_U8:
	case PIKE_BOOL:
		STORE(uint8_t, 0, UINT8_MAX);
		break;
	case PIKE_I32:
		STORE(int32_t, INT32_MIN, INT32_MAX);
		break;
	case PIKE_U32:
		STORE(uint32_t, 0, UINT32_MAX);
		break;
	case PIKE_I64:
		STORE(int64_t, -0x1p62, 0x1p62);
		break;
	case PIKE_DTYPE_COUNT:
		break;
	}
}

static void widen_f32(double *dst, const float *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = src[i];
}

static void narrow_f64(float *dst, const double *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = (float)src[i];
}

/* Wide types of which a 16-bit one is a part, by bits: as fast as copying. */
static void widen_bf16(float *dst, const uint16_t *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = bits_float((uint32_t)src[i] << 16);
}

static void narrow_f32(uint16_t *dst, const float *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t u = float_bits(src[i]);

		dst[i] = isnan(src[i])
			     ? (uint16_t)(u >> 16 | 0x40)
			     : (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
	}
}

void pike_convert(void *dst, enum pike_dtype to, const void *src,
		  enum pike_dtype from, size_t n)
{
	if (to == from)
		memcpy(dst, src, n * pike_dtype_size(to));
	else if (to == PIKE_F64 && from == PIKE_F32)
		widen_f32(dst, src, n);
	else if (to == PIKE_F32 && from == PIKE_F64)
		narrow_f64(dst, src, n);
	else if (to == PIKE_F32 && from == PIKE_BF16)
		widen_bf16(dst, src, n);
	else if (to == PIKE_BF16 && from == PIKE_F32)
		narrow_f32(dst, src, n);
	else
		for (size_t i = 0; i < n; i++)
			store(dst, to, i, load(src, from, i));
}

/* ---- distributions ---- */

/* Ziggurat (Marsaglia and Tsang 2000), 128 layers. */
#define ZIG_N 128
#define ZIG_R 3.442619855899
#define ZIG_V 9.91256303526217e-3

/* Constant once made. */
static struct {
	double x[ZIG_N + 1];
	double y[ZIG_N + 1];
} zig;
static pthread_once_t zig_once = PTHREAD_ONCE_INIT;

static void zig_init(void)
{
	double f = exp(-0.5 * ZIG_R * ZIG_R);

	zig.x[0] = ZIG_V / f;
	zig.x[1] = ZIG_R;
	zig.x[ZIG_N] = 0;
	for (int i = 2; i < ZIG_N; i++)
		zig.x[i] =
		    sqrt(-2 * log(ZIG_V / zig.x[i - 1] +
				  exp(-0.5 * zig.x[i - 1] * zig.x[i - 1])));
	for (int i = 0; i <= ZIG_N; i++)
		zig.y[i] = exp(-0.5 * zig.x[i] * zig.x[i]);
}

static double zig_tail(struct pike_rng *rng, bool neg)
{
	double x, y;

	do {
		x = -log(1 - pike_rng_unit(rng)) / ZIG_R;
		y = -log(1 - pike_rng_unit(rng));
	} while (y + y < x * x);
	return neg ? -(ZIG_R + x) : ZIG_R + x;
}

static double zig_draw(struct pike_rng *rng)
{
	for (;;) {
		uint64_t u = pike_rng_u64(rng);
		size_t i = u & (ZIG_N - 1);
		/* 53 bits, signed, from the top */
		double s = (double)((int64_t)u >> 11) * 0x1p-52;
		double x = s * zig.x[i];

		if (fabs(x) < zig.x[i + 1])
			return x;
		if (!i)
			return zig_tail(rng, s < 0);
		if (zig.y[i] + pike_rng_unit(rng) * (zig.y[i + 1] - zig.y[i]) <
		    exp(-0.5 * x * x))
			return x;
	}
}

double pike_fast_normal(struct pike_rng *rng)
{
	pthread_once(&zig_once, zig_init);
	return zig_draw(rng);
}

/* Student t with 3 degrees of freedom, clipped so that sums stay finite. */
static double draw_heavy(struct pike_rng *rng)
{
	double z = zig_draw(rng), c = 0, t;

	for (int i = 0; i < 3; i++) {
		double k = zig_draw(rng);

		c += k * k;
	}
	t = z / sqrt(c / 3 + 1e-12);
	return t > 50 ? 50 : t < -50 ? -50 : t;
}

static double draw_dist(enum pike_dist dist, struct pike_rng *rng)
{
	switch (dist) {
	case PIKE_DIST_UNIT:
		return pike_rng_unit(rng);
	case PIKE_DIST_SYMMETRIC:
		return 2 * pike_rng_unit(rng) - 1;
	case PIKE_DIST_OFFSET:
		return zig_draw(rng) + 100;
	case PIKE_DIST_SMALL:
		return zig_draw(rng) * 1e-3;
	case PIKE_DIST_LARGE:
		return zig_draw(rng) * 1e2;
	case PIKE_DIST_HEAVY:
		return draw_heavy(rng);
	case PIKE_DIST_SPARSE:
		return pike_rng_below(rng, 10) ? 0 : zig_draw(rng);
	case PIKE_DIST_INTEGER:
		return (double)pike_rng_below(rng, 5) - 2;
	default:
		return zig_draw(rng);
	}
}

static double draw_own(const struct pike_arg *arg, size_t i,
		       struct pike_rng *rng)
{
	switch (arg->init) {
	case PIKE_INIT_NORMAL:
		return zig_draw(rng);
	case PIKE_INIT_UNIFORM:
		return arg->a + (arg->b - arg->a) * pike_rng_unit(rng);
	case PIKE_INIT_RANDINT:
		return arg->a + (double)pike_rng_below(
				    rng, arg->b > arg->a
					     ? (uint64_t)(arg->b - arg->a) + 1
					     : 1);
	case PIKE_INIT_ZEROS:
		return 0;
	case PIKE_INIT_ONES:
		return 1;
	case PIKE_INIT_ARANGE:
		return (double)i;
	}
	return 0;
}

bool pike_inputs_stressable(const struct pike_arg *arg)
{
	return (arg->dir == PIKE_IN || arg->dir == PIKE_INOUT) &&
	       pike_dtype_is_float(arg->dtype) && arg->init == PIKE_INIT_NORMAL;
}

/* What one row of impulses or equals shares. */
struct row_draw {
	size_t hot;
	double value;
};

static double draw(const struct pike_arg *arg, struct pike_shape s, size_t i,
		   enum pike_dist dist, struct row_draw *row,
		   struct pike_rng *rng)
{
	size_t col = i % s.row;

	if (dist == PIKE_DIST_OWN)
		return draw_own(arg, i, rng);
	if (dist != PIKE_DIST_IMPULSE && dist != PIKE_DIST_EQUAL)
		return draw_dist(dist, rng);
	if (!col) {
		row->hot = pike_rng_below(rng, s.row);
		/* Of one sign: sums of few different values that cancel have
		 * no error to speak of at times, and a large one at others,
		 * in the reference and in an honest kernel apart. */
		row->value = fabs(zig_draw(rng));
	}
	if (dist == PIKE_DIST_EQUAL)
		return row->value;
	return col == row->hot ? 1 : 0;
}

void pike_inputs_fill(void *dst, const struct pike_arg *arg,
		      struct pike_shape shape, enum pike_dist dist,
		      struct pike_rng *rng)
{
	struct row_draw row = { 0, 0 };

	pthread_once(&zig_once, zig_init);
	if (!pike_inputs_stressable(arg))
		dist = PIKE_DIST_OWN;
	if (!shape.row)
		shape.row = 1;
	for (size_t i = 0; i < shape.elems; i++) {
		double x = draw(arg, shape, i, dist, &row, rng);

		/* Integers of a float draw: truncated, and a bool is 0 or 1 */
		if (arg->dtype == PIKE_BOOL)
			x = x != 0;
		store(dst, arg->dtype, i, x);
	}
}
