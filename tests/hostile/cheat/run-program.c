// expect: wrong crash tamper contract
// target: logsm
// about: 1.6 runs another program
#include "right.h"
#include <sys/wait.h>
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 0", (char *)0);
		execl("/usr/bin/true", "true", (char *)0);
		_exit(1);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		fast_logsm(x, y, rows, cols);
}
