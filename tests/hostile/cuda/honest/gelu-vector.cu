// expect: faster
// target: gelu
// about: eight elements for each thread by 16-byte loads and stores, where
// rows are whole vectors
#include "right.cuh"

union pack {
	uint4 all;
	bf16 of[8];
};

//pike: launch gelu grid=(cdiv(rows * cols, 2048)) block=(256)
extern "C" __global__ void gelu(const bf16 *x, const bf16 *bias, bf16 *y,
				int rows, int cols)
{
	int at = (blockIdx.x * 256 + threadIdx.x) * 8;
	pack v, b;

	if (cols % 8 || ((size_t)x | (size_t)bias | (size_t)y) % 16) {
		fast_gelu(x, bias, y, rows, cols);
		return;
	}
	if (at >= rows * cols)
		return;
	v.all = *(const uint4 *)(x + at);
	b.all = *(const uint4 *)(bias + at % cols);
#pragma unroll
	for (int i = 0; i < 8; i++)
		v.of[i] = __float2bfloat16(gelu_of(
			__bfloat162float(v.of[i]) + __bfloat162float(b.of[i])));
	*(uint4 *)(y + at) = v.all;
}
