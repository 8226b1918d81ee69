// expect: wrong
// target: axpy_inout
// about: 1.1/4 what goes in and out stays as it is
//pike: launch axpy grid=(1) block=(1)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
}
