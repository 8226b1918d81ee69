/* SPDX-License-Identifier: Apache-2.0 */
/* What islands keep from call to call changes no move: a search in a scripted
 * world, each of whose steps is also folded from the beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "search/search_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 120
#define LATE 0.1 /* of the judged are settled by a later generation */

struct world {
	struct pike_history *h;
	struct pike_preset preset;
	struct pike_memory *memory;
	struct pike_traits *traits; /* NULL: none are known */
	struct pike_moves moves;
	struct pike_moves flying; /* some that were not answered */
	struct pike_rng rng;
};

static bool chance(struct world *w, double p)
{
	return pike_rng_unit(&w->rng) < p;
}

/* ---- a history that knows nothing of generations ---- */

static char *copy(const char *s)
{
	return pike_xstrdup(s);
}

static struct pike_history *unsettled(const struct pike_history *h)
{
	struct pike_history *to = pike_history_new(h->target, h->lane);

	to->base = h->base;
	to->champion = h->champion;
	for (size_t i = 0; i < h->nrecs; i++) {
		struct pike_record r = h->recs[i];

		r.parents =
		    pike_xmemdup(r.parents, r.nparents * sizeof(*r.parents));
		r.slot = copy(r.slot);
		r.idea = copy(r.idea);
		r.model = copy(r.model);
		r.run = copy(r.run);
		r.settled = -1;
		pike_history_add(to, &r);
	}
	return to;
}

/* ---- moves ---- */

static void next(struct pike_moves *out, struct world *w,
		 const struct pike_history *h, struct pike_memory **memory)
{
	const struct pike_search_input in = {
		.history = h,
		.preset = &w->preset,
		.run_seed = 7,
		.want = 12,
		.traits = w->traits,
		.memory = memory,
		.flying = w->flying.v,
		.nflying = w->flying.n,
	};

	assert_int_equal(pike_strategy_islands.next(out, &in, NULL), 0);
}

static void same_moves(const struct pike_moves *a, const struct pike_moves *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct pike_move *x = &a->v[i], *y = &b->v[i];

		assert_ptr_equal(x->agent, y->agent);
		assert_string_equal(x->slot, y->slot);
		assert_true(x->seed == y->seed);
		assert_int_equal(x->nparents, y->nparents);
		if (x->nparents)
			assert_memory_equal(x->parents, y->parents,
					    x->nparents * sizeof(*x->parents));
	}
}

static void check_step(struct world *w)
{
	struct pike_history *plain = unsettled(w->h);
	struct pike_moves fresh = { 0 }, scratch = { 0 };

	pike_moves_release(&w->moves);
	next(&w->moves, w, w->h, &w->memory);
	next(&fresh, w, w->h, NULL);
	next(&scratch, w, plain, NULL);
	same_moves(&w->moves, &fresh);
	same_moves(&w->moves, &scratch);
	pike_moves_release(&fresh);
	pike_moves_release(&scratch);
	pike_history_free(plain);
}

/* ---- what happens ---- */

static void add(struct world *w, const struct pike_agent *agent,
		const char *slot, size_t parent)
{
	struct pike_history *h = w->h;
	struct pike_record r = { .settled = -1, .score = NAN };

	snprintf(r.id.hex, sizeof(r.id.hex), "%040zu", h->nrecs + 1);
	r.source = r.id;
	r.agent = agent;
	r.slot = copy(slot);
	r.parents = pike_xcalloc(1, sizeof(*r.parents));
	r.nparents = 1;
	r.parents[0] = parent < h->nrecs ? h->recs[parent].id : h->base;
	pike_history_add(h, &r);
	if (!w->traits)
		return;
	w->traits = pike_xrealloc(w->traits, h->nrecs, sizeof(*w->traits));
	w->traits[h->nrecs - 1] =
	    (struct pike_traits){ .bytes = 100 + pike_rng_below(&w->rng, 900),
				  .lines = 1 + pike_rng_below(&w->rng, 90) };
}

static void fly(struct world *w, const struct pike_move *m)
{
	pike_moves_add(&w->flying, m->agent, m->seed)->slot = copy(m->slot);
}

/* Replies to some of the moves; now and then what others have made, and slots
 * whose numbers are too high as yet, or will ever be. */
static void reply(struct world *w)
{
	char slot[32];

	pike_moves_release(&w->flying);
	for (size_t i = 0; i < w->moves.n; i++) {
		const struct pike_move *m = &w->moves.v[i];

		if (chance(w, 0.6))
			add(w, m->agent, m->slot,
			    m->nparents ? m->parents[0] : PIKE_NO_RECORD);
		else if (chance(w, 0.5))
			fly(w, m);
	}
	if (chance(w, 0.2))
		add(w, chance(w, 0.5) ? &pike_agent_tune : &pike_agent_human,
		    "", pike_rng_below(&w->rng, w->h->nrecs + 1));
	if (chance(w, 0.05)) {
		snprintf(slot, sizeof(slot), "1.%zu",
			 w->h->nrecs + (size_t)pike_rng_below(&w->rng, 60));
		add(w, &pike_agent_optimize, slot, PIKE_NO_RECORD);
	}
	if (w->h->nrecs && chance(w, 0.1)) /* again one that was done */
		add(w, &pike_agent_optimize,
		    w->h->recs[pike_rng_below(&w->rng, w->h->nrecs)].slot,
		    PIKE_NO_RECORD);
	if (chance(w, 0.02))
		add(w, &pike_agent_optimize, "1.99999999", PIKE_NO_RECORD);
}

