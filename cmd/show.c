/* SPDX-License-Identifier: Apache-2.0 */
/* show: one candidate: results, lineage, cost, and how to read them. */
#include "cmd.h"

#include "base/mem.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

/* Ancestors shown; the family tree is git's own to show. */
#define LINEAGE_MAX 20

static void field(struct pike_buf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	pike_buf_addf(b, "%-10s ", name);
	pike_clean(b, value, 400);
	pike_buf_addc(b, '\n');
}

static void text_record(struct pike_buf *b, const struct pike_history *h,
			const struct pike_record *r)
{
	pike_buf_addf(b, "search     %s on %s\n", h->target, h->lane);
	field(b, "by", r->agent);
	field(b, "model", r->model);
	field(b, "slot", r->slot);
	field(b, "idea", r->idea);
	pike_buf_addf(
	    b, "generation %lld%s%s\n", (long long)r->generation,
	    r->settled < 0 ? ", not settled yet" : "",
	    pike_oid_eq(&r->id, &h->champion) ? ", the champion of now" : "");
	if (r->cost > 0 || r->tokens_in || r->tokens_out)
		pike_buf_addf(
		    b, "cost       %.4f USD, tokens %lld in %lld out\n",
		    r->cost, (long long)r->tokens_in, (long long)r->tokens_out);
}

/* First parents up to the base, the nearest first. */
static void text_lineage(struct pike_buf *b, const struct pike_history *h,
			 const struct pike_record *r)
{
	char ratio[64];
	int depth = 0;

	pike_buf_adds(b, "made from\n");
	for (; r && r->nparents && depth < LINEAGE_MAX; depth++) {
		const struct pike_oid *id = &r->parents[0];

		r = pike_find_record(h, id);
		if (!r) {
			pike_buf_addf(b, "  %.12s  %s\n", id->hex,
				      pike_oid_eq(id, &h->base) ? "the base"
								: "");
			continue;
		}
		pike_buf_addf(
		    b, "  %.12s  %s  ", id->hex,
		    pike_ratio_text(ratio, r->confirm.verdict == PIKE_V_PENDING
					       ? &r->screen.ratio
					       : &r->confirm.ratio));
		pike_clean(b, r->idea ? r->idea : "", 44);
		pike_buf_addc(b, '\n');
	}
}

static struct pike_json *json_record(const struct pike_history *h,
				     const struct pike_record *r)
{
	struct pike_json *j = pike_json_object(), *p = pike_json_array();

	for (size_t i = 0; i < r->nparents; i++)
		pike_json_push_str(p, r->parents[i].hex);
	pike_json_set(j, "parents", p);
	pike_json_set_str(j, "target", h->target);
	pike_json_set_str(j, "lane", h->lane);
	pike_json_set_str(j, "agent", r->agent ? r->agent : "");
	pike_json_set_str(j, "slot", r->slot ? r->slot : "");
	pike_json_set_str(j, "idea", r->idea ? r->idea : "");
	pike_json_set_str(j, "model", r->model ? r->model : "");
	pike_json_set_str(j, "source", r->source.hex);
	pike_json_set_i64(j, "generation", r->generation);
	pike_json_set_i64(j, "settled", r->settled);
	pike_json_set_i64(j, "tokens_in", r->tokens_in);
	pike_json_set_i64(j, "tokens_out", r->tokens_out);
	pike_json_set_f64(j, "cost_usd", r->cost);
	pike_json_set_bool(j, "champion", pike_oid_eq(&r->id, &h->champion));
	return j;
}

/* The searches that know this commit; one content may stand in several. */
static int show_records(struct pike_ctx *ctx, const struct pike_oid *id,
			struct pike_json *list, struct pike_err *err)
{
	static const struct pike_strs all = PIKE_STRS_INIT;
	struct pike_founds f = { 0 };
	int ret = pike_find_searches(&f, ctx, &all, NULL, err);

	for (size_t i = 0; !ret && i < f.n; i++) {
		const struct pike_history *h = f.v[i].history;
		const struct pike_record *r = pike_find_record(h, id);

		if (!r)
			continue;
		text_record(&ctx->out, h, r);
		text_lineage(&ctx->out, h, r);
		pike_json_push(list, json_record(h, r));
	}
	pike_founds_release(&f);
	return ret;
}

static int show_results(struct pike_ctx *ctx, const struct pike_oid *id,
			struct pike_json *list, struct pike_err *err)
{
	struct pike_result *res = NULL;
	size_t n = 0;
	int ret = pike_results_of(&res, &n, ctx->repo, id, err);

	for (size_t i = 0; i < n; i++) {
		const struct pike_target *t = NULL;
		struct pike_json *j = pike_json_result(&res[i]);

		if (ctx->settings && res[i].target)
			t = pike_settings_target(ctx->settings, res[i].target);
		pike_buf_addc(&ctx->out, '\n');
		pike_text_result(&ctx->out, &res[i], t);
		pike_resources_text(&ctx->out, &res[i]);
		if (res[i].log && *res[i].log) {
			pike_buf_adds(&ctx->out, "log:\n");
			pike_clean_lines(&ctx->out, res[i].log);
		}
		if (j)
			pike_json_push(list, j);
		pike_result_release(&res[i]);
	}
	if (!ret && !n)
		pike_buf_adds(&ctx->out, "\nno result yet; `pike-git evaluate` "
					 "measures candidates, `pike-git "
					 "bench` any revision\n");
	free(res);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	struct pike_json *records = pike_json_array();
	struct pike_json *results = pike_json_array();
	struct pike_err ignored = PIKE_ERR_INIT;
	struct pike_oid id;
	char *msg = NULL;
	int ret = pike_operands(rest, 1, 1, err);

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "searches", records);
	pike_json_set(ctx->doc, "results", results);
	if (!ret)
		ret = pike_repo_resolve(&id, ctx->repo, rest->v[0], err);
	if (!ret)
		ret = pike_repo_message(&msg, ctx->repo, &id, err);
	if (ret)
		return ret;
	/* A broken config shall not hide a result. */
	pike_ctx_config(ctx, opts, &ignored);
	msg[strcspn(msg, "\n")] = '\0';
	pike_json_set_str(ctx->doc, "commit", id.hex);
	pike_json_set_str(ctx->doc, "subject", msg);
	pike_buf_addf(&ctx->out, "commit     %s\n", id.hex);
	field(&ctx->out, "subject", msg);
	ret = show_records(ctx, &id, records, err);
	if (!ret)
		ret = show_results(ctx, &id, results, err);
	free(msg);
	return ret;
}

const struct pike_cmd pike_cmd_show = {
	.name = "show",
	.summary = "show one candidate: results, lineage, cost",
	.usage = "REV",
	.text = "Says for each result what was measured, how to read it and, "
		"in one line, what was not checked; of a GPU also what each "
		"launch needs, and the share of the measured ceilings.",
	.opts_size = sizeof(struct pike_common),
	.flags = PIKE_NEED_REPO,
	.run = run,
};
