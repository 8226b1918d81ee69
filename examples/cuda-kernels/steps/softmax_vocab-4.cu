/* SPDX-License-Identifier: Apache-2.0 */
/* Step 4: some of a row waits in registers beside what waits in shared memory,
 * so that four blocks fit on a multiprocessor and not three. A part comes in
 * pieces, and each is looked at when it is there. */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * CLUSTER blocks share a row evenly, PART elements each at most: HELD in
 * registers, the rest in shared memory. Wider rows, and rows of no whole
 * number of vectors, are read twice.
 */
#define CLUSTER 8   //pike: tune 4 8
#define THREADS 256 //pike: tune 128 256 512
#define BLOCKS 4    //pike: tune 2 3 4 5
#define VECS 3	    //pike: tune 2 3 4 5
#define BATCH 4	    //pike: tune 2 4 8

#include "gpu.cuh"

#define WIDTH 129024
#define PART (WIDTH / CLUSTER)
#define HELD (THREADS * VECS * 4)
#define REST (PART - HELD)
#define PIECE 4096
#define PIECES cdiv(REST, PIECE)
#define WARPS (THREADS / 32)
#define PAIRS (WARPS * CLUSTER) /* maxima and sums of a row */
#define SHARED (REST * 4)

//pike: launch softmax_vocab grid=(CLUSTER * rows) block=(THREADS) cluster=(CLUSTER) shared=SHARED

#define cdiv(a, b) (((a) + (b)-1) / (b))

static_assert(THREADS * BLOCKS <= 2048, "too many threads");
static_assert((SHARED + 2560) * BLOCKS <= 228 << 10, "too much shared memory");
static_assert(PART % 4 == 0 && REST > 0, "vectors");

/* ---- what CUDA C++ has no name for ---- */

/* Ends a phase when one thread has arrived and all bytes announced are there.
 */
__device__ __forceinline__ void barrier_init(unsigned bar)
{
	asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(bar)
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

/* Arrives and announces bytes. */
__device__ __forceinline__ void barrier_expect(unsigned bar, int bytes)
{
	asm volatile(
	    "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar),
	    "r"(bytes)
	    : "memory");
}

/* Brings `bytes`, a multiple of 16, to shared memory and counts them at the
 * barrier. */
__device__ __forceinline__ void bulk_load(unsigned to, const float *from,
					  int bytes, unsigned bar)
{
	asm volatile("cp.async.bulk.shared::cluster.global."
		     "mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
			 to),
		     "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(bar)
		     : "memory");
}

__device__ __forceinline__ int cluster_rank()
{
	int rank;

	asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
	return rank;
}

/* To meet: first every thread arrives, then it waits for all others. What was
 * written before arriving, barriers initialized too, is seen after waiting. */
__device__ __forceinline__ void cluster_arrive()
{
	__syncwarp();
	asm volatile("fence.mbarrier_init.release.cluster;\n"
		     "barrier.cluster.arrive.release.aligned;" ::
			 : "memory");
}

