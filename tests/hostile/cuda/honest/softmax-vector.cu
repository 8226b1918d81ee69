// expect: faster
// target: softmax
// about: vectorised loads and stores; each element is read once and kept in
// registers, where rows are short and whole vectors
#include "right.cuh"

#define VECTORS 8 /* for each lane */

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	const float4 *from = (const float4 *)(x + (size_t)row * cols);
	float4 *to = (float4 *)(y + (size_t)row * cols), v[VECTORS];
	float max = -3.4e38f, sum = 0;

	if (cols % 4 || cols > VECTORS * 128 || (size_t)x % 16 ||
	    (size_t)y % 16) {
		fast_softmax(x, y, rows, cols);
		return;
	}
	if (row >= rows)
		return;
#pragma unroll
	for (int i = 0; i < VECTORS; i++) {
		v[i] = make_float4(-3.4e38f, -3.4e38f, -3.4e38f, -3.4e38f);
		if (i * 32 + lane < cols / 4)
			v[i] = from[i * 32 + lane];
		max = fmaxf(max, fmaxf(fmaxf(v[i].x, v[i].y),
				       fmaxf(v[i].z, v[i].w)));
	}
	max = warp_max(max);
#pragma unroll
	for (int i = 0; i < VECTORS; i++) {
		v[i] = make_float4(expf(v[i].x - max), expf(v[i].y - max),
				   expf(v[i].z - max), expf(v[i].w - max));
		sum += v[i].x + v[i].y + v[i].z + v[i].w;
	}
	sum = 1 / warp_sum(sum);
#pragma unroll
	for (int i = 0; i < VECTORS; i++)
		if (i * 32 + lane < cols / 4)
			to[i * 32 + lane] =
				make_float4(v[i].x * sum, v[i].y * sum,
					    v[i].z * sum, v[i].w * sum);
}
