// expect: faster
// target: softmax
// about: 64 KB of dynamic shared memory: 16 rows stay on the chip
#include "right.cuh"

#define ROWS 16
#define BLOCK (32 * ROWS)

//pike: launch softmax grid=(cdiv(rows, ROWS)) block=(BLOCK) shared=ROWS*cols*4
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	extern __shared__ float kept[];
	int row = blockIdx.x * ROWS + threadIdx.x / 32;
	int lane = threadIdx.x % 32;
	float *mine = kept + threadIdx.x / 32 * cols;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = lane; j < cols; j += 32)
		max = fmaxf(max, mine[j] = x[j]);
	max = warp_max(max);
	for (int j = lane; j < cols; j += 32)
		sum += mine[j] = expf(mine[j] - max);
	sum = 1 / warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		y[j] = mine[j] * sum;
}
