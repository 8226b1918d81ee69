/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pitch: the texts of a merge request, from a template and numbers. What came
 * from a model, a log or a note stands in code, bounded; in the title and in
 * the commit there is nothing of it.
 */
#include "run/publish_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/baseline.h"
#include "model/ledger.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BODY_MAX = 60000, /* GitHub takes 65,536 characters */
	PART_MAX = 8000,
	BLOCK_MAX = 3000,
	CASES_MAX = 40,
	FACTS_MAX = 40,
	RUNNERS_MAX = 40,
	LINE_MAX = 20,	 /* commits of a lineage */
	POINTS_MAX = 40, /* of the progress */
	VALUE_MAX = 120,
};
#define TEMPLATE "merge-request.md"

typedef void (*fill_t)(struct pike_buf *b, const struct pike_pitch *p);

/* ---- short ones ---- */

static const struct pike_result *res_of(const struct pike_pitch *p)
{
	return p->claim->res;
}

static void add_target(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_adds(b, p->history->target);
}

static void add_lane(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_adds(b, p->history->lane);
}

static void add_marker(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_adds(b, p->marker);
}

static void add_speedup(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_addf(b, "%.2fx", res_of(p)->vs_base.mid);
}

static void add_interval(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_ratio *r = &res_of(p)->vs_base;

	pike_buf_addf(b, "%.2fx to %.2fx", r->lo, r->hi);
}

static void add_champion(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_adds(b, p->history->champion.hex);
}

static void add_base(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_addf(b, "%.12s", p->history->base.hex);
}

static void add_diffstat(struct pike_buf *b, const struct pike_pitch *p)
{
	pike_buf_addf(b, "%zu %s, +%zu -%zu lines", p->stat.files,
		      p->stat.files == 1 ? "file" : "files", p->stat.added,
		      p->stat.removed);
	for (size_t i = 0; i < p->target->sources.n && i < 8; i++) {
		pike_buf_adds(b, i ? ", " : ": ");
		pike_md_code(b, p->target->sources.v[i], 200);
	}
}

/* First of all, where people could have more without this. */
static void add_warning(struct pike_buf *b, const struct pike_pitch *p)
{
	struct pike_ratio over;
	const char *name;

	if (!pike_result_best_baseline(&name, &over, res_of(p)) ||
	    over.mid >= 1)
		return;
	pike_buf_adds(b, "Slower than the baseline ");
	pike_md_code(b, name, 100);
	pike_buf_addf(b, ": %.2fx of its speed.", over.mid);
}

static void add_baselines(struct pike_buf *b, const struct pike_pitch *p)
{
	const char *name, *why;
	struct pike_ratio over;

	for (size_t i = 0;
	     i < PIKE_BASELINES_MAX &&
	     pike_result_baseline(&name, &over, &why, res_of(p), i);
	     i++) {
		char ratio[64];

		pike_buf_adds(b, i ? ", " : "");
		pike_md_code(b, name, 100);
		pike_buf_addf(b, " %s",
			      why ? "unmeasured"
				  : pike_ratio_text(ratio, &over));
	}
}

/* A kernel that is faster is not yet a model that is. */
static void add_model(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_result *r = p->claim->model;
	char ratio[64];

	if (!r)
		pike_buf_adds(b, "not measured: a component only");
	else if (pike_json_bool(r->extra, "claimed", false))
		pike_buf_adds(b, "a gain that the judge's clock does not bear "
				 "out: a component only");
	else
		pike_buf_addf(b, "%s, %s", pike_ratio_text(ratio, &r->vs_base),
			      pike_verdict_name(r->verdict));
}

static void add_unchecked(struct pike_buf *b, const struct pike_pitch *p)
{
	static const char prefix[] = "not checked: ";
	struct pike_buf line;

	pike_buf_init(&line, 4096);
	pike_unchecked(&line, res_of(p), p->target);
	if (line.len && line.s[line.len - 1] == '\n')
		line.s[--line.len] = '\0';
	pike_md_code(b,
		     pike_starts_with(line.s, prefix) ? line.s + strlen(prefix)
						      : line.s,
		     600);
	pike_buf_release(&line);
}

