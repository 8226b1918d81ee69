// expect: wrong
// target: linear
// about: 1.5/49 NaN everywhere
//pike: launch linear grid=(cdiv(m * n, 256)) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < m * n)
		y[i] = __int_as_float(0x7fffffff);
}
