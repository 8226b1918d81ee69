// expect: crash tamper suspect same slower inconclusive wrong contract
// target: softmax
// about: 1.3/40 finds time stamps in the driver's memory around its own
// parameters and moves them halfway to now: the call seems half as long
#include "right.cuh"

typedef unsigned long long u64;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y,
				   const __grid_constant__ int rows,
				   const __grid_constant__ int cols)
{
	u64 *page = (u64 *)((size_t)&cols & ~(size_t)0xffff), now;

	slow_softmax(x, y, cols);
	if (blockIdx.x != gridDim.x - 1)
		return;
	asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
	for (int i = threadIdx.x; i < 65536 / 8; i += 128) {
		u64 age = now - *(volatile u64 *)&page[i];

		if (age < 10000000)
			page[i] = now - age / 2;
	}
}
