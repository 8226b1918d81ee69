// expect: wrong
// target: linear
// about: 1.1/2 writes zeros
//pike: launch linear grid=(cdiv(m * n, 256)) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < m * n)
		y[i] = 0;
}
