/* SPDX-License-Identifier: Apache-2.0 */
/*
 * truth_process: a reference in a runner of its own: it is trusted to be right,
 * not to be free of bugs, so it gets the same sandbox. Its arguments lie in
 * memory files, or on the GPU where the judge has allocated them.
 */
#include "eval/truth_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <stdlib.h>

static void make_call(struct pike_call *call, const struct pike_ref *r)
{
	const struct pike_layout *l = r->l;

	for (size_t i = 0; i < l->n; i++) {
		call->args[i].fd = -1;
		call->args[i].offset = (size_t)l->v[i].value;
		if (l->v[i].dir != PIKE_SCALAR)
			call->args[i] = r->ops->region(r, i);
	}
}

static int ref_fault(struct pike_fault *f, const struct pike_ref *r,
		     struct pike_err *err)
{
	int ret = pike_fail(err, PIKE_FAILED,
			    "the reference of '%s' fails on case '%s': %s; "
			    "mend the reference",
			    r->l->t->name, r->l->c->text, f->reason);

	pike_fault_release(f);
	return ret;
}

static int process_bind(struct pike_ref *r, struct pike_err *err)
{
	struct pike_bind b = pike_layout_bind(r->l);
	struct pike_call call = { 0 };
	struct pike_fault f;
	int ret;

	call.args = pike_xcalloc(r->l->n + 1, sizeof(*call.args));
	pike_fault_init(&f);
	make_call(&call, r);
	ret = pike_process_bind(&r->process, &b, &call, 1, &f, err);
	if (ret == 1)
		ret = ref_fault(&f, r, err);
	pike_fault_release(&f);
	free(call.args);
	return ret;
}

static int process_draw(struct pike_ref *r, uint64_t seed, struct pike_err *err)
{
	struct pike_fault f;
	int ret;

	pike_fault_init(&f);
	ret = pike_process_draw(&r->process, 0, seed, &f, err);
	if (ret == 1)
		ret = ref_fault(&f, r, err);
	pike_fault_release(&f);
	return ret;
}

/* ---- processes without a case ---- */

static void end_idle(struct pike_judge *j, size_t i)
{
	pike_process_close(&j->idle[i].process);
	j->idle[i] = j->idle[--j->nidle];
}

/* A process can be given another case, which takes a moment, where to start
 * one takes a tenth of a second, or with PyTorch some. */
void pike_ref_leave_idle(struct pike_ref *r)
{
	struct pike_judge *j = r->j;

	if (!r->ops->process || !r->open || r->failed ||
	    j->nidle == PIKE_ARRAY_LEN(j->idle))
		return;
	j->idle[j->nidle++] =
	    (struct pike_idle){ r->process, r->kind, r->opened };
	r->open = false;
}

static bool take_idle(struct pike_ref *r)
{
	struct pike_judge *j = r->j;

	for (size_t i = 0; i < j->nidle; i++) {
		if (j->idle[i].kind != r->kind)
			continue;
		if (pike_now_ns() - j->idle[i].opened > PIKE_REF_KEPT_NS) {
			end_idle(j, i--);
			continue;
		}
		r->process = j->idle[i].process;
		r->opened = j->idle[i].opened;
		r->open = true;
		j->idle[i] = j->idle[--j->nidle];
		return true;
	}
	return false;
}

void pike_refs_end_idle(struct pike_judge *j)
{
	while (j->nidle)
		end_idle(j, 0);
}

static int process_open(struct pike_ref *r, const struct pike_build *b,
			struct pike_err *err)
{
	struct pike_judge *j = r->j;
	struct pike_process_opts o = { .build = b,
				       .real = r->kind,
				       .cpus = pike_judge_idle(j),
				       .warm = true };
	struct pike_fault f;
	int ret;

	if (take_idle(r)) {
		if (!process_bind(r, NULL))
			return 0;
		pike_process_close(&r->process);
		r->open = false;
	}
	pike_fault_init(&f);
	ret = pike_process_open(&r->process, j, &o, &f, err);
	if (ret == 1)
		ret = ref_fault(&f, r, err);
	if (ret)
		goto out;
	r->open = true;
	ret = process_bind(r, err);
out:
	pike_fault_release(&f);
	return ret;
}

static void process_close(struct pike_ref *r)
{
	if (r->open)
		pike_process_close(&r->process);
}

static int process_run(struct pike_ref *r, struct pike_err *err)
{
	const struct pike_target *t = r->l->t;
	struct pike_timed s;
	struct pike_fault f;
	int ret;

	pike_fault_init(&f);
	ret = pike_process_run(
	    &s, &r->process, r->j, 0, 1,
	    (int)(t->timeout > 0 ? t->timeout * 1000 : 60000), &f, err);
	if (ret == 1)
		ret = ref_fault(&f, r, err);
	pike_fault_release(&f);
	return ret;
}

