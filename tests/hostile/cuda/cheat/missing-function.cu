// expect: build
// target: softmax
// about: 1.3/27 calls a function that someone else may supply
extern "C" __device__ float oracle(const float *, int);

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	y[blockIdx.x] = oracle(x, blockIdx.x);
}
