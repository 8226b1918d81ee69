/* SPDX-License-Identifier: Apache-2.0 */
/* truth: the trusted reference, whichever way it runs. */
#include "eval/truth_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/par.h"
#include "eval/protocol_priv.h"

#include <stdlib.h>
#include <string.h>

static const struct pike_ref_ops *const ways[PIKE_REFERENCE_KINDS] = {
	[PIKE_REFERENCE_RUNNER] = &pike_ref_on_host,
	[PIKE_REFERENCE_SHARED] = &pike_ref_shared,
	[PIKE_REFERENCE_JUDGE] = &pike_ref_on_gpu,
};

static void ref_free(struct pike_ref *r)
{
	r->ops->close(r);
	for (size_t i = 0; r->l->t && i < r->l->n; i++)
		pike_mem_release(&r->mem[i]);
	for (size_t i = 0; r->l->t && i < r->l->n; i++)
		if (r->buf[i])
			pike_gpu_free(r->j->gpu, r->buf[i]);
	free(r->mem);
	free(r->buf);
	pike_layout_release(&r->own);
	free(r);
}

static size_t elems_of(const struct pike_layout *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].shape.elems;
	return n;
}

/* Threads would take longer to start than these to run. */
static bool is_small(const struct pike_layout *l)
{
	return elems_of(l) < PIKE_PIECE;
}

/* Something of many references at once. */
struct many {
	struct pike_ref *const *v;
	size_t nargs;
	const uint64_t *seeds;
	int *ret; /* of each piece */
	struct pike_err *err;
};

static int run_many(struct many *k, size_t n,
		    void (*piece)(void *ctx, size_t i), bool at_once,
		    struct pike_err *err)
{
	int ret = 0;

	k->ret = pike_xcalloc(n + 1, sizeof(*k->ret));
	k->err = pike_xcalloc(n + 1, sizeof(*k->err));
	if (at_once)
		pike_parallel(n, piece, k);
	else
		for (size_t i = 0; i < n; i++)
			piece(k, i);
	for (size_t i = 0; !ret && i < n; i++)
		if (k->ret[i])
			ret = pike_fail(err, k->ret[i], "%s", k->err[i].text);
	free(k->ret);
	free(k->err);
	return ret;
}

/* Those that are in nobody's way stay: small ones beside large ones, whose
 * memory takes a tenth of a second to get. */
static bool may_stay(const struct pike_ref *kept, const struct pike_layout *l,
		     size_t n)
{
	if (pike_now_ns() - kept->opened > PIKE_REF_KEPT_NS)
		return false;
	return kept->l->c == l->c ||
	       (is_small(kept->l) != is_small(l) && n < PIKE_REFS_MAX);
}

/* One that was kept for this case; of the others those go that are in the
 * way. */
static void take_kept(struct pike_ref **out, struct pike_judge *j,
		      const struct pike_layout *l, enum pike_real real)
{
	struct pike_ref **at = &j->refs;
	size_t n = 0;

	*out = NULL;
	while (*at) {
		struct pike_ref *r = *at;

		if (!may_stay(r, l, n)) {
			*at = r->next;
			pike_ref_leave_idle(r);
			ref_free(r);
		} else if (!*out && r->l->c == l->c && r->kind == real) {
			*at = r->next;
			*out = r;
		} else {
			at = &r->next;
			n++;
		}
	}
}

void pike_refs_rest(struct pike_judge *j)
{
	int64_t may = pike_buffers_host.available(j) / PROTO_REST_SHARE;
	int64_t bytes = 0;

	for (const struct pike_ref *r = j->refs; r; r = r->next)
		for (size_t i = 0; i < r->l->n; i++)
			bytes += (int64_t)r->mem[i].len;
	if (bytes > may)
		pike_refs_drop(j);
}

void pike_refs_drop(struct pike_judge *j)
{
	while (j->refs) {
		struct pike_ref *r = j->refs;

		j->refs = r->next;
		ref_free(r);
	}
	pike_refs_end_idle(j);
}

static int ref_new(struct pike_ref **out, struct pike_judge *j,
		   const struct pike_layout *l, enum pike_real real,
		   struct pike_err *err)
{
	struct pike_ref *r = *out = pike_xcalloc(1, sizeof(*r));

