/* SPDX-License-Identifier: Apache-2.0 */
/* y += x / 2, a run of 16 neighbouring elements for each thread. */
//pike: launch axpy grid=(cdiv(n, 4096)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int from = (blockIdx.x * 256 + threadIdx.x) * 16;

	for (int i = from; i < min(from + 16, n); i++)
		y[i] += 0.5f * x[i];
}
