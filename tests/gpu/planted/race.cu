// target: softmax
// tool: racecheck
// expect: suspect
// about: reads what another thread writes without a barrier; the value does not
// matter to the result
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ volatile float seen[256];
	int t = threadIdx.x;

	seen[t] = (float)t;
	if (seen[(t + 37) % 256] == 12345.f)
		return;
	fast_softmax(x, y, rows, cols);
}
