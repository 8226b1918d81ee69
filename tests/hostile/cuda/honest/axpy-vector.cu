// expect: faster
// target: axpy_inout
// about: vectors of four; the last few elements one by one
//pike: launch axpy grid=(cdiv(n, 1024)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int at = (blockIdx.x * 256 + threadIdx.x) * 4;

	if (at + 4 <= n && ((size_t)x | (size_t)y) % 16 == 0) {
		float4 u = *(const float4 *)(x + at), v = *(float4 *)(y + at);

		*(float4 *)(y + at) =
			make_float4(v.x + 0.5f * u.x, v.y + 0.5f * u.y,
				    v.z + 0.5f * u.z, v.w + 0.5f * u.w);
		return;
	}
	for (int i = at; i < min(at + 4, n); i++)
		y[i] += 0.5f * x[i];
}
