/* SPDX-License-Identifier: Apache-2.0 */
/* proxy: the one way out of an agent's box; see agent.h. */
#include "sandbox/agent.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS_MOST 64
#define HEAD_MOST 8192
#define PART 65536
/* How long a call may take to say where to. */
#define HEAD_NS (10 * 1000000000LL)
#define LOOK_MS 200

/* One direction of a call: what was read and not written yet. */
struct flow {
	char *data;
	size_t at, len;
	bool over; /* no more comes */
	bool shut; /* and the other side knows */
};

struct call {
	int in, out; /* out: -1 until it is connected to */
	bool connected;
	int64_t since;
	char head[HEAD_MOST + 1];
	size_t nhead;
	struct flow up, down;
};

struct pike_proxy {
	int listener;
	struct pike_strs hosts; /* NAME:PORT */
	pthread_t thread;
	atomic_bool stop;
	bool runs;
	struct call *calls[CALLS_MOST];
	size_t n;
	size_t refused;
	char first[160];
};

/* ---- names ---- */

static bool is_listed(const struct pike_proxy *p, const char *to)
{
	for (size_t i = 0; i < p->hosts.n; i++)
		if (!strcasecmp(p->hosts.v[i], to))
			return true;
	return false;
}

/* ---- one call ---- */

static void call_free(struct call *c)
{
	close(c->in);
	if (c->out >= 0)
		close(c->out);
	free(c->up.data);
	free(c->down.data);
	free(c);
}

/* Not connected yet, or not at all; -1. */
static int dial(const char *host, const char *port)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	int sock = -1;

	if (getaddrinfo(host, port, &want, &all))
		return -1;
	for (const struct addrinfo *a = all; a && sock < 0; a = a->ai_next) {
		sock = socket(a->ai_family,
			      SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (sock >= 0 && connect(sock, a->ai_addr, a->ai_addrlen) &&
		    errno != EINPROGRESS) {
			close(sock);
			sock = -1;
		}
	}
	freeaddrinfo(all);
	return sock;
}

