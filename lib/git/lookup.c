/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup: result lines by commit and by content, whoever measured them.
 *
 * Content is source, task, environment and stage. Lines of the search's own
 * commits are left out of the map: the history knows those by their source.
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines of one commit that is not of this search. */
struct pike_content {
	struct pike_oidset seen; /* trees, blobs and tips read */
	struct content_line {
		git_oid key;
		char *line;
	} * v;
	size_t n, cap;
};

void pike_content_free(struct pike_content *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].line);
	free(c->v);
	pike_oidset_release(&c->seen);
	free(c);
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void content_key(git_oid *out, const struct pike_result *r)
{
	char *s = pike_xasprintf("%s %s %s %d", text(r->source), text(r->task),
				 text(r->env), (int)r->stage);

	git_odb_hash(out, s, strlen(s), GIT_OBJECT_BLOB);
	free(s);
}

/* ---- reading all notes ---- */

struct scan {
	struct pike_repo *r;
	struct pike_search_ref *s; /* NULL when looking for one commit */
	struct pike_result *res;
	size_t n, cap;
	const char *hex; /* the commit looked for */
};

static void take_content(void *ctx, const char *line, size_t len)
{
	const struct scan *sc = ctx;
	struct pike_content *c = sc->s->content;
	struct pike_result res;
	git_oid key;

	pike_result_init(&res);
	if (!pike_result_parse(&res, line, len, NULL) && res.source &&
	    *res.source) {
		content_key(&key, &res);
		PIKE_GROW(c->v, c->n, c->cap);
		c->v[c->n].key = key;
		c->v[c->n++].line = pike_xstrndup(line, len);
	}
	pike_result_release(&res);
}

static int content_note(void *ctx, const git_oid *commit, const git_oid *blob,
			struct pike_err *err)
{
	const struct scan *sc = ctx;

	if (pike_oidset_has(&sc->s->own, commit))
		return 0;
	return pike_note_lines(sc->r, blob, take_content, ctx, err);
}

/* An inbox that another process has folded meanwhile is no error. */
static int gone(struct pike_repo *r, const char *ref, int ret)
{
	git_oid now;

	return ret && pike_ref_read(&now, r, ref, NULL) == 1 ? 0 : ret;
}

static int scan_ref(struct scan *sc, const char *ref, struct pike_err *err)
{
	struct pike_oidset *seen = &sc->s->content->seen;
	git_tree *tree = NULL;
	git_oid tip;
	int ret = pike_notes_open(&tip, &tree, sc->r, ref, err);

	if (!ret && !pike_oidset_has(seen, &tip)) {
		ret = pike_notes_each(sc->r, tree, seen, content_note, sc, err);
		if (!ret)
			pike_oidset_add(seen, &tip);
	}
	git_tree_free(tree);
	return gone(sc->r, ref, ret);
}

/* Every ref that holds result lines: inboxes first, since lines move from
 * there into the results. */
static int result_refs(struct pike_strs *out, struct pike_repo *r,
		       struct pike_err *err)
{
	int ret = pike_inbox_list(out, r, false, err);

	pike_strs_push(out, PIKE_NOTES_RESULTS);
	return ret;
}

static int refresh(struct pike_search_ref *s, struct pike_err *err)
{
	struct scan sc = { .r = s->r, .s = s };
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = result_refs(&refs, s->r, err);

	if (!s->content)
		s->content = pike_xcalloc(1, sizeof(*s->content));
	for (size_t i = 0; !ret && i < refs.n; i++)
		ret = scan_ref(&sc, refs.v[i], err);
	pike_strs_release(&refs);
	return ret;
}

int pike_results_lookup(struct pike_result *out, struct pike_search_ref *s,
			const struct pike_result *key, struct pike_err *err)
{
	const struct pike_content *c;
	git_oid k;
	int ret = refresh(s, err);

	if (ret)
		return ret;
	c = s->content;
	content_key(&k, key);
	/* A linear pass over 20-byte keys: 10^5 of them take a millisecond,
	 * a measurement takes a thousand. The newest line is the last. */
	for (size_t i = c->n; i--;) {
		if (!git_oid_equal(&c->v[i].key, &k))
			continue;
		pike_result_init(out);
		return pike_result_parse(out, c->v[i].line,
					 strlen(c->v[i].line), err);
	}
	return 1;
}

/* ---- lines of one commit ---- */

static void commit_line(struct scan *sc, const char *line, size_t len)
{
	struct pike_result res;

	pike_result_init(&res);
	if (pike_result_parse(&res, line, len, NULL) ||
	    strcmp(res.commit.hex, sc->hex) != 0) {
		pike_result_release(&res);
		return;
	}
	PIKE_GROW(sc->res, sc->n, sc->cap);
	sc->res[sc->n++] = res;
}

