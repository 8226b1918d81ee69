// expect: crash
// target: softmax
// about: 1.6/58 calls itself until the stack is full
//pike: launch softmax grid=(rows) block=(128)
static __device__ __noinline__ float down(volatile float *y, int n)
{
	volatile float here[64];

	here[n & 63] = n ? down(y, n + 1) : 0;
	return here[n & 63] + here[0];
}

extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	y[blockIdx.x] = down(y, 1);
}
