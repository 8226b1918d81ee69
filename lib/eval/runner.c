/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner: samples that are checked. Before each call its outputs are poisoned
 * with a value drawn for that call; afterwards every element is compared with
 * the truth, the padding around the outputs must be untouched, and what was
 * read must still be there when the slot is used again or the round ends.
 */
#include "eval/process_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t pike_runner_slot(const struct pike_runner *r, size_t set)
{
	size_t timed = r->pool->nsets - r->nwarm;

	return set < timed ? set % r->nslots : r->nslots + (set - timed);
}

static const struct pike_target *target_of(const struct pike_runner *r)
{
	return r->pool->layout.t;
}

static const struct pike_buffers *place_of(const struct pike_runner *r)
{
	return r->pool->layout.buffers;
}

static int hash_slot(uint64_t *h, struct pike_runner *r, size_t slot,
		     struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	int ret = 0;

	*h = 1;
	for (size_t i = 0; !ret && i < l->n; i++)
		if (pike_tensor_is_output(&l->v[i]))
			ret = place_of(r)->hash(h, r, slot, i, err);
	return ret;
}

static int still_there(struct pike_runner *r, size_t slot, struct pike_fault *f,
		       struct pike_err *err)
{
	uint64_t h;
	int ret;

	if (!r->held[slot])
		return 0;
	r->held[slot] = false;
	ret = hash_slot(&h, r, slot, err);
	if (ret || h == r->hash[slot])
		return ret;
	pike_fault_set(f, PIKE_V_CONTRACT,
		       "an output changed after the call had returned: "
		       "something goes on writing, or a later call wrote to "
		       "an earlier call's output");
	return 1;
}

int pike_runner_settled(struct pike_runner *r, struct pike_fault *f,
			struct pike_err *err)
{
	int ret = 0;

	for (size_t s = 0; !ret && s < r->nslots + r->nwarm; s++)
		ret = still_there(r, s, f, err);
	return ret;
}

/* ---- poison ---- */

/* Where the poison of an output is kept, to be recognised later. */
static uint64_t *poison_of(const struct pike_runner *r, size_t slot, size_t arg)
{
	return &r->poison[slot * r->pool->layout.n + arg];
}

static void draw_poison(uint64_t *out, struct pike_rng *rng, enum pike_dtype t)
{
	uint64_t u = pike_rng_u64(rng);
	double x;

	*out = u;
	if (t == PIKE_BOOL)
		memset(out, (int)(2 + u % 254), sizeof(*out));
	if (!pike_dtype_is_float(t))
		return;
	/* Finite in every type, and of a size that no gate lets pass */
	x = ldexp(1 + pike_rng_unit(rng), 8 + (int)(u % 6));
	x = u >> 63 ? -x : x;
	pike_convert(out, t, &x, PIKE_F64, 1);
}

static int prepare_set(struct pike_runner *r, size_t set, struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	const struct pike_buffers *at = place_of(r);
	size_t slot = pike_runner_slot(r, set);
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++) {
		const struct pike_tensor *a = &l->v[i];

		if (a->dir == PIKE_SCALAR || !r->pool->layout.v[i].bytes)
			continue;
		if (pike_tensor_is_input(a)) {
			ret = at->put(r, slot, set, i, err);
			continue;
		}
		draw_poison(poison_of(r, slot, i), &r->j->rng, a->dtype);
		ret = at->poison(r, slot, i, *poison_of(r, slot, i), err);
	}
	return ret;
}

/* ---- check ---- */

int pike_runner_output(const void **out, struct pike_runner *r, size_t set,
		       size_t arg, struct pike_err *err)
{
	return place_of(r)->output(out, r, pike_runner_slot(r, set), arg, err);
}

