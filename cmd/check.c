/* SPDX-License-Identifier: Apache-2.0 */
/* check: the gate for ordinary commits: did a target get slower or wrong? */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct opts {
	struct pike_common common;
	const char *allow_weak, *format;
	struct pike_strs targets;
	bool bisect;
};

static const struct pike_opt opts_table[] = {
	{ .name = "target",
	  .type = PIKE_OPT_STRS,
	  .offset = offsetof(struct opts, targets),
	  .arg = "TARGET",
	  .help = "this target; may be repeated" },
	{ .name = "bisect",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, bisect),
	  .help = "find the first commit of what is not right, too" },
	{ .name = "format",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, format),
	  .arg = "FORMAT",
	  .help = "markdown, junit or gitlab-metrics on stdout" },
	{ .name = "allow-weak",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, allow_weak),
	  .arg = "LEVEL",
	  .help = "go on below isolation I2, down to I1 or I0" },
	{ .name = NULL },
};

struct check {
	struct pike_ctx *ctx;
	enum pike_isolation require;
	bool bisect;
	struct pike_oid start, end;
	struct pike_checked *v;
	size_t n;
};

/* ---- the range ---- */

static int resolve(struct pike_oid *out, struct pike_ctx *ctx, const char *rev,
		   const char *fallback, struct pike_err *err)
{
	if (*rev)
		return pike_repo_resolve(out, ctx->repo, rev, err);
	return fallback
		   ? pike_repo_resolve(out, ctx->repo, fallback, err)
		   : pike_repo_base(out, ctx->repo, ctx->settings->base, err);
}

/* From where the two have parted: what the other side did since is not the
 * end's doing. */
static int read_range(struct check *c, const char *text, struct pike_err *err)
{
	const char *dots = strstr(text, "..");
	char *left = dots ? pike_xstrndup(text, (size_t)(dots - text))
			  : pike_xstrdup(text);
	const char *right = dots ? dots + 2 : "";
	struct pike_oid from;
	int ret;

	right += *right == '.';
	ret = resolve(&from, c->ctx, left, NULL, err);
	if (!ret)
		ret = resolve(&c->end, c->ctx, right, "HEAD", err);
	if (!ret)
		ret = pike_repo_merge_base(&c->start, c->ctx->repo, &from,
					   &c->end, err);
	if (ret == 1)
		ret = pike_fail(err, PIKE_FAILED,
				"%.12s and %.12s have no commit in common; is "
				"the clone shallow?",
				from.hex, c->end.hex);
	free(left);
	return ret;
}

/* ---- judging ---- */

/* `rev` against `from`, by the references of the end. */
static int judge(struct pike_result *out, struct check *c, const char *target,
		 const char *from, const char *rev, struct pike_err *err)
{
	struct pike_bench_opts b = { .target = target,
				     .revs = &rev,
				     .nrevs = 1,
				     .base = from,
				     .trusted = c->end.hex,
				     .require = c->require,
				     .stage = PIKE_CONFIRM,
				     .stop = c->ctx->stop };

	pike_result_init(out);
	return pike_run_bench(out, c->ctx->repo, c->ctx->settings, &b, err);
}

/* Where the start is none to compare with, the end is judged alone. */
static int judge_end(struct check *c, struct pike_checked *k,
		     struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	int ret = judge(&k->res, c, k->target, c->start.hex, c->end.hex, &why);

	k->compared = ret != PIKE_FAILED;
	if (k->compared)
		return ret ? pike_fail(err, ret, "%s", why.text) : 0;
	k->why = pike_xstrdup(why.text);
	pike_result_release(&k->res);
	return judge(&k->res, c, k->target, c->end.hex, c->end.hex, err);
}

/* ---- the first bad commit ---- */

enum side {
	GOOD,
	BAD,
	UNKNOWN
};

