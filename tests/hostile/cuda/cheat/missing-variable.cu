// expect: build
// target: softmax
// about: 1.4/37 reads a variable that another module may define
extern __device__ float pike_expected[];

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	y[blockIdx.x] = pike_expected[blockIdx.x];
}