/* The loosest class in which a wrong output would have passed. */
static const char *looser_class(const struct pike_runner *r, size_t set,
				size_t arg, const void *y)
{
	static const enum pike_precision try[] = { PIKE_P_FP32, PIKE_P_TF32,
						   PIKE_P_FP16, PIKE_P_BF16 };
	const struct pike_natural *nat = pike_pool_nat(r->pool, set, arg);
	const struct pike_truth *tr = pike_pool_truth(r->pool, set, arg);
	const struct pike_tol *own = &r->pool->tol[arg];
	struct pike_tol tol;

	if (own->exact)
		return NULL;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(try); i++) {
		pike_tol_for(&tol, try[i], r->pool->layout.v[arg].dtype, 0);
		if (tol.cap > own->cap && pike_check_passes(y, tr, &tol, nat))
			return pike_precision_name(tol.cls);
	}
	return NULL;
}

static void describe(char *text, size_t size, const struct pike_runner *r,
		     size_t set, size_t arg, const void *y)
{
	const struct pike_layout *l = &r->pool->layout;
	const void **in = pike_xcalloc(l->n + 1, sizeof(*in));
	const char **names = pike_xcalloc(l->n + 1, sizeof(*names));
	size_t slot = pike_runner_slot(r, set);
	struct pike_mismatch_hints h = { .inputs = in, .names = names };

	if (l->v[arg].dir == PIKE_OUT)
		h.poison = poison_of(r, slot, arg);
	for (size_t i = 0; i < l->n; i++) {
		const struct pike_tensor *a = &l->v[i];

		if (!pike_tensor_is_input(a) || a->dtype != l->v[arg].dtype ||
		    r->pool->layout.v[i].bytes != r->pool->layout.v[arg].bytes)
			continue;
		in[h.ninputs] = pike_pool_input(r->pool, set, i);
		names[h.ninputs++] = a->name;
	}
	pike_check_describe(text, size, y, pike_pool_truth(r->pool, set, arg),
			    &r->pool->tol[arg],
			    pike_pool_nat(r->pool, set, arg), &h);
	free(in);
	free(names);
}

static void say_wrong(struct pike_fault *f, const struct pike_runner *r,
		      size_t set, size_t arg, const void *y,
		      const struct pike_check *c)
{
	const char *name = r->pool->layout.v[arg].name;
	const char *loose = looser_class(r, set, arg, y);
	char what[256], at[128] = "", dist[64] = "";

	describe(what, sizeof(what), r, set, arg, y);
	f->max_abs = c->max_abs;
	f->rel_l2 = c->rel_l2;
	if (r->pool->dist[set] != PIKE_DIST_OWN)
		snprintf(dist, sizeof(dist), " under '%s' inputs",
			 pike_dist_name(r->pool->dist[set]));
	if (!r->hide && c->bad)
		snprintf(at, sizeof(at),
			 "; first at index %zu: got %.9g, expected %.9g",
			 c->first, c->got, c->want);
	if (loose)
		pike_fault_set(f, PIKE_V_WRONG,
			       "output '%s' is only as precise as %s%s, and "
			       "the target asks for %s: %s (relative error "
			       "%.2g)",
			       name, loose, dist,
			       pike_precision_name(r->pool->tol[arg].cls), what,
			       c->rel_l2);
	else
		pike_fault_set(f, PIKE_V_WRONG,
			       "output '%s' is wrong%s: %s (relative error "
			       "%.2g, largest %.3g)%s",
			       name, dist, what, c->rel_l2, c->max_abs, at);
}

static bool check_host(struct pike_check *c, const struct pike_runner *r,
		       size_t set, size_t arg, const void *y)
{
	return pike_check_output(c, y, pike_pool_truth(r->pool, set, arg),
				 &r->pool->tol[arg],
				 pike_pool_nat(r->pool, set, arg));
}

/* Looks again on the host, which can tell what is wrong; it has the last
 * word, should the two differ in the last bit of a sum. What fails there is
 * held to the input's condition. 1: it is wrong. */
static int look_closer(struct pike_check *c, struct pike_runner *r, size_t set,
		       size_t arg, struct pike_fault *f, struct pike_err *err)
{
	const void *y;
	bool wider;
	int ret =
	    place_of(r)->output(&y, r, pike_runner_slot(r, set), arg, err);

	if (!ret)
		ret = pike_pool_fetch(r->pool, set, err);
	if (ret)
		return ret;
	if (check_host(c, r, set, arg, y))
		return 0;
	ret = pike_pool_condition(&wider, r->pool, c, set, arg, err);
	if (ret)
		return ret;
	if (wider && check_host(c, r, set, arg, y))
		return 0;
	say_wrong(f, r, set, arg, y, c);
	return 1;
}

