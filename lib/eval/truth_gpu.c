/* SPDX-License-Identifier: Apache-2.0 */
/*
 * truth_gpu: a reference in CUDA, in the judge's own context: it is the
 * author's code, and no candidate's process shares that context.
 */
#include "eval/truth_priv.h"

#include "base/mem.h"

#include <stdlib.h>

static int gpu_open(struct pike_ref *r, const struct pike_build *b,
		    struct pike_err *err)
{
	const struct pike_layout *l = r->l;
	int ret = 0;

	r->plan = b->launch;
	for (size_t i = 0; !ret && i < l->n; i++)
		if (l->v[i].dir != PIKE_SCALAR)
			ret = pike_ref_buffer(r, i, err);
	return ret ? ret : pike_gpu_load(&r->code, r->j->gpu, b->fd, err);
}

static void gpu_close(struct pike_ref *r)
{
	pike_gpu_unload(r->code);
}

/* `from` of the argument's own type, to the reference's. */
static int widen(struct pike_ref *r, size_t arg, pike_gpu_ptr from,
		 struct pike_err *err)
{
	enum pike_dtype dtype = r->l->v[arg].dtype;
	enum pike_dtype own = pike_ref_dtype(r, arg);

	if (own == dtype)
		return pike_gpu_copy(r->j->gpu, r->buf[arg], from,
				     r->l->v[arg].bytes, err);
	return pike_referee_widen(r->j->referee, r->buf[arg], own, from, dtype,
				  r->l->v[arg].shape.elems, err);
}

static int upload(struct pike_ref *r, size_t arg, const void *data,
		  struct pike_err *err)
{
	pike_gpu_ptr raw = 0;
	size_t bytes = r->l->v[arg].bytes;
	int ret = pike_gpu_alloc(&raw, r->j->gpu, bytes, err);

	if (!ret)
		ret = pike_gpu_put(r->j->gpu, raw, data, bytes, err);
	if (!ret)
		ret = widen(r, arg, raw, err);
	if (!ret)
		ret = pike_gpu_sync(r->j->gpu, err);
	pike_gpu_free(r->j->gpu, raw);
	return ret;
}

int pike_ref_put_gpu(struct pike_ref *r, size_t arg,
		     const struct pike_source *from, struct pike_err *err)
{
	if (from->gpu)
		return widen(r, arg, from->gpu, err);
	if (from->host)
		return upload(r, arg, from->host, err);
	return pike_referee_poison(r->j->referee, r->buf[arg],
				   pike_ref_bytes(r, arg), UINT64_MAX, err);
}

int pike_ref_move_gpu(struct pike_ref *r, size_t arg, const struct pike_move *m,
		      struct pike_err *err)
{
	return pike_referee_move(r->j->referee, r->buf[arg],
				 r->l->v[arg].shape.elems, m, err);
}

static int gpu_run(struct pike_ref *r, struct pike_err *err)
{
	int ret = pike_gpu_launch(r->code, r->plan, r->l->c, r->buf, err);

	if (ret)
		pike_err_prefix(err, "the reference of '%s' fails on case '%s'",
				r->l->t->name, r->l->c->text);
	return ret;
}

int pike_ref_get_gpu(const void **out, struct pike_ref *r, size_t arg,
		     struct pike_err *err)
{
	struct pike_mem *m = &r->mem[arg];
	int ret = 0;

	if (!m->len)
		ret = pike_mem_make(m, r->l->v[arg].name,
				    pike_ref_bytes(r, arg), 1, err);
	if (!ret)
		ret = pike_gpu_get(r->j->gpu, pike_mem_at(m, 0), r->buf[arg],
				   m->bytes, err);
	*out = ret ? NULL : pike_mem_at(m, 0);
	return ret;
}

int pike_ref_at_gpu(pike_gpu_ptr *out, struct pike_ref *r, size_t arg,
		    struct pike_err *err)
{
	(void)err;
	*out = r->buf[arg];
	return 0;
}

const struct pike_ref_ops pike_ref_on_gpu = {
	.f32_least = true,
	.open = gpu_open,
	.put = pike_ref_put_gpu,
	.move = pike_ref_move_gpu,
	.run = gpu_run,
	.result = pike_ref_get_gpu,
	.result_gpu = pike_ref_at_gpu,
	.close = gpu_close,
};
