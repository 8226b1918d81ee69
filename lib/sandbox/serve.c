/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve: the box's init. Starts the program, keeps a capped copy of
 * what it prints, stops and continues it when told, ends everything at the
 * wall limit or when the program has ended, takes the output, and reports.
 */
#include "sandbox/inside_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct serving {
	struct pike_box_in *in;
	int signals, errors, status;
	bool ended, log_open;
	uint64_t said; /* bytes that it has printed */
	int64_t began;
	int64_t left_ns, since; /* of the wall limit; since: when it ran last */
};

/* Without a PID namespace: every child of ours, and, since orphans become
 * our children, in the end every process. */
static bool signal_children(int sig)
{
	char text[4096], *at = text, *end;
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	bool any = false;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (;;) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			return any;
		any = kill((pid_t)pid, sig) == 0 || any;
		at = end;
	}
}

static void signal_all(struct pike_box_in *in, int sig)
{
	if (in->namespaces)
		kill(-1, sig);
	else if (!signal_children(sig) && in->child > 0)
		kill(in->child, sig);
}

/* Reaps what there is; false when no child is left. */
static bool reap(struct serving *v, int flags)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, flags | __WALL);

		if (pid == v->in->child) {
			v->ended = true;
			v->status = status;
		}
		if (pid == 0)
			return true;
		if (pid < 0 && errno != EINTR)
			return false;
	}
}

static void end_all(struct serving *v)
{
	do {
		signal_all(v->in, SIGKILL);
	} while (!v->in->namespaces && reap(v, WNOHANG) &&
		 (usleep(1000), true));
	reap(v, 0);
}

/* What a compiler says first is what matters. Of an agent the end does too: the
 * second half of the room is a ring. */
static void keep(struct serving *v, const char *part, size_t n)
{
	const uint64_t half = PIKE_BOX_TALK_MAX / 2;
	bool agent = v->in->traits->agent;
	uint64_t at = v->said, room = PIKE_BOX_LOG_MAX;

	while (n) {
		size_t fits;

		if (agent) {
			at = v->said < half ? v->said
					    : half + (v->said - half) % half;
			room = at < half ? half : PIKE_BOX_TALK_MAX;
		}
		fits = room - at < n ? (size_t)(room - at) : n;
		if (at >= room ||
		    pwrite(PIKE_FD_LOG, part, fits, (off_t)at) != (ssize_t)fits)
			return;
		v->said += fits;
		at = v->said;
		part += fits;
		n -= fits;
	}
}

static void take_log(struct serving *v)
{
	char part[4096];
	ssize_t n;

	while (v->log_open && !v->in->flooded) {
		n = read(v->in->pipe, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			v->log_open = false;
		if (n <= 0)
			return;
		keep(v, part, (size_t)n);
		v->in->flooded =
		    v->in->traits->agent && v->said > PIKE_BOX_FLOOD;
	}
}

static void charge(struct serving *v)
{
	int64_t now = pike_now_ns();

	if (!v->in->frozen)
		v->left_ns -= now - v->since;
	v->since = now;
}

/* A word, and a descriptor that comes with it, else -1; 0: the parent is gone,
 * -1: there is no word. */
static ssize_t hear(char *word, int *fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec part = { word, 1 };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = c.room,
			    .msg_controllen = sizeof(c.room) };
	ssize_t n =
	    recvmsg(PIKE_FD_CONTROL, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*fd = -1;
	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
	    h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(h), sizeof(int));
	return n;
}

static bool do_word(struct serving *v, char word, int fd)
{
	if (word == 'F')
		return fd >= 0 && !pike_box_fill(v->in, fd);
	if (word != 'S' && word != 'C')
		return false;
	charge(v);
	v->in->frozen = word == 'S';
	signal_all(v->in, word == 'S' ? SIGSTOP : SIGCONT);
	return true;
}

/* false: the parent is gone, or speaks another language. */
static bool obey(struct serving *v)
{
	char word;
	int fd;
	ssize_t n = hear(&word, &fd);
	bool done;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	done = n > 0 && do_word(v, word, fd);
	if (fd >= 0)
		close(fd);
	return done && send(PIKE_FD_CONTROL, &word, 1, MSG_NOSIGNAL) == 1;
}

/* How often the program's resident memory is looked at. */
#define LOOK_MS 20

static int wait_ms(const struct serving *v)
{
	int ms = v->left_ns <= 0 ? 0 : (int)(v->left_ns / 1000000 + 1);

	if (v->in->frozen)
		return -1;
	return v->in->traits->sparse && ms > LOOK_MS
		   ? LOOK_MS * (v->in->traits->agent ? 10 : 1)
		   : ms;
}

/* -1: not known. */
static long pages_of(const char *pid)
{
	char path[64], text[128] = "", *at;
	long pages = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/statm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
	    (at = strchr(text, ' ')))
		pages = strtol(at, NULL, 10);
	if (fd >= 0)
		close(fd);
	return pages;
}

/* Of all processes of the box, which has no others in its /proc. */
static long pages_of_all(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	long sum = proc ? 0 : -1, n;

	while (proc && (e = readdir(proc)))
		if (*e->d_name >= '1' && *e->d_name <= '9' &&
		    (n = pages_of(e->d_name)) > 0)
			sum += n;
	if (proc)
		closedir(proc);
	return sum;
}

/* Has it taken more memory than it may? Without /proc that cannot be told, and
 * then it has. */
static bool overgrown(const struct serving *v)
{
	char pid[32];
	long pages;

	if (!v->in->traits->sparse || v->ended || v->in->setup->memory <= 0)
		return false;
	snprintf(pid, sizeof(pid), "%d", (int)v->in->child);
	pages = v->in->traits->agent ? pages_of_all() : pages_of(pid);
	return pages < 0 ||
	       pages > v->in->setup->memory / sysconf(_SC_PAGESIZE);
}

