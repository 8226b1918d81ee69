/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classes: how precise a right candidate is, beyond the class that it must
 * keep, and what the tolerances of other tools would say: results can be
 * compared with publications without their holes.
 */
#include "eval/correct_priv.h"

#include "base/mem.h"
#include "eval/check_elem_priv.h"
#include "eval/protocol_priv.h"

#include <math.h>

static const enum pike_precision classes[] = { PIKE_P_FP64, PIKE_P_FP32,
					       PIKE_P_TF32, PIKE_P_FP16,
					       PIKE_P_BF16 };

/* |y - r| <= tolerance * (1 + |r|) in each element, as torch.allclose has it
 * with one number for both. KernelBench's for fp32 since its version 0.1;
 * PIKE's for everything. */
static const struct {
	const char *name;
	double tolerance;
} rules[] = {
	{ "kernelbench-1e-4", 1e-4 },
	{ "pike-1e-2", 1e-2 },
};

static bool all_close(const void *y, const struct pike_truth *t,
		      double tolerance)
{
	double got[PROTO_BLOCK], want[PROTO_BLOCK];

	for (size_t at = 0; at < t->n; at += PROTO_BLOCK) {
		size_t n = t->n - at < PROTO_BLOCK ? t->n - at : PROTO_BLOCK;

		pike_elems(got, y, t->dtype, at, n);
		pike_truth_elems(want, t, at, n);
		for (size_t i = 0; i < n; i++)
			if (!(fabs(got[i] - want[i]) <=
			      tolerance * (1 + fabs(want[i]))) &&
			    !(isnan(got[i]) && isnan(want[i])) &&
			    got[i] != want[i])
				return false;
	}
	return true;
}

static void look(struct pike_classes *c, const struct pike_pool *p, size_t set,
		 size_t arg, const void *y)
{
	const struct pike_truth *t = pike_pool_truth(p, set, arg);
	const struct pike_natural *nat = pike_pool_nat(p, set, arg);
	struct pike_tol tol;

	c->looked = true;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(classes); i++) {
		pike_tol_for(&tol, classes[i], t->dtype, 0);
		/* A type that cannot hold the class does not keep it. */
		if (tol.cls != classes[i] ||
		    !pike_check_passes(y, t, &tol, nat))
			c->lost |= 1u << classes[i];
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rules); i++)
		if (!all_close(y, t, rules[i].tolerance))
			c->not_by |= 1u << i;
}

int pike_classes_look(struct pike_classes *c, struct pike_runner *r, size_t set,
		      struct pike_err *err)
{
	const struct pike_layout *l = &r->pool->layout;
	int ret = pike_pool_fetch(r->pool, set, err);

	for (size_t i = 0; !ret && i < l->n; i++) {
		const void *y;

		if (!pike_tensor_is_output(&l->v[i]) ||
		    !pike_dtype_is_float(l->v[i].dtype))
			continue;
		ret = pike_runner_output(&y, r, set, i, err);
		if (!ret)
			look(c, r->pool, set, i, y);
	}
	return ret;
}

void pike_classes_tell(struct pike_json *to, const struct pike_classes *c)
{
	struct pike_json *names = pike_json_array();
	struct pike_json *said = pike_json_object();

	for (size_t i = 0; c->looked && i < PIKE_ARRAY_LEN(classes); i++)
		if (!(c->lost & 1u << classes[i]))
			pike_json_push_str(names,
					   pike_precision_name(classes[i]));
	for (size_t i = 0; c->looked && i < PIKE_ARRAY_LEN(rules); i++)
		pike_json_set_bool(said, rules[i].name, !(c->not_by & 1u << i));
	pike_json_set(to, "classes", names);
	pike_json_set(to, "rules", said);
}
