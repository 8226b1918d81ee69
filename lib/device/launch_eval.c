/* SPDX-License-Identifier: Apache-2.0 */
/* launch_eval: a launch plan's numbers for one case. */
#include "device/launch_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* CUDA C++ Programming Guide, "Compute Capabilities", technical
 * specifications per compute capability: 9.0. */
const struct pike_launch_limits pike_launch_limits_90 = {
	.grid = { 2147483647, 65535, 65535 },
	.block = { 1024, 1024, 64 },
	.threads = 1024,
	.shared = 227 * 1024,
	.cluster = 8,
	.scratch = 1LL << 34,
};

struct eval {
	const struct pike_launch_plan *p;
	const struct pike_case *c;
	const struct pike_launch_limits *l;
	struct pike_launch_plan_scope scope;
	const char *path; /* of the line under evaluation */
	int line;
	struct pike_err *err;
};

static int fail(const struct eval *e, const char *what, long long value,
		long long most)
{
	return pike_fail(e->err, PIKE_FAILED,
			 "%s:%d: %s is %lld in case '%s'; it may be 1 to %lld",
			 e->path, e->line, what, value, e->c->text, most);
}

static int number(int64_t *out, struct eval *e, const struct pike_expr *x)
{
	struct pike_err why = PIKE_ERR_INIT;

	e->scope.twice = false;
	if (!pike_expr_eval(out, x, pike_launch_plan_lookup, &e->scope, &why))
		return 0;
	return pike_fail(e->err, PIKE_FAILED, "%s:%d: '%.80s' in case '%s': %s",
			 e->path, e->line, pike_expr_text(x), e->c->text,
			 e->scope.twice
			     ? "a name in it has two different #defines"
			     : why.text);
}

/* Up to three extents, 1 where there is none. */
static int extents(uint32_t out[3], struct eval *e,
		   struct pike_expr *const x[3], const int64_t most[3],
		   const char *what)
{
	int64_t v;
	int ret;

	for (int i = 0; i < 3; i++) {
		out[i] = 1;
		if (!x[i])
			continue;
		ret = number(&v, e, x[i]);
		if (ret)
			return ret;
		if (v < 1 || v > most[i])
			return fail(e, what, v, most[i]);
		out[i] = (uint32_t)v;
	}
	return 0;
}

static int check_shape(struct eval *e, const struct pike_launch_value *v)
{
	int64_t threads = (int64_t)v->block[0] * v->block[1] * v->block[2];
	int64_t blocks = (int64_t)v->cluster[0] * v->cluster[1] * v->cluster[2];

	if (threads > e->l->threads)
		return fail(e, "the number of threads in a block", threads,
			    e->l->threads);
	if (blocks > e->l->cluster)
		return fail(e, "the number of blocks in a cluster", blocks,
			    e->l->cluster);
	for (int i = 0; i < 3; i++)
		if (v->grid[i] % v->cluster[i])
			return pike_fail(e->err, PIKE_FAILED,
					 "%s:%d: a grid of %u blocks is not a "
					 "whole number of "
					 "clusters of %u in case '%s'",
					 e->path, e->line, v->grid[i],
					 v->cluster[i], e->c->text);
	return 0;
}

/* ---- tensor maps ---- */

static int tma_extent(uint64_t *out, struct eval *e, const struct pike_expr *x,
		      int64_t most, const char *what)
{
	int64_t v;
	int ret = number(&v, e, x);

	if (ret)
		return ret;
	if (v < 1 || v > most)
		return fail(e, what, v, most);
	*out = (uint64_t)v;
	return 0;
}

/* The dimensions of the map, outermost first, and that they fit the buffer. */
static int tma_dims(uint64_t dims[], struct eval *e,
		    const struct pike_pass_arg *a)
{
	const struct pike_arg *arg = &e->p->t->args[a->index];
	struct pike_expr *const *x = a->ndims ? a->dims : arg->dims;
	int64_t elems, have[8];
	uint64_t all = 1;
	int ret = pike_arg_elems(&elems, have, arg, e->c, e->err);

	for (size_t i = 0; !ret && i < a->nbox; i++) {
		ret = tma_extent(&dims[i], e, x[i], 1LL << 32,
				 "an extent of a tensor map");
		if (!ret)
			all = all > (1ULL << 40) / dims[i] ? 1ULL << 41
							   : all * dims[i];
	}
	if (!ret && all > (uint64_t)elems)
		ret = pike_fail(e->err, PIKE_FAILED,
				"%s:%d: dims of the tensor map of '%s' hold "
				"more elements than it has in case '%s'",
				e->path, e->line, arg->name, e->c->text);
	return ret;
}

static int tma_rules(struct eval *e, const struct pike_tma *m)
{
	uint64_t size = pike_dtype_size(m->dtype), inner = m->box[0] * size;

	for (uint32_t i = 0; i + 1 < m->rank; i++)
		if (m->strides[i] % 16)
			return pike_fail(
			    e->err, PIKE_FAILED,
			    "%s:%d: a tensor map needs rows of a multiple of "
			    "16 bytes, and has %llu in case '%s'",
			    e->path, e->line, (unsigned long long)m->strides[i],
			    e->c->text);
	if (inner % 16)
		return pike_fail(e->err, PIKE_FAILED,
				 "%s:%d: the innermost extent of box is %llu "
				 "bytes; it must be a multiple of 16",
				 e->path, e->line, (unsigned long long)inner);
	if (m->swizzle && inner > m->swizzle)
		return pike_fail(e->err, PIKE_FAILED,
				 "%s:%d: the innermost extent of box is %llu "
				 "bytes; with swizzle=%u at most %u may be",
				 e->path, e->line, (unsigned long long)inner,
				 m->swizzle, m->swizzle);
	return 0;
}

