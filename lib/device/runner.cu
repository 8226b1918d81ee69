/* SPDX-License-Identifier: Apache-2.0 */
/* What the runner of GPU kernels launches itself, beside a candidate's. */

/* Holds the stream until the host has queued everything behind it, so that
 * no launch latency is timed (NVBench, blocking kernel); 20 ms at most. */
extern "C" __global__ void pike_hold(const volatile int *go)
{
	long long t0 = clock64();

	while (!*go && clock64() - t0 < 40000000)
		;
}

/* Writes more than the L2 holds, never the same twice. */
extern "C" __global__ void pike_flush(uint4 *p, unsigned long long n,
				      unsigned seed)
{
	unsigned long long i = blockIdx.x * (unsigned long long)blockDim.x +
			       threadIdx.x;

	for (; i < n; i += (unsigned long long)gridDim.x * blockDim.x) {
		unsigned v = (unsigned)i * 2654435761u ^ seed;

		p[i] = make_uint4(v, ~v, v + 1, v ^ 0x5bd1e995u);
	}
}

/* Reads more than the L2 holds: what is written back is what pike_flush wrote,
 * and it is written back now, not while a candidate is timed. */
extern "C" __global__ void pike_drain(uint4 *p, unsigned long long n)
{
	unsigned long long i = blockIdx.x * (unsigned long long)blockDim.x +
			       threadIdx.x;
	unsigned all = 0;

	for (; i < n; i += (unsigned long long)gridDim.x * blockDim.x)
		all |= p[i].x & ~p[i].y;
	/* Never: but the compiler cannot know */
	if (all == 0x12345678u)
		p[0].x = all;
}

/* Leaves nothing of a kernel in shared memory. */
extern "C" __global__ void pike_scrub(unsigned words, unsigned seed)
{
	extern __shared__ unsigned s[];

	for (unsigned i = threadIdx.x; i < words; i += blockDim.x)
		s[i] = i * 2654435761u ^ seed;
	__syncthreads();
	/* Read back, or the compiler drops the stores */
	if (s[(seed ^ threadIdx.x) % words] == 0x12345678u)
		__nanosleep(1);
}
