// expect: faster
// target: colsum
// about: one launch: the last block of a stripe adds up what the others left
// in scratch; its counters are device globals that every call leaves at zero
#define SLICE 64
#define STRIPES 4096

static __device__ unsigned arrived[STRIPES];

//pike: scratch f32 part[cdiv(rows, SLICE)][cols]
//pike: launch colsum grid=(cdiv(cols, 128), cdiv(rows, SLICE)) block=(128) args=(x, part, y, rows, cols)
extern "C" __global__ void colsum(const float *x, float *part, float *y,
				  int rows, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x, from = blockIdx.y * SLICE;
	__shared__ bool last;
	float sum = 0;

	if (j < cols) {
#pragma unroll 8
		for (int i = from; i < min(from + SLICE, rows); i++)
			sum += x[(size_t)i * cols + j];
		part[(size_t)blockIdx.y * cols + j] = sum;
	}
	__threadfence();
	__syncthreads();
	if (!threadIdx.x) /* it goes back to zero after the last */
		last = atomicInc(&arrived[blockIdx.x], gridDim.y - 1) ==
		       gridDim.y - 1;
	__syncthreads();
	if (!last || j >= cols)
		return;
	__threadfence();
	sum = 0;
	for (int i = 0; i < gridDim.y; i++)
		sum += __ldcg(&part[(size_t)i * cols + j]);
	y[j] = sum;
}