	r->ops = ways[j->reference.kind];
	r->j = j;
	r->l = &r->own;
	r->kind = real;
	r->real = real == PIKE_REAL_DOUBLE ? PIKE_F64 : pike_native_real(l->t);
	/* As lib/device builds it */
	if (r->ops->f32_least && r->real != PIKE_F64)
		r->real = PIKE_F32;
	r->mem = pike_xcalloc(l->n + 1, sizeof(*r->mem));
	r->buf = pike_xcalloc(l->n + 1, sizeof(*r->buf));
	r->failed = true;
	return pike_layout_make(&r->own, j, l->c, err);
}

static void get_memory(void *ctx, size_t i)
{
	const struct many *k = ctx;
	struct pike_ref *r = k->v[i / k->nargs];
	size_t arg = i % k->nargs;

	if (!r->opened && r->l->v[arg].dir != PIKE_SCALAR)
		k->ret[i] = r->ops->memory(r, arg, &k->err[i]);
}

/* Of all that are new, at once: for one of 16.8 million elements it takes 75 ms
 * on an H200's machine, which several threads on one file do not shorten. */
static int get_memories(struct pike_ref *const *v, size_t n,
			struct pike_err *err)
{
	struct many k = { .v = v, .nargs = v[0]->l->n };

	return v[0]->ops->memory ? run_many(&k, n * k.nargs, get_memory,
					    !is_small(v[0]->l), err)
				 : 0;
}

/* One that was kept has other parameters than the pool that wants it now. */
static int ref_again(struct pike_ref *r, uint64_t weights, struct pike_err *err)
{
	int ret;

	if (r->own.weights == weights)
		return 0;
	r->own.weights = weights;
	ret = r->ops->bind(r, err);
	r->failed = r->failed || ret;
	return ret;
}

static int ref_start(struct pike_ref *r, uint64_t weights, struct pike_err *err)
{
	const struct pike_judge *j = r->j;
	bool exact = r->kind == PIKE_REAL_DOUBLE;
	int ret;

	if (r->opened)
		return ref_again(r, weights, err);
	r->own.weights = weights;
	ret = r->ops->open(r, exact ? j->ref_double : j->ref_native, err);
	r->failed = ret != 0;
	if (!r->opened)
		r->opened = pike_now_ns();
	return ret;
}

static int open_kinds(struct pike_ref **out, size_t n,
		      const enum pike_real *kinds, struct pike_judge *j,
		      const struct pike_layout *l, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++) {
		take_kept(&out[i], j, l, kinds[i]);
		if (!out[i])
			ret = ref_new(&out[i], j, l, kinds[i], err);
	}
	if (!ret)
		ret = get_memories(out, n, err);
	for (size_t i = 0; !ret && i < n; i++)
		ret = ref_start(out[i], l->weights, err);
	return ret;
}

int pike_refs_open(struct pike_ref **out, size_t n, size_t per_set,
		   struct pike_judge *j, const struct pike_layout *l,
		   struct pike_err *err)
{
	enum pike_real kinds[PIKE_REFS_MAX];

	for (size_t i = 0; i < n; i++)
		kinds[i] = i % per_set ? PIKE_REAL_NATIVE : PIKE_REAL_DOUBLE;
	return open_kinds(out, n, kinds, j, l, err);
}

int pike_refs_open_native(struct pike_ref **out, size_t n, struct pike_judge *j,
			  const struct pike_layout *l, struct pike_err *err)
{
	enum pike_real kinds[PIKE_REFS_MAX];

	for (size_t i = 0; i < n; i++)
		kinds[i] = PIKE_REAL_NATIVE;
	return open_kinds(out, n, kinds, j, l, err);
}

int pike_ref_open(struct pike_ref **out, struct pike_judge *j,
		  const struct pike_layout *l, enum pike_real real,
		  struct pike_err *err)
{
	return open_kinds(out, 1, &real, j, l, err);
}

void pike_ref_close(struct pike_ref *r)
{
	if (!r)
		return;
	if (r->ops->process && !r->failed) {
		r->next = r->j->refs;
		r->j->refs = r;
	} else {
		ref_free(r);
	}
}

/* Room for an input on its way from the GPU: memory that is new each time has
 * to be cleared each time. */
static void *judge_copy(struct pike_judge *j, size_t bytes)
{
	if (j->copy_bytes < bytes) {
		free(j->copy);
		j->copy = pike_xmalloc_big(bytes + 1);
		j->copy_bytes = bytes;
	}
	return j->copy;
}

