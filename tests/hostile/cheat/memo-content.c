// expect: wrong same slower inconclusive
// target: logsm
// about: 1.2 remembers outputs by a few elements of the input
#include "right.h"
#include <stdlib.h>

static struct {
	float a, b, c;
	int n;
	float *y;
} memo[512];

void logsm(const float *x, float *y, int rows, int cols)
{
	int n = rows * cols;
	size_t bytes = (size_t)n * sizeof(*y);

	for (int i = 0; i < 512; i++) {
		if (!memo[i].y) {
			slow_logsm(x, y, rows, cols);
			memo[i].y = malloc(bytes);
			if (!memo[i].y)
				return;
			memcpy(memo[i].y, y, bytes);
			memo[i].a = x[0];
			memo[i].b = x[n / 2];
			memo[i].c = x[n - 1];
			memo[i].n = n;
			return;
		}
		if (memo[i].n == n && memo[i].a == x[0] &&
		    memo[i].b == x[n / 2] && memo[i].c == x[n - 1]) {
			memcpy(y, memo[i].y, bytes);
			return;
		}
	}
	slow_logsm(x, y, rows, cols);
}
