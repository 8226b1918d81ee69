/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causal attention: o = softmax(q k' / 8) v with heads of 64, where a row sees
 * the keys up to its own.
 *
 * The start gives each row of queries a thread, which goes through the keys
 * once: maximum, sum and result are rescaled whenever the maximum grows. The
 * tunables put KEYS keys and values at a time into shared memory (0: none),
 * weigh TOGETHER keys at once, and take another exponential.
 */
#define BLOCK 64   //pike: tune 32 64 128 256
#define KEYS 0	   //pike: tune 0 16 32 64
#define TOGETHER 1 //pike: tune 1 2 4 8
#define EXP libm   //pike: tune libm fast

#include "gpu.cuh"

#define libm 0
#define fast 1

#define SIZE 64

//pike: launch attention grid=(cdiv(len, BLOCK), heads) block=(BLOCK)

__device__ __forceinline__ float exponential(float x)
{
#if EXP == fast
	return exp2_fast(x * LOG2E);
#else
	return expf(x);
#endif
}

/* A row's result up to now, not yet over the sum. */
struct row {
	float q[SIZE], o[SIZE], m, sum;
};

/* `n` keys more, at most TOGETHER of them, from k and v on. */
template <typename T>
__device__ __forceinline__ void add_keys(row &r, const T *k, const T *v, int n)
{
	float s[TOGETHER], m = r.m, by;

#pragma unroll
	for (int j = 0; j < TOGETHER; j++) {
		s[j] = 0;
		if (j >= n)
			continue;
#pragma unroll
		for (int e = 0; e < SIZE; e++)
			s[j] += r.q[e] * (float)k[j * SIZE + e];
		m = fmaxf(m, s[j]);
	}
	by = exponential(r.m - m);
	r.m = m;
	r.sum *= by;
#pragma unroll
	for (int e = 0; e < SIZE; e++)
		r.o[e] *= by;
#pragma unroll
	for (int j = 0; j < TOGETHER; j++) {
		const float p = exponential(s[j] - m);

		if (j >= n)
			continue;
		r.sum += p;
#pragma unroll
		for (int e = 0; e < SIZE; e++)
			r.o[e] += p * (float)v[j * SIZE + e];
	}
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    attention(const bf16 *__restrict__ q, const bf16 *__restrict__ k,
	      const bf16 *__restrict__ v, bf16 *__restrict__ o, int heads,
	      int len)
{
	const long head = (long)blockIdx.y * len * SIZE;
	const int i = blockIdx.x * BLOCK + threadIdx.x;
	row r;

#pragma unroll
	for (int e = 0; e < SIZE; e++) {
		r.q[e] = i < len ? (float)q[head + (long)i * SIZE + e] / 8 : 0;
		r.o[e] = 0;
	}
	r.m = MINUS_INFINITY;
	r.sum = 0;
#if KEYS
	/* All threads load what one of them sees. */
	__shared__ float ks[KEYS * SIZE], vs[KEYS * SIZE];
	const int last = blockIdx.x * BLOCK + BLOCK;
	const int most = last < len ? last : len;

	for (int j0 = 0; j0 < most; j0 += KEYS) {
		const int here = most - j0 < KEYS ? most - j0 : KEYS;

		__syncthreads();
		for (int t = threadIdx.x; t < here * SIZE; t += BLOCK) {
			ks[t] = (float)k[head + (long)j0 * SIZE + t];
			vs[t] = (float)v[head + (long)j0 * SIZE + t];
		}
		__syncthreads();
		for (int j = 0; j < here && j0 + j <= i; j += TOGETHER) {
			const int left = min(here - j, i + 1 - j0 - j);

			add_keys(r, ks + j * SIZE, vs + j * SIZE, left);
		}
	}
#else
	for (int j = 0; j <= i && i < len; j += TOGETHER)
		add_keys(r, k + head + (long)j * SIZE,
			 v + head + (long)j * SIZE, i + 1 - j);
#endif
	if (i >= len)
		return;
#pragma unroll
	for (int e = 0; e < SIZE; e++)
		o[head + (long)i * SIZE + e] = __float2bfloat16(r.o[e] / r.sum);
}