struct hunt {
	struct check *c;
	struct pike_checked *k;
	struct pike_strs commits; /* those that touch the target's files */
	char *seen;		  /* enum side of each, or -1 */
	size_t good, bad;	  /* states: 0 is the start, n the end */
};

static int find_commits(struct hunt *h, struct pike_err *err)
{
	struct pike_strs all = PIKE_STRS_INIT;
	struct pike_oid before = h->c->start, at;
	int ret = pike_repo_between(&all, h->c->ctx->repo, &h->c->start,
				    &h->c->end, err);

	for (size_t i = 0; !ret && i < all.n; i++) {
		struct pike_strs targets = PIKE_STRS_INIT;

		memcpy(at.hex, all.v[i], sizeof(at.hex));
		ret = pike_targets_between(&targets, h->c->ctx, &before, &at,
					   err);
		if (!ret && pike_strs_has(&targets, h->k->target))
			pike_strs_push(&h->commits, all.v[i]);
		pike_strs_release(&targets);
		before = at;
	}
	pike_strs_release(&all);
	return ret;
}

/* Of what is slower, the first slower one is looked for, and what is not right
 * tells nothing; of what is not right, the first that is not. */
static enum side side_of(const struct hunt *h, const struct pike_result *r)
{
	bool measured = pike_verdict_measured(r->verdict);

	if (!pike_verdict_measured(h->k->res.verdict))
		return measured ? GOOD : BAD;
	if (!measured)
		return UNKNOWN;
	return r->verdict == PIKE_V_SLOWER ? BAD : GOOD;
}

static int look(struct hunt *h, size_t state, struct pike_err *err)
{
	const char *rev = h->commits.v[state - 1];
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_result r;
	int ret;

	pike_say("%s: looking at %.12s, %zu to go", h->k->target, rev,
		 h->bad - h->good - 1);
	ret = judge(&r, h->c, h->k->target, h->c->start.hex, rev, &why);
	h->seen[state] = (char)(ret ? UNKNOWN : side_of(h, &r));
	pike_result_release(&r);
	if (ret && ret != PIKE_FAILED)
		return pike_fail(err, ret, "%s", why.text);
	if (h->seen[state] == GOOD)
		h->good = state;
	else if (h->seen[state] == BAD)
		h->bad = state;
	return 0;
}

/* The state nearest to the middle that nothing is known of; 0: none. */
static size_t next(const struct hunt *h)
{
	size_t mid = h->good + (h->bad - h->good) / 2;

	for (size_t d = 0; d <= h->bad - h->good; d++) {
		if (mid + d < h->bad && h->seen[mid + d] < 0)
			return mid + d;
		if (mid > h->good + d && h->seen[mid - d] < 0)
			return mid - d;
	}
	return 0;
}

static int name_first(struct hunt *h, struct pike_err *err)
{
	struct pike_checked *k = h->k;
	char *msg = NULL;
	int ret;

	k->nsuspects = h->bad - h->good;
	if (k->nsuspects != 1)
		return 0;
	memcpy(k->first.hex, h->commits.v[h->bad - 1], sizeof(k->first.hex));
	ret = pike_repo_message(&msg, h->c->ctx->repo, &k->first, err);
	if (!ret)
		k->subject = pike_xstrndup(msg, strcspn(msg, "\n"));
	free(msg);
	return ret;
}

static int hunt(struct check *c, struct pike_checked *k, struct pike_err *err)
{
	struct hunt h = { .c = c, .k = k };
	size_t at;
	int ret = find_commits(&h, err);

	h.bad = h.commits.n;
	h.seen = pike_xmalloc(h.bad + 1);
	memset(h.seen, -1, h.bad + 1);
	while (!ret && h.bad > h.good + 1 && !*c->ctx->stop && (at = next(&h)))
		ret = look(&h, at, err);
	if (!ret && h.commits.n)
		ret = name_first(&h, err);
	free(h.seen);
	pike_strs_release(&h.commits);
	return ret;
}

/* ---- telling ---- */

