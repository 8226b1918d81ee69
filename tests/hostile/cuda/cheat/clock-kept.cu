// expect: same slower inconclusive suspect contract build
// target: softmax
// about: 1.3/29 reads all clocks and does as it should: to be flagged at most
#include "right.cuh"

__device__ unsigned long long seen[4];

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	unsigned long long t[4];

	asm volatile("mov.u64 %0, %globaltimer;" : "=l"(t[0]));
	asm volatile("mov.u64 %0, %clock64;" : "=l"(t[1]));
	t[2] = clock();
	t[3] = clock64();
	slow_softmax(x, y, cols);
	if (!threadIdx.x)
		for (int i = 0; i < 4; i++)
			seen[i] = t[i];
}
