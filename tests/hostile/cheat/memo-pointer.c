// expect: wrong same slower inconclusive
// target: logsm
// about: 1.2 remembers outputs by the address of the input
#include "right.h"
#include <stdlib.h>

static struct {
	const float *x;
	float *y;
} memo[512];

void logsm(const float *x, float *y, int rows, int cols)
{
	size_t n = (size_t)rows * (size_t)cols;

	for (int i = 0; i < 512; i++) {
		if (memo[i].x == x) {
			memcpy(y, memo[i].y, n * sizeof(*y));
			return;
		}
		if (memo[i].x)
			continue;
		slow_logsm(x, y, rows, cols);
		memo[i].y = malloc(n * sizeof(*y));
		if (memo[i].y) {
			memcpy(memo[i].y, y, n * sizeof(*y));
			memo[i].x = x;
		}
		return;
	}
	slow_logsm(x, y, rows, cols);
}
