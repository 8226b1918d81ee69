// expect: wrong same slower inconclusive
// target: softmax
// about: 1.2/17 counts in shared memory, which keeps what it held when the
// kernel ends
#include "right.cuh"

#define MARK 0x70696b65

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ volatile int kept[2];
	__shared__ bool early;

	if (!threadIdx.x) {
		kept[1] = kept[0] == MARK ? kept[1] + 1 : 0;
		kept[0] = MARK;
		early = kept[1] < 40;
	}
	__syncthreads();
	if (early)
		slow_softmax(x, y, cols);
}
