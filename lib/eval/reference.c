/* SPDX-License-Identifier: Apache-2.0 */
/* reference: the types of its arguments, and what it has computed. */
#include "eval/truth_priv.h"

enum pike_dtype pike_native_real(const struct pike_target *t)
{
	for (size_t i = 0; i < t->nargs; i++)
		if (pike_dtype_is_float(t->args[i].dtype))
			return t->args[i].dtype;
	return PIKE_F32;
}

enum pike_dtype pike_ref_dtype(const struct pike_ref *r, size_t arg)
{
	enum pike_dtype d = r->l->v[arg].dtype;
	bool own = r->j->reference.own_types && r->kind == PIKE_REAL_NATIVE;

	return pike_dtype_is_float(d) && !own ? r->real : d;
}

size_t pike_ref_bytes(const struct pike_ref *r, size_t arg)
{
	return r->l->v[arg].shape.elems *
	       pike_dtype_size(pike_ref_dtype(r, arg));
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

int pike_ref_source(struct pike_source *out, struct pike_ref *r, size_t arg,
		    struct pike_err *err)
{
	*out = (struct pike_source){ 0 };
	return r->ops->host ? pike_ref_result(&out->host, r, arg, err)
			    : pike_ref_result_gpu(&out->gpu, r, arg, err);
}
