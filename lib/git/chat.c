/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat: exchanges with models, a note on the commit that each has become.
 *
 * The note is durable before a rung names the commit, so what was paid for is
 * never lost: a commit whose process was killed between the two is found by
 * its note, and adopted.
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

/* ---- adopting ---- */

struct orphans {
	struct pike_search_ref *s;
	git_oid *v;
	size_t n, cap;
};

/* Of this search, by its trailers? */
static bool is_own(struct pike_search_ref *s, const git_oid *id)
{
	struct pike_span target, lane;
	struct pike_raw c;
	bool own;

	if (pike_raw_read(&c, s->r, id, NULL))
		return false;
	target = pike_raw_trailer(&c, "Pike-Target");
	lane = pike_raw_trailer(&c, "Pike-Lane");
	own = pike_span_is(&target, s->target) && pike_span_is(&lane, s->lane);
	pike_raw_release(&c);
	return own;
}

static int look_at(void *ctx, const git_oid *commit, const git_oid *blob,
		   struct pike_err *err)
{
	struct orphans *o = ctx;

	(void)blob;
	(void)err;
	if (pike_oidset_has(&o->s->own, commit) || !is_own(o->s, commit))
		return 0;
	PIKE_GROW(o->v, o->n, o->cap);
	o->v[o->n++] = *commit;
	return 0;
}

static int find_orphans(struct orphans *o, struct pike_err *err)
{
	struct pike_search_ref *s = o->s;
	struct pike_strs refs = PIKE_STRS_INIT;
	char prefix[64];
	int ret = pike_inbox_list(&refs, s->r, true, err);

	snprintf(prefix, sizeof(prefix), PIKE_CHAT_INBOX "%s", s->prefix);
	for (size_t i = 0; !ret && i < refs.n; i++) {
		git_tree *tree = NULL;
		git_oid tip;

		if (!pike_starts_with(refs.v[i], prefix))
			continue;
		ret = pike_notes_open(&tip, &tree, s->r, refs.v[i], err);
		if (!ret)
			ret =
			    pike_notes_each(s->r, tree, NULL, look_at, o, err);
		git_tree_free(tree);
		ret = ret == 1 ? 0 : ret;
	}
	pike_strs_release(&refs);
	return ret;
}

int pike_search_adopt(struct pike_search_ref *s, struct pike_history *h,
		      struct pike_err *err)
{
	struct orphans o = { .s = s };
	int ret = find_orphans(&o, err);

	if (!ret && o.n)
		ret = pike_ladder_climb(&h->ladder, s, o.v, o.n, err);
	if (!ret && o.n)
		ret = pike_search_fold(h, s, err);
	free(o.v);
	return ret;
}
