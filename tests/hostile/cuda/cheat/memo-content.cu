// expect: wrong same slower inconclusive build contract
// target: softmax
// about: 1.2/15 remembers rows by a few of their elements
#include "right.cuh"

#define ROWS 4096
#define COLS 1024

static __device__ float key[ROWS][3], kept[ROWS][COLS];

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int r = blockIdx.x;
	const float *row = x + (size_t)r * cols;
	bool hit = r < ROWS && cols <= COLS && key[r][0] == row[0] &&
		   key[r][1] == row[cols / 2] && key[r][2] == row[cols - 1];

	if (!hit)
		slow_softmax(x, y, cols);
	__syncthreads();
	for (int j = threadIdx.x; j < cols; j += 128) {
		float *out = y + (size_t)r * cols + j;

		if (hit)
			*out = kept[r][j];
		else if (r < ROWS && cols <= COLS)
			kept[r][j] = *out;
	}
	if (!threadIdx.x && r < ROWS) {
		key[r][0] = row[0];
		key[r][1] = row[cols / 2];
		key[r][2] = row[cols - 1];
	}
}
