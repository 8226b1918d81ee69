// expect: faster
// target: softmax
// about: the cooperative groups of the toolkit's headers
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

namespace cg = cooperative_groups;

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	auto warp = cg::tiled_partition<32>(cg::this_thread_block());
	int row = blockIdx.x * warp.meta_group_size() + warp.meta_group_rank();
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = warp.thread_rank(); j < cols; j += warp.size())
		max = fmaxf(max, x[j]);
	max = cg::reduce(warp, max, cg::greater<float>());
	for (int j = warp.thread_rank(); j < cols; j += warp.size())
		sum += expf(x[j] - max);
	sum = cg::reduce(warp, sum, cg::plus<float>());
	for (int j = warp.thread_rank(); j < cols; j += warp.size())
		y[j] = expf(x[j] - max) / sum;
}
