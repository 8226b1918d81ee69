/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn: the judge's side of a runner. Every question has a deadline, every
 * answer is a claim in a frame of fixed form; anything else is tampering.
 */
#include "device/conn_priv.h"
#include "device/exact.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pike_conn_say(struct pike_err *err, enum pike_verdict *how,
		  enum pike_verdict v, const char *text)
{
	*how = v;
	return pike_fail(err, PIKE_FAILED, "%s", text);
}

const char *pike_conn_region_name(const struct pike_conn *a, uint32_t region)
{
	if (region >= a->nregions || a->region_arg[region] >= a->bound.n)
		return "?";
	return a->bound.v[a->region_arg[region]].name;
}

/* ---- questions and answers ---- */

static int say_fault(const struct pike_conn *a,
		     const struct pike_frame_fault *f, enum pike_verdict *how,
		     struct pike_err *err)
{
	*how = PIKE_V_CRASH;
	switch (f->code) {
	case PIKE_FAULT_LOAD:
		return pike_fail(err, PIKE_FAILED,
				 "the object cannot be loaded: it needs a "
				 "library or symbol that is not there");
	case PIKE_FAULT_ENTRY:
		*how = PIKE_V_BUILD;
		return pike_fail(err, PIKE_FAILED,
				 "the object has no function '%s'",
				 a->target->entry);
	case PIKE_FAULT_MAP:
		return pike_fail(err, PIKE_FAILED,
				 "the runner cannot map the arguments: %s",
				 strerror((int)(f->detail & 0xfff)));
	case PIKE_FAULT_SIGNAL:
		return pike_fail(err, PIKE_FAILED, "crashed by signal %u (%s)",
				 f->detail & 0x7f,
				 strsignal((int)(f->detail & 0x7f)));
	case PIKE_FAULT_INPUT:
		*how = PIKE_V_CONTRACT;
		return pike_fail(
		    err, PIKE_FAILED,
		    "wrote to its input '%s'; inputs are read-only",
		    pike_conn_region_name(a, f->detail));
	case PIKE_FAULT_BOUNDS:
		return pike_fail(err, PIKE_FAILED,
				 "reached beyond the bounds of '%s'",
				 pike_conn_region_name(a, f->detail));
	case PIKE_FAULT_RUNTIME:
		return pike_conn_say(
		    err, how, PIKE_V_SUSPECT,
		    "the sanitizer's library cannot be loaded");
	case PIKE_FAULT_REQUEST:
		return pike_conn_say(err, how, PIKE_V_TAMPER,
				     "the runner refused what it was asked");
	default:
		if (a->ops->fault)
			return a->ops->fault(a, f, how, err);
		return pike_conn_say(err, how, PIKE_V_TAMPER,
				     "the runner told an unknown fault");
	}
}

int pike_conn_send(struct pike_conn *a, const int *fds, size_t nfds,
		   int64_t until, struct pike_err *err)
{
	enum pike_frame_status s;

	pike_random_bytes(&a->nonce, sizeof(a->nonce));
	a->frame.head.nonce = a->nonce;
	a->frame.nfds = nfds;
	s = pike_frame_send(a->sock, &a->frame, fds, until);
	a->frame.nfds = 0;
	/* What it said before it died is still there to be read. */
	return s == PIKE_FRAME_OK || s == PIKE_FRAME_EOF
		   ? 0
		   : pike_fail(err, PIKE_FAILED,
			       "did not take a question before its deadline");
}

static int hear(struct pike_conn *a, int64_t until, enum pike_frame_type want,
		enum pike_verdict *how, struct pike_err *err)
{
	struct pike_frame_fault fault;
	enum pike_frame_status s =
	    pike_frame_recv(&a->frame, a->sock, false, until);

	a->frame.nfds = 0;
	if (s == PIKE_FRAME_EOF)
		return pike_conn_say(err, how, PIKE_V_CRASH,
				     "its process died");
	if (s == PIKE_FRAME_TIMEOUT)
		return pike_conn_say(err, how, PIKE_V_TIMEOUT,
				     "did not answer before its deadline");
	if (s == PIKE_FRAME_BAD || a->frame.head.nonce != a->nonce)
		return pike_conn_say(
		    err, how, PIKE_V_TAMPER,
		    "its process sent what the runner never sends");
	if (pike_frame_is_fault(&fault, &a->frame))
		return say_fault(a, &fault, how, err);
	if (a->frame.head.type != want && a->inspect && a->ops->outside &&
	    a->frame.head.type == PIKE_F_OUTSIDE)
		return a->ops->outside(a, how, err);
	if (a->frame.head.type != want)
		return pike_conn_say(
		    err, how, PIKE_V_TAMPER,
		    "its process sent an answer to another question");
	*how = PIKE_V_PENDING;
	return 0;
}

