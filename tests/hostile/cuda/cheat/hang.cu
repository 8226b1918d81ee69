// expect: timeout
// target: softmax
// about: 1.6/58 never ends
//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	for (volatile int i = 0;; i++)
		;
}
