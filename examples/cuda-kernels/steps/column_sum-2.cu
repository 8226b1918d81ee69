/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: one launch. The eight blocks of a cluster share the rows of a strip
 * of columns and add up their sums in the shared memory of each other, so
 * that no partial sum goes through global memory. */
/*
 * The sum of each column, as in the gradient of a bias.
 *
 * LANES threads read a row's strip of 4 * LANES columns, the others of the
 * block different rows, AHEAD of them before the first is added.
 */
#define LANES 16  //pike: tune 8 16 32
#define BLOCK 512 //pike: tune 128 256 512 1024
#define AHEAD 4	  //pike: tune 1 2 4 8
#define STREAM 1  //pike: tune 0 1

#include "gpu.cuh"

#define CLUSTER 8
#define STRIP (LANES * 4)
#define LINES (BLOCK / LANES) /* rows at once */

//pike: launch column_sum grid=(CLUSTER * cdiv(cols, STRIP)) block=(LANES, LINES) cluster=(CLUSTER)

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

/* ---- sums ---- */

__device__ __forceinline__ float4 load(const float *x)
{
	return STREAM ? __ldcs((const float4 *)x) : *(const float4 *)x;
}

__device__ __forceinline__ void add(float (&sum)[4], const float4 &f)
{
	sum[0] += f.x;
	sum[1] += f.y;
	sum[2] += f.z;
	sum[3] += f.w;
}

/* The sums of four columns over rows i, i + LINES, ... below `end`. */
__device__ __forceinline__ void go_down(float (&sum)[4], const float *x, int i,
					int end, int cols)
{
	for (; i + (AHEAD - 1) * LINES < end; i += AHEAD * LINES) {
		float4 f[AHEAD];

#pragma unroll
		for (int u = 0; u < AHEAD; u++)
			f[u] = load(x + (long)(i + u * LINES) * cols);
#pragma unroll
		for (int u = 0; u < AHEAD; u++)
			add(sum, f[u]);
	}
	for (; i < end; i += LINES)
		add(sum, load(x + (long)i * cols));
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    column_sum(const float *__restrict__ x, float *__restrict__ y, int rows,
	       int cols)
{
	__shared__ alignas(16) float part[LINES][STRIP];
	__shared__ float all[CLUSTER][STRIP];
	const int rank = cluster_rank(), strip = blockIdx.x / CLUSTER * STRIP;
	const int size = (rows + CLUSTER - 1) / CLUSTER;
	const int first = rank * size;
	const int end = first + size < rows ? first + size : rows;
	const int lane = threadIdx.x, line = threadIdx.y;
	const int thread = line * LANES + lane;
	float sum[4] = { 0, 0, 0, 0 };

	cluster_arrive();
	/* Neighbours are a vector, if rows are aligned to vectors. */
	if (cols % 4 == 0) {
		const int at = strip + lane * 4;

		if (at < cols)
			go_down(sum, x + at, first + line, end, cols);
		*(float4 *)&part[line][lane * 4] =
		    make_float4(sum[0], sum[1], sum[2], sum[3]);
	} else {
		for (int i = first + line; i < end; i += LINES)
			for (int e = 0, c = lane; e < 4; e++, c += LANES)
				if (strip + c < cols)
					sum[e] += x[(long)i * cols + strip + c];
		for (int e = 0; e < 4; e++)
			part[line][e * LANES + lane] = sum[e];
	}
	__syncthreads();
	/* No block may be written to before it has begun. */
	cluster_wait();
	for (int c = thread; c < STRIP; c += BLOCK) {
		float s = 0;

		for (int i = 0; i < LINES; i++)
			s += part[i][c];
		store_far(&all[rank][c], 0, s);
	}
	__syncwarp();
	cluster_arrive();
	cluster_wait();
	/* From here on a block reads what is its own: others may end. */
	for (int c = thread; !rank && c < STRIP; c += BLOCK) {
		float s = 0;

		for (int i = 0; i < CLUSTER; i++)
			s += all[i][c];
		if (strip + c < cols)
			y[strip + c] = s;
	}
}
