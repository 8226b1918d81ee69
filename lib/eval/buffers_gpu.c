/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffers_gpu: arguments on a GPU. Pools lie in the judge's own context; what a
 * runner sees are allocations shared with it, one for each slot and argument,
 * so that what lies behind one is not mapped.
 */
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What an allocation that is shared takes up at least (VMM granularity of
 * every GPU up to now), and what buffers of one allocation are aligned to. */
#define GRAIN ((size_t)2 << 20)
#define ALIGN ((size_t)256)

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t stride(size_t bytes)
{
	return round_up(bytes ? bytes : 1, ALIGN);
}

static size_t slot_bytes(const struct pike_tensor *a, size_t bytes)
{
	(void)a;
	return round_up(stride(bytes), GRAIN);
}

static int64_t available(const struct pike_judge *j)
{
	return pike_gpu_available(j->gpu);
}

static struct pike_truth *truth_at(struct pike_pool *p, size_t set, size_t arg)
{
	return &p->tr[set * p->layout.n + arg];
}

/* ---- pools ---- */

static int make(struct pike_pool *p, size_t arg, struct pike_err *err)
{
	struct pike_mem *m = &p->mem[arg];

	m->fd = -1;
	m->bytes = p->layout.v[arg].bytes;
	m->stride = stride(m->bytes);
	m->nslots = p->nsets;
	return pike_gpu_alloc(&m->at, p->j->gpu, m->stride * m->nslots, err);
}

static int fill(struct pike_pool *p, size_t set, size_t arg,
		struct pike_rng *rng, struct pike_err *err)
{
	return pike_referee_fill(
	    p->j->referee, pike_pool_source(p, set, arg).gpu, &p->layout.v[arg],
	    p->layout.v[arg].shape, p->dist[set], pike_rng_u64(rng), err);
}

static int take(struct pike_pool *p, size_t set, size_t arg,
		const struct pike_source *from, struct pike_err *err)
{
	pike_gpu_ptr to = pike_pool_source(p, set, arg).gpu;
	size_t bytes = p->layout.v[arg].bytes;
	int ret;

	if (from->host)
		return pike_gpu_put(p->j->gpu, to, from->host, bytes, err);
	ret = pike_gpu_copy(p->j->gpu, to, from->gpu, bytes, err);
	/* It is drawn anew only when the copy has been made. */
	return ret ? ret : pike_gpu_sync(p->j->gpu, err);
}

/* No runner ever sees a pool. */
static int seal(struct pike_pool *p, size_t arg, struct pike_err *err)
{
	(void)p, (void)arg, (void)err;
	return 0;
}

static int take_truth(struct pike_pool *p, struct pike_ref *ref, size_t set,
		      size_t arg, struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	pike_gpu_ptr data;
	int ret = pike_ref_result_gpu(&data, ref, arg, err);

	if (ret)
		return ret;
	return pike_referee_truth(p->j->referee, truth_at(p, set, arg), data,
				  l->v[arg].dtype, l->v[arg].shape.elems,
				  l->v[arg].shape.row, err);
}

static int take_natural(struct pike_pool *p, struct pike_ref *ref, size_t set,
			size_t arg, struct pike_err *err)
{
	pike_gpu_ptr data;
	int ret = pike_ref_result_gpu(&data, ref, arg, err);

	if (ret)
		return ret;
	return pike_referee_natural(
	    p->j->referee, &p->nat[set * p->layout.n + arg], data,
	    pike_ref_dtype(ref, arg), truth_at(p, set, arg), err);
}

static int fetch_input(struct pike_pool *p, size_t set, size_t arg,
		       struct pike_err *err)
{
	void **copy = &p->copy[set * p->layout.n + arg];

	if (*copy)
		return 0;
	*copy = pike_xmalloc_big(p->mem[arg].bytes + 1);
	return pike_gpu_get(p->j->gpu, *copy, pike_pool_source(p, set, arg).gpu,
			    p->mem[arg].bytes, err);
}