static void say(struct check *c, const struct pike_checked *k)
{
	struct pike_buf *b = &c->ctx->out;
	struct pike_buf line;

	pike_buf_init(&line, 4096);
	pike_checked_text(&line, k);
	pike_buf_addf(b, "%s%s  %.12s since %.12s: %s\n", b->len ? "\n" : "",
		      k->target, c->end.hex, c->start.hex,
		      pike_checked_bad(k) ? "NO" : "yes");
	pike_wrap(b, line.s, 2, PIKE_WIDTH);
	pike_cases_text(b, &k->res);
	if (pike_checked_bad(k) && k->res.log && *k->res.log) {
		pike_buf_adds(b, "log:\n");
		pike_clean_lines(b, k->res.log);
	}
	pike_buf_release(&line);
}

static void to_json(struct check *c, const struct pike_checked *k)
{
	struct pike_json *j = pike_json_object();
	struct pike_json *r = pike_json_result(&k->res);

	pike_json_set_str(j, "target", k->target);
	pike_json_set_bool(j, "passed", !pike_checked_bad(k));
	pike_json_set_bool(j, "compared", k->compared);
	if (k->why)
		pike_json_set_str(j, "why", k->why);
	pike_json_set_str(j, "verdict", pike_verdict_name(k->res.verdict));
	if (k->compared)
		pike_json_set(j, "ratio", pike_json_ratio(&k->res.vs_base));
	if (*k->first.hex) {
		pike_json_set_str(j, "first_bad", k->first.hex);
		pike_json_set_str(j, "first_bad_subject", k->subject);
	}
	pike_json_set_i64(j, "suspects", (int64_t)k->nsuspects);
	if (r)
		pike_json_set(j, "result", r);
	pike_json_push(c->ctx->list, j);
}

static int add_summary(const struct check *c, const char *path,
		       struct pike_err *err)
{
	struct pike_buf b;
	int ret = 0, fd;

	pike_buf_init(&b, 1 << 20);
	pike_checked_format("markdown")->print(&b, c->v, c->n);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		ret = pike_fail(err, PIKE_FAILED,
				"cannot write to GITHUB_STEP_SUMMARY '%s': %s",
				path, strerror(errno));
	else
		ret = pike_write_all(fd, b.s, b.len, err);
	if (fd >= 0)
		close(fd);
	pike_buf_release(&b);
	return ret;
}

/* Where a CI looks for it. */
static int tell_ci(const struct check *c, struct pike_err *err)
{
	const char *summary = getenv("GITHUB_STEP_SUMMARY");
	struct pike_buf b;

	pike_buf_init(&b, 1 << 20);
	for (size_t i = 0; getenv("GITHUB_ACTIONS") && i < c->n; i++)
		pike_checked_remark(&b, &c->v[i]);
	if (b.len)
		pike_log_lines(b.s);
	pike_buf_release(&b);
	return summary && *summary ? add_summary(c, summary, err) : 0;
}

static void tell(struct check *c, const struct pike_checked_format *format)
{
	struct pike_ctx *ctx = c->ctx;

	for (size_t i = 0; i < c->n; i++)
		if (ctx->json)
			to_json(c, &c->v[i]);
		else if (!format)
			say(c, &c->v[i]);
	if (ctx->json)
		return;
	if (format)
		format->print(&ctx->out, c->v, c->n);
	else if (!c->n)
		pike_buf_addf(&ctx->out,
			      "no file of a target differs between %.12s and "
			      "%.12s\n",
			      c->start.hex, c->end.hex);
}

/* ---- the whole ---- */

static int check_one(struct check *c, const char *target, struct pike_err *err)
{
	const struct pike_target *t =
	    pike_settings_target(c->ctx->settings, target);
	struct pike_checked *k = &c->v[c->n++];
	bool hunts;
	int ret;

	k->target = t->name;
	k->file = t->sources.v[0];
	ret = judge_end(c, k, err);
	hunts = k->compared && (k->res.verdict == PIKE_V_SLOWER || c->bisect);
	if (!ret && hunts && pike_checked_bad(k))
		ret = hunt(c, k, err);
	return ret;
}

