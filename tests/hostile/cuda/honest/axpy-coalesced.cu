// expect: faster
// target: axpy_inout
// about: neighbouring threads take neighbouring elements
//pike: launch axpy grid=(cdiv(n, 256)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < n)
		y[i] = fmaf(0.5f, x[i], y[i]);
}
