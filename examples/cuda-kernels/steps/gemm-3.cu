/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3: no fences over the cluster. Waiting for a stage and giving it back
 * ordered all memory of both blocks, which cost more than a third of the time;
 * tiles are written by the copy engine and read by the tensor cores alone, and
 * for these the barrier of the block is enough. */
/*
 * c[m][n] = a[m][k] times the transpose of b[n][k], as in a linear layer:
 * bf16, with sums in fp32.
 *
 * Tiles come by the bulk tensor copy engine, which one thread feeds, and stay
 * in shared memory, where wgmma takes them from; the blocks of a cluster share
 * what both need. A tile of BM x BN outputs is shared by CONSUMERS warpgroups,
 * M_TILES times 64 rows each; blocks stay for tile after tile.
 *
 * The copy engine needs rows aligned to 16 bytes: where k is no multiple of 8
 * the tensor maps are of no use (and of a made-up width, which takes k of at
 * least 8), and plain loops compute c.
 */
#define BN 256	    //pike: tune 128 192 256
#define M_TILES 1   //pike: tune 1 2
#define CONSUMERS 2 //pike: tune 1 2
#define STAGES 4    //pike: tune 3 4 5 6
#define CLUSTER 2   //pike: tune 1 2
#define GROUP 8	    //pike: tune 1 2 4 8 16

#include "gpu.cuh"
#include "pike.cuh"

#define SMS 132 /* of an H100 or H200; another number is only less even */
#define BM (64 * M_TILES * CONSUMERS)
#define BK 64 /* 128 bytes: the widest row that the engine swizzles */
#define THREADS (128 * CONSUMERS + 128)
#define A_BYTES (BM * 128)
#define B_BYTES (BN * 128)
#define STAGE (A_BYTES + B_BYTES)
#define STRIP 2048 /* a warp's 16 x 64 results on their way out */
#define STRIPS (4 * CONSUMERS * STRIP)
/* Swizzled tiles begin at multiples of 1024, which costs up to 1024 bytes. */
#define SHARED (1024 + STAGES * STAGE + STRIPS + 16 * STAGES)

static_assert(M_TILES * BN <= 256, "sums of a warpgroup do not fit");

//pike: launch gemm grid=(CLUSTER * min(cdiv(cdiv(m, BM), CLUSTER) * cdiv(n, BN), SMS / CLUSTER)) block=(THREADS) cluster=(CLUSTER) shared=SHARED args=(tma(a, dims=(m, k / 8 * 8), box=(BM, BK), swizzle=128), tma(b, dims=(n, k / 8 * 8), box=(BN / CLUSTER, BK), swizzle=128), a, b, c, m, n, k)

/* ---- barriers in shared memory: arrivals and bytes of a phase ---- */

__device__ __forceinline__ void barrier_init(unsigned bar, int arrivals)
{
	asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar),
		     "r"(arrivals)
		     : "memory");
}

/* Barriers that were initialized are seen by the cluster and the engine. */
__device__ __forceinline__ void barrier_init_fence()
{
	asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
	asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* Arrives, and announces the bytes that copies will bring in this phase. */
__device__ __forceinline__ void barrier_expect(unsigned bar, int bytes)
{
	asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::
			 "r"(bar),
		     "r"(bytes)
		     : "memory");
}

/* Arrives at the barrier of a block of the cluster: what is told is that this
 * warp's wgmma is done with a stage, which orders no writes of its own. */
__device__ __forceinline__ void barrier_arrive(unsigned bar, int rank)
{
	asm volatile("{\n"
		     ".reg .b32 far;\n"
		     "mapa.shared::cluster.u32 far, %0, %1;\n"
		     "mbarrier.arrive.shared::cluster.b64 _, [far];\n"
		     "}" ::"r"(bar),
		     "r"(rank)
		     : "memory");
}

/* Is the phase of this parity over? Waits for a while. */
__device__ __forceinline__ bool barrier_try(unsigned bar, int parity)
{
	unsigned done;

	asm volatile("{\n"
		     ".reg .pred p;\n"
		     "mbarrier.try_wait.parity.shared::cta.b64 "
		     "p, [%1], %2;\n"
		     "selp.u32 %0, 1, 0, p;\n"
		     "}"
		     : "=r"(done)
		     : "r"(bar), "r"(parity)
		     : "memory");
	return done;
}

__device__ __forceinline__ void barrier_wait(unsigned bar, int parity)
{
	while (!barrier_try(bar, parity))
		;
}

/* ---- blocks of a cluster ---- */

