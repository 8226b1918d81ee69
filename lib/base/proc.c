/* SPDX-License-Identifier: Apache-2.0 */
/* proc: runs a program by argv, bounded in time and output. */
#include "base/proc.h"

#include "base/clock.h"
#include "base/mem.h"

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
#define READS 16 /* of one step at most */

extern char **environ;

struct pike_proc {
	pid_t pid;	  /* 0: reaped */
	int in, out, err; /* our ends; -1 when closed */
	char *text;	  /* for its stdin */
	size_t len, sent;
	int64_t end_ns; /* 0: no limit */
	bool alone;
	struct pike_proc_result res;
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
static int spawn(pid_t *pid, const struct pike_proc_opts *o, int p[3][2])
{
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	sigset_t dfl, none;
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
	/* A thread that leaves signals to others has blocked them. */
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
					    POSIX_SPAWN_SETSIGDEF |
					    POSIX_SPAWN_SETSIGMASK);
	e = posix_spawnp(pid, o->argv[0], &acts, &attr, (char *const *)o->argv,
			 o->envp ? (char *const *)o->envp : environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&acts);
	return e;
}

static void ready(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

static struct pike_proc *proc_new(const struct pike_proc_opts *o)
{
	struct pike_proc *p = pike_xcalloc(1, sizeof(*p));
	size_t max = o->out_max ? o->out_max : OUT_MAX;

	p->in = p->out = p->err = -1;
	p->len = o->in_len;
	p->alone = o->alone;
	if (o->in_len)
		p->text = pike_xmemdup(o->in, o->in_len);
	if (o->timeout_ms)
		p->end_ns = pike_now_ns() + (int64_t)o->timeout_ms * 1000000;
	pike_buf_init(&p->res.out, max);
	pike_buf_init(&p->res.err, max);
	return p;
}

int pike_proc_start(struct pike_proc **out, const struct pike_proc_opts *o,
		    struct pike_err *err)
{
	struct pike_proc *c = proc_new(o);
	int p[3][2]; /* stdin, stdout, stderr */

	*out = NULL;
	errno = pipes(p) ? errno : spawn(&c->pid, o, p);
	if (errno) {
		int ret = pike_fail_errno(err, PIKE_FAILED, "cannot run '%s'",
					  o->argv[0]);

		for (int i = 0; i < 3; i++)
			shut(&p[i][0]), shut(&p[i][1]);
		c->pid = 0;
		pike_proc_free(c);
		return ret;
	}
	shut(&p[0][0]), shut(&p[1][1]), shut(&p[2][1]);
	c->in = p[0][1];
	c->out = p[1][0];
	c->err = p[2][0];
	ready(c->in), ready(c->out), ready(c->err);
	if (!c->len)
		shut(&c->in);
	*out = c;
	return 0;
}

static void feed(struct pike_proc *c)
{
	ssize_t n = write(c->in, c->text + c->sent, c->len - c->sent);

	if (n > 0)
		c->sent += (size_t)n;
	if ((n < 0 && errno != EINTR && errno != EAGAIN) || c->sent == c->len)
		shut(&c->in);
}

/* What is over the maximum is read and dropped, so the child never blocks; nor
 * does one that writes without an end keep us here. */
static void drain(int *fd, struct pike_buf *b)
{
	char chunk[16384];
	ssize_t n = -1;

	for (int i = 0; i < READS; i++) {
		size_t room = b->max - b->len;

		n = read(*fd, chunk, sizeof(chunk));
		if (n <= 0)
			break;
		pike_buf_add(b, chunk, (size_t)n < room ? (size_t)n : room);
		b->full = b->full || (size_t)n > room;
	}
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		shut(fd);
}

static void pump(struct pike_proc *c)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);

	if (c->in >= 0)
		feed(c);
	if (c->out >= 0)
		drain(&c->out, &c->res.out);
	if (c->err >= 0)
		drain(&c->err, &c->res.err);
	signal(SIGPIPE, old);
}

static void ended(struct pike_proc *c, int status)
{
	c->pid = 0;
	shut(&c->in), shut(&c->out), shut(&c->err);
	c->res.status =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Its whole group, and what it left behind in there. */
static void kill_all(struct pike_proc *c)
{
	int status = 0;

	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	ended(c, status);
}

/* Gone, and still to be waited for: its group's number is its own. */
static bool is_gone(const struct pike_proc *c)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)c->pid, &info,
		       WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid == c->pid;
}

/* Nothing to read any more, and gone. */
static bool reap(struct pike_proc *c)
{
	int status = 0;
	pid_t got;

	if (c->alone && (c->out >= 0 || c->err >= 0) && is_gone(c)) {
		pump(c); /* what it wrote is in there */
		kill_all(c);
		return true;
	}
	if (c->out >= 0 || c->err >= 0)
		return false;
	got = waitpid(c->pid, &status, WNOHANG);
	if (!got || (got < 0 && errno == EINTR))
		return false;
	ended(c, status);
	return true;
}

bool pike_proc_step(struct pike_proc *c)
{
	if (!c->pid)
		return true;
	pump(c);
	if (reap(c))
		return true;
	if (!c->end_ns || pike_now_ns() < c->end_ns)
		return false;
	c->res.timed_out = true;
	kill_all(c);
	return true;
}

const struct pike_proc_result *pike_proc_result(const struct pike_proc *c)
{
	return &c->res;
}

void pike_proc_free(struct pike_proc *c)
{
	if (!c)
		return;
	if (c->pid)
		kill_all(c);
	pike_proc_result_release(&c->res);
	free(c->text);
	free(c);
}

/* Until something can be done; a child that has closed its ends and lives on
 * cannot be waited for with a limit. */
static void wait_for(const struct pike_proc *c)
{
	struct pollfd f[3] = { { c->in, POLLOUT, 0 },
			       { c->out, POLLIN, 0 },
			       { c->err, POLLIN, 0 } };
	int64_t ms = (c->end_ns - pike_now_ns()) / 1000000 + 1;

	if (c->out < 0 && c->err < 0)
		usleep(1000);
	else
		poll(f, 3, !c->end_ns ? -1 : ms > 0 ? (int)ms : 0);
}

int pike_proc_run(struct pike_proc_result *res,
		  const struct pike_proc_opts *opts, struct pike_err *err)
{
	struct pike_proc *c;
	int ret;

	pike_buf_init(&res->out, 0);
	pike_buf_init(&res->err, 0);
	res->status = 0;
	res->timed_out = false;
	ret = pike_proc_start(&c, opts, err);
	if (ret)
		return ret;
	while (!pike_proc_step(c))
		wait_for(c);
	*res = c->res;
	memset(&c->res, 0, sizeof(c->res));
	pike_proc_free(c);
	return 0;
}

void pike_proc_result_release(struct pike_proc_result *res)
{
	pike_buf_release(&res->out);
	pike_buf_release(&res->err);
}
