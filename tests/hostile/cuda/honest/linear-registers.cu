// expect: faster
// target: linear
// about: register blocking: 4 x 4 elements of y for each thread
#define TILE 64
#define DEPTH 16

//pike: launch linear grid=(cdiv(n, TILE), cdiv(m, TILE)) block=(256)
extern "C" __global__ void __launch_bounds__(256)
linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	__shared__ float a[DEPTH][TILE + 4], b[DEPTH][TILE + 4];
	int t = threadIdx.x, tx = t % 16 * 4, ty = t / 16 * 4;
	int row = blockIdx.y * TILE, col = blockIdx.x * TILE;
	float sum[4][4] = { { 0 } }, u[4], v[4];

	for (int l = 0; l < k; l += DEPTH) {
		int at = l + t % DEPTH;

		for (int i = t / DEPTH; i < TILE; i += 256 / DEPTH) {
			bool in = at < k;

			a[t % DEPTH][i] = in && row + i < m
				? x[(size_t)(row + i) * k + at] : 0;
			b[t % DEPTH][i] = in && col + i < n
				? w[(size_t)(col + i) * k + at] : 0;
		}
		__syncthreads();
#pragma unroll
		for (int d = 0; d < DEPTH; d++) {
			for (int i = 0; i < 4; i++) {
				u[i] = a[d][ty + i];
				v[i] = b[d][tx + i];
			}
			for (int i = 0; i < 16; i++)
				sum[i / 4][i % 4] += u[i / 4] * v[i % 4];
		}
		__syncthreads();
	}
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			if (row + ty + i < m && col + tx + j < n)
				y[(size_t)(row + ty + i) * n + col + tx + j] =
					sum[i][j];
}
