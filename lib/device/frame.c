/* SPDX-License-Identifier: Apache-2.0 */
/* frame: frames over a socket, of packets or a stream, and their contents. */
#include "device/frame_priv.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD sizeof(struct pike_frame_head)

void pike_frame_make(struct pike_frame *f, enum pike_frame_type type,
		     uint64_t nonce, const void *data, size_t len)
{
	f->head = (struct pike_frame_head){ .magic = PIKE_FRAME_MAGIC,
					    .type = (uint16_t)type,
					    .nonce = nonce };
	f->nfds = 0;
	pike_frame_append(f, data, len);
}

void pike_frame_append(struct pike_frame *f, const void *data, size_t len)
{
	if (len)
		memcpy(f->data + f->head.len, data, len);
	f->head.len += (uint32_t)len;
}

static enum pike_frame_status ready(int sock, short events, int64_t deadline_ns)
{
	struct pollfd p = { .fd = sock, .events = events };

	for (;;) {
		int64_t left = -1;
		int n;

		if (deadline_ns >= 0) {
			left = deadline_ns - pike_now_ns();
			left = left <= 0 ? 0 : left / 1000000 + 1;
		}
		n = poll(&p, 1, left > 1 << 30 ? 1 << 30 : (int)left);
		if (n > 0)
			return PIKE_FRAME_OK;
		if (n == 0)
			return PIKE_FRAME_TIMEOUT;
		if (errno != EINTR)
			return PIKE_FRAME_EOF;
	}
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * PIKE_FRAME_FDS)];
};

static void attach(struct msghdr *m, union control *c, const int *fds, size_t n)
{
	struct cmsghdr *h;

	memset(c, 0, sizeof(*c));
	m->msg_control = c->bytes;
	m->msg_controllen = CMSG_SPACE(sizeof(int) * n);
	h = CMSG_FIRSTHDR(m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * n);
}

enum pike_frame_status pike_frame_send(int sock, const struct pike_frame *f,
				       const int *fds, int64_t deadline_ns)
{
	struct pike_frame_head head = f->head;
	union control c;
	size_t done = 0, all = HEAD + head.len;

	head.nfds = (uint16_t)f->nfds;
	while (done < all) {
		size_t in_head = done < HEAD ? HEAD - done : 0;
		size_t in_data = done < HEAD ? 0 : done - HEAD;
		struct iovec v[] = {
			{ (char *)&head + HEAD - in_head, in_head },
			{ (void *)(uintptr_t)(f->data + in_data),
			  head.len - in_data },
		};
		struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
		enum pike_frame_status s;
		ssize_t n;

		if (f->nfds && !done)
			attach(&m, &c, fds, f->nfds);
		n = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return PIKE_FRAME_EOF;
		s = ready(sock, POLLOUT, deadline_ns);
		if (s)
			return s;
	}
	return PIKE_FRAME_OK;
}

/* false: more than fit, or what is no descriptor. */
static bool take(struct pike_frame *f, struct msghdr *m)
{
	if (m->msg_flags & (MSG_CTRUNC | MSG_TRUNC))
		return false;
	if (!m->msg_control)
		return true;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS ||
		    f->nfds + n > PIKE_FRAME_FDS)
			return false;
		memcpy(f->fds + f->nfds, CMSG_DATA(h), n * sizeof(int));
		f->nfds += n;
	}
	return true;
}

long pike_frame_size(const uint8_t *bytes, size_t have)
{
	struct pike_frame_head h;

	memcpy(&h.magic, bytes, have < 4 ? have : 4);
	if (have >= 4 && h.magic != PIKE_FRAME_MAGIC)
		return -1;
	if (have < HEAD)
		return 0;
	memcpy(&h, bytes, HEAD);
	if (h.magic != PIKE_FRAME_MAGIC || h.zero || h.len > PIKE_FRAME_MAX ||
	    h.nfds > PIKE_FRAME_FDS)
		return -1;
	return (long)(HEAD + h.len);
}

/* One read at what is missing of head and data. */
static ssize_t receive(struct pike_frame *f, int sock, size_t have,
		       struct msghdr *m)
{
	size_t in_head = have < HEAD ? HEAD - have : 0;
	size_t in_data = have < HEAD ? 0 : have - HEAD;
	struct iovec v[] = {
		{ (char *)&f->head + HEAD - in_head, in_head },
		{ f->data + in_data, PIKE_FRAME_MAX - in_data },
	};

