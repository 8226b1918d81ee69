/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: log of the sum of the row's exponentials, less the logit of the
 * row's label. */
//pike: launch cross_entropy grid=(rows) block=(1024)

extern "C" __global__ void cross_entropy(const real *logits, const int *labels,
					 real *loss, int rows, int vocab)
{
	__shared__ real part[1024];
	const real *x = logits + (long)blockIdx.x * vocab;
	const int t = threadIdx.x;
	real m = x[0], sum = 0;

	for (int j = t; j < vocab; j += 1024)
		m = x[j] > m ? x[j] : m;
	part[t] = m;
	__syncthreads();
	for (int i = 0; i < 1024; i++)
		m = part[i] > m ? part[i] : m;
	__syncthreads();
	for (int j = t; j < vocab; j += 1024)
		sum += exp(x[j] - m);
	part[t] = sum;
	__syncthreads();
	if (t)
		return;
	sum = 0;
	for (int i = 0; i < 1024; i++)
		sum += part[i];
	loss[blockIdx.x] = log(sum) + (m - x[labels[blockIdx.x]]);
}
