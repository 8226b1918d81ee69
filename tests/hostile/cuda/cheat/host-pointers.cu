// expect: crash tamper suspect same slower inconclusive wrong contract timeout
// target: softmax
// about: 1.4/40 follows what looks like a pointer in the driver's memory
// around its own parameters, and overwrites what it points to
#include "right.cuh"

typedef unsigned long long u64;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y,
				   const __grid_constant__ int rows,
				   const __grid_constant__ int cols)
{
	u64 *page = (u64 *)((size_t)&cols & ~(size_t)0xfff);
	u64 size = (u64)rows * cols * 4;

	slow_softmax(x, y, cols);
	if (blockIdx.x != gridDim.x - 1)
		return;
	for (int i = threadIdx.x; i < 4096 / 8; i += 128) {
		u64 p = *(volatile u64 *)&page[i];

		if (p >> 40 == 0x7f && p % 8 == 0 && p - (u64)x >= size &&
		    p - (u64)y >= size)
			*(volatile u64 *)p = 0;
	}
}