__device__ __forceinline__ int cluster_rank()
{
	int rank;

	asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
	return rank;
}

__device__ __forceinline__ void cluster_sync()
{
	asm volatile("barrier.cluster.arrive.release;\n"
		     "barrier.cluster.wait.acquire;" ::
			 : "memory");
}

/* ---- copies of boxes of a tensor ---- */

/* Brings the box at column x and row y to shared memory. */
__device__ __forceinline__ void box_load(unsigned to,
					 const pike_tensor_map *map, int x,
					 int y, unsigned bar)
{
	asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global."
		     "mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];"
		     ::"r"(to),
		     "l"(map), "r"(x), "r"(y), "r"(bar)
		     : "memory");
}

/* The same, to the same place in all blocks of the cluster in `mask`, and to
 * the barrier of each. */
__device__ __forceinline__ void box_load_all(unsigned to,
					     const pike_tensor_map *map, int x,
					     int y, unsigned bar, int mask)
{
	asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global."
		     "mbarrier::complete_tx::bytes.multicast::cluster "
		     "[%0], [%1, {%2, %3}], [%4], %5;" ::"r"(to),
		     "l"(map), "r"(x), "r"(y), "r"(bar), "h"((short)mask)
		     : "memory");
}

__device__ __forceinline__ void map_prefetch(const pike_tensor_map *map)
{
	asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/* ---- wgmma ---- */

/*
 * What wgmma has to know of a tile of rows of 128 bytes, as the engine left it
 * with swizzle 128: its address, the distance of groups of eight rows (1024;
 * both in units of 16 bytes), and the swizzle (1 in the top bits). The other
 * distance, 1, is not used with this swizzle.
 */
__device__ __forceinline__ unsigned long long tile_at(unsigned address)
{
	return (unsigned long long)(address >> 4 & 0x3fff) | 1ull << 16 |
	       64ull << 32 | 1ull << 62;
}

__device__ __forceinline__ void wgmma_begin()
{
	asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void wgmma_commit()
{
	asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/* Waits for all groups but the last `Left`. */
template <int Left> __device__ __forceinline__ void wgmma_wait()
{
	asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Left)
		     : "memory");
}

/* Ten names of operands, and four or more operands. */
#define TEN(t)                                                                 \
	"%" t "0, %" t "1, %" t "2, %" t "3, %" t "4, "                        \
	"%" t "5, %" t "6, %" t "7, %" t "8, %" t "9, "
#define F4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define F16(i) F4(i), F4(i + 4), F4(i + 8), F4(i + 12)
#define F32(i) F16(i), F16(i + 16)
#define WGMMA(n, names, a, b, p, ...)                                          \
	asm volatile("{\n"                                                     \
		     ".reg .pred more;\n"                                      \
		     "setp.ne.b32 more, " p ", 0;\n"                           \
		     "wgmma.mma_async.sync.aligned.m64n" n                     \
		     "k16.f32.bf16.bf16 {" names "}, " a ", " b                \
		     ", more, 1, 1, 0, 0;\n"                                   \
		     "}"                                                       \
		     : __VA_ARGS__                                             \
		     : "l"(at), "l"(bt), "r"(more))

/* d += a[64][16] times the transpose of b[BN][16]; without `more`, d = .
 * Thread t of the warpgroup holds in d[j * 4 + h * 2 + e] row t / 32 * 16 +
 * t % 32 / 4 + h * 8, column j * 8 + t % 4 * 2 + e. */
__device__ __forceinline__ void wgmma(float (&d)[BN / 2], unsigned long long at,
				      unsigned long long bt, int more)
{
#if BN == 128
	WGMMA("128",
	      TEN("") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5")
	      "%60, %61, %62, %63", "%64", "%65", "%66",
	      F32(0), F32(32));
#elif BN == 192
	WGMMA("192",
	      TEN("") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6")
	      TEN("7") TEN("8") "%90, %91, %92, %93, %94, %95",
	      "%96", "%97", "%98", F32(0), F32(32), F32(64));
#else
	WGMMA("256",
	      TEN("") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6")
	      TEN("7") TEN("8") TEN("9") TEN("10") TEN("11") "%120, %121, "
	      "%122, %123, %124, %125, %126, %127", "%128", "%129", "%130",
	      F32(0), F32(32), F32(64), F32(96));
#endif
}

/* The compiler must neither read the sums before this place nor keep copies
 * of them beyond it: wgmma writes them behind its back. */
__device__ __forceinline__ void settle(float (&d)[BN / 2])
{
#pragma unroll
	for (int i = 0; i < BN / 2; i++)
		asm volatile("" : "+f"(d[i])::"memory");
}

/* ---- registers: the producer gives what it does not need ---- */

__device__ __forceinline__ void take_registers()
{
#if CONSUMERS == 2
	asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
#endif
}

__device__ __forceinline__ void give_registers()
{
#if CONSUMERS == 2
	asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
#endif
}

/* ---- the kernel ---- */

struct shape {
	int m, n, k;
};

/* The tiles of a block, one after the other. A pair of blocks works on two
 * tiles below each other; GROUP pairs come before the next column of them, so
 * that what runs at the same time reads the same rows and columns. */
struct tiles {
	int at, all, pairs, columns;
};

__device__ __forceinline__ tiles tiles_begin(const shape &s)
{
	tiles t;

	t.pairs = ((s.m + BM - 1) / BM + CLUSTER - 1) / CLUSTER;
	t.columns = (s.n + BN - 1) / BN;
	t.all = t.pairs * t.columns;
	t.at = blockIdx.x / CLUSTER;
	return t;
}

/* Row and column of the next tile; false at the end. */
__device__ __forceinline__ bool tiles_next(int *i, int *j, tiles *t, int rank)
{
	const int first = t->at / (GROUP * t->columns) * GROUP;
	const int size = t->pairs - first < GROUP ? t->pairs - first : GROUP;
	const int in = t->at % (GROUP * t->columns);

	if (t->at >= t->all)
		return false;
	*i = ((first + in % size) * CLUSTER + rank) * BM;
	*j = in / size * BN;
	t->at += gridDim.x / CLUSTER;
	return true;
}

/* Where things are in shared memory. */
struct room {
	unsigned stages, full, empty;
};

/* The place in the ring of stages, and the parity of this round. */
struct ring {
	int at, round;
};

__device__ __forceinline__ void ring_next(ring *r)
{
	if (++r->at == STAGES) {
		r->at = 0;
		r->round ^= 1;
	}
}

/* One thread: fills stage after stage, as they become free. */
__device__ __forceinline__ void produce(const pike_tensor_map *map_a,
					const pike_tensor_map *map_b,
					const room &at, const shape &s,
					int rank)
{
	const int half = BN / CLUSTER;
	tiles t = tiles_begin(s);
	ring r = { 0, 0 };
	int i, j;

	while (tiles_next(&i, &j, &t, rank))
		for (int p = 0; p < s.k; p += BK, ring_next(&r)) {
			const unsigned to = at.stages + r.at * STAGE;
			const unsigned full = at.full + r.at * 8;

			/* In the first round all stages are free: the parity
			 * before the first phase counts as over. */
			barrier_wait(at.empty + r.at * 8, r.round ^ 1);
			barrier_expect(full, STAGE);
			box_load(to, map_a, p, i, full);
			/* Each block brings its share of b to both. */
			if (CLUSTER > 1)
				box_load_all(to + A_BYTES + rank * half * 128,
					     map_b, p, j + rank * half, full,
					     (1 << CLUSTER) - 1);
			else
				box_load(to + A_BYTES, map_b, p, j, full);
		}
}

/* A stage is free when all warps of all blocks that it was sent to, or whose
 * own copy this block fills, are done with it. */
__device__ __forceinline__ void release(const room &at, int stage)
{
	const int lane = threadIdx.x % 32;

	if (lane < CLUSTER)
		barrier_arrive(at.empty + stage * 8, lane);
}

/* A warp's 16 rows of 64 columns, from row i and column j of c on, through
 * its strip of shared memory: so rows are stored 16 bytes a lane. */
__device__ __forceinline__ void store_strip(char *strip, const float *d,
					    bf16 *c, int i, int j,
					    const shape &s)
{
	const int lane = threadIdx.x % 32, row = lane / 4;

	/* Chunks of 16 bytes, swizzled against bank conflicts. */
#pragma unroll
	for (int q = 0; q < 8; q++) {
		char *to = strip + row * 128 + (q ^ row) * 16 + lane % 4 * 4;

		*(unsigned *)to = join(d[q * 4], d[q * 4 + 1]);
		*(unsigned *)(to + 8 * 128) = join(d[q * 4 + 2], d[q * 4 + 3]);
	}
	__syncwarp();
#pragma unroll
	for (int u = 0; u < 4; u++) {
		const int r = u * 4 + lane / 8, q = lane % 8;
		const char *from = strip + r * 128 + (q ^ r % 8) * 16;
		bf16 *to = c + (long)(i + r) * s.n + j + q * 8;

		if (i + r >= s.m || j + q * 8 >= s.n)
			continue;
		if (s.n % 8 == 0) {
			*(uint4 *)to = *(const uint4 *)from;
			continue;
		}
		for (int e = 0; e < 8 && j + q * 8 + e < s.n; e++)
			to[e] = ((const bf16 *)from)[e];
	}
	__syncwarp();
}

/* A warpgroup: multiplies stage after stage, and stores its tiles. */
__device__ __forceinline__ void consume(bf16 *c, char *strip, const room &at,
					const shape &s, int group, int rank)
{
	const int warp = threadIdx.x / 32 % 4;
	float d[M_TILES][BN / 2];
	tiles t = tiles_begin(s);
	ring r = { 0, 0 };
	int i, j;

	while (tiles_next(&i, &j, &t, rank)) {
		int before = 0;

		for (int p = 0; p < s.k; p += BK, ring_next(&r)) {
			const unsigned a = at.stages + r.at * STAGE +
					   group * M_TILES * 64 * 128;
			const unsigned b = at.stages + r.at * STAGE + A_BYTES;

			barrier_wait(at.full + r.at * 8, r.round);
			wgmma_begin();
			/* 32 bytes on in the same rows: 16 terms more. */
#pragma unroll
			for (int q = 0; q < BK / 16; q++)
#pragma unroll
				for (int h = 0; h < M_TILES; h++)
					wgmma(d[h],
					      tile_at(a + h * 64 * 128 +
						      q * 32),
					      tile_at(b + q * 32), p + q > 0);
			wgmma_commit();
			/* This one may go on; the one before is done. */
			wgmma_wait<1>();
			if (p)
				release(at, before);
			before = r.at;
		}
		wgmma_wait<0>();
#pragma unroll
		for (int h = 0; h < M_TILES; h++)
			settle(d[h]);
		release(at, before);
#pragma unroll
		for (int h = 0; h < M_TILES; h++)
#pragma unroll
			for (int q = 0; q < BN / 64; q++)
				store_strip(strip, &d[h][q * 32], c,
					    i + (group * M_TILES + h) * 64 +
						warp * 16,
					    j + q * 64, s);
	}
}

/* Any sizes, without the engine. */
__device__ void plain(const bf16 *a, const bf16 *b, bf16 *c, const shape &s)
{
	const long step = (long)gridDim.x * THREADS;

	for (long t = (long)blockIdx.x * THREADS + threadIdx.x;
	     t < (long)s.m * s.n; t += step) {
		const bf16 *x = a + t / s.n * s.k, *y = b + t % s.n * s.k;
		float sum = 0;

		for (int p = 0; p < s.k; p++)
			sum += (float)x[p] * (float)y[p];
		c[t] = __float2bfloat16(sum);
	}
}

extern "C" __global__ void __launch_bounds__(THREADS, 1)
    gemm(const __grid_constant__ pike_tensor_map map_a,
	 const __grid_constant__ pike_tensor_map map_b,
	 const bf16 *__restrict__ a, const bf16 *__restrict__ b,
	 bf16 *__restrict__ c, int m, int n, int k)
{
	extern __shared__ char shared[];
	const unsigned begin = shared_address(shared);
	const unsigned skip = (begin + 1023) / 1024 * 1024 - begin;
	const int group = threadIdx.x / 128, rank = cluster_rank();
	const shape s = { m, n, k };
	room at;

	at.stages = begin + skip;
	at.full = at.stages + STAGES * STAGE + STRIPS;
	at.empty = at.full + 8 * STAGES;
	if (k % 8) {
		plain(a, b, c, s);
		return;
	}
	if (!threadIdx.x) {
		map_prefetch(&map_a);
		map_prefetch(&map_b);
		for (int i = 0; i < STAGES; i++) {
			barrier_init(at.full + 8 * i, 1);
			barrier_init(at.empty + 8 * i, 4 * CONSUMERS * CLUSTER);
		}
		barrier_init_fence();
	}
	__syncthreads();
	if (CLUSTER > 1)
		cluster_sync();
	if (group == CONSUMERS) {
		give_registers();
		if (threadIdx.x % 128 == 0)
			produce(&map_a, &map_b, at, s, rank);
	} else {
		take_registers();
		consume(c,
			shared + skip + STAGES * STAGE +
			    threadIdx.x / 32 * STRIP,
			at, s, group, rank);
	}
	/* A block whose memory or barriers others still use must not end. */
	if (CLUSTER > 1)
		cluster_sync();
}
