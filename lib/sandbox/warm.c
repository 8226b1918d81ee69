/* SPDX-License-Identifier: Apache-2.0 */
/* warm: the parent's side; see warm.h. */
#include "sandbox/warm.h"
#include "sandbox/inside_priv.h"
#include "sandbox/places_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS 60000
/* It forks in some milliseconds, but may be importing. */
#define FORK_MS 60000
struct pike_warm {
	pid_t pid;
	int sock, log;
	bool asked, broken;
};

/* A copy in memory: what a fork has mapped tells nothing of the machine. */
static int copy_fork(int *out, struct pike_err *err)
{
	struct pike_buf path, code;
	int ret;

	*out = -1;
	pike_buf_init(&path, 8192);
	pike_buf_init(&code, 16 << 20);
	ret = pike_box_helper(&path, "pike-fork.so", err);
	if (!ret)
		ret = pike_read_file(&code, path.s, err);
	if (!ret)
		ret = pike_memfd(out, "fork", 0, err);
	if (!ret)
		ret = pike_write_all(*out, code.s, code.len, err);
	if (!ret)
		ret = pike_memfd_seal(*out, err);
	pike_buf_release(&path);
	pike_buf_release(&code);
	return ret;
}

/* By pike-sandbox, whose words are the command. */
static int spawn(struct pike_warm *w, const struct pike_warm_opts *o,
		 const int *fds, struct pike_err *err)
{
	struct pike_box_setup s = { .kind = o->kind };
	const struct pike_box_in in = { .setup = &s,
					.traits = &pike_box_traits[o->kind],
					.dir = "/" };
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_box_words words;
	int rc;

	snprintf(s.visible, sizeof(s.visible), "%s",
		 o->visible ? o->visible : "");
	pike_box_environment(&words, &in);
	pike_strs_push(&argv, "pike-sandbox");
	for (size_t i = 0; o->argv[i]; i++)
		pike_strs_push(&argv, o->argv[i]);
	rc = pike_box_spawn(&w->pid, argv.v, words.at, fds, PIKE_WARM_FDS, err);
	pike_strs_release(&argv);
	return rc;
}

/* Out of the way of the places that are filled one after another. */
static int lift_all(int *to, const int *from, struct pike_err *err)
{
	int rc = 0;

	for (int i = 0; i < PIKE_WARM_FDS; i++) {
		to[i] = fcntl(from[i], F_DUPFD_CLOEXEC, PIKE_FD_FLOOR);
		if (to[i] < 0 && !rc)
			rc = pike_fail_errno(err, PIKE_FAILED,
					     "cannot prepare an interpreter to "
					     "fork from");
	}
	return rc;
}

