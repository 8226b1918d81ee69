/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw: a commit or a tree read as it is stored. A fold reads every commit of a
 * search once, and what it needs are parents and trailers: no tree, no
 * signature, no copy.
 */
#include "git/repo_priv.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEX = 40,
	PARENT_LINE = 7 + HEX + 1
};

void pike_raw_release(struct pike_raw *c)
{
	git_odb_object_free(c->obj);
	memset(c, 0, sizeof(*c));
}

/* "committer Name <mail> 1700000000 +0000" */
static int64_t time_of(const char *line, const char *end)
{
	const char *p = memchr(line, '\n', (size_t)(end - line));
	const char *gt = NULL;

	for (const char *q = line; p && q < p; q++)
		if (*q == '>')
			gt = q;
	return gt ? strtoll(gt + 1, NULL, 10) : 0;
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

static int bad(struct pike_err *err, const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];

	return pike_fail(err, PIKE_FAILED, "%s is no commit that can be read",
			 git_oid_tostr(hex, sizeof(hex), id));
}

static int parse(struct pike_raw *c, const char *p, const char *end)
{
	if (end - p < 5 + HEX + 1 || memcmp(p, "tree ", 5))
		return -1;
	c->tree = p + 5;
	p += 5 + HEX + 1;
	c->parents = p;
	while (end - p > PARENT_LINE && !memcmp(p, "parent ", 7)) {
		p += PARENT_LINE;
		c->nparents++;
	}
	while (p < end && *p != '\n') {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!nl)
			return -1;
		if (end - p > 10 && !memcmp(p, "committer ", 10))
			c->ts = time_of(p, end);
		p = nl + 1;
	}
	if (p < end)
		p++;
	c->message = (struct pike_span){ p, (size_t)(end - p) };
	c->trailers.s = last_paragraph(p, end);
	c->trailers.n = (size_t)(end - c->trailers.s);
	return 0;
}

int pike_raw_read(struct pike_raw *out, struct pike_repo *r, const git_oid *id,
		  struct pike_err *err)
{
	const char *p;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = git_odb_read(&out->obj, r->odb, id);
	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc,
				     "cannot read a commit");
	p = git_odb_object_data(out->obj);
	if (git_odb_object_type(out->obj) == GIT_OBJECT_COMMIT &&
	    !parse(out, p, p + git_odb_object_size(out->obj)))
		return 0;
	pike_raw_release(out);
	return bad(err, id);
}

void pike_raw_parent(git_oid *out, const struct pike_raw *c, size_t i)
{
	if (i >= c->nparents ||
	    git_oid_fromstr(out, c->parents + i * PARENT_LINE + 7))
		memset(out, 0, sizeof(*out));
}

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

struct pike_span pike_raw_trailer(const struct pike_raw *c, const char *key)
{
	struct pike_span rest = c->trailers, k, v;

	while (pike_trailer_next(&rest, &k, &v))
		if (pike_span_is(&k, key))
			return v;
	return (struct pike_span){ "", 0 };
}

/* "40000 name\0" and an id */
bool pike_raw_entry_next(struct pike_span *rest, struct pike_raw_entry *e)
{
	const char *sp = rest->n ? memchr(rest->s, ' ', rest->n) : NULL;
	const char *end = rest->s + rest->n, *nul;

	nul = sp ? memchr(sp, '\0', (size_t)(end - sp)) : NULL;
	if (!nul || end - nul <= GIT_OID_RAWSZ)
		return false;
	e->is_tree = strtol(rest->s, NULL, 8) == GIT_FILEMODE_TREE;
	e->name = sp + 1;
	memcpy(e->id.id, nul + 1, GIT_OID_RAWSZ);
	rest->s = nul + 1 + GIT_OID_RAWSZ;
	rest->n = (size_t)(end - rest->s);
	return true;
}
