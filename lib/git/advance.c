/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advance: closes a generation. Order is what makes a kill harmless: all
 * objects, results and lessons, then the generation commit and its branch, then
 * the ladder, then the inboxes. Done twice, each step changes nothing.
 */
#include "git/place_priv.h"
#include "git/search_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line and its end. */
#define LESSON_MAX (64 * 1024 + 1)

/* An inbox as it was folded. */
struct folded {
	char *ref;
	git_oid tip;
};

struct closing {
	struct pike_search_ref *s;
	struct pike_history *h;
	const struct pike_close *c;
	struct folded *in;
	size_t nin, in_cap;
	struct pike_publication results, chat, lessons;
	git_oid generation, rung; /* rung: zero when the ladder is the tip */
	struct pike_err *err;
};

/* ---- inboxes ---- */

struct taker {
	struct closing *k;
	struct pike_publication *to;
};

static int take_note(void *ctx, const git_oid *commit, const git_oid *blob,
		     struct pike_err *err)
{
	const struct taker *t = ctx;
	git_odb_object *o = NULL;
	int rc = git_odb_read(&o, t->k->s->r->odb, blob);

	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc,
				     "cannot read a note");
	pike_notes_add(&t->to->lines, commit, git_odb_object_data(o),
		       git_odb_object_size(o));
	git_odb_object_free(o);
	return 0;
}

static int foreign_note(void *ctx, const git_oid *commit, const git_oid *blob,
			struct pike_err *err)
{
	const struct closing *k = ctx;

	(void)blob;
	(void)err;
	return !pike_oidset_has(&k->s->own, commit);
}

/* Named by us: the first letters say whose. Named by others: by content. */
static int is_mine(const struct closing *k, const char *ref,
		   const git_tree *tree)
{
	const char *job = ref + strlen(PIKE_NOTES_INBOX);

	if (pike_starts_with(ref, PIKE_CHAT_INBOX))
		return pike_starts_with(ref + strlen(PIKE_CHAT_INBOX),
					k->s->prefix);
	if (pike_starts_with(job, k->s->prefix))
		return 1;
	if (strspn(job, "0123456789abcdef") == 8 && job[8] == '-')
		return 0;
	return !pike_notes_each(k->s->r, tree, NULL, foreign_note, (void *)k,
				NULL);
}

static void remember(struct closing *k, struct pike_publication *to,
		     const char *ref, const git_oid *tip)
{
	PIKE_GROW(to->from, to->nfrom, to->from_cap);
	to->from[to->nfrom++] = *tip;
	PIKE_GROW(k->in, k->nin, k->in_cap);
	k->in[k->nin].ref = pike_xstrdup(ref);
	k->in[k->nin++].tip = *tip;
}

static int gather(struct closing *k, bool chat)
{
	struct taker t = { k, chat ? &k->chat : &k->results };
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_inbox_list(&refs, k->s->r, chat, k->err);

	for (size_t i = 0; !ret && i < refs.n; i++) {
		git_tree *tree = NULL;
		git_oid tip;

		ret = pike_notes_open(&tip, &tree, k->s->r, refs.v[i], k->err);
		if (!ret && is_mine(k, refs.v[i], tree)) {
			ret = pike_notes_each(k->s->r, tree, NULL, take_note,
					      &t, k->err);
			remember(k, t.to, refs.v[i], &tip);
		}
		git_tree_free(tree);
		if (ret == 1)
			ret = 0;
	}
	pike_strs_release(&refs);
	return ret;
}

static void forget(struct pike_inbox *own, const struct folded *in)
{
	if (own->ref && !strcmp(own->ref, in->ref)) {
		free(own->ref);
		memset(own, 0, sizeof(*own));
	}
}

static void drop_inboxes(struct closing *k)
{
	for (size_t i = 0; i < k->nin; i++) {
		const struct folded *in = &k->in[i];

		if (pike_ref_delete(k->s->r, in->ref, &in->tip, NULL)) {
			/* Its new lines wait for the next fold. */
			pike_debug("inbox '%s' was written to", in->ref);
			continue;
		}
		forget(&k->s->inbox, in);
		forget(&k->s->chat_inbox, in);
	}
}

/* ---- lessons ---- */

static int add_lesson(struct closing *k, const git_oid *commit)
{
	struct pike_oid id;
	struct pike_buf line;
	int ret;

	pike_oid_from(&id, commit);
	pike_buf_init(&line, LESSON_MAX);
	ret = k->c->lesson(&line, k->c->ctx, &id, k->err);
	if (!ret && line.len && !line.full) {
		pike_buf_addc(&line, '\n');
		pike_notes_add(&k->lessons.lines, commit, line.s, line.len);
	}
	pike_buf_release(&line);
	return ret;
}

/* One of each commit that the generation lists, though it list several results
 * of it. */
static int gather_lessons(struct closing *k)
{
	const struct pike_entry_lines *l = &k->s->unlisted;
	struct pike_oidset seen = { NULL, 0, 0 };
	int ret = 0;

	for (size_t i = 0; !ret && k->c->lesson && i < l->n; i++)
		if (pike_oidset_add(&seen, &l->v[i].commit))
			ret = add_lesson(k, &l->v[i].commit);
	pike_oidset_release(&seen);
	return ret;
}

