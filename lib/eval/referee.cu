/* SPDX-License-Identifier: Apache-2.0 */
/*
 * referee: the judge's own kernels, in its own context: inputs from a seed,
 * poison and canaries, and the sums that the gates of check.c decide by. The
 * numbers of the enumerations are those of model/target.h; structures are
 * those of gpu_priv.h.
 */
#include <cuda_bf16.h>
#include <cuda_fp16.h>

typedef unsigned long long u64;
typedef unsigned char u8;
typedef __half f16;
typedef __nv_bfloat16 bf16;
typedef double f64;
typedef float f32;
typedef signed char i8;
typedef int i32;
typedef unsigned u32;
typedef long long i64;
struct flag { /* bool: one byte, 0 or 1 */
	u8 v;
};

#define EACH(i, n)                                                             \
	for (u64 i = blockIdx.x * (u64)blockDim.x + threadIdx.x; i < (n);      \
	     i += (u64)gridDim.x * blockDim.x)

/* ---- elements ---- */

static __device__ double get(f64 x) { return x; }
static __device__ double get(f32 x) { return x; }
static __device__ double get(f16 x) { return (double)__half2float(x); }
static __device__ double get(bf16 x) { return (double)__bfloat162float(x); }
static __device__ double get(i8 x) { return x; }
static __device__ double get(u8 x) { return x; }
static __device__ double get(i32 x) { return x; }
static __device__ double get(u32 x) { return x; }
static __device__ double get(i64 x) { return (double)x; }
static __device__ double get(flag x) { return x.v; }