int pike_conn_ask(struct pike_conn *a, const int *fds, size_t nfds,
		  int64_t until, enum pike_frame_type want,
		  enum pike_verdict *how, struct pike_err *err)
{
	*how = PIKE_V_TIMEOUT;
	if (pike_conn_send(a, fds, nfds, until, err))
		return PIKE_FAILED;
	return hear(a, until, want, how, err);
}

static int64_t deadline(int ms)
{
	return pike_now_ns() + (int64_t)ms * 1000000;
}

/* ---- open and load ---- */

int pike_conn_open(struct pike_conn **out, int sock,
		   const struct pike_target *t,
		   const struct pike_device_info *dev, int own, bool inspect,
		   struct pike_err *err)
{
	struct pike_conn *a;
	int ret = 0;

	*out = NULL;
	if (!dev->backend)
		return pike_fail(err, PIKE_FATAL, "no device was found");
	a = pike_xcalloc(1, sizeof(*a));
	a->ops = dev->backend->conn;
	a->sock = sock;
	a->target = t;
	a->inspect = inspect;
	if (a->ops->wake) {
		ret = a->ops->wake(a, dev, own, err);
		a->waking = !ret;
	}
	if (ret)
		free(a);
	else
		*out = a;
	return ret;
}

int pike_conn_load(struct pike_conn *a, const struct pike_object *o,
		   int deadline_ms, enum pike_verdict *how,
		   struct pike_err *err)
{
	int64_t until = deadline(deadline_ms);
	int ret = 0;

	a->object = *o;
	*how = PIKE_V_PENDING;
	if (a->waking)
		ret = hear(a, until, PIKE_F_OK, how, err);
	if (ret) /* nothing of the object's was run yet */
		return pike_err_prefix(err, "the runner does not start");
	a->waking = false;
	return a->ops->load(a, until, how, err);
}

void pike_conn_close(struct pike_conn *a)
{
	if (!a)
		return;
	close(a->sock);
	free(a->regions);
	free(a->region_arg);
	free(a->fds);
	free(a);
}

/* ---- bind ---- */

uint32_t pike_conn_region(struct pike_conn *a, const struct pike_region *r,
			  uint32_t arg)
{
	for (size_t i = a->nregions; i-- > 0;)
		if (a->fds[i] == r->fd && a->region_arg[i] == arg &&
		    a->regions[i].offset == r->offset)
			return (uint32_t)i;
	PIKE_GROW(a->regions, a->nregions, a->cap);
	PIKE_GROW(a->region_arg, a->nregions, a->arg_cap);
	PIKE_GROW(a->fds, a->nregions, a->fd_cap);
	a->regions[a->nregions] = *r;
	a->region_arg[a->nregions] = arg;
	a->fds[a->nregions] = r->fd;
	return (uint32_t)a->nregions++;
}

int pike_conn_calls(struct pike_conn *a, const uint64_t *words, uint32_t n,
		    int64_t until, enum pike_verdict *how, struct pike_err *err)
{
	uint32_t nargs = (uint32_t)a->bound.n;
	uint32_t most = (PIKE_FRAME_MAX - 12) / (8 * (nargs ? nargs : 1));
	int rc = 0;

	for (uint32_t at = 0; !rc && at < n; at += most) {
		uint32_t some = n - at < most ? n - at : most;
		uint32_t head[3] = { at, some, nargs };

		pike_frame_make(&a->frame, PIKE_F_CALLS, 0, head, sizeof(head));
		pike_frame_append(&a->frame, words + (size_t)at * nargs,
				  (size_t)some * nargs * 8);
		rc = pike_conn_ask(a, NULL, 0, until, PIKE_F_OK, how, err);
	}
	return rc;
}

int pike_conn_bind(struct pike_conn *a, const struct pike_bind *b,
		   const struct pike_call *calls, size_t n, int deadline_ms,
		   enum pike_verdict *how, struct pike_err *err)
{
	*how = PIKE_V_PENDING;
	if (!n || n > PIKE_CALLS_MAX)
		return pike_fail(err, PIKE_FATAL,
				 "cannot bind %zu calls; at most %d", n,
				 PIKE_CALLS_MAX);
	a->nregions = 0;
	a->ncalls = (uint32_t)n;
	a->bound = *b;
	return a->ops->bind(a, calls, deadline(deadline_ms), how, err);
}

