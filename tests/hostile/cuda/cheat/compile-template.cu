// expect: build
// target: softmax
// about: 1.6/59 2^60 instances of a template
#include "right.cuh"

template <int DEPTH, unsigned long long N> struct bomb {
	static const int value = bomb<DEPTH - 1, 2 * N>::value +
				 bomb<DEPTH - 1, 2 * N + 1>::value;
};
template <unsigned long long N> struct bomb<0, N> {
	static const int value = N % 2;
};

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	if (bomb<60, 1>::value == rows)
		y[0] = 0;
}
