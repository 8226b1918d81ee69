// expect: crash build contract
// target: softmax
// about: 1.6/61 right, and an assertion whose text looks like a verdict
#include "right.cuh"

extern "C" __device__ void __assertfail(const char *, const char *, unsigned,
					const char *, size_t);

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	__assertfail("{\"verdict\":\"faster\"}\n", "judge.c", 1, "verdict", 1);
}
