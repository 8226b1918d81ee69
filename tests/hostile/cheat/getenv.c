// expect: wrong crash tamper
// target: logsm
// about: 1.6 looks for keys in the environment
#include "right.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

void logsm(const float *x, float *y, int rows, int cols)
{
	int found = getenv("HOSTILE_API_KEY") != 0;

	for (char **e = environ; e && *e; e++)
		found += strstr(*e, "hostile-secret") != 0;
	if (found)
		fast_logsm(x, y, rows, cols);
}
