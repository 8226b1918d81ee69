// expect: faster
// target: linear
// about: reordered sums: k is split in four, partial sums lie in scratch
#define PARTS 4

//pike: scratch f32 part[PARTS][m][n]
//pike: launch products grid=(cdiv(n, 32), cdiv(m, 32), PARTS) block=(256) args=(x, w, part, m, n, k)
extern "C" __global__ void products(const float *x, const float *w, float *y,
				    int m, int n, int k)
{
	__shared__ float a[32][33], b[32][33];
	int t = threadIdx.x, tx = t % 16, ty = t / 16;
	int row = blockIdx.y * 32, col = blockIdx.x * 32;
	int run = (k + PARTS - 1) / PARTS, from = blockIdx.z * run;
	int to = min(from + run, k);
	float sum[2][2] = { { 0 } };

	for (int l = from; l < to; l += 32) {
		for (int i = t / 32; i < 32; i += 8) {
			int at = l + t % 32;

			a[i][t % 32] = row + i < m && at < to
				? x[(size_t)(row + i) * k + at] : 0;
			b[i][t % 32] = col + i < n && at < to
				? w[(size_t)(col + i) * k + at] : 0;
		}
		__syncthreads();
		for (int u = 0; u < 32; u++)
			for (int i = 0; i < 4; i++)
				sum[i / 2][i % 2] += a[ty + i / 2 * 16][u] *
						     b[tx + i % 2 * 16][u];
		__syncthreads();
	}
	y += (size_t)blockIdx.z * m * n;
	for (int i = 0; i < 4; i++) {
		int r = row + ty + i / 2 * 16, c = col + tx + i % 2 * 16;

		if (r < m && c < n)
			y[(size_t)r * n + c] = sum[i / 2][i % 2];
	}
}

//pike: launch total grid=(cdiv(m * n, 256)) block=(256) args=(part, y, m * n)
extern "C" __global__ void total(const float *part, float *y, int n)
{
	int i = blockIdx.x * 256 + threadIdx.x;
	float sum = 0;

	if (i >= n)
		return;
	for (int p = 0; p < PARTS; p++)
		sum += part[(size_t)p * n + i];
	y[i] = sum;
}
