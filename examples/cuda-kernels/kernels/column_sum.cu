/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum of each column, as in the gradient of a bias.
 *
 * The start has a thread for each column, which goes down all rows. The
 * tunables take VEC columns a thread, let Y threads share a column, and look
 * several rows ahead.
 */
#define X 64	 //pike: tune 32 64 128 256
#define Y 1	 //pike: tune 1 2 4
#define VEC 1	 //pike: tune 1 2 4
#define UNROLL 1 //pike: tune 1 2 4 8

#include "gpu.cuh"

//pike: launch column_sum grid=(cdiv(cols, X * VEC)) block=(X, Y)

/* A pragma knows constants, not macros. */
constexpr int ahead = UNROLL;

extern "C" __global__ void __launch_bounds__(X *Y)
    column_sum(const float *__restrict__ x, float *__restrict__ y, int rows,
	       int cols)
{
	typedef pack<float, VEC> vec;
	__shared__ vec part[Y][X];
	const int at = (blockIdx.x * X + threadIdx.x) * VEC;
	const int have = cols - at < VEC ? cols - at : VEC;
	vec sum = {};

	if (have == VEC && cols % VEC == 0) {
#pragma unroll ahead
		for (int i = threadIdx.y; i < rows; i += Y) {
			const vec in = *(const vec *)(x + (long)i * cols + at);

			for (int e = 0; e < VEC; e++)
				sum.v[e] += in.v[e];
		}
	} else {
		/* Rows of no whole number of vectors are not aligned. */
		for (int i = threadIdx.y; i < rows; i += Y)
			for (int e = 0; e < VEC; e++)
				if (e < have)
					sum.v[e] += x[(long)i * cols + at + e];
	}
	part[threadIdx.y][threadIdx.x] = sum;
	__syncthreads();
	if (threadIdx.y)
		return;
	for (int i = 1; i < Y; i++)
		for (int e = 0; e < VEC; e++)
			sum.v[e] += part[i][threadIdx.x].v[e];
	for (int e = 0; e < VEC; e++)
		if (e < have)
			y[at + e] = sum.v[e];
}
