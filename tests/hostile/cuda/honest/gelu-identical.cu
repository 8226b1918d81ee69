// expect: same inconclusive
// target: gelu
// about: the same work in other words
#include <cuda_bf16.h>

static __device__ __nv_bfloat16 one(__nv_bfloat16 x, __nv_bfloat16 bias)
{
	float v = __bfloat162float(x) + __bfloat162float(bias);

	return __float2bfloat16(0.5f * v * (1 + erff(v * 0.70710678f)));
}

//pike: launch gelu grid=(rows) block=(256)
extern "C" __global__ void gelu(const __nv_bfloat16 *x,
				const __nv_bfloat16 *bias, __nv_bfloat16 *y,
				int rows, int cols)
{
	int run = (cols + 255) / 256;
	int at = min((int)threadIdx.x * run, cols), end = min(at + run, cols);
	size_t row = (size_t)blockIdx.x * cols;

	for (; at < end; at++)
		y[row + at] = one(x[row + at], bias[at]);
}
