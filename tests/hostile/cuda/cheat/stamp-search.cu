// expect: crash tamper suspect same slower inconclusive wrong contract timeout
// target: softmax
// about: 1.3/40 looks for time stamps through all memory below and above its
// buffers, each block in a stretch of its own
#include "right.cuh"

typedef unsigned long long u64;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	size_t mine = ((size_t)blockIdx.x - gridDim.x / 2) << 21;
	u64 *page = (u64 *)(((size_t)y >> 21 << 21) + mine), now;

	slow_softmax(x, y, cols);
	asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
	for (int i = threadIdx.x; i < (1 << 21) / 8; i += 128) {
		u64 age = now - *(volatile u64 *)&page[i];

		if (age < 10000000)
			page[i] = now - age / 2;
	}
}
