/* SPDX-License-Identifier: Apache-2.0 */
/* inputs: generators (README.md, protocol 11), and conversions of elements. */
#include "eval/inputs_priv.h"

#include "base/mem.h"
#include "base/par.h"

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

/* A binary format of 16 bits: bits of its fraction, and the exponent of its
 * smallest normal number, which is that of its largest with the sign turned and
 * one added. */
struct narrow {
	int bits, emin;
};
static const struct narrow f16 = { 10, -14 }, bf16 = { 7, -126 };

/* |x| as that format has it, rounded to nearest even in one step. */
static inline uint16_t narrow(uint64_t u, struct narrow f)
{
	uint16_t inf = (uint16_t)((1u << 15) - (1u << f.bits));
	int e = (int)(u >> 52 & 0x7ff) - 1023, shift = 52 - f.bits;
	uint64_t m = (u & 0xfffffffffffffULL) | 1ULL << 52, kept, half;

	if (e > -f.emin + 1)
		return e == 1024 && m << 12
			   ? (uint16_t)(inf | 1u << (f.bits - 1))
			   : inf;
	if (e < f.emin - f.bits - 1)
		return 0;
	if (e < f.emin)
		shift += f.emin - e;
	kept = m >> shift;
	half = 1ULL << (shift - 1);
	m &= 2 * half - 1;
	kept += m > half || (m == half && kept & 1);
	/* A carry goes on into the exponent, as it should. */
	if (e >= f.emin)
		kept += (uint64_t)(e - f.emin) << f.bits;
	return (uint16_t)kept;
}