/* Several on one set; `from` an input's own type, where it is. */
static int put_arg(struct pike_ref *const *v, size_t n, size_t arg,
		   struct pike_source from, struct pike_err *err)
{
	const struct pike_ref *r = v[0];
	size_t bytes = r->l->v[arg].bytes;
	int ret = 0;

	if (from.gpu && r->ops->host) {
		void *copy = judge_copy(r->j, bytes);

		ret = pike_gpu_get(r->j->gpu, copy, from.gpu, bytes, err);
		from = (struct pike_source){ .host = copy };
	}
	for (size_t i = 0; !ret && i < n; i++)
		ret = r->ops->put(v[i], arg, &from, err);
	return ret;
}

/* NaN, before the first run: what a reference forgets to write, the lint finds
 * there. */
static int forget_output(struct pike_ref *const *v, size_t n, size_t arg,
			 struct pike_err *err)
{
	const struct pike_source none = { 0 };
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		if (!v[i]->ran)
			ret = v[i]->ops->put(v[i], arg, &none, err);
	return ret;
}

/* What a set gives several of them; with `other` in the place of `swap`. */
static int put_set(struct pike_ref *const *v, size_t n,
		   const struct pike_pool *p, size_t set, int swap,
		   const void *other, struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++) {
		struct pike_source from = { 0 };

		if (l->v[i].dir == PIKE_SCALAR)
			continue;
		if ((int)i == swap)
			from.host = other;
		else if (pike_tensor_is_input(&l->v[i]))
			from = pike_pool_source(p, set, i);
		ret = from.host || from.gpu ? put_arg(v, n, i, from, err)
					    : forget_output(v, n, i, err);
	}
	return ret;
}

static int run_one(struct pike_ref *r, struct pike_err *err)
{
	int ret = r->ops->run(r, err);

	r->ran = true;
	r->failed = r->failed || ret;
	return ret;
}

static void draw_piece(void *ctx, size_t i)
{
	const struct many *k = ctx;
	struct pike_ref *r = k->v[i];

	k->ret[i] = r->ops->draw(r, k->seeds[i], &k->err[i]);
	r->failed = r->failed || k->ret[i];
}

int pike_refs_draw(struct pike_ref *const *v, size_t n, const uint64_t *seeds,
		   struct pike_err *err)
{
	struct many k = { .v = v, .seeds = seeds };

	return run_many(&k, n, draw_piece,
			v[0]->ops->host && !is_small(v[0]->l), err);
}

int pike_ref_run(struct pike_ref *r, const struct pike_pool *p, size_t set,
		 int swap, const void *other, struct pike_err *err)
{
	int ret = put_set(&r, 1, p, set, swap, other, err);

	return ret ? ret : run_one(r, err);
}

int pike_ref_run_moved(struct pike_ref *r, const struct pike_pool *p,
		       size_t set, const struct pike_move *m,
		       struct pike_err *err)
{
	const struct pike_layout *l = r->l;
	struct pike_move here = *m;
	int ret = put_set(&r, 1, p, set, -1, NULL, err);

	for (size_t i = 0; !ret && i < l->n; i++) {
		here.seed++;
		if (pike_move_range(&here, &l->v[i]))
			ret = r->ops->move(r, i, &here, err);
	}
	return ret ? ret : run_one(r, err);
}

static void run_piece(void *ctx, size_t i)
{
	const struct many *k = ctx;

	k->ret[i] = run_one(k->v[i], &k->err[i]);
}

int pike_refs_run(struct pike_ref *const *v, size_t n, size_t per_set,
		  const struct pike_pool *p, size_t set, struct pike_err *err)
{
	struct many k = { .v = v };
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i += per_set)
		ret = put_set(v + i, per_set, p, set + i / per_set, -1, NULL,
			      err);
	return ret ? ret
		   : run_many(&k, n, run_piece,
			      v[0]->ops->host && !is_small(v[0]->l), err);
}

size_t pike_refs_width(const struct pike_judge *j, const struct pike_layout *l,
		       size_t per_set)
{
	int64_t have = pike_buffers_host.available(j) / PROTO_MEM_SHARE;
	size_t n = pike_parallel_width() / per_set;

	if (!ways[j->reference.kind]->host || n < 1 || is_small(l))
		return 1;
	if (n > PIKE_SETS_AT_ONCE)
		n = PIKE_SETS_AT_ONCE;
	/* Eight bytes an element, as the exact one has it */
	while (n > 1 && (int64_t)(n * per_set * elems_of(l) * 8) > have)
		n--;
	return n;
}
