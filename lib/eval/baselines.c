/* SPDX-License-Identifier: Apache-2.0 */
/* baselines: see baselines_priv.h. */
#include "eval/baselines_priv.h"
#include "eval/fill_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"
#include "model/baseline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pike_beside {
	const char *name;	  /* the target's own */
	struct pike_build *build; /* NULL: it cannot be had, and `why` */
	char *why;
};

/* One candidate beside all of them. */
struct beside {
	struct pike_judge *j;
	struct pike_build *cand;
	const uint8_t *secret;
	struct pike_pairs *pairs; /* by baseline, then by case */
	char **why;		  /* by baseline; NULL: measured so far */
};

/* ---- builds ---- */

/* A module of the user's is built under its own name. */
static int module_of(struct pike_files *out, struct pike_judge *j,
		     const char *name, struct pike_err *err)
{
	const struct pike_file *f =
	    j->o.modules ? pike_files_find(j->o.modules, name) : NULL;

	if (!f)
		return pike_fail(err, PIKE_FAILED,
				 "there is no file '%s' at the base", name);
	pike_files_add(out, f->path, f->data, f->len);
	return 0;
}

static int begin_one(struct pike_beside *b, struct pike_judge *j,
		     struct pike_err *err)
{
	struct pike_files files = { 0 };
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_baseline what;
	int ret = 0;

	pike_baseline_read(&what, b->name);
	if (what.kind == PIKE_BASELINE_MODULE
		? module_of(&files, j, b->name, &why)
		: pike_device_baseline(&files, &j->dev, &what, &why))
		b->why = pike_xstrdup(why.text);
	else
		ret = pike_build_start(&b->build, j, &files, err);
	pike_files_release(&files);
	return ret;
}

/* At the first need: most candidates are never confirmed. */
static int begin(struct pike_judge *j, struct pike_err *err)
{
	const struct pike_strs *names = &j->t->baselines;
	int ret = 0;

	if (j->beside)
		return 0;
	j->beside = pike_xcalloc(names->n + 1, sizeof(*j->beside));
	for (; !ret && j->nbeside < names->n; j->nbeside++) {
		j->beside[j->nbeside].name = names->v[j->nbeside];
		ret = begin_one(&j->beside[j->nbeside], j, err);
	}
	return ret;
}

static int wait_for(struct pike_beside *b, struct pike_err *err)
{
	const char *log;
	size_t len;

	if (!b->build || pike_build_wait(b->build, &log))
		return 0;
	if (b->build->broken)
		return pike_fail(err, PIKE_FATAL,
				 "cannot build in a sandbox: %.500s", log);
	/* The end of it says most. */
	len = strlen(log);
	b->why = pike_xasprintf("it does not compile: %s",
				len > 400 ? log + len - 400 : log);
	pike_build_free(b->build);
	b->build = NULL;
	return 0;
}

static int wait_all(struct pike_judge *j, struct pike_err *err)
{
	enum pike_phase before = pike_phase(j, PIKE_PHASE_BUILD);
	int ret = 0;

	for (size_t i = 0; !ret && i < j->nbeside; i++)
		ret = wait_for(&j->beside[i], err);
	pike_phase(j, before);
	return ret;
}

void pike_baselines_free(struct pike_judge *j)
{
	for (size_t i = 0; i < j->nbeside; i++) {
		pike_build_free(j->beside[i].build);
		free(j->beside[i].why);
	}
	free(j->beside);
	j->beside = NULL;
	j->nbeside = 0;
}

/* ---- time ---- */

/* The same content: what was measured of it holds. */
static bool is_base(const struct beside *k, size_t i)
{
	return !strcmp(k->j->beside[i].build->source_hash,
		       k->j->base->source_hash);
}

static bool to_measure(const struct beside *k, size_t i)
{
	return k->j->beside[i].build && !k->why[i] && !is_base(k, i);
}

static void say(const struct beside *k, size_t i)
{
	char what[64];

	snprintf(what, sizeof(what), "beside %.50s", k->j->beside[i].name);
	pike_judge_say(k->j, what, (double)i / (double)k->j->nbeside);
}

/* All rounds of a baseline and a case. */
static int time_one(struct beside *k, size_t i, size_t c, size_t pairs,
		    struct pike_session *s, struct pike_fault *f,
		    struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_timing t = { 0 };
	int ret = 0;

	s->build[0] = k->j->beside[i].build;
	s->label[0] = k->j->beside[i].name;
	s->round = 0;
	say(k, i);
	for (size_t r = 0; !ret && r < PROTO_BASELINE_ROUNDS; r++)
		ret = pike_session_round(s, &t, pairs, f, &why);
	if (!ret)
		pike_timing_pairs(&k->pairs[i * k->j->t->ncases + c], &t, 0,
				  pike_timing_dropped(&t) <= PROTO_DROP_MAX);
	pike_timing_release(&t);
	if (ret != PIKE_FAILED)
		return ret < 0 ? pike_fail(err, ret, "%s", why.text) : ret;
	/* It fails, the candidate does not. */
	k->why[i] = pike_xstrdup(f->reason[0] ? f->reason : why.text);
	pike_fault_release(f);
	pike_fault_init(f);
	return 0;
}

