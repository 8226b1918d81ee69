/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: a cluster of blocks takes a row and holds all of it in registers,
 * so it is read once; the blocks trade maxima and sums through each other's
 * shared memory. A row of 513 KB is more than one multiprocessor holds. */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * CLUSTER blocks of THREADS hold VECS vectors of four a thread. Rows wider
 * than that go through a loop that reads them twice, rows of no whole number
 * of vectors an element at a time.
 */
#define CLUSTER 8   //pike: tune 4 8
#define THREADS 512 //pike: tune 256 512 1024
#define BLOCKS 2    //pike: tune 1 2
#define STREAM 1    //pike: tune 0 1

#include "gpu.cuh"

#define WIDTH 131072
#define VECS (WIDTH / (CLUSTER * THREADS * 4))
#define PART (THREADS * VECS * 4) /* elements of a row in a block */
#define WARPS (THREADS / 32)

/* Half of a multiprocessor's registers for what is held. */
static_assert(THREADS * BLOCKS * VECS <= 8192, "too many registers");

//pike: launch softmax_vocab grid=(CLUSTER * rows) block=(THREADS) cluster=(CLUSTER)

/* ---- the blocks of a cluster ---- */

__device__ __forceinline__ int cluster_rank()
{
	int rank;

	asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
	return rank;
}

/* To meet: first every thread arrives, then it waits for all others. What was
 * written before arriving is seen after waiting. */
__device__ __forceinline__ void cluster_arrive()
{
	asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}

__device__ __forceinline__ void cluster_wait()
{
	asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

/* Writes into another block's copy of a shared variable. */
__device__ __forceinline__ void store_far(float *variable, int rank, float x)
{
	asm volatile("{\n"
		     ".reg .b32 far;\n"
		     "mapa.shared::cluster.u32 far, %0, %1;\n"
		     "st.shared::cluster.f32 [far], %2;\n"
		     "}" ::"r"(shared_address(variable)),
		     "r"(rank), "f"(x)
		     : "memory");
}

/* ---- a row ---- */

/* 2^((x - m) * log2 e); 0 for nothing at all, where m is minus infinity. */
__device__ __forceinline__ float power(float x, float m)
{
	return x == MINUS_INFINITY ? 0 : exp2_fast((x - m) * LOG2E);
}

/* Maximum and sum of this block become those of the row; returns the factor
 * that turns 2^((x - m) * log2 e) into a result. Begins between arriving at
 * the cluster's barrier and waiting, ends outside. */
__device__ __forceinline__ float join_row(float m, float sum)
{
	__shared__ float tops[CLUSTER], sums[CLUSTER];
	float top = MINUS_INFINITY, all = 0;

	/* No block may be written to before it has begun. */
	cluster_wait();
	if (threadIdx.x < CLUSTER) {
		store_far(&tops[cluster_rank()], threadIdx.x, m);
		store_far(&sums[cluster_rank()], threadIdx.x, sum);
	}
	__syncwarp();
	cluster_arrive();
	cluster_wait();
	/* From here on a block reads what is its own: others may end. */
#pragma unroll
	for (int i = 0; i < CLUSTER; i++)
		top = fmaxf(top, tops[i]);
#pragma unroll
	for (int i = 0; i < CLUSTER; i++)
		all += sums[i] * power(tops[i], top);
	return power(m, top) / all;
}

/* An element's place in the row: neighbours go to a vector if `whole`. */
__device__ __forceinline__ long place(int i, int e, bool whole)
{
	const int at = whole ? (i * THREADS + threadIdx.x) * 4 + e
			     : (i * 4 + e) * THREADS + threadIdx.x;

	return (long)cluster_rank() * PART + at;
}

__device__ __forceinline__ void load_row(float (&v)[VECS][4], const float *x,
					 int cols)
{
	if (cols % 4 == 0) {
#pragma unroll
		for (int i = 0; i < VECS; i++) {
			const long j = place(i, 0, true);
			float4 f = { MINUS_INFINITY, MINUS_INFINITY,
				     MINUS_INFINITY, MINUS_INFINITY };

			if (j < cols)
				f = STREAM ? __ldcs((const float4 *)(x + j))
					   : *(const float4 *)(x + j);
			v[i][0] = f.x;
			v[i][1] = f.y;
			v[i][2] = f.z;
			v[i][3] = f.w;
		}
		return;
	}
#pragma unroll
	for (int i = 0; i < VECS; i++)
#pragma unroll
		for (int e = 0; e < 4; e++) {
			const long j = place(i, e, false);

			v[i][e] = j < cols ? x[j] : MINUS_INFINITY;
		}
}

__device__ __forceinline__ void store_row(float *y, const float (&v)[VECS][4],
					  float by, int cols)
{
	if (cols % 4 == 0) {
#pragma unroll
		for (int i = 0; i < VECS; i++) {
			const long j = place(i, 0, true);
			const float4 f = { v[i][0] * by, v[i][1] * by,
					   v[i][2] * by, v[i][3] * by };

			if (j >= cols)
				continue;
			if (STREAM)
				__stcs((float4 *)(y + j), f);
			else
				*(float4 *)(y + j) = f;
		}
		return;
	}
#pragma unroll
	for (int i = 0; i < VECS; i++)
#pragma unroll
		for (int e = 0; e < 4; e++) {
			const long j = place(i, e, false);

			if (j < cols)
				y[j] = v[i][e] * by;
		}
}

/* A row that does not fit: the cluster's threads share it as one block's
 * would, and read it twice more. */
__device__ void wide_row(const float *x, float *y, int cols)
{
	__shared__ float tops[32], sums[32];
	const long first = (long)cluster_rank() * THREADS + threadIdx.x;
	float m = MINUS_INFINITY, sum = 0, by;

	for (long j = first; j < cols; j += CLUSTER * THREADS)
		m = fmaxf(m, x[j]);
	m = block_max<THREADS>(m, tops);
	for (long j = first; j < cols; j += CLUSTER * THREADS)
		sum += power(x[j], m);
	by = join_row(m, block_sum<THREADS>(sum, sums));
	for (long j = first; j < cols; j += CLUSTER * THREADS)
		y[j] = power(x[j], m) * by;
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	__shared__ float tops[32], sums[32];
	const long row = blockIdx.x / CLUSTER;
	float v[VECS][4], m = MINUS_INFINITY, sum = 0;

	x += row * cols;
	y += row * cols;
	cluster_arrive();
	if (cols > CLUSTER * PART) {
		wide_row(x, y, cols);
		return;
	}
	load_row(v, x, cols);
#pragma unroll
	for (int i = 0; i < VECS; i++)
#pragma unroll
		for (int e = 0; e < 4; e++)
			m = fmaxf(m, v[i][e]);
	m = block_max<THREADS>(m, tops);
#pragma unroll
	for (int i = 0; i < VECS; i++)
#pragma unroll
		for (int e = 0; e < 4; e++) {
			v[i][e] = power(v[i][e], m);
			sum += v[i][e];
		}
	sum = block_sum<THREADS>(sum, sums);
	store_row(y, v, join_row(m, sum), cols);
}
