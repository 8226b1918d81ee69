/* SPDX-License-Identifier: Apache-2.0 */
/* pool: see pool_priv.h. */
#include "eval/pool_priv.h"

#include "base/mem.h"
#include "eval/judge_priv.h"
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- pools ---- */

size_t pike_pool_fit(const struct pike_judge *j, const struct pike_layout *l,
		     size_t want, size_t least, size_t arms, size_t slots)
{
	int64_t have = l->buffers->available(j) / PROTO_MEM_SHARE;
	int64_t per = (int64_t)(l->in_bytes + l->truth_bytes);
	int64_t fixed = (int64_t)(l->slot_bytes * arms * slots);
	int64_t room = l->buffers->pool_bytes;
	size_t n;

	if (fixed + per * (int64_t)least > have)
		return 0;
	if (room > have)
		room = have;
	n = room > fixed ? (size_t)((room - fixed) / (per ? per : 1)) : 0;
	if (n < least)
		n = least;
	if (n > PROTO_POOL_SETS)
		n = PROTO_POOL_SETS;
	return n < want ? n : want;
}

void pike_pool_free(struct pike_pool *p)
{
	size_t cells;

	if (!p)
		return;
	/* They know it, and what they hold is not there for the next pool. */
	pike_runners_gone(p->j);
	cells = p->layout.t ? p->layout.n * p->nsets : 0;
	if (cells)
		p->layout.buffers->release(p);
	for (size_t i = 0; i < cells; i++)
		pike_truth_release(&p->tr[i]);
	for (size_t i = 0; i < cells; i++)
		free(p->copy[i]);
	free(p->copy);
	free(p->mem);
	free(p->tr);
	free(p->nat);
	free(p->tol);
	free(p->dist);
	free(p->skip);
	free(p->asked);
	free(p->growth);
	pike_layout_release(&p->layout);
	free(p);
}

static uint64_t next_seed(const struct pike_pool *p,
			  const struct pike_pool_opts *o)
{
	return pike_input_seed(o->secret, o->source_hash, p->j->env,
			       p->j->counter++);
}

/* What `ref` has drawn; where the set is of another distribution, that is for
 * those inputs that may have it. */
static int take_drawn(struct pike_pool *p, struct pike_ref *ref, size_t set,
		      size_t arg, struct pike_rng *rng, struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	const struct pike_tensor *a = &l->v[arg];
	struct pike_source from;
	int ret;

	if (pike_inputs_takes(a, p->dist[set]))
		return l->buffers->fill(p, set, arg, rng, err);
	ret = pike_ref_source(&from, ref, arg, err);
	return ret ? ret : l->buffers->take(p, set, arg, &from, err);
}

/* `ref`: has drawn for this set; NULL: nobody has. */
static int fill_set(struct pike_pool *p, size_t set, struct pike_ref *ref,
		    uint64_t seed, struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	struct pike_rng rng;
	int ret = 0;

	pike_rng_seed(&rng, seed);
	for (size_t i = 0; !ret && i < l->n; i++)
		if (pike_tensor_is_input(&l->v[i]))
			ret = ref ? take_drawn(p, ref, set, i, &rng, err)
				  : l->buffers->fill(p, set, i, &rng, err);
	return ret;
}

/* As many sets as there are references, which draw at once; one where there
 * are none. */
static int fill_some(struct pike_pool *p, size_t set, size_t n,
		     struct pike_ref *const *refs,
		     const struct pike_pool_opts *o, struct pike_err *err)
{
	uint64_t seeds[PIKE_REFS_MAX];
	int ret = 0;

	if (pike_judge_stopped(p->j))
		return pike_fail(err, PIKE_RETRY, "interrupted");
	for (size_t i = 0; i < n; i++)
		seeds[i] = next_seed(p, o);
	if (refs[0])
		ret = pike_refs_draw(refs, n, seeds, err);
	for (size_t i = 0; !ret && i < n; i++)
		ret = fill_set(p, set + i, refs[i], seeds[i], err);
	return ret;
}

