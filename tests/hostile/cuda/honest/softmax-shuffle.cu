// expect: faster
// target: softmax
// about: a warp for each row, reductions by shuffles, no shared memory
static __device__ float reduce(float v, bool largest)
{
	for (int d = 16; d; d /= 2) {
		float other = __shfl_xor_sync(~0u, v, d);

		v = largest ? fmaxf(v, other) : v + other;
	}
	return v;
}

//pike: launch softmax grid=(cdiv(rows, 8)) block=(32, 8)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 8 + threadIdx.y;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = threadIdx.x; j < cols; j += 32)
		max = fmaxf(max, x[j]);
	max = reduce(max, true);
	for (int j = threadIdx.x; j < cols; j += 32)
		sum += expf(x[j] - max);
	sum = reduce(sum, false);
	for (int j = threadIdx.x; j < cols; j += 32)
		y[j] = expf(x[j] - max) / sum;
}
