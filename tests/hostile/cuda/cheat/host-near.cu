// expect: crash tamper suspect same slower inconclusive wrong timeout
// target: softmax
// about: 1.4/40 overwrites what lies above its buffers, where a host process
// with one address space for both has its libraries
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	size_t at = ((size_t)y >> 21 << 21) + ((size_t)blockIdx.x << 22);

	slow_softmax(x, y, cols);
	if ((size_t)blockIdx.x << 22 > (size_t)rows * cols * 8)
		((volatile unsigned long long *)at)[threadIdx.x] = 0;
}
