/* SPDX-License-Identifier: Apache-2.0 */
/* common: what several commands share. */
#include "cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "device/python.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options that are settings by another name: they go over every file. */
static const struct override {
	const char *option, *section, *key;
} overrides[] = {
	{ .option = "strategy", .section = "pike", .key = "strategy" },
	{ .option = "seed", .section = "pike", .key = "seed" },
	{ .option = "threshold", .section = "pike", .key = "threshold" },
	{ .option = "lane", .section = "pike", .key = "lane" },
	{ .option = "queries", .section = "budget", .key = "queries" },
	{ .option = "usd", .section = "budget", .key = "usd" },
	{ .option = "minutes", .section = "budget", .key = "minutes" },
	{ .option = "candidates", .section = "budget", .key = "candidates" },
};

static void add_override(struct pike_ctx *ctx, const struct pike_opt *o,
			 const char *value)
{
	char origin[80];

	snprintf(origin, sizeof(origin), "--%s", o->name);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(overrides); i++)
		if (!strcmp(overrides[i].option, o->name))
			pike_entries_add(&ctx->entries, overrides[i].section,
					 overrides[i].key, value, origin, true);
}

int pike_ctx_config(struct pike_ctx *ctx, const void *opts,
		    struct pike_err *err)
{
	int ret = pike_repo_config(&ctx->entries, ctx->repo, err);

	if (ret)
		return ret;
	for (const struct pike_opt *o = ctx->cmd->opts; o && o->name; o++) {
		const char *value;

		if (!opts || o->type != PIKE_OPT_STR)
			continue;
		memcpy(&value, (const char *)opts + o->offset, sizeof(value));
		if (value)
			add_override(ctx, o, value);
	}
	ret = pike_settings_make(&ctx->settings, &ctx->entries, err);
	if (ret)
		return ret;
	pike_repo_set_fsync(ctx->repo, ctx->settings->fsync);
	pike_python_use(ctx->settings->python);
	return 0;
}

int pike_operands(const struct pike_strs *rest, size_t min, size_t max,
		  struct pike_err *err)
{
	if (rest->n > max)
		return pike_fail(err, PIKE_USAGE, "unexpected operand '%s'",
				 rest->v[max]);
	if (rest->n < min)
		return pike_fail(err, PIKE_USAGE, "an operand is missing");
	return 0;
}

int pike_pick_targets(struct pike_strs *out, const struct pike_ctx *ctx,
		      const struct pike_strs *names, struct pike_err *err)
{
	const struct pike_settings *s = ctx->settings;

	for (size_t i = 0; i < names->n; i++) {
		if (!pike_settings_target(s, names->v[i]))
			return pike_fail(err, PIKE_USAGE,
					 "no target '%s' in .pike/config; "
					 "`pike-git config` lists them",
					 names->v[i]);
		if (!pike_strs_has(out, names->v[i]))
			pike_strs_push(out, names->v[i]);
	}
	for (size_t i = 0; !names->n && i < s->ntargets; i++)
		pike_strs_push(out, s->targets[i].name);
	if (!out->n)
		return pike_fail(err, PIKE_USAGE,
				 ".pike/config declares no target; "
				 "`pike-git init` writes one, or add a "
				 "[target \"name\"] section");
	return 0;
}

static bool touches(const struct pike_target *t, const struct pike_strs *paths)
{
	for (size_t i = 0; i < t->sources.n; i++)
		if (pike_strs_has(paths, t->sources.v[i]))
			return true;
	return false;
}

