/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: x / sqrt(mean of x^2 + 1e-5) * w, by rows. */
//pike: launch rmsnorm grid=(rows) block=(256)

extern "C" __global__ void rmsnorm(const real *x, const real *w, real *y,
				   int rows, int cols)
{
	__shared__ real part[256];
	const long at = (long)blockIdx.x * cols;
	real sum = 0;

	for (int j = threadIdx.x; j < cols; j += 256)
		sum += x[at + j] * x[at + j];
	part[threadIdx.x] = sum;
	__syncthreads();
	sum = 0;
	for (int i = 0; i < 256; i++)
		sum += part[i];
	for (int j = threadIdx.x; j < cols; j += 256)
		y[at + j] = x[at + j] / sqrt(sum / cols + (real)1e-5) * w[j];
}
