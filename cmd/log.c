/* SPDX-License-Identifier: Apache-2.0 */
/* log: generations and champions. */
#include "cmd.h"

#include "base/mem.h"
#include "model/agent.h"
#include "model/ledger.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct opts {
	struct pike_common common;
	const char *run;
	int64_t number;
	bool candidates, tree;
	const char *of;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "only searches of this name" },
	{ .name = "number",
	  .letter = 'n',
	  .type = PIKE_OPT_I64,
	  .offset = offsetof(struct opts, number),
	  .arg = "N",
	  .help = "only the last N generations" },
	{ .name = "candidates",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, candidates),
	  .help = "every candidate too" },
	{ .name = "tree",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, tree),
	  .help = "what each candidate was made from" },
	{ .name = "of",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, of),
	  .arg = "REV",
	  .help = "what this candidate was made from" },
	{ .name = NULL },
};

static void day(char out[20], int64_t ts)
{
	time_t t = (time_t)ts;
	struct tm tm;

	if (ts <= 0 || !localtime_r(&t, &tm) ||
	    !strftime(out, 20, "%Y-%m-%d %H:%M", &tm))
		memcpy(out, "-", 2);
}

/* How many candidates each generation settled, in one pass. */
static size_t *settled(const struct pike_history *h)
{
	size_t *n = pike_xcalloc(h->ngens + 1, sizeof(*n));

	for (size_t i = 0; i < h->nrecs; i++) {
		int64_t g = h->recs[i].settled;

		if (g >= 0 && (uint64_t)g < h->ngens)
			n[g]++;
	}
	return n;
}

static bool begins_epoch(const struct pike_history *h, size_t i)
{
	return i && h->gens[i].first == i;
}

static bool new_champion(const struct pike_history *h, size_t i)
{
	return i && !begins_epoch(h, i) &&
	       !pike_oid_eq(&h->gens[i].champion, &h->gens[i - 1].champion);
}

/* A fix has none of its own: it is that of what it mends. */
static const char *idea_of(const struct pike_history *h,
			   const struct pike_record *r)
{
	for (int i = 0; r && r->agent->mends && !r->again && i < 100; i++)
		r = r->nparents ? pike_find_record(h, &r->parents[0]) : NULL;
	return r && r->idea ? r->idea : "";
}

static const char *champions_idea(const struct pike_history *h, size_t i)
{
	if (!new_champion(h, i))
		return "";
	return idea_of(h, pike_find_record(h, &h->gens[i].champion));
}

/* What no generation has closed yet, and how many are not measured. */
static size_t open_ones(size_t *waiting, const struct pike_history *h)
{
	size_t n = 0;

	*waiting = 0;
	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if (r->settled >= 0 || !pike_record_is_candidate(r))
			continue;
		n++;
		*waiting += r->screen.verdict == PIKE_V_PENDING;
	}
	return n;
}

static void row_open(struct pike_table *t, const struct pike_history *h)
{
	size_t waiting, n = open_ones(&waiting, h);

	if (!n)
		return;
	pike_table_cell(t, "open");
	pike_table_cell(t, "");
	pike_table_cellf(t, "%zu", n);
	pike_table_cell(t, "-");
	pike_table_cell(t, "");
	pike_table_cellf(t, "%zu not measured", waiting);
}

/* What was said while generation `number` was under construction. */
static void rows_said(struct pike_table *t, const struct pike_history *h,
		      int64_t number)
{
	for (size_t i = 0; i < h->steers.n; i++) {
		const struct pike_steer *s = &h->steers.v[i];
		struct pike_buf b;
		char date[20];

		if (s->generation != number)
			continue;
		day(date, s->ts);
		pike_buf_init(&b, 300);
		pike_clean(&b, s->by, 40);
		pike_buf_adds(&b, *s->text ? ": " : "");
		pike_clean(&b, s->text, 200);
		pike_table_cell(t, "");
		pike_table_cell(t, date);
		pike_table_cell(t, "");
		pike_table_cell(t, pike_steer_name(s->word));
		pike_table_cellf(t, " %.12s", s->id);
		pike_table_cell(t, b.s);
		pike_buf_release(&b);
	}
}

