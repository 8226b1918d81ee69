/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox: the parent's side of a box. Describes it in a memory file, spawns
 * pike-sandbox with nothing but the descriptors that it needs (posix_spawn,
 * so that no copy of this process and its secrets is ever made), and speaks
 * to it through one socket.
 */
#include "sandbox/places_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
/* How long a box may take to obey a word, or to fill a folder. */
#define WORD_MS 5000
#define FILL_MS 30000

struct pike_box {
	pid_t pid;
	int pidfd; /* of a fork of another process; -1: it is our child */
	int control, log;
	bool agent, ended, killed;
	struct pike_box_report report;
};

/* The path of what is /runner in it; NULL: there is none. */
static const char *runner_of(const struct pike_box_opts *o)
{
	const struct pike_box_traits *t = &pike_box_traits[o->kind];

	if (!o->argv || (!t->helper && !t->agent))
		return NULL;
	return t->tool ? o->runner : o->argv[0];
}

static int add_files(struct pike_buf *b, const struct pike_files *files,
		     struct pike_err *err)
{
	for (size_t i = 0; files && i < files->n; i++) {
		const struct pike_file *f = &files->v[i];
		uint64_t len = f->len;

		if (!pike_box_path_ok(f->path))
			return pike_fail(err, PIKE_FAILED,
					 "cannot put a file called '%s' into "
					 "the sandbox; rename it",
					 f->path);
		pike_buf_add(b, f->path, strlen(f->path) + 1);
		pike_buf_add(b, &len, sizeof(len));
		pike_buf_add(b, f->data, f->len);
	}
	return 0;
}

static uint32_t add_binds(struct pike_buf *b, char kind,
			  const char *const *paths)
{
	uint32_t n = 0;

	for (; paths && paths[n]; n++) {
		pike_buf_addc(b, kind);
		pike_buf_add(b, paths[n], strlen(paths[n]) + 1);
	}
	return n;
}

static uint32_t add_agent(struct pike_buf *b, const struct pike_box_agent *a)
{
	const char *const prompt[] = { a ? a->prompt : NULL, NULL };

	return a ? add_binds(b, 'i', prompt) + add_binds(b, 'e', a->env) +
		       add_binds(b, 'm', (const char *const *)a->edits->v)
		 : 0;
}

static int write_setup(int *out_fd, const struct pike_box_opts *o,
		       struct pike_err *err)
{
	struct pike_box_setup s = {
		.magic = PIKE_BOX_MAGIC,
		.kind = o->kind,
		.parent = o->warm ? pike_warm_pid(o->warm) : getpid(),
		.nice = o->nice,
		.threads = o->threads,
		.require = (int32_t)o->require,
		.wall_ms = o->wall_ms,
		.memory = o->memory,
		.out_max = o->out_max,
		.has_sock = o->sock >= 0,
		.has_cpus = o->cpus != NULL,
		.has_folder = o->folder > 0,
		.probe = !o->argv,
		.has_runner = runner_of(o) != NULL,
		.nfiles = o->files ? (uint32_t)o->files->n : 0,
	};
	const char *const work[] = { o->work, NULL };
	struct pike_buf b, binds;
	int rc;

	pike_buf_init(&b, 256u << 20);
	pike_buf_init(&binds, 8u << 20);
	s.nbinds =
	    add_binds(&binds, 'f', o->folders) +
	    add_binds(&binds, 'd', o->devices) + add_binds(&binds, 'w', work) +
	    add_binds(&binds, 'r', o->reads) + add_agent(&binds, o->agent);
	if (o->visible)
		snprintf(s.visible, sizeof(s.visible), "%s", o->visible);
	if (o->preload)
		snprintf(s.preload, sizeof(s.preload), "%s", o->preload);
	if (o->options)
		snprintf(s.options, sizeof(s.options), "%s", o->options);
	if (o->cpus)
		s.cpus = *o->cpus;
	if (o->output)
		snprintf(s.output, sizeof(s.output), "%s", o->output);
	while (o->argv && o->argv[s.argc])
		s.argc++;
	pike_buf_add(&b, &s, sizeof(s));
	for (size_t i = 0; o->argv && o->argv[i]; i++)
		pike_buf_add(&b, o->argv[i], strlen(o->argv[i]) + 1);
	pike_buf_add(&b, binds.s, binds.len);
	rc = add_files(&b, o->files, err);
	if (!rc && (b.full || binds.full || s.nbinds > PIKE_BINDS_MAX))
		rc = pike_fail(err, PIKE_FAILED,
			       "sources are too large for the sandbox");
	if (!rc)
		rc = pike_memfd(out_fd, "box", 0, err);
	if (!rc)
		rc = pike_write_all(*out_fd, b.s, b.len, err);
	pike_buf_release(&binds);
	pike_buf_release(&b);
	return rc;
}

