/* SPDX-License-Identifier: Apache-2.0 */
/* stages: what evolve and its four stages share. */
#include "cmd.h"

#include "base/mem.h"
#include "model/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The judge keeps several sets of arguments at a time. */
#define MEMORY_SHARE 4
#define GIB (1024.0 * 1024.0 * 1024.0)

void pike_tally(struct pike_buf *b, const struct pike_history *h)
{
	size_t count[PIKE_V_COUNT] = { 0 };
	bool first = true;

	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		count[r->confirm.verdict != PIKE_V_PENDING
			  ? r->confirm.verdict
			  : r->screen.verdict]++;
	}
	for (int v = 0; v < PIKE_V_COUNT; v++) {
		if (!count[v])
			continue;
		pike_buf_addf(b, "%s%s %zu", first ? "" : ", ",
			      v == PIKE_V_PENDING
				  ? "waiting"
				  : pike_verdict_name((enum pike_verdict)v),
			      count[v]);
		first = false;
	}
}

double pike_spent(const struct pike_history *h)
{
	double usd = 0;

	for (size_t i = 0; i < h->nrecs; i++)
		usd += h->recs[i].cost;
	return usd;
}

const struct pike_record *pike_find_record(const struct pike_history *h,
					   const struct pike_oid *id)
{
	for (size_t i = 0; i < h->nrecs; i++)
		if (pike_oid_eq(&h->recs[i].id, id))
			return &h->recs[i];
	return NULL;
}

static struct pike_json *json_tally(const struct pike_history *h)
{
	struct pike_json *j = pike_json_object();

	for (int v = 0; v < PIKE_V_COUNT; v++) {
		int64_t n = 0;

		for (size_t i = 0; i < h->nrecs; i++) {
			const struct pike_record *r = &h->recs[i];

			n += (int)(r->confirm.verdict != PIKE_V_PENDING
				       ? r->confirm.verdict
				       : r->screen.verdict) == v;
		}
		if (n)
			pike_json_set_i64(
			    j,
			    v == PIKE_V_PENDING
				? "waiting"
				: pike_verdict_name((enum pike_verdict)v),
			    n);
	}
	return j;
}

static void json_score(struct pike_json *j, const char *key,
		       const struct pike_score *s)
{
	struct pike_json *o;

	if (s->verdict == PIKE_V_PENDING)
		return;
	o = pike_json_object();
	pike_json_set_str(o, "verdict", pike_verdict_name(s->verdict));
	if (s->ratio.mid > 0)
		pike_json_set(o, "ratio", pike_json_ratio(&s->ratio));
	if (pike_oid_set(&s->vs))
		pike_json_set_str(o, "vs", s->vs.hex);
	pike_json_set(j, key, o);
}

struct pike_json *pike_json_record(const struct pike_history *h,
				   const struct pike_record *r)
{
	struct pike_json *j = pike_json_object(), *p = pike_json_array();

	for (size_t i = 0; i < r->nparents; i++)
		pike_json_push_str(p, r->parents[i].hex);
	pike_json_set(j, "parents", p);
	pike_json_set_str(j, "target", h->target);
	pike_json_set_str(j, "lane", h->lane);
	pike_json_set_str(j, "agent", r->agent->name);
	pike_json_set_str(j, "slot", r->slot ? r->slot : "");
	pike_json_set_str(j, "idea", r->idea ? r->idea : "");
	pike_json_set_str(j, "model", r->model ? r->model : "");
	pike_json_set_str(j, "source", r->source.hex);
	pike_json_set_i64(j, "generation", r->generation);
	pike_json_set_i64(j, "settled", r->settled);
	pike_json_set_i64(j, "tokens_in", r->tokens_in);
	pike_json_set_i64(j, "tokens_out", r->tokens_out);
	pike_json_set_bool(j, "estimated", r->guessed);
	pike_json_set_f64(j, "cost_usd", r->cost);
	json_score(j, "screen", &r->screen);
	json_score(j, "confirm", &r->confirm);
	if (!isnan(r->score))
		pike_json_set_f64(j, "estimate", exp(r->score));
	pike_json_set_bool(j, "past", r->past);
	pike_json_set_bool(j, "again", r->again);
	pike_json_set_bool(j, "champion", pike_oid_eq(&r->id, &h->champion));
	return j;
}

static struct pike_json *json_ledger(const struct pike_history *h)
{
	struct pike_json *list = pike_json_array();
	struct pike_ledger_row *v;
	size_t n = pike_ledger(&v, h, true);

