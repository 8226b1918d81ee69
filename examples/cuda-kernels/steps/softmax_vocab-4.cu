/* SPDX-License-Identifier: Apache-2.0 */
/* Step 4: clusters stay and take one row after another. A row lives in
 * registers from its maximum to its result, so that each element's power is
 * taken once, and shared memory is a ring into which a warp of its own brings
 * the rows to come: memory is read while blocks meet, and while they write.
 * Blocks meet at a barrier that counts the bytes sent, without the copying
 * warp and without a word to anybody who has nothing to say. */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * CLUSTER blocks share a row evenly. Rows that are too wide for their
 * registers, or no whole number of vectors, are read twice, without the ring.
 */
#define CLUSTERS 31 //pike: tune 28 30 31 32 33
#define SLOTS 12    //pike: tune 8 10 12 13
#define STREAM 1    //pike: tune 0 1

#include "gpu.cuh"

#define CLUSTER 4
#define THREADS 512		/* and a warp that copies */
#define WARPS (THREADS / 32)
#define PAIRS (WARPS * CLUSTER) /* maxima and sums of a row */
#define CHUNK (THREADS * 8)	/* elements of a slot of the ring */
#define CHUNKS 8
#define PART (CHUNK * CHUNKS)
#define SHARED (SLOTS * CHUNK * 4)

static_assert(SHARED <= 220 << 10, "too much shared memory");
static_assert(PAIRS == 64, "each lane of a warp looks at two");

//pike: launch softmax_vocab grid=(CLUSTER * min(rows, CLUSTERS)) block=(THREADS + 32) cluster=(CLUSTER) shared=SHARED

/* ---- barriers in shared memory ---- */

/* Ends a phase when `count` have arrived and all bytes announced are there. */
__device__ __forceinline__ void barrier_init(unsigned bar, int count)
{
	asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar),
		     "r"(count)
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

__device__ __forceinline__ void barrier_arrive(unsigned bar)
{
	asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar)
		     : "memory");
}

/* Arrives and announces bytes. */
__device__ __forceinline__ void barrier_expect(unsigned bar, int bytes)
{
	asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::
			 "r"(bar),
		     "r"(bytes)
		     : "memory");
}

/* Brings `bytes`, a multiple of 16 or none, to shared memory; the barrier's
 * phase ends when they are there. */
__device__ __forceinline__ void bulk_load(unsigned to, const float *from,
					  int bytes, unsigned bar)
{
	barrier_expect(bar, bytes);
	if (!bytes)
		return;
	asm volatile("cp.async.bulk.shared::cluster.global."
		     "mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
			 "r"(to),
		     "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(bar)
		     : "memory");
}

/* ---- the blocks of a cluster ---- */

__device__ __forceinline__ int cluster_rank()
{
	int rank;

	asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
	return rank;
}

/* Barriers are initialized before anybody of the cluster uses them. */
__device__ __forceinline__ void cluster_begin()
{
	__syncwarp();
	asm volatile("fence.mbarrier_init.release.cluster;\n"
		     "barrier.cluster.arrive.release.aligned;\n"
		     "barrier.cluster.wait.acquire.aligned;" ::
			 : "memory");
}

