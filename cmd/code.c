/* SPDX-License-Identifier: Apache-2.0 */
/* code: see code.h. */
#include "code.h"

#include "base/mem.h"
#include "model/ledger.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (8u << 20)

/* In C, in CUDA and in Python, as far as one line tells. */
static bool counts(const char *line, size_t len)
{
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (!len)
		return false;
	if (line[0] == '/' && len > 1 && (line[1] == '/' || line[1] == '*'))
		return false;
	/* Of Python; but `#include` and its like are code. */
	return line[0] != '#' || (len > 1 && line[1] >= 'a' && line[1] <= 'z');
}

static int count_lines(unsigned *kinds, const char *s)
{
	int n = 0;

	while (*s) {
		size_t len = strcspn(s, "\n");

		if (counts(s, len)) {
			n++;
			*kinds |= pike_kinds_of(s, len);
		}
		s += len + (s[len] == '\n');
	}
	return n;
}

/* Of a unified diff. */
static int count_changes(const char *s)
{
	int n = 0;

	while (*s) {
		size_t len = strcspn(s, "\n");

		if ((*s == '+' || *s == '-') && strncmp(s, "+++ ", 4) != 0 &&
		    strncmp(s, "--- ", 4) != 0)
			n += counts(s + 1, len - 1);
		s += len + (s[len] == '\n');
	}
	return n;
}

static int lines_of(unsigned *kinds, struct pike_repo *r,
		    const struct pike_oid *id, const struct pike_strs *paths)
{
	struct pike_files f = { 0 };
	int n = -1;

	if (!pike_repo_read(&f, r, id, paths, true, NULL)) {
		n = 0;
		for (size_t i = 0; i < f.n; i++)
			n += count_lines(kinds, f.v[i].data);
	}
	pike_files_release(&f);
	return n;
}

static int changes_of(struct pike_repo *r, const struct pike_oid *from,
		      const struct pike_oid *to)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_buf b;
	int n = -1;

	pike_buf_init(&b, TEXT_MAX);
	if (!pike_repo_changed(&paths, r, from, to, NULL) &&
	    !pike_repo_difference(&b, r, from, to, &paths, NULL))
		n = count_changes(b.s);
	pike_buf_release(&b);
	pike_strs_release(&paths);
	return n;
}

static void add_times(struct pike_clocked *out, struct pike_repo *r,
		      const struct pike_record *one)
{
	struct pike_result *v = NULL;
	size_t n = 0;

	/* What this clone does not have tells nothing. */
	if (pike_results_of(&v, &n, r, &one->id, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		pike_clocked_add(out, &v[i]);
		pike_result_release(&v[i]);
	}
	free(v);
}

static void count_one(struct pike_code *out, struct pike_repo *r,
		      const struct pike_history *h, size_t i)
{
	const struct pike_record *one = &h->recs[i];
	struct pike_strs paths = PIKE_STRS_INIT;

	if (pike_record_is_candidate(one) &&
	    !pike_repo_changed(&paths, r, &h->base, &one->id, NULL) && paths.n)
		out->lines[i] = lines_of(&out->kinds[i], r, &one->id, &paths);
	if (out->lines[i] >= 0 && one->nparents)
		out->changed[i] = changes_of(r, &one->parents[0], &one->id);
	pike_strs_release(&paths);
	add_times(&out->clocked, r, one);
}

void pike_code_count(struct pike_code *out, struct pike_repo *r,
		     const struct pike_history *h, size_t every)
{
	out->lines = pike_xcalloc(h->nrecs + 1, sizeof(*out->lines));
	out->changed = pike_xcalloc(h->nrecs + 1, sizeof(*out->changed));
	out->kinds = pike_xcalloc(h->nrecs + 1, sizeof(*out->kinds));
	for (size_t i = 0; i < h->nrecs; i++) {
		out->lines[i] = out->changed[i] = -1;
		if (i % every == 0)
			count_one(out, r, h, i);
	}
}

void pike_code_release(struct pike_code *c)
{
	free(c->lines);
	free(c->changed);
	free(c->kinds);
	memset(c, 0, sizeof(*c));
}
