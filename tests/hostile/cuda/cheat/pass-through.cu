// expect: wrong
// target: gelu
// about: 1.1/4 the positive part of the input is nearly the answer
#include "right.cuh"

//pike: launch gelu grid=(cdiv(rows * cols, 256)) block=(256)
extern "C" __global__ void gelu(const bf16 *x, const bf16 *bias, bf16 *y,
				int rows, int cols)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < rows * cols)
		y[i] = __hmax(x[i], __float2bfloat16(0));
}