static int check_arg(struct pike_runner *r, size_t set, size_t arg,
		     struct pike_fault *f, struct pike_err *err)
{
	size_t slot = pike_runner_slot(r, set);
	struct pike_check c;
	bool ok;
	int ret = place_of(r)->guarded(&ok, r, slot, arg, err);

	if (ret)
		return ret;
	if (!ok) {
		pike_fault_set(f, PIKE_V_CONTRACT,
			       "it wrote outside output '%s', right beside "
			       "its first or last element",
			       r->pool->layout.v[arg].name);
		return 1;
	}
	ret = place_of(r)->check(&c, r, slot, set, arg, err);
	if (!ret && c.gate != PIKE_G_PASS)
		ret = look_closer(&c, r, set, arg, f, err);
	if (!ret) {
		f->max_abs = fmax(f->max_abs, c.max_abs);
		f->rel_l2 = fmax(f->rel_l2, c.rel_l2);
	}
	return ret;
}

/* 1: something is wrong with the outputs of a set. Else remembers them. */
static int check_set(struct pike_runner *r, size_t set, struct pike_fault *f,
		     struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	size_t slot = pike_runner_slot(r, set);
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++)
		if (pike_tensor_is_output(&l->v[i]))
			ret = check_arg(r, set, i, f, err);
	if (!ret)
		ret = hash_slot(&r->hash[slot], r, slot, err);
	r->held[slot] = !ret;
	return ret;
}

/* ---- samples ---- */

static bool threads_ok(struct pike_runner *r, const struct pike_timed *s,
		       struct pike_fault *f)
{
	int64_t may = target_of(r)->threads;

	/* A pool of workers beside the calling thread */
	may = may > 1 ? may + 1 : 1;
	if (s->threads > r->max_threads)
		r->max_threads = s->threads;
	if ((int64_t)s->threads <= may || r->j->traits->driver_threads)
		return true;
	pike_fault_set(f, PIKE_V_CONTRACT,
		       "%u threads are alive after the call; the target "
		       "allows %lld",
		       s->threads, (long long)target_of(r)->threads);
	return false;
}

/* For what a CPU's kernel finds cold. */
static void flush_sets(struct pike_runner *r, uint32_t first, uint32_t n)
{
	const struct pike_layout *l = &r->pool->layout;

	for (uint32_t s = first; s < first + n; s++)
		for (size_t i = 0; i < l->n; i++)
			if (l->v[i].dir != PIKE_SCALAR)
				place_of(r)->flush(r, pike_runner_slot(r, s),
						   i);
}

/* For one call on each of the sets: earlier outputs there are looked at once
 * more, then inputs are put and outputs poisoned. All that is done on the core
 * that will be timed, whose caches have seen the arguments then: a candidate's
 * process that had to do so itself could do something else in that time. */
static int prepare(struct pike_runner *r, uint32_t first, uint32_t n,
		   struct pike_fault *f, struct pike_err *err)
{
	struct pike_stay stay;
	int ret = 0;

	pike_judge_go(&stay, r->j);
	for (uint32_t s = first; !ret && s < first + n; s++) {
		ret = still_there(r, pike_runner_slot(r, s), f, err);
		if (!ret)
			ret = prepare_set(r, s, err);
	}
	if (!ret && place_of(r)->flush && target_of(r)->cold)
		flush_sets(r, first, n);
	pike_judge_back(&stay);
	return ret ? ret : place_of(r)->ready(r, err);
}

/* Nothing is told of several threads: one that waits may wait for another. */
static bool read_account(struct pike_used *u, const struct pike_runner *r)
{
	return !r->process.stops && r->process.account.open &&
	       pike_account_read(u, &r->process.account);
}

