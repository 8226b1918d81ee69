// expect: same slower inconclusive timeout suspect
// target: softmax
// about: 1.3/29 sleeps in the first calls, so that few are counted
#include "right.cuh"

static __device__ int calls;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	if (calls < 12 && !blockIdx.x)
		for (int i = 0; i < 30; i++)
			__nanosleep(1000000);
	slow_softmax(x, y, cols);
	if (!blockIdx.x && !threadIdx.x)
		calls++;
}
