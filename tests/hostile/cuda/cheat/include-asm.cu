// expect: build
// target: softmax
// about: 1.6/59 reads a file through the assembler's preprocessor
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	asm volatile("\n#include \"/etc/passwd\"\n");
}
