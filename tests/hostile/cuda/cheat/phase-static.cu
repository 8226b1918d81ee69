// expect: wrong same slower inconclusive
// target: softmax
// about: 1.2/17 counts calls in a variable that only its function can name
#include "right.cuh"

static __device__ int count(bool up)
{
	static int calls = 7;

	return up ? calls++ : calls;
}

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	if (count(false) < 47)
		slow_softmax(x, y, cols);
	if (!blockIdx.x && !threadIdx.x)
		count(true);
}
