/* SPDX-License-Identifier: Apache-2.0 */
/* facts: what a target says of its inputs, in words; and directions. */
#include "llm/prompt_priv.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* More directions than anybody writes. */
#define DIRECTIONS_MAX 64

/* ---- inputs ---- */

static const char *sign_of(double lo, double hi)
{
	if (lo > 0)
		return "positive";
	if (hi < 0)
		return "negative";
	if (lo == 0)
		return "never negative";
	return hi == 0 ? "never positive" : "of both signs";
}

static void add_values(struct pike_buf *out, const struct pike_arg *a)
{
	switch (a->init) {
	case PIKE_INIT_NORMAL:
		pike_buf_adds(out, "normal with mean 0 and deviation 1, of "
				   "both signs");
		break;
	case PIKE_INIT_UNIFORM:
		pike_buf_addf(out, "uniform from %g to %g, %s", a->a, a->b,
			      sign_of(a->a, a->b));
		break;
	case PIKE_INIT_RANDINT:
		pike_buf_addf(out, "integers from %g to %g, %s", a->a, a->b,
			      sign_of(a->a, a->b));
		break;
	case PIKE_INIT_ZEROS:
		pike_buf_adds(out, "zeros");
		break;
	case PIKE_INIT_ONES:
		pike_buf_adds(out, "ones");
		break;
	case PIKE_INIT_ARANGE:
		pike_buf_adds(out, "0, 1, 2 and so on");
		break;
	}
}

static bool is_input(const struct pike_arg *a)
{
	return a->dir == PIKE_IN || a->dir == PIKE_INOUT;
}

void pike_fact_inputs(struct pike_buf *out, const struct pike_prompt *p)
{
	for (size_t i = 0; p->tells && i < p->target->nargs; i++) {
		const struct pike_arg *a = &p->target->args[i];

		if (!is_input(a))
			continue;
		pike_buf_addf(out, "- `%s`: ", a->name);
		add_values(out, a);
		pike_buf_addc(out, '\n');
	}
}

/* ---- stress ---- */

/* NULL: of no declared input. */
static const char *const kinds[PIKE_DIST_COUNT] = {
	[PIKE_DIST_NORMAL] = "around 0, of both signs",
	[PIKE_DIST_UNIT] = "never negative",
	[PIKE_DIST_SYMMETRIC] = "uniform around 0",
	[PIKE_DIST_OFFSET] = "around a mean far from 0",
	[PIKE_DIST_SMALL] = "small in magnitude",
	[PIKE_DIST_LARGE] = "large in magnitude",
	[PIKE_DIST_HEAVY] = "some outliers among them",
	[PIKE_DIST_SPARSE] = "most of them 0",
	[PIKE_DIST_IMPULSE] = "0 in each row but for one value",
	[PIKE_DIST_EQUAL] = "equal within each row",
	[PIKE_DIST_INTEGER] = "small integers",
};

/* Others than these have a domain that their author has declared. */
static bool is_stressed(const struct pike_arg *a)
{
	return is_input(a) && pike_dtype_is_float(a->dtype) &&
	       a->init == PIKE_INIT_NORMAL;
}

void pike_fact_stress(struct pike_buf *out, const struct pike_prompt *p)
{
	const struct pike_target *t = p->target;
	bool any = false;

	if (!p->tells)
		return;
	for (size_t i = 0; i < t->nargs; i++)
		any = any || is_stressed(&t->args[i]);
	for (int d = 0; any && d < PIKE_DIST_COUNT; d++)
		if (kinds[d] && t->stress & 1u << d)
			pike_buf_addf(out, "- %s: %s\n",
				      pike_dist_name((enum pike_dist)d),
				      kinds[d]);
	if (!t->nargs && t->stress & 1u << PIKE_DIST_CENTERED)
		pike_buf_addf(out,
			      "- %s: around 0, where those of "
			      "`get_inputs()` have one sign\n",
			      pike_dist_name(PIKE_DIST_CENTERED));
}

/* ---- directions ---- */

static void shuffle(char **v, size_t n, struct pike_rng *rng)
{
	for (; n > 1; n--) {
		size_t k = (size_t)pike_rng_below(rng, n);
		char *last = v[n - 1];

		v[n - 1] = v[k];
		v[k] = last;
	}
}

void pike_fact_direction(struct pike_buf *out, const char *fit, const char *all,
			 const struct pike_prompt *p)
{
	struct pike_strs v = PIKE_STRS_INIT, rest = PIKE_STRS_INIT;
	struct pike_rng rng;
	size_t n;

	pike_extract_ideas(&v, fit, strlen(fit), DIRECTIONS_MAX, NULL);
	pike_extract_ideas(&rest, all, strlen(all), DIRECTIONS_MAX, NULL);
	n = v.n;
	for (size_t i = 0; i < rest.n; i++)
		if (!pike_strs_has(&v, rest.v[i]))
			pike_strs_push(&v, rest.v[i]);
	pike_rng_seed(&rng, p->order);
	shuffle(v.v, n, &rng);
	shuffle(v.v + n, v.n - n, &rng);
	if (v.n)
		pike_buf_adds(out, v.v[p->turn % v.n]);
	pike_strs_release(&v);
	pike_strs_release(&rest);
}
