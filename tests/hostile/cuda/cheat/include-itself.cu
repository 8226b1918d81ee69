// expect: build
// target: softmax
// about: 1.6/59 includes itself without end
#include __FILE__

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
}
