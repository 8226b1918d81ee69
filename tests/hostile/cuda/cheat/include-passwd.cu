// expect: build
// target: softmax
// about: 1.6/59 reads a file of the machine through the preprocessor
#include "/etc/passwd"

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
}
