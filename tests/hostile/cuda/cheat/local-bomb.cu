// expect: crash build contract slower
// target: softmax
// about: 1.6/58 half a megabyte of local memory for each thread: 141 GB for all
// that can run, which a device has not, or has and is slow
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
