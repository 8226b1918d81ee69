/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: maximum and sum in one pass: a sum is rescaled whenever the maximum
 * grows. So a row is read twice instead of three times. */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * A block takes a row, BATCH vectors of four a thread at once.
 */
#define BLOCK 1024 //pike: tune 256 512 1024
#define BATCH 4	   //pike: tune 1 2 4 8
#define STREAM 1   //pike: tune 0 1

#include "gpu.cuh"

#define STEP (BLOCK * BATCH * 4)

//pike: launch softmax_vocab grid=(rows) block=(BLOCK)

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

/* N values more. */
template <int N>
__device__ __forceinline__ void add(online &o, const float (&v)[N])
{
	float m = o.m;

#pragma unroll
	for (int i = 0; i < N; i++)
		m = fmaxf(m, v[i]);
	/* Nothing but minus infinity up to now: all terms are 0. */
	if (m == MINUS_INFINITY)
		return;
	o.sum *= exp2_fast((o.m - m) * LOG2E);
	o.m = m;
#pragma unroll
	for (int i = 0; i < N; i++)
		o.sum += exp2_fast((v[i] - m) * LOG2E);
}

/* From element j on; beyond the row's end all is minus infinity. */
__device__ __forceinline__ void load(float (&v)[BATCH * 4], const float *x,
				     int j, int end)
{
#pragma unroll
	for (int b = 0; b < BATCH; b++) {
		const int at = j + b * BLOCK * 4;
		float4 f = { MINUS_INFINITY, MINUS_INFINITY, MINUS_INFINITY,
			     MINUS_INFINITY };

		if (at < end)
			f = *(const float4 *)(x + at);
		v[b * 4] = f.x;
		v[b * 4 + 1] = f.y;
		v[b * 4 + 2] = f.z;
		v[b * 4 + 3] = f.w;
	}
}

__device__ __forceinline__ void store(float *y, float4 f)
{
	if (STREAM)
		__stcs((float4 *)y, f);
	else
		*(float4 *)y = f;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	/* Rows of no whole number of vectors are not aligned to them. */
	const int whole = cols % 4 ? 0 : cols;
	online o = { MINUS_INFINITY, 0 };
	float v[BATCH * 4], by;

	x += (long)blockIdx.x * cols;
	y += (long)blockIdx.x * cols;
	for (int j = threadIdx.x * 4; j < whole; j += STEP) {
		load(v, x, j, whole);
		add(o, v);
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK) {
		const float one[1] = { x[j] };

		add(o, one);
	}
	o = block_merge(o);
	by = 1 / o.sum;
	for (int j = threadIdx.x * 4; j < whole; j += STEP) {
		load(v, x, j, whole);
#pragma unroll
		for (int i = 0; i < BATCH * 4; i++)
			v[i] = exp2_fast((v[i] - o.m) * LOG2E) * by;
#pragma unroll
		for (int b = 0; b < BATCH; b++)
			if (j + b * BLOCK * 4 < whole)
				store(y + j + b * BLOCK * 4,
				      make_float4(v[b * 4], v[b * 4 + 1],
						  v[b * 4 + 2], v[b * 4 + 3]));
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		y[j] = exp2_fast((x[j] - o.m) * LOG2E) * by;
}
