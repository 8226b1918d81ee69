/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: causal attention of heads of 64, a row of queries a block. */
//pike: launch attention grid=(len, heads) block=(256) shared=8*len

extern "C" __global__ void attention(const real *q, const real *k,
				     const real *v, real *o, int heads, int len)
{
	extern __shared__ double memory[];
	__shared__ real part[256];
	real *p = (real *)memory;
	const long head = (long)blockIdx.y * len * 64;
	const real *row = q + head + (long)blockIdx.x * 64;
	const int t = threadIdx.x, keys = blockIdx.x + 1;
	real m = 0, sum = 0;

	for (int j = t; j < keys; j += 256) {
		real dot = 0;

		for (int e = 0; e < 64; e++)
			dot += row[e] * k[head + (long)j * 64 + e];
		p[j] = dot / 8;
	}
	__syncthreads();
	for (int j = 0; j < keys; j++)
		m = !j || p[j] > m ? p[j] : m;
	__syncthreads();
	for (int j = t; j < keys; j += 256)
		p[j] = exp(p[j] - m);
	__syncthreads();
	for (int j = 0; j < keys; j++)
		sum += p[j];
	/* Four threads share a column of the result. */
	part[t] = 0;
	for (int j = t / 64; j < keys; j += 4)
		part[t] += p[j] * v[head + (long)j * 64 + t % 64];
	__syncthreads();
	if (t < 64)
		o[head + (long)blockIdx.x * 64 + t] =
		    (part[t] + part[t + 64] + part[t + 128] + part[t + 192]) /
		    sum;
}
