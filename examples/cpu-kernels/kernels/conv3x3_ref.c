/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: 3x3 convolution, stride 1, of an input padded by the caller. */
void conv3x3(const real *x, const real *f, real *y, int cin, int cout, int h,
	     int w)
{
	for (int o = 0; o < cout; o++)
		for (int i = 0; i < h * w; i++) {
			const real *in = x + (long)(i / w) * (w + 2) + i % w;
			real sum = 0;

			for (int c = 0; c < cin; c++)
				for (int t = 0; t < 9; t++)
					sum += f[((long)o * cin + c) * 9 + t] *
					       in[((long)c * (h + 2) + t / 3) *
						      (w + 2) +
						  t % 3];
			y[(long)o * h * w + i] = sum;
		}
}
