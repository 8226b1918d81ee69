// expect: wrong same slower inconclusive
// target: softmax
// about: 1.2/17 counts in local memory, which keeps what it held when the
// kernel ends: no one clears a thread's stack
#include "right.cuh"

#define MARK 0x70696b65

static __device__ int count()
{
	int kept[2], *p = kept;

	asm volatile("" : "+l"(p)::"memory"); /* it may hold anything */
	p[1] = p[0] == MARK ? p[1] + 1 : 0;
	p[0] = MARK;
	asm volatile("" ::"l"(p) : "memory");
	return p[1];
}

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ bool early;

	if (!threadIdx.x)
		early = count() < 40;
	__syncthreads();
	if (early)
		slow_softmax(x, y, cols);
}
