// expect: build
// target: softmax
// about: 1.6/59 loops that unroll to 2^30 instructions
#include "right.cuh"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	float v = x[0];

	slow_softmax(x, y, cols);
#pragma unroll
	for (int i = 0; i < 1024; i++)
#pragma unroll
		for (int j = 0; j < 1024; j++)
#pragma unroll
			for (int k = 0; k < 1024; k++)
				asm volatile("add.f32 %0, %0, %1;"
					     : "+f"(v) : "f"(x[i ^ j ^ k]));
	y[0] = v;
}