static int commit_ref(struct scan *sc, const char *ref, const git_oid *id,
		      struct pike_err *err)
{
	git_tree *tree = NULL;
	struct pike_buf b;
	git_oid tip;
	int ret = pike_notes_open(&tip, &tree, sc->r, ref, err);

	if (ret)
		return gone(sc->r, ref, ret);
	pike_buf_init(&b, (size_t)-1);
	ret = pike_notes_get(&b, sc->r, tree, id, err);
	for (const char *p = b.s, *end = b.s + b.len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl > p)
			commit_line(sc, p, (size_t)(nl - p));
		p = nl + 1;
	}
	pike_buf_release(&b);
	git_tree_free(tree);
	return gone(sc->r, ref, ret);
}

static int by_time(const void *a, const void *b)
{
	return pike_result_cmp(a, b);
}

/* The same line may stand in an inbox and in the results. */
static void sort_and_unite(struct scan *sc)
{
	size_t n = 0;

	if (sc->n)
		qsort(sc->res, sc->n, sizeof(*sc->res), by_time);
	for (size_t i = 0; i < sc->n; i++) {
		if (n && !pike_result_cmp(&sc->res[n - 1], &sc->res[i]))
			pike_result_release(&sc->res[i]);
		else
			sc->res[n++] = sc->res[i];
	}
	sc->n = n;
}

int pike_results_of(struct pike_result **out, size_t *n, struct pike_repo *r,
		    const struct pike_oid *commit, struct pike_err *err)
{
	struct scan sc = { .r = r, .hex = commit->hex };
	struct pike_strs refs = PIKE_STRS_INIT;
	git_oid id;
	int ret = pike_oid_to(&id, commit, err);

	*out = NULL;
	*n = 0;
	if (!ret)
		ret = result_refs(&refs, r, err);
	for (size_t i = 0; !ret && i < refs.n; i++)
		ret = commit_ref(&sc, refs.v[i], &id, err);
	pike_strs_release(&refs);
	sort_and_unite(&sc);
	if (!ret) {
		*out = sc.res;
		*n = sc.n;
		return 0;
	}
	for (size_t i = 0; i < sc.n; i++)
		pike_result_release(&sc.res[i]);
	free(sc.res);
	return ret;
}

/* Of an unusable reply nothing was ever in an environment. */
static bool has_place(const struct pike_result *r, const char *target)
{
	return *text(r->env) && *text(r->task) &&
	       strcmp(text(r->target), target) == 0;
}

/* 1: it has none. */
static int result_at(struct pike_result *out, struct pike_repo *r,
		     const git_oid *id, const char *target,
		     struct pike_err *err)
{
	struct pike_result *v = NULL;
	struct pike_oid commit;
	bool found = false;
	size_t n = 0;
	int ret;

	pike_oid_from(&commit, id);
	ret = pike_results_of(&v, &n, r, &commit, err);
	for (size_t i = 0; i < n; i++) {
		if (!found && has_place(&v[i], target)) {
			pike_result_release(out);
			*out = v[i];
			pike_result_init(&v[i]);
			found = true;
		}
		pike_result_release(&v[i]);
	}
	free(v);
	return ret ? ret : !found;
}

int pike_result_below(struct pike_result *out, struct pike_repo *r,
		      const struct pike_oid *tip, const char *target,
		      struct pike_err *err)
{
	git_revwalk *walk = NULL;
	git_oid id;
	int ret = pike_oid_to(&id, tip, err), rc;

	if (ret)
		return ret;
	rc = git_revwalk_new(&walk, r->g);
	if (!rc)
		rc = git_revwalk_push(walk, &id);
	ret = 1;
	while (!rc && ret == 1 && !(rc = git_revwalk_next(&id, walk)))
		ret = result_at(out, r, &id, target, err);
	git_revwalk_free(walk);
	return !rc || rc == GIT_ITEROVER
		   ? ret
		   : pike_git_fail(err, PIKE_FAILED, rc,
				   "cannot walk the commits");
}

int pike_results_add(struct pike_repo *r, const struct pike_result *res,
		     size_t n, struct pike_err *err)
{
	struct pike_notes l = { NULL, 0, 0 };
	char prefix[10];
	int ret = 0;

	if (!n)
		return 0;
	pike_inbox_prefix(prefix, text(res->target), text(res->lane));
	/* An inbox belongs to the search of its lines. */
	if (r->inbox.ref && strncmp(r->inbox.ref + strlen(PIKE_NOTES_INBOX),
				    prefix, strlen(prefix)) != 0) {
		free(r->inbox.ref);
		memset(&r->inbox, 0, sizeof(r->inbox));
	}
	pike_notes_of(&l, res, n);
	ret = pike_inbox_append(&r->inbox, r, prefix, &l, err);
	pike_notes_release(&l);
	return ret;
}
