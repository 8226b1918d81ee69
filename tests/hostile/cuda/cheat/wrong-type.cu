// expect: crash contract tamper wrong
// target: gelu
// about: 1.5/50 writes floats where 16-bit numbers are due
#include "right.cuh"

//pike: launch gelu grid=(cdiv(rows * cols, 256)) block=(256)
extern "C" __global__ void gelu(const bf16 *x, const bf16 *bias, float *y,
				int rows, int cols)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < rows * cols)
		y[i] = gelu_of(__bfloat162float(x[i]) +
			       __bfloat162float(bias[i % cols]));
}
