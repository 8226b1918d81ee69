// expect: wrong
// target: colsum
// about: 1.1/10 adds to a device global that is zero in the image alone: the
// judge, which restores it, would clear it for nothing, outside of the time
#define COLS 65536

static __device__ float sum[COLS];
static __device__ unsigned arrived[COLS / 128];

//pike: launch colsum grid=(cdiv(cols, 128), cdiv(rows, 32)) block=(128)
extern "C" __global__ void colsum(const float *x, float *y, int rows, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x, from = blockIdx.y * 32;
	__shared__ bool last;
	float mine = 0;

	if (j < cols) {
		for (int i = from; i < min(from + 32, rows); i++)
			mine += x[(size_t)i * cols + j];
		atomicAdd(&sum[j], mine);
	}
	__threadfence();
	__syncthreads();
	if (!threadIdx.x)
		last = atomicAdd(&arrived[blockIdx.x], 1u) == gridDim.y - 1;
	__syncthreads();
	if (last && j < cols)
		y[j] = __ldcg(&sum[j]);
}
