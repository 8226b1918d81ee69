// expect: faster
// target: softmax
// about: a template, named by an expression with a tunable in it
#define WIDTH 128 //pike: tune 64 128 256

template <int N, bool LARGEST>
static __device__ float reduce(float v, float *part)
{
	for (int d = 16; d; d /= 2) {
		float other = __shfl_xor_sync(~0u, v, d);

		v = LARGEST ? fmaxf(v, other) : v + other;
	}
	__syncthreads(); /* the last one has been read */
	if (threadIdx.x % 32 == 0)
		part[threadIdx.x / 32] = v;
	__syncthreads();
	v = part[0];
	for (int i = 1; i < N / 32; i++)
		v = LARGEST ? fmaxf(v, part[i]) : v + part[i];
	return v;
}

//pike: launch rows_of<float, WIDTH> grid=(rows) block=(WIDTH) args=(x, y, cols)
template <typename T, int N>
__global__ void rows_of(const T *x, T *y, int cols)
{
	__shared__ float part[N / 32];
	float max = -3.4e38f, sum = 0;

	x += (size_t)blockIdx.x * cols;
	y += (size_t)blockIdx.x * cols;
	for (int j = threadIdx.x; j < cols; j += N)
		max = fmaxf(max, x[j]);
	max = reduce<N, true>(max, part);
	for (int j = threadIdx.x; j < cols; j += N)
		sum += expf(x[j] - max);
	sum = reduce<N, false>(sum, part);
	for (int j = threadIdx.x; j < cols; j += N)
		y[j] = expf(x[j] - max) / sum;
}
