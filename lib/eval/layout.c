/* SPDX-License-Identifier: Apache-2.0 */
/* layout: the arguments of a case, and the room that they need. */
#include "eval/judge_priv.h"

#include "base/mem.h"

#include <stdlib.h>

static void add_room(struct pike_layout *l, const struct pike_tensor *a)
{
	if (a->dir == PIKE_SCALAR)
		return;
	if (pike_tensor_is_input(a))
		l->in_bytes += l->buffers->stride(a->bytes);
	if (pike_tensor_is_output(a))
		l->truth_bytes += pike_truth_bytes(a->dtype, a->shape.elems);
	l->slot_bytes += l->buffers->slot(a, a->bytes);
}

int pike_layout_make(struct pike_layout *l, const struct pike_judge *j,
		     const struct pike_case *c, struct pike_err *err)
{
	struct pike_tensors list = { 0 };
	int ret = pike_device_tensors(&list, j->t, c, j->described, err);

	*l = (struct pike_layout){ .t = j->t,
				   .c = c,
				   .v = list.v,
				   .n = list.n,
				   .buffers = j->buffers };
	for (size_t i = 0; !ret && i < l->n; i++)
		add_room(l, &l->v[i]);
	return ret;
}

void pike_layout_release(struct pike_layout *l)
{
	struct pike_tensors list = { l->v, l->n };

	pike_tensors_release(&list);
	*l = (struct pike_layout){ 0 };
}

struct pike_bind pike_layout_bind(const struct pike_layout *l)
{
	return (struct pike_bind){ l->c, l->v, l->n, l->weights };
}
