// expect: wrong
// target: gelu
// about: 1.5/46 x times the logistic function of 1.702 x: 2 % off
#include "right.cuh"

//pike: launch gelu grid=(cdiv(rows * cols, 256)) block=(256)
extern "C" __global__ void gelu(const bf16 *x, const bf16 *bias, bf16 *y,
				int rows, int cols)
{
	int i = blockIdx.x * 256 + threadIdx.x;
	float v;

	if (i >= rows * cols)
		return;
	v = __bfloat162float(x[i]) + __bfloat162float(bias[i % cols]);
	y[i] = __float2bfloat16(v / (1 + __expf(-1.702f * v)));
}
