// expect: faster
// target: colsum
// about: neighbouring threads read neighbouring columns; slices of 32 rows
// are summed into scratch, then the slices
#define SLICE 32

//pike: scratch f32 part[cdiv(rows, SLICE)][cols]
//pike: launch slices grid=(cdiv(cols, 256), cdiv(rows, SLICE)) block=(256) args=(x, part, rows, cols)
extern "C" __global__ void slices(const float *x, float *part, int rows,
				  int cols)
{
	int j = blockIdx.x * 256 + threadIdx.x, from = blockIdx.y * SLICE;
	float sum = 0;

	if (j >= cols)
		return;
#pragma unroll 8
	for (int i = from; i < min(from + SLICE, rows); i++)
		sum += x[(size_t)i * cols + j];
	part[(size_t)blockIdx.y * cols + j] = sum;
}

//pike: launch total grid=(cdiv(cols, 64)) block=(64) args=(part, y, cdiv(rows, SLICE), cols)
extern "C" __global__ void total(const float *part, float *y, int n, int cols)
{
	int j = blockIdx.x * 64 + threadIdx.x;
	float sum = 0;

	if (j >= cols)
		return;
#pragma unroll 8
	for (int i = 0; i < n; i++)
		sum += part[(size_t)i * cols + j];
	y[j] = sum;
}
