/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vec: LANES floats that are added and multiplied at once, by the compiler's
 * vector types. A kernel defines LANES first; with 1 these are plain floats.
 */
#ifndef VEC_H
#define VEC_H

#include <math.h>

#if LANES == 1
typedef float vec;
typedef int ivec;
#define VEC_LANE(v, l) (v)
#else
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int ivec __attribute__((vector_size(4 * LANES)));
#define VEC_LANE(v, l) ((v)[l])
#endif

/* Any address will do: memcpy becomes one unaligned load. */
static inline vec vec_load(const float *p)
{
	vec v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline void vec_store(float *p, vec v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline vec vec_max(vec a, vec b)
{
#if LANES == 1
	return a > b ? a : b;
#else
	ivec m = a > b;

	return (vec)((m & (ivec)a) | (~m & (ivec)b));
#endif
}

static inline float vec_sum(vec v)
{
	float s = VEC_LANE(v, 0);

	for (int l = 1; l < LANES; l++)
		s += VEC_LANE(v, l);
	return s;
}

static inline float vec_top(vec v)
{
	float s = VEC_LANE(v, 0);

	for (int l = 1; l < LANES; l++)
		s = VEC_LANE(v, l) > s ? VEC_LANE(v, l) : s;
	return s;
}

/* The C library's exponential, lane by lane. */
static inline vec vec_expf(vec x)
{
	for (int l = 0; l < LANES; l++)
		VEC_LANE(x, l) = expf(VEC_LANE(x, l));
	return x;
}

/*
 * exp(x) for x <= 88, within 2 ulp; below -87 it stays at exp(-87).
 * 2^n times the degree-6 Taylor polynomial on |r| <= ln(2)/2; r is reduced in
 * two steps (Cody and Waite 1980).
 */
static inline vec vec_exp(vec x)
{
	const float magic = 12582912.f; /* 1.5 * 2^23: adding it rounds */
	vec n, r, p;
	ivec bits;

	x = vec_max(x, (vec){ 0 } - 87.f);
	n = x * 1.44269504f + magic;
	__builtin_memcpy(&bits, &n, sizeof(bits));
	n -= magic;
	r = x - n * 0.693359375f;
	r = r - n * -2.12194440e-4f;
	p = r * (1 / 720.f) + 1 / 120.f;
	p = p * r + 1 / 24.f;
	p = p * r + 1 / 6.f;
	p = p * r + .5f;
	p = p * r + 1.f;
	p = p * r + 1.f;
	__builtin_memcpy(&n, &p, sizeof(n));
	{
		ivec e;

		__builtin_memcpy(&e, &n, sizeof(e));
#if LANES == 1
		e = (int)((unsigned)e + ((unsigned)bits << 23));
#else
		e = e + (bits << 23);
#endif
		__builtin_memcpy(&p, &e, sizeof(p));
	}
	return p;
}

#endif