	for (size_t i = 0; i < n; i++) {
		struct pike_json *j = pike_json_object();

		pike_json_set_str(j, "agent", v[i].agent->name);
		pike_json_set_str(j, "model", v[i].model);
		pike_json_set_i64(j, "generation", v[i].generation);
		pike_json_set_i64(j, "exchanges", v[i].exchanges);
		pike_json_set_i64(j, "asked_again", v[i].again);
		pike_json_set_i64(j, "estimated", v[i].guessed);
		pike_json_set_i64(j, "usable", v[i].usable);
		pike_json_set_i64(j, "tokens_in", v[i].tokens_in);
		pike_json_set_i64(j, "tokens_out", v[i].tokens_out);
		pike_json_set_f64(j, "usd", v[i].usd);
		pike_json_push(list, j);
	}
	free(v);
	return list;
}

struct pike_json *pike_json_steer(const struct pike_steer *s)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "word", pike_steer_name(s->word));
	pike_json_set_str(j, "by", s->by);
	pike_json_set_str(j, "text", s->text);
	pike_json_set_str(j, "commit", s->id);
	pike_json_set_i64(j, "ts", s->ts);
	pike_json_set_i64(j, "generation", s->generation);
	return j;
}

struct pike_json *pike_json_search(const struct pike_history *h)
{
	const struct pike_steer *rest = pike_steers_rest(&h->steers);
	struct pike_json *j = pike_json_object();
	struct pike_ledger_row sum;

	pike_ledger_sum(&sum, h);
	pike_json_set_str(j, "target", h->target);
	pike_json_set_str(j, "lane", h->lane);
	pike_json_set_str(j, "base", h->base.hex);
	pike_json_set_str(j, "tip", h->tip.hex);
	pike_json_set_str(j, "champion", h->champion.hex);
	pike_json_set(j, "speedup", pike_json_ratio(&h->speedup));
	pike_json_set_i64(j, "generations",
			  h->ngens ? h->gens[h->ngens - 1].number : 0);
	pike_json_set_i64(j, "candidates", (int64_t)h->nrecs);
	pike_json_set_i64(j, "pending", (int64_t)pike_history_pending(h));
	pike_json_set(j, "verdicts", json_tally(h));
	pike_json_set_i64(j, "queries", sum.queries);
	pike_json_set_i64(j, "exchanges", sum.exchanges);
	pike_json_set(j, "ledger", json_ledger(h));
	pike_json_set_f64(j, "spent_usd", pike_spent(h));
	pike_json_set_i64(j, "skipped_lines", (int64_t)h->skipped_lines);
	if (rest)
		pike_json_set(j, "rests", pike_json_steer(rest));
	else
		pike_json_set_null(j, "rests");
	return j;
}

/* ---- before a search begins ---- */

/* Where the config says this, as far as it can be told. */
static const char *origin_of(const struct pike_ctx *ctx,
			     const struct pike_target *t, const char *key,
			     const char *value)
{
	for (size_t i = ctx->entries.n; i-- > 0;) {
		const struct pike_entry *e = &ctx->entries.v[i];

		if (!strcmp(e->section, "target") && !strcmp(e->sub, t->name) &&
		    !strcmp(e->key, key) && e->value &&
		    !strcmp(e->value, value))
			return e->origin;
	}
	return t->origin;
}

static int check_files(struct pike_ctx *ctx, const struct pike_target *t,
		       const struct pike_oid *base, const char *key,
		       const struct pike_strs *paths, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < paths->n; i++) {
		struct pike_strs one_path = PIKE_STRS_INIT;
		struct pike_files f = { 0 };

		pike_strs_push(&one_path, paths->v[i]);
		ret =
		    pike_repo_read(&f, ctx->repo, base, &one_path, false, err);
		if (ret)
			pike_err_prefix(err, "%s: target '%s'",
					origin_of(ctx, t, key, paths->v[i]),
					t->name);
		pike_files_release(&f);
		pike_strs_release(&one_path);
	}
	return ret;
}

