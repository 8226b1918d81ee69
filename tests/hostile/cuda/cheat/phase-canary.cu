// expect: wrong contract tamper crash
// target: softmax
// about: 1.2/17 counts calls in the word before its output
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int *calls = (int *)y - 1;

	if (*calls != 40)
		slow_softmax(x, y, cols);
	if (!blockIdx.x && !threadIdx.x)
		*calls = *calls > 0 && *calls < 40 ? *calls + 1 : 1;
}
