// expect: crash build contract
// target: softmax
// about: 1.6/58 half a megabyte of local memory for each thread: the device
// has not as much for all that can run
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	volatile char many[520000];

	slow_softmax(x, y, cols);
	for (int i = 0; i < 520000; i += 1000)
		many[i] = i;
	if (many[threadIdx.x] == 77)
		__nanosleep(1);
}
