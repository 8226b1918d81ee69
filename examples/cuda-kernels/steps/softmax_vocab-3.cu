/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3: a row waits in shared memory, where one bulk copy brings it, and
 * not in registers, so that three blocks fit on a multiprocessor: one reads
 * while another sums and a third stores. Warps trade maxima and sums with all
 * warps of the cluster at once, at one barrier. */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * CLUSTER blocks share a row evenly, PART elements each at most; wider rows
 * are shared piece by piece, and read twice.
 */
#define CLUSTER 8   //pike: tune 4 8
#define THREADS 256 //pike: tune 128 256 512
#define BLOCKS 3    //pike: tune 1 2 3
#define BATCH 8	    //pike: tune 2 4 8
#define STREAM 1    //pike: tune 0 1

#include "gpu.cuh"

#define WIDTH 131072
#define PART (WIDTH / CLUSTER)
#define WARPS (THREADS / 32)
#define PAIRS (WARPS * CLUSTER) /* maxima and sums of a row */
#define SHARED (PART * 4)

static_assert(THREADS * BLOCKS <= 2048, "too many threads");
static_assert(SHARED * BLOCKS <= 220 << 10, "too much shared memory");

//pike: launch softmax_vocab grid=(CLUSTER * rows) block=(THREADS) cluster=(CLUSTER) shared=SHARED

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
	asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::
			 "r"(bar),
		     "r"(bytes)
		     : "memory");
	if (!bytes)
		return;
	asm volatile("cp.async.bulk.shared::cluster.global."
		     "mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
			 "r"(shared_address(to)),
		     "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(bar)
		     : "memory");
}

/* ---- maxima and sums ---- */

/* A maximum, and the sum of 2^((x - m) * log2 e) up to now. */
struct online {
	float m, sum;
};

/* 2^((x - m) * log2 e); of nothing at all, where m is minus infinity, 0. */
__device__ __forceinline__ float power(float x, float m)
{
	return exp2_fast((x - (m == MINUS_INFINITY ? 0 : m)) * LOG2E);
}

/* N values more. */
template <int N>
__device__ __forceinline__ void add(online &o, const float (&v)[N])
{
	float m = o.m;

#pragma unroll
	for (int i = 0; i < N; i++)
		m = fmaxf(m, v[i]);
	o.sum *= power(o.m, m);
	o.m = m;
#pragma unroll
	for (int i = 0; i < N; i++)
		o.sum += power(v[i], m);
}

/* What a thread has becomes what its row has; begins between arriving at the
 * cluster's barrier and waiting. */
__device__ __forceinline__ online join_row(online o)
{
	__shared__ float2 all[PAIRS];
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	float m = warp_max(o.m), sum = warp_sum(o.sum * power(o.m, m));

	/* No block may be written to before it has begun. */
	cluster_wait();
	if (lane < CLUSTER)
		store_far(&all[cluster_rank() * WARPS + warp], lane,
			  make_float2(m, sum));
	__syncwarp();
	cluster_arrive();
	cluster_wait();
	/* From here on a block reads what is its own: others may end. */
	o = { MINUS_INFINITY, 0 };
#pragma unroll
	for (int i = lane; i < PAIRS; i += 32)
		o.m = fmaxf(o.m, all[i].x);
	o.m = warp_max(o.m);
#pragma unroll
	for (int i = lane; i < PAIRS; i += 32)
		o.sum += all[i].y * power(all[i].x, o.m);
	o.sum = warp_sum(o.sum);
	return o;
}

/* ---- a block's part of a row ---- */

/* `count` elements from `first` on of a piece of a row. Where rows are a whole
 * number of vectors, parts are. */
struct part {
	long first;
	int count;
};

__device__ __forceinline__ part part_of(long piece, int cols)
{
	const long left = cols - piece * WIDTH;
	const int width = left < WIDTH ? left : WIDTH;
	const int even = (width + CLUSTER * 4 - 1) / (CLUSTER * 4) * 4;
	const int from = cluster_rank() * even;
	part p = { piece * WIDTH + from, even };

	if (from + even > width)
		p.count = from < width ? width - from : 0;
	return p;
}

/* Asks for the part in `held`, or brings it where its row is not aligned. */
__device__ __forceinline__ void bring(float *held, const float *x,
				      const part &p, bool whole, unsigned bar)
{
	if (!whole) {
		for (int j = threadIdx.x; j < p.count; j += THREADS)
			held[j] = x[p.first + j];
	} else if (!threadIdx.x) {
		bulk_load(held, x + p.first, p.count * 4, bar);
	}
}

/* The same threads wait as look at it. */
__device__ __forceinline__ void await(bool whole, unsigned bar, int parity)
{
	if (whole)
		barrier_wait(bar, parity);
	else
		__syncthreads();
}

/* Beyond its end all is minus infinity. */
__device__ __forceinline__ void look(online &o, const float *held,
				     const part &p)
{
	for (int j = threadIdx.x * 4; j < p.count; j += THREADS * BATCH * 4) {
		float v[BATCH * 4];

#pragma unroll
		for (int b = 0; b < BATCH; b++) {
			const int at = j + b * THREADS * 4;
			const float4 f = *(const float4 *)(held + at % PART);

			v[b * 4] = at < p.count ? f.x : MINUS_INFINITY;
			v[b * 4 + 1] = at + 1 < p.count ? f.y : MINUS_INFINITY;
			v[b * 4 + 2] = at + 2 < p.count ? f.z : MINUS_INFINITY;
			v[b * 4 + 3] = at + 3 < p.count ? f.w : MINUS_INFINITY;
		}
		add(o, v);
	}
}

__device__ __forceinline__ void store(float *y, const float *held,
				      const part &p, const online &o,
				      bool whole)
{
	const float by = 1 / o.sum;

	y += p.first;
	if (!whole) {
		for (int j = threadIdx.x; j < p.count; j += THREADS)
			y[j] = power(held[j], o.m) * by;
		return;
	}
#pragma unroll 4
	for (int j = threadIdx.x * 4; j < p.count; j += THREADS * 4) {
		float4 f = *(const float4 *)(held + j);

		f.x = power(f.x, o.m) * by;
		f.y = power(f.y, o.m) * by;
		f.z = power(f.z, o.m) * by;
		f.w = power(f.w, o.m) * by;
		if (STREAM)
			__stcs((float4 *)(y + j), f);
		else
			*(float4 *)(y + j) = f;
	}
}

/* ---- the kernel ---- */

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	extern __shared__ __align__(128) float held[];
	__shared__ unsigned long long full;
	const unsigned bar = shared_address(&full);
	const long row = blockIdx.x / CLUSTER;
	const int pieces = (cols + WIDTH - 1) / WIDTH;
	const bool whole = cols % 4 == 0;
	online o = { MINUS_INFINITY, 0 };

	x += row * cols;
	y += row * cols;
	if (!threadIdx.x)
		barrier_init(bar);
	bring(held, x, part_of(0, cols), whole, bar);
	/* Nobody looks at a barrier that is not initialized yet. */
	__syncthreads();
	cluster_arrive();
	for (int i = 0; i < pieces; i++) {
		const part p = part_of(i, cols);

		if (i) {
			__syncthreads();
			bring(held, x, p, whole, bar);
		}
		await(whole, bar, i % 2);
		look(o, held, p);
	}
	o = join_row(o);
	for (int i = 0; i < pieces; i++) {
		const part p = part_of(i, cols);

		if (pieces > 1) {
			__syncthreads();
			bring(held, x, p, whole, bar);
			await(whole, bar, (pieces + i) % 2);
		}
		store(y, held, p, o, whole);
	}
}
