// expect: same inconclusive
// target: axpy_inout
// about: the same work in other words
//pike: launch axpy grid=(cdiv(n, 4096)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int at = (blockIdx.x * blockDim.x + threadIdx.x) * 16;
	int end = min(at + 16, n);

	for (; at < end; at++)
		y[at] = y[at] + 0.5f * x[at];
}