/* ---- the commit ---- */

static int write_generation(struct closing *k)
{
	struct pike_search_ref *s = k->s;
	const struct pike_history *h = k->h;
	struct pike_generation_text g = {
		.close = k->c,
		.number = h->gens[h->ngens - 1].number + 1,
		.lines = s->unlisted.v,
		.nlines = s->unlisted.n,
		.base = k->c->base,
	};
	git_oid parents[3] = { s->tip, k->rung }, tree, champion;
	size_t n = git_oid_is_zero(&k->rung) ? 1 : 2;
	struct pike_buf b;
	int ret = pike_oid_to(&champion, &k->c->champion, k->err);

	if (!ret)
		ret = pike_commit_tree_id(&tree, s->r, &champion, k->err);
	if (!ret && k->c->base)
		ret = pike_oid_to(&parents[n++], k->c->base, k->err);
	if (ret)
		return ret;
	if (s->unlisted.n)
		qsort(s->unlisted.v, s->unlisted.n, sizeof(*s->unlisted.v),
		      pike_entry_cmp);
	pike_buf_init(&b, (size_t)-1);
	pike_generation_print(&b, s, &g);
	ret = pike_commit_signed(&k->generation, s->r, b.s, &tree, parents, n,
				 k->err);
	pike_buf_release(&b);
	return ret;
}

static int refuse_checked_out(struct closing *k)
{
	if (!pike_ref_checked_out(k->s->r, k->s->branch))
		return 0;
	return pike_fail(k->err, PIKE_FAILED,
			 "branch '%s' is checked out in a worktree and will "
			 "not be moved; switch that worktree to another branch",
			 k->s->branch + strlen("refs/heads/"));
}

static void move_ladder(struct closing *k)
{
	struct pike_search_ref *s = k->s;

	/* Moved on meanwhile: the rest waits for the next generation. */
	if (!git_oid_is_zero(&k->rung))
		pike_ref_move(s->r, s->ladder, &k->generation, &k->rung,
			      "pike: generation", NULL);
}

static int fold_first(struct closing *k)
{
	struct pike_search_ref *s = k->s;
	git_oid tip = s->tip;
	int ret = pike_search_fold(k->h, s, k->err);

	if (ret)
		return ret;
	if (!k->h->ngens)
		return pike_fail(k->err, PIKE_FAILED,
				 "the search '%s/%s' was not begun", s->target,
				 s->lane);
	if (!git_oid_is_zero(&tip) && !git_oid_equal(&tip, &s->tip))
		return pike_fail(k->err, PIKE_RETRY,
				 "another process has closed a generation of "
				 "'%s/%s'",
				 s->target, s->lane);
	if (pike_oid_to(&k->rung, &k->h->ladder, NULL) ||
	    git_oid_equal(&k->rung, &s->tip))
		memset(&k->rung, 0, sizeof(k->rung));
	return refuse_checked_out(k);
}

/* Everything that refs will be moved to is on disk before. */
static int prepare(struct closing *k)
{
	struct pike_repo *r = k->s->r;
	int ret = gather(k, false);

	if (!ret)
		ret = gather(k, true);
	if (!ret)
		ret = pike_notes_prepare(&k->chat, r, k->err);
	if (!ret)
		ret = pike_notes_prepare(&k->results, r, k->err);
	if (!ret)
		ret = gather_lessons(k);
	if (!ret)
		ret = pike_notes_prepare(&k->lessons, r, k->err);
	return ret ? ret : write_generation(k);
}

static int close_it(struct closing *k)
{
	struct pike_search_ref *s = k->s;
	int ret = fold_first(k);

	if (!ret)
		ret = prepare(k);
	if (!ret)
		ret = pike_notes_publish(&k->chat, s->r, k->err);
	if (!ret)
		ret = pike_notes_publish(&k->results, s->r, k->err);
	if (!ret)
		ret = pike_notes_publish(&k->lessons, s->r, k->err);
	if (!ret)
		ret = pike_ref_move(s->r, s->branch, &k->generation, &s->tip,
				    "pike: generation", k->err);
	if (ret)
		return ret;
	move_ladder(k);
	drop_inboxes(k);
	return pike_search_fold(k->h, s, k->err);
}

int pike_search_advance(struct pike_search_ref *s, struct pike_history *h,
			const struct pike_close *c, struct pike_err *err)
{
	struct closing k = { .s = s,
			     .h = h,
			     .c = c,
			     .results.ref = PIKE_NOTES_RESULTS,
			     .chat.ref = PIKE_NOTES_CHAT,
			     .lessons.ref = PIKE_NOTES_LESSONS,
			     .err = err };
	int fd, ret = pike_repo_lock(&fd, s->r, err);

	if (ret)
		return ret;
	ret = close_it(&k);
	close(fd);
	pike_store_named(s->r);
	if (!ret) /* the generation is closed: others need not wait for it */
		pike_pack_if_worth(s->r);
	for (size_t i = 0; i < k.nin; i++)
		free(k.in[i].ref);
	free(k.in);
	pike_publication_release(&k.results);
	pike_publication_release(&k.chat);
	pike_publication_release(&k.lessons);
	return ret;
}
