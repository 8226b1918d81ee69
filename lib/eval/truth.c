/* SPDX-License-Identifier: Apache-2.0 */
/*
 * truth: the trusted reference. One in C runs in a runner of its own: it is
 * trusted to be right, not to be free of bugs, so it gets the same sandbox.
 */
#include "eval/truth_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <stdlib.h>
#include <string.h>

enum pike_dtype pike_native_real(const struct pike_target *t)
{
	for (size_t i = 0; i < t->nargs; i++)
		if (pike_dtype_is_float(t->args[i].dtype))
			return t->args[i].dtype;
	return PIKE_F32;
}

enum pike_dtype pike_ref_dtype(const struct pike_ref *r, size_t arg)
{
	enum pike_dtype d = r->l->t->args[arg].dtype;

	return pike_dtype_is_float(d) ? r->real : d;
}

size_t pike_ref_bytes(const struct pike_ref *r, size_t arg)
{
	return r->l->shape[arg].elems * pike_dtype_size(pike_ref_dtype(r, arg));
}

/* ---- in a runner ---- */

static int ref_buffers(struct pike_ref *r, struct pike_call *call,
		       struct pike_err *err)
{
	const struct pike_target *t = r->l->t;
	int ret = 0;

	for (size_t i = 0; !ret && i < t->nargs; i++) {
		if (t->args[i].dir == PIKE_SCALAR) {
			call->args[i].fd = -1;
			call->args[i].offset = (size_t)r->l->scalar[i];
			continue;
		}
		ret = pike_mem_make(&r->mem[i], t->args[i].name,
				    pike_ref_bytes(r, i), 1, err);
		if (!ret)
			call->args[i] = pike_mem_region(&r->mem[i], 0);
	}
	return ret;
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

static int host_open(struct pike_ref *r, const struct pike_build *b,
		     struct pike_err *err)
{
	struct pike_judge *j = r->j;
	struct pike_process_opts o = { .build = b,
				       .real = r->kind,
				       .cpus = j->have_judge_cpus
						   ? &j->judge_cpus
						   : NULL };
	struct pike_call call = { 0 };
	struct pike_fault f;
	int ret;

	call.args = pike_xcalloc(r->l->t->nargs + 1, sizeof(*call.args));
	pike_fault_init(&f);
	ret = ref_buffers(r, &call, err);
	if (ret)
		goto out;
	ret = pike_process_open(&r->process, j, &o, &f, err);
	if (ret == 1)
		ret = ref_fault(&f, r, err);
	if (ret)
		goto out;
	r->open = true;
	ret = pike_process_bind(&r->process, r->l->c, &call, 1, &f, err);
	if (ret == 1)
		ret = ref_fault(&f, r, err);
out:
	pike_fault_release(&f);
	free(call.args);
	return ret;
}

static void host_close(struct pike_ref *r)
{
	if (r->open)
		pike_process_close(&r->process);
}

static int host_put(struct pike_ref *r, size_t arg,
		    const struct pike_source *from, struct pike_err *err)
{
	enum pike_dtype dtype = r->l->t->args[arg].dtype;
	const void *data = from->host;
	void *copy = NULL;
	int ret = 0;

	memset(pike_mem_at(&r->mem[arg], 0), 0xff, r->mem[arg].bytes);
	if (from->gpu) {
		data = copy = pike_xmalloc(r->l->bytes[arg] + 1);
		ret = pike_gpu_get(r->j->gpu, copy, from->gpu, r->l->bytes[arg],
				   err);
	}
	if (!ret && data)
		pike_convert(pike_mem_at(&r->mem[arg], 0),
			     pike_ref_dtype(r, arg), data, dtype,
			     r->l->shape[arg].elems);
	free(copy);
	return ret;
}

static int host_move(struct pike_ref *r, size_t arg, const struct pike_move *m,
		     struct pike_err *err)
{
	(void)err;
	pike_move_all(pike_mem_at(&r->mem[arg], 0), r->l->shape[arg].elems, m);
	return 0;
}

static int host_run(struct pike_ref *r, struct pike_err *err)
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
	.open = host_open,
	.put = host_put,
	.move = host_move,
	.run = host_run,
	.result = host_result,
	.result_gpu = host_result_gpu,
	.close = host_close,
};

