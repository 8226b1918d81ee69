// expect: tamper crash timeout
// target: logsm
// about: 1.4 closes what it did not open
#include "right.h"
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	for (int fd = 0; fd < 64; fd++)
		close(fd);
}
