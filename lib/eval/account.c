/* SPDX-License-Identifier: Apache-2.0 */
/* account: see account_priv.h. */
#include "eval/account_priv.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

void pike_account_open(struct pike_account *a, const struct pike_box *b)
{
	pid_t pid = pike_box_program(b);
	struct pike_used u;
	char path[48];

	*a = (struct pike_account){ 0 };
	if (pid <= 0)
		return;
	a->held = true;
	/* A number may be another's tomorrow, a pidfd is not. */
	a->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	a->schedstat = open(path, O_RDONLY | O_CLOEXEC);
	a->open = a->schedstat >= 0 && !clock_getcpuclockid(pid, &a->clock) &&
		  pike_account_read(&u, a);
}

void pike_account_close(struct pike_account *a)
{
	if (a->held && a->pidfd >= 0)
		close(a->pidfd);
	if (a->held && a->schedstat >= 0)
		close(a->schedstat);
	*a = (struct pike_account){ 0 };
}

bool pike_account_parse(struct pike_used *out, const char *text)
{
	uint64_t run, wait, turns;

	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &run, &wait,
		   &turns) != 3 ||
	    wait > INT64_MAX)
		return false;
	out->wait_ns = (int64_t)wait;
	out->turns = turns;
	/* A kernel that keeps no such books has zeros there. */
	return turns > 0;
}

bool pike_account_read(struct pike_used *out, const struct pike_account *a)
{
	struct timespec t;
	char text[96];
	ssize_t n;

	if (!a->held || a->schedstat < 0 || clock_gettime(a->clock, &t))
		return false;
	/* Its first number is the processor time too, but as of the last tick
	 * or change of turns. */
	n = pread(a->schedstat, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	out->cpu_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	return pike_account_parse(out, text);
}

static void read_line(char *text, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
}

int64_t pike_account_own_wait(void)
{
	struct pike_used u;
	char text[96];

	read_line(text, sizeof(text), "/proc/thread-self/schedstat");
	return pike_account_parse(&u, text) ? u.wait_ns : 0;
}

int pike_account_runnable(void)
{
	char text[96];
	int n = 0;

	read_line(text, sizeof(text), "/proc/loadavg");
	return sscanf(text, "%*f %*f %*f %d/", &n) == 1 ? n : 0;
}

bool pike_account_stop(const struct pike_account *a, bool stop)
{
	return a->held && a->pidfd >= 0 &&
	       !syscall(SYS_pidfd_send_signal, a->pidfd,
			stop ? SIGSTOP : SIGCONT, NULL, 0);
}