static int fetch_truth(struct pike_pool *p, size_t set, size_t arg,
		       struct pike_err *err)
{
	struct pike_truth *t = truth_at(p, set, arg);
	size_t bytes = pike_truth_bytes(t->dtype, t->n);

	if (t->r)
		return 0;
	t->r = pike_xmalloc_big(bytes + 1);
	return pike_gpu_get(p->j->gpu, t->r, t->at, bytes, err);
}

static int fetch(struct pike_pool *p, size_t set, size_t arg,
		 struct pike_err *err)
{
	const struct pike_tensor *a = &p->layout.v[arg];
	int ret = 0;

	if (pike_tensor_is_input(a))
		ret = fetch_input(p, set, arg, err);
	if (!ret && pike_tensor_is_output(a))
		ret = fetch_truth(p, set, arg, err);
	return ret;
}

static struct pike_expected expected(struct pike_pool *p, size_t set,
				     size_t arg, const struct pike_natural *nat)
{
	return (struct pike_expected){ .truth = truth_at(p, set, arg),
				       .tol = &p->tol[arg],
				       .nat = nat };
}

static int passes(bool *out, struct pike_pool *p, const struct pike_trial *t,
		  struct pike_err *err)
{
	struct pike_expected e = expected(p, t->set, t->arg, t->nat);
	struct pike_gpu *g = p->j->gpu;
	size_t bytes = p->layout.v[t->arg].bytes;
	struct pike_check c = { .gate = PIKE_G2 };
	pike_gpu_ptr at = 0;
	int ret = pike_gpu_alloc(&at, g, bytes, err);

	if (!ret)
		ret = pike_gpu_put(g, at, t->y, bytes, err);
	if (!ret)
		ret = pike_referee_check(&c, p->j->referee, at, &e, err);
	pike_gpu_free(g, at);
	*out = c.gate == PIKE_G_PASS;
	return ret;
}

static void release(struct pike_pool *p)
{
	size_t nargs = p->layout.n;

	for (size_t i = 0; i < nargs; i++)
		pike_gpu_free(p->j->gpu, p->mem[i].at);
	for (size_t i = 0; i < nargs * p->nsets; i++)
		if (p->tr[i].at)
			pike_referee_forget(p->j->referee, &p->tr[i]);
}

/* ---- slots ---- */

static int open_arg(struct pike_runner *r, size_t arg, struct pike_err *err)
{
	struct pike_mem *m = &r->mem[arg];
	size_t n = r->nslots + r->nwarm;
	bool output = pike_tensor_is_output(&r->pool->layout.v[arg]);
	int ret = 0;

	m->fd = -1;
	m->bytes = r->pool->layout.v[arg].bytes;
	m->shared = pike_xcalloc(n, sizeof(*m->shared));
	while (!ret && m->nslots < n) {
		struct pike_gpu_shared *s = &m->shared[m->nslots];

		ret = pike_gpu_share(s, r->j->gpu, m->bytes, err);
		if (ret)
			break;
		m->nslots++;
		if (output)
			ret = pike_referee_guard(r->j->referee, s, m->bytes,
						 r->canary, err);
	}
	return ret;
}

static int open_slots(struct pike_runner *r, struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++)
		if (l->v[i].dir != PIKE_SCALAR)
			ret = open_arg(r, i, err);
	return ret ? ret : pike_gpu_sync(r->j->gpu, err);
}

static void close_slots(struct pike_runner *r)
{
	for (size_t i = 0; i < r->pool->layout.n; i++) {
		struct pike_mem *m = &r->mem[i];

		while (m->nslots)
			pike_gpu_unshare(r->j->gpu, &m->shared[--m->nslots]);
		free(m->shared);
	}
}

static struct pike_region region(const struct pike_runner *r, size_t slot,
				 size_t arg)
{
	const struct pike_mem *m = &r->mem[arg];
	const struct pike_gpu_shared *s = &m->shared[slot];

	return (struct pike_region){ .fd = s->fd,
				     .offset = s->offset,
				     .bytes = m->bytes,
				     .mapped = s->mapped };
}

