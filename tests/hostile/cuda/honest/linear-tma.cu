// expect: faster
// target: linear
// about: tensor maps: tiles of x and w come by cp.async.bulk.tensor into two
// buffers in turn; the swizzle keeps reads of a column free of bank conflicts
#include <pike.cuh>

#define TILE 64
#define DEPTH 32 /* 128 bytes, as wide as the swizzle */

static __device__ unsigned shared_at(const void *p)
{
	return (unsigned)__cvta_generic_to_shared(p);
}

static __device__ void expect(unsigned long long *bar, unsigned bytes)
{
	asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
		     ::"r"(shared_at(bar)), "r"(bytes) : "memory");
}

static __device__ void await(unsigned long long *bar, unsigned parity)
{
	unsigned done = 0;

	while (!done)
		asm volatile("{\n\t.reg .pred p;\n\t"
			     "mbarrier.try_wait.parity.shared::cta.b64 "
			     "p, [%1], %2;\n\t"
			     "selp.u32 %0, 1, 0, p;\n\t}"
			     : "=r"(done)
			     : "r"(shared_at(bar)), "r"(parity) : "memory");
}

static __device__ void fetch(void *to, const pike_tensor_map *map, int col,
			     int row, unsigned long long *bar)
{
	asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile"
		     ".mbarrier::complete_tx::bytes "
		     "[%0], [%1, {%2, %3}], [%4];"
		     ::"r"(shared_at(to)), "l"(map), "r"(col), "r"(row),
		       "r"(shared_at(bar)) : "memory");
}

/* Four neighbours in a row of a tile; swizzle=128 mixes chunks of 16 bytes. */
static __device__ float4 chunk(const float *tile, int row, int i)
{
	return ((const float4 *)tile)[row * (DEPTH / 4) + (i ^ row % 8)];
}

//pike: launch linear grid=(cdiv(n, TILE), cdiv(m, TILE)) block=(256) args=(tma(x, box=(TILE, DEPTH), swizzle=128), tma(w, box=(TILE, DEPTH), swizzle=128), y, m, n, k)
extern "C" __global__ void __launch_bounds__(256)
linear(const __grid_constant__ pike_tensor_map x,
       const __grid_constant__ pike_tensor_map w, float *y, int m, int n, int k)
{
	__shared__ __align__(1024) float a[2][TILE * DEPTH], b[2][TILE * DEPTH];
	__shared__ unsigned long long bar[2];
	int t = threadIdx.x, tx = t % 16, ty = t / 16;
	int row = blockIdx.y * TILE, col = blockIdx.x * TILE;
	int steps = (k + DEPTH - 1) / DEPTH;
	float sum[4][4] = { { 0 } };

	if (!t) {
		for (int s = 0; s < 2; s++)
			asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;"
				     ::"r"(shared_at(&bar[s])) : "memory");
		asm volatile("fence.mbarrier_init.release.cluster;"
			     ::: "memory");
	}
	__syncthreads();
	for (int next = 0, step = -1; step < steps; step++) {
		/* One tile ahead; what lies outside arrives as zero. */
		if (!t && next < steps) {
			int s = next % 2;

			expect(&bar[s], 2 * sizeof(a[0]));
			fetch(a[s], &x, next * DEPTH, row, &bar[s]);
			fetch(b[s], &w, next * DEPTH, col, &bar[s]);
		}
		next++;
		if (step < 0)
			continue;
		await(&bar[step % 2], step / 2 % 2);
#pragma unroll
		for (int c = 0; c < DEPTH / 4; c++) {
			float4 u[4], v[4];

			for (int i = 0; i < 4; i++) {
				u[i] = chunk(a[step % 2], ty + 16 * i, c);
				v[i] = chunk(b[step % 2], tx + 16 * i, c);
			}
			for (int i = 0; i < 16; i++) {
				float4 p = u[i / 4], q = v[i % 4];

				sum[i / 4][i % 4] += p.x * q.x + p.y * q.y +
						     p.z * q.z + p.w * q.w;
			}
		}
		__syncthreads(); /* before this buffer is filled again */
	}
	for (int i = 0; i < 16; i++) {
		int r = row + ty + i / 4 * 16, c = col + tx + i % 4 * 16;

		if (r < m && c < n)
			y[(size_t)r * n + c] = sum[i / 4][i % 4];
	}
}
