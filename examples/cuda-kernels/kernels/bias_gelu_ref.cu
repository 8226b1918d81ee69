/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: GELU of x + bias, in its form with tanh (Hendrycks and Gimpel
 * 2016). */
//pike: launch bias_gelu grid=(rows) block=(256)

extern "C" __global__ void bias_gelu(const real *x, const real *bias, real *y,
				     int rows, int cols)
{
	const long at = (long)blockIdx.x * cols;

	for (int j = threadIdx.x; j < cols; j += 256) {
		const real v = x[at + j] + bias[j];
		const real u = (real)0.7978845608028653559 *
			       (v + (real)0.044715 * v * v * v);

		y[at + j] = (real)0.5 * v * (1 + tanh(u));
	}
}
