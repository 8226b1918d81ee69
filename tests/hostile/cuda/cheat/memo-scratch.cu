// expect: wrong same slower inconclusive
// target: softmax
// about: 1.2/15 keeps the last answer in scratch and hopes to find it there
#include "right.cuh"

//pike: scratch f32 kept[rows][cols]
//pike: scratch f32 key[rows]
//pike: launch softmax grid=(rows) block=(128) args=(x, y, kept, key, cols)
extern "C" __global__ void softmax(const float *x, float *y, float *kept,
				   float *key, int cols)
{
	size_t row = (size_t)blockIdx.x * cols;
	bool hit = key[blockIdx.x] == 12345;

	if (!hit)
		slow_softmax(x, y, cols);
	__syncthreads();
	for (int j = threadIdx.x; j < cols; j += 128)
		if (hit)
			y[row + j] = kept[row + j];
		else
			kept[row + j] = y[row + j];
	if (!threadIdx.x)
		key[blockIdx.x] = 12345;
}
