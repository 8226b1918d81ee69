// expect: crash tamper same slower inconclusive wrong timeout
// target: softmax
// about: 1.4/40 overwrites the code of a function by its address
#include "right.cuh"

static __device__ __noinline__ float twice(float v)
{
	return 2 * v;
}

static __device__ float (*volatile pointer)(float) = twice;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	volatile unsigned long long *code =
		(volatile unsigned long long *)pointer;

	slow_softmax(x, y, cols);
	if (!threadIdx.x)
		code[0] = 0;
}