static uint64_t double_bits(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

uint16_t pike_f16_from(double x)
{
	uint64_t u = double_bits(x);

	return (uint16_t)(u >> 63 << 15 | narrow(u & INT64_MAX, f16));
}

double pike_f16_to(uint16_t h)
{
	uint64_t e = h >> 10 & 31, m = h & 1023, u;
	double a;

	if (!e)
		a = (double)m * 0x1p-24;
	else {
		u = (e == 31 ? 0x7ff : e + 1008) << 52 | m << 42;
		memcpy(&a, &u, sizeof(a));
	}
	return h & 0x8000 ? -a : a;
}

uint16_t pike_bf16_from(double x)
{
	uint64_t u = double_bits(x);

	return (uint16_t)(u >> 63 << 15 | narrow(u & INT64_MAX, bf16));
}

double pike_bf16_to(uint16_t h)
{
	return bits_float((uint32_t)h << 16);
}

/* ---- conversion ---- */

#define EACH(type, value)                                                      \
	do {                                                                   \
		const char *at_ = src;                                         \
		for (size_t i = 0; i < n; i++, at_ += sizeof(type)) {          \
			type v;                                                \
			memcpy(&v, at_, sizeof(v));                            \
			out[i] = (double)(value);                              \
		}                                                              \
		return;                                                        \
	} while (0)

static void load(double *out, const void *src, enum pike_dtype t, size_t n)
{
	switch (t) {
	case PIKE_F64:
		EACH(double, v);
	case PIKE_F32:
		EACH(float, v);
	case PIKE_F16:
		EACH(uint16_t, pike_f16_to(v));
	case PIKE_BF16:
		EACH(uint16_t, pike_bf16_to(v));
	case PIKE_I8:
		EACH(int8_t, v);
	case PIKE_U8:
	case PIKE_BOOL:
		EACH(uint8_t, v);
	case PIKE_I32:
		EACH(int32_t, v);
	case PIKE_U32:
		EACH(uint32_t, v);
	case PIKE_I64:
		EACH(int64_t, v);
	case PIKE_DTYPE_COUNT:
		break;
	}
}
#undef EACH

/* Kept inside what the type can hold: a cast from outside it is undefined. */
static double within(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

#define EACH(type, value)                                                      \
	do {                                                                   \
		char *at_ = dst;                                               \
		for (size_t i = 0; i < n; i++, at_ += sizeof(type)) {          \
			double x = src[i];                                     \
			type v = (type)(value);                                \
			memcpy(at_, &v, sizeof(v));                            \
		}                                                              \
		return;                                                        \
	} while (0)

static void store(void *dst, enum pike_dtype t, const double *src, size_t n)
{
	switch (t) {
	case PIKE_F64:
		EACH(double, x);
	case PIKE_F32:
		EACH(float, x);
	case PIKE_F16:
		EACH(uint16_t, pike_f16_from(x));
	case PIKE_BF16:
		EACH(uint16_t, pike_bf16_from(x));
	case PIKE_I8:
		EACH(int8_t, within(x, INT8_MIN, INT8_MAX));
	case PIKE_U8:
	case PIKE_BOOL:
		EACH(uint8_t, within(x, 0, UINT8_MAX));
	case PIKE_I32:
		EACH(int32_t, within(x, INT32_MIN, INT32_MAX));
	case PIKE_U32:
		EACH(uint32_t, within(x, 0, UINT32_MAX));
	case PIKE_I64:
		EACH(int64_t, within(x, -0x1p62, 0x1p62));
	case PIKE_DTYPE_COUNT:
		break;
	}
}
#undef EACH

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

static void convert(void *dst, enum pike_dtype to, const void *src,
		    enum pike_dtype from, size_t n)
{
	size_t in = pike_dtype_size(from), out = pike_dtype_size(to);
	double part[256];

	if (to == from)
		memcpy(dst, src, n * out);
	else if (to == PIKE_F64 && from == PIKE_F32)
		widen_f32(dst, src, n);
	else if (to == PIKE_F32 && from == PIKE_F64)
		narrow_f64(dst, src, n);
	else if (to == PIKE_F32 && from == PIKE_BF16)
		widen_bf16(dst, src, n);
	else if (to == PIKE_BF16 && from == PIKE_F32)
		narrow_f32(dst, src, n);
	else
		for (size_t at = 0; at < n; at += 256) {
			size_t len = n - at < 256 ? n - at : 256;

			load(part, (const char *)src + at * in, from, len);
			store((char *)dst + at * out, to, part, len);
		}
}

struct conversion {
	char *dst;
	const char *src;
	enum pike_dtype to, from;
	size_t n;
};

static void convert_piece(void *ctx, size_t i)
{
	const struct conversion *c = ctx;
	size_t at = i * PIKE_PIECE;
	size_t len = c->n - at < PIKE_PIECE ? c->n - at : PIKE_PIECE;

	convert(c->dst + at * pike_dtype_size(c->to), c->to,
		c->src + at * pike_dtype_size(c->from), c->from, len);
}

void pike_convert(void *dst, enum pike_dtype to, const void *src,
		  enum pike_dtype from, size_t n)
{
	struct conversion c = { dst, src, to, from, n };

	if (n <= PIKE_PIECE)
		convert(dst, to, src, from, n);
	else
		pike_parallel(PIKE_PIECES(n), convert_piece, &c);
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

static double draw_own(const struct pike_tensor *arg, size_t i,
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

bool pike_inputs_takes(const struct pike_tensor *arg, enum pike_dist dist)
{
	if (dist == PIKE_DIST_OWN || !pike_tensor_is_input(arg) ||
	    !pike_dtype_is_float(arg->dtype))
		return false;
	if (dist == PIKE_DIST_CENTERED)
		return arg->observed && arg->init == PIKE_INIT_UNIFORM &&
		       arg->b > arg->a && (arg->a >= 0 || arg->b <= 0);
	return arg->init == PIKE_INIT_NORMAL;
}

enum pike_dist pike_inputs_as(struct pike_tensor *as,
			      const struct pike_tensor *arg,
			      enum pike_dist dist)
{
	*as = *arg;
	if (!pike_inputs_takes(arg, dist))
		return PIKE_DIST_OWN;
	if (dist != PIKE_DIST_CENTERED)
		return dist;
	as->b = (arg->b - arg->a) / 2;
	as->a = -as->b;
	return PIKE_DIST_OWN;
}

/* What one row of impulses or equals shares. */
struct row_draw {
	size_t hot;
	double value;
};

/* A buffer that is being drawn: in pieces, each from a generator of its own
 * that follows from the seed and the piece's number, so that it does not matter
 * who draws which when. */
struct fill {
	char *dst;
	const struct pike_tensor *arg;
	struct pike_shape shape;
	enum pike_dist dist;
	uint64_t seed;
};

static void seed_for(struct pike_rng *rng, uint64_t seed, uint64_t number)
{
	/* An odd multiple: another for each number (splitmix64 mixes them). */
	pike_rng_seed(rng, seed + (2 * number + 1) * 0xd1342543de82ef95ULL);
}

static void draw_row(struct row_draw *row, const struct fill *f, size_t number)
{
	struct pike_rng rng;

	seed_for(&rng, ~f->seed, number);
	row->hot = pike_rng_below(&rng, f->shape.row);
	/* Of one sign: sums of few different values that cancel have no error
	 * to speak of at times, and a large one at others, in the reference
	 * and in an honest kernel apart. */
	row->value = fabs(zig_draw(&rng));
}

/* Elements [at, at + n) of a distribution that a row has something of. */
static void draw_rows(double *x, const struct fill *f, size_t at, size_t n)
{
	size_t row = f->shape.row;
	struct row_draw d = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		size_t col = (at + i) % row;

		if (!i || !col)
			draw_row(&d, f, (at + i) / row);
		if (f->dist == PIKE_DIST_EQUAL)
			x[i] = d.value;
		else
			x[i] = col == d.hot ? 1 : 0;
	}
}

static void draw(double *x, const struct fill *f, size_t at, size_t n,
		 struct pike_rng *rng)
{
	bool own = f->dist == PIKE_DIST_OWN;

	if (f->dist == PIKE_DIST_IMPULSE || f->dist == PIKE_DIST_EQUAL)
		draw_rows(x, f, at, n);
	else if (own && f->arg->init == PIKE_INIT_NORMAL)
		for (size_t i = 0; i < n; i++)
			x[i] = zig_draw(rng);
	else
		for (size_t i = 0; i < n; i++)
			x[i] = own ? draw_own(f->arg, at + i, rng)
				   : draw_dist(f->dist, rng);
	/* Integers of a float draw: truncated, and a bool is 0 or 1 */
	for (size_t i = 0; f->arg->dtype == PIKE_BOOL && i < n; i++)
		x[i] = x[i] != 0;
}

static void fill_piece(void *ctx, size_t k)
{
	const struct fill *f = ctx;
	size_t at = k * PIKE_PIECE, end = at + PIKE_PIECE;
	size_t size = pike_dtype_size(f->arg->dtype);
	struct pike_rng rng;
	double x[256];

	if (end > f->shape.elems)
		end = f->shape.elems;
	seed_for(&rng, f->seed, k);
	for (; at < end; at += 256) {
		size_t n = end - at < 256 ? end - at : 256;

		draw(x, f, at, n, &rng);
		store(f->dst + at * size, f->arg->dtype, x, n);
	}
}

void pike_inputs_fill(void *dst, const struct pike_tensor *arg,
		      struct pike_shape shape, enum pike_dist dist,
		      struct pike_rng *rng)
{
	struct pike_tensor as;
	struct fill f = { .dst = dst, .arg = &as, .shape = shape };

	pthread_once(&zig_once, zig_init);
	f.dist = pike_inputs_as(&as, arg, dist);
	f.seed = pike_rng_u64(rng);
	if (!f.shape.row)
		f.shape.row = 1;
	pike_parallel(PIKE_PIECES(shape.elems), fill_piece, &f);
}
