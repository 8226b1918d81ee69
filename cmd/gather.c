/* SPDX-License-Identifier: Apache-2.0 */
/* gather: what a report or an export is made from. */
#include "gather.h"

#include "base/fs.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TEMPLATE_MAX (1u << 20)
#define DIFF_MAX (1u << 20)
#define STRATEGY_MAX 64
#define FIGURE_MAX (32u << 20)
/* So many take three seconds to read. */
#define CODE_RECORDS 10000

void pike_gathered_release(struct pike_gathered *m)
{
	for (size_t i = 0; i < m->n; i++) {
		pike_result_release(&m->proofs[i]);
		pike_buf_release(&m->diffs[i]);
		pike_code_release(&m->code[i]);
		free(m->strategies[i]);
		free(m->names[i]);
	}
	free(m->names);
	free(m->strategies);
	free(m->presets);
	free(m->code);
	free(m->v);
	free(m->proofs);
	free(m->diffs);
	pike_founds_release(&m->found);
}

/* What this clone does not have is left out, and the page says so. */
static void add_proof(struct pike_ctx *ctx, struct pike_gathered *m, size_t i)
{
	const struct pike_history *h = m->v[i].h;
	struct pike_strs paths = PIKE_STRS_INIT;

	if (ctx->settings)
		m->v[i].target = pike_settings_target(ctx->settings, h->target);
	if (pike_oid_eq(&h->champion, &h->base))
		return;
	if (!pike_last_result(&m->proofs[i], ctx, &h->champion, PIKE_CONFIRM,
			      NULL, NULL))
		m->v[i].proof = &m->proofs[i];
	/* Only its evolvable files differ, whatever they are called. */
	if (!pike_repo_changed(&paths, ctx->repo, &h->base, &h->champion,
			       NULL) &&
	    !pike_repo_difference(&m->diffs[i], ctx->repo, &h->base,
				  &h->champion, &paths, NULL) &&
	    m->diffs[i].len)
		m->v[i].diff = m->diffs[i].s;
	pike_strs_release(&paths);
}

/* The last value of a trailer, as much of it as a name may have; NULL: it has
 * none. The caller frees. */
static char *trailer(const char *message, const char *key)
{
	const char *at = message, *last = NULL;
	size_t len;

	while ((at = strstr(at, key)))
		last = at += strlen(key);
	len = last ? strcspn(last, "\n") : 0;
	if (len > STRATEGY_MAX)
		len = STRATEGY_MAX;
	return len ? pike_xasprintf("%.*s", (int)len, last) : NULL;
}

/* Of its last generation, with the knobs that the name has here. */
static void add_strategy(struct pike_ctx *ctx, struct pike_gathered *m,
			 size_t i)
{
	const struct pike_settings none = { 0 };
	const struct pike_settings *s = ctx->settings ? ctx->settings : &none;
	char *message = NULL;

	if (!pike_repo_message(&message, ctx->repo, &m->v[i].h->tip, NULL))
		m->strategies[i] = trailer(message, "\nPike-Strategy: ");
	free(message);
	m->v[i].strategy = m->strategies[i];
	if (m->v[i].strategy &&
	    pike_preset_find(&m->presets[i], s, m->v[i].strategy))
		m->v[i].preset = &m->presets[i];
}

/* Of very many candidates every so many alone. */
static void add_code(struct pike_ctx *ctx, struct pike_gathered *m)
{
	size_t all = 0;

	for (size_t i = 0; i < m->n; i++)
		all += m->v[i].h->nrecs;
	m->every = all / CODE_RECORDS + 1;
	for (size_t i = 0; i < m->n; i++) {
		pike_code_count(&m->code[i], ctx->repo, m->v[i].h, m->every);
		m->v[i].lines = m->code[i].lines;
		m->v[i].changed = m->code[i].changed;
		m->v[i].kinds = m->code[i].kinds;
		m->v[i].clocked = &m->code[i].clocked;
	}
}

static bool is_doubled(const struct pike_gathered *m, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(m->found.v[i].target, m->found.v[k].target) &&
		    !strcmp(m->v[i].run, m->v[k].run))
			return true;
	return false;
}

