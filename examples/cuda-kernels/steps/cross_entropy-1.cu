/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: maximum and sum in one pass: a sum is rescaled whenever the maximum
 * grows. So a row is read once, BATCH vectors of 16 bytes a thread at once. */
/*
 * Cross entropy of logits over a vocabulary: loss = log of the sum of
 * exp(x) - x[label], by rows.
 */
#define BLOCK 512 //pike: tune 128 256 512 1024
#define BATCH 4	  //pike: tune 1 2 4 8
#define AHEAD 0	  //pike: tune 0 1
#define STREAM 1  //pike: tune 0 1

#include "gpu.cuh"

#define STEP (BLOCK * BATCH * 8)

//pike: launch cross_entropy grid=(rows) block=(BLOCK)

/* A maximum and the sum of 2^((x - m) * log2 e) up to now. */
struct online {
	float m, sum;
};

/* Either may be of nothing: a maximum of minus infinity, and no sum. */
__device__ __forceinline__ online merge(const online &a, const online &b)
{
	const float m = fmaxf(a.m, b.m);
	online o = { m, 0 };

	if (a.sum > 0)
		o.sum += a.sum * exp2_fast((a.m - m) * LOG2E);
	if (b.sum > 0)
		o.sum += b.sum * exp2_fast((b.m - m) * LOG2E);
	return o;
}

__device__ __forceinline__ online warp_merge(online o)
{
	for (int d = 16; d; d /= 2) {
		const online other = { __shfl_xor_sync(~0u, o.m, d),
				       __shfl_xor_sync(~0u, o.sum, d) };

		o = merge(o, other);
	}
	return o;
}

__device__ __forceinline__ online block_merge(online o)
{
	__shared__ online part[BLOCK / 32];
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	const online none = { MINUS_INFINITY, 0 };

	o = warp_merge(o);
	if (!lane)
		part[warp] = o;
	__syncthreads();
	return warp_merge(lane < BLOCK / 32 ? part[lane] : none);
}

__device__ __forceinline__ void add_one(online &o, float x)
{
	const online one = { x, x == MINUS_INFINITY ? 0.f : 1.f };

	o = merge(o, one);
}

/* The larger ones of two pairs: a bf16 instruction for two elements. */
__device__ __forceinline__ unsigned max2(unsigned a, unsigned b)
{
	const __nv_bfloat162 m =
	    __hmax2(reinterpret_cast<const __nv_bfloat162 &>(a),
		    reinterpret_cast<const __nv_bfloat162 &>(b));

	return reinterpret_cast<const unsigned &>(m);
}

/* A thread's vectors of one step. */
__device__ __forceinline__ void add(online &o, const uint4 (&v)[BATCH])
{
	float2 sum = { 0, 0 }, top;
	unsigned most = v[0].x;
	float m, shift;

#pragma unroll
	for (int b = 0; b < BATCH; b++)
		most = max2(max2(max2(most, v[b].x), v[b].y),
			    max2(v[b].z, v[b].w));
	top = split(most);
	m = fmaxf(o.m, fmaxf(top.x, top.y));
	/* Nothing but minus infinity up to now: all terms are 0. */
	if (m == MINUS_INFINITY)
		return;
	shift = m * LOG2E;
#pragma unroll
	for (int b = 0; b < BATCH; b++) {
		const unsigned word[4] = { v[b].x, v[b].y, v[b].z, v[b].w };

#pragma unroll
		for (int i = 0; i < 4; i++) {
			const float2 f = split(word[i]);

			sum.x += exp2_fast(fmaf(f.x, LOG2E, -shift));
			sum.y += exp2_fast(fmaf(f.y, LOG2E, -shift));
		}
	}
	o.sum = fmaf(o.sum, exp2_fast(fmaf(o.m, LOG2E, -shift)), sum.x + sum.y);
	o.m = m;
}

/* From element j on; beyond the row's end all is minus infinity. */
__device__ __forceinline__ void load(uint4 (&v)[BATCH], const bf16 *x, int j,
				     int end)
{
	const unsigned none = 0xff80ff80u;

#pragma unroll
	for (int b = 0; b < BATCH; b++) {
		const int at = j + b * BLOCK * 8;

		v[b] = make_uint4(none, none, none, none);
		if (at < end)
			v[b] = load16<STREAM>(x + at);
	}
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    cross_entropy(const bf16 *__restrict__ logits,
		  const int *__restrict__ labels, float *__restrict__ loss,
		  int rows, int vocab)
{
	const bf16 *x = logits + (long)blockIdx.x * vocab;
	/* Rows of no whole number of vectors are not aligned to them. */
	const int whole = vocab % 8 ? 0 : vocab;
	int j = threadIdx.x * 8;
	online o = { MINUS_INFINITY, 0 };
	float at = 0;
	uint4 v[BATCH];

	if (!threadIdx.x)
		at = (float)x[labels[blockIdx.x]];
#if AHEAD
	/* The next step's vectors are on their way while this one adds up. */
	load(v, x, j, whole);
	for (; j < whole; j += STEP) {
		uint4 next[BATCH];

		load(next, x, j + STEP, whole);
		add(o, v);
#pragma unroll
		for (int b = 0; b < BATCH; b++)
			v[b] = next[b];
	}
#else
	for (; j < whole; j += STEP) {
		load(v, x, j, whole);
		add(o, v);
	}
#endif
	for (j = whole + threadIdx.x; j < vocab; j += BLOCK)
		add_one(o, (float)x[j]);
	o = block_merge(o);
	if (!threadIdx.x)
		loss[blockIdx.x] = logf(o.sum) + (o.m - at);
}
