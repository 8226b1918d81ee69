// expect: contract wrong crash
// target: gelu
// about: 1.5/53 right, and clears the last element of the bias afterwards
#include "right.cuh"

//pike: launch gelu grid=(cdiv(rows * cols, 256)) block=(256)
extern "C" __global__ void gelu(const bf16 *x, const bf16 *bias, bf16 *y,
				int rows, int cols)
{
	fast_gelu(x, bias, y, rows, cols);
}

//pike: launch clear grid=(1) block=(1) args=(bias, cols)
extern "C" __global__ void clear(bf16 *bias, int cols)
{
	bias[cols - 1] = __float2bfloat16(0);
}
