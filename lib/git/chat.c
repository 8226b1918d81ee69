/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat: exchanges with models, a note on the commit that each has become.
 *
 * The note is durable before a rung names the commit, so what was paid for is
 * never lost: a commit whose process was killed between the two is found by
 * its note, and adopted (adopt.c).
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pike_chat_append(struct pike_search_ref *s, const git_oid *ids,
		     const struct pike_proposal *const *p, size_t n,
		     struct pike_err *err)
{
	struct pike_notes l = { NULL, 0, 0 };
	char prefix[16];
	int ret = 0;

	for (size_t i = 0; i < n; i++) {
		char *line;

		if (!p[i]->chat)
			continue;
		line = pike_xasprintf("%s\n", p[i]->chat);
		pike_notes_add(&l, &ids[i], line, strlen(line));
		free(line);
	}
	snprintf(prefix, sizeof(prefix), "chat-%s", s->prefix);
	if (l.n)
		ret = pike_inbox_append(&s->chat_inbox, s->r, prefix, &l, err);
	pike_notes_release(&l);
	return ret;
}

/* ---- reading ---- */

static int chats_in(struct pike_strs *out, struct pike_repo *r, const char *ref,
		    const git_oid *id, struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	git_tree *tree = NULL;
	struct pike_buf b;
	git_oid tip, now;
	int ret = pike_notes_open(&tip, &tree, r, ref, err);

	pike_buf_init(&b, (size_t)-1);
	if (!ret)
		ret = pike_notes_get(&b, r, tree, id, err);
	if (!ret)
		pike_strs_split(&lines, b.s, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!pike_strs_has(out, lines.v[i]))
			pike_strs_push(out, lines.v[i]);
	pike_strs_release(&lines);
	pike_buf_release(&b);
	git_tree_free(tree);
	/* None, or folded meanwhile: its lines are in the notes of all. */
	return ret && pike_ref_read(&now, r, ref, NULL) == 1 ? 0 : ret;
}

int pike_chats_of(struct pike_strs *out, struct pike_repo *r,
		  const struct pike_oid *commit, struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	git_oid id;
	int ret = pike_oid_to(&id, commit, err);

	if (!ret)
		ret = pike_inbox_list(&refs, r, true, err);
	pike_strs_push(&refs, PIKE_NOTES_CHAT);
	for (size_t i = 0; !ret && i < refs.n; i++)
		ret = chats_in(out, r, refs.v[i], &id, err);
	pike_strs_release(&refs);
	return ret;
}

/* ---- all of a search ---- */

struct below {
	struct pike_repo *r;
	struct pike_oidset reached;
	struct numbered {
		int64_t number;
		char *line;
	} * v;
	size_t n, cap;
	int64_t number; /* of the commit whose lines are read */
};

static int reach(struct below *b, const git_oid *tip, struct pike_err *err)
{
	git_revwalk *walk = NULL;
	git_oid id;
	int rc = git_revwalk_new(&walk, b->r->g);

	if (!rc)
		rc = git_revwalk_push(walk, tip);
	while (!rc && !(rc = git_revwalk_next(&id, walk)))
		pike_oidset_add(&b->reached, &id);
	git_revwalk_free(walk);
	return rc == GIT_ITEROVER ? 0
				  : pike_git_fail(err, PIKE_FAILED, rc,
						  "cannot walk the commits");
}

static void add_line(void *ctx, const char *line, size_t len)
{
	struct below *b = ctx;

	PIKE_GROW(b->v, b->n, b->cap);
	b->v[b->n++] = (struct numbered){ b->number, pike_xstrndup(line, len) };
}

static int add_note(void *ctx, const git_oid *commit, const git_oid *blob,
		    struct pike_err *err)
{
	struct below *b = ctx;
	struct pike_span v;
	struct pike_commit c;
	int ret;

	if (!pike_oidset_has(&b->reached, commit))
		return 0;
	ret = pike_commit_read(&c, b->r, commit, err);
	if (ret)
		return ret;
	v = pike_commit_trailer(&c, "Pike-Exchange");
	b->number = 0;
	for (size_t i = 0; i < v.n && i < 18; i++)
		if (v.s[i] >= '0' && v.s[i] <= '9')
			b->number = b->number * 10 + (v.s[i] - '0');
	pike_commit_release(&c);
	return pike_note_lines(b->r, blob, add_line, b, err);
}

static int by_number(const void *p, const void *q)
{
	const struct numbered *a = p, *b = q;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return strcmp(a->line, b->line);
}

static int read_below(struct below *b, struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_inbox_list(&refs, b->r, true, err);

	pike_strs_push(&refs, PIKE_NOTES_CHAT);
	for (size_t i = 0; !ret && i < refs.n; i++) {
		git_tree *tree = NULL;
		git_oid tip;

		ret = pike_notes_open(&tip, &tree, b->r, refs.v[i], err);
		if (!ret)
			ret =
			    pike_notes_each(b->r, tree, NULL, add_note, b, err);
		git_tree_free(tree);
		ret = ret == 1 ? 0 : ret;
	}
	pike_strs_release(&refs);
	return ret;
}

int pike_chats_below(struct pike_strs *out, struct pike_repo *r,
		     const struct pike_oid *tip, struct pike_err *err)
{
	struct below b = { .r = r };
	git_oid id;
	int ret = pike_oid_to(&id, tip, err);

	if (!ret)
		ret = reach(&b, &id, err);
	if (!ret)
		ret = read_below(&b, err);
	if (b.n)
		qsort(b.v, b.n, sizeof(*b.v), by_number);
	for (size_t i = 0; i < b.n; i++) {
		/* A line may stand in an inbox and in the notes of all. */
		if (!ret && (!i || by_number(&b.v[i - 1], &b.v[i]) != 0))
			pike_strs_push(out, b.v[i].line);
	}
	for (size_t i = 0; i < b.n; i++)
		free(b.v[i].line);
	free(b.v);
	pike_oidset_release(&b.reached);
	return ret;
}