static int each_input(struct pike_pool *p,
		      int (*f)(struct pike_pool *p, size_t arg,
			       struct pike_err *err),
		      struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++)
		if (pike_tensor_is_input(&l->v[i]))
			ret = f(p, i, err);
	return ret;
}

static int fill_inputs(struct pike_pool *p, const struct pike_pool_opts *o,
		       struct pike_err *err)
{
	struct pike_ref *refs[PIKE_REFS_MAX] = { NULL };
	size_t n, width = 1;
	int ret = each_input(p, p->layout.buffers->make, err);

	if (!ret && p->j->reference.draws) {
		width = pike_refs_width(p->j, &p->layout, 1);
		if (width > p->nsets)
			width = p->nsets;
		p->layout.weights = next_seed(p, o);
		ret = pike_refs_open_native(refs, width, p->j, &p->layout, err);
	}
	for (size_t s = 0; !ret && s < p->nsets; s += n) {
		n = p->nsets - s < width ? p->nsets - s : width;
		ret = fill_some(p, s, n, refs, o, err);
	}
	for (size_t i = 0; i < width; i++)
		pike_ref_close(refs[i]);
	return ret ? ret : each_input(p, p->layout.buffers->seal, err);
}

static int take_truth(struct pike_pool *p, struct pike_ref *ref, size_t set,
		      struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++) {
		if (!pike_tensor_is_output(&l->v[i]))
			continue;
		ret = l->buffers->truth(p, ref, set, i, err);
		/* A truth that is not finite under a stress distribution says
		 * nothing about a candidate that sums in another order. */
		if (!pike_pool_truth(p, set, i)->finite &&
		    p->dist[set] != PIKE_DIST_OWN)
			p->skip[set] = true;
	}
	return ret;
}

/* The reference in the target's own precision gives the natural error. Its
 * floats are of one type, which may not be that of each output. */
static int take_natural(struct pike_pool *p, struct pike_ref *ref, size_t set,
			struct pike_err *err)
{
	const struct pike_layout *l = &p->layout;
	int ret = 0;

	for (size_t i = 0; !ret && i < l->n; i++) {
		const struct pike_tensor *a = &l->v[i];

		if (!pike_tensor_is_output(a) || !pike_dtype_is_float(a->dtype))
			continue;
		ret = l->buffers->natural(p, ref, set, i, err);
		if (pike_pool_nat(p, set, i)->l2 >
			p->tol[i].cap / PROTO_LINT_COND &&
		    p->dist[set] != PIKE_DIST_OWN)
			p->skip[set] = true;
	}
	return ret;
}

/* Truths of the sets that `refs` have just run on: one after the other in the
 * exact precision, or pairs of that and the target's own. */
static int take_results(struct pike_pool *p, struct pike_ref **refs, size_t n,
			size_t per_set, size_t set, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i += per_set) {
		ret = take_truth(p, refs[i], set + i / per_set, err);
		if (!ret && per_set > 1)
			ret = take_natural(p, refs[i + 1], set + i / per_set,
					   err);
	}
	return ret;
}

static int run_references(struct pike_pool *p, size_t per_set, const char *what,
			  struct pike_err *err)
{
	struct pike_ref *refs[PIKE_REFS_MAX] = { NULL };
	size_t width = pike_refs_width(p->j, &p->layout, per_set);
	int ret = 0;

	if (width > p->nsets)
		width = p->nsets;
	ret = pike_refs_open(refs, width * per_set, per_set, p->j, &p->layout,
			     err);
	for (size_t s = 0; !ret && s < p->nsets; s += width) {
		size_t n = p->nsets - s < width ? p->nsets - s : width;

		n *= per_set;
		if (pike_judge_stopped(p->j)) {
			ret = pike_fail(err, PIKE_RETRY, "interrupted");
			break;
		}
		ret = pike_refs_run(refs, n, per_set, p, s, err);
		if (!ret)
			ret = take_results(p, refs, n, per_set, s, err);
		pike_judge_say(p->j, what,
			       (double)(s + n / per_set) / (double)p->nsets);
	}
	for (size_t i = 0; i < PIKE_REFS_MAX; i++)
		pike_ref_close(refs[i]);
	return ret;
}

