// expect: wrong
// target: softmax
// about: 1.1/3 writes the mean of all answers
//pike: launch softmax grid=(cdiv(rows * cols, 256)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < rows * cols)
		y[i] = 1.0f / cols;
}
