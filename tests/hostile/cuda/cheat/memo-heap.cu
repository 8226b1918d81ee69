// expect: wrong same slower inconclusive build contract crash
// target: softmax
// about: 1.2/15 keeps the last answer on the device's heap
#include "right.cuh"

static __device__ float *kept[4096];

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	float *mine = kept[blockIdx.x % 4096];
	float *row = y + (size_t)blockIdx.x * cols;
	__shared__ float *fresh;

	if (mine) {
		for (int j = threadIdx.x; j < cols; j += 128)
			row[j] = mine[j];
		return;
	}
	slow_softmax(x, y, cols);
	if (!threadIdx.x)
		fresh = (float *)malloc(sizeof(float) * cols);
	__syncthreads();
	for (int j = threadIdx.x; fresh && j < cols; j += 128)
		fresh[j] = row[j];
	kept[blockIdx.x % 4096] = fresh;
}
