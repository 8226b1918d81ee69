/* SPDX-License-Identifier: Apache-2.0 */
/* Step 4: clusters stay and take row after row, so that no multiprocessor
 * waits for the next cluster to begin: a bulk copy brings the rows to come to
 * shared memory, as many as there is room for, while the row at hand lies in
 * registers. */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * CLUSTER blocks share a row evenly, PART elements each at most; CLUSTERS of
 * them take the rows in turn, STAGES of which are on their way. Wider rows, and
 * those of no whole number of vectors, go through a loop of their own that
 * reads them three times.
 */
#define CLUSTER 8   //pike: tune 4 8
#define CLUSTERS 16 //pike: tune 14 15 16 30 32
#define THREADS 512 //pike: tune 256 512 1024
#define STAGES 3    //pike: tune 1 2 3
#define STREAM 1    //pike: tune 0 1

#include "gpu.cuh"

#define WIDTH 131072
#define PART (WIDTH / CLUSTER)
#define VECS (PART / (THREADS * 4)) /* vectors of four a thread holds */
#define WARPS (THREADS / 32)
#define PAIRS (WARPS * CLUSTER) /* maxima and sums of a row */
#define SHARED (STAGES * PART * 4)

static_assert(SHARED <= 224 << 10, "too much shared memory");
static_assert(VECS * 4 + 32 <= 65536 / THREADS, "too many registers");

//pike: launch softmax_vocab grid=(CLUSTER * CLUSTERS) block=(THREADS) cluster=(CLUSTER) shared=SHARED

/* ---- the blocks of a cluster ---- */

__device__ __forceinline__ int cluster_rank()
{
	int rank;

	asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
	return rank;
}

/* What was written before is seen after it, by all threads of the cluster. */
__device__ __forceinline__ void cluster_meet()
{
	asm volatile("barrier.cluster.arrive.release.aligned;\n"
		     "barrier.cluster.wait.acquire.aligned;" ::
			 : "memory");
}

/* Writes into another block's copy of a shared variable. */
__device__ __forceinline__ void store_far(float2 *variable, int rank, float2 v)
{
	asm volatile("{\n"
		     ".reg .b32 far;\n"
		     "mapa.shared::cluster.u32 far, %0, %1;\n"
		     "st.shared::cluster.v2.f32 [far], {%2, %3};\n"
		     "}" ::"r"(shared_address(variable)),
		     "r"(rank), "f"(v.x), "f"(v.y)
		     : "memory");
}

/* ---- copies behind the threads' backs ---- */

/* A barrier that one thread arrives at, and the bytes that it announces. */
__device__ __forceinline__ void barrier_init(unsigned bar)
{
	asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\n"
		     "fence.proxy.async.shared::cta;" ::"r"(bar)
		     : "memory");
}

__device__ __forceinline__ void barrier_wait(unsigned bar, int parity)
{
	unsigned done;

	do
		asm volatile("{\n"
			     ".reg .pred p;\n"
			     "mbarrier.try_wait.parity.shared::cta.b64 "
			     "p, [%1], %2;\n"
			     "selp.u32 %0, 1, 0, p;\n"
			     "}"
			     : "=r"(done)
			     : "r"(bar), "r"(parity)
			     : "memory");
	while (!done);
}

/* Brings `bytes`, a multiple of 16 or none, to shared memory; the barrier's
 * phase ends when they are there. */
__device__ __forceinline__ void bulk_load(float *to, const float *from,
					  int bytes, unsigned bar)
{
	asm volatile(
	    "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar),
	    "r"(bytes)
	    : "memory");
	if (!bytes)
		return;
	asm volatile("cp.async.bulk.shared::cluster.global."
		     "mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
			 shared_address(to)),
		     "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(bar)
		     : "memory");
}

/* ---- maxima and sums ---- */

/* 2^((x - m) * log2 e); of nothing at all, where m is minus infinity, 0. */
__device__ __forceinline__ float power(float x, float m)
{
	return exp2_fast((x - (m == MINUS_INFINITY ? 0 : m)) * LOG2E);
}

/* Of a warp's maximum and sum, those of the row become the factor by which
 * 2^((x - m) * log2 e) is a result. `all` is not in use by another row: two of
 * them in turn will do, since who meets for one row has read the one before. */
__device__ __forceinline__ float join_row(float2 *all, float m, float sum)
{
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	float top = MINUS_INFINITY, whole = 0;

	if (lane < CLUSTER)
		store_far(&all[cluster_rank() * WARPS + warp], lane,
			  make_float2(m, sum));
	__syncwarp();
	cluster_meet();
#pragma unroll
	for (int i = lane; i < PAIRS; i += 32)
		top = fmaxf(top, all[i].x);
	top = warp_max(top);
#pragma unroll
	for (int i = lane; i < PAIRS; i += 32)
		whole += all[i].y * power(all[i].x, top);
	return power(m, top) / warp_sum(whole);
}

