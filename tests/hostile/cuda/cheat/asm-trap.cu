// expect: crash
// target: softmax
// about: 1.6/58 right, and traps in the hidden cases only, by assembly
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	if (rows < 100)
		asm volatile("trap;");
}