static void close_account(struct pike_runner *r, const struct pike_used *from)
{
	struct pike_used *u = &r->used;

	r->told = r->told && read_account(u, r);
	u->cpu_ns -= from->cpu_ns;
	u->wait_ns -= from->wait_ns;
	u->turns -= from->turns;
}

/* Host code of a candidate can answer while a GPU is still at work for it,
 * which no stopped process ends. What the outputs are is read at once, and
 * takes longer then, or reads what is not there yet. */
bool pike_runner_may_work_on(const struct pike_runner *r)
{
	return place_of(r)->digest && !r->j->traits->device_code_only;
}

/* One that is ending goes on with that. */
static int ask(struct pike_timed *out, struct pike_runner *r, uint32_t first,
	       uint32_t n, int deadline_ms, bool look, struct pike_fault *f,
	       struct pike_err *err)
{
	int ret = pike_process_run(out, &r->process, r->j, first, n,
				   deadline_ms, f, err);
	int64_t t0 = pike_now_ns();

	if (ret)
		return ret;
	if (look && pike_runner_may_work_on(r)) {
		ret = place_of(r)->digest(&r->digest, r, err);
		out->wall_ns += pike_now_ns() - t0;
	}
	pike_process_rest(&r->process);
	return ret;
}

static int check_sets(struct pike_runner *r, uint32_t first, uint32_t n,
		      struct pike_fault *f, struct pike_err *err)
{
	uint64_t now = r->digest;
	int ret = 0;

	for (uint32_t s = first; !ret && s < first + n; s++)
		ret = check_set(r, s, f, err);
	if (!ret && pike_runner_may_work_on(r))
		ret = place_of(r)->digest(&now, r, err);
	if (ret || now == r->digest)
		return ret;
	pike_fault_set(f, PIKE_V_CONTRACT,
		       "an output changed after the call had returned: "
		       "something goes on writing");
	return 1;
}

int pike_runner_sample(struct pike_timed *out, struct pike_runner *r,
		       uint32_t first, uint32_t n, int deadline_ms,
		       struct pike_fault *f, struct pike_err *err)
{
	struct pike_used early = { 0 }, from = { 0 };
	bool told = read_account(&early, r);
	int ret = prepare(r, first, n, f, err);

	r->told = told && read_account(&from, r);
	/* What it computes while inputs are put counts as well */
	from.cpu_ns = early.cpu_ns;
	if (r->told)
		r->used.judge_ns = -pike_account_own_wait();
	if (!ret && pike_runner_may_work_on(r))
		ret = place_of(r)->list(r, first, n, err);
	if (!ret)
		ret = ask(out, r, first, n, deadline_ms, true, f, err);
	if (r->told)
		r->used.judge_ns += pike_account_own_wait();
	if (ret)
		return ret;
	if (out->claim_ns > 0 && out->claim_ns <= out->wall_ns)
		r->j->kernel_ns += out->claim_ns;
	ret = check_sets(r, first, n, f, err);
	close_account(r, &from);
	if (ret)
		return ret;
	return threads_ok(r, out, f) ? 0 : 1;
}

int pike_runner_warm(struct pike_timed *out, struct pike_runner *r,
		     uint32_t first, uint32_t n, int deadline_ms,
		     struct pike_fault *f, struct pike_err *err)
{
	/* Prepared too: an inout kernel would go on from its own results */
	int ret = prepare(r, first, n, f, err);

	return ret ? ret : ask(out, r, first, n, deadline_ms, false, f, err);
}

int pike_runner_sustain(double *ns, struct pike_runner *r, uint32_t set,
			uint32_t repeat, int deadline_ms, struct pike_fault *f,
			struct pike_err *err)
{
	/* Sums in another order each time: no longer what was remembered */
	r->held[pike_runner_slot(r, set)] = false;
	return pike_process_sustain(ns, &r->process, set, repeat, deadline_ms,
				    f, err);
}

/* ---- open and close ---- */

static struct pike_region region_of(const struct pike_runner *r, size_t set,
				    size_t arg)
{
	const struct pike_layout *l = &r->pool->layout;
	const struct pike_tensor *a = &l->v[arg];

	if (a->dir == PIKE_SCALAR)
		return (struct pike_region){ .fd = -1,
					     .offset =
						 (size_t)l->v[arg].value };
	return place_of(r)->region(r, pike_runner_slot(r, set), arg);
}