/* ---- either way ---- */

static const struct pike_ref_ops *const ways[PIKE_REFERENCE_KINDS] = {
	[PIKE_REFERENCE_RUNNER] = &pike_ref_on_host,
	[PIKE_REFERENCE_JUDGE] = &pike_ref_on_gpu,
};

int pike_ref_open(struct pike_ref **out, struct pike_judge *j,
		  const struct pike_layout *l, enum pike_real real,
		  struct pike_err *err)
{
	bool exact = real == PIKE_REAL_DOUBLE;
	struct pike_ref *r = pike_xcalloc(1, sizeof(*r));

	*out = r;
	r->ops = ways[j->reference.kind];
	r->j = j;
	r->l = l;
	r->kind = real;
	r->real = exact ? PIKE_F64 : pike_native_real(l->t);
	/* As lib/device builds it */
	if (r->ops->f32_least && r->real != PIKE_F64)
		r->real = PIKE_F32;
	r->mem = pike_xcalloc(l->t->nargs + 1, sizeof(*r->mem));
	r->buf = pike_xcalloc(l->t->nargs + 1, sizeof(*r->buf));
	return r->ops->open(r, exact ? j->ref_double : j->ref_native, err);
}

void pike_ref_close(struct pike_ref *r)
{
	if (!r)
		return;
	r->ops->close(r);
	for (size_t i = 0; i < r->l->t->nargs; i++)
		pike_mem_release(&r->mem[i]);
	for (size_t i = 0; i < r->l->t->nargs; i++)
		if (r->buf[i])
			pike_gpu_free(r->j->gpu, r->buf[i]);
	free(r->mem);
	free(r->buf);
	free(r);
}

static int put_all(struct pike_ref *r, const struct pike_pool *p, size_t set,
		   int swap, const void *other, struct pike_err *err)
{
	const struct pike_target *t = r->l->t;
	int ret = 0;

	for (size_t i = 0; !ret && i < t->nargs; i++) {
		/* NaN where it forgets to write: the lint looks for it */
		struct pike_source from = { 0 };

		if (t->args[i].dir == PIKE_SCALAR)
			continue;
		if ((int)i == swap)
			from.host = other;
		else if (pike_arg_is_input(&t->args[i]))
			from = pike_pool_source(p, set, i);
		ret = r->ops->put(r, i, &from, err);
	}
	return ret;
}

int pike_ref_run(struct pike_ref *r, const struct pike_pool *p, size_t set,
		 int swap, const void *other, struct pike_err *err)
{
	int ret = put_all(r, p, set, swap, other, err);

	return ret ? ret : r->ops->run(r, err);
}

int pike_ref_run_moved(struct pike_ref *r, const struct pike_pool *p,
		       size_t set, const struct pike_move *m,
		       struct pike_err *err)
{
	const struct pike_target *t = r->l->t;
	struct pike_move here = *m;
	int ret = put_all(r, p, set, -1, NULL, err);

	for (size_t i = 0; !ret && i < t->nargs; i++) {
		here.seed++;
		if (pike_move_range(&here, &t->args[i]))
			ret = r->ops->move(r, i, &here, err);
	}
	return ret ? ret : r->ops->run(r, err);
}

int pike_ref_result(const void **out, struct pike_ref *r, size_t arg,
		    struct pike_err *err)
{
	int ret = r->ops->result(out, r, arg, err);

	if (ret)
		*out = NULL;
	return ret;
}

int pike_ref_buffer(struct pike_ref *r, size_t arg, struct pike_err *err)
{
	if (r->buf[arg])
		return 0;
	return pike_gpu_alloc(&r->buf[arg], r->j->gpu, pike_ref_bytes(r, arg),
			      err);
}

int pike_ref_result_gpu(pike_gpu_ptr *out, struct pike_ref *r, size_t arg,
			struct pike_err *err)
{
	return r->ops->result_gpu(out, r, arg, err);
}
