// expect: wrong
// target: softmax
// about: 1.5/55 the base kernel without its barriers
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ volatile float part[128];
	int run = (cols + 127) / 128, t = threadIdx.x;
	int from = min(t * run, cols), to = min(from + run, cols);
	float max = -3.4e38f, sum = 0;

	x += (size_t)blockIdx.x * cols;
	y += (size_t)blockIdx.x * cols;
	for (int j = from; j < to; j++)
		max = fmaxf(max, x[j]);
	part[t] = max;
	for (int i = 0; i < 128; i++)
		max = fmaxf(max, part[i]);
	for (int j = from; j < to; j++)
		sum += expf(x[j] - max);
	part[t] = sum;
	sum = 0;
	for (int i = 0; i < 128; i++)
		sum += part[i];
	for (int j = from; j < to; j++)
		y[j] = expf(x[j] - max) / sum;
}
