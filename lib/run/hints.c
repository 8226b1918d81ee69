/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hints: what people say to the next prompts: the file that the repository
 * keeps for a target, and what was said on its merge request. Who may write to
 * the repository may say it; still it is quoted, and no longer than a prompt
 * has room for.
 */
#include "run/agents_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FILE_BYTES = 8 << 10,
	SAID = 10, /* the newest of the ladder */
	SAID_BYTES = 8 << 10,
};

static void quote(struct pike_buf *b, const char *s, size_t n)
{
	struct pike_buf clean;

	pike_buf_init(&clean, 4 * FILE_BYTES);
	pike_sanitize(&clean, s, n);
	pike_prompt_fence(b, "", clean.s);
	pike_buf_release(&clean);
}

int pike_read_on_base(struct pike_files *out, struct pike_run *run,
		      const char *path, struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_oid base;
	int ret = pike_repo_base(&base, run->repo, run->settings->base, err);

	pike_strs_push(&paths, path);
	if (!ret)
		ret = pike_repo_read(out, run->repo, &base, &paths, true, err);
	pike_strs_release(&paths);
	return ret;
}

/* What cannot be read is no reason to ask nothing. */
static int add_file(struct pike_buf *b, struct pike_run *run,
		    struct pike_err *err)
{
	char *path = pike_xasprintf(".pike/hints/%s.md", run->target->name);
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_files files = { 0 };
	int ret = pike_read_on_base(&files, run, path, &why);
	size_t n = 0, all = files.n ? files.v[0].len : 0;

	if (ret == PIKE_FAILED) {
		if (!run->agents || !run->agents->said_hints)
			pike_warn("no hints of the repository: %s", why.text);
		if (run->agents)
			run->agents->said_hints = true;
		ret = 0;
	} else if (ret) {
		ret = pike_fail(err, ret, "%s", why.text);
	}
	if (!ret && all)
		n = pike_cut_text(files.v[0].data, all, FILE_BYTES);
	if (n) {
		pike_buf_addf(b, "%s of the repository", path);
		if (n < all)
			pike_buf_addf(b, " (its first %zu bytes of %zu)", n,
				      all);
		pike_buf_adds(b, ":\n");
		quote(b, files.v[0].data, n);
	}
	pike_files_release(&files);
	free(path);
	return ret;
}

/* Index of the first of the newest that there is room for, and how many hints
 * there are. */
static size_t first_said(size_t *all, const struct pike_steers *l)
{
	size_t from = l->n, n = 0, bytes = 0;

	*all = 0;
	for (size_t i = l->n; i-- > 0;) {
		if (l->v[i].word != PIKE_STEER_HINT)
			continue;
		bytes += strlen(l->v[i].text);
		if (++*all <= SAID && bytes <= SAID_BYTES && n + 1 == *all) {
			from = i;
			n++;
		}
	}
	return from;
}

static void add_said(struct pike_buf *b, const struct pike_steers *l)
{
	size_t all, n = 0, from = first_said(&all, l);
	struct pike_buf text;

	if (!all)
		return;
	pike_buf_init(&text, 2 * SAID_BYTES);
	for (size_t i = from; i < l->n; i++) {
		const struct pike_steer *s = &l->v[i];
		char day[20] = "";
		time_t t = (time_t)s->ts;
		struct tm tm;

		if (s->word != PIKE_STEER_HINT)
			continue;
		n++;
		if (gmtime_r(&t, &tm))
			strftime(day, sizeof(day), ", %Y-%m-%d", &tm);
		pike_buf_addf(&text, "%s%s: %s\n", s->by, day, s->text);
	}
	pike_buf_addf(b, "%sSaid to this search, the newest last",
		      b->len ? "\n" : "");
	if (n < all)
		pike_buf_addf(b, " (the newest %zu of %zu)", n, all);
	pike_buf_adds(b, ":\n");
	quote(b, text.s, text.len);
	pike_buf_release(&text);
}

int pike_hints_text(struct pike_buf *b, struct pike_run *run,
		    struct pike_err *err)
{
	int ret = add_file(b, run, err);

	if (!ret)
		add_said(b, &run->history->steers);
	return ret;
}