/* Is one of the paths a file that the target is measured with? */
static bool concerns(const struct pike_target *t, const struct pike_strs *paths)
{
	const struct pike_strs *const lists[] = { &t->sources, &t->headers,
						  &t->references };

	for (size_t k = 0; k < PIKE_ARRAY_LEN(lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			if (pike_strs_has(paths, lists[k]->v[i]))
				return true;
	return false;
}

int pike_targets_between(struct pike_strs *out, const struct pike_ctx *ctx,
			 const struct pike_oid *from, const struct pike_oid *to,
			 struct pike_err *err)
{
	const struct pike_settings *s = ctx->settings;
	struct pike_strs paths = PIKE_STRS_INIT;
	int ret = pike_repo_changed(&paths, ctx->repo, from, to, err);

	for (size_t i = 0; !ret && i < s->ntargets; i++)
		if (concerns(&s->targets[i], &paths))
			pike_strs_push(out, s->targets[i].name);
	pike_strs_release(&paths);
	return ret;
}

int pike_changed_targets(struct pike_strs *out, const struct pike_ctx *ctx,
			 const char *rev, struct pike_err *err)
{
	const struct pike_settings *s = ctx->settings;
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_oid base, id;
	int ret = pike_repo_base(&base, ctx->repo, s->base, err);

	if (!ret)
		ret = pike_repo_resolve(&id, ctx->repo, rev, err);
	if (!ret)
		ret = pike_repo_changed(&paths, ctx->repo, &base, &id, err);
	for (size_t i = 0; !ret && i < s->ntargets; i++)
		if (touches(&s->targets[i], &paths))
			pike_strs_push(out, s->targets[i].name);
	pike_strs_release(&paths);
	return ret;
}

int pike_pick_isolation(enum pike_isolation *out, const char *text,
			struct pike_err *err)
{
	static const char *const names[] = { "I0", "I1", "I2" };

	*out = PIKE_I2;
	if (!text)
		return 0;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]))
			continue;
		*out = (enum pike_isolation)i;
		return 0;
	}
	return pike_fail(
	    err, PIKE_USAGE,
	    "--allow-weak: '%s' is not an isolation level; give I1 "
	    "or I0 (`pike-git doctor` shows what there is)",
	    text);
}

int pike_check_run(const char *run, struct pike_err *err)
{
	if (!run || pike_is_name(run))
		return 0;
	return pike_fail(err, PIKE_USAGE,
			 "--run: '%s' is not a name; use a-z, 0-9, '-' and '_'",
			 run);
}

void pike_clean(struct pike_buf *b, const char *s, size_t max)
{
	char *line = pike_clean_line(s, strlen(s), max);

	pike_buf_adds(b, line);
	free(line);
}

void pike_clean_lines(struct pike_buf *b, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n");
		char *line = pike_xstrndup(s, n);

		pike_buf_adds(b, "  ");
		pike_clean(b, line, 1000);
		pike_buf_addc(b, '\n');
		free(line);
		s += n + (s[n] == '\n');
	}
}

struct pike_json *pike_json_ratio(const struct pike_ratio *r)
{
	return r->mid > 0 ? pike_ratio_json(r) : pike_json_array();
}

struct pike_json *pike_json_result(const struct pike_result *r)
{
	struct pike_json *j;
	struct pike_buf b;

	pike_buf_init(&b, 1 << 20);
	pike_result_print(&b, r);
	j = pike_json_parse(b.s, b.len, NULL);
	pike_buf_release(&b);
	return j;
}

/* "TARGET/LANE.RUN" apart. */
static void split_name(struct pike_found *f, const char *name)
{
	const char *slash = strchr(name, '/');
	const char *lane = slash ? slash + 1 : "";
	const char *dot = strchr(lane, '.');

	f->target = slash ? pike_xstrndup(name, (size_t)(slash - name))
			  : pike_xstrdup(name);
	f->lane = dot ? pike_xstrndup(lane, (size_t)(dot - lane))
		      : pike_xstrdup(lane);
	f->run = dot ? pike_xstrdup(dot + 1) : NULL;
}

static void found_release(struct pike_found *f)
{
	pike_history_free(f->history);
	pike_search_close(f->ref);
	free(f->target);
	free(f->lane);
	free(f->run);
}

void pike_founds_release(struct pike_founds *f)
{
	for (size_t i = 0; i < f->n; i++)
		found_release(&f->v[i]);
	free(f->v);
	memset(f, 0, sizeof(*f));
}

static bool is_found(const struct pike_founds *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].history->target, name))
			return true;
	return false;
}

