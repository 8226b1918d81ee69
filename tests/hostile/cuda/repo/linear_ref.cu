/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of linear, a thread for each element. */
//pike: launch linear grid=(cdiv(n, 16), cdiv(m, 16)) block=(16, 16)
extern "C" __global__ void linear(const real *x, const real *w, real *y, int m,
				  int n, int k)
{
	int i = blockIdx.y * blockDim.y + threadIdx.y;
	int j = blockIdx.x * blockDim.x + threadIdx.x;
	real sum = 0;

	if (i >= m || j >= n)
		return;
	for (int l = 0; l < k; l++)
		sum += x[(size_t)i * k + l] * w[(size_t)j * k + l];
	y[(size_t)i * n + j] = sum;
}