__device__ __forceinline__ void cluster_wait()
{
	asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

/* Writes into a block's copy of a variable, and counts the bytes at its copy
 * of a barrier. */
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
	float m = o.m, sums[4] = {};

#pragma unroll
	for (int i = 0; i < N; i++)
		m = fmaxf(m, v[i]);
	o.sum *= power(o.m, m);
	o.m = m;
#pragma unroll
	for (int i = 0; i < N; i++)
		sums[i % 4] += power(v[i], m);
	o.sum += (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* What a thread has becomes what its row has. Begins between arriving at the
 * cluster's barrier and waiting; `bar` waits for the pairs of the row. */
__device__ __forceinline__ online join_row(float2 (&pairs)[PAIRS], unsigned bar,
					   online o)
{
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	const float m = warp_max(o.m), sum = warp_sum(o.sum * power(o.m, m));

	/* No block may be written to before it has begun. */
	cluster_wait();
	if (lane < CLUSTER)
		send(shared_address(&pairs[cluster_rank() * WARPS + warp]), bar,
		     lane, make_float2(m, sum));
	barrier_wait(bar, 0);
	o = { MINUS_INFINITY, 0 };
#pragma unroll
	for (int i = lane; i < PAIRS; i += 32)
		o.m = fmaxf(o.m, pairs[i].x);
	o.m = warp_max(o.m);
#pragma unroll
	for (int i = lane; i < PAIRS; i += 32)
		o.sum += pairs[i].y * power(pairs[i].x, o.m);
	o.sum = warp_sum(o.sum);
	return o;
}

/* ---- a block's part of a row ---- */

__device__ __forceinline__ float4 load(const float *x)
{
	return *(const float4 *)x;
}

__device__ __forceinline__ void store(float *y, float4 f, const online &o,
				      float by)
{
	f.x = power(f.x, o.m) * by;
	f.y = power(f.y, o.m) * by;
	f.z = power(f.z, o.m) * by;
	f.w = power(f.w, o.m) * by;
	*(float4 *)y = f;
}

/* Asks for what waits in shared memory, piece by piece; one thread. */
__device__ __forceinline__ void ask(unsigned long long (&full)[PIECES],
				    const float *held, const float *x,
				    int count)
{
	for (int i = 0; i < PIECES; i++) {
		const int left = count - i * PIECE;
		const int bytes = (left < 0	  ? 0
				   : left < PIECE ? left
						  : PIECE) *
				  4;
		const unsigned bar = shared_address(&full[i]);

		barrier_expect(bar, bytes);
		if (bytes)
			bulk_load(shared_address(held + i * PIECE),
				  x + i * PIECE, bytes, bar);
	}
}

/* Elements from `from` to `to`; beyond them all is minus infinity. */
__device__ __forceinline__ void look(online &o, const float *held, int from,
				     int to)
{
	for (int j = from + threadIdx.x * 4; j < to; j += THREADS * BATCH * 4) {
		float v[BATCH * 4];

#pragma unroll
		for (int b = 0; b < BATCH; b++) {
			const int at = j + b * THREADS * 4;
			float4 f = { MINUS_INFINITY, MINUS_INFINITY,
				     MINUS_INFINITY, MINUS_INFINITY };

			if (at < to)
				f = *(const float4 *)(held + at);
			v[b * 4] = f.x;
			v[b * 4 + 1] = f.y;
			v[b * 4 + 2] = f.z;
			v[b * 4 + 3] = f.w;
		}
		add(o, v);
	}
}

/* ---- other rows ---- */

__device__ void other_rows(const float *x, float *y, int rows, int cols)
{
	__shared__ float tops[32], sums[32];
	__shared__ float2 all[CLUSTER];
	const int first = cluster_rank() * THREADS + threadIdx.x;

	for (int row = blockIdx.x / CLUSTER; row < rows;
	     row += gridDim.x / CLUSTER) {
		const float *in = x + (long)row * cols;
		float *out = y + (long)row * cols;
		online o = { MINUS_INFINITY, 0 };
		float m, sum;

		for (int j = first; j < cols; j += CLUSTER * THREADS) {
			const float one[1] = { in[j] };

			add(o, one);
		}
		m = block_max<THREADS>(o.m, tops);
		sum = block_sum<THREADS>(o.sum * power(o.m, m), sums);
		/* All are done with the row before. */
		cluster_arrive();
		cluster_wait();
		if (threadIdx.x < CLUSTER)
			store_far(&all[cluster_rank()], threadIdx.x,
				  make_float2(m, sum));
		__syncwarp();
		cluster_arrive();
		cluster_wait();
		o = { MINUS_INFINITY, 0 };
		for (int i = 0; i < CLUSTER; i++)
			o.m = fmaxf(o.m, all[i].x);
		for (int i = 0; i < CLUSTER; i++)
			o.sum += all[i].y * power(all[i].x, o.m);
		for (int j = first; j < cols; j += CLUSTER * THREADS)
			out[j] = power(in[j], o.m) / o.sum;
	}
}

/* ---- the kernel ---- */

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	extern __shared__ __align__(128) float held[];
	__shared__ unsigned long long full[PIECES];
	__shared__ unsigned long long met;
	__shared__ float2 pairs[PAIRS];
	const int even = cdiv(cols, CLUSTER * 4) * 4;
	const int first = cluster_rank() * even, left = cols - first;
	const int count = left < 0 ? 0 : left < even ? left : even;
	const long at = blockIdx.x / CLUSTER * (long)cols + first;
	/* The first HELD elements of the part are the registers'. */
	const int rest = count < HELD ? 0 : count - HELD;
	float v[VECS * 4], by;
	online o = { MINUS_INFINITY, 0 };

	if (cols % 4 || cols > WIDTH) {
		other_rows(x, y, rows, cols);
		return;
	}
	if (!threadIdx.x) {
		barrier_init(shared_address(&met));
		for (int i = 0; i < PIECES; i++)
			barrier_init(shared_address(&full[i]));
		barrier_expect(shared_address(&met), PAIRS * sizeof(float2));
		ask(full, held, x + at + HELD, rest);
	}
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int j = (i * THREADS + threadIdx.x) * 4;
		float4 f = { MINUS_INFINITY, MINUS_INFINITY, MINUS_INFINITY,
			     MINUS_INFINITY };

		if (j < count)
			f = load(x + at + j);
		v[i * 4] = f.x;
		v[i * 4 + 1] = f.y;
		v[i * 4 + 2] = f.z;
		v[i * 4 + 3] = f.w;
	}
	/* Nobody looks at a barrier that is not initialized yet. */
	__syncthreads();
	cluster_arrive();
	add(o, v);
#pragma unroll
	for (int i = 0; i < PIECES; i++) {
		const int end = (i + 1) * PIECE;

		barrier_wait(shared_address(&full[i]), 0);
		look(o, held, i * PIECE, rest < end ? rest : end);
	}
	o = join_row(pairs, shared_address(&met), o);
	by = 1 / o.sum;
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int j = (i * THREADS + threadIdx.x) * 4;

		if (j < count)
			store(y + at + j,
			      make_float4(v[i * 4], v[i * 4 + 1], v[i * 4 + 2],
					  v[i * 4 + 3]),
			      o, by);
	}
#pragma unroll 4
	for (int j = threadIdx.x * 4; j < rest; j += THREADS * 4)
		store(y + at + HELD + j, *(const float4 *)(held + j), o, by);
}