static void use_natural(struct pike_pool *p, const struct pike_natural *nat)
{
	size_t nargs = p->layout.n;

	for (size_t s = 0; s < p->nsets; s++)
		memcpy(p->nat + s * nargs, nat, nargs * sizeof(*nat));
}

/* Takes the layout. */
static struct pike_pool *pool_new(struct pike_judge *j,
				  const struct pike_pool_opts *o,
				  const struct pike_layout *l)
{
	struct pike_pool *p = pike_xcalloc(1, sizeof(*p));
	size_t cells = l->n * o->nsets + 1;

	p->j = j;
	p->layout = *l;
	p->nsets = o->nsets;
	p->copy = pike_xcalloc(cells, sizeof(*p->copy));
	p->mem = pike_xcalloc(l->n + 1, sizeof(*p->mem));
	p->tr = pike_xcalloc(cells, sizeof(*p->tr));
	p->nat = pike_xcalloc(cells, sizeof(*p->nat));
	p->tol = pike_xcalloc(l->n + 1, sizeof(*p->tol));
	p->dist = pike_xcalloc(o->nsets + 1, sizeof(*p->dist));
	p->skip = pike_xcalloc(o->nsets + 1, sizeof(*p->skip));
	p->asked = pike_xcalloc(cells, sizeof(*p->asked));
	p->growth = pike_xcalloc(l->n + 1, sizeof(*p->growth));
	for (size_t s = 0; s < o->nsets; s++)
		p->dist[s] = o->dist ? o->dist[s] : PIKE_DIST_OWN;
	for (size_t i = 0; i < l->n; i++)
		pike_tol_for(&p->tol[i], l->t->precision, l->v[i].dtype,
			     l->t->tolerance);
	return p;
}

static int draw(struct pike_pool *p, const struct pike_pool_opts *o,
		struct pike_err *err)
{
	enum pike_phase before = pike_phase(p->j, PIKE_PHASE_INPUTS);
	size_t per_set = o->nat ? 1 : 2;
	int ret;

	pike_judge_spread(p->j);
	ret = fill_inputs(p, o, err);
	pike_phase(p->j, PIKE_PHASE_TRUTH);
	if (!ret)
		ret = run_references(p, per_set, o->what, err);
	pike_judge_gather(p->j);
	pike_phase(p->j, before);
	if (!ret && o->nat)
		use_natural(p, o->nat);
	return ret;
}

int pike_pool_make(struct pike_pool **out, struct pike_judge *j,
		   const struct pike_pool_opts *o, struct pike_err *err)
{
	struct pike_pool *p;
	struct pike_layout l;
	int ret = pike_layout_make(&l, j, o->c, err);

	*out = NULL;
	if (ret)
		return ret;
	p = pool_new(j, o, &l);
	if (!pike_pool_fit(j, &p->layout, 1, o->nsets, 0, 0))
		ret = pike_fail(
		    err, PIKE_FAILED,
		    "case '%s' needs %zu MiB for %zu sets of inputs and "
		    "truths, more than a quarter of %s (%lld MiB); make the "
		    "case smaller or free memory",
		    o->c->text,
		    (p->layout.in_bytes + p->layout.truth_bytes) * o->nsets >>
			20,
		    o->nsets, j->buffers->memory,
		    (long long)(j->buffers->available(j) >> 20));
	if (!ret)
		ret = draw(p, o, err);
	if (ret)
		pike_pool_free(p);
	else
		*out = p;
	return ret;
}
