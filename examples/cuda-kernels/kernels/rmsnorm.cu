/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root mean square norm: y = x / sqrt(mean of x^2 + 1e-5) * w, by rows.
 *
 * The start gives each row a block that reads it twice, for the sum of
 * squares and for the result, an element at a time. The tunables read VEC
 * elements at once, several steps ahead, and add up through shared memory
 * alone or within warps first.
 */
#define BLOCK 256 //pike: tune 64 128 256 512 1024
#define VEC 1	  //pike: tune 1 2 4 8
#define UNROLL 1  //pike: tune 1 2 4
#define SUM tree  //pike: tune tree warps

#include "gpu.cuh"

#define tree 0
#define warps 1

#define EPSILON 1e-5f

//pike: launch rmsnorm grid=(rows) block=(BLOCK)

__device__ float add_up(float x)
{
#if SUM == warps
	__shared__ float part[32];

	return block_sum<BLOCK>(x, part);
#else
	__shared__ float part[BLOCK];

	part[threadIdx.x] = x;
	__syncthreads();
	for (int n = BLOCK / 2; n; n /= 2) {
		if (threadIdx.x < n)
			part[threadIdx.x] += part[threadIdx.x + n];
		__syncthreads();
	}
	return part[0];
#endif
}

/* A pragma knows constants, not macros. */
constexpr int ahead = UNROLL;

extern "C" __global__ void __launch_bounds__(BLOCK)
    rmsnorm(const bf16 *__restrict__ x, const bf16 *__restrict__ w,
	    bf16 *__restrict__ y, int rows, int cols)
{
	typedef pack<bf16, VEC> vec;
	/* Rows of no whole number of vectors are not aligned to them. */
	const int whole = cols % VEC ? 0 : cols;
	float sum = 0, scale;

	x += (long)blockIdx.x * cols;
	y += (long)blockIdx.x * cols;
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);

		for (int e = 0; e < VEC; e++)
			sum += (float)in.v[e] * (float)in.v[e];
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		sum += (float)x[j] * (float)x[j];
	scale = rsqrtf(add_up(sum) / cols + EPSILON);
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);
		const vec by = *(const vec *)(w + j);
		vec out;

		for (int e = 0; e < VEC; e++)
			out.v[e] = __float2bfloat16(
			    (float)in.v[e] * scale * (float)by.v[e]);
		*(vec *)(y + j) = out;
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		y[j] = __float2bfloat16((float)x[j] * scale * (float)w[j]);
}