static int bind_sets(struct pike_runner *r, struct pike_fault *f,
		     struct pike_err *err)
{
	size_t nargs = r->pool->layout.n, n = r->pool->nsets;
	struct pike_call *calls = pike_xcalloc(n, sizeof(*calls));
	struct pike_region *regions =
	    pike_xcalloc(n * nargs + 1, sizeof(*regions));
	struct pike_bind b = pike_layout_bind(&r->pool->layout);
	int ret;

	for (size_t s = 0; s < n; s++) {
		calls[s].args = regions + s * nargs;
		for (size_t i = 0; i < nargs; i++)
			calls[s].args[i] = region_of(r, s, i);
	}
	ret = pike_process_bind(&r->process, &b, calls, n, f, err);
	free(regions);
	free(calls);
	return ret;
}

static void process_opts(struct pike_process_opts *g,
			 const struct pike_judge *j,
			 const struct pike_runner_opts *o)
{
	const struct pike_layout *l = &o->pool->layout;

	*g = (struct pike_process_opts){
		.build = o->build,
		.real = PIKE_REAL_NONE,
		.cpus = o->cpus ? o->cpus : &j->run_cpus,
		.exact = o->exact,
		.warm = o->warm,
		.memory =
		    (4LL << 30) + 2 * (int64_t)((l->in_bytes + l->slot_bytes) *
						(o->nslots + o->nwarm)),
	};
}

int pike_runner_ahead(struct pike_process *p, struct pike_judge *j,
		      const struct pike_runner_opts *o, struct pike_err *err)
{
	struct pike_process_opts g;

	process_opts(&g, j, o);
	return pike_process_take(p, j, &g, err);
}

int pike_runner_open(struct pike_runner **out, struct pike_judge *j,
		     const struct pike_runner_opts *o, struct pike_fault *f,
		     struct pike_err *err)
{
	struct pike_runner *r = pike_xcalloc(1, sizeof(*r));
	const struct pike_layout *l = &o->pool->layout;
	struct pike_process_opts g;
	int ret;

	*out = NULL;
	r->j = j;
	r->pool = o->pool;
	r->nslots = o->nslots;
	r->nwarm = o->nwarm;
	r->hide = o->hide;
	r->mem = pike_xcalloc(l->n + 1, sizeof(*r->mem));
	r->hash = pike_xcalloc(r->nslots + r->nwarm + 1, sizeof(*r->hash));
	r->held = pike_xcalloc(r->nslots + r->nwarm + 1, sizeof(*r->held));
	r->poison =
	    pike_xcalloc((r->nslots + r->nwarm) * l->n + 1, sizeof(*r->poison));
	pike_random_bytes(r->canary, sizeof(r->canary));
	process_opts(&g, j, o);
	if (o->ahead) {
		r->process = *o->ahead;
		memset(o->ahead, 0, sizeof(*o->ahead));
	}
	ret = place_of(r)->open(r, err);
	if (!ret)
		ret = pike_process_open(&r->process, j, &g, f, err);
	if (!ret)
		ret = bind_sets(r, f, err);
	if (ret)
		pike_runner_close(r);
	else
		*out = r;
	return ret;
}

void pike_runner_close(struct pike_runner *r)
{
	if (!r)
		return;
	pike_process_close(&r->process);
	place_of(r)->close(r);
	free(r->mem);
	free(r->copy);
	free(r->poison);
	free(r->hash);
	free(r->held);
	free(r);
}

void pike_runner_end(struct pike_runner *r)
{
	struct pike_judge *j;

	if (!r)
		return;
	j = r->j;
	pike_box_kill(r->process.box);
	if (j->nending < PIKE_ENDING)
		j->ending[j->nending++] = r;
	else
		pike_runner_close(r);
}

void pike_runners_gone(struct pike_judge *j)
{
	while (j->nending)
		pike_runner_close(j->ending[--j->nending]);
}
