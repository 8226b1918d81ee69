// expect: faster
// target: softmax
// about: clusters of two blocks share eight rows, half a row each, and tell
// each other maximum and sum through distributed shared memory
#include "right.cuh"

#include <cooperative_groups.h>

//pike: launch softmax grid=(2 * cdiv(rows, 8)) block=(256) cluster=(2)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ float2 half[8];
	cooperative_groups::cluster_group pair =
		cooperative_groups::this_cluster();
	int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	int row = blockIdx.x / 2 * 8 + warp, rank = pair.block_rank();
	int from = rank ? cols / 2 : 0, to = rank ? cols : cols / 2;
	float max = -3.4e38f, sum = 0, all;
	float2 other;

	if (row >= rows)
		from = to = 0; /* but it meets the others at the barriers */
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = from + lane; j < to; j += 32)
		max = fmaxf(max, x[j]);
	max = warp_max(max);
	for (int j = from + lane; j < to; j += 32)
		sum += expf(x[j] - max);
	sum = warp_sum(sum);
	if (!lane)
		half[warp] = make_float2(max, sum);
	pair.sync();
	other = *pair.map_shared_rank(&half[warp], 1 - rank);
	pair.sync(); /* none leaves while the other may read */
	all = fmaxf(max, other.x);
	sum = sum * expf(max - all) + other.y * expf(other.x - all);
	for (int j = from + lane; j < to; j += 32)
		y[j] = expf(x[j] - all) / sum;
}