static pike_gpu_ptr at(const struct pike_runner *r, size_t slot, size_t arg)
{
	const struct pike_gpu_shared *s = &r->mem[arg].shared[slot];

	return s->map + s->offset;
}

static int put(struct pike_runner *r, size_t slot, size_t set, size_t arg,
	       struct pike_err *err)
{
	return pike_gpu_copy(r->j->gpu, at(r, slot, arg),
			     pike_pool_source(r->pool, set, arg).gpu,
			     r->mem[arg].bytes, err);
}

static int poison(struct pike_runner *r, size_t slot, size_t arg, uint64_t unit,
		  struct pike_err *err)
{
	size_t size = pike_dtype_size(r->pool->layout.v[arg].dtype);
	uint64_t word = 0;

	for (size_t i = 0; i < sizeof(word); i += size)
		memcpy((char *)&word + i, &unit, size);
	return pike_referee_poison(r->j->referee, at(r, slot, arg),
				   r->mem[arg].bytes, word, err);
}

static int ready(struct pike_runner *r, struct pike_err *err)
{
	return pike_gpu_sync(r->j->gpu, err);
}

static int hash(uint64_t *h, struct pike_runner *r, size_t slot, size_t arg,
		struct pike_err *err)
{
	return pike_referee_hash(h, r->j->referee, at(r, slot, arg),
				 r->mem[arg].bytes, err);
}

static int list(struct pike_runner *r, uint32_t first, uint32_t n,
		struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	struct pike_gpu_buffer *v = pike_xcalloc(n * l->n + 1, sizeof(*v));
	size_t many = 0;
	int ret;

	for (uint32_t s = first; s < first + n; s++)
		for (size_t i = 0; i < l->n; i++)
			if (pike_tensor_is_output(&l->v[i]))
				v[many++] = (struct pike_gpu_buffer){
					at(r, pike_runner_slot(r, s), i),
					l->v[i].bytes
				};
	ret = pike_referee_list(r->j->referee, v, many, err);
	free(v);
	return ret;
}

static int digest(uint64_t *out, struct pike_runner *r, struct pike_err *err)
{
	return pike_referee_digest(out, r->j->referee, err);
}

static int guarded(bool *out, struct pike_runner *r, size_t slot, size_t arg,
		   struct pike_err *err)
{
	return pike_referee_guarded(out, r->j->referee,
				    &r->mem[arg].shared[slot],
				    r->mem[arg].bytes, r->canary, err);
}

static int check(struct pike_check *c, struct pike_runner *r, size_t slot,
		 size_t set, size_t arg, struct pike_err *err)
{
	struct pike_expected e =
	    expected(r->pool, set, arg, pike_pool_nat(r->pool, set, arg));

	return pike_referee_check(c, r->j->referee, at(r, slot, arg), &e, err);
}

static int output(const void **out, struct pike_runner *r, size_t slot,
		  size_t arg, struct pike_err *err)
{
	size_t bytes = r->mem[arg].bytes;

	free(r->copy);
	r->copy = pike_xmalloc_big(bytes + 1);
	*out = r->copy;
	return pike_gpu_get(r->j->gpu, r->copy, at(r, slot, arg), bytes, err);
}

const struct pike_buffers pike_buffers_gpu = {
	.memory = "the GPU's free memory",
	.pool_bytes = INT64_MAX,
	.available = available,
	.stride = stride,
	.slot = slot_bytes,
	.make = make,
	.fill = fill,
	.take = take,
	.seal = seal,
	.truth = take_truth,
	.natural = take_natural,
	.fetch = fetch,
	.passes = passes,
	.release = release,
	.open = open_slots,
	.close = close_slots,
	.region = region,
	.put = put,
	.poison = poison,
	.ready = ready,
	.hash = hash,
	.list = list,
	.digest = digest,
	.guarded = guarded,
	.check = check,
	.output = output,
};
