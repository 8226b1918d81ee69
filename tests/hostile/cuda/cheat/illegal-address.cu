// expect: crash
// target: softmax
// about: 1.6/57 writes through a null pointer
//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	*(volatile float *)0 = 0;
}
