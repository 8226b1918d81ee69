// expect: wrong
// target: softmax
// about: 1.3/5 stops when its time is up, done or not
#include "right.cuh"

static __device__ unsigned long long begin;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	unsigned long long now, first;

	asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
	first = atomicCAS(&begin, 0ull, now);
	if (!__syncthreads_or(first && now - first > 2000))
		slow_softmax(x, y, cols);
}
