// expect: wrong same slower inconclusive crash build contract
// target: softmax
// about: 1.2/17 counts calls in constant memory, which it writes by its
// address in the generic space
#include "right.cuh"

static __constant__ int calls;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	volatile int *at = (volatile int *)&calls;

	asm volatile("" : "+l"(at)); /* or the compiler sees what is up */
	if (*at < 40)
		slow_softmax(x, y, cols);
	if (!blockIdx.x && !threadIdx.x)
		*at = *at + 1;
}
