//pike: launch softmax grid=(rows) block=(THREADS)
#define THREADS 256
#define LAST cols

/* Of the block; all threads get it. */
static __device__ float reduce(float v, bool sum)
{
	__shared__ float part[THREADS];
	part[threadIdx.x] = v;
	__syncthreads();
	for (int n = THREADS / 2; n; n /= 2) {
		if (threadIdx.x < n) {
			float a = part[threadIdx.x], b = part[threadIdx.x + n];
			part[threadIdx.x] = sum ? a + b : fmaxf(a, b);
		}
		__syncthreads();
	}
	v = part[0];
	__syncthreads();
	return v;
}

extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	x += (size_t)blockIdx.x * cols;
	y += (size_t)blockIdx.x * cols;
	float most = x[0], sum = 0;
	for (int i = threadIdx.x; i < cols; i += THREADS)
		most = fmaxf(most, x[i]);
	most = reduce(most, false);
	for (int i = threadIdx.x; i < cols; i += THREADS)
		sum += expf(x[i] - most);
	sum = reduce(sum, true);
	for (int i = threadIdx.x; i < LAST; i += THREADS)
		y[i] = expf(x[i] - most) / sum;
}