/* Writes into a block's copy of a variable, and tells its copy of a barrier. */
__device__ __forceinline__ void send(unsigned variable, unsigned bar, int rank,
				     float2 v)
{
	asm volatile("{\n"
		     ".reg .b32 far, told;\n"
		     "mapa.shared::cluster.u32 far, %0, %2;\n"
		     "mapa.shared::cluster.u32 told, %1, %2;\n"
		     "st.async.weak.shared::cluster.mbarrier::complete_tx::"
		     "bytes.v2.f32 [far], {%3, %4}, [told];\n"
		     "}" ::"r"(variable),
		     "r"(bar), "r"(rank), "f"(v.x), "f"(v.y)
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

/* Where warps of all blocks put what they have; one for even rows of the
 * cluster, one for odd. Who sends to one again has all of the other, so from
 * warps that have read this one. */
struct meeting {
	float2 pairs[2][PAIRS];
	unsigned long long bar[2];
};

/* What a warp has becomes what its row has. `n` counts rows. */
__device__ __forceinline__ online meet(meeting &at, int n, const online &mine)
{
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	const unsigned bar = shared_address(&at.bar[n % 2]);
	float2 *const pairs = at.pairs[n % 2];
	online o;

	if (!threadIdx.x)
		barrier_expect(bar, sizeof(at.pairs[0]));
	if (lane < CLUSTER)
		send(shared_address(&pairs[cluster_rank() * WARPS + warp]), bar,
		     lane, make_float2(mine.m, mine.sum));
	barrier_wait(bar, n / 2 % 2);
	const float2 a = pairs[lane], b = pairs[lane + 32];

	o.m = warp_max(fmaxf(a.x, b.x));
	o.sum = warp_sum(a.y * power(a.x, o.m) + b.y * power(b.x, o.m));
	return o;
}

/* ---- rows that fit ---- */

/* Elements of a row that are this block's. */
struct part {
	int first, count;
};

__device__ __forceinline__ part part_of(int cols)
{
	const int even = (cols + CLUSTER * 4 - 1) / (CLUSTER * 4) * 4;
	const int first = cluster_rank() * even, left = cols - first;

	return { first, left < 0 ? 0 : left < even ? left : even };
}

struct ring {
	unsigned long long full[SLOTS], empty[SLOTS];
};

/* A place in the ring; `turn` is the parity of the times around. */
struct place {
	int slot, turn;
};

__device__ __forceinline__ void next(place &p)
{
	if (++p.slot == SLOTS) {
		p.slot = 0;
		p.turn ^= 1;
	}
}

/* One thread's work: all rows of the cluster, in order. */
__device__ __forceinline__ void bring_rows(ring &r, const float *held,
					   const float *x, int rows, int cols)
{
	const part p = part_of(cols);
	place at = { 0, 0 };

	for (int row = blockIdx.x / CLUSTER; row < rows;
	     row += gridDim.x / CLUSTER)
		for (int c = 0; c < CHUNKS; c++, next(at)) {
			const int left = p.count - c * CHUNK;
			const int n = left < 0 ? 0 : left < CHUNK ? left : CHUNK;

			/* The first time around all are. */
			barrier_wait(shared_address(&r.empty[at.slot]),
				     at.turn ^ 1);
			bulk_load(shared_address(held + at.slot * CHUNK),
				  x + (long)row * cols + p.first + c * CHUNK,
				  n * 4, shared_address(&r.full[at.slot]));
		}
}

/* A thread's eight of a chunk; beyond the part's end all is minus infinity. */
__device__ __forceinline__ void take(float *v, const float *chunk, int left)
{
#pragma unroll
	for (int k = 0; k < 2; k++) {
		const int j = (k * THREADS + threadIdx.x) * 4;
		const float4 f = *(const float4 *)(chunk + j);

		v[k * 4] = j < left ? f.x : MINUS_INFINITY;
		v[k * 4 + 1] = j < left ? f.y : MINUS_INFINITY;
		v[k * 4 + 2] = j < left ? f.z : MINUS_INFINITY;
		v[k * 4 + 3] = j < left ? f.w : MINUS_INFINITY;
	}
}

__device__ __forceinline__ void put(float *y, const float *v, float by,
				    int left)
{
#pragma unroll
	for (int k = 0; k < 2; k++) {
		const int j = (k * THREADS + threadIdx.x) * 4;
		const float4 f =
		    make_float4(v[k * 4] * by, v[k * 4 + 1] * by,
				v[k * 4 + 2] * by, v[k * 4 + 3] * by);

		if (j >= left)
			continue;
		if (STREAM)
			__stcs((float4 *)(y + j), f);
		else
			*(float4 *)(y + j) = f;
	}
}

/* The maximum of a warp's elements; they become powers, relative to it. */
__device__ __forceinline__ online raise(float (&v)[PART / THREADS])
{
	online o = { MINUS_INFINITY, 0 };

#pragma unroll
	for (int i = 0; i < PART / THREADS; i++)
		o.m = fmaxf(o.m, v[i]);
	o.m = warp_max(o.m);
#pragma unroll
	for (int i = 0; i < PART / THREADS; i++) {
		v[i] = power(v[i], o.m);
		o.sum += v[i];
	}
	o.sum = warp_sum(o.sum);
	return o;
}

__device__ __forceinline__ void rows_that_fit(ring &r, meeting &at,
					      const float *held, float *y,
					      int rows, int cols)
{
	const part p = part_of(cols);
	place from = { 0, 0 };
	int n = 0;

	for (int row = blockIdx.x / CLUSTER; row < rows;
	     row += gridDim.x / CLUSTER, n++) {
		float v[PART / THREADS];
		online mine, all;

#pragma unroll
		for (int c = 0; c < CHUNKS; c++, next(from)) {
			barrier_wait(shared_address(&r.full[from.slot]),
				     from.turn);
			take(v + c * 8, held + from.slot * CHUNK,
			     p.count - c * CHUNK);
			__syncwarp();
			if (threadIdx.x % 32 == 0)
				barrier_arrive(
				    shared_address(&r.empty[from.slot]));
		}
		mine = raise(v);
		all = meet(at, n, mine);
		all.sum = power(mine.m, all.m) / all.sum;
#pragma unroll
		for (int c = 0; c < CHUNKS; c++)
			put(y + (long)row * cols + p.first + c * CHUNK,
			    v + c * 8, all.sum, p.count - c * CHUNK);
	}
}

/* ---- other rows ---- */

__device__ __forceinline__ void other_rows(meeting &at, const float *x,
					   float *y, int rows, int cols)
{
	const int first = cluster_rank() * THREADS + threadIdx.x;
	int n = 0;

	for (int row = blockIdx.x / CLUSTER; row < rows;
	     row += gridDim.x / CLUSTER, n++) {
		const float *in = x + (long)row * cols;
		float *out = y + (long)row * cols;
		online o = { MINUS_INFINITY, 0 }, warp;

		for (int j = first; j < cols; j += CLUSTER * THREADS) {
			const float m = fmaxf(o.m, in[j]);

			o.sum = o.sum * power(o.m, m) + power(in[j], m);
			o.m = m;
		}
		warp.m = warp_max(o.m);
		warp.sum = warp_sum(o.sum * power(o.m, warp.m));
		o = meet(at, n, warp);
		for (int j = first; j < cols; j += CLUSTER * THREADS)
			out[j] = power(in[j], o.m) / o.sum;
	}
}

/* ---- the kernel ---- */

extern "C" __global__ void __launch_bounds__(THREADS + 32, 1)
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	extern __shared__ __align__(128) float held[];
	__shared__ meeting at;
	__shared__ ring r;
	const bool fit = cols % 4 == 0 && cols <= PART * CLUSTER;

	if (!threadIdx.x) {
		for (int i = 0; i < 2; i++)
			barrier_init(shared_address(&at.bar[i]), 1);
		for (int i = 0; i < SLOTS; i++) {
			barrier_init(shared_address(&r.full[i]), 1);
			barrier_init(shared_address(&r.empty[i]), WARPS);
		}
	}
	cluster_begin();
	if (threadIdx.x < THREADS && fit)
		rows_that_fit(r, at, held, y, rows, cols);
	else if (threadIdx.x < THREADS)
		other_rows(at, x, y, rows, cols);
	else if (threadIdx.x == THREADS && fit)
		bring_rows(r, held, x, rows, cols);
}