static void refuse(struct pike_proxy *p, struct call *c, const char *what)
{
	static const char no[] = "HTTP/1.1 403 Forbidden\r\n"
				 "Content-Length: 0\r\n\r\n";
	char *clean;

	send(c->in, no, sizeof(no) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (p->refused++)
		return;
	clean = pike_clean_line(what, strlen(what), 140);
	snprintf(p->first, sizeof(p->first), "%.140s", clean);
	free(clean);
}

/* false: the call is over. */
static bool route(struct pike_proxy *p, struct call *c)
{
	static const char bad[] = "HTTP/1.1 502 Bad Gateway\r\n"
				  "Content-Length: 0\r\n\r\n";
	char method[16], to[300], *port;

	c->head[c->nhead] = '\0';
	if (sscanf(c->head, "%15s %299s", method, to) != 2) {
		refuse(p, c, "what is not a request");
		return false;
	}
	if (strcmp(method, "CONNECT") != 0 || !is_listed(p, to)) {
		refuse(p, c, to);
		return false;
	}
	port = strrchr(to, ':');
	*port++ = '\0';
	c->out = dial(to, port);
	if (c->out < 0)
		send(c->in, bad, sizeof(bad) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	return c->out >= 0;
}

/* What a client sends behind its head before it was answered is none of it. */
static bool read_head(struct pike_proxy *p, struct call *c)
{
	ssize_t n = recv(c->in, c->head + c->nhead, HEAD_MOST - c->nhead, 0);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->nhead += (size_t)n;
	c->head[c->nhead] = '\0';
	if (strstr(c->head, "\r\n\r\n") || strstr(c->head, "\n\n"))
		return route(p, c);
	return c->nhead < HEAD_MOST;
}

static bool finish_dial(struct call *c)
{
	static const char ok[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	static const char bad[] = "HTTP/1.1 502 Bad Gateway\r\n"
				  "Content-Length: 0\r\n\r\n";
	socklen_t len = sizeof(int);
	int e = 0;

	if (getsockopt(c->out, SOL_SOCKET, SO_ERROR, &e, &len) || e) {
		send(c->in, bad, sizeof(bad) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		return false;
	}
	c->connected = true;
	c->up.data = pike_xmalloc(PART);
	c->down.data = pike_xmalloc(PART);
	return send(c->in, ok, sizeof(ok) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)sizeof(ok) - 1;
}

/* As far as both sides go now; false: one of them is broken. */
static bool pump(struct flow *f, int from, int to, short from_can, short to_can)
{
	ssize_t n;

	if (!f->len && !f->over && (from_can & (POLLIN | POLLHUP | POLLERR))) {
		n = recv(from, f->data, PART, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		f->over = n == 0;
		f->at = 0;
		f->len = n > 0 ? (size_t)n : 0;
		to_can |= POLLOUT;
	}
	if (f->len && (to_can & (POLLOUT | POLLERR | POLLHUP))) {
		n = send(to, f->data + f->at, f->len,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			f->at += (size_t)n;
			f->len -= (size_t)n;
		}
	}
	if (f->over && !f->len && !f->shut) {
		shutdown(to, SHUT_WR);
		f->shut = true;
	}
	return true;
}

/* false: it is over. */
static bool step(struct pike_proxy *p, struct call *c, short in, short out)
{
	if (c->out < 0) {
		if (pike_now_ns() - c->since > HEAD_NS)
			return false;
		return !in || read_head(p, c);
	}
	if (!c->connected)
		return !out || finish_dial(c);
	return pump(&c->up, c->in, c->out, in, out) &&
	       pump(&c->down, c->out, c->in, out, in) &&
	       !(c->up.shut && c->down.shut);
}

/* ---- all of them ---- */

static short wants(const struct flow *from, const struct flow *to)
{
	return (short)((!from->len && !from->over ? POLLIN : 0) |
		       (to->len ? POLLOUT : 0));
}

static void watch(struct pollfd v[2], const struct call *c)
{
	v[0] = (struct pollfd){ .fd = c->in };
	v[1] = (struct pollfd){ .fd = c->out };
	if (c->out < 0)
		v[0].events = POLLIN;
	else if (!c->connected)
		v[0].fd = -1, v[1].events = POLLOUT;
	else {
		v[0].events = wants(&c->up, &c->down);
		v[1].events = wants(&c->down, &c->up);
		/* A side that has hung up is not looked at for nothing. */
		if (!v[0].events)
			v[0].fd = -1;
		if (!v[1].events)
			v[1].fd = -1;
	}
}

static void take_call(struct pike_proxy *p)
{
	int sock =
	    accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct call *c;

	if (sock < 0)
		return;
	c = pike_xcalloc(1, sizeof(*c));
	c->in = sock;
	c->out = -1;
	c->since = pike_now_ns();
	p->calls[p->n++] = c;
}

static void *serve(void *ctx)
{
	struct pike_proxy *p = ctx;
	struct pollfd v[2 * CALLS_MOST + 1];

	while (!atomic_load(&p->stop)) {
		size_t n = p->n, kept = 0;

		for (size_t i = 0; i < n; i++)
			watch(&v[2 * i], p->calls[i]);
		v[2 * n] = (struct pollfd){
			.fd = n < CALLS_MOST ? p->listener : -1,
			.events = POLLIN,
		};
		if (poll(v, 2 * n + 1, LOOK_MS) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < n; i++) {
			struct call *c = p->calls[i];

			if (step(p, c, v[2 * i].revents, v[2 * i + 1].revents))
				p->calls[kept++] = c;
			else
				call_free(c);
		}
		p->n = kept;
		if (v[2 * n].revents)
			take_call(p);
	}
	return NULL;
}

int pike_proxy_start(struct pike_proxy **out, int listener,
		     const struct pike_strs *hosts, struct pike_err *err)
{
	struct pike_proxy *p = pike_xcalloc(1, sizeof(*p));
	sigset_t all, old;
	int e;

	*out = NULL;
	p->listener = listener;
	for (size_t i = 0; i < hosts->n; i++)
		pike_strs_pushf(&p->hosts, "%s%s", hosts->v[i],
				strchr(hosts->v[i], ':') ? "" : ":443");
	/* Signals are the business of the thread that was there before. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&p->thread, NULL, serve, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e) {
		pike_proxy_free(p);
		return pike_fail(err, PIKE_FATAL, "cannot start a thread");
	}
	p->runs = true;
	*out = p;
	return 0;
}

void pike_proxy_stop(struct pike_proxy *p)
{
	if (!p->runs)
		return;
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	p->runs = false;
}

size_t pike_proxy_refused(const struct pike_proxy *p, const char **what)
{
	*what = p->refused ? p->first : NULL;
	return p->refused;
}

void pike_proxy_free(struct pike_proxy *p)
{
	if (!p)
		return;
	pike_proxy_stop(p);
	for (size_t i = 0; i < p->n; i++)
		call_free(p->calls[i]);
	close(p->listener);
	pike_strs_release(&p->hosts);
	free(p);
}
