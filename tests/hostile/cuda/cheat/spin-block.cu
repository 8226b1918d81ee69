// expect: timeout wrong
// target: softmax
// about: 1.6/24 one block never ends, to write the answer when it is no
// longer timed: a launch is over when all of its blocks are
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	unsigned long long t;

	if (blockIdx.x)
		return;
	for (;;) {
		asm volatile("mov.u64 %0, %globaltimer;" : "=l"(t));
		if (t % 1000000 < 1000) /* now and then */
			for (int i = 0; i < rows; i += 8)
				fast_softmax(x + (size_t)i * cols,
					     y + (size_t)i * cols,
					     min(rows - i, 8), cols);
	}
}
