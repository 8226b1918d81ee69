/* SPDX-License-Identifier: Apache-2.0 */
/* config: every setting with its value, source, default and meaning. */
#include "cmd.h"

#include "base/mem.h"
#include "report/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct opts {
	struct pike_common common;
	bool trust, trust_base;
};

static const struct pike_opt opts_table[] = {
	{ .name = "trust",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, trust),
	  .help = "trust .pike/config, as it is now, to name programs" },
	{ .name = "trust-base",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, trust_base),
	  .help = "the same as the base branch has it, for CI" },
	{ .name = NULL },
};

typedef const struct pike_setting_row row_t;

/* "FILE:12" without the line: values of one file make one list. */
static size_t layer(const char *origin)
{
	size_t len = strlen(origin), n = len;

	while (n && isdigit((unsigned char)origin[n - 1]))
		n--;
	return n && n < len && origin[n - 1] == ':' ? n - 1 : len;
}

static bool names(const struct pike_entry *e, row_t *row, const char *sub)
{
	return !strcmp(e->section, row->section) && !strcmp(e->sub, sub) &&
	       !strcmp(e->key, row->key);
}

static const struct pike_entry *last_entry(const struct pike_entries *e,
					   row_t *row, const char *sub)
{
	for (size_t i = e->n; i-- > 0;)
		if (names(&e->v[i], row, sub))
			return &e->v[i];
	return NULL;
}

/* The values that count: of a list all of the uppermost layer. */
static void values(struct pike_strs *out, const struct pike_entries *e,
		   row_t *row, const char *sub)
{
	const struct pike_entry *last = last_entry(e, row, sub);

	if (!last) {
		if (*row->def)
			pike_strs_push(out, row->def);
		return;
	}
	for (size_t i = 0; i < e->n; i++) {
		const struct pike_entry *v = &e->v[i];
		size_t n = layer(v->origin);

		if (!names(v, row, sub))
			continue;
		if (v != last && (strcmp(row->type, "list") != 0 ||
				  n != layer(last->origin) ||
				  strncmp(v->origin, last->origin, n) != 0))
			continue;
		pike_strs_push(out, v->value ? v->value : "true");
	}
}

static void text_setting(struct pike_buf *b, const struct pike_entries *e,
			 row_t *row, const char *sub)
{
	const struct pike_entry *last = last_entry(e, row, sub);
	struct pike_strs v = PIKE_STRS_INIT;

	values(&v, e, row, sub);
	if (!v.n)
		pike_buf_addf(b, "  %s is not set\n", row->key);
	for (size_t i = 0; i < v.n; i++) {
		pike_buf_addf(b, "  %s = ", row->key);
		pike_clean(b, v.v[i], 2000);
		pike_buf_addc(b, '\n');
	}
	pike_wrap(b, row->help, 6, PIKE_WIDTH);
	pike_buf_addf(b, "      %s", row->type);
	if (row->unread)
		pike_buf_adds(b, "; changes nothing yet");
	if (last)
		pike_buf_addf(b, "; from %s", last->origin);
	if (*row->def)
		pike_buf_addf(b, "; default %s", row->def);
	pike_buf_addc(b, '\n');
	pike_strs_release(&v);
}

static void json_setting(struct pike_json *list, const struct pike_entries *e,
			 row_t *row, const char *sub)
{
	const struct pike_entry *last = last_entry(e, row, sub);
	struct pike_json *j = pike_json_object(), *a = pike_json_array();
	struct pike_strs v = PIKE_STRS_INIT;

	values(&v, e, row, sub);
	for (size_t i = 0; i < v.n; i++)
		pike_json_push_str(a, v.v[i]);
	pike_json_set_str(j, "section", row->section);
	pike_json_set_str(j, "name", sub);
	pike_json_set_str(j, "key", row->key);
	pike_json_set_str(j, "type", row->type);
	pike_json_set(j, "values", a);
	pike_json_set_str(j, "default", row->def);
	pike_json_set_str(j, "source", last ? last->origin : "default");
	pike_json_set_str(j, "meaning", row->help);
	pike_json_set_bool(j, "read", !row->unread);
	pike_json_push(list, j);
	pike_strs_release(&v);
}

/* All rows of one section, of one of its names. */
static void show_section(struct pike_ctx *ctx, struct pike_json *list,
			 const char *section, const char *sub)
{
	size_t n;
	row_t *rows = pike_setting_rows(&n);

	pike_buf_addf(&ctx->out, "%s[%s", ctx->out.len ? "\n" : "", section);
	if (*sub) {
		pike_buf_adds(&ctx->out, " \"");
		pike_clean(&ctx->out, sub, 80);
		pike_buf_adds(&ctx->out, "\"");
	}
	pike_buf_adds(&ctx->out, "]\n");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].section, section) != 0)
			continue;
		if (ctx->json)
			json_setting(list, &ctx->entries, &rows[i], sub);
		else
			text_setting(&ctx->out, &ctx->entries, &rows[i], sub);
	}
}

