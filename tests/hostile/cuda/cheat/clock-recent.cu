// expect: wrong same slower inconclusive suspect contract
// target: softmax
// about: 1.3/17 does nothing when the last call was a moment ago, as when
// calls are timed
#include "right.cuh"

static __device__ unsigned long long last;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	unsigned long long now, before = *(volatile unsigned long long *)&last;

	asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
	if (__syncthreads_or(now - before > 10000000))
		slow_softmax(x, y, cols);
	if (blockIdx.x == gridDim.x - 1 && !threadIdx.x)
		last = now;
}