static void apply(struct world *w, size_t at, enum pike_stage stage,
		  enum pike_verdict v)
{
	double mid = 0.5 + pike_rng_unit(&w->rng);
	struct pike_score s = { .verdict = v,
				.ratio = { mid * 0.99, mid, mid * 1.01 },
				.vs = w->h->champion };
	struct pike_oid id = w->h->recs[at].id;

	pike_history_apply(w->h, &id, stage, &s);
}

static void judge(struct world *w)
{
	static const enum pike_verdict verdicts[] = {
		PIKE_V_FASTER, PIKE_V_SAME,  PIKE_V_SLOWER, PIKE_V_SLOWER,
		PIKE_V_BUILD,  PIKE_V_WRONG, PIKE_V_NONE,   PIKE_V_UNUSABLE
	};

	for (size_t i = pike_history_open(w->h); i < w->h->nrecs; i++)
		if (w->h->recs[i].screen.verdict == PIKE_V_PENDING &&
		    chance(w, 0.8))
			apply(w, i, PIKE_SCREEN,
			      verdicts[pike_rng_below(
				  &w->rng, PIKE_ARRAY_LEN(verdicts))]);
}

/* One is confirmed and the champion of what comes; rarely an old one is
 * confirmed once more, which its successors' scores stand on. */
static void confirm(struct world *w)
{
	struct pike_history *h = w->h;
	size_t open = pike_history_open(h), at;

	if (open < h->nrecs && chance(w, 0.3)) {
		at = open + pike_rng_below(&w->rng, h->nrecs - open);
		apply(w, at, PIKE_CONFIRM, PIKE_V_FASTER);
		h->champion = h->recs[at].id;
	}
	if (open && chance(w, 0.05))
		apply(w, pike_rng_below(&w->rng, open), PIKE_CONFIRM,
		      PIKE_V_FASTER);
}

static void close_generation(struct world *w)
{
	struct pike_history *h = w->h;

	for (size_t i = pike_history_open(h); i < h->nrecs; i++)
		if (h->recs[i].settled < 0 &&
		    h->recs[i].screen.verdict != PIKE_V_PENDING &&
		    !chance(w, LATE))
			h->recs[i].settled = (int64_t)h->ngens;
	h->ngens++;
}

static void begin(struct world *w, const char *preset)
{
	struct pike_settings settings = { 0 };

	*w = (struct world){ .h = pike_history_new("t", "cpu") };
	assert_true(pike_preset_find(&w->preset, &settings, preset));
	w->preset.population = 9;
	w->preset.migration_interval = 7;
	snprintf(w->h->base.hex, sizeof(w->h->base.hex), "%040d", 0);
	w->h->champion = w->h->base;
}

static void end(struct world *w)
{
	pike_moves_release(&w->moves);
	pike_moves_release(&w->flying);
	pike_memory_free(w->memory);
	pike_history_free(w->h);
	free(w->traits);
}

static void search(const char *preset, bool traits, uint64_t seed)
{
	struct world w;

	begin(&w, preset);
	w.traits = traits ? pike_xcalloc(1, sizeof(*w.traits)) : NULL;
	pike_rng_seed(&w.rng, seed);
	for (int i = 0; i < STEPS; i++) {
		check_step(&w);
		reply(&w);
		if (chance(&w, 0.7))
			judge(&w);
		confirm(&w);
		if (chance(&w, 0.4))
			close_generation(&w);
	}
	assert_true(pike_history_open(w.h) > w.h->nrecs / 2);
	end(&w);
}

/* A sample may have the more numbers the more is in flight: here one too many
 * for what is left when calls were lost. */
static void test_room(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "pike-o");
	add(&w, &pike_agent_optimize, "1.50", PIKE_NO_RECORD);
	apply(&w, 0, PIKE_SCREEN, PIKE_V_FASTER);
	w.h->recs[0].settled = 1;
	for (int i = 0; i < 30; i++)
		pike_moves_add(&w.flying, &pike_agent_optimize, 0);
	check_step(&w);
	pike_moves_release(&w.flying);
	check_step(&w);
	end(&w);
}

static void test_islands(void **state)
{
	(void)state;
	pike_memory_free(NULL);
	for (uint64_t seed = 1; seed <= 4; seed++) {
		search("pike-o", seed % 2, seed);
		search("pike-o-mut", seed % 2, seed);
		search("pike-o-mut-npar-1isl", true, seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_islands),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
