/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GELU of x + bias, by rows, in its form with tanh.
 *
 * The start gives each row a block and goes an element at a time. The
 * tunables take VEC elements at once, several steps ahead, and another way to
 * the hyperbolic tangent: the library's, from an exponential, or the
 * hardware's.
 */
#define BLOCK 256 //pike: tune 128 256 512 1024
#define VEC 1	  //pike: tune 1 2 4 8
#define UNROLL 1  //pike: tune 1 2 4
#define TANH libm //pike: tune libm power hardware

#include "gpu.cuh"

#define libm 0
#define power 1
#define hardware 2

//pike: launch bias_gelu grid=(rows) block=(BLOCK)

__device__ __forceinline__ float tanh_fast(float x)
{
	float y;

	asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}

__device__ __forceinline__ float gelu(float x)
{
	const float u = 0.79788456f * (x + 0.044715f * x * x * x);

#if TANH == power
	/* 1 + tanh(u) = 2 / (1 + exp(-2 u)) */
	return __fdividef(x, 1 + exp2_fast(-2 * LOG2E * u));
#elif TANH == hardware
	return 0.5f * x * (1 + tanh_fast(u));
#else
	return 0.5f * x * (1 + tanhf(u));
#endif
}

/* A pragma knows constants, not macros. */
constexpr int ahead = UNROLL;

extern "C" __global__ void __launch_bounds__(BLOCK)
    bias_gelu(const bf16 *__restrict__ x, const bf16 *__restrict__ bias,
	      bf16 *__restrict__ y, int rows, int cols)
{
	typedef pack<bf16, VEC> vec;
	/* Rows of no whole number of vectors are not aligned to them. */
	const int whole = cols % VEC ? 0 : cols;

	x += (long)blockIdx.x * cols;
	y += (long)blockIdx.x * cols;
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);
		const vec more = *(const vec *)(bias + j);
		vec out;

		for (int e = 0; e < VEC; e++)
			out.v[e] = __float2bfloat16(
			    gelu((float)in.v[e] + (float)more.v[e]));
		*(vec *)(y + j) = out;
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		y[j] = __float2bfloat16(gelu((float)x[j] + (float)bias[j]));
}
