/* SPDX-License-Identifier: Apache-2.0 */
/* y = x times w transposed, a warp for each element of y. */
//pike: launch linear grid=(cdiv(m * n, 8)) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	int at = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float sum = 0;

	if (at >= m * n)
		return;
	x += (size_t)(at / n) * k;
	w += (size_t)(at % n) * k;
	for (int l = lane; l < k; l += 32)
		sum += x[l] * w[l];
	for (int d = 16; d; d /= 2)
		sum += __shfl_xor_sync(~0u, sum, d);
	if (!lane)
		y[at] = sum;
}
