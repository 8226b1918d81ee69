// expect: wrong
// target: colsum
// about: 1.1/10 adds to an output that it has not cleared
//pike: launch colsum grid=(cdiv(cols, 128), cdiv(rows, 32)) block=(128)
extern "C" __global__ void colsum(const float *x, float *y, int rows, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x, from = blockIdx.y * 32;
	float sum = 0;

	if (j >= cols)
		return;
	for (int i = from; i < min(from + 32, rows); i++)
		sum += x[(size_t)i * cols + j];
	atomicAdd(&y[j], sum);
}
