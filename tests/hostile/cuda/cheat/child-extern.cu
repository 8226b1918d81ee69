// expect: build
// target: softmax
// about: 1.3/23 launches its work from the device by the runtime's own names
extern "C" __device__ void *cudaGetParameterBufferV2(void *, dim3, dim3,
						     unsigned);
extern "C" __device__ int cudaLaunchDeviceV2(void *, void *);

__global__ void child()
{
}

//pike: launch softmax grid=(1) block=(1)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	cudaLaunchDeviceV2(cudaGetParameterBufferV2((void *)child, dim3(1),
						    dim3(32), 0), 0);
}
