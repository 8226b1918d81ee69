/* SPDX-License-Identifier: Apache-2.0 */
/* status: the searches of the repository: what they spent, what waits. */
#include "cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "device/device.h"
#include "model/ledger.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#define OWNER "-owner"

struct opts {
	struct pike_common common;
	const char *run;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "only searches of this name" },
	{ .name = NULL },
};

static void text_status(struct pike_buf *b, const struct pike_founds *f)
{
	static const struct pike_column cols[] = {
		{ .title = "target" },
		{ .title = "lane" },
		{ .title = "gen", .right = true },
		{ .title = "tried", .right = true },
		{ .title = "waiting", .right = true },
		{ .title = "USD", .right = true },
		{ .title = "best [interval]" },
	};
	struct pike_table t;
	char ratio[64];

	pike_table_init(&t, cols, PIKE_ARRAY_LEN(cols));
	for (size_t i = 0; i < f->n; i++) {
		const struct pike_history *h = f->v[i].history;
		bool base = pike_oid_eq(&h->champion, &h->base);

		pike_table_cell(&t, h->target);
		pike_table_cell(&t, h->lane);
		pike_table_cellf(
		    &t, "%lld",
		    h->ngens ? (long long)h->gens[h->ngens - 1].number : 0LL);
		pike_table_cellf(&t, "%zu", h->nrecs);
		pike_table_cellf(&t, "%zu", pike_history_pending(h));
		pike_table_cellf(&t, "%.2f", pike_spent(h));
		pike_table_cell(&t, base ? "base"
					 : pike_ratio_text(ratio, &h->speedup));
	}
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

static void text_rests(struct pike_buf *b, const struct pike_founds *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct pike_history *h = f->v[i].history;
		const struct pike_steer *s = pike_steers_rest(&h->steers);

		if (!s)
			continue;
		pike_buf_addf(b, "%s on %s: ", h->target, h->lane);
		pike_steer_text(b, s);
		pike_buf_adds(b, "; " PIKE_REST_REMEDY "\n");
	}
}

static bool has_moved(struct pike_ctx *ctx, const struct pike_history *h)
{
	struct pike_strs targets = PIKE_STRS_INIT;
	struct pike_oid now;
	bool moved;

	moved = ctx->settings &&
		!pike_repo_base(&now, ctx->repo, ctx->settings->base, NULL) &&
		!pike_oid_eq(&now, &h->base) &&
		!pike_targets_between(&targets, ctx, &h->base, &now, NULL) &&
		pike_strs_has(&targets, h->target);
	pike_strs_release(&targets);
	return moved;
}

/* On what each search stands, where that has changed. */
static void text_bases(struct pike_ctx *ctx, const struct pike_founds *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct pike_history *h = f->v[i].history;
		const struct pike_generation *g = pike_history_epoch(h, NULL);
		size_t past = 0;

		for (size_t k = 0; k < h->nrecs; k++)
			past += h->recs[k].past;
		if (g && g->number > 0)
			pike_buf_addf(&ctx->out,
				      "%s on %s: measured again on %.12s since "
				      "generation %lld; %zu candidates are "
				      "past\n",
				      h->target, h->lane, g->base.hex,
				      (long long)g->number, past);
		if (g && has_moved(ctx, h))
			pike_buf_addf(&ctx->out,
				      "%s on %s: the base has moved in its "
				      "files; the next `pike-git evolve` "
				      "measures again on it\n",
				      h->target, h->lane);
	}
}

/* What models were asked, search by search. */
static void text_ledger(struct pike_buf *b, const struct pike_history *h)
{
	static const struct pike_column cols[] = {
		{ .title = "agent" },
		{ .title = "asked", .right = true },
		{ .title = "again", .right = true },
		{ .title = "of use", .right = true },
		{ .title = "tokens in", .right = true },
		{ .title = "out", .right = true },
		{ .title = "USD", .right = true },
		{ .title = "model" },
	};
	struct pike_ledger_row *v;
	size_t n = pike_ledger(&v, h, false);
	struct pike_table t;

	int64_t guessed = 0;

	for (size_t i = 0; i < n; i++)
		guessed += v[i].guessed;
	if (n) {
		pike_buf_addf(b, "\nmodels of %s on %s:\n", h->target, h->lane);
		pike_table_init(&t, cols, PIKE_ARRAY_LEN(cols));
		for (size_t i = 0; i < n; i++) {
			pike_table_cell(&t, v[i].agent->name);
			pike_table_cellf(&t, "%lld", (long long)v[i].exchanges);
			pike_table_cellf(&t, "%lld", (long long)v[i].again);
			pike_table_cellf(&t, "%lld", (long long)v[i].usable);
			pike_table_cellf(&t, "%lld", (long long)v[i].tokens_in);
			pike_table_cellf(&t, "%lld",
					 (long long)v[i].tokens_out);
			pike_table_cellf(&t, "%.4f", v[i].usd);
			pike_table_cell(&t, v[i].model);
		}
		pike_table_print(b, &t, PIKE_WIDTH);
		pike_table_release(&t);
	}
	if (guessed)
		pike_buf_addf(b,
			      "the tokens of %lld replies are estimated: their "
			      "servers count none\n",
			      (long long)guessed);
	free(v);
}