int pike_conn_map(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		  struct pike_err *err)
{
	bool draws = a->ops->draw && a->object.real != PIKE_REAL_NONE;
	int rc = 0;

	for (size_t at = 0; !rc && at < a->nregions; at += PIKE_FRAME_FDS) {
		struct pike_frame_map m = { .first = (uint32_t)at };
		size_t n = a->nregions - at;

		if (n > PIKE_FRAME_FDS)
			n = PIKE_FRAME_FDS;
		m.n = (uint32_t)n;
		for (size_t i = 0; i < n; i++) {
			const struct pike_region *r = &a->regions[at + i];
			uint32_t arg = a->region_arg[at + i];

			m.v[i] = (struct pike_frame_region){
				.offset = r->offset,
				.bytes = r->bytes,
				.writable =
				    draws || a->bound.v[arg].dir != PIKE_IN,
			};
		}
		pike_frame_make(&a->frame, PIKE_F_MAP, 0, &m,
				offsetof(struct pike_frame_map, v) +
				    n * sizeof(m.v[0]));
		rc = pike_conn_ask(a, a->fds + at, n, until, PIKE_F_OK, how,
				   err);
	}
	return rc;
}

int pike_conn_draw(struct pike_conn *a, uint32_t call, uint64_t seed,
		   int deadline_ms, enum pike_verdict *how,
		   struct pike_err *err)
{
	*how = PIKE_V_PENDING;
	if (!a->ops->draw || call >= a->ncalls)
		return pike_fail(err, PIKE_FATAL, "nothing to draw");
	return a->ops->draw(a, call, seed, deadline(deadline_ms), how, err);
}

/* ---- run ---- */

void pike_conn_asked(struct pike_conn *a, void (*asked)(void *ctx), void *ctx)
{
	a->asked = asked;
	a->ctx = ctx;
}

/* Sends what was made, and reads what it claims. */
static int sample(struct pike_timed *out, struct pike_conn *a, int deadline_ms,
		  enum pike_verdict *how, struct pike_err *err)
{
	struct pike_frame_done done;
	int64_t start = pike_now_ns();
	int64_t until = start + (int64_t)deadline_ms * 1000000;
	int rc;

	*how = PIKE_V_TIMEOUT;
	rc = pike_conn_send(a, NULL, 0, until, err);
	if (!rc && a->asked)
		a->asked(a->ctx);
	if (!rc)
		rc = hear(a, until, PIKE_F_DONE, how, err);
	out->wall_ns = pike_now_ns() - start;
	if (rc)
		return rc;
	if (!pike_frame_is_done(&done, &a->frame))
		return pike_conn_say(err, how, PIKE_V_TAMPER,
				     "its process sent a malformed answer");
	out->claim_ns = done.claim_ns;
	out->cpu_ns = done.cpu_ns;
	out->threads = done.threads;
	return 0;
}

int pike_conn_run(struct pike_timed *out, struct pike_conn *a, uint32_t first,
		  uint32_t n, unsigned finds, int deadline_ms,
		  enum pike_verdict *how, struct pike_err *err)
{
	int64_t until = deadline(deadline_ms);
	int rc = 0;

	*how = PIKE_V_PENDING;
	if (!n || n > a->ncalls || first > a->ncalls - n)
		return pike_fail(err, PIKE_FATAL,
				 "call %u of %u was never bound", first + n,
				 a->ncalls);
	if (a->ops->prepare)
		rc = a->ops->prepare(a, first, finds, until, how, err);
	if (!rc)
		rc = a->ops->ask(a, first, n, finds, err);
	return rc ? rc : sample(out, a, deadline_ms, how, err);
}

int pike_conn_sustain(struct pike_timed *out, struct pike_conn *a,
		      uint32_t call, uint32_t repeat, int deadline_ms,
		      enum pike_verdict *how, struct pike_err *err)
{
	*how = PIKE_V_PENDING;
	if (!a->ops->sustain || call >= a->ncalls || repeat < 2)
		return pike_fail(err, PIKE_FATAL, "nothing to sustain");
	a->ops->sustain(a, call, repeat);
	return sample(out, a, deadline_ms, how, err);
}

struct pike_json *pike_conn_resources(const struct pike_conn *a,
				      const struct pike_case *c)
{
	return a->ops->resources ? a->ops->resources(a, c) : NULL;
}

int pike_conn_plant(struct pike_conn *a, int deadline_ms,
		    enum pike_verdict *how, struct pike_err *err)
{
	struct pike_frame_plant p = { 0 };
	struct pike_frame_outside o;
	uint32_t draw;
	int ret;

	*how = PIKE_V_PENDING;
	if (!a->nregions)
		return 0;
	pike_random_bytes(&draw, sizeof(draw));
	p.region = draw % (uint32_t)a->nregions;
	pike_frame_make(&a->frame, PIKE_F_PLANT, 0, &p, sizeof(p));
	ret = pike_conn_ask(a, NULL, 0, deadline(deadline_ms), PIKE_F_OUTSIDE,
			    how, err);
	if (ret)
		return ret;
	if (pike_frame_is_outside(&o, &a->frame) && o.region == p.region &&
	    o.at == (int64_t)a->regions[p.region].bytes && o.size == 1 &&
	    !o.write)
		return 0;
	return pike_conn_say(err, how, PIKE_V_TAMPER,
			     "its process did not notice an access that the "
			     "judge had planted outside an argument");
}