static int start(struct pike_warm *w, const struct pike_warm_opts *o,
		 int script, int sock, struct pike_err *err)
{
	int fds[PIKE_WARM_FDS], code = -1;
	int rc = copy_fork(&code, err);

	if (!rc)
		rc = pike_memfd(&w->log, "log", 0, err);
	if (!rc) {
		const int from[] = { script, w->log, w->log, sock, code };

		rc = lift_all(fds, from, err);
		if (!rc)
			rc = spawn(w, o, fds, err);
		for (int i = 0; i < PIKE_WARM_FDS; i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	if (code >= 0)
		close(code);
	return rc;
}

int pike_warm_start(struct pike_warm **out, const struct pike_warm_opts *o,
		    struct pike_err *err)
{
	struct pike_warm *w = pike_xcalloc(1, sizeof(*w));
	int script = open(o->script, O_RDONLY | O_CLOEXEC);
	int pair[2] = { -1, -1 }, rc;

	*w = (struct pike_warm){ .sock = -1, .log = -1 };
	*out = NULL;
	if (script < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		rc = pike_fail_errno(err, PIKE_FAILED, "cannot start '%s'",
				     o->script);
	} else {
		w->sock = pair[0];
		rc = start(w, o, script, pair[1], err);
		close(pair[1]);
	}
	if (script >= 0)
		close(script);
	if (rc)
		pike_warm_free(w);
	else
		*out = w;
	return rc;
}

/* What it says next, of `size` bytes; `fd`: with a descriptor. */
static bool hear(struct pike_warm *w, void *data, size_t size, int *fd,
		 int wait_ms)
{
	struct pollfd p = { .fd = w->sock, .events = POLLIN };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec v = { data, size };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = c.room,
			    .msg_controllen = sizeof(c.room) };
	const struct cmsghdr *h;
	int n;

	do
		n = poll(&p, 1, wait_ms);
	while (n < 0 && errno == EINTR);
	if (n <= 0 || recvmsg(w->sock, &m, MSG_CMSG_CLOEXEC) != (ssize_t)size)
		return false;
	h = CMSG_FIRSTHDR(&m);
	if (!fd)
		return true;
	if (!h || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len != CMSG_LEN(sizeof(int)))
		return false;
	memcpy(fd, CMSG_DATA(h), sizeof(int));
	return true;
}

static int is_broken(struct pike_warm *w, const char *what,
		     struct pike_err *err)
{
	char text[400] = "";
	ssize_t n = pread(w->log, text, sizeof(text) - 1, 0);
	struct pike_buf said;

	w->broken = true;
	pike_buf_init(&said, sizeof(text));
	if (n > 0)
		pike_sanitize(&said, text, (size_t)n);
	pike_fail(err, PIKE_FAILED, "an interpreter to fork from %s%s%s", what,
		  said.len ? ": " : "", said.s);
	pike_buf_release(&said);
	return PIKE_FAILED;
}

/* It says nothing that it is not asked for. */
static bool has_ended(const struct pike_warm *w)
{
	struct pollfd p = { .fd = w->sock };

	return poll(&p, 1, 0) > 0 && p.revents;
}

int pike_warm_ready(struct pike_warm *w, struct pike_err *err)
{
	int32_t threads;
	char what[80];

	if (w->broken || (w->asked && has_ended(w)))
		return is_broken(w, "is of no use any more", err);
	if (w->asked)
		return 0;
	w->asked = true;
	if (!hear(w, &threads, sizeof(threads), NULL, READY_MS))
		return is_broken(w, "does not get ready", err);
	if (threads == 1)
		return 0;
	snprintf(what, sizeof(what), "has %d threads, where one is needed",
		 (int)threads);
	return is_broken(w, what, err);
}

void pike_warm_import(struct pike_warm *w, const char *module)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%c%s", '\0', module);

	if (!w->broken && n > 0 && (size_t)n < sizeof(text))
		send(w->sock, text, (size_t)n, MSG_NOSIGNAL);
}

pid_t pike_warm_pid(const struct pike_warm *w)
{
	return w->pid;
}

/* One message: which places, 0, what the program is told. */
static bool ask(const struct pike_warm *w, const struct pike_places *p,
		const char *words)
{
	char text[256];
	int fds[PIKE_FD_END], n = 0;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(fds))];
	} c = { .room = "" };
	struct iovec v = { .iov_base = text };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = c.room };

	for (int i = PIKE_FD_SETUP; i < PIKE_FD_END; i++) {
		if (p->at[i] < 0)
			continue;
		text[n] = (char)i;
		fds[n++] = p->at[i];
	}
	text[n] = '\0';
	v.iov_len = (size_t)n + 1 +
		    (size_t)snprintf(text + n + 1, sizeof(text) - (size_t)n - 1,
				     "%s", words);
	m.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	c.head =
	    (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN((size_t)n * sizeof(int)) };
	memcpy(CMSG_DATA(&c.head), fds, (size_t)n * sizeof(int));
	return v.iov_len < sizeof(text) &&
	       sendmsg(w->sock, &m, MSG_NOSIGNAL) == (ssize_t)v.iov_len;
}

int pike_warm_fork(pid_t *pid, int *pidfd, struct pike_warm *w,
		   const struct pike_places *p, const char *words,
		   struct pike_err *err)
{
	int32_t child;

	if (!ask(w, p, words) ||
	    !hear(w, &child, sizeof(child), pidfd, FORK_MS))
		return is_broken(w, "cannot be forked", err);
	*pid = child;
	return 0;
}

void pike_warm_free(struct pike_warm *w)
{
	if (!w)
		return;
	if (w->sock >= 0)
		close(w->sock);
	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (w->log >= 0)
		close(w->log);
	free(w);
}