	m->msg_iov = v;
	m->msg_iovlen = 2;
	return recvmsg(sock, m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
}

enum pike_frame_status pike_frame_recv(struct pike_frame *f, int sock,
				       bool take_fds, int64_t deadline_ns)
{
	size_t have = 0;

	f->nfds = 0;
	for (;;) {
		union control c;
		struct msghdr m = { .msg_control = take_fds ? &c : NULL,
				    .msg_controllen =
					take_fds ? sizeof(c) : 0 };
		ssize_t n = receive(f, sock, have, &m);
		enum pike_frame_status s;
		long size;

		if (n == 0)
			return have ? PIKE_FRAME_BAD : PIKE_FRAME_EOF;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return PIKE_FRAME_EOF;
		if (n < 0) {
			s = ready(sock, POLLIN, deadline_ns);
			if (s) /* half a frame is no silence */
				return have ? PIKE_FRAME_BAD : s;
			continue;
		}
		have += (size_t)n;
		if (!take(f, &m))
			return PIKE_FRAME_BAD;
		size = pike_frame_size((const uint8_t *)&f->head, have);
		if (size < 0 || (size && have > (size_t)size))
			return PIKE_FRAME_BAD;
		if (size && have == (size_t)size)
			return f->head.nfds == f->nfds ? PIKE_FRAME_OK
						       : PIKE_FRAME_BAD;
	}
}

void pike_frame_close_fds(struct pike_frame *f)
{
	for (size_t i = 0; i < f->nfds; i++)
		close(f->fds[i]);
	f->nfds = 0;
}

bool pike_frame_is(const struct pike_frame *f, enum pike_frame_type type,
		   void *out, size_t len)
{
	if (f->head.type != type || f->head.len != len)
		return false;
	memcpy(out, f->data, len);
	return true;
}

bool pike_frame_is_load(struct pike_frame_load *out, const struct pike_frame *f)
{
	unsigned ints = 0, floats = 0;

	if (!pike_frame_is(f, PIKE_F_LOAD, out, sizeof(*out)) || f->nfds != 1 ||
	    out->zero || out->nargs > PIKE_CALL_ARGS ||
	    !memchr(out->entry, 0, sizeof(out->entry)))
		return false;
	for (uint32_t i = 0; i < out->nargs; i++) {
		if (out->kind[i] >= PIKE_K_COUNT)
			return false;
		if (out->kind[i] >= PIKE_K_F32)
			floats++;
		else
			ints++;
	}
	return ints <= PIKE_CALL_INTS && floats <= PIKE_CALL_FLOATS;
}

bool pike_frame_is_map(struct pike_frame_map *out, const struct pike_frame *f)
{
	size_t head = offsetof(struct pike_frame_map, v);
	size_t one = sizeof(out->v[0]);

	if (f->head.type != PIKE_F_MAP || f->head.len < head)
		return false;
	memcpy(out, f->data, head);
	if (!out->n || out->n > PIKE_FRAME_FDS || out->n != f->nfds ||
	    out->first > PIKE_REGIONS_MAX - out->n ||
	    f->head.len != head + out->n * one)
		return false;
	memcpy(out->v, f->data + head, out->n * one);
	for (uint32_t i = 0; i < out->n; i++) {
		const struct pike_frame_region *r = &out->v[i];

		if (r->zero || r->writable > 1 || !r->bytes ||
		    r->bytes > 1ull << 44 || r->offset > 1ull << 44)
			return false;
	}
	return true;
}

bool pike_frame_is_calls(struct pike_frame_calls *out,
			 const struct pike_frame *f, uint32_t nargs)
{
	uint32_t head[3];

	if (f->head.type != PIKE_F_CALLS || f->head.len < sizeof(head) ||
	    f->nfds)
		return false;
	memcpy(head, f->data, sizeof(head));
	if (!head[1] || head[1] > PIKE_CALLS_MAX || head[2] != nargs ||
	    head[0] > PIKE_CALLS_MAX - head[1] ||
	    f->head.len != sizeof(head) + (uint64_t)head[1] * nargs * 8)
		return false;
	*out = (struct pike_frame_calls){ head[0], head[1], head[2],
					  f->data + sizeof(head) };
	return true;
}

bool pike_frame_is_run(struct pike_frame_run *out, const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_RUN, out, sizeof(*out)) && !f->nfds &&
	       out->n && out->n <= PIKE_CALLS_MAX &&
	       out->first <= PIKE_CALLS_MAX - out->n;
}

bool pike_frame_is_done(struct pike_frame_done *out, const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_DONE, out, sizeof(*out));
}

bool pike_frame_is_fault(struct pike_frame_fault *out,
			 const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_FAULT, out, sizeof(*out)) && out->code &&
	       out->code < PIKE_FAULT_COUNT;
}

bool pike_frame_is_plant(struct pike_frame_plant *out,
			 const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_PLANT, out, sizeof(*out)) && !f->nfds &&
	       !out->zero;
}

bool pike_frame_is_outside(struct pike_frame_outside *out,
			   const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_OUTSIDE, out, sizeof(*out)) &&
	       out->write <= 1 &&
	       memchr(out->kind, 0, sizeof(out->kind)) != NULL &&
	       memchr(out->place, 0, sizeof(out->place)) != NULL;
}