static void text_limits(struct pike_buf *b, const struct pike_settings *s)
{
	const struct pike_budget *l = &s->budget;

	pike_buf_adds(b, "limits:");
	if (l->candidates)
		pike_buf_addf(b, " %lld candidates", (long long)l->candidates);
	if (l->minutes)
		pike_buf_addf(b, " %lld minutes a run", (long long)l->minutes);
	if (l->queries)
		pike_buf_addf(b, " %lld queries", (long long)l->queries);
	if (l->usd > 0)
		pike_buf_addf(b, " %.2f USD", l->usd);
	if (!l->candidates && !l->minutes && !l->queries && l->usd <= 0)
		pike_buf_adds(b, " none");
	pike_buf_addc(b, '\n');
}

/* "a measurement is under way for 3.0s" */
static void text_device(struct pike_buf *b, const char *name, const char *what,
			int64_t since)
{
	char ago[32];

	pike_buf_addf(b, "%s: %s", name, what);
	if (since >= 0)
		pike_buf_addf(b, " for %s",
			      pike_human_ns(ago, (double)since * 1e9));
	pike_buf_addc(b, '\n');
}

/* One device by its lock's name: flock tells nothing of who holds it, so
 * since when is all there is to say. */
static bool show_device(struct pike_ctx *ctx, struct pike_json *list,
			const char *lock, const char *name)
{
	char *owner = pike_xasprintf("%s" OWNER, lock);
	struct pike_json *j = pike_json_object();
	int64_t since, owned_since;
	bool busy = pike_device_busy(&since, lock);
	bool owned = pike_device_busy(&owned_since, owner);

	pike_json_set_str(j, "device", lock);
	pike_json_set_bool(j, "measuring", busy);
	pike_json_set_bool(j, "taken", owned);
	if (since >= 0)
		pike_json_set_i64(j, "measuring_s", since);
	if (owned_since >= 0)
		pike_json_set_i64(j, "taken_s", owned_since);
	pike_json_push(list, j);
	if (busy)
		text_device(&ctx->out, name, "a measurement is under way",
			    since);
	else if (owned)
		text_device(&ctx->out, name, "idle, taken", owned_since);
	else
		text_device(&ctx->out, name, "free", -1);
	free(owner);
	return busy;
}

/* The processor, and each GPU that was ever locked here: which there are now
 * only the driver knows, and it takes its time. */
static void show_devices(struct pike_ctx *ctx)
{
	struct pike_json *list = pike_json_array();
	struct pike_strs locks = PIKE_STRS_INIT, gpus = PIKE_STRS_INIT;
	bool busy = show_device(ctx, list, "cpu-0", "device");

	pike_device_locks(&locks);
	for (size_t i = 0; i < locks.n; i++) {
		if (pike_ends_with(locks.v[i], OWNER))
			locks.v[i][strlen(locks.v[i]) - strlen(OWNER)] = '\0';
		if (pike_strs_has(&gpus, locks.v[i]))
			continue;
		pike_strs_push(&gpus, locks.v[i]);
		busy = show_device(ctx, list, locks.v[i],
				   locks.v[i] + strlen("cuda-")) ||
		       busy;
	}
	pike_json_set(ctx->doc, "devices", list);
	pike_json_set_bool(ctx->doc, "measuring", busy);
	pike_strs_release(&locks);
	pike_strs_release(&gpus);
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_founds f = { 0 };
	struct pike_err broken = PIKE_ERR_INIT;
	struct pike_json *list = pike_json_array();
	int ret = pike_check_run(o->run, err);

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "searches", list);
	if (!ret)
		ret = pike_find_searches(&f, ctx, rest, o->run, err);
	for (size_t i = 0; !ret && i < f.n; i++)
		pike_json_push(list, pike_json_search(f.v[i].history));
	if (!ret && f.n)
		text_status(&ctx->out, &f);
	for (size_t i = 0; !ret && i < f.n; i++)
		text_ledger(&ctx->out, f.v[i].history);
	if (!ret && !f.n)
		pike_buf_adds(&ctx->out, "no search yet; `pike-git evolve` "
					 "begins one\n");
	if (!ret)
		ret = pike_check_searched(ctx, opts, rest, &f, err);
	if (!ret && !ctx->settings && pike_ctx_config(ctx, opts, &broken))
		pike_buf_addf(&ctx->out, "config: %s\n", broken.text);
	if (!ret) {
		text_rests(&ctx->out, &f);
		text_bases(ctx, &f);
	}
	if (!ret && ctx->settings)
		text_limits(&ctx->out, ctx->settings);
	show_devices(ctx);
	pike_founds_release(&f);
	return ret;
}

const struct pike_cmd pike_cmd_status = {
	.name = "status",
	.summary = "show the searches: spent, waiting, running",
	.usage = "[TARGET...]",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS | PIKE_TOOL,
	.run = run,
};
