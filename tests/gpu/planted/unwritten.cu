// target: softmax
// tool: initcheck
// expect: faster same slower
// about: reads scratch that nobody wrote; the value does not matter to the
// result, so it is told and nothing else
#include "right.cuh"

//pike: scratch f32 z[256]
//pike: launch softmax grid=(cdiv(rows, 8)) block=(256) args=(x, y, rows, cols, z)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols,
				   const float *z)
{
	if (z[threadIdx.x] == 12345.f)
		return;
	fast_softmax(x, y, rows, cols);
}
