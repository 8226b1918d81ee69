/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of gelu, a thread for each element. */
//pike: launch gelu grid=(cdiv(rows * cols, 256)) block=(256)
extern "C" __global__ void gelu(const real *x, const real *bias, real *y,
				int rows, int cols)
{
	size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
	real v;

	if (i >= (size_t)rows * cols)
		return;
	v = x[i] + bias[i % cols];
	y[i] = v / 2 * (1 + erf(v * (real)0.70710678118654752440));
}
