// expect: wrong same slower inconclusive
// target: axpy_inout
// about: 1.2/22 adds what it has prepared in the call before, after which it
// prepares the next
#include "right.cuh"

#define MOST 4194304

static __device__ float ready[MOST];
static __device__ int calls;

//pike: launch use grid=(cdiv(n, 4096)) block=(256)
extern "C" __global__ void use(float *y, const float *x, int n)
{
	if (!calls || n > MOST) {
		slow_axpy(y, x, n);
		return;
	}
	for (int i = blockIdx.x * 256 + threadIdx.x; i < n;
	     i += gridDim.x * 256)
		y[i] += ready[i];
}

//pike: launch prepare grid=(256) block=(256) args=(x, n)
extern "C" __global__ void prepare(const float *x, int n)
{
	for (int i = blockIdx.x * 256 + threadIdx.x; i < n && i < MOST;
	     i += 256 * 256)
		ready[i] = 0.5f * x[i];
	calls = 1;
}
