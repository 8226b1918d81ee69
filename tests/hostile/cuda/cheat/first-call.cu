// expect: suspect
// target: colsum
// about: 1.1/10 clears what it adds to on all calls but the first after it was
// loaded, which finds it cleared: all that are timed are such a call
#define COLS 4096
#define COPIES 4096 /* makes clearing dear enough to be seen */

static __device__ float sum[COPIES][COLS]; /* 64 MiB */
static __device__ unsigned used;

//pike: launch clear grid=(1024) block=(256) args=()
extern "C" __global__ void clear()
{
	float *all = &sum[0][0];

	if (!used)
		return;
	for (int i = blockIdx.x * 256 + threadIdx.x; i < COPIES * COLS;
	     i += 1024 * 256)
		all[i] = 0;
}

//pike: launch add grid=(cdiv(cols, 128), cdiv(rows, 32)) block=(128) args=(x, rows, cols)
extern "C" __global__ void add(const float *x, int rows, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x, from = blockIdx.y * 32;
	float mine = 0;

	if (j >= cols)
		return;
	for (int i = from; i < min(from + 32, rows); i++)
		mine += x[(size_t)i * cols + j];
	atomicAdd(&sum[blockIdx.y % COPIES][j], mine);
}

//pike: launch give grid=(cdiv(cols, 128)) block=(128) args=(y, rows, cols)
extern "C" __global__ void give(float *y, int rows, int cols)
{
	int j = blockIdx.x * 128 + threadIdx.x;
	float all = 0;

	if (j >= cols)
		return;
	for (int i = 0; i < min(COPIES, (rows + 31) / 32); i++)
		all += sum[i][j];
	y[j] = all;
	used = 1;
}
