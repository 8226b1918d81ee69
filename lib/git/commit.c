/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit: a commit as a fold reads it: parents and trailers. Reading what is
 * there; objects.c writes.
 */
#include "git/repo_priv.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void pike_commit_release(struct pike_commit *c)
{
	git_commit_free(c->c);
	memset(c, 0, sizeof(*c));
}

/* Start of the last paragraph. */
static const char *last_paragraph(const char *s, const char *end)
{
	const char *p = end;

	while (p > s && p[-1] == '\n')
		p--;
	for (; p - s >= 2; p--)
		if (p[-1] == '\n' && p[-2] == '\n')
			return p;
	return end; /* a subject alone has no trailers */
}

int pike_commit_read(struct pike_commit *out, struct pike_repo *r,
		     const git_oid *id, struct pike_err *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	const char *s, *end;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = git_commit_lookup(&out->c, r->g, id);
	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc,
				     "cannot read commit %.12s",
				     git_oid_tostr(hex, sizeof(hex), id));
	s = git_commit_message_raw(out->c);
	end = s + strlen(s);
	out->nparents = git_commit_parentcount(out->c);
	out->message = (struct pike_span){ s, (size_t)(end - s) };
	out->trailers.s = last_paragraph(s, end);
	out->trailers.n = (size_t)(end - out->trailers.s);
	return 0;
}

void pike_commit_parent(git_oid *out, const struct pike_commit *c, size_t i)
{
	if (i < c->nparents)
		*out = *git_commit_parent_id(c->c, (unsigned)i);
	else
		memset(out, 0, sizeof(*out));
}

int pike_commit_tree_id(git_oid *out, struct pike_repo *r, const git_oid *id,
			struct pike_err *err)
{
	struct pike_commit c;
	int ret = pike_commit_read(&c, r, id, err);

	if (ret)
		return ret;
	*out = *git_commit_tree_id(c.c);
	pike_commit_release(&c);
	return 0;
}

/* ---- trailers ---- */

bool pike_span_is(const struct pike_span *s, const char *word)
{
	return s->n == strlen(word) && !memcmp(s->s, word, s->n);
}

bool pike_trailer_next(struct pike_span *rest, struct pike_span *key,
		       struct pike_span *value)
{
	while (rest->n) {
		const char *p = rest->s;
		const char *nl = memchr(p, '\n', rest->n);
		size_t n = nl ? (size_t)(nl - p) : rest->n;
		const char *colon = memchr(p, ':', n);

		rest->s += nl ? n + 1 : n;
		rest->n -= nl ? n + 1 : n;
		if (!colon || colon == p)
			continue;
		*key = (struct pike_span){ p, (size_t)(colon - p) };
		for (colon++; colon < p + n && *colon == ' ';)
			colon++;
		*value = (struct pike_span){ colon, (size_t)(p + n - colon) };
		return true;
	}
	return false;
}

struct pike_span pike_commit_trailer(const struct pike_commit *c,
				     const char *key)
{
	struct pike_span rest = c->trailers, k, v;

	while (pike_trailer_next(&rest, &k, &v))
		if (pike_span_is(&k, key))
			return v;
	return (struct pike_span){ "", 0 };
}
