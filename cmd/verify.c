/* SPDX-License-Identifier: Apache-2.0 */
/* verify: a reviewer's check: is the claim of the notes true here? */
#include "cmd.h"

#include "base/mem.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	struct pike_common common;
	const char *allow_weak;
	bool profile;
};

static const struct pike_opt opts_table[] = {
	{ .name = "profile",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, profile),
	  .help = "GPU: confirm under profiler and sanitizers too" },
	{ .name = "allow-weak",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, allow_weak),
	  .arg = "LEVEL",
	  .help = "go on below isolation I2, down to I1 or I0",
	  .person = true },
	{ .name = NULL },
};

/* A generation stands for its champion. */
static int find_commit(struct pike_oid *out, struct pike_ctx *ctx,
		       const char *rev, struct pike_err *err)
{
	static const char key[] = "\nPike-Champion: ";
	char *msg = NULL, *at, *last = NULL;
	int ret = pike_repo_resolve(out, ctx->repo, rev, err);

	if (!ret)
		ret = pike_repo_message(&msg, ctx->repo, out, err);
	for (at = msg; !ret && at && (at = strstr(at, key)) != NULL; at++)
		last = at + strlen(key);
	if (last && strspn(last, "0123456789abcdef") >= 40) {
		last[40] = '\0';
		ret = pike_repo_resolve(out, ctx->repo, last, err);
	}
	free(msg);
	return ret;
}

/* The latest confirmed `faster` of this commit. */
static int find_claim(struct pike_result *out, struct pike_ctx *ctx,
		      const struct pike_oid *id, struct pike_err *err)
{
	struct pike_result *res = NULL;
	size_t n = 0, last = 0;
	int ret = pike_results_of(&res, &n, ctx->repo, id, err);

	for (size_t i = 0; i < n; i++)
		if (res[i].stage == PIKE_CONFIRM &&
		    res[i].verdict == PIKE_V_FASTER && res[i].target)
			last = i + 1;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 == last)
			*out = res[i];
		else
			pike_result_release(&res[i]);
	}
	free(res);
	if (!ret && !last)
		ret = pike_fail(err, PIKE_FATAL,
				"no note claims a speedup for %.12s; fetch "
				"refs/notes/pike/results, or use `pike-git "
				"bench` to judge it without a claim",
				id->hex);
	return ret;
}

static int look(struct pike_result *out, struct pike_ctx *ctx, const char *rev,
		struct pike_err *err)
{
	struct pike_oid id;
	int ret = find_commit(&id, ctx, rev, err);

	return ret ? ret : find_claim(out, ctx, &id, err);
}

/* A clone that was made to review has no notes yet: git fetches none by
 * itself. What is here already needs no network. */
static int look_and_fetch(struct pike_result *out, struct pike_ctx *ctx,
			  const char *rev, struct pike_err *err)
{
	struct pike_err not_here = PIKE_ERR_INIT;

	if (!look(out, ctx, rev, &not_here))
		return 0;
	pike_run_fetch(ctx->repo, ctx->settings, ctx->stop);
	return look(out, ctx, rev, err);
}

static bool same_lane(const struct pike_result *a, const struct pike_result *b)
{
	return a->lane && b->lane && !strcmp(a->lane, b->lane);
}

/* Yes: correct, faster than the base here, and this machine's interval does
 * not lie below the claimed one. */
static int answer(const struct pike_result *claim,
		  const struct pike_result *now)
{
	if (!pike_verdict_measured(now->verdict))
		return PIKE_EXIT_NO;
	if (!same_lane(claim, now))
		return PIKE_EXIT_FATAL;
	if (now->verdict == PIKE_V_FASTER &&
	    now->vs_base.hi >= claim->vs_base.lo)
		return PIKE_EXIT_OK;
	return PIKE_EXIT_NO;
}

static const char *const answers[] = {
	[PIKE_EXIT_OK] = "true here",
	[PIKE_EXIT_NO] = "not true here",
};

