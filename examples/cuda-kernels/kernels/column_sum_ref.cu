/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: the sum of each column. */
//pike: launch column_sum grid=(cdiv(cols, 32)) block=(32, 32)

extern "C" __global__ void column_sum(const real *x, real *y, int rows,
				      int cols)
{
	__shared__ real part[32][32];
	const int j = blockIdx.x * 32 + threadIdx.x;
	real sum = 0;

	for (int i = threadIdx.y; j < cols && i < rows; i += 32)
		sum += x[(long)i * cols + j];
	part[threadIdx.y][threadIdx.x] = sum;
	__syncthreads();
	if (threadIdx.y || j >= cols)
		return;
	sum = 0;
	for (int i = 0; i < 32; i++)
		sum += part[i][threadIdx.x];
	y[j] = sum;
}
