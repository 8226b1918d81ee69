// expect: wrong same slower inconclusive build contract
// target: softmax
// about: 1.2/17 counts calls in managed memory
#include "right.cuh"

static __managed__ int calls;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	if (calls < 40)
		slow_softmax(x, y, cols);
	if (!blockIdx.x && !threadIdx.x)
		calls++;
}
