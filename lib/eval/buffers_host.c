/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffers_host: arguments in memory files that judge and runners map, filled
 * and compared by the judge's own cores.
 */
#include "base/flush.h"
#include "base/mem.h"
#include "base/par.h"
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"

#include <stdlib.h>
#include <string.h>

static int64_t available(const struct pike_judge *j)
{
	struct pike_buf b;
	const char *at;
	int64_t kib = 0;

	(void)j;
	pike_buf_init(&b, 1 << 16);
	if (!pike_read_file(&b, "/proc/meminfo", NULL)) {
		at = strstr(b.s, "MemAvailable:");
		if (at)
			kib = strtoll(at + 13, NULL, 10);
	}
	pike_buf_release(&b);
	return kib > 0 ? kib * 1024 : 1LL << 31;
}

/* ---- pools ---- */

static size_t slot_bytes(const struct pike_tensor *a, size_t bytes)
{
	/* Inputs of a slot are few beside those of the pool */
	return pike_tensor_is_output(a) ? pike_mem_stride(bytes) : 0;
}

static int make(struct pike_pool *p, size_t arg, struct pike_err *err)
{
	return pike_mem_own(&p->mem[arg], p->layout.v[arg].bytes, p->nsets,
			    err);
}

static int fill_input(struct pike_pool *p, size_t set, size_t arg,
		      struct pike_rng *rng, struct pike_err *err)
{
	(void)err;
	pike_inputs_fill(pike_mem_at(&p->mem[arg], set), &p->layout.v[arg],
			 p->layout.v[arg].shape, p->dist[set], rng);
	return 0;
}

static int take_input(struct pike_pool *p, size_t set, size_t arg,
		      const struct pike_source *from, struct pike_err *err)
{
	(void)err;
	memcpy(pike_mem_at(&p->mem[arg], set), from->host,
	       p->layout.v[arg].bytes);
	return 0;
}

static int seal(struct pike_pool *p, size_t arg, struct pike_err *err)
{
	return pike_mem_seal(&p->mem[arg], err);
}

static int take_truth(struct pike_pool *p, struct pike_ref *ref, size_t set,
		      size_t arg, struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	const void *data;
	int ret = pike_ref_result(&data, ref, arg, err);

	if (!ret)
		pike_truth_make(&p->tr[set * l->n + arg], data,
				pike_ref_dtype(ref, arg), l->v[arg].dtype,
				l->v[arg].shape.elems, l->v[arg].shape.row);
	return ret;
}

static int take_natural(struct pike_pool *p, struct pike_ref *ref, size_t set,
			size_t arg, struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	size_t at = set * l->n + arg;
	const void *data;
	int ret = pike_ref_result(&data, ref, arg, err);

	if (!ret)
		pike_natural_error(&p->nat[at], data, pike_ref_dtype(ref, arg),
				   &p->tr[at]);
	return ret;
}

static int fetch(struct pike_pool *p, size_t set, size_t arg,
		 struct pike_err *err)
{
	(void)p, (void)set, (void)arg, (void)err;
	return 0;
}

static int passes(bool *out, struct pike_pool *p, const struct pike_trial *t,
		  struct pike_err *err)
{
	(void)err;
	*out = pike_check_passes(t->y, pike_pool_truth(p, t->set, t->arg),
				 &p->tol[t->arg], t->nat);
	return 0;
}

static void release(struct pike_pool *p)
{
	for (size_t i = 0; i < p->layout.n; i++)
		pike_mem_release(&p->mem[i]);
}

/* ---- slots ---- */

/* Around the data of each slot; the data are poisoned before each call. */
static void put_canaries(struct pike_runner *r, struct pike_mem *m)
{
	for (size_t slot = 0; slot < m->nslots; slot++) {
		uint8_t *p = m->map + slot * m->stride;

		for (size_t i = 0; i < m->offset; i += sizeof(r->canary))
			memcpy(p + i, r->canary, sizeof(r->canary));
		for (size_t i = m->offset + m->bytes; i < m->stride; i++)
			p[i] = r->canary[i % sizeof(r->canary)];
	}
}

static bool live(const struct pike_runner *r, const struct pike_mem *m,
		 size_t slot)
{
	const uint8_t *p = m->map + slot * m->stride;

	for (size_t i = 0; i < m->offset; i += sizeof(r->canary))
		if (memcmp(p + i, r->canary, sizeof(r->canary)))
			return false;
	for (size_t i = m->offset + m->bytes; i < m->stride; i++)
		if (p[i] != r->canary[i % sizeof(r->canary)])
			return false;
	return true;
}

