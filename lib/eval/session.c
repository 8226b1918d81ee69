/* SPDX-License-Identifier: Apache-2.0 */
/* session: see session_priv.h; the numbers are in protocol_priv.h. */
#include "eval/session_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- sizes ---- */

uint32_t pike_inner(const struct pike_judge *j, int64_t call_ns)
{
	/* Of several threads one could work on the inputs of a later call */
	bool one = j->traits->single_call || j->t->threads > 1;
	/* The judge's clock alone counts, which sees the way to a GPU too */
	int64_t most = j->traits->memory == PIKE_ON_GPU ? PROTO_SAMPLE_GPU_NS
		       : j->traits->interpreted		? PROTO_SAMPLE_SCRIPT_NS
							: PROTO_SAMPLE_NS;
	int64_t n = one		  ? 1
		    : call_ns > 0 ? (most + call_ns - 1) / call_ns
				  : PROTO_INNER_MAX;

	if (n < 1)
		n = 1;
	return (uint32_t)(n > PROTO_INNER_MAX ? PROTO_INNER_MAX : n);
}

size_t pike_warm_sets(const struct pike_layout *l)
{
	return l->in_bytes + l->truth_bytes > (4 << 20) ? PROTO_WARM_SETS / 2
							: PROTO_WARM_SETS;
}

size_t pike_slots(uint32_t inner)
{
	return (size_t)inner * PROTO_HELD;
}

/* ---- rounds ---- */

static int64_t available(const struct pike_session *s)
{
	return s->pool->layout.buffers->available(s->j);
}

/* No limit of the system holds for a GPU's memory: who comes first can take
 * all of it. */
static bool starved(const struct pike_session *s)
{
	const struct pike_runner *r = s->runner[s->narms - 1];

	return r && pike_runner_may_work_on(r) &&
	       available(s) < s->room / PROTO_STARVED;
}

/* A fault of an arm that is not on trial is an error of the world, but where
 * the candidate leaves it nothing to live on. */
static int blame(const struct pike_session *s, size_t arm, int ret,
		 struct pike_fault *f, struct pike_err *err)
{
	if (!ret || arm == s->narms - 1)
		return ret;
	if ((ret == 1 || ret == PIKE_FAILED) && starved(s)) {
		pike_fault_set(f, PIKE_V_CONTRACT,
			       "beside it there is no room for the %s: it "
			       "leaves %lld of %lld MiB of %s",
			       s->label[arm], (long long)(available(s) >> 20),
			       (long long)(s->room >> 20),
			       s->j->buffers->memory);
		return 1;
	}
	if (ret != 1)
		return ret;
	return pike_fail(err, PIKE_FAILED,
			 "the %s itself fails on case '%s': %s; mend it, the "
			 "target's section, or a reference that does not "
			 "always give the same answer",
			 s->label[arm], s->pool->layout.c->text, f->reason);
}

static size_t timed_sets(const struct pike_session *s)
{
	return s->pool->nsets - s->nwarm;
}

static void runner_opts(struct pike_runner_opts *o,
			const struct pike_session *s, size_t k)
{
	*o = (struct pike_runner_opts){ .build = s->build[k],
					.pool = s->pool,
					.nslots = pike_slots(s->inner),
					.nwarm = s->nwarm,
					.hide = s->hide,
					.warm = s->warm };
}

static int open_runners(struct pike_session *s, struct pike_fault *f,
			struct pike_err *err)
{
	struct pike_process ahead[PIKE_ARMS] = { 0 };
	struct pike_runner_opts o;
	int ret = 0;

	/* Forks get ready side by side. */
	for (size_t k = 0; !ret && s->warm && k < s->narms; k++) {
		runner_opts(&o, s, k);
		ret = pike_runner_ahead(&ahead[k], s->j, &o, err);
	}
	for (size_t i = 0; !ret && i < s->narms; i++) {
		/* The start order alternates: which process comes first
		 * decides about addresses and page placement. */
		size_t k = s->round % 2 ? s->narms - 1 - i : i;

		runner_opts(&o, s, k);
		o.ahead = &ahead[k];
		ret = pike_runner_open(&s->runner[k], s->j, &o, f, err);
		ret = blame(s, k, ret, f, err);
	}
	for (size_t k = 0; k < s->narms; k++)
		pike_process_close(&ahead[k]);
	return ret;
}

struct warmth {
	double *v[PIKE_ARMS];
	size_t n[PIKE_ARMS], cap[PIKE_ARMS];
	size_t calls[PIKE_ARMS];
	int64_t spent;
};

static int warm_one(struct pike_session *s, size_t k, struct warmth *w,
		    struct pike_fault *f, struct pike_err *err)
{
	uint32_t first = (uint32_t)timed_sets(s), n = (uint32_t)s->nwarm;
	int64_t t0 = pike_now_ns();
	struct pike_timed x;
	int ret;

