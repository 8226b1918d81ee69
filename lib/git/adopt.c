/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt: exchanges that were noted, and whose commits no rung names, since the
 * process was killed between the two.
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

struct orphans {
	struct pike_search_ref *s;
	git_oid *v;
	size_t n, cap;
};

/* Of this search, by its trailers? */
static bool is_own(struct pike_search_ref *s, const git_oid *id)
{
	struct pike_span target, lane;
	struct pike_commit c;
	bool own;

	if (pike_commit_read(&c, s->r, id, NULL))
		return false;
	target = pike_commit_trailer(&c, "Pike-Target");
	lane = pike_commit_trailer(&c, "Pike-Lane");
	own = pike_span_is(&target, s->target) && pike_span_is(&lane, s->lane);
	pike_commit_release(&c);
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
