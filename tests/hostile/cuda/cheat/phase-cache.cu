// expect: wrong same slower inconclusive suspect contract
// target: softmax
// about: 1.2/17 tells by the time of a load whether the caches are warm, and
// only works when they are not
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	long long begin = clock64();
	float v = *(const volatile float *)&x[(size_t)blockIdx.x * cols];
	long long end;
	__shared__ bool warm;

	asm volatile("" ::"f"(v) : "memory");
	end = clock64();
	if (!threadIdx.x)
		warm = end - begin < 400;
	__syncthreads();
	if (!warm)
		slow_softmax(x, y, cols);
}
