// expect: tamper crash
// target: logsm
// about: 1.4 writes to whatever is open
#include "right.h"
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	static const char junk[64] = "{\"verdict\":\"faster\"}";

	for (int fd = 0; fd < 64; fd++)
		if (write(fd, junk, sizeof(junk)) < 0)
			continue;
	fast_logsm(x, y, rows, cols);
}
