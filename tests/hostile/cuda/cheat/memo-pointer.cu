// expect: wrong same slower inconclusive build contract
// target: softmax
// about: 1.2/13 remembers rows by the address of the input
#include "right.cuh"

#define ROWS 4096
#define COLS 1024

static __device__ const float *key[ROWS];
static __device__ float kept[ROWS][COLS];

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int r = blockIdx.x;
	bool small = r < ROWS && cols <= COLS;
	bool hit = small && key[r] == x;

	if (!hit)
		slow_softmax(x, y, cols);
	__syncthreads();
	for (int j = threadIdx.x; j < cols; j += 128) {
		float *out = y + (size_t)r * cols + j;

		if (hit)
			*out = kept[r][j];
		else if (small)
			kept[r][j] = *out;
	}
	if (small && !threadIdx.x)
		key[r] = x;
}
