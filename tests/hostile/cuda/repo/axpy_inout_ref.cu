/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of axpy_inout, a thread for each element. */
//pike: launch axpy grid=(cdiv(n, 256)) block=(256)
extern "C" __global__ void axpy(real *y, const real *x, int n)
{
	int i = blockIdx.x * blockDim.x + threadIdx.x;

	if (i < n)
		y[i] += x[i] / 2;
}