/* Is this entry the first of its section and name? */
static bool first_of(const struct pike_entries *e, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(e->v[k].section, e->v[i].section) &&
		    !strcmp(e->v[k].sub, e->v[i].sub))
			return false;
	return *e->v[i].sub != '\0';
}

static void show_all(struct pike_ctx *ctx)
{
	struct pike_json *list = pike_json_array();
	bool trusted = false;

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "settings", list);
	if (!pike_repo_trusted(&trusted, ctx->repo, NULL))
		pike_json_set_bool(ctx->doc, "trusted", trusted);
	show_section(ctx, list, "pike", "");
	show_section(ctx, list, "budget", "");
	for (size_t i = 0; i < ctx->entries.n; i++)
		if (first_of(&ctx->entries, i))
			show_section(ctx, list, ctx->entries.v[i].section,
				     ctx->entries.v[i].sub);
	pike_buf_addf(&ctx->out,
		      "\n.pike/config is %strusted to name "
		      "programs\n",
		      trusted ? "" : "not ");
}

/* A section that nobody has written has defaults too, but is not there. */
static bool is_there(const struct pike_entries *e, const char *section,
		     const char *sub)
{
	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->v[i].section, section) &&
		    !strcmp(e->v[i].sub, sub))
			return true;
	return !*sub;
}

/* "threshold", "budget.usd", "target.softmax.entry", each also behind
 * "pike." as git config has it. */
static row_t *find_row(const char **sub, struct pike_strs *parts)
{
	size_t n, at = parts->n > 2 && !strcmp(parts->v[0], "pike");
	row_t *rows = pike_setting_rows(&n);
	size_t left = parts->n - at;
	const char *section = left > 1 ? parts->v[at] : "pike";

	*sub = left > 2 ? parts->v[at + 1] : "";
	for (size_t i = 0; left && left < 4 && i < n; i++)
		if (!strcmp(rows[i].section, section) &&
		    !strcmp(rows[i].key, parts->v[parts->n - 1]))
			return &rows[i];
	return NULL;
}

static int show_one(struct pike_ctx *ctx, const char *key, struct pike_err *err)
{
	struct pike_strs parts = PIKE_STRS_INIT, v = PIKE_STRS_INIT;
	struct pike_json *list = pike_json_array();
	const char *sub = "";
	row_t *row;
	int ret = 0;

	pike_strs_split(&parts, key, ".");
	row = find_row(&sub, &parts);
	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "settings", list);
	if (!row) {
		ret = pike_fail(err, PIKE_USAGE,
				"no setting '%s'; `pike-git config` lists "
				"them, like budget.usd or target.NAME.entry",
				key);
		goto out;
	}
	if (!is_there(&ctx->entries, row->section, sub)) {
		ret = pike_fail(err, PIKE_USAGE,
				"there is no section [%s \"%s\"]", row->section,
				sub);
		goto out;
	}
	json_setting(list, &ctx->entries, row, sub);
	values(&v, &ctx->entries, row, sub);
	for (size_t i = 0; i < v.n; i++) {
		pike_clean(&ctx->out, v.v[i], 4096);
		pike_buf_addc(&ctx->out, '\n');
	}
out:
	pike_strs_release(&parts);
	pike_strs_release(&v);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	bool trust = o->trust || o->trust_base;
	int ret = pike_operands(rest, 0, trust ? 0 : 1, err);

	if (!ret && trust) {
		ret = o->trust ? pike_repo_trust(ctx->repo, err)
			       : pike_repo_trust_base(ctx->repo, NULL, err);
		if (!ret)
			pike_buf_addf(&ctx->out,
				      "trusted: .pike/config as %s may name "
				      "programs and hosts\n",
				      o->trust ? "it is now"
					       : "the base branch has it");
		return ret;
	}
	if (!ret)
		ret = pike_ctx_config(ctx, opts, err);
	if (ret)
		return ret;
	if (rest->n)
		return show_one(ctx, rest->v[0], err);
	show_all(ctx);
	return 0;
}

static void setting_words(struct pike_buf *b)
{
	size_t n;
	const struct pike_setting_row *rows = pike_setting_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].section, "pike") ||
		    !strcmp(rows[i].section, "budget"))
			pike_buf_addf(b, " %s.%s", rows[i].section,
				      rows[i].key);
}

const struct pike_cmd pike_cmd_config = {
	.name = "config",
	.summary = "show every setting: value, source, default, meaning",
	.usage = "[KEY]",
	.text = "With KEY (threshold, budget.usd, target.NAME.entry) prints "
		"its value alone. Settings come from .pike/config, over it "
		"from `git config pike.KEY` or `pike.SECTION.NAME.KEY`, over "
		"both from options. The tracked file may not name programs "
		"until --trust has recorded its content.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
	.words = setting_words,
};