static void say(struct pike_ctx *ctx, const struct pike_result *claim,
		const struct pike_result *now, int status)
{
	const char *word = status == PIKE_EXIT_FATAL
			       ? "correct here; its speed cannot be compared"
			       : answers[status];
	char ratio[64];

	pike_buf_addf(&ctx->out, "%s  %.12s: the claim is %s\n", claim->target,
		      claim->commit.hex, word);
	pike_buf_addf(&ctx->out, "claim: %s over base %.12s",
		      pike_ratio_text(ratio, &claim->vs_base), claim->base.hex);
	pike_buf_adds(&ctx->out, ", lane ");
	pike_clean(&ctx->out, claim->lane ? claim->lane : "?", 64);
	pike_buf_adds(&ctx->out, ", measured by ");
	pike_clean(&ctx->out, claim->by ? claim->by : "?", 64);
	pike_buf_addc(&ctx->out, '\n');
	if (claim->env && now->env && strcmp(claim->env, now->env)) {
		pike_buf_adds(&ctx->out, "note: another environment than the "
					 "claim's");
		pike_env_difference(&ctx->out, claim->env_info, now->env_info);
		pike_buf_addc(&ctx->out, '\n');
	}
	pike_text_result(&ctx->out, now,
			 pike_settings_target(ctx->settings, claim->target));
	pike_profile_text(&ctx->out, now);
	if (!ctx->json)
		return;
	ctx->doc = pike_json_object();
	pike_json_set_bool(ctx->doc, "true", status == PIKE_EXIT_OK);
	pike_json_set_bool(ctx->doc, "comparable", status != PIKE_EXIT_FATAL);
	pike_json_set(ctx->doc, "claim", pike_json_result(claim));
	pike_json_set(ctx->doc, "result", pike_json_result(now));
}

static int judge(struct pike_ctx *ctx, const struct pike_result *claim,
		 const struct pike_bench_opts *how, struct pike_err *err)
{
	const char *rev = claim->commit.hex;
	struct pike_bench_opts b = {
		.target = claim->target,
		.revs = &rev,
		.nrevs = 1,
		.base = claim->base.hex,
		.require = how->require,
		.profile = how->profile,
		.stage = PIKE_VERIFY,
		.stop = ctx->stop,
	};
	struct pike_result now;
	int ret;

	if (!pike_settings_target(ctx->settings, claim->target))
		return pike_fail(err, PIKE_FATAL,
				 "the claim is about target '%.64s', which "
				 ".pike/config does not declare",
				 claim->target);
	pike_result_init(&now);
	ret = pike_run_bench(&now, ctx->repo, ctx->settings, &b, err);
	if (!ret)
		ret = pike_results_add(ctx->repo, &now, 1, err);
	if (!ret) {
		ret = answer(claim, &now);
		say(ctx, claim, &now, ret);
	}
	pike_result_release(&now);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_bench_opts how = { .profile = o->profile };
	struct pike_result claim;
	int ret = pike_operands(rest, 1, 1, err);

	pike_result_init(&claim);
	if (!ret)
		ret = pike_pick_isolation(&how.require, o->allow_weak, err);
	if (!ret)
		ret = look_and_fetch(&claim, ctx, rest->v[0], err);
	if (!ret)
		ret = judge(ctx, &claim, &how, err);
	pike_result_release(&claim);
	return ret;
}

const struct pike_cmd pike_cmd_verify = {
	.name = "verify",
	.summary = "is a claimed speedup true on this machine?",
	.usage = "REV",
	.text = "Reads the claim from the notes of REV (of a generation: of "
		"its champion), which it fetches where they are not here, and "
		"judges it again with fresh seeds in fresh processes. Exits "
		"with 0 if it is correct, faster and not "
		"below the claimed interval, with 1 if not, and with 128 on "
		"another lane, where only correctness can be judged.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG | PIKE_TOOL,
	.run = run,
};
