// expect: crash timeout wrong build contract same slower inconclusive
// target: softmax
// about: 1.6/58 a grid barrier of the toolkit in a launch that is not
// cooperative
#include "right.cuh"

#include <cooperative_groups.h>

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	cooperative_groups::this_grid().sync();
}