/* Pairs a round, for cases that take long. */
static size_t pairs_for(const struct pike_case_state *cs, uint32_t inner)
{
	/* Poisoning and checking cost about what the two calls do. */
	double pair = 4 * (double)cs->base_ns * inner;
	double n = (double)PROTO_CONFIRM_NS / PROTO_BASELINE_ROUNDS / pair;

	return n >= PROTO_PAIRS ? PROTO_PAIRS : n < 3 ? 3 : (size_t)n;
}

static void give_up(struct beside *k, const char *why)
{
	for (size_t i = 0; i < k->j->nbeside; i++)
		if (to_measure(k, i))
			k->why[i] = pike_xstrdup(why);
}

static int time_case(struct beside *k, size_t c, struct pike_fault *f,
		     struct pike_err *err)
{
	struct pike_judge *j = k->j;
	struct pike_case_state *cs = &j->cases[c];
	struct pike_pool_opts o = { .c = cs->c,
				    .secret = k->secret,
				    .source_hash = k->cand->source_hash,
				    .nat = cs->nat,
				    .what = "fresh inputs" };
	struct pike_session s = { .j = j,
				  .hide = true,
				  .build = { NULL, k->cand },
				  .label = { NULL, "candidate" },
				  .narms = 2 };
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_pool *pool = NULL;
	size_t pairs;
	int ret;

	s.inner = pike_inner(j, cs->base_ns);
	s.deadline_ms = pike_deadline_ms(j, cs->base_ns, s.inner);
	pairs = pairs_for(cs, s.inner);
	ret =
	    pike_judge_room(&o.nsets, j, cs->c, pairs, s.inner, s.narms, &why);
	if (!ret)
		ret = pike_pool_make(&pool, j, &o, &why);
	if (ret == PIKE_FAILED) {
		give_up(k, why.text);
		return 0;
	}
	if (ret)
		return pike_fail(err, ret, "%s", why.text);
	s.pool = pool;
	for (size_t i = 0; !ret && i < j->nbeside; i++)
		if (to_measure(k, i))
			ret = time_one(k, i, c, pairs, &s, f, err);
	pike_pool_free(pool);
	return ret;
}

static int time_all(struct pike_result *out, struct beside *k,
		    struct pike_err *err)
{
	struct pike_fault f;
	bool any = false;
	int ret = 0;

	for (size_t i = 0; i < k->j->nbeside; i++)
		any = any || to_measure(k, i);
	pike_fault_init(&f);
	for (size_t c = 0; any && !ret && c < k->j->t->ncases; c++) {
		ret = time_case(k, c, &f, err);
		if (ret == 1)
			pike_fill_fault(out, &f, k->j->cases[c].c);
	}
	pike_fault_release(&f);
	return ret;
}

/* ---- what comes of it ---- */

static void tell_one(struct pike_result *out, struct beside *k, size_t i)
{
	const struct pike_beside *b = &k->j->beside[i];
	size_t n = k->j->t->ncases;
	struct pike_ratio over;

	if (!b->build || k->why[i]) {
		pike_result_add_baseline(out, b->name, NULL,
					 k->why[i] ? k->why[i] : b->why);
		return;
	}
	over = is_base(k, i) ? out->vs_base
			     : pike_ratio_of(&k->pairs[i * n], n,
					     PROTO_SAME_ALPHA, &k->j->rng);
	pike_result_add_baseline(out, b->name, &over, NULL);
}

static void beside_release(struct beside *k)
{
	for (size_t i = 0; i < k->j->nbeside * k->j->t->ncases; i++)
		pike_pairs_release(&k->pairs[i]);
	for (size_t i = 0; i < k->j->nbeside; i++)
		free(k->why[i]);
	free(k->pairs);
	free(k->why);
}

static int measure(struct pike_result *out, struct beside *k,
		   struct pike_err *err)
{
	size_t n;
	int ret = begin(k->j, err);

	if (!ret)
		ret = wait_all(k->j, err);
	if (ret)
		return ret;
	n = k->j->nbeside;
	k->pairs = pike_xcalloc(n * k->j->t->ncases + 1, sizeof(*k->pairs));
	k->why = pike_xcalloc(n + 1, sizeof(*k->why));
	ret = time_all(out, k, err);
	for (size_t i = 0; !ret && i < n; i++)
		tell_one(out, k, i);
	beside_release(k);
	return ret;
}

int pike_baselines_measure(struct pike_result *out, struct pike_judge *j,
			   struct pike_build *cand, const uint8_t *secret,
			   struct pike_err *err)
{
	struct beside k = { .j = j, .cand = cand, .secret = secret };
	enum pike_phase before;
	int ret;

	if (!j->t->baselines.n || pike_baselines_off(&j->t->baselines))
		return 0;
	before = pike_phase(j, PIKE_PHASE_BASELINES);
	ret = measure(out, &k, err);
	pike_phase(j, before);
	return ret;
}