static int check_all(struct check *c, const struct opts *o,
		     struct pike_err *err)
{
	struct pike_strs targets = PIKE_STRS_INIT, named = PIKE_STRS_INIT;
	int ret = 0;

	if (o->targets.n)
		ret = pike_pick_targets(&named, c->ctx, &o->targets, err);
	if (!ret)
		ret = pike_targets_between(&targets, c->ctx, &c->start, &c->end,
					   err);
	c->v = pike_xcalloc(targets.n + 1, sizeof(*c->v));
	for (size_t i = 0; !ret && i < targets.n && !*c->ctx->stop; i++)
		if (!named.n || pike_strs_has(&named, targets.v[i]))
			ret = check_one(c, targets.v[i], err);
	pike_strs_release(&targets);
	pike_strs_release(&named);
	return ret;
}

static int answer(struct check *c, const struct pike_checked_format *format,
		  struct pike_err *err)
{
	bool bad = false;
	int ret;

	for (size_t i = 0; i < c->n; i++)
		bad = bad || pike_checked_bad(&c->v[i]);
	pike_json_set_str(c->ctx->doc, "start", c->start.hex);
	pike_json_set_str(c->ctx->doc, "end", c->end.hex);
	pike_json_set_bool(c->ctx->doc, "passed", !bad);
	tell(c, format);
	ret = tell_ci(c, err);
	return ret ? ret : bad ? PIKE_EXIT_NO : 0;
}

static void check_release(struct check *c)
{
	for (size_t i = 0; i < c->n; i++) {
		pike_result_release(&c->v[i].res);
		free(c->v[i].why);
		free(c->v[i].subject);
	}
	free(c->v);
}

static int pick_format(const struct pike_checked_format **out,
		       const struct opts *o, struct pike_err *err)
{
	struct pike_buf names;
	int ret;

	*out = o->format ? pike_checked_format(o->format) : NULL;
	if (!o->format || (*out && !o->common.json))
		return 0;
	if (*out)
		return pike_fail(err, PIKE_USAGE,
				 "--format: not with --json, which is one");
	pike_buf_init(&names, 200);
	pike_checked_names(&names);
	ret = pike_fail(err, PIKE_USAGE, "--format: '%s' is none of %s",
			o->format, names.s);
	pike_buf_release(&names);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const struct pike_checked_format *format;
	struct check c = { .ctx = ctx, .bisect = o->bisect };
	int ret = pike_operands(rest, 0, 1, err);

	ctx->doc = pike_json_object();
	ctx->list = pike_json_array();
	pike_json_set(ctx->doc, "targets", ctx->list);
	if (!ret)
		ret = pick_format(&format, o, err);
	if (!ret)
		ret = pike_pick_isolation(&c.require, o->allow_weak, err);
	if (!ret)
		ret = read_range(&c, rest->n ? rest->v[0] : "", err);
	if (!ret)
		ret = check_all(&c, o, err);
	if (!ret)
		ret = answer(&c, format, err);
	check_release(&c);
	return ret;
}

const struct pike_cmd pike_cmd_check = {
	.name = "check",
	.summary = "did a commit make a target slower or wrong?",
	.usage = "[RANGE]",
	.text =
	    "The gate for ordinary commits. RANGE is A..B, or A for A..HEAD; "
	    "without it, from the base branch to HEAD. Judges each target "
	    "whose sources, headers or references differ between where A and B "
	    "have parted and B: that against B, by the whole confirmation, "
	    "with the references of B. Exits with 1 if one got slower, or is "
	    "not right. Of what got slower the first bad commit of the "
	    "first-parent history is looked for. In GitHub's jobs a remark is "
	    "put beside the file, and the summary gets a table.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG,
	.run = run,
};
