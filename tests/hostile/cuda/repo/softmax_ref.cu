/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of softmax, a thread for each row. */
//pike: launch softmax grid=(cdiv(rows, 32)) block=(32)
extern "C" __global__ void softmax(const real *x, real *y, int rows, int cols)
{
	int row = blockIdx.x * blockDim.x + threadIdx.x;
	real max, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	max = x[0];
	for (int j = 1; j < cols; j++)
		max = x[j] > max ? x[j] : max;
	for (int j = 0; j < cols; j++)
		sum += exp(x[j] - max);
	for (int j = 0; j < cols; j++)
		y[j] = exp(x[j] - max) / sum;
}
