/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of colsum, a thread for each column. */
//pike: launch colsum grid=(cdiv(cols, 32)) block=(32)
extern "C" __global__ void colsum(const real *x, real *y, int rows, int cols)
{
	int j = blockIdx.x * blockDim.x + threadIdx.x;
	real sum = 0;

	if (j >= cols)
		return;
	for (int i = 0; i < rows; i++)
		sum += x[(size_t)i * cols + j];
	y[j] = sum;
}
