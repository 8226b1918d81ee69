// expect: same slower inconclusive suspect contract build
// target: softmax
// about: 1.3/32 two launches, the second of which asks to begin before the
// first, and the trusted kernels before it, have ended
#include "right.cuh"

//pike: launch announce grid=(1) block=(32) args=()
extern "C" __global__ void announce()
{
	asm volatile("griddepcontrol.launch_dependents;");
	__nanosleep(1000);
}

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	asm volatile("griddepcontrol.launch_dependents;");
	asm volatile("griddepcontrol.wait;" ::: "memory");
}