/* Out of the way of the places that are filled one after another. */
static int lift(struct pike_places *p, int place, int fd, struct pike_err *err)
{
	p->at[place] = fcntl(fd, F_DUPFD_CLOEXEC, PIKE_FD_FLOOR);
	if (p->at[place] < 0)
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot prepare the sandbox");
	return 0;
}

static void places_close(struct pike_places *p)
{
	for (int i = PIKE_FD_SETUP; i < PIKE_FD_END; i++) {
		if (p->at[i] >= 0)
			close(p->at[i]);
	}
}

static int lift_runner(struct pike_places *p, const struct pike_box_opts *o,
		       struct pike_err *err)
{
	const char *path = runner_of(o);
	int fd, rc;

	if (!path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pike_fail_errno(err, PIKE_FATAL, "cannot open '%s'",
				       path);
	rc = lift(p, PIKE_FD_RUNNER, fd, err);
	close(fd);
	return rc;
}

static int lift_filters(struct pike_places *p, const struct pike_box_opts *o,
			struct pike_err *err)
{
	const struct pike_box_traits *t = &pike_box_traits[o->kind];
	/* A GPU's driver needs more than the tight filter has: only where no
	 * host code of a candidate runs beside it there is none. */
	bool run = t->helper && !t->scratch && (!t->tool || t->script) &&
		   !o->device_code_only;
	bool threads = o->threads > 1 || t->gpu; /* the driver has some */
	enum pike_filter later =
	    t->script
		? (threads ? PIKE_FILTER_SCRIPT_THREADS : PIKE_FILTER_SCRIPT)
		: (threads ? PIKE_FILTER_TIGHT_THREADS : PIKE_FILTER_TIGHT);
	int fd, rc;

	rc = pike_box_filter(&fd,
			     t->agent	  ? PIKE_FILTER_AGENT
			     : t->scratch ? PIKE_FILTER_COMPILE
					  : PIKE_FILTER_RUN,
			     err);
	if (!rc)
		rc = lift(p, PIKE_FD_FILTER, fd, err);
	if (!rc && run)
		rc = pike_box_filter(&fd, later, err);
	if (!rc && run)
		rc = lift(p, PIKE_FD_TIGHT, fd, err);
	return rc;
}

static int spawn(pid_t *out, const struct pike_places *p, struct pike_err *err)
{
	static char *const env[] = { (char *)"PATH=/usr/bin:/bin",
				     (char *)"LANG=C", NULL };
	static char *const argv[] = { (char *)"pike-sandbox", NULL };

	return pike_box_spawn(out, argv, env, p->at, PIKE_FD_END, err);
}

/* Fills in the descriptors of the box's own and of `o`. */
static int furnish(struct pike_box *b, struct pike_places *p,
		   const struct pike_box_opts *o, struct pike_err *err)
{
	int setup = -1, pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return pike_fail_errno(err, PIKE_FATAL, "cannot make a socket");
	b->control = pair[0];
	rc = lift(p, PIKE_FD_CONTROL, pair[1], err);
	close(pair[1]);
	if (!rc)
		rc = write_setup(&setup, o, err);
	if (!rc)
		rc = lift(p, PIKE_FD_SETUP, setup, err);
	if (setup >= 0)
		close(setup);
	if (!rc)
		rc = pike_memfd(&b->log, "log", 0, err);
	if (!rc)
		rc = lift(p, PIKE_FD_LOG, b->log, err);
	if (!rc && o->output)
		rc = lift(p, PIKE_FD_OUT, o->out_fd, err);
	if (!rc && o->sock >= 0)
		rc = lift(p, PIKE_FD_SOCK, o->sock, err);
	if (!rc && o->folder > 0)
		rc = lift(p, PIKE_FD_FOLDER, o->folder, err);
	if (!rc)
		rc = lift_runner(p, o, err);
	if (!rc)
		rc = lift_filters(p, o, err);
	return rc;
}

int pike_box_start(struct pike_box **out, const struct pike_box_opts *o,
		   struct pike_err *err)
{
	struct pike_places p;
	struct pike_box *b = pike_xcalloc(1, sizeof(*b));
	int rc;