static int check_memory(struct pike_ctx *ctx, const struct pike_target *t,
			const struct pike_case *c, const char *key,
			struct pike_err *err)
{
	double have =
	    (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
	double need = 0;

	for (size_t i = 0; i < t->nargs; i++) {
		int64_t n = 0;
		int ret = pike_arg_elems(&n, NULL, &t->args[i], c, err);

		if (ret) {
			pike_err_prefix(err, "%s: case '%s'",
					origin_of(ctx, t, key, c->text),
					c->text);
			return ret;
		}
		need += (double)n * (double)pike_dtype_size(t->args[i].dtype);
	}
	if (need <= have / MEMORY_SHARE)
		return 0;
	return pike_fail(err, PIKE_FATAL,
			 "%s: case '%s' needs %.1f GiB for its arguments, "
			 "more than a quarter of this machine's %.1f GiB of "
			 "memory; make it smaller",
			 origin_of(ctx, t, key, c->text), c->text, need / GIB,
			 have / GIB);
}

static bool has_begun(struct pike_ctx *ctx, const char *target)
{
	struct pike_strs names = PIKE_STRS_INIT;
	size_t len = strlen(target);
	bool found = false;

	if (!pike_search_list(&names, ctx->repo, NULL))
		for (size_t i = 0; i < names.n; i++)
			found = found || (!strncmp(names.v[i], target, len) &&
					  names.v[i][len] == '/');
	pike_strs_release(&names);
	return found;
}

/* What would stop the first generation is told before there is a ref. A
 * search that has begun stands on the base that it began with. */
static int preflight(struct pike_ctx *ctx, const char *target,
		     struct pike_err *err)
{
	const struct pike_target *t =
	    pike_settings_target(ctx->settings, target);
	struct pike_oid base;
	int ret;

	if (has_begun(ctx, target))
		return 0;
	ret = pike_repo_base(&base, ctx->repo, ctx->settings->base, err);
	if (!ret && !pike_target_absent(t))
		ret = check_files(ctx, t, &base, "source", &t->sources, err);
	if (!ret)
		ret = check_files(ctx, t, &base, "header", &t->headers, err);
	if (!ret)
		ret = check_files(ctx, t, &base, "reference", &t->references,
				  err);
	for (size_t i = 0; !ret && i < t->ncases; i++)
		ret = check_memory(ctx, t, &t->cases[i], "case", err);
	for (size_t i = 0; !ret && i < t->nhidden; i++)
		ret = check_memory(ctx, t, &t->hidden[i], "hidden", err);
	return ret;
}

static int one(struct pike_ctx *ctx, const struct pike_run_opts *o,
	       pike_stage_fn fn, void *arg, struct pike_err *err)
{
	struct pike_run *run = NULL;
	int ret = preflight(ctx, o->target, err);

	if (!ret)
		ret = pike_run_open(&run, ctx->repo, ctx->settings, o, err);

	if (!ret)
		ret =
		    fn(ctx, run, pike_settings_target(ctx->settings, o->target),
		       arg, err);
	pike_run_free(run);
	return ret;
}

int pike_stage_share(struct pike_run *run, struct pike_err *err)
{
	struct pike_strs left = PIKE_STRS_INIT;
	int ret = pike_run_share_rest(&left, run, err);

	if (ret)
		pike_err_prefix(err,
				"%zu refs are not pushed (`pike-git sync "
				"--push` tries again)",
				left.n);
	pike_strs_release(&left);
	return ret ? PIKE_FATAL : 0;
}

bool pike_stage_rests(struct pike_ctx *ctx, struct pike_run *run)
{
	if (!pike_run_rests(run))
		return false;
	pike_buf_addf(&ctx->out, "%s: %s; " PIKE_REST_REMEDY "\n",
		      pike_run_history(run)->target, pike_run_ended(run));
	return true;
}

int pike_each_target(struct pike_ctx *ctx, const struct pike_strs *names,
		     const struct pike_stage_args *a, pike_stage_fn fn,
		     void *arg, struct pike_err *err)
{
	struct pike_run_opts o = {
		.run = a->run,
		.replay = a->replay,
		.stop = ctx->stop,
		.generations = a->generations,
		.shard = a->shard,
		.shards = a->shards,
		.part = a->part,
		.stage = a->stage,
		.profile = a->profile,
		.staged = a->staged,
		.keeps = a->keeps,
		.resume = a->resume,
		.tell = pike_tell_try,
	};
	struct pike_strs targets = PIKE_STRS_INIT;
	int ret = pike_check_run(a->run, err);

	if (!ret)
		ret = pike_pick_isolation(&o.require, a->allow_weak, err);
	if (!ret)
		ret = pike_pick_targets(&targets, ctx, names, err);
	if (ctx->json && !ret) {
		ctx->doc = pike_json_object();
		ctx->list = pike_json_array();
		pike_json_set(ctx->doc, "targets", ctx->list);
	}
	if (!ret)
		pike_run_fetch(ctx->repo, ctx->settings, ctx->stop);
	for (size_t i = 0; !ret && i < targets.n && !*ctx->stop; i++) {
		o.target = targets.v[i];
		pike_warn_uncommitted(
		    ctx, pike_settings_target(ctx->settings, o.target));
		ret = one(ctx, &o, fn, arg, err);
	}
	pike_strs_release(&targets);
	return ret;
}