/* Asked to end (without a PID namespace the parent's signal comes here). */
static bool told_to_end(struct serving *v)
{
	struct signalfd_siginfo si;
	bool end = false;

	while (read(v->signals, &si, sizeof(si)) == sizeof(si))
		end = end || si.ssi_signo == SIGTERM;
	return end && !v->in->namespaces;
}

/* Until the program has ended; false: the parent wants no report. */
static bool watch(struct serving *v)
{
	while (!v->ended) {
		struct pollfd p[] = {
			{ .fd = v->signals, .events = POLLIN },
			{ .fd = PIKE_FD_CONTROL, .events = POLLIN },
			{ .fd = v->log_open ? v->in->pipe : -1,
			  .events = POLLIN },
		};

		if (poll(p, 3, wait_ms(v)) < 0 && errno != EINTR)
			return false;
		take_log(v);
		if (p[0].revents && told_to_end(v))
			return false;
		reap(v, WNOHANG);
		if (p[1].revents && !obey(v))
			return false;
		charge(v);
		v->in->overgrown = overgrown(v);
		if (v->in->overgrown || v->in->flooded)
			return true;
		if (!v->ended && v->left_ns <= 0) {
			v->in->timed_out = true;
			return true;
		}
	}
	return true;
}

static int take_output(struct pike_box_in *in)
{
	const struct pike_box_setup *s = in->setup;
	char path[160], part[65536];
	uint64_t max = s->out_max ? s->out_max : PIKE_BOX_OUT_MAX;
	off_t at = 0;
	struct stat st;
	ssize_t n;
	int fd, rc = -1;

	snprintf(path, sizeof(path), "%s/%.63s", in->dir, s->output);
	if (path[strlen(path) - 1] == '/') {
		path[strlen(path) - 1] = '\0';
		return pike_box_pack(PIKE_FD_OUT, path, max);
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uint64_t)st.st_size > max || ftruncate(PIKE_FD_OUT, 0))
		goto out;
	while ((n = pread(fd, part, sizeof(part), at)) > 0) {
		if (pwrite(PIKE_FD_OUT, part, (size_t)n, at) != n)
			goto out;
		at += n;
	}
	if (at == st.st_size)
		rc = 0;
out:
	close(fd);
	return rc;
}

static void name_signal(struct pike_box_report *r, int sig)
{
	r->signal = sig;
	switch (sig) {
	case SIGSYS:
		r->why = PIKE_BOX_FORBIDDEN;
		break;
	case SIGXCPU:
		r->why = PIKE_BOX_CPU_LIMIT;
		break;
	case SIGXFSZ:
		r->why = PIKE_BOX_FILE_LIMIT;
		break;
	case SIGKILL:
		r->why = PIKE_BOX_KILLED;
		break;
	default:
		r->why = PIKE_BOX_SIGNALED;
	}
}

static void report(struct serving *v)
{
	struct pike_box_report *r = &v->in->report;
	ssize_t n = read(v->errors, r->text, sizeof(r->text) - 1);

	r->took_ns = pike_now_ns() - v->began;
	r->said = v->said;
	if (v->in->overgrown) {
		r->why = PIKE_BOX_KILLED;
	} else if (v->in->flooded) {
		r->why = PIKE_BOX_FLOODED;
	} else if (v->in->timed_out) {
		r->why = PIKE_BOX_TIMED_OUT;
	} else if (n > 0) {
		r->why = PIKE_BOX_BROKEN;
	} else if (WIFSIGNALED(v->status)) {
		name_signal(r, WTERMSIG(v->status));
	} else {
		r->why = PIKE_BOX_EXITED;
		r->status = WEXITSTATUS(v->status);
		if ((!r->status || v->in->traits->tool) &&
		    v->in->setup->output[0] && !v->in->traits->agent &&
		    take_output(v->in))
			r->why = PIKE_BOX_NO_OUTPUT;
	}
	/* However it has ended, what it has written is there. */
	if (v->in->traits->agent && r->why != PIKE_BOX_BROKEN &&
	    pike_desk_take(v->in))
		r->why = PIKE_BOX_NO_OUTPUT;
	send(PIKE_FD_CONTROL, r, sizeof(*r), MSG_NOSIGNAL);
}

static int start(struct serving *v)
{
	int out[2], errors[2];

	if (pipe2(out, O_CLOEXEC) || pipe2(errors, O_CLOEXEC | O_NONBLOCK))
		return pike_box_step(v->in, "make pipes");
	v->in->child = fork();
	if (v->in->child < 0)
		return pike_box_step(v->in, "fork");
	if (!v->in->child) {
		/* With namespaces the init's death does it. */
		if (!v->in->namespaces)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		pike_box_become(v->in, out[1], errors[1]);
	}
	close(out[1]);
	close(errors[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	v->in->pipe = out[0];
	v->errors = errors[0];
	return 0;
}

int pike_box_serve(struct pike_box_in *in)
{
	struct serving v = { .in = in,
			     .log_open = true,
			     .left_ns = in->setup->wall_ms * 1000000,
			     .began = pike_now_ns(),
			     .since = pike_now_ns() };
	/* A runner that the judge stops between samples is no news. */
	const struct sigaction ends = { .sa_handler = SIG_DFL,
					.sa_flags = SA_NOCLDSTOP };
	sigset_t set;
	bool tell;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigaction(SIGCHLD, &ends, NULL);
	v.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (v.signals < 0)
		return pike_box_step(in, "wait for signals");
	if (start(&v))
		return -1;
	/* The program runs as the same user: it must not get at us. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	tell = watch(&v);
	end_all(&v);
	take_log(&v);
	if (tell)
		report(&v);
	return 0;
}
