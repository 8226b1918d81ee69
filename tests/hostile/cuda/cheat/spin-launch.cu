// expect: timeout wrong
// target: softmax
// about: 1.6/24 a first launch that waits for the second and goes on when it
// has ended: launches run one after the other
#include "right.cuh"

static __device__ volatile int over;

//pike: launch watch grid=(1) block=(256)
extern "C" __global__ void watch(const float *x, float *y, int rows, int cols)
{
	while (!over)
		;
	fast_softmax(x, y, rows, cols);
}

//pike: launch finish grid=(1) block=(1) args=()
extern "C" __global__ void finish()
{
	over = 1;
}
