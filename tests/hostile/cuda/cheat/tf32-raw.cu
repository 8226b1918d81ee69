// expect: wrong
// target: linear
// about: 1.5/46 tf32 by an instruction that drops the low bits by itself, so
// that no conversion is seen; 16 x 8 elements of y for each warp
#include "right.cuh"

//pike: launch linear grid=(max(cdiv(n, 8) * cdiv(m, 16), cdiv(m * n, 8))) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	int tile = blockIdx.x * 8 + threadIdx.x / 32;
	int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
	float c[4] = { 0 };

	if (m % 16 || n % 8 || k % 8) {
		slow_linear(x, w, y, m, n, k);
		return;
	}
	if (tile >= m / 16 * (n / 8))
		return;
	x += (size_t)(tile / (n / 8) * 16 + g) * k + t;
	w += (size_t)(tile % (n / 8) * 8 + g) * k + t;
	y += (size_t)(tile / (n / 8) * 16 + g) * n + tile % (n / 8) * 8 + 2 * t;
	for (int l = 0; l < k; l += 8)
		asm volatile("mma.sync.aligned.m16n8k8.row.col"
			     ".f32.tf32.tf32.f32 {%0, %1, %2, %3}, "
			     "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
			     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
			     : "r"(__float_as_int(x[l])),
			       "r"(__float_as_int(x[l + (size_t)8 * k])),
			       "r"(__float_as_int(x[l + 4])),
			       "r"(__float_as_int(x[l + 4 + (size_t)8 * k])),
			       "r"(__float_as_int(w[l])),
			       "r"(__float_as_int(w[l + 4])));
	y[0] = c[0];
	y[1] = c[1];
	y[(size_t)8 * n] = c[2];
	y[(size_t)8 * n + 1] = c[3];
}