	if (n > s->inner)
		n = s->inner;
	/* The first call of each process is checked: most wrong kernels need
	 * not be warmed. */
	if (!w->calls[k])
		ret = pike_runner_sample(&x, s->runner[k], first, n,
					 s->deadline_ms, f, err);
	else
		ret = pike_runner_warm(&x, s->runner[k], first, n,
				       s->deadline_ms, f, err);
	if (ret)
		return blame(s, k, ret, f, err);
	/* A GPU is warm from filling and flushing too */
	w->spent += s->j->traits->noise == PIKE_NOISE_GPU ? pike_now_ns() - t0
							  : x.wall_ns;
	w->calls[k] += n;
	PIKE_GROW(w->v[k], w->n[k], w->cap[k]);
	w->v[k][w->n[k]++] = (double)x.claim_ns / n;
	return 0;
}

static int warm_up(struct pike_session *s, struct pike_fault *f,
		   struct pike_err *err)
{
	int64_t enough = s->j->traits->noise == PIKE_NOISE_GPU
			     ? PROTO_WARM_GPU_NS
			     : PROTO_WARM_NS;
	struct warmth w = { 0 };
	bool more = true;
	int ret = 0;

	while (!ret && more) {
		more = w.spent < enough;
		for (size_t k = 0; !ret && k < s->narms; k++) {
			ret = warm_one(s, k, &w, f, err);
			more = more || w.calls[k] < PROTO_WARM_CALLS;
		}
		if (!ret && pike_judge_stopped(s->j))
			ret = pike_fail(err, PIKE_RETRY, "interrupted");
	}
	for (size_t k = 0; k < s->narms; k++) {
		s->warm_ns[k] = pike_median(w.v[k], w.n[k]);
		free(w.v[k]);
	}
	return ret;
}

int pike_session_begin(struct pike_session *s, struct pike_fault *f,
		       struct pike_err *err)
{
	struct pike_judge *j = s->j;
	bool timed = j->phases.now == PIKE_PHASE_TIME;
	int64_t t0 = pike_now_ns();
	int ret;

	if (timed)
		pike_phase(j, PIKE_PHASE_START);
	s->nwarm = pike_warm_sets(&s->pool->layout);
	s->next = 0;
	s->room = available(s);
	s->warm = s->warm && pike_judge_warm(s->j);
	ret = open_runners(s, f, err);
	/* Not one a fork, and the other none. */
	if (s->warm && !pike_judge_warm(s->j)) {
		pike_session_drop(s);
		s->warm = false;
		ret = open_runners(s, f, err);
	}
	s->start_ns = pike_now_ns() - t0;
	if (timed)
		pike_phase(j, PIKE_PHASE_TIME);
	if (!ret)
		ret = warm_up(s, f, err);
	pike_runners_gone(s->j);
	if (ret)
		pike_session_drop(s);
	return ret;
}

bool pike_session_more(const struct pike_session *s)
{
	return s->next + s->inner <= timed_sets(s);
}

static void shuffle(size_t *order, size_t n, struct pike_rng *rng)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = pike_rng_below(rng, i), t = order[i - 1];

		order[i - 1] = order[k];
		order[k] = t;
	}
}

/* Where an arm's next sample begins. The arms go through the same sets, each
 * from another point of the circle: of one pair they have different sets, so
 * that none finds in the shared caches what the other has just read, and at
 * any moment each set has been used by equally many. */
static uint32_t first_of(const struct pike_session *s, size_t k)
{
	size_t blocks = timed_sets(s) / s->inner;
	size_t at = s->next / s->inner + k * blocks / s->narms;

	return (uint32_t)(at % blocks * s->inner);
}

static bool sane_claim(const struct pike_session *s, size_t k,
		       const struct pike_timed *x, struct pike_fault *f)
{
	if (x->claim_ns > 0 && x->claim_ns <= x->wall_ns)
		return true;
	pike_fault_set(f, PIKE_V_TAMPER,
		       "the %s's process says that a sample took %lld ns, "
		       "while %lld ns passed outside",
		       s->label[k], (long long)x->claim_ns,
		       (long long)x->wall_ns);
	return false;
}

/* A GPU that the hardware holds back, or that is still waking up, tells
 * nothing about a kernel. */
static void watch_clock(struct pike_session *s, struct pike_pair *pair,
			size_t k)
{
	struct pike_judge *j = s->j;
	unsigned mhz;
	bool slow;

	if (j->traits->noise != PIKE_NOISE_GPU ||
	    !pike_gpu_clock(&j->dev, &mhz, &slow))
		return;
	pair->mhz[k] = mhz;
	j->mhz_most = fmax(j->mhz_most, mhz);
	if (slow || mhz < PROTO_CLOCK_LOW * j->mhz_most)
		pair->dropped = true;
}

/* Whether cores are too few for all, as far as several threads are concerned:
 * who has one waits for who has none. */
