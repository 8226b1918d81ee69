/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: how to read one, for people. */
#include "report/report.h"

#include "base/text.h"
#include "model/baseline.h"
#include "model/profile.h"

#include <stdio.h>
#include <string.h>

const char *pike_ratio_text(char out[64], const struct pike_ratio *r)
{
	if (r->mid > 0)
		snprintf(out, 64, "%.2fx [%.2f, %.2f]", r->mid, r->lo, r->hi);
	else
		snprintf(out, 64, "-");
	return out;
}

static const char *const meanings[PIKE_V_COUNT] = {
	[PIKE_V_PENDING] = "Not measured yet: `pike-git evaluate` does it.",
	[PIKE_V_FASTER] =
	    "Correct, and the whole interval lies above 1: confirmed "
	    "faster than the base.",
	[PIKE_V_SAME] = "Correct, and not told apart from what it was "
			"compared with: the interval is narrow and holds 1.",
	[PIKE_V_SLOWER] = "Correct, and the whole interval lies below 1.",
	[PIKE_V_INCONCLUSIVE] =
	    "Correct, but this machine was too noisy to tell; measure again "
	    "on a quieter one.",
	[PIKE_V_WRONG] = "An output differs from the reference by more than "
			 "the precision allows. The reason names the case.",
	[PIKE_V_CONTRACT] = "It breaks a rule of the target: writes an input, "
			    "reaches beyond a buffer, changes another file, "
			    "leaves threads behind.",
	[PIKE_V_BUILD] = "It does not compile. The log has the compiler's "
			 "words.",
	[PIKE_V_CRASH] = "It died: a signal, or a system call that the "
			 "sandbox does not allow.",
	[PIKE_V_TIMEOUT] = "It did not come back within its time.",
	[PIKE_V_TAMPER] = "It touched what measures it. Not eligible.",
	[PIKE_V_SUSPECT] = "Its numbers cannot be true, two clocks disagree, "
			   "or its threads race. Read the source before you "
			   "believe it.",
	[PIKE_V_NONE] = "No candidate: an idea, or a check without a run.",
	[PIKE_V_UNUSABLE] = "The reply held no usable files.",
};

const char *pike_verdict_meaning(enum pike_verdict v, enum pike_stage stage)
{
	if (v == PIKE_V_FASTER && stage == PIKE_SCREEN)
		return "Correct, and faster than the champion of its time in "
		       "the screening. Not a claim: only a confirmation is.";
	if (stage == PIKE_MODEL)
		return "What the whole model takes, by the target's own "
		       "`in-model`; the judge checks its clock, not its "
		       "outputs.";
	if ((int)v < 0 || v >= PIKE_V_COUNT)
		return "A verdict that this version does not know.";
	return meanings[v];
}

/* A CPU's kernel is looked at on buffers of exactly their size. */
static void unchecked_exact(struct pike_buf *b, const struct pike_result *r)
{
	const struct pike_json *x = pike_json_get(r->resources, "exact");
	const struct pike_json *list = pike_json_get(x, "unchecked");
	const char *said = pike_json_str(x, "said", NULL);
	struct pike_buf why;

	if (said && !pike_starts_with(said, "unavailable") &&
	    !pike_json_len(list))
		return;
	pike_buf_init(&why, 1024);
	if (said && pike_starts_with(said, "unavailable: ")) {
		said += strlen("unavailable: ");
		pike_sanitize(&why, said, strnlen(said, 300));
	}
	for (size_t i = 0; i < pike_json_len(list) && i < 8; i++) {
		pike_buf_adds(&why, why.len ? "; " : "");
		said = pike_json_as_str(pike_json_at(list, i), "");
		pike_sanitize(&why, said, strnlen(said, 100));
	}
	pike_buf_adds(b, " accesses beyond arguments");
	if (why.len)
		pike_buf_addf(b, " (%s)", why.s);
	pike_buf_addc(b, ',');
	pike_buf_release(&why);
}

/* Tools look at a GPU's kernel where they were asked and work. */
static void unchecked_tools(struct pike_buf *b, const struct pike_result *r)
{
	const struct pike_json *s = pike_json_get(r->resources, "sanitizer");

	if (!pike_json_get(r->resources, "launches")) {
		unchecked_exact(b, r);
		return;
	}
	if (!s || pike_json_get(s, "unavailable")) {
		pike_buf_adds(b, " sanitizers,");
		return;
	}
	for (int k = 0; k < PIKE_CHECKERS; k++) {
		const char *name = pike_checker_name((enum pike_checker)k);

		if (pike_starts_with(pike_json_str(s, name, "unavailable"),
				     "unavailable"))
			pike_buf_addf(b, " %s,", name);
	}
}