	*b = (struct pike_box){ .pidfd = -1,
				.control = -1,
				.log = -1,
				.agent = pike_box_traits[o->kind].agent };
	for (int i = 0; i < PIKE_FD_END; i++)
		p.at[i] = -1;
	rc = furnish(b, &p, o, err);
	if (!rc)
		rc = o->warm ? pike_warm_fork(&b->pid, &b->pidfd, o->warm, &p,
					      o->words, err)
			     : spawn(&b->pid, &p, err);
	places_close(&p);
	if (rc) {
		pike_box_free(b);
		return rc;
	}
	*out = b;
	return 0;
}

/* Something to read, or the end of who writes; that alone without POLLIN. */
static bool polled(int fd, short events, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t end = pike_now_ns() + (int64_t)wait_ms * 1000000;
	int n;

	for (;;) {
		n = poll(&p, 1, wait_ms);
		if (n >= 0 || errno != EINTR)
			return n > 0;
		if (wait_ms > 0) {
			int64_t left = (end - pike_now_ns()) / 1000000;

			wait_ms = left > 0 ? (int)left : 0;
		}
	}
}

bool pike_box_ended(const struct pike_box *b)
{
	return b->ended || polled(b->control, 0, 0);
}

/* 0: none; -1: several, or this kernel does not list them. */
static pid_t only_child(pid_t pid)
{
	char path[64], text[64], *end, *more;
	ssize_t n;
	long child;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return -1;
	text[n] = '\0';
	child = strtol(text, &end, 10);
	if (end == text)
		return 0;
	strtol(end, &more, 10);
	return more == end ? (pid_t)child : -1;
}

/* Else its number may be another's. */
static bool lives(const struct pike_box *b)
{
	return b->pidfd < 0 || !polled(b->pidfd, POLLIN, 0);
}

pid_t pike_box_program(const struct pike_box *b)
{
	pid_t pid = b->ended ? -1 : b->pid, child;

	/* With namespaces there is an init between it and the program, which
	 * has no children: a RUN box lets none be made. */
	for (int depth = 0; pid > 0 && depth < 3; depth++) {
		child = only_child(pid);
		if (!child)
			return depth && lives(b) ? pid : -1;
		pid = child;
	}
	return -1;
}

/* A box that ended without reading our last word makes the kernel say that
 * first, once, and only then hand over what the box had sent (unix(7),
 * ECONNRESET). */
static ssize_t next_message(const struct pike_box *b, void *to, size_t size)
{
	ssize_t n;

	do
		n = recv(b->control, to, size, MSG_DONTWAIT);
	while (n < 0 && (errno == ECONNRESET || errno == EINTR));
	return n;
}

/* The report, if one came before the box's end. */
static void take_report(struct pike_box *b)
{
	struct pike_box_report r;
	ssize_t n;

	b->report.why = PIKE_BOX_KILLED;
	while ((n = next_message(b, &r, sizeof(r))) > 0) {
		if (n == (ssize_t)sizeof(r) && r.magic == PIKE_BOX_MAGIC &&
		    r.why <= PIKE_BOX_BROKEN) {
			r.text[sizeof(r.text) - 1] = '\0';
			b->report = r;
		}
	}
	if (b->killed)
		b->report.why = PIKE_BOX_KILLED;
}

static void bury(struct pike_box *b)
{
	if (b->ended)
		return;
	if (b->pidfd >= 0)
		polled(b->pidfd, POLLIN, -1);
	else
		while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
			;
	b->ended = true;
	take_report(b);
}

/* `n` bytes of it from `at`. */
static void read_part(struct pike_buf *out, int fd, size_t n, off_t at)
{
	char *text = pike_xmalloc(n + 1);
	ssize_t got = pread(fd, text, n, at);

	if (got > 0)
		pike_sanitize(out, text, (size_t)got);
	free(text);
}

/* Of an agent's words, the second half goes round: see keep() in serve.c. */
static void read_log(struct pike_buf *out, const struct pike_box *b)
{
	const size_t half = PIKE_BOX_TALK_MAX / 2;
	uint64_t said = b->report.said;
	size_t at;

	pike_buf_init(out, 2u * PIKE_BOX_TALK_MAX);
	if (!b->agent || said <= PIKE_BOX_TALK_MAX) {
		read_part(out, b->log,
			  b->agent ? PIKE_BOX_TALK_MAX : PIKE_BOX_LOG_MAX, 0);
		return;
	}
	at = (size_t)((said - half) % half);
	read_part(out, b->log, half, 0);
	pike_buf_addf(out, "\n[%llu bytes are left out]\n",
		      (unsigned long long)(said - PIKE_BOX_TALK_MAX));
	read_part(out, b->log, half - at, (off_t)(half + at));
	read_part(out, b->log, at, (off_t)half);
}

int pike_box_wait(struct pike_box_end *out, struct pike_box *b, int wait_ms,
		  struct pike_err *err)
{
	const struct pike_box_report *r = &b->report;

