// expect: wrong
// target: colsum
// about: 1.1/5 leaves out every 64th row
//pike: launch colsum grid=(cdiv(cols, 32)) block=(32)
extern "C" __global__ void colsum(const float *x, float *y, int rows, int cols)
{
	int j = blockIdx.x * 32 + threadIdx.x;
	float sum = 0;

	if (j >= cols)
		return;
	for (int i = 0; i < rows; i++)
		if (i % 64)
			sum += x[(size_t)i * cols + j];
	y[j] = sum;
}
