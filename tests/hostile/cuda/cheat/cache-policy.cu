// expect: same slower inconclusive suspect contract build
// target: axpy_inout
// about: 1.3/31 asks the L2 cache to keep the buffers, whatever is written to
// flush it
#include "right.cuh"

//pike: launch axpy grid=(cdiv(n, 4096)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int from = (blockIdx.x * 256 + threadIdx.x) * 16;
	unsigned long long keep;
	float u, v;

	asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;"
		     : "=l"(keep));
	for (int i = from; i < min(from + 16, n); i++) {
		asm volatile("ld.global.L2::cache_hint.f32 %0, [%1], %2;"
			     : "=f"(u) : "l"(x + i), "l"(keep));
		asm volatile("ld.global.L2::cache_hint.f32 %0, [%1], %2;"
			     : "=f"(v) : "l"(y + i), "l"(keep));
		v += 0.5f * u;
		asm volatile("st.global.L2::cache_hint.f32 [%0], %1, %2;"
			     ::"l"(y + i), "f"(v), "l"(keep) : "memory");
	}
}