	if (!b->ended && !polled(b->control, 0, wait_ms))
		return pike_fail(err, PIKE_RETRY, "the sandbox still runs");
	bury(b);
	if (r->why == PIKE_BOX_BROKEN)
		return pike_fail(err, PIKE_FATAL,
				 "cannot make a sandbox: %s; run 'pike-git "
				 "doctor'",
				 r->text);
	*out = (struct pike_box_end){ .why = (enum pike_box_why)r->why,
				      .status = r->status,
				      .signal = r->signal,
				      .took_ns = r->took_ns };
	read_log(&out->log, b);
	return 0;
}

int pike_box_last_report(struct pike_box_report *out, struct pike_box *b,
			 struct pike_err *err)
{
	struct pike_box_end end;
	int rc = pike_box_wait(&end, b, -1, err);

	if (rc)
		return rc;
	pike_box_end_release(&end);
	*out = b->report;
	if (out->why != PIKE_BOX_EXITED || out->status)
		return pike_fail(
		    err, PIKE_FATAL,
		    "the sandbox's probe did not end as it should");
	return 0;
}

void pike_box_end_release(struct pike_box_end *e)
{
	pike_buf_release(&e->log);
}

void pike_box_say(struct pike_buf *out, const struct pike_box_end *e)
{
	static const char *const words[] = {
		[PIKE_BOX_TIMED_OUT] = "did not end in time",
		[PIKE_BOX_CPU_LIMIT] = "used more processor time than it may",
		[PIKE_BOX_FILE_LIMIT] = "wrote a larger file than it may",
		[PIKE_BOX_FORBIDDEN] = "made a forbidden system call",
		[PIKE_BOX_KILLED] = "was killed (out of memory?)",
		[PIKE_BOX_NO_OUTPUT] = "left no usable output",
		[PIKE_BOX_FLOODED] = "printed more than it may",
		[PIKE_BOX_BROKEN] = "was never started",
	};

	if (e->why == PIKE_BOX_EXITED)
		pike_buf_addf(out, "exited with status %d", e->status);
	else if (e->why == PIKE_BOX_SIGNALED)
		pike_buf_addf(out, "was killed by signal %d (%s)", e->signal,
			      strsignal(e->signal));
	else
		pike_buf_adds(out, words[e->why]);
}

static void tell(const struct pike_box *b, int sig)
{
	if (b->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, b->pidfd, sig, NULL, 0u);
	else
		kill(b->pid, sig);
}

void pike_box_kill(struct pike_box *b)
{
	if (b->ended)
		return;
	b->killed = true;
	tell(b, SIGTERM);
}

/* One word, with a descriptor (-1: none), and its echo. */
static int say_word(struct pike_box *b, char word, int fd, struct pike_err *err)
{
	char reply[sizeof(struct pike_box_report)];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .head = { .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS,
			  .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec part = { &word, 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&c.head), &fd, sizeof(int));
		m.msg_control = c.room;
		m.msg_controllen = sizeof(c.room);
	}
	if (sendmsg(b->control, &m, MSG_NOSIGNAL) != 1)
		return pike_fail(err, PIKE_FAILED, "the sandbox has ended");
	if (!polled(b->control, POLLIN, fd < 0 ? WORD_MS : FILL_MS))
		return pike_fail(err, PIKE_FAILED,
				 "the sandbox does not answer");
	/* A report means that it ended before it read the word. */
	n = recv(b->control, reply, sizeof(reply), MSG_PEEK | MSG_DONTWAIT);
	if (n != 1)
		return pike_fail(err, PIKE_FAILED, "the sandbox has ended");
	recv(b->control, reply, sizeof(reply), MSG_DONTWAIT);
	return 0;
}

