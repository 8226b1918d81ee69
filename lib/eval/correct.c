/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correct: hidden cases and stress distributions (README.md, protocol 11).
 *
 * A stress distribution may be one that the task was never meant for. So a
 * set whose truth is not finite, on which the reference itself is inexact, or
 * on which the base fails too, says nothing about the candidate; nor does one
 * that is passed only because rounded inputs move the truth that far. The
 * result lists it as not checked.
 */
#include "eval/correct_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(const struct pike_correct *k, const struct pike_case *c,
		 enum pike_dist d, const char *why)
{
	char *text =
	    pike_xasprintf("%s on %s: %s", pike_dist_name(d), c->text, why);

	pike_json_push_str(k->unchecked, text);
	free(text);
}

/* Does the base fail on this set too? 1: yes. */
static int base_fails(const struct pike_correct *k, struct pike_pool *p,
		      size_t set, struct pike_err *err)
{
	struct pike_runner_opts o = { .pool = p, .nslots = 1 };
	struct pike_runner *r = NULL;
	struct pike_timed s;
	struct pike_fault f;
	int ret;

	pike_fault_init(&f);
	ret = pike_build_for(&o.build, k->j->base, k->hidden, &f, err);
	if (!ret)
		ret = pike_runner_open(&r, k->j, &o, &f, err);
	if (!ret)
		ret = pike_runner_sample(&s, r, (uint32_t)set, 1,
					 pike_deadline_ms(k->j, 0, 1), &f, err);
	pike_runner_close(r);
	pike_fault_release(&f);
	return ret;
}

/* As in use: nobody clears a GPU's variables between two calls. What is wrong
 * then, and right when they are cleared, is told so. */
static int sample_kept(const struct pike_correct *k, struct pike_runner *r,
		       size_t set, struct pike_fault *f, struct pike_err *err)
{
	struct pike_timed s;
	int deadline_ms = pike_deadline_ms(k->j, 0, 1);
	int ret =
	    pike_runner_sample(&s, r, (uint32_t)set, 1, deadline_ms, f, err);

	if (ret == 1 && f->v == PIKE_V_WRONG && r->process.kept) {
		struct pike_fault again;

		r->process.kept = false;
		pike_fault_init(&again);
		if (!pike_runner_sample(&s, r, (uint32_t)set, 1, deadline_ms,
					&again, err))
			pike_fault_set(f, PIKE_V_WRONG,
				       "right on the first call in a process, "
				       "wrong on a later one: it counts on "
				       "variables or scratch that an earlier "
				       "call has left changed");
		pike_fault_release(&again);
	}
	r->process.kept = k->j->traits->clears;
	return ret;
}

static int check_set(const struct pike_correct *k, struct pike_runner **r,
		     const struct pike_runner_opts *o, size_t set,
		     struct pike_fault *f, struct pike_err *err)
{
	const struct pike_case *c = o->pool->layout.c;
	enum pike_dist d = o->pool->dist[set];
	int ret = 0, base;

	if (o->pool->skip[set]) {
		note(k, c, d, "the reference is not exact enough there");
		return 0;
	}
	if (!*r)
		ret = pike_runner_open(r, k->j, o, f, err);
	if (!ret)
		ret = sample_kept(k, *r, set, f, err);
	if (!ret && d == PIKE_DIST_OWN && k->classes->at != c) {
		k->classes->at = c;
		ret = pike_classes_look(k->classes, *r, set, err);
	}
	if (!ret && pike_pool_vague(o->pool, set))
		note(k, c, d, "inputs that are rounded move the answer there");
	if (ret != 1)
		return ret;
	base = base_fails(k, o->pool, set, err);
	if (base != 1)
		return base ? base : 1;
	if (d == PIKE_DIST_OWN)
		return pike_fail(err, PIKE_FAILED,
				 "the base fails on fresh inputs of case '%s': "
				 "it does not always agree with the reference; "
				 "mend one of them",
				 c->text);
	note(k, c, d, "the base fails there too");
	/* It may have crashed: the next set gets a new process. */
	pike_runner_close(*r);
	*r = NULL;
	pike_fault_release(f);
	pike_fault_init(f);
	return 0;
}

/* Fewer than sets, so that in one of them at least new values come where others
 * were. */
static size_t slots_for(const struct pike_pool *p)
{
	size_t most = p->nsets > 1 ? p->nsets - 1 : 1;

	return most < PROTO_HELD ? most : PROTO_HELD;
}

