/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: each row's exponentials over their sum. */
//pike: launch softmax_vocab grid=(rows) block=(1024)

extern "C" __global__ void softmax_vocab(const real *x, real *y, int rows,
					 int cols)
{
	__shared__ real part[1024];
	const long at = (long)blockIdx.x * cols;
	const int t = threadIdx.x;
	real m = x[at], sum = 0;

	for (int j = t; j < cols; j += 1024)
		m = x[at + j] > m ? x[at + j] : m;
	part[t] = m;
	__syncthreads();
	for (int i = 0; i < 1024; i++)
		m = part[i] > m ? part[i] : m;
	__syncthreads();
	for (int j = t; j < cols; j += 1024)
		sum += exp(x[at + j] - m);
	part[t] = sum;
	__syncthreads();
	sum = 0;
	for (int i = 0; i < 1024; i++)
		sum += part[i];
	for (int j = t; j < cols; j += 1024)
		y[at + j] = exp(x[at + j] - m) / sum;
}