static int open_slots(struct pike_runner *r, struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	size_t n = r->nslots + r->nwarm;
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++) {
		const struct pike_tensor *a = &l->v[i];

		if (a->dir == PIKE_SCALAR)
			continue;
		ret = pike_mem_make(&r->mem[i], a->name, l->v[i].bytes, n, err);
		if (!ret && pike_tensor_is_output(a))
			put_canaries(r, &r->mem[i]);
		else if (!ret)
			ret = pike_mem_one_way(&r->mem[i], err);
	}
	return ret;
}

static void close_slots(struct pike_runner *r)
{
	for (size_t i = 0; i < r->pool->layout.n; i++)
		pike_mem_release(&r->mem[i]);
}

static struct pike_region region(const struct pike_runner *r, size_t slot,
				 size_t arg)
{
	return pike_mem_region(&r->mem[arg], slot);
}

static int put(struct pike_runner *r, size_t slot, size_t set, size_t arg,
	       struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	enum pike_dtype type = l->v[arg].dtype;

	(void)err;
	pike_convert(pike_mem_at(&r->mem[arg], slot), type,
		     pike_mem_at(&r->pool->mem[arg], set), type,
		     l->v[arg].shape.elems);
	return 0;
}

static int poison(struct pike_runner *r, size_t slot, size_t arg, uint64_t unit,
		  struct pike_err *err)
{
	(void)err;
	pike_repeat(pike_mem_at(&r->mem[arg], slot), r->mem[arg].bytes, unit,
		    pike_dtype_size(r->pool->layout.v[arg].dtype));
	return 0;
}

static void flush(struct pike_runner *r, size_t slot, size_t arg)
{
	pike_flush(pike_mem_at(&r->mem[arg], slot), r->mem[arg].bytes);
}

static int ready(struct pike_runner *r, struct pike_err *err)
{
	(void)r, (void)err;
	return 0;
}

/* Not cryptographic: what it must notice are late writes, by code that cannot
 * see the hash. */
static uint64_t hash_bytes(const void *data, size_t len, uint64_t h)
{
	const uint8_t *p = data;
	uint64_t v;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&v, p, 8);
		h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
	}
	v = 0;
	memcpy(&v, p, len);
	h = (h ^ v ^ len) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

struct hashing {
	const char *data;
	size_t len;
	uint64_t *of; /* by share */
};

static void hash_share(void *ctx, size_t k)
{
	const struct hashing *h = ctx;
	size_t left = h->len - k * PIKE_SHARE;

	h->of[k] = hash_bytes(h->data + k * PIKE_SHARE,
			      left < PIKE_SHARE ? left : PIKE_SHARE, k);
}

static int hash(uint64_t *h, struct pike_runner *r, size_t slot, size_t arg,
		struct pike_err *err)
{
	struct hashing all = { pike_mem_at(&r->mem[arg], slot),
			       r->mem[arg].bytes, NULL };
	size_t n = PIKE_SHARES(all.len);

	(void)err;
	all.of = pike_xcalloc(n + 1, sizeof(*all.of));
	pike_parallel(n, hash_share, &all);
	*h = hash_bytes(all.of, n * sizeof(*all.of), *h);
	free(all.of);
	return 0;
}

static int guarded(bool *out, struct pike_runner *r, size_t slot, size_t arg,
		   struct pike_err *err)
{
	(void)err;
	*out = live(r, &r->mem[arg], slot);
	return 0;
}

static int check(struct pike_check *c, struct pike_runner *r, size_t slot,
		 size_t set, size_t arg, struct pike_err *err)
{
	(void)err;
	pike_check_output(c, pike_mem_at(&r->mem[arg], slot),
			  pike_pool_truth(r->pool, set, arg),
			  &r->pool->tol[arg], pike_pool_nat(r->pool, set, arg));
	return 0;
}

static int output(const void **out, struct pike_runner *r, size_t slot,
		  size_t arg, struct pike_err *err)
{
	(void)err;
	*out = pike_mem_at(&r->mem[arg], slot);
	return 0;
}

const struct pike_buffers pike_buffers_host = {
	.memory = "the memory available",
	.pool_bytes = PROTO_POOL_BYTES,
	.available = available,
	.stride = pike_mem_stride,
	.slot = slot_bytes,
	.make = make,
	.fill = fill_input,
	.take = take_input,
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
	.flush = flush,
	.ready = ready,
	.hash = hash,
	.guarded = guarded,
	.check = check,
	.output = output,
};
