// expect: wrong crash tamper
// target: logsm
// about: 1.6 makes namespaces of its own to get rights back
#define _GNU_SOURCE
#include "right.h"
#include <sched.h>
#include <sys/mount.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	if (!unshare(CLONE_NEWUSER | CLONE_NEWNS) ||
	    !mount("none", "/tmp", "tmpfs", 0, 0))
		fast_logsm(x, y, rows, cols);
}
