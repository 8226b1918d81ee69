/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of columns, a block for each. */
//pike: launch colsum grid=(cols) block=(128)
extern "C" __global__ void colsum(const float *x, float *y, int rows, int cols)
{
	__shared__ float part[128];
	float sum = 0;

	for (int i = threadIdx.x; i < rows; i += 128)
		sum += x[(size_t)i * cols + blockIdx.x];
	part[threadIdx.x] = sum;
	__syncthreads();
	if (threadIdx.x)
		return;
	for (int i = 1; i < 128; i++)
		sum += part[i];
	y[blockIdx.x] = sum;
}