int pike_check_searched(struct pike_ctx *ctx, const void *opts,
			const struct pike_strs *names,
			const struct pike_founds *f, struct pike_err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		if (is_found(f, names->v[i]))
			continue;
		if (!ctx->settings && pike_ctx_config(ctx, opts, NULL))
			return 0;
		if (!pike_settings_target(ctx->settings, names->v[i]))
			return pike_fail(
			    err, PIKE_USAGE,
			    "'%s' is not a target of .pike/config, "
			    "and there is no search of it",
			    names->v[i]);
	}
	return 0;
}

static bool wanted(const struct pike_found *f, const struct pike_strs *targets,
		   const char *run)
{
	if (targets->n && !pike_strs_has(targets, f->target))
		return false;
	return !run || (f->run && !strcmp(run, f->run));
}

static int open_found(struct pike_found *f, const struct pike_ctx *ctx,
		      const char *name, struct pike_err *err)
{
	const char *lane = strchr(name, '/');
	int ret = pike_search_open(&f->ref, ctx->repo, f->target, f->lane,
				   f->run, err);

	if (ret)
		return ret;
	f->history = pike_history_new(f->target, lane ? lane + 1 : "");
	return pike_search_fold(f->history, f->ref, err);
}

int pike_find_searches(struct pike_founds *out, const struct pike_ctx *ctx,
		       const struct pike_strs *targets, const char *run,
		       struct pike_err *err)
{
	struct pike_strs names = PIKE_STRS_INIT;
	int ret = pike_search_list(&names, ctx->repo, err);

	memset(out, 0, sizeof(*out));
	out->v = pike_xcalloc(names.n + 1, sizeof(*out->v));
	for (size_t i = 0; !ret && i < names.n; i++) {
		struct pike_found *f = &out->v[out->n];

		split_name(f, names.v[i]);
		if (!wanted(f, targets, run)) {
			found_release(f);
			memset(f, 0, sizeof(*f));
			continue;
		}
		out->n++;
		ret = open_found(f, ctx, names.v[i], err);
	}
	pike_strs_release(&names);
	return ret;
}

int pike_last_result(struct pike_result *out, const struct pike_ctx *ctx,
		     const struct pike_oid *commit, enum pike_stage stage,
		     const struct pike_oid *base, struct pike_err *err)
{
	struct pike_result *res = NULL;
	size_t n = 0, last = 0;
	int ret;

	pike_result_init(out);
	ret = pike_results_of(&res, &n, ctx->repo, commit, err);
	for (size_t i = 0; i < n; i++)
		if (res[i].stage == stage &&
		    (!base || pike_oid_eq(&res[i].base, base)))
			last = i + 1;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 != last) {
			pike_result_release(&res[i]);
			continue;
		}
		pike_result_release(out);
		*out = res[i];
	}
	free(res);
	if (ret)
		return ret;
	return last ? 0 : 1;
}

void pike_text_result(struct pike_buf *b, const struct pike_result *r,
		      const struct pike_target *t)
{
	char ratio[64];

	pike_buf_addf(b, "%s: %s", pike_stage_name(r->stage),
		      pike_verdict_name(r->verdict));
	if (r->vs_base.mid > 0)
		pike_buf_addf(b, "  %s over the base",
			      pike_ratio_text(ratio, &r->vs_base));
	if (r->vs_champion.mid > 0 && !pike_oid_eq(&r->champion, &r->base))
		pike_buf_addf(b, "  %s over champion %.12s",
			      pike_ratio_text(ratio, &r->vs_champion),
			      r->champion.hex);
	pike_buf_addc(b, '\n');
	if (r->reason && *r->reason) {
		struct pike_buf clean;

		pike_buf_init(&clean, 4096);
		pike_clean(&clean, r->reason, 2000);
		pike_buf_adds(b, "reason: ");
		pike_wrap_from(b, clean.s, 8, 8, PIKE_WIDTH);
		pike_buf_addc(b, '\n');
		pike_buf_release(&clean);
	}
	pike_cases_text(b, r);
	pike_wrap(b, pike_verdict_meaning(r->verdict, r->stage), 0, PIKE_WIDTH);
	pike_baselines_text(b, r);
	pike_classes_text(b, r);
	pike_unchecked(b, r, t);
	pike_phases_text(b, r);
}
