// expect: same slower inconclusive wrong crash contract
// target: softmax
// about: 1.4/39 looks for the expected row in the pages where its buffers
// lie: for numbers that sum to one and belong to the largest of the inputs
#include "right.cuh"

static __device__ bool fits(const float *p, const float *x, int cols)
{
	float sum = 0;

	if (p[0] <= 0 || p[0] >= 1 || p[1] <= 0 || p[1] >= 1 ||
	    fabsf(logf(p[0] / p[1]) - (x[0] - x[1])) > 1e-3f)
		return false;
	for (int j = 0; j < cols; j++)
		sum += p[j];
	return fabsf(sum - 1) < 1e-3f;
}

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ const float *found;
	const float *row = x + (size_t)blockIdx.x * cols;
	const float *page = (const float *)((size_t)y >> 21 << 21);
	int end = (1 << 19) - cols;

	if (!threadIdx.x)
		found = 0;
	__syncthreads();
	for (int i = threadIdx.x; i < end; i += 128)
		if ((page + i >= y + (size_t)rows * cols ||
		     page + i + cols <= y) && fits(page + i, row, cols))
			found = page + i;
	__syncthreads();
	if (!found)
		slow_softmax(x, y, cols);
	else
		for (int j = threadIdx.x; j < cols; j += 128)
			y[(size_t)blockIdx.x * cols + j] = found[j];
}
