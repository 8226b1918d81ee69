// expect: faster
// target: gelu
// about: a tensor map of one dimension, which has no row to be a multiple of
// 16 bytes; each block fetches eight boxes of 256 elements
#include <pike.cuh>
#include "right.cuh"

#define BOX 256
#define BOXES 8

static __device__ unsigned shared_at(const void *p)
{
	return (unsigned)__cvta_generic_to_shared(p);
}

static __device__ void fetch(void *to, const pike_tensor_map *map, int at,
			     unsigned long long *bar)
{
	asm volatile("cp.async.bulk.tensor.1d.shared::cluster.global.tile"
		     ".mbarrier::complete_tx::bytes [%0], [%1, {%2}], [%3];"
		     ::"r"(shared_at(to)), "l"(map), "r"(at),
		       "r"(shared_at(bar)) : "memory");
}

static __device__ void await(unsigned long long *bar)
{
	unsigned done = 0;

	while (!done)
		asm volatile("{\n\t.reg .pred p;\n\t"
			     "mbarrier.try_wait.parity.shared::cta.b64 "
			     "p, [%1], 0;\n\t"
			     "selp.u32 %0, 1, 0, p;\n\t}"
			     : "=r"(done) : "r"(shared_at(bar)) : "memory");
}

//pike: launch gelu grid=(cdiv(rows * cols, BOX * BOXES)) block=(256) args=(tma(x, dims=(rows * cols), box=(BOX)), bias, y, rows, cols)
extern "C" __global__ void gelu(const __grid_constant__ pike_tensor_map x,
				const bf16 *bias, bf16 *y, int rows, int cols)
{
	__shared__ __align__(128) bf16 tile[BOXES][BOX];
	__shared__ unsigned long long bar;
	int from = blockIdx.x * BOX * BOXES, t = threadIdx.x;

	if (!t) {
		asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\n\t"
			     "fence.mbarrier_init.release.cluster;\n\t"
			     "mbarrier.arrive.expect_tx.shared::cta.b64 "
			     "_, [%0], %1;"
			     ::"r"(shared_at(&bar)),
			       "r"((unsigned)sizeof(tile)) : "memory");
		for (int i = 0; i < BOXES; i++)
			fetch(tile[i], &x, from + i * BOX, &bar);
	}
	__syncthreads();
	await(&bar);
	for (int i = 0; i < BOXES; i++) {
		int at = from + i * BOX + t;

		if (at < rows * cols)
			y[at] = __float2bfloat16(gelu_of(
				__bfloat162float(tile[i][t]) +
				__bfloat162float(bias[at % cols])));
	}
}
