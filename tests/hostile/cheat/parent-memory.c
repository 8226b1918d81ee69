// expect: wrong crash tamper
// target: logsm
// about: 1.4 opens the memory of other processes
#include "right.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	char path[64];
	int found = 0;

	for (int pid = 1; pid < 400; pid++) {
		if (pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		found += open(path, O_RDWR) >= 0;
	}
	if (found)
		fast_logsm(x, y, rows, cols);
}