static int check_pool(const struct pike_correct *k, struct pike_pool *p,
		      struct pike_fault *f, struct pike_err *err)
{
	struct pike_runner_opts o = { .pool = p,
				      .nslots = slots_for(p),
				      .hide = true };
	struct pike_runner *r = NULL;
	enum pike_phase before = pike_phase(k->j, PIKE_PHASE_CHECK);
	int ret = pike_build_for(&o.build, k->cand, k->hidden, f, err);

	pike_judge_spread(k->j);
	for (size_t s = 0; !ret && s < p->nsets; s++) {
		if (pike_judge_stopped(k->j))
			ret = pike_fail(err, PIKE_RETRY, "interrupted");
		else
			ret = check_set(k, &r, &o, s, f, err);
	}
	if (!ret && r)
		ret = pike_runner_settled(r, f, err);
	pike_judge_gather(k->j);
	pike_runner_close(r);
	pike_phase(k->j, before);
	return ret;
}

static bool any_takes(const struct pike_layout *l, enum pike_dist dist)
{
	for (size_t i = 0; i < l->n; i++)
		if (pike_inputs_takes(&l->v[i], dist))
			return l->t->stress & 1u << dist;
	return false;
}

static size_t choose_dists(enum pike_dist *d, const struct pike_layout *l,
			   bool hidden)
{
	size_t n = hidden ? PROTO_HIDDEN_SETS : PROTO_OWN_SETS;

	for (size_t i = 0; i < n; i++)
		d[i] = PIKE_DIST_OWN;
	for (int i = PIKE_DIST_OWN + 1; !hidden && i < PIKE_DIST_CENTERED; i++)
		if (any_takes(l, (enum pike_dist)i))
			d[n++] = (enum pike_dist)i;
	return n;
}

static int check_sets(const struct pike_correct *k, struct pike_pool_opts *o,
		      const struct pike_layout *l, bool hidden,
		      struct pike_fault *f, struct pike_err *err)
{
	enum pike_dist d[PROTO_OWN_SETS + PROTO_HIDDEN_SETS + PIKE_DIST_COUNT];
	size_t n = choose_dists(d, l, hidden), room, done = 0;
	/* Drawing a set takes longer than a process does to start. */
	bool large = l->in_bytes + l->truth_bytes > PROTO_LARGE_BYTES;
	int ret = pike_judge_room(&room, k->j, o->c, n, 1, 1, err);

	while (!ret && done < n) {
		struct pike_pool *p = NULL;

		/* Most that are wrong are so on the first: the others need not
		 * be drawn then. */
		o->nsets = done || !large ? room : 1;
		if (o->nsets > n - done)
			o->nsets = n - done;
		o->dist = d + done;
		ret = pike_pool_make(&p, k->j, o, err);
		if (!ret)
			ret = check_pool(k, p, f, err);
		pike_pool_free(p);
		done += o->nsets;
	}
	o->dist = NULL;
	return ret;
}

/* The other sign may be what the model was never meant for, so that even the
 * reference refuses it: apart from the others. */
static int check_centered(const struct pike_correct *k,
			  struct pike_pool_opts *o, const struct pike_layout *l,
			  struct pike_fault *f, struct pike_err *err)
{
	enum pike_dist d = PIKE_DIST_CENTERED;
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_pool *p = NULL;
	int ret;

	if (!any_takes(l, d))
		return 0;
	o->nsets = 1;
	o->dist = &d;
	ret = pike_pool_make(&p, k->j, o, &why);
	o->dist = NULL;
	if (ret == PIKE_FAILED) {
		note(k, o->c, d, why.text);
		return 0;
	}
	if (ret)
		return pike_fail(err, ret, "%s", why.text);
	ret = check_pool(k, p, f, err);
	pike_pool_free(p);
	return ret;
}

int pike_correct_case(struct pike_correct *k, const struct pike_case *c,
		      bool hidden, struct pike_fault *f, struct pike_err *err)
{
	struct pike_pool_opts o = { .c = c,
				    .secret = k->secret,
				    .source_hash = k->cand->source_hash,
				    .what = "fresh inputs" };
	struct pike_layout l;
	int ret = pike_layout_make(&l, k->j, c, err);

	if (ret)
		return ret;
	k->hidden = hidden;
	ret = check_sets(k, &o, &l, hidden, f, err);
	if (!ret && !hidden)
		ret = check_centered(k, &o, &l, f, err);
	pike_layout_release(&l);
	return ret;
}