static void text_log(struct pike_buf *b, const struct pike_history *h,
		     size_t first)
{
	static const struct pike_column cols[] = {
		{ .title = "gen", .right = true },
		{ .title = "date" },
		{ .title = "tried", .right = true },
		{ .title = "best [interval]" },
		{ .title = "champion" },
		{ .title = "idea", .cut = true },
	};
	size_t *n = settled(h);
	struct pike_table t;
	char ratio[64], date[20];

	pike_buf_addf(b, "%s%s on %s\n", b->len ? "\n" : "", h->target,
		      h->lane);
	pike_table_init(&t, cols, PIKE_ARRAY_LEN(cols));
	for (size_t i = first; i < h->ngens; i++) {
		const struct pike_generation *g = &h->gens[i];
		const struct pike_oid *on = &h->gens[g->first].base;
		bool base = pike_oid_eq(&g->champion, on);

		rows_said(&t, h, g->number);
		day(date, g->ts);
		pike_table_cellf(&t, "%lld", (long long)g->number);
		pike_table_cell(&t, date);
		pike_table_cellf(&t, "%zu", n[i]);
		pike_table_cell(&t, base ? "-"
					 : pike_ratio_text(ratio, &g->speedup));
		pike_table_cellf(&t, "%s%.12s", new_champion(h, i) ? "*" : " ",
				 base ? "base" : g->champion.hex);
		if (begins_epoch(h, i))
			pike_table_cellf(&t, "on %.12s", on->hex);
		else
			pike_table_cell(&t, champions_idea(h, i));
	}
	rows_said(&t, h, (int64_t)h->ngens);
	row_open(&t, h);
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
	free(n);
}

/* In the order in which they were made. */
static void text_candidates(struct pike_buf *b, const struct pike_history *h)
{
	static const struct pike_column cols[] = {
		{ .title = "gen", .right = true },
		{ .title = "candidate" },
		{ .title = "agent" },
		{ .title = "verdict" },
		{ .title = "over base", .right = true },
		{ .title = "idea", .cut = true },
	};
	struct pike_table t;

	pike_buf_addc(b, '\n');
	pike_table_init(&t, cols, PIKE_ARRAY_LEN(cols));
	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];
		const struct pike_score *s =
		    r->confirms ? &r->confirm : &r->screen;

		pike_table_cellf(&t, "%lld", (long long)r->generation);
		pike_table_cellf(&t, "%.12s", r->id.hex);
		pike_table_cell(&t, r->agent->name);
		pike_table_cell(&t, pike_verdict_name(s->verdict));
		if (isnan(r->score))
			pike_table_cell(&t, r->past ? "past" : "-");
		else
			pike_table_cellf(&t, "%.2fx", exp(r->score));
		pike_table_cell(&t, idea_of(h, r));
	}
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

static struct pike_json *json_candidates(const struct pike_history *h)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < h->nrecs; i++) {
		struct pike_json *j = pike_json_record(h, &h->recs[i]);

		pike_json_set_str(j, "commit", h->recs[i].id.hex);
		pike_json_push(list, j);
	}
	return list;
}

static struct pike_json *json_said(const struct pike_history *h)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < h->steers.n; i++)
		pike_json_push(list, pike_json_steer(&h->steers.v[i]));
	return list;
}