static int tma_value(struct pike_tma *out, struct eval *e,
		     const struct pike_pass_arg *a)
{
	const struct pike_arg *arg = &e->p->t->args[a->index];
	uint64_t dims[PIKE_TMA_DIMS], box = 0;
	uint64_t stride = pike_dtype_size(arg->dtype);
	uint32_t rank = (uint32_t)a->nbox;
	int ret = tma_dims(dims, e, a);

	out->dtype = arg->dtype;
	out->rank = rank;
	out->swizzle = a->swizzle;
	out->l2 = a->l2;
	out->nan = a->nan;
	for (uint32_t i = 0; !ret && i < rank; i++) {
		ret = tma_extent(&box, e, a->box[rank - 1 - i], 256,
				 "an extent of box");
		if (ret)
			break;
		out->box[i] = (uint32_t)box;
		out->dims[i] = dims[rank - 1 - i];
		stride *= out->dims[i];
		out->strides[i] = stride;
	}
	return ret ? ret : tma_rules(e, out);
}

/* ---- arguments ---- */

static int arg_value(struct pike_pass_value *out, struct eval *e,
		     const struct pike_pass_arg *a)
{
	const struct pike_target *t = e->p->t;

	out->how = a->how;
	out->index = a->index;
	out->line = e->line;
	switch (a->how) {
	case PIKE_PASS_BUFFER:
	case PIKE_PASS_SCRATCH:
		return 0;
	case PIKE_PASS_TMA:
		return tma_value(&out->map, e, a);
	case PIKE_PASS_SCALAR:
		out->dtype = t->args[a->index].dtype;
		if (pike_case_size(e->c, t->args[a->index].name, &out->value))
			return 0;
		return pike_fail(e->err, PIKE_FAILED,
				 "%s:%d: case '%s' gives no value for '%s'",
				 e->path, e->line, e->c->text,
				 t->args[a->index].name);
	default:
		return number(&out->value, e, a->e);
	}
}

static int launch_value(struct pike_launch_value *v, struct eval *e,
			const struct pike_launch *l)
{
	static const int64_t cluster[3] = { 16, 16, 16 };
	int64_t shared = 0;
	int ret;

	v->kernel = l->kernel;
	v->path = e->path = l->path;
	v->line = e->line = l->line;
	ret = extents(v->grid, e, l->grid, e->l->grid, "an extent of grid");
	if (!ret)
		ret = extents(v->block, e, l->block, e->l->block,
			      "an extent of block");
	if (!ret)
		ret = extents(v->cluster, e, l->cluster, cluster,
			      "an extent of cluster");
	if (!ret)
		ret = check_shape(e, v);
	if (!ret && l->shared)
		ret = number(&shared, e, l->shared);
	if (!ret && (shared < 0 || shared > e->l->shared))
		ret = fail(e, "shared", shared, e->l->shared);
	v->shared = (uint32_t)shared;
	v->args = pike_xcalloc(l->nargs + 1, sizeof(*v->args));
	for (size_t i = 0; !ret && i < l->nargs; i++) {
		v->nargs++;
		ret = arg_value(&v->args[i], e, &l->args[i]);
	}
	return ret;
}

/* ---- scratch ---- */

static int scratch_bytes(size_t *out, struct eval *e,
			 const struct pike_scratch *s)
{
	int64_t n = (int64_t)pike_dtype_size(s->dtype), v;

	e->path = s->path;
	e->line = s->line;
	for (size_t i = 0; i < s->ndims; i++) {
		int ret = number(&v, e, s->dims[i]);

		if (ret)
			return ret;
		if (v < 1 || v > e->l->scratch / n)
			return fail(e, "a dimension of a scratch buffer", v,
				    e->l->scratch / n);
		n *= v;
	}
	*out = (size_t)n;
	return 0;
}

int pike_launch_plan_eval(struct pike_launch_values *out,
			  const struct pike_launch_plan *p,
			  const struct pike_case *c,
			  const struct pike_launch_limits *l,
			  struct pike_err *err)
{
	struct eval e = {
		.p = p, .c = c, .l = l, .scope = { .p = p, .c = c }, .err = err
	};
	size_t all = 0;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	out->v = pike_xcalloc(p->nlaunches + 1, sizeof(*out->v));
	for (size_t i = 0; !ret && i < p->nscratch; i++) {
		ret = scratch_bytes(&out->scratch[i], &e, &p->scratch[i]);
		all += out->scratch[i];
		out->nscratch++;
		if (!ret && all > (size_t)l->scratch)
			ret = fail(&e, "scratch in all", (long long)all,
				   l->scratch);
	}
	for (size_t i = 0; !ret && i < p->nlaunches; i++) {
		out->n++;
		ret = launch_value(&out->v[i], &e, &p->launches[i]);
	}
	if (ret)
		pike_launch_values_release(out);
	return ret;
}

void pike_launch_values_release(struct pike_launch_values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].args);
	free(v->v);
	memset(v, 0, sizeof(*v));
}
