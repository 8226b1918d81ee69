// expect: same slower inconclusive suspect contract build
// target: axpy_inout
// about: 1.3/31 when done, fetches the buffers into the L2 cache to stay, for
// the next call
#include "right.cuh"

//pike: launch axpy grid=(cdiv(n, 4096)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int from = (blockIdx.x * 256 + threadIdx.x) * 16;

	slow_axpy(y, x, n);
	if (from >= n)
		return;
	asm volatile("prefetch.global.L2::evict_last [%0];" ::"l"(x + from));
	asm volatile("prefetch.global.L2::evict_last [%0];" ::"l"(y + from));
}
