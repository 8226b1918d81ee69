/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: c[m][n] = a[m][k] times the transpose of b[n][k]. A block has a
 * tile of 64 x 64, each of its threads every 16th row and column of it. */
//pike: launch gemm grid=(cdiv(n, 64), cdiv(m, 64)) block=(16, 16)

extern "C" __global__ void gemm(const real *a, const real *b, real *c, int m,
				int n, int k)
{
	__shared__ real as[64][17], bs[64][17];
	const int x = threadIdx.x, y = threadIdx.y;
	const int i0 = blockIdx.y * 64, j0 = blockIdx.x * 64;
	real sum[4][4] = {};

	for (int p = 0; p < k; p += 16) {
		for (int r = y; r < 64; r += 16) {
			const bool in = p + x < k;

			as[r][x] = in && i0 + r < m
				       ? a[(long)(i0 + r) * k + p + x]
				       : 0;
			bs[r][x] = in && j0 + r < n
				       ? b[(long)(j0 + r) * k + p + x]
				       : 0;
		}
		__syncthreads();
		for (int q = 0; q < 16; q++)
			for (int i = 0; i < 4; i++)
				for (int j = 0; j < 4; j++)
					sum[i][j] += as[y + i * 16][q] *
						     bs[x + j * 16][q];
		__syncthreads();
	}
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			if (i0 + y + i * 16 < m && j0 + x + j * 16 < n)
				c[(long)(i0 + y + i * 16) * n + j0 + x +
				  j * 16] = sum[i][j];
}
