/* SPDX-License-Identifier: Apache-2.0 */
/* proc: runs a program by argv, bounded in time and output. */
#include "base/proc.h"

#include "base/clock.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT_MAX ((size_t)1 << 20)

extern char **environ;

struct child {
	pid_t pid;
	int in, out, err; /* our ends; -1 when closed */
	size_t sent;
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int pipes(int p[3][2])
{
	for (int i = 0; i < 3; i++)
		p[i][0] = p[i][1] = -1;
	for (int i = 0; i < 3; i++)
		if (pipe2(p[i], O_CLOEXEC))
			return -1;
	return 0;
}

/* A group of its own, so that all of it can be killed. Not by fork: that
 * copies the page tables of a parent that may be large. */
static int spawn(struct child *c, const struct pike_proc_opts *o, int p[3][2])
{
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	sigset_t dfl;
	int e;

	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, p[0][0], 0);
	posix_spawn_file_actions_adddup2(&acts, p[1][1], 1);
	posix_spawn_file_actions_adddup2(&acts, p[2][1], 2);
	if (o->dir)
		posix_spawn_file_actions_addchdir_np(&acts, o->dir);
	posix_spawnattr_init(&attr);
	sigemptyset(&dfl);
	sigaddset(&dfl, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &dfl);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	e = posix_spawnp(&c->pid, o->argv[0], &acts, &attr,
			 (char *const *)o->argv,
			 o->envp ? (char *const *)o->envp : environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&acts);
	return e;
}

static int start(struct child *c, const struct pike_proc_opts *o,
		 struct pike_err *err)
{
	int p[3][2]; /* stdin, stdout, stderr */

	c->in = c->out = c->err = -1;
	errno = pipes(p) ? errno : spawn(c, o, p);
	if (errno) {
		int ret = pike_fail_errno(err, PIKE_FAILED, "cannot run '%s'",
					  o->argv[0]);

		for (int i = 0; i < 3; i++)
			shut(&p[i][0]), shut(&p[i][1]);
		return ret;
	}
	shut(&p[0][0]), shut(&p[1][1]), shut(&p[2][1]);
	c->in = p[0][1];
	c->out = p[1][0];
	c->err = p[2][0];
	return 0;
}

static void feed(struct child *c, const struct pike_proc_opts *o)
{
	ssize_t n =
	    write(c->in, (const char *)o->in + c->sent, o->in_len - c->sent);

	if (n > 0)
		c->sent += (size_t)n;
	if ((n < 0 && errno != EINTR && errno != EAGAIN) ||
	    c->sent == o->in_len)
		shut(&c->in);
}

/* What is over the maximum is read and dropped, so the child never blocks. */
static void drain(int *fd, struct pike_buf *b)
{
	char chunk[16384];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0) {
		size_t room = b->max - b->len;

		pike_buf_add(b, chunk, (size_t)n < room ? (size_t)n : room);
		b->full = b->full || (size_t)n > room;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		shut(fd);
	}
}

static void pump(struct child *c, const struct pike_proc_opts *o,
		 struct pike_proc_result *res)
{
	int64_t end = pike_now_ns() + (int64_t)o->timeout_ms * 1000000;

	while (c->in >= 0 || c->out >= 0 || c->err >= 0) {
		struct pollfd f[3] = { { c->in, POLLOUT, 0 },
				       { c->out, POLLIN, 0 },
				       { c->err, POLLIN, 0 } };
		int64_t left = (end - pike_now_ns()) / 1000000;

		if (o->timeout_ms && left <= 0) {
			res->timed_out = true;
			return;
		}
		if (poll(f, 3, o->timeout_ms ? (int)left + 1 : -1) < 0)
			continue;
		if (f[0].revents)
			feed(c, o);
		if (f[1].revents)
			drain(&c->out, &res->out);
		if (f[2].revents)
			drain(&c->err, &res->err);
	}
}

/* Waits for the child; past the deadline its whole group is killed. */
static int reap(pid_t pid, const struct pike_proc_opts *o, int64_t begun,
		struct pike_proc_result *res)
{
	int64_t end = begun + (int64_t)o->timeout_ms * 1000000;
	int status = 0;
	pid_t got;

	while (!res->timed_out && o->timeout_ms) {
		got = waitpid(pid, &status, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			return status;
		res->timed_out = pike_now_ns() >= end;
		usleep(1000);
	}
	if (res->timed_out)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int pike_proc_run(struct pike_proc_result *res,
		  const struct pike_proc_opts *opts, struct pike_err *err)
{
	size_t max = opts->out_max ? opts->out_max : OUT_MAX;
	int64_t begun = pike_now_ns();
	void (*old)(int);
	struct child c = { 0 };
	int status, ret;

	memset(res, 0, sizeof(*res));
	pike_buf_init(&res->out, max);
	pike_buf_init(&res->err, max);
	ret = start(&c, opts, err);
	if (ret)
		return ret;
	old = signal(SIGPIPE, SIG_IGN);
	if (!opts->in_len)
		shut(&c.in);
	else
		fcntl(c.in, F_SETFL, O_NONBLOCK);
	pump(&c, opts, res);
	shut(&c.in), shut(&c.out), shut(&c.err);
	status = reap(c.pid, opts, begun, res);
	signal(SIGPIPE, old);
	res->status =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

void pike_proc_result_release(struct pike_proc_result *res)
{
	pike_buf_release(&res->out);
	pike_buf_release(&res->err);
}