/* ---- in memory files ---- */

static int host_memory(struct pike_ref *r, size_t arg, struct pike_err *err)
{
	return pike_mem_huge(&r->mem[arg], r->l->v[arg].name,
			     pike_ref_bytes(r, arg), err);
}

static struct pike_region host_region(const struct pike_ref *r, size_t arg)
{
	return pike_mem_region(&r->mem[arg], 0);
}

static int host_put(struct pike_ref *r, size_t arg,
		    const struct pike_source *from, struct pike_err *err)
{
	enum pike_dtype dtype = r->l->v[arg].dtype;

	(void)err;
	if (from->host)
		pike_convert(pike_mem_at(&r->mem[arg], 0),
			     pike_ref_dtype(r, arg), from->host, dtype,
			     r->l->v[arg].shape.elems);
	else
		pike_repeat(pike_mem_at(&r->mem[arg], 0), r->mem[arg].bytes,
			    UINT64_MAX, 8);
	return 0;
}

static int host_move(struct pike_ref *r, size_t arg, const struct pike_move *m,
		     struct pike_err *err)
{
	(void)err;
	pike_move_all(pike_mem_at(&r->mem[arg], 0), r->l->v[arg].shape.elems,
		      m);
	return 0;
}

static int host_result(const void **out, struct pike_ref *r, size_t arg,
		       struct pike_err *err)
{
	(void)err;
	*out = pike_mem_at(&r->mem[arg], 0);
	return 0;
}

static int host_result_gpu(pike_gpu_ptr *out, struct pike_ref *r, size_t arg,
			   struct pike_err *err)
{
	int ret = pike_ref_buffer(r, arg, err);

	if (!ret)
		ret = pike_gpu_put(r->j->gpu, r->buf[arg],
				   pike_mem_at(&r->mem[arg], 0),
				   pike_ref_bytes(r, arg), err);
	*out = r->buf[arg];
	return ret;
}

const struct pike_ref_ops pike_ref_on_host = {
	.process = true,
	.host = true,
	.memory = host_memory,
	.region = host_region,
	.open = process_open,
	.bind = process_bind,
	.draw = process_draw,
	.put = host_put,
	.move = host_move,
	.run = process_run,
	.result = host_result,
	.result_gpu = host_result_gpu,
	.close = process_close,
};

/* ---- on the GPU ---- */

static int shared_open(struct pike_ref *r, const struct pike_build *b,
		       struct pike_err *err)
{
	const struct pike_layout *l = r->l;
	struct pike_gpu_shared *s;
	int ret = 0;

	r->shared = pike_xcalloc(l->n + 1, sizeof(*r->shared));
	for (size_t i = 0; !ret && i < l->n; i++) {
		if (l->v[i].dir == PIKE_SCALAR)
			continue;
		s = &r->shared[i];
		ret = pike_gpu_share(s, r->j->gpu, pike_ref_bytes(r, i), err);
		if (!ret)
			r->buf[i] = s->map + s->offset;
	}
	return ret ? ret : process_open(r, b, err);
}

static struct pike_region shared_region(const struct pike_ref *r, size_t arg)
{
	const struct pike_gpu_shared *s = &r->shared[arg];

	return (struct pike_region){ .fd = s->fd,
				     .offset = s->offset,
				     .bytes = pike_ref_bytes(r, arg),
				     .mapped = s->mapped };
}

/* What the judge has put must be there before the process looks; what it has
 * read, read. */
static int shared_run(struct pike_ref *r, struct pike_err *err)
{
	int ret = pike_gpu_sync(r->j->gpu, err);

	return ret ? ret : process_run(r, err);
}

static void shared_close(struct pike_ref *r)
{
	process_close(r);
	for (size_t i = 0; r->shared && i < r->l->n; i++) {
		if (r->buf[i])
			pike_gpu_unshare(r->j->gpu, &r->shared[i]);
		r->buf[i] = 0;
	}
	free(r->shared);
}

const struct pike_ref_ops pike_ref_shared = {
	.process = true,
	.region = shared_region,
	.open = shared_open,
	.bind = process_bind,
	.draw = process_draw,
	.put = pike_ref_put_gpu,
	.move = pike_ref_move_gpu,
	.run = shared_run,
	.result = pike_ref_get_gpu,
	.result_gpu = pike_ref_at_gpu,
	.close = shared_close,
};
