/* SPDX-License-Identifier: Apache-2.0 */
/* tensor: see tensor.h. */
#include "model/tensor.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

bool pike_tensor_is_input(const struct pike_tensor *t)
{
	return t->dir == PIKE_IN || t->dir == PIKE_INOUT;
}

bool pike_tensor_is_output(const struct pike_tensor *t)
{
	return t->dir == PIKE_OUT || t->dir == PIKE_INOUT;
}

static int take_sizes(struct pike_tensor *t, const struct pike_arg *a,
		      const struct pike_case *c, struct pike_err *err)
{
	int64_t elems;
	int ret;

	if (a->dir == PIKE_SCALAR) {
		if (!pike_case_size(c, a->name, &t->value))
			return pike_fail(err, PIKE_USAGE,
					 "case '%s' gives no value for '%s'",
					 c->text, a->name);
		return 0;
	}
	ret = pike_arg_elems(&elems, t->dims, a, c, err);
	if (ret)
		return ret;
	t->ndims = a->ndims;
	t->shape.elems = (size_t)elems;
	t->shape.row = a->ndims && t->dims[a->ndims - 1] > 0
			   ? (size_t)t->dims[a->ndims - 1]
			   : 1;
	t->bytes = (size_t)elems * pike_dtype_size(a->dtype);
	return 0;
}

int pike_tensors_of(struct pike_tensors *out, const struct pike_target *t,
		    const struct pike_case *c, struct pike_err *err)
{
	int ret = 0;

	out->n = t->nargs;
	out->v = pike_xcalloc(t->nargs + 1, sizeof(*out->v));
	for (size_t i = 0; !ret && i < t->nargs; i++) {
		const struct pike_arg *a = &t->args[i];

		out->v[i] = (struct pike_tensor){ .name = pike_xstrdup(a->name),
						  .dir = a->dir,
						  .dtype = a->dtype,
						  .init = a->init,
						  .a = a->a,
						  .b = a->b };
		ret = take_sizes(&out->v[i], a, c, err);
	}
	if (ret)
		pike_tensors_release(out);
	return ret;
}

void pike_tensors_release(struct pike_tensors *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].name);
	free(t->v);
	*t = (struct pike_tensors){ 0 };
}
