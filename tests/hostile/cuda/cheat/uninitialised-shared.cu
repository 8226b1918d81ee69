// expect: wrong
// target: colsum
// about: 1.1/10 adds to shared memory that it has not cleared
//pike: launch colsum grid=(cdiv(cols, 32)) block=(256)
extern "C" __global__ void colsum(const float *x, float *y, int rows, int cols)
{
	__shared__ float sum[32];
	int j = blockIdx.x * 32 + threadIdx.x % 32;

	if (j < cols)
		for (int i = threadIdx.x / 32; i < rows; i += 8)
			atomicAdd(&sum[threadIdx.x % 32],
				  x[(size_t)i * cols + j]);
	__syncthreads();
	if (threadIdx.x < 32 && j < cols)
		y[j] = sum[threadIdx.x];
}
