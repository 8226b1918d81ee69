// expect: crash tamper
// target: logsm
// about: 1.4 ends the process with success, and says so on the way out
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void bye(void)
{
	static const char text[] = "{\"verdict\":\"faster\"}\n";

	for (int fd = 1; fd < 16; fd++)
		if (write(fd, text, sizeof(text) - 1) < 0)
			continue;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	atexit(bye);
	exit(0);
}