static void add_not_verified(struct pike_buf *b, const struct pike_pitch *p)
{
	if (!p->claim->known)
		pike_buf_adds(b, "Runners are not verified: the base branch "
				 "has no `.pike/runners`.");
}

/* ---- the cases ---- */

static void add_time(struct pike_buf *b, int64_t ns)
{
	char text[32];

	pike_buf_addf(b, " %s |",
		      ns > 0 ? pike_human_ns(text, (double)ns) : "-");
}

/* A row is there as a whole or not at all; false: there was no room for it. */
static bool end_row(struct pike_buf *b, struct pike_buf *row)
{
	bool fits = !pike_buf_add(b, row->s, row->len);

	pike_buf_release(row);
	return fits;
}

static bool add_case(struct pike_buf *b, const struct pike_case_result *c)
{
	struct pike_buf row;
	char ratio[64];

	pike_buf_init(&row, PART_MAX);
	pike_buf_adds(&row, "| ");
	pike_md_code(&row, c->name, VALUE_MAX);
	pike_buf_adds(&row, " |");
	add_time(&row, c->base_ns);
	add_time(&row, c->cand_ns);
	pike_buf_addf(&row, " %s | %d | %.1e | %.1e |\n",
		      pike_ratio_text(ratio, &c->ratio), c->pairs, c->max_abs,
		      c->rel_l2);
	return end_row(b, &row);
}

static void add_cases(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_result *r = res_of(p);
	size_t i = 0;

	while (i < r->ncases && i < CASES_MAX && add_case(b, &r->cases[i]))
		i++;
}

static void add_more_cases(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_result *r = res_of(p);

	if (r->ncases > CASES_MAX)
		pike_buf_addf(b, "%zu cases in all; the note has them.",
			      r->ncases);
}

/* ---- evidence ---- */

static void add_correctness(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_result *r = res_of(p);
	struct pike_buf line;

	pike_buf_init(&line, 4096);
	pike_buf_adds(b, "- Every output of every run was compared with the "
			 "reference in double precision, on fresh random "
			 "inputs.\n- Precision class: ");
	pike_md_code(b, r->precision, 40);
	pike_buf_addf(b, "; hidden cases: %zu; stress inputs: %s.\n",
		      p->target->nhidden, p->target->stress ? "yes" : "off");
	pike_classes_text(&line, r);
	if (line.len) {
		line.s[line.len - 1] = '\0'; /* the end of its line */
		pike_buf_adds(b, "- ");
		pike_md_code(b, line.s, 600);
		pike_buf_addc(b, '\n');
	}
	pike_buf_adds(b, "- Isolation while it ran: ");
	pike_md_code(b, r->isolation, 20);
	pike_buf_adds(b, "; not checked: ");
	add_unchecked(b, p);
	pike_buf_addc(b, '\n');
	pike_buf_release(&line);
}

static void resources_block(struct pike_buf *b, const struct pike_result *r)
{
	struct pike_buf text;

	pike_buf_init(&text, 1 << 16);
	if (r)
		pike_resources_text(&text, r);
	if (text.len)
		pike_md_block(b, text.s, BLOCK_MAX);
	pike_buf_release(&text);
}

static void add_after(struct pike_buf *b, const struct pike_pitch *p)
{
	resources_block(b, res_of(p));
}

/* What was measured of the base itself in the same environment. */
static void add_before(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_claim *c = p->claim;
	const struct pike_result *last = NULL;

	for (size_t i = 0; i < c->nbase_lines; i++) {
		const struct pike_result *r = &c->base_lines[i];

		if (r->resources && r->env && c->res->env &&
		    !strcmp(r->env, c->res->env) && r->target &&
		    !strcmp(r->target, p->history->target))
			last = r;
	}
	resources_block(b, last);
}

static bool add_fact(struct pike_buf *b, const char *key, const char *value)
{
	struct pike_buf row;

	pike_buf_init(&row, PART_MAX);
	pike_buf_adds(&row, "| ");
	pike_md_code(&row, key, 40);
	pike_buf_adds(&row, " | ");
	pike_md_code(&row, value, VALUE_MAX);
	pike_buf_adds(&row, " |\n");
	return end_row(b, &row);
}