void pike_unchecked(struct pike_buf *b, const struct pike_result *r,
		    const struct pike_target *t)
{
	pike_buf_adds(b, "not checked:");
	if (!pike_verdict_measured(r->verdict)) {
		pike_buf_adds(b, " speed; whatever comes after the failure\n");
		return;
	}
	if (r->stage == PIKE_SCREEN)
		pike_buf_adds(b, " hidden cases, stress, restarts,");
	else if (t && !t->nhidden)
		pike_buf_adds(b, " hidden cases (there are none),");
	if (r->stage != PIKE_SCREEN && t && !t->stress)
		pike_buf_adds(b, " stress (off),");
	if (r->stage != PIKE_SCREEN)
		unchecked_tools(b, r);
	if (r->isolation && strcmp(r->isolation, "I2") < 0)
		pike_buf_addf(b, " escapes (%s),", r->isolation);
	pike_buf_adds(b, " other sizes, machines\n");
}

/* Names of a result's own lists: some came from a note that anybody wrote. */
static void add_name(struct pike_buf *b, const char *name, bool first)
{
	pike_buf_adds(b, first ? " " : ", ");
	pike_sanitize(b, name, strnlen(name, 24));
}

void pike_classes_text(struct pike_buf *b, const struct pike_result *r)
{
	const struct pike_json *classes = pike_json_get(r->extra, "classes");
	const struct pike_json *rules = pike_json_get(r->extra, "rules");
	const char *key;

	if (!pike_json_len(classes))
		return;
	pike_buf_adds(b, "precision:");
	for (size_t i = 0; i < pike_json_len(classes); i++)
		add_name(b, pike_json_as_str(pike_json_at(classes, i), "?"),
			 !i);
	for (size_t i = 0; (key = pike_json_key(rules, i)); i++) {
		pike_buf_adds(b, i ? "" : "; other rules:");
		add_name(b, key, !i);
		pike_buf_adds(b, pike_json_bool(rules, key, false) ? " yes"
								   : " no");
	}
	pike_buf_addc(b, '\n');
}

static void beside(struct pike_buf *b, const char *name,
		   const struct pike_ratio *over)
{
	char ratio[64];

	pike_sanitize(b, name, strnlen(name, 100));
	pike_buf_addf(b, " %s", pike_ratio_text(ratio, over));
}

void pike_baselines_text(struct pike_buf *b, const struct pike_result *r)
{
	const char *name, *why, *best = NULL;
	struct pike_ratio over;

	if (pike_result_best_baseline(&best, &over, r)) {
		pike_buf_adds(b, over.hi < 1 ? "SLOWER than its best baseline: "
					     : "over its best baseline: ");
		beside(b, best, &over);
		pike_buf_addc(b, '\n');
	}
	for (size_t i = 0; pike_result_baseline(&name, &over, &why, r, i);
	     i++) {
		if (best && !strcmp(name, best))
			continue;
		pike_buf_adds(b, "over baseline: ");
		if (!why)
			beside(b, name, &over);
		else {
			pike_sanitize(b, name, strnlen(name, 100));
			pike_buf_adds(b, " unmeasured: ");
			pike_sanitize(b, why, strnlen(why, 300));
		}
		pike_buf_addc(b, '\n');
	}
}

#define PHASES_SHOWN 8

void pike_phases_text(struct pike_buf *b, const struct pike_result *r)
{
	const char *shown[PHASES_SHOWN] = { NULL }, *key;

	if (!r->phases)
		return;
	/* The longest first. */
	for (size_t i = 0; (key = pike_json_key(r->phases, i)); i++)
		for (size_t k = 0; key && k < PHASES_SHOWN; k++) {
			const char *other = shown[k];

			if (other && pike_json_f64(r->phases, key, 0) <=
					 pike_json_f64(r->phases, other, 0))
				continue;
			shown[k] = key;
			key = other;
		}
	pike_buf_addf(b, "took: %.1f s", r->secs);
	for (size_t k = 0; k < PHASES_SHOWN && shown[k]; k++) {
		double secs = pike_json_f64(r->phases, shown[k], 0);

		if (secs < 0.05)
			break;
		pike_buf_adds(b, k ? ", " : "; ");
		pike_sanitize(b, shown[k], strnlen(shown[k], 16));
		pike_buf_addf(b, " %.1f", secs);
	}
	pike_buf_addc(b, '\n');
}

static void time_cell(struct pike_table *t, int64_t ns)
{
	char text[32];

	if (ns > 0)
		pike_table_cell(t, pike_human_ns(text, (double)ns));
	else
		pike_table_cell(t, "-");
}

void pike_cases_text(struct pike_buf *b, const struct pike_result *r)
{
	static const struct pike_column cols[] = {
		{ .title = "base", .right = true },
		{ .title = "this", .right = true },
		{ .title = "ratio [interval]" },
		{ .title = "pairs", .right = true },
		{ .title = "rel. error", .right = true },
		{ .title = "case" },
	};
	struct pike_table t;
	char ratio[64];

	if (!r->ncases)
		return;
	pike_table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	for (size_t i = 0; i < r->ncases; i++) {
		const struct pike_case_result *c = &r->cases[i];

		time_cell(&t, c->base_ns);
		time_cell(&t, c->cand_ns);
		pike_table_cell(&t, pike_ratio_text(ratio, &c->ratio));
		pike_table_cellf(&t, "%d", c->pairs);
		pike_table_cellf(&t, "%.1e", c->rel_l2);
		pike_table_cell(&t, c->name);
	}
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}
