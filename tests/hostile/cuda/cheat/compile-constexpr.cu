// expect: build
// target: softmax
// about: 1.6/59 a kernel's name that takes for ever to work out
#include "right.cuh"

constexpr int forever(int n)
{
	unsigned long long v = n;

	while (v)
		v = v * 6364136223846793005 + 1442695040888963407;
	return (int)v;
}

//pike: launch rows_of<forever(1)> grid=(rows) block=(128)
template <int N>
__global__ void rows_of(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
}