static bool crowd(const struct pike_session *s)
{
	int64_t others;

	if (s->j->traits->noise != PIKE_NOISE_CORE || s->j->t->threads <= 1)
		return false;
	others = pike_account_runnable() - 1;
	return others > 0 &&
	       others + s->j->t->threads > sysconf(_SC_NPROCESSORS_ONLN);
}

/* Waits a little for a calm moment. */
static bool await_calm(const struct pike_session *s, struct pike_timing *t)
{
	int64_t t0 = pike_now_ns(), waited = 0;
	bool calm = !crowd(s);

	while (!calm && waited < PROTO_CALM_PAIR_NS &&
	       t->waited_ns + waited < PROTO_CALM_CASE_NS) {
		usleep(200);
		calm = !crowd(s);
		waited = pike_now_ns() - t0;
	}
	t->waited_ns += waited;
	return calm;
}

int pike_session_pair(struct pike_session *s, struct pike_timing *t,
		      struct pike_fault *f, struct pike_err *err)
{
	struct pike_pair pair = { .round = s->round };
	size_t order[PIKE_ARMS];
	int ret = 0;

	if (pike_judge_stopped(s->j))
		return pike_fail(err, PIKE_RETRY, "interrupted");
	pair.crowded = !await_calm(s, t);
	shuffle(order, s->narms, &s->j->rng);
	for (size_t i = 0; !ret && i < s->narms; i++) {
		size_t k = order[i];
		const struct pike_used *u;
		struct pike_timed x;

		ret = pike_runner_sample(&x, s->runner[k], first_of(s, k),
					 s->inner, s->deadline_ms, f, err);
		if (!ret && !sane_claim(s, k, &x, f))
			ret = 1;
		ret = blame(s, k, ret, f, err);
		if (ret)
			break;
		u = s->runner[k]->told ? &s->runner[k]->used : NULL;
		pair.claim[k] = pike_clocks_claim(&x, u);
		pair.ns[k] = pair.claim[k] / s->inner;
		pair.over[k] = pike_clocks_over(&x, u);
		pair.idle[k] = pike_clocks_idle(&x, u);
		if (u && u->turns > 1)
			pair.broken |= 1u << k;
		if (!k)
			pair.late = (double)x.late_ns;
		watch_clock(s, &pair, k);
	}
	if (ret)
		return ret;
	/* A stop takes a moment to arrive at every thread */
	pair.crowded =
	    pair.crowded || (crowd(s) && !usleep(PROTO_STOP_US) && crowd(s));
	t->ncrowded += pair.crowded;
	s->next += s->inner;
	t->narms = s->narms;
	t->inner = s->inner;
	PIKE_GROW(t->v, t->n, t->cap);
	t->v[t->n++] = pair;
	return 0;
}

int pike_session_end(struct pike_session *s, struct pike_timing *t,
		     struct pike_fault *f, struct pike_err *err)
{
	int ret = 0;

	for (size_t k = 0; !ret && k < s->narms; k++)
		ret = blame(s, k, pike_runner_settled(s->runner[k], f, err), f,
			    err);
	t->max_abs = fmax(t->max_abs, f->max_abs);
	t->rel_l2 = fmax(t->rel_l2, f->rel_l2);
	if (s->runner[s->narms - 1]->max_threads > t->threads)
		t->threads = s->runner[s->narms - 1]->max_threads;
	if (!t->launches)
		t->launches = pike_conn_resources(
		    s->runner[s->narms - 1]->process.conn, s->pool->layout.c);
	for (size_t k = 0; !ret && s->j->traits->slow_start && k < s->narms;
	     k++) {
		pike_runner_end(s->runner[k]);
		s->runner[k] = NULL;
	}
	pike_session_drop(s);
	s->round++;
	t->rounds = s->round;
	/* Where a candidate has no code in the process that tells its time,
	 * pike_clocks_agree compares that with the judge's clock, and
	 * confirmation runs back to back by that clock alone. */
	if (!s->j->traits->device_code_only)
		pike_clocks_settle(t);
	return ret;
}

void pike_session_drop(struct pike_session *s)
{
	/* All at once: a process that holds a GPU takes a while to end */
	for (size_t k = 0; k < s->narms; k++)
		if (s->runner[k])
			pike_box_kill(s->runner[k]->process.box);
	for (size_t k = 0; k < s->narms; k++) {
		pike_runner_close(s->runner[k]);
		s->runner[k] = NULL;
	}
}

int pike_session_round(struct pike_session *s, struct pike_timing *t,
		       size_t pairs, struct pike_fault *f, struct pike_err *err)
{
	int ret = pike_session_begin(s, f, err);

	for (size_t i = 0; !ret && i < pairs && pike_session_more(s); i++)
		ret = pike_session_pair(s, t, f, err);
	if (!ret)
		return pike_session_end(s, t, f, err);
	pike_session_drop(s);
	return ret;
}
