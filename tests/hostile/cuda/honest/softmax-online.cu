// expect: faster
// target: softmax
// about: another algorithm: maximum and sum of a row in one pass
//pike: launch softmax grid=(cdiv(rows, 4)) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = lane; j < cols; j += 32) {
		float v = x[j], larger = fmaxf(max, v);

		sum = sum * expf(max - larger) + expf(v - larger);
		max = larger;
	}
	for (int d = 16; d; d /= 2) {
		float m = __shfl_xor_sync(~0u, max, d);
		float s = __shfl_xor_sync(~0u, sum, d);
		float larger = fmaxf(max, m);

		sum = sum * expf(max - larger) + s * expf(m - larger);
		max = larger;
	}
	for (int j = lane; j < cols; j += 32)
		y[j] = expf(x[j] - max) / sum;
}
