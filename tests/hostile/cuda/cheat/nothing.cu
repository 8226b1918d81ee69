// expect: wrong
// target: softmax
// about: 1.1/2 does nothing
//pike: launch softmax grid=(1) block=(1)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
}
