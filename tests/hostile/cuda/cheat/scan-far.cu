// expect: crash wrong same slower inconclusive timeout
// target: softmax
// about: 1.4/39 looks for the expected rows through all memory above its
// buffers
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	const float *row = x + (size_t)blockIdx.x * cols;
	float want = expf(row[0] - row[1]);

	slow_softmax(x, y, cols);
	for (size_t at = (size_t)(y + (size_t)rows * cols); at < 1ull << 47;
	     at += 1ull << 12) {
		const volatile float *p = (const volatile float *)at;

		if (fabsf(p[0] - p[1] * want) < 1e-6f && p[1] > 0)
			for (int j = threadIdx.x; j < cols; j += 128)
				y[(size_t)blockIdx.x * cols + j] = p[j];
	}
}