static __device__ double within(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

static __device__ void put(f64 &y, double x) { y = x; }
static __device__ void put(f32 &y, double x) { y = (float)x; }
static __device__ void put(f16 &y, double x) { y = __double2half(x); }
static __device__ void put(bf16 &y, double x) { y = __double2bfloat16(x); }
static __device__ void put(i8 &y, double x) { y = (i8)within(x, -128, 127); }
static __device__ void put(u8 &y, double x) { y = (u8)within(x, 0, 255); }
static __device__ void put(flag &y, double x) { y.v = x != 0; }
static __device__ void put(i32 &y, double x)
{
	y = (i32)within(x, -2147483648.0, 2147483647.0);
}
static __device__ void put(u32 &y, double x)
{
	y = (u32)within(x, 0, 4294967295.0);
}
static __device__ void put(i64 &y, double x)
{
	y = (i64)within(x, -4611686018427387904.0, 4611686018427387904.0);
}

/* ---- inputs ---- */

/* splitmix64's finalizer over a counter: draw k of element i. */
static __device__ u64 bits(u64 seed, u64 i, unsigned k)
{
	u64 x = seed + (i * 16 + k + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static __device__ double unit(u64 seed, u64 i, unsigned k)
{
	return (double)(bits(seed, i, k) >> 11) * 0x1p-53;
}

/* Once: it is most of this program. */
static __device__ __noinline__ double normal(u64 seed, u64 i, unsigned k)
{
	return normcdfinv(unit(seed, i, k) + 0x1p-54);
}

enum { NORMAL, UNIFORM, RANDINT, ZEROS, ONES, ARANGE };
enum {
	D_OWN, D_NORMAL, D_UNIT, D_SYMMETRIC, D_OFFSET, D_SMALL, D_LARGE,
	D_HEAVY, D_SPARSE, D_IMPULSE, D_EQUAL, D_INTEGER
};

static __device__ double heavy(u64 seed, u64 i)
{
	double c = 0, t;

	for (unsigned k = 1; k < 4; k++) {
		double z = normal(seed, i, k);

		c += z * z;
	}
	t = normal(seed, i, 0) / sqrt(c / 3 + 1e-12);
	return t > 50 ? 50 : t < -50 ? -50 : t;
}

static __device__ double draw(int init, double a, double b, int dist, u64 row,
			      u64 seed, u64 i)
{
	u64 r = i / row, hot = bits(seed, r, 5) % row;

	switch (dist) {
	case D_UNIT:
		return unit(seed, i, 0);
	case D_SYMMETRIC:
		return 2 * unit(seed, i, 0) - 1;
	case D_OFFSET:
		return normal(seed, i, 0) + 100;
	case D_SMALL:
		return normal(seed, i, 0) * 1e-3;
	case D_LARGE:
		return normal(seed, i, 0) * 1e2;
	case D_HEAVY:
		return heavy(seed, i);
	case D_SPARSE:
		return bits(seed, i, 1) % 10 ? 0 : normal(seed, i, 0);
	case D_IMPULSE:
		return i % row == hot;
	case D_EQUAL:
		return fabs(normal(seed, r, 6));
	case D_INTEGER:
		return (double)(bits(seed, i, 0) % 5) - 2;
	case D_NORMAL:
		return normal(seed, i, 0);
	}
	switch (init) {
	case UNIFORM:
		return a + (b - a) * unit(seed, i, 0);
	case RANDINT:
		return a + (double)(bits(seed, i, 0) % ((u64)(b - a) + 1));
	case ZEROS:
		return 0;
	case ONES:
		return 1;
	case ARANGE:
		return (double)i;
	}
	return normal(seed, i, 0);
}

/* ---- checks ---- */

struct limits {
	double sigma, abs, rel, bound, factor, abs_free, widest;
};
struct sums { /* all zeros before */
	double d2, r2;
	u64 max_abs; /* bits of a double that is not negative */
	u64 bad, not_finite, hash;
};

static __device__ bool class_ok(double y, double r, double widest)
{
	if (isnan(r) || isnan(y))
		return isnan(r) && isnan(y);
	if (isinf(r))
		return y == r || (fabs(y) >= 0.99 * widest &&
				  signbit(y) == signbit(r));
	if (isinf(y))
		return fabs(r) > 0.99 * widest && signbit(y) == signbit(r);
	return true;
}

static __device__ bool elem_ok(double y, double r, const limits &l)
{
	if (!isfinite(y) || !isfinite(r))
		return class_ok(y, r, l.widest);
	return fabs(y - r) <= l.abs + l.rel * fabs(r);
}

static __device__ double add_warp(double v)
{
	for (int k = 16; k; k /= 2)
		v += __shfl_xor_sync(~0u, v, k);
	return v;
}

/* Adds what a block of threads has found: one of them tells it, since all
 * write to the same place. */
static __device__ void tell(sums *s, double d2, double r2, double worst,
			    u64 bad)
{
	__shared__ double part[3][32];
	unsigned warp = threadIdx.x / 32, warps = blockDim.x / 32;

	d2 = add_warp(d2);
	r2 = add_warp(r2);
	for (int k = 16; k; k /= 2)
		worst = fmax(worst, __shfl_xor_sync(~0u, worst, k));
	if (!(threadIdx.x % 32)) {
		part[0][warp] = d2;
		part[1][warp] = r2;
		part[2][warp] = worst;
	}
	if (bad)
		atomicAdd(&s->bad, bad);
	__syncthreads();
	if (threadIdx.x)
		return;
	for (unsigned w = 1; w < warps; w++) {
		d2 += part[0][w];
		r2 += part[1][w];
		worst = fmax(worst, part[2][w]);
	}
	atomicMax(&s->max_abs, (u64)__double_as_longlong(worst));
	atomicAdd(&s->d2, d2);
	atomicAdd(&s->r2, r2);
}

/* G4 on a block or a row of n elements. */
static __device__ bool sums_ok(double d2, double r2, double n, const limits &l)
{
	double den = sqrt(r2), least = l.sigma * sqrt(n);

	if (den < least)
		den = least;
	return sqrt(d2) <= l.factor * l.bound * den + l.abs_free * sqrt(n);
}

/* Elements that a thread reads at once, where it gets them. */
template <typename T> struct alignas(16) eight {
	T v[8];
};

template <typename T>
static __device__ void take(eight<T> *to, const T *from, u64 n)
{
	if (n == 8)
		*to = *(const eight<T> *)from;
#pragma unroll
	for (u64 k = 0; k < 8; k++)
		if (n < 8 && k < n)
			to->v[k] = from[k];
}

/* Eight threads take 64 elements, a block of G4. */
template <typename T, typename R>
static __device__ void check(const T *y, const R *r, u64 n, limits l, sums *s)
{
	u64 step = (u64)gridDim.x * blockDim.x * 8, part = threadIdx.x % 8;
	u64 at = (blockIdx.x * (u64)blockDim.x + threadIdx.x) * 8;
	double all_d2 = 0, all_r2 = 0, worst = 0;
	u64 bad = 0;

	/* All threads of a warp go on while one of them has something to do */
	for (; at - threadIdx.x % 32 * 8 < n; at += step) {
		u64 have = at < n ? (n - at < 8 ? n - at : 8) : 0;
		u64 block = at - part * 8, left = block < n ? n - block : 0;
		double d2 = 0, r2 = 0;
		eight<T> ys;
		eight<R> rs;

		take(&ys, y + at, have);
		take(&rs, r + at, have);
#pragma unroll
		for (u64 k = 0; k < 8; k++) {
			double yv = get(ys.v[k]), rv = get(rs.v[k]);
			double d = fabs(yv - rv);

			if (k >= have)
				continue;
			bad += !elem_ok(yv, rv, l);
			if (!isfinite(d))
				continue;
			worst = d > worst ? d : worst;
			d2 += d * d;
			r2 += rv * rv;
		}
		all_d2 += d2;
		all_r2 += r2;
		for (int k = 4; k; k /= 2) {
			d2 += __shfl_xor_sync(~0u, d2, k);
			r2 += __shfl_xor_sync(~0u, r2, k);
		}
		if (!part && left)
			bad += !sums_ok(d2, r2, left < 64 ? left : 64, l);
	}
	tell(s, all_d2, all_r2, worst, bad);
}

/* Blocks that share a row: what each has found of it, and how many have. */
struct shared_rows {
	u64 row, parts;
	double2 *found; /* by block of the grid */
	unsigned *done; /* by group of blocks; 0 between two launches */
};

/* Leaves what a block has found; true in the last of its group, which then has
 * what all of them have. */
static __device__ bool last_of(const shared_rows &w, double *d2, double *r2)
{
	u64 group = blockIdx.x / w.parts, first = group * w.parts;
	unsigned most = (unsigned)w.parts - 1;

	if (!most)
		return true;
	w.found[blockIdx.x] = make_double2(*d2, *r2);
	__threadfence();
	if (atomicInc(&w.done[group], most) != most)
		return false;
	__threadfence();
	*d2 = *r2 = 0;
	for (u64 k = first; k < first + w.parts; k++) {
		*d2 += ((volatile double2 *)w.found)[k].x;
		*r2 += ((volatile double2 *)w.found)[k].y;
	}
	return true;
}

/* A block of threads takes a row, or where rows are few and long, a part. */
template <typename T, typename R>
static __device__ void check_rows(const T *y, const R *r, u64 n,
				  const shared_rows &w, limits l, sums *s)
{
	__shared__ double part[2][32];
	unsigned warps = blockDim.x / 32, warp = threadIdx.x / 32;
	u64 groups = gridDim.x / w.parts, len = (w.row + w.parts - 1) / w.parts;
	u64 from = blockIdx.x % w.parts * len, to = min(from + len, w.row);

	for (u64 at = blockIdx.x / w.parts * w.row; at < n;
	     at += groups * w.row) {
		double d2 = 0, r2 = 0;

#pragma unroll 4
		for (u64 k = from + threadIdx.x; k < to; k += blockDim.x) {
			double rv = get(r[at + k]);
			double d = fabs(get(y[at + k]) - rv);

			if (isfinite(d)) {
				d2 += d * d;
				r2 += rv * rv;
			}
		}
		d2 = add_warp(d2);
		r2 = add_warp(r2);
		if (!(threadIdx.x % 32)) {
			part[0][warp] = d2;
			part[1][warp] = r2;
		}
		__syncthreads();
		if (!threadIdx.x) {
			d2 = r2 = 0;
			for (unsigned k = 0; k < warps; k++) {
				d2 += part[0][k];
				r2 += part[1][k];
			}
			if (last_of(w, &d2, &r2) &&
			    !sums_ok(d2, r2, (double)w.row, l))
				atomicAdd(&s->bad, 1ull);
		}
		__syncthreads();
	}
}

extern "C" __global__ void exact(const u8 *y, const u8 *r, u64 n, sums *s)
{
	EACH(i, n)
		if (y[i] != r[i])
			atomicAdd(&s->bad, 1ull);
}

/* ---- condition ---- */

/* As pike_move_all: each element by a factor of 1 + by or 1 - by, drawn for it
 * or for its value. */
extern "C" __global__ void move(f64 *v, u64 n, double by, double lo, double hi,
				u64 seed, int by_value, u32 every)
{
	EACH(i, n) {
		u64 of = by_value ? (u64)__double_as_longlong(v[i]) : i;
		u64 drawn = bits(seed, of, 0);

		if (!every || !((drawn >> 8) % every))
			v[i] = within(v[i] * (drawn & 1 ? 1 + by : 1 - by), lo,
				      hi);
	}
}

/* ---- truth ---- */

/* From what a reference wrote; its sums without what is not finite. */
template <typename R>
static __device__ void truth(R *to, const f64 *from, u64 n, sums *s)
{
	double r2 = 0;
	u64 odd = 0;

	EACH(i, n) {
		R v;

		put(v, from[i]);
		to[i] = v;
		if (isfinite(get(v)))
			r2 += get(v) * get(v);
		else
			odd++;
	}
	if (odd)
		atomicAdd(&s->not_finite, odd);
	r2 = add_warp(r2);
	if (!(threadIdx.x % 32) && r2 > 0)
		atomicAdd(&s->r2, r2);
}

/* How far a reference in the target's own precision is from the truth. */
template <typename T, typename S, typename R>
static __device__ void natural(const S *q, const R *r, u64 n, sums *s)
{
	double d2 = 0, worst = 0;

	EACH(i, n) {
		T y;
		double d;

		put(y, get(q[i]));
		d = fabs(get(y) - get(r[i]));
		if (!isfinite(d))
			continue;
		d2 += d * d;
		worst = d > worst ? d : worst;
	}
	tell(s, d2, 0, worst, 0);
}

/* ---- memory ---- */

struct pattern {
	u8 v[64];
};

/* Whole words of 16 bytes and what is left of the last. */
extern "C" __global__ void poison(uint4 *p, u64 bytes, u64 unit)
{
	uint4 v = make_uint4((unsigned)unit, (unsigned)(unit >> 32),
			     (unsigned)unit, (unsigned)(unit >> 32));

	EACH(i, bytes / 16)
		p[i] = v;
	if (!blockIdx.x && threadIdx.x < bytes % 16)
		((u8 *)(p + bytes / 16))[threadIdx.x] =
		    (u8)(unit >> threadIdx.x % 8 * 8);
}

/* All of an allocation but the data in it. */
extern "C" __global__ void canary_put(u8 *p, u64 n, u64 from, u64 to, pattern c)
{
	EACH(i, from)
		p[i] = c.v[i % 64];
	EACH(i, n - to)
		p[to + i] = c.v[(to + i) % 64];
}

extern "C" __global__ void canary_check(const u8 *p, u64 n, u64 from, u64 to,
					pattern c, sums *s)
{
	EACH(i, from)
		if (p[i] != c.v[i % 64])
			atomicAdd(&s->bad, 1ull);
	EACH(i, n - to)
		if (p[to + i] != c.v[(to + i) % 64])
			atomicAdd(&s->bad, 1ull);
}

/* Of order-free sums: threads finish as they like. `salt` tells buffers
 * apart. */
static __device__ u64 hash_of(const u8 *p, u64 n, u64 salt)
{
	u64 h = 0;

	EACH(i, (n + 7) / 8) {
		u64 w = 0;

		if (i * 8 + 8 <= n)
			w = *(const u64 *)(p + i * 8);
		else
			for (u64 k = i * 8; k < n; k++)
				w = w << 8 | p[k];
		h += bits(w ^ salt, i, 0);
	}
	return h;
}

static __device__ void add_hash(sums *s, u64 h)
{
	for (int k = 16; k; k /= 2)
		h += __shfl_xor_sync(~0u, h, k);
	if (!(threadIdx.x % 32))
		atomicAdd(&s->hash, h);
}

extern "C" __global__ void hash(const u8 *p, u64 n, u64 salt, sums *s)
{
	add_hash(s, hash_of(p, n, salt));
}

/* Of many buffers in one launch, which leaves no time between them. */
struct buffer {
	const u8 *p;
	u64 bytes;
};
extern "C" __global__ void digest(const buffer *b, u64 n, sums *s)
{
	u64 h = 0;

	for (u64 k = 0; k < n; k++)
		h += hash_of(b[k].p, b[k].bytes, k);
	add_hash(s, h);
}

/* ---- for each type ---- */

#define FILL(T)                                                                \
	case T_##T:                                                            \
		put(((T *)p)[i], v);                                           \
		break;
enum { T_f64, T_f32, T_f16, T_bf16, T_i8, T_u8, T_i32, T_u32, T_i64, T_flag };

extern "C" __global__ void fill(void *p, int dtype, u64 n, u64 row, int init,
				double a, double b, int dist, u64 seed)
{
	EACH(i, n) {
		double v = draw(init, a, b, dist, row, seed, i);

		switch (dtype) {
			FILL(f64)
			FILL(f32)
			FILL(f16)
			FILL(bf16)
			FILL(i8)
			FILL(u8)
			FILL(i32)
			FILL(u32)
			FILL(i64)
			FILL(flag)
		}
	}
}

#define FLOAT(T, R)                                                            \
	extern "C" __global__ void f64_from_##T(f64 *to, const T *from, u64 n) \
	{                                                                      \
		EACH(i, n)                                                     \
			to[i] = get(from[i]);                                  \
	}                                                                      \
	extern "C" __global__ void f32_from_##T(f32 *to, const T *from, u64 n) \
	{                                                                      \
		EACH(i, n)                                                     \
			to[i] = (f32)get(from[i]);                             \
	}                                                                      \
	extern "C" __global__ void check_##T(const T *y, const R *r, u64 n,    \
					     limits l, sums *s)                \
	{                                                                      \
		check(y, r, n, l, s);                                          \
	}                                                                      \
	extern "C" __global__ void rows_##T(const T *y, const R *r, u64 n,     \
					    shared_rows w, limits l, sums *s)  \
	{                                                                      \
		check_rows(y, r, n, w, l, s);                                  \
	}                                                                      \
	extern "C" __global__ void truth_##T(R *to, const f64 *from, u64 n,    \
					     sums *s)                          \
	{                                                                      \
		truth(to, from, n, s);                                         \
	}                                                                      \
	extern "C" __global__ void natural_f32_##T(const f32 *q, const R *r,   \
						   u64 n, sums *s)             \
	{                                                                      \
		natural<T>(q, r, n, s);                                        \
	}                                                                      \
	extern "C" __global__ void natural_f64_##T(const f64 *q, const R *r,   \
						   u64 n, sums *s)             \
	{                                                                      \
		natural<T>(q, r, n, s);                                        \
	}

FLOAT(f64, f64)
FLOAT(f32, f32)
FLOAT(f16, f32)
FLOAT(bf16, f32)
