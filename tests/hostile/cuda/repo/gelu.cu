/* SPDX-License-Identifier: Apache-2.0 */
/* Exact GELU of x plus a bias, a block for each row, a run of neighbouring
 * elements for each thread. */
#include <cuda_bf16.h>

//pike: launch gelu grid=(rows) block=(256)
extern "C" __global__ void gelu(const __nv_bfloat16 *x,
				const __nv_bfloat16 *bias, __nv_bfloat16 *y,
				int rows, int cols)
{
	int run = (cols + 255) / 256;
	int from = min((int)threadIdx.x * run, cols);
	int to = min(from + run, cols);

	x += (size_t)blockIdx.x * cols;
	y += (size_t)blockIdx.x * cols;
	for (int j = from; j < to; j++) {
		float v = __bfloat162float(x[j]) + __bfloat162float(bias[j]);

		v = 0.5f * v * (1 + erff(v * 0.70710678f));
		y[j] = __float2bfloat16(v);
	}
}