/* ---- a row in registers ---- */

/* `count` elements from `first` on of a row, a whole number of vectors. */
struct part {
	int first, count;
};

__device__ __forceinline__ part part_of(int cols)
{
	const int even = (cols + CLUSTER * 4 - 1) / (CLUSTER * 4) * 4;
	part p = { cluster_rank() * even, even };

	if (p.first + even > cols)
		p.count = p.first < cols ? cols - p.first : 0;
	return p;
}

/* Beyond its end all is minus infinity. */
__device__ __forceinline__ void take(float4 (&v)[VECS], const float *held,
				     int count)
{
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int at = (i * THREADS + threadIdx.x) * 4;

		v[i] = at < count ? *(const float4 *)(held + at)
				  : make_float4(MINUS_INFINITY, MINUS_INFINITY,
						MINUS_INFINITY, MINUS_INFINITY);
	}
}

__device__ __forceinline__ float top_of(const float4 (&v)[VECS])
{
	float m = MINUS_INFINITY;

#pragma unroll
	for (int i = 0; i < VECS; i++)
		m = fmaxf(m,
			  fmaxf(fmaxf(v[i].x, v[i].y), fmaxf(v[i].z, v[i].w)));
	return m;
}

/* Elements become powers; returns their sum. */
__device__ __forceinline__ float raise(float4 (&v)[VECS], float m)
{
	float sum = 0;

#pragma unroll
	for (int i = 0; i < VECS; i++) {
		v[i].x = power(v[i].x, m);
		v[i].y = power(v[i].y, m);
		v[i].z = power(v[i].z, m);
		v[i].w = power(v[i].w, m);
		sum += (v[i].x + v[i].y) + (v[i].z + v[i].w);
	}
	return sum;
}

__device__ __forceinline__ void store(float *y, const float4 (&v)[VECS],
				      float by, int count)
{
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int at = (i * THREADS + threadIdx.x) * 4;
		const float4 f = { v[i].x * by, v[i].y * by, v[i].z * by,
				   v[i].w * by };

		if (at >= count)
			continue;
		if (STREAM)
			__stcs((float4 *)(y + at), f);
		else
			*(float4 *)(y + at) = f;
	}
}

/* ---- a row of any width ---- */

/* The cluster's threads share it as one block's would. */
__device__ void any_row(const float *x, float *y, int cols, float2 *all)
{
	const int first = cluster_rank() * THREADS + threadIdx.x;
	float m = MINUS_INFINITY, sum = 0, by;

	for (int j = first; j < cols; j += CLUSTER * THREADS)
		m = fmaxf(m, x[j]);
	m = warp_max(m);
	for (int j = first; j < cols; j += CLUSTER * THREADS)
		sum += power(x[j], m);
	by = join_row(all, m, warp_sum(sum));
	for (int j = first; j < cols; j += CLUSTER * THREADS)
		y[j] = power(x[j], m) * by;
}

/* ---- the kernel ---- */

extern "C" __global__ void __launch_bounds__(THREADS, 1)
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	extern __shared__ __align__(128) float held[];
	__shared__ unsigned long long full[STAGES];
	__shared__ float2 all[2][PAIRS];
	const int cluster = blockIdx.x / CLUSTER;
	const bool whole = cols % 4 == 0 && cols <= WIDTH;
	const part p = part_of(cols);
	float4 v[VECS];

	if (!threadIdx.x && whole)
		for (int s = 0; s < STAGES; s++) {
			const long row = cluster + (long)s * CLUSTERS;

			barrier_init(shared_address(&full[s]));
			if (row < rows)
				bulk_load(held + s * PART,
					  x + row * cols + p.first, p.count * 4,
					  shared_address(&full[s]));
		}
	/* No block may be written to before it has begun, and nobody looks at
	 * a barrier that is not initialized yet. */
	cluster_meet();
	for (int i = 0; cluster + (long)i * CLUSTERS < rows; i++) {
		const long row = cluster + (long)i * CLUSTERS;
		const int s = i % STAGES;
		const unsigned bar = shared_address(&full[s]);
		float m, by;

		if (!whole) {
			any_row(x + row * cols, y + row * cols, cols,
				all[i % 2]);
			continue;
		}
		barrier_wait(bar, i / STAGES % 2);
		take(v, held + s * PART, p.count);
		__syncthreads();
		if (!threadIdx.x && row + STAGES * CLUSTERS < rows)
			bulk_load(held + s * PART,
				  x + (row + STAGES * CLUSTERS) * cols +
				      p.first,
				  p.count * 4, bar);
		m = warp_max(top_of(v));
		by = join_row(all[i % 2], m, warp_sum(raise(v, m)));
		store(y + row * cols + p.first, v, by, p.count);
	}
}
