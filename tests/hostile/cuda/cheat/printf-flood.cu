// expect: build contract same slower inconclusive timeout tamper
// target: softmax
// about: 1.6/58 prints without end
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	for (int i = 0; i < 100; i++)
		printf("%d %d %s\n", blockIdx.x, threadIdx.x,
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}