/* A run has one search of a target. Where it has several, on different
 * devices, each device makes a run of its own. */
static void name_lanes(struct pike_gathered *m)
{
	bool doubled = false;

	for (size_t i = 1; i < m->n; i++)
		doubled = doubled || is_doubled(m, i);
	for (size_t i = 0; doubled && i < m->n; i++) {
		m->names[i] =
		    pike_xasprintf("%s on %s", m->v[i].run, m->found.v[i].lane);
		m->v[i].run = m->names[i];
	}
}

static bool is_wanted(const struct pike_strs *runs, const char *run)
{
	return !runs->n || pike_strs_has(runs, run ? run : "main");
}

int pike_gather(struct pike_gathered *m, struct pike_ctx *ctx,
		const struct pike_strs *runs, struct pike_err *err)
{
	const struct pike_strs all = PIKE_STRS_INIT;
	int ret = pike_find_searches(&m->found, ctx, &all, NULL, err);

	if (ret)
		return ret;
	m->v = pike_xcalloc(m->found.n + 1, sizeof(*m->v));
	m->proofs = pike_xcalloc(m->found.n + 1, sizeof(*m->proofs));
	m->diffs = pike_xcalloc(m->found.n + 1, sizeof(*m->diffs));
	m->code = pike_xcalloc(m->found.n + 1, sizeof(*m->code));
	m->strategies = pike_xcalloc(m->found.n + 1, sizeof(*m->strategies));
	m->presets = pike_xcalloc(m->found.n + 1, sizeof(*m->presets));
	m->names = pike_xcalloc(m->found.n + 1, sizeof(*m->names));
	for (size_t i = 0; i < m->found.n; i++) {
		struct pike_found f = m->found.v[i];

		if (!is_wanted(runs, f.run))
			continue;
		/* Those that are wanted come first, and are `n`. */
		m->found.v[i] = m->found.v[m->n];
		m->found.v[m->n] = f;
		pike_result_init(&m->proofs[m->n]);
		pike_buf_init(&m->diffs[m->n], DIFF_MAX);
		m->v[m->n].h = f.history;
		m->v[m->n].run = f.run ? f.run : "main";
		add_proof(ctx, m, m->n);
		add_strategy(ctx, m, m->n++);
	}
	add_code(ctx, m);
	name_lanes(m);
	if (!m->n && runs->n)
		return pike_fail(
		    err, PIKE_USAGE,
		    "there is no run '%s'; `pike-git status` lists "
		    "them",
		    runs->v[0]);
	return 0;
}

int pike_print_page(struct pike_buf *b, const struct pike_report *r,
		    struct pike_err *err)
{
	struct pike_buf css, js;
	int ret;

	pike_buf_init(&css, TEMPLATE_MAX);
	pike_buf_init(&js, TEMPLATE_MAX);
	ret = pike_read_template(&css, "report/page.css", err);
	if (!ret)
		ret = pike_read_template(&js, "report/page.js", err);
	if (!ret)
		pike_report_html(b, r, css.s, js.s);
	pike_buf_release(&css);
	pike_buf_release(&js);
	return ret;
}

static void add_file(struct pike_files *out, const char *dir, const char *name,
		     const char *ending, const struct pike_buf *b)
{
	char *path = pike_xasprintf("%s%s%s", dir, name, ending);

	pike_files_add(out, path, b->s, b->len);
	free(path);
}

void pike_add_figures(struct pike_files *out, const char *dir,
		      const struct pike_report *r)
{
	struct pike_figure *v;
	size_t n = pike_report_figures(&v, r);

	for (size_t i = 0; i < n; i++) {
		struct pike_buf b;

		pike_buf_init(&b, FIGURE_MAX);
		pike_figure_svg(&b, &v[i]);
		add_file(out, dir, v[i].id, ".svg", &b);
		pike_buf_reset(&b);
		pike_figure_csv(&b, &v[i]);
		add_file(out, dir, v[i].id, ".csv", &b);
		pike_buf_release(&b);
		pike_figure_release(&v[i]);
	}
	free(v);
}
