// expect: same slower inconclusive suspect contract build crash
// target: axpy_inout
// about: 1.3/31 lowers the priority of what lies around its buffers in L2
#include "right.cuh"

//pike: launch axpy grid=(cdiv(n, 4096)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	size_t at = (size_t)(y + (blockIdx.x * 256 + threadIdx.x) * 16);

	slow_axpy(y, x, n);
	if (threadIdx.x % 2 == 0 && at < (size_t)(y + n))
		asm volatile("applypriority.global.L2::evict_normal [%0], 128;"
			     ::"l"(at & ~(size_t)127) : "memory");
}
