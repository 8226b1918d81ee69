/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu: what several kernels share: vectors, sums over warps and blocks, and
 * the copy and matrix instructions that CUDA C++ has no name for.
 */
#ifndef GPU_CUH
#define GPU_CUH

#include <cuda_bf16.h>

typedef __nv_bfloat16 bf16;

#define LOG2E 1.4426950408889634f
#define MINUS_INFINITY __int_as_float(0xff800000)

/* ---- vectors ---- */

/* N elements that one access moves, where they are aligned to their size. */
template <typename T, int N> struct alignas(sizeof(T) * N) pack {
	T v[N];
};

/* 16 bytes; if `Stream`, they are the first to leave the cache again. */
template <int Stream> __device__ __forceinline__ uint4 load16(const void *p)
{
	const uint4 *q = static_cast<const uint4 *>(p);

	return Stream ? __ldcs(q) : *q;
}

template <int Stream>
__device__ __forceinline__ void store16(void *p, const uint4 &v)
{
	uint4 *q = static_cast<uint4 *>(p);

	if (Stream)
		__stcs(q, v);
	else
		*q = v;
}

/* A bf16 is the upper half of a float: both of a word, without rounding. */
__device__ __forceinline__ float2 split(unsigned word)
{
	return make_float2(__uint_as_float(word << 16),
			   __uint_as_float(word & 0xffff0000u));
}

__device__ __forceinline__ unsigned join(float low, float high)
{
	const __nv_bfloat162 h = __floats2bfloat162_rn(low, high);

	return reinterpret_cast<const unsigned &>(h);
}

/* ---- sums and maxima: every thread gets the result ---- */

__device__ __forceinline__ float warp_sum(float x)
{
	for (int d = 16; d; d /= 2)
		x += __shfl_xor_sync(~0u, x, d);
	return x;
}

__device__ __forceinline__ float warp_max(float x)
{
	for (int d = 16; d; d /= 2)
		x = fmaxf(x, __shfl_xor_sync(~0u, x, d));
	return x;
}

/* Of all `Threads` of a block, a multiple of 32. `part` is shared memory for
 * 32 floats, which must not be in use. */
template <int Threads> __device__ float block_sum(float x, float *part)
{
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;

	x = warp_sum(x);
	if (Threads == 32)
		return x;
	if (!lane)
		part[warp] = x;
	__syncthreads();
	return warp_sum(lane < Threads / 32 ? part[lane] : 0);
}

template <int Threads> __device__ float block_max(float x, float *part)
{
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;

	x = warp_max(x);
	if (Threads == 32)
		return x;
	if (!lane)
		part[warp] = x;
	__syncthreads();
	return warp_max(lane < Threads / 32 ? part[lane] : MINUS_INFINITY);
}

/* 2^x; denormal results are 0. */
__device__ __forceinline__ float exp2_fast(float x)
{
	float y;

	asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}

/* ---- shared memory ---- */

__device__ __forceinline__ unsigned shared_address(const void *p)
{
	return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

/* Copies 16 bytes from global to shared memory behind the thread's back; only
 * zeros unless it `exists`, and then the source is not read. */
__device__ __forceinline__ void copy16_async(unsigned to, const void *from,
					     bool exists)
{
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to),
		     "l"(__cvta_generic_to_global(from)), "r"(exists ? 16 : 0)
		     : "memory");
}

/* Ends a group of copies. */
__device__ __forceinline__ void copy_commit()
{
	asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits for all groups of this thread but the last `Left`. */
template <int Left> __device__ __forceinline__ void copy_wait()
{
	asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
}

/* ---- tensor cores: 16x8 sums of 16 products, in registers of a warp ---- */

/* Four 8x8 matrices of bf16. Each lane names a row of 16 bytes, lanes 8i to
 * 8i + 7 those of matrix i, and gets of each matrix the two elements
 * [lane / 4][lane % 4 * 2]. */
__device__ __forceinline__ void load_8x8x4(unsigned (&r)[4], unsigned row)
{
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
		     "{%0, %1, %2, %3}, [%4];"
		     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
		     : "r"(row)
		     : "memory");
}

/* The same of the transposed matrices. */
__device__ __forceinline__ void load_8x8x4_trans(unsigned (&r)[4],
						 unsigned row)
{
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "
		     "{%0, %1, %2, %3}, [%4];"
		     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
		     : "r"(row)
		     : "memory");
}

/* d[16][8] += a[16][16] b[16][8]. With g = lane / 4 and q = lane % 4 * 2 the
 * lane holds
 *	d[0..1] = d[g][q..q+1], d[2..3] = d[g+8][q..q+1]
 *	a[0] = a[g][q..q+1], a[1] = a[g+8][q..], a[2] = a[g][q+8..],
 *	a[3] = a[g+8][q+8..]
 *	b0 = b[q..q+1][g], b1 = b[q+8..q+9][g]. */
__device__ __forceinline__ void mma(float (&d)[4], const unsigned (&a)[4],
				    unsigned b0, unsigned b1)
{
	asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
	    "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
	    "{%0, %1, %2, %3};"
	    : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
	    : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#endif
