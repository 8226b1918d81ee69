// expect: crash
// target: softmax
// about: 1.6/57 right where rows are whole vectors, misaligned where not
#include "right.cuh"

__device__ float sink;

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	if (blockIdx.x == 0 && threadIdx.x == 1) {
		/* All four: of fewer it would load only those */
		float4 v = __ldcg((const float4 *)(x + cols));

		sink = v.x + v.y + v.z + v.w;
	}
}
