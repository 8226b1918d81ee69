// expect: same inconclusive
// target: softmax
// about: the same work in other words
#define N 128

static __device__ float all_of(float *part, float v, bool largest)
{
	part[threadIdx.x] = v;
	__syncthreads();
	v = largest ? v : 0;
	for (const float *p = part; p < part + N; p++)
		v = largest ? fmaxf(v, *p) : v + *p;
	return v;
}

//pike: launch softmax grid=(rows, 1, 1) block=(N, 1, 1)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	__shared__ float part[N];
	int run = (cols + N - 1) / N;
	int at = min((int)threadIdx.x * run, cols), end = min(at + run, cols);
	size_t row = (size_t)blockIdx.x * cols;
	float max = -3.4e38f, sum = 0;

	for (int j = at; j < end; j++)
		max = fmaxf(max, x[row + j]);
	max = all_of(part, max, true);
	__syncthreads();
	for (int j = at; j < end; j++)
		sum += expf(x[row + j] - max);
	sum = all_of(part, sum, false);
	for (int j = at; j < end; j++)
		y[row + j] = expf(x[row + j] - max) / sum;
}
