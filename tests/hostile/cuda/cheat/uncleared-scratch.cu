// expect: wrong
// target: colsum
// about: 1.1/10 adds to scratch that it has not cleared
//pike: scratch f32 sum[cols]
//pike: launch add grid=(cdiv(cols, 128), rows) block=(128) args=(x, sum, cols)
extern "C" __global__ void add(const float *x, float *sum, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x;

	if (j < cols)
		atomicAdd(&sum[j], x[(size_t)blockIdx.y * cols + j]);
}

//pike: launch give grid=(cdiv(cols, 128)) block=(128) args=(sum, y, cols)
extern "C" __global__ void give(const float *sum, float *y, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x;

	if (j < cols)
		y[j] = sum[j];
}