static struct pike_json *json_log(const struct pike_history *h, size_t first,
				  bool candidates)
{
	struct pike_json *j = pike_json_search(h), *list = pike_json_array();
	size_t *n = settled(h), waiting;

	for (size_t i = first; i < h->ngens; i++) {
		const struct pike_generation *g = &h->gens[i];
		struct pike_json *e = pike_json_object();

		pike_json_set_i64(e, "generation", g->number);
		pike_json_set_str(e, "commit", g->id.hex);
		pike_json_set_i64(e, "ts", g->ts);
		pike_json_set_i64(e, "settled", (int64_t)n[i]);
		pike_json_set_str(e, "champion", g->champion.hex);
		pike_json_set_bool(e, "new_champion", new_champion(h, i));
		pike_json_set_bool(e, "again", begins_epoch(h, i));
		pike_json_set_str(e, "base", h->gens[g->first].base.hex);
		pike_json_set_str(e, "idea", champions_idea(h, i));
		pike_json_set(e, "speedup", pike_json_ratio(&g->speedup));
		pike_json_set_f64(e, "spent_usd", g->spent);
		pike_json_push(list, e);
	}
	pike_json_set(j, "log", list);
	pike_json_set(j, "said", json_said(h));
	pike_json_set_i64(j, "open", (int64_t)open_ones(&waiting, h));
	pike_json_set_i64(j, "open_unmeasured", (int64_t)waiting);
	if (candidates)
		pike_json_set(j, "tried", json_candidates(h));
	free(n);
	return j;
}

static bool has(const struct pike_history *h, const struct pike_oid *id)
{
	return pike_oid_eq(id, &h->base) || pike_find_record(h, id);
}

static int text_tree(struct pike_ctx *ctx, const struct pike_history *h,
		     const struct opts *o, const struct pike_oid *of,
		     struct pike_err *err)
{
	const struct pike_tree_opts t = { .of = of,
					  .all = o->candidates,
					  .width = PIKE_WIDTH };

	pike_buf_addf(&ctx->out, "%s%s on %s\n", ctx->out.len ? "\n" : "",
		      h->target, h->lane);
	return pike_tree_text(&ctx->out, h, &t, err);
}

static int one(struct pike_ctx *ctx, const struct pike_history *h,
	       const struct opts *o, const struct pike_oid *of,
	       struct pike_json *list, struct pike_err *err)
{
	size_t first = o->number > 0 && (size_t)o->number < h->ngens
			   ? h->ngens - (size_t)o->number
			   : 0;
	bool tree = o->tree || of;

	if (ctx->json)
		pike_json_push(list, json_log(h, first, o->candidates || tree));
	else if (tree)
		return text_tree(ctx, h, o, of, err);
	else
		text_log(&ctx->out, h, first);
	if (!ctx->json && o->candidates)
		text_candidates(&ctx->out, h);
	return 0;
}

static int each(struct pike_ctx *ctx, const struct pike_founds *f,
		const struct opts *o, struct pike_json *list,
		struct pike_err *err)
{
	struct pike_oid of;
	size_t n = 0;
	int ret = o->of ? pike_repo_resolve(&of, ctx->repo, o->of, err) : 0;

	for (size_t i = 0; !ret && i < f->n; i++) {
		const struct pike_history *h = f->v[i].history;

		if (o->of && !has(h, &of))
			continue;
		n++;
		ret = one(ctx, h, o, o->of ? &of : NULL, list, err);
	}
	if (!ret && o->of && !n)
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' is not a candidate of these searches; "
				"`pike-git log --candidates` names them",
				o->of);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_founds f = { 0 };
	struct pike_json *list = pike_json_array();
	int ret = pike_check_run(o->run, err);

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "searches", list);
	if (!ret)
		ret = pike_find_searches(&f, ctx, rest, o->run, err);
	if (!ret)
		ret = pike_check_searched(ctx, opts, rest, &f, err);
	if (!ret)
		ret = each(ctx, &f, o, list, err);
	if (!ret && !f.n)
		pike_buf_adds(&ctx->out, "no search yet; `pike-git evolve` "
					 "begins one\n");
	pike_founds_release(&f);
	return ret;
}

const struct pike_cmd pike_cmd_log = {
	.name = "log",
	.summary = "show the generations of searches and their champions",
	.usage = "[TARGET...]",
	.text = "One line for each generation; a star marks a new champion, "
		"`on` a base that has moved, on which all is measured again. "
		"With --tree, one for each candidate that something came of: "
		"what stands below it in the same column was made from it. The "
		"others are counted, or listed too with --candidates. "
		"`git log --first-parent pike/evo/TARGET/LANE` has the whole "
		"story.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS | PIKE_TOOL,
	.run = run,
};
