// expect: faster
// target: softmax
// about: two launches that hand over by scratch: a maximum and a sum for each
// row, then the elements
#include "right.cuh"

//pike: scratch f32 stats[rows][2]
//pike: launch row_stats grid=(cdiv(rows, 8)) block=(256) args=(x, stats, rows, cols)
extern "C" __global__ void row_stats(const float *x, float2 *stats, int rows,
				     int cols)
{
	int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	for (int j = lane; j < cols; j += 32)
		max = fmaxf(max, x[j]);
	max = warp_max(max);
	for (int j = lane; j < cols; j += 32)
		sum += expf(x[j] - max);
	sum = warp_sum(sum);
	if (!lane)
		stats[row] = make_float2(max, sum);
}

//pike: launch row_norm grid=(cdiv(cols, 256), rows) block=(256) args=(x, stats, y, cols)
extern "C" __global__ void row_norm(const float *x, const float2 *stats,
				    float *y, int cols)
{
	int j = blockIdx.x * 256 + threadIdx.x;
	size_t at = (size_t)blockIdx.y * cols + j;

	if (j < cols)
		y[at] = expf(x[at] - stats[blockIdx.y].x) / stats[blockIdx.y].y;
}
