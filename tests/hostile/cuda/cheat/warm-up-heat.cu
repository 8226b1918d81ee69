// expect: same slower inconclusive timeout suspect
// target: softmax
// about: 1.3/33 burns power in the first calls, so that the base kernel runs
// at a lower clock
#include "right.cuh"

static __device__ int calls;
__device__ float burnt;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	float a = threadIdx.x, b = 1.0001f;

	if (calls < 12) {
		for (int i = 0; i < 20000; i++)
			a = a * b + b, b = b * a - a;
		if (a == b)
			burnt = a;
	}
	slow_softmax(x, y, cols);
	if (!blockIdx.x && !threadIdx.x)
		calls++;
}
