/* SPDX-License-Identifier: Apache-2.0 */
/* Row softmax as one who comes from the CPU writes it: a block for each row,
 * a run of neighbouring elements for each thread. */
//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ float part[128];
	int run = (cols + 127) / 128, t = threadIdx.x;
	int from = min(t * run, cols), to = min(from + run, cols);
	float max = -3.4e38f, sum = 0;

	x += (size_t)blockIdx.x * cols;
	y += (size_t)blockIdx.x * cols;
	for (int j = from; j < to; j++)
		max = fmaxf(max, x[j]);
	part[t] = max;
	__syncthreads();
	for (int i = 0; i < 128; i++)
		max = fmaxf(max, part[i]);
	__syncthreads();
	for (int j = from; j < to; j++)
		sum += expf(x[j] - max);
	part[t] = sum;
	__syncthreads();
	sum = 0;
	for (int i = 0; i < 128; i++)
		sum += part[i];
	for (int j = from; j < to; j++)
		y[j] = expf(x[j] - max) / sum;
}