static void add_environment(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_json *info = res_of(p)->env_info;
	bool fits = add_fact(b, "environment", res_of(p)->env);
	const char *key;

	for (size_t i = 0; fits && i < FACTS_MAX; i++) {
		const struct pike_json *v;
		struct pike_buf text;

		key = pike_json_key(info, i);
		if (!key)
			break;
		v = pike_json_get(info, key);
		pike_buf_init(&text, 4096);
		pike_json_print(&text, v);
		fits = add_fact(b, key, pike_json_as_str(v, text.s));
		pike_buf_release(&text);
	}
}

/* ---- how it was found ---- */

/* "9f3c1a2 1.20x optimize" of a commit's record. */
static void add_node(struct pike_buf *b, int n, const struct pike_record *r)
{
	pike_buf_addf(b, "  c%d[\"%.8s", n, r->id.hex);
	if (!isnan(r->score))
		pike_buf_addf(b, " %.2fx", exp(r->score));
	pike_buf_addc(b, ' ');
	pike_md_label(b, r->agent->name, 20);
	pike_buf_adds(b, "\"]\n");
}

/* The champion, what it was made from, and so on down to the base. */
static void add_lineage(struct pike_buf *b, const struct pike_pitch *p)
{
	/* Looking up changes an index, and nothing that is told. */
	struct pike_history *h = (struct pike_history *)p->history;
	const struct pike_record *r = pike_history_find(h, &h->champion);
	int n = 0;

	for (; r && n < LINE_MAX; n++) {
		add_node(b, n, r);
		if (n)
			pike_buf_addf(b, "  c%d --> c%d\n", n, n - 1);
		r = r->nparents ? pike_history_find(h, &r->parents[0]) : NULL;
	}
	if (!n)
		return;
	pike_buf_addf(b, "  base[\"%s\"] --> c%d\n",
		      r ? "and before that" : "base", n - 1);
}

/* Of each generation the champion's speedup; of many some, the last always. */
static void add_progress(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_history *h = p->history;
	size_t step = h->ngens / POINTS_MAX + 1;
	struct pike_buf x, y;

	if (h->ngens < 2)
		return;
	pike_buf_init(&x, PART_MAX);
	pike_buf_init(&y, PART_MAX);
	for (size_t i = 0; i < h->ngens; i++) {
		if (i % step && i + 1 != h->ngens)
			continue;
		pike_buf_addf(&x, "%s%lld", x.len ? ", " : "",
			      (long long)h->gens[i].number);
		pike_buf_addf(&y, "%s%.3f", y.len ? ", " : "",
			      h->gens[i].speedup.mid);
	}
	pike_buf_addf(b,
		      "  x-axis \"generation\" [%s]\n"
		      "  y-axis \"speedup over the base\"\n  line [%s]\n",
		      x.s, y.s);
	pike_buf_release(&x);
	pike_buf_release(&y);
}

static void add_idea(struct pike_buf *b, const struct pike_pitch *p)
{
	struct pike_history *h = (struct pike_history *)p->history;
	const struct pike_record *r = pike_history_find(h, &h->champion);

	if (r && r->idea && *r->idea)
		pike_md_code(b, r->idea, 400);
}

static void add_cost(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_history *h = p->history;
	struct pike_ledger_row sum, *v;
	size_t n = pike_ledger(&v, h, false);

	pike_ledger_sum(&sum, h);
	pike_buf_addf(b,
		      "candidates: %zu, generations: %zu; questions to "
		      "models: %lld, tokens in: %lld, out: %lld, %.2f USD",
		      h->nrecs, h->ngens ? h->ngens - 1 : 0,
		      (long long)sum.exchanges, (long long)sum.tokens_in,
		      (long long)sum.tokens_out, sum.usd);
	for (size_t i = 0; i < n && i < 12; i++) {
		pike_buf_adds(b, i ? ", " : "; ");
		pike_md_code(b, v[i].model, 80);
		pike_buf_addf(b, " %.2f USD", v[i].usd);
	}
	pike_buf_adds(b, ".");
	free(v);
}

static const char *signature_of(const struct pike_claim *c,
				const struct pike_vote *v)
{
	if (!c->known)
		return "not verified";
	return v->vouched ? "signed" : "not signed";
}

