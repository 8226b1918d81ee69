// expect: faster same inconclusive slower
// target: logsm
// about: maxima in four lanes, terms kept on the stack: right, whatever it
// gains
#include "right.h"

#define KEEP 1024

static float largest(const float *x, int cols)
{
	float m[4] = { x[0], x[0], x[0], x[0] };
	int j = 0;

	for (; j + 4 <= cols; j += 4)
		for (int u = 0; u < 4; u++)
			m[u] = x[j + u] > m[u] ? x[j + u] : m[u];
	for (; j < cols; j++)
		m[0] = x[j] > m[0] ? x[j] : m[0];
	for (int u = 1; u < 4; u++)
		m[0] = m[u] > m[0] ? m[u] : m[0];
	return m[0];
}

void logsm(const float *x, float *y, int rows, int cols)
{
	float term[KEEP];

	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float max = largest(x, cols), sum = 0;

		for (int b = 0; b < cols; b += KEEP) {
			int n = cols - b < KEEP ? cols - b : KEEP;

			for (int j = 0; j < n; j++)
				term[j] = expf(x[b + j] - max);
			for (int j = 0; j < n; j++)
				sum += term[j];
		}
		max += logf(sum);
		for (int j = 0; j < cols; j++)
			y[j] = x[j] - max;
	}
}
