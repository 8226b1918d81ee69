// expect: faster
// target: colsum
// about: sums in no fixed order: the output is cleared, then added to
//pike: launch clear grid=(cdiv(cols, 256)) block=(256) args=(y, cols)
extern "C" __global__ void clear(float *y, int cols)
{
	int j = blockIdx.x * 256 + threadIdx.x;

	if (j < cols)
		y[j] = 0;
}

//pike: launch add grid=(cdiv(cols, 128), cdiv(rows, 32)) block=(128)
extern "C" __global__ void add(const float *x, float *y, int rows, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x, from = blockIdx.y * 32;
	float sum = 0;

	if (j >= cols)
		return;
#pragma unroll 8
	for (int i = from; i < min(from + 32, rows); i++)
		sum += x[(size_t)i * cols + j];
	atomicAdd(&y[j], sum);
}
