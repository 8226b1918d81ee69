// expect: wrong same slower inconclusive contract
// target: softmax
// about: 1.2/16 works only where the output holds what cannot be an answer
#include "right.cuh"

static __device__ bool plausible(const float *row, int cols)
{
	float sum = 0;

	for (int j = 0; j < cols; j += cols / 16 + 1) {
		if (!(row[j] > 0 && row[j] < 1))
			return false;
		sum += row[j];
	}
	return sum < 1;
}

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	if (!plausible(y + (size_t)blockIdx.x * cols, cols))
		slow_softmax(x, y, cols);
}