int pike_box_doors(struct pike_doors *out, struct pike_box *b,
		   struct pike_err *err)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} c;
	char word = 0;
	struct iovec part = { &word, 1 };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = c.room,
			    .msg_controllen = sizeof(c.room) };
	const struct cmsghdr *h;
	int fds[2];

	*out = (struct pike_doors){ -1, -1 };
	/* Its report, when it could not be made, is for pike_box_wait. */
	if (!polled(b->control, POLLIN, FILL_MS) ||
	    recv(b->control, &word, 1, MSG_PEEK | MSG_DONTWAIT) != 1 ||
	    word != 'D' ||
	    recvmsg(b->control, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return pike_fail(err, PIKE_FATAL, "the sandbox has ended");
	h = CMSG_FIRSTHDR(&m);
	if (!h || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len != CMSG_LEN(sizeof(fds)))
		return pike_fail(err, PIKE_FATAL, "the sandbox has no doors");
	memcpy(fds, CMSG_DATA(h), sizeof(fds));
	*out = (struct pike_doors){ .proxy = fds[0], .judge = fds[1] };
	return 0;
}

int pike_box_freeze(struct pike_box *b, bool stop, struct pike_err *err)
{
	return say_word(b, stop ? 'S' : 'C', -1, err);
}

int pike_box_give(struct pike_box *b, int folder, struct pike_err *err)
{
	return say_word(b, 'F', folder, err);
}

/* Threads of a process that are not there yet; how many there were. */
static int move_threads(pid_t pid, const cpu_set_t *cpus)
{
	char path[64];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		cpu_set_t has;

		if (tid <= 0 || sched_getaffinity(tid, sizeof(has), &has) ||
		    CPU_EQUAL(&has, cpus))
			continue;
		n += !sched_setaffinity(tid, sizeof(*cpus), cpus);
	}
	if (d)
		closedir(d);
	return n;
}

bool pike_box_moves(void)
{
	return !access("/proc/thread-self/children", R_OK);
}

void pike_box_move(const struct pike_box *b, const cpu_set_t *cpus)
{
	pid_t pid = pike_box_program(b);

	/* Again for those that one of them has started meanwhile. */
	for (int i = 0; pid > 0 && i < 8 && move_threads(pid, cpus) > 0; i++)
		;
}

void pike_box_free(struct pike_box *b)
{
	if (!b)
		return;
	if (b->pid > 0 && !b->ended) {
		pike_box_kill(b);
		if (!polled(b->control, 0, 5000))
			tell(b, SIGKILL);
		bury(b);
	}
	if (b->control >= 0)
		close(b->control);
	if (b->log >= 0)
		close(b->log);
	if (b->pidfd >= 0)
		close(b->pidfd);
	free(b);
}
