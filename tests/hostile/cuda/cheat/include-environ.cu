// expect: build
// target: softmax
// about: 1.6/60 quotes the compiler's environment in an error message
#include </proc/self/environ>

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
}
