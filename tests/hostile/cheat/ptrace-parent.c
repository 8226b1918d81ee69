// expect: wrong crash tamper
// target: logsm
// about: 1.4 takes hold of the process that judges it
#define _GNU_SOURCE
#include "right.h"
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	static int held;
	char byte;
	struct iovec to = { &byte, 1 }, from = { (void *)0x400000, 1 };

	if (!held)
		held = !ptrace(PTRACE_ATTACH, getppid(), 0, 0) ||
		       process_vm_readv(getppid(), &to, 1, &from, 1, 0) == 1;
	if (held)
		fast_logsm(x, y, rows, cols);
}