static bool add_runner(struct pike_buf *b, const struct pike_claim *c,
		       const struct pike_vote *v)
{
	time_t at = (time_t)v->res->ts;
	char ratio[64], day[16];
	struct pike_buf row;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		memcpy(day, "-", 2);
	pike_buf_init(&row, PART_MAX);
	pike_buf_adds(&row, "| ");
	pike_md_code(&row, v->res->by, 64);
	pike_buf_addf(&row, " | %s | %s | ", pike_verdict_name(v->res->verdict),
		      pike_ratio_text(ratio, &v->res->vs_base));
	pike_md_code(&row, v->res->isolation, 20);
	pike_buf_addf(&row, " | %s | %s |\n", day, signature_of(c, v));
	return end_row(b, &row);
}

static void add_runners(struct pike_buf *b, const struct pike_pitch *p)
{
	const struct pike_claim *c = p->claim;
	size_t i = 0;

	while (i < c->nvotes && i < RUNNERS_MAX &&
	       add_runner(b, c, &c->votes[i]))
		i++;
}

/* ---- the texts ---- */

static const struct {
	const char *name;
	fill_t fill;
} fields[] = {
	{ "marker", add_marker },
	{ "warning", add_warning },
	{ "target", add_target },
	{ "lane", add_lane },
	{ "speedup", add_speedup },
	{ "interval", add_interval },
	{ "champion", add_champion },
	{ "base", add_base },
	{ "diffstat", add_diffstat },
	{ "baselines", add_baselines },
	{ "model", add_model },
	{ "not-checked", add_unchecked },
	{ "not-verified", add_not_verified },
	{ "cases", add_cases },
	{ "more-cases", add_more_cases },
	{ "correctness", add_correctness },
	{ "resources-before", add_before },
	{ "resources-after", add_after },
	{ "environment", add_environment },
	{ "idea", add_idea },
	{ "lineage", add_lineage },
	{ "progress", add_progress },
	{ "cost", add_cost },
	{ "runners", add_runners },
};

int pike_pitch_body(char **out, const struct pike_pitch *p,
		    struct pike_err *err)
{
	struct pike_field v[PIKE_ARRAY_LEN(fields)];
	struct pike_buf text, body;
	int ret;

	pike_buf_init(&text, BODY_MAX);
	pike_buf_init(&body, BODY_MAX);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(fields); i++) {
		struct pike_buf b;

		pike_buf_init(&b, PART_MAX);
		fields[i].fill(&b, p);
		v[i].name = fields[i].name;
		v[i].value = pike_buf_detach(&b);
	}
	ret = pike_read_template(&text, TEMPLATE, err);
	if (!ret)
		ret = pike_template_fill(&body, TEMPLATE, text.s, v,
					 PIKE_ARRAY_LEN(v), err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(v); i++)
		free((char *)v[i].value);
	*out = ret ? NULL : pike_buf_detach(&body);
	pike_buf_release(&text);
	pike_buf_release(&body);
	return ret;
}

char *pike_pitch_title(const struct pike_pitch *p)
{
	return pike_xasprintf("pike(%s): %.2fx on %s, %.8s", p->history->target,
			      res_of(p)->vs_base.mid, p->history->lane,
			      p->history->champion.hex);
}

/* Numbers alone: no word of a model gets into the history of the base. */
char *pike_pitch_commit(const struct pike_pitch *p)
{
	const struct pike_history *h = p->history;
	const struct pike_ratio *r = &res_of(p)->vs_base;

	return pike_xasprintf(
	    "%.40s: %.2fx faster on %.40s\n\n"
	    "Confirmed by %zu %s: %.2fx [%.2f, %.2f] over %.12s, with equal\n"
	    "results within the target's precision.\n\n"
	    "Pike-Target: %s\nPike-Lane: %s\nPike-Champion: %s\n"
	    "Pike-Base: %s\nPike-Speedup: %.4f %.4f %.4f\n",
	    h->target, r->mid, h->lane, p->claim->counted,
	    p->claim->counted == 1 ? "runner" : "runners", r->mid, r->lo, r->hi,
	    h->base.hex, h->target, h->lane, h->champion.hex, h->base.hex,
	    r->lo, r->mid, r->hi);
}
