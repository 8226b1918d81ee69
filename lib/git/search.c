/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search: one target on one lane: beginning it, storing candidates on its
 * ladder, recording results in its inbox.
 */
#include "git/place_priv.h"
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TRIES = 40,
	SUBJECT_MAX = 100,
	CHAIN_MAX = 100000
};

int pike_search_open(struct pike_search_ref **out, struct pike_repo *r,
		     const char *target, const char *lane, const char *run,
		     struct pike_err *err)
{
	struct pike_search_ref *s;

	if (!pike_is_name(target) || !pike_is_name(lane) ||
	    (run && !pike_is_name(run)))
		return pike_fail(err, PIKE_USAGE,
				 "'%s', lane '%s', run '%s': names have small "
				 "letters, digits, '-' and '_' only",
				 target, lane, run ? run : "");
	s = pike_xcalloc(1, sizeof(*s));
	s->r = r;
	s->target = pike_xstrdup(target);
	s->lane = run ? pike_xasprintf("%s.%s", lane, run) : pike_xstrdup(lane);
	s->branch =
	    pike_xasprintf("refs/heads/pike/evo/%s/%s", target, s->lane);
	s->ladder = pike_xasprintf("refs/pike/open/%s/%s", target, s->lane);
	pike_inbox_prefix(s->prefix, target, s->lane);
	*out = s;
	return 0;
}

void pike_search_close(struct pike_search_ref *s)
{
	if (!s)
		return;
	pike_content_free(s->content);
	pike_oidset_release(&s->chain);
	pike_oidset_release(&s->own);
	pike_oidset_release(&s->blobs);
	pike_oidset_release(&s->applied);
	pike_oidset_release(&s->listed);
	free(s->unlisted.v);
	free(s->pending);
	free(s->last);
	free(s->inbox.ref);
	free(s->chat_inbox.ref);
	free(s->target);
	free(s->lane);
	free(s->branch);
	free(s->ladder);
	free(s);
}

const char *pike_search_branch(const struct pike_search_ref *s)
{
	return s->branch;
}

int pike_search_list(struct pike_strs *out, struct pike_repo *r,
		     struct pike_err *err)
{
	static const char prefix[] = "refs/heads/pike/evo/";
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_ref_list(&refs, r, prefix, err);

	for (size_t i = 0; !ret && i < refs.n; i++)
		pike_strs_push(out, refs.v[i] + sizeof(prefix) - 1);
	pike_strs_release(&refs);
	return ret;
}

/* ---- beginning ---- */

static void add_ratio(struct pike_buf *b, const char *key,
		      const struct pike_ratio *r)
{
	pike_buf_addf(b, "%s: ", key);
	pike_trailer_num(b, r->lo);
	pike_buf_addc(b, ' ');
	pike_trailer_num(b, r->mid);
	pike_buf_addc(b, ' ');
	pike_trailer_num(b, r->hi);
	pike_buf_addc(b, '\n');
}

void pike_generation_print(struct pike_buf *b, const struct pike_search_ref *s,
			   const struct pike_generation_text *g)
{
	const struct pike_close *c = g->close;

	pike_buf_addf(b, "%s: generation %lld, best %.2fx [skip ci]\n\n",
		      s->target, (long long)g->number, c->speedup.mid);
	if (c->table && *c->table) {
		pike_text_body(b, c->table);
		pike_buf_addc(b, '\n');
	}
	pike_buf_addf(b, "Pike-Generation: %lld\n", (long long)g->number);
	pike_trailer_add(b, "Pike-Target", s->target);
	pike_trailer_add(b, "Pike-Lane", s->lane);
	for (size_t i = 0; i < g->nlines; i++)
		pike_entry_print(b, &g->lines[i]);
	pike_buf_addf(b, "Pike-Champion: %s\n", c->champion.hex);
	add_ratio(b, "Pike-Speedup", &c->speedup);
	pike_buf_adds(b, "Pike-Spent: ");
	pike_trailer_num(b, c->spent);
	pike_buf_addc(b, '\n');
	pike_trailer_add(b, "Pike-Strategy", c->strategy);
	pike_buf_addf(b, "Pike-Seed: %llu\n", (unsigned long long)c->seed);
	pike_trailer_add(b, "Pike-Env", c->env);
	pike_trailer_add(b, "Pike-Task", c->task);
	if (g->base)
		pike_trailer_add(b, "Pike-Base", g->base->hex);
}

static int write_first(git_oid *out, struct pike_search_ref *s,
		       const struct pike_generation_text *g,
		       struct pike_err *err)
{
	struct pike_buf b;
	git_oid base, tree;
	int ret = pike_oid_to(&base, g->base, err);

	if (!ret)
		ret = pike_commit_tree_id(&tree, s->r, &base, err);
	if (ret)
		return ret;
	pike_buf_init(&b, (size_t)-1);
	pike_generation_print(&b, s, g);
	ret = pike_commit_signed(out, s->r, b.s, &tree, &base, 1, err);
	pike_buf_release(&b);
	return ret;
}

int pike_search_begin(struct pike_search_ref *s, const struct pike_oid *base,
		      const char *strategy, uint64_t seed, struct pike_err *err)
{
	const struct pike_close c = { .champion = *base,
				      .speedup = { 1, 1, 1 },
				      .strategy = strategy,
				      .seed = seed };
	const struct pike_generation_text g = { .close = &c, .base = base };
	git_oid id;
	int fd, ret = pike_repo_lock(&fd, s->r, err);

	if (ret)
		return ret;
	/* All of them: what is asked of a model shall not be lost later. */
	ret = pike_names_blocked(s->r, err);
	if (!ret)
		ret = pike_ref_read(&id, s->r, s->branch, err);
	if (ret == 1) {
		ret = write_first(&id, s, &g, err);
		if (!ret)
			ret = pike_ref_move(s->r, s->branch, &id, NULL,
					    "pike: generation 0", err);
		if (ret == PIKE_RETRY &&
		    !pike_ref_read(&id, s->r, s->branch, NULL))
			ret = 0; /* begun by another */
	}
	pike_store_named(s->r);
	close(fd);
	return ret;
}

/* ---- storing ---- */

static void print_shown(struct pike_buf *b, const struct pike_proposal *p)
{
	pike_buf_adds(b, "Pike-Shown:");
	for (size_t i = 0; i < p->nshown; i++)
		pike_buf_addf(b, " %s", p->shown[i].hex);
	pike_buf_addc(b, '\n');
}

static void print_candidate(struct pike_buf *b, const struct pike_search_ref *s,
			    const struct pike_proposal *p,
			    const struct pike_oid *source, int64_t generation,
			    size_t number)
{
	pike_buf_addf(b, "%s: ", s->target);
	pike_text_line(b, p->subject && *p->subject ? p->subject : "candidate",
		       SUBJECT_MAX);
	pike_buf_adds(b, "\n\n");
	if (p->body && *p->body) {
		pike_text_body(b, p->body);
		pike_buf_addc(b, '\n');
	}
	pike_trailer_add(b, "Pike-Target", s->target);
	pike_trailer_add(b, "Pike-Lane", s->lane);
	pike_trailer_add(b, "Pike-Agent", p->agent ? p->agent->name : NULL);
	pike_buf_addf(b, "Pike-Generation: %lld\n", (long long)generation);
	if (p->again)
		pike_trailer_add(b, "Pike-Again", p->again->hex);
	pike_trailer_add(b, "Pike-Slot", p->slot);
	pike_trailer_add(b, "Pike-Idea", p->idea);
	pike_trailer_add(b, "Pike-Model", p->model);
	if (p->tokens_in || p->tokens_out)
		pike_buf_addf(b, "Pike-Tokens: in=%lld out=%lld%s\n",
			      (long long)p->tokens_in, (long long)p->tokens_out,
			      p->guessed ? " estimated" : "");
	if (p->cost > 0) {
		pike_buf_adds(b, "Pike-Cost: ");
		pike_trailer_num(b, p->cost);
		pike_buf_addc(b, '\n');
	}
	if (p->asked > 1)
		pike_buf_addf(b, "Pike-Asked: %d\n", p->asked);
	if (p->worked)
		pike_buf_addf(b, "Pike-Tries: %d\n", p->tries);
	if (p->nshown > 1)
		print_shown(b, p);
	pike_trailer_add(b, "Pike-Run", p->run);
	/* Two that say the same in the same second are two. */
	if (p->paid)
		pike_buf_addf(b, "Pike-Exchange: %zu\n", number);
	if (pike_oid_set(source))
		pike_trailer_add(b, "Pike-Source", source->hex);
}

static int write_candidate(git_oid *out, struct pike_search_ref *s,
			   const struct pike_proposal *p,
			   const struct pike_oid *source, int64_t generation,
			   size_t number, struct pike_err *err)
{
	git_oid *parents = pike_xcalloc(p->nparents + 1, sizeof(*parents));
	struct pike_buf b;
	git_oid tree;
	int ret = 0;

	pike_buf_init(&b, (size_t)-1);
	if (!p->nparents)
		ret = pike_fail(err, PIKE_FAILED,
				"a candidate needs a solution to start from");
	for (size_t i = 0; !ret && i < p->nparents; i++)
		ret = pike_oid_to(&parents[i], &p->parents[i], err);
	if (!ret)
		ret = pike_commit_tree_id(&tree, s->r, &parents[0], err);
	if (!ret && p->files.n)
		ret = pike_tree_with(&tree, s->r, &tree, &p->files, err);
	if (!ret) {
		print_candidate(&b, s, p, source, generation, number);
		ret = pike_commit_write(out, s->r, b.s, &tree, parents,
					p->nparents, err);
	}
	pike_buf_release(&b);
	free(parents);
	return ret;
}

int pike_ladder_top(git_oid *out, bool *is_ladder, struct pike_search_ref *s,
		    struct pike_err *err)
{
	int ret = pike_ref_read(out, s->r, s->ladder, err);

	*is_ladder = ret == 0;
	if (ret != 1)
		return ret;
	ret = pike_ref_read(out, s->r, s->branch, err);
	return ret == 1 ? pike_fail(err, PIKE_FAILED,
				    "the search '%s/%s' was not begun",
				    s->target, s->lane)
			: ret;
}

/* Tree of the newest rung or generation: a person's commit on the ladder has
 * files of its own, which the rungs do not carry on. */
static int rung_tree(git_oid *out, struct pike_search_ref *s, git_oid at,
		     struct pike_err *err)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		struct pike_commit c;
		int ret = pike_commit_read(&c, s->r, &at, err);
		bool ours;

		if (ret)
			return ret;
		ours = pike_commit_trailer(&c, "Pike-Rung").n ||
		       pike_commit_trailer(&c, "Pike-Champion").n;
		*out = *git_commit_tree_id(c.c);
		pike_commit_parent(&at, &c, 0);
		pike_commit_release(&c);
		if (ours)
			return 0;
		if (git_oid_is_zero(&at))
			break;
	}
	return pike_fail(err, PIKE_FATAL,
			 "the ladder '%s' does not descend from a generation",
			 s->ladder);
}

int pike_rung_write(git_oid *out, struct pike_search_ref *s,
		    const git_oid *prev, const git_oid *ids, size_t n,
		    struct pike_err *err)
{
	git_oid *parents = pike_xcalloc(n + 1, sizeof(*parents)), tree;
	struct pike_buf b;
	int ret = rung_tree(&tree, s, *prev, err);

	pike_buf_init(&b, (size_t)-1);
	if (!ret) {
		parents[0] = *prev;
		memcpy(parents + 1, ids, n * sizeof(*ids));
		pike_buf_addf(&b, "%s: rung of %zu\n\nPike-Rung: %zu\n",
			      s->target, n, n);
		ret = pike_commit_write(out, s->r, b.s, &tree, parents, n + 1,
					err);
	}
	pike_buf_release(&b);
	free(parents);
	return ret;
}

int pike_ladder_climb(struct pike_oid *out, struct pike_search_ref *s,
		      const git_oid *ids, size_t n, struct pike_err *err)
{
	int fd, ret = pike_repo_lock(&fd, s->r, err);

	if (ret)
		return ret;
	for (int i = 0; i < TRIES; i++) {
		git_oid prev, rung;
		bool ladder;

		ret = pike_ladder_top(&prev, &ladder, s, err);
		if (!ret)
			ret = pike_rung_write(&rung, s, &prev, ids, n, err);
		if (!ret)
			ret = pike_ref_move(s->r, s->ladder, &rung,
					    ladder ? &prev : NULL, "pike: rung",
					    err);
		if (!ret)
			pike_oid_from(out, &rung);
		if (ret != PIKE_RETRY)
			break;
		pike_jitter(i);
	}
	pike_store_named(s->r);
	close(fd);
	return ret;
}

static int same_source(const struct pike_oid *sources, size_t n,
		       const struct pike_oid *source)
{
	for (size_t i = 0; pike_oid_set(source) && i < n; i++)
		if (pike_oid_eq(&sources[i], source))
			return (int)i;
	return -1;
}

/* What a call of pike_search_store works on. */
struct batch {
	struct pike_search_ref *s;
	struct pike_history *h;
	const struct pike_proposal *p;
	struct pike_oid *ids, *sources;
	bool *known;
	git_oid *fresh;			   /* commits of the new rung */
	const struct pike_proposal **from; /* and what they were made of */
	size_t nfresh;
};

/* What was made from something past is past too, even if it was asked for
 * then and is answered now: it would undo what the base has mended. */
static int64_t made_in(struct pike_history *h, const struct pike_proposal *p)
{
	const struct pike_generation *now = pike_history_epoch(h, NULL);
	const struct pike_oid *from = &p->parents[0];
	const struct pike_record *r;

	if (!now || !now->number || !p->nparents ||
	    p->generation <= now->number)
		return p->generation;
	r = pike_history_find(h, from);
	return (r ? r->past : !pike_oid_eq(from, &h->base)) ? now->number
							    : p->generation;
}

/* Writes proposal i, unless these files are there already. */
static int store_one(struct batch *b, size_t i, struct pike_err *err)
{
	const struct pike_proposal *p = &b->p[i];
	const struct pike_record *r;
	int same, ret = 0;

	b->known[i] = true;
	if (p->files.n)
		ret = pike_repo_source(&b->sources[i], b->s->r, &p->files, err);
	if (ret)
		return ret;
	/* What was paid for is kept, known or not. */
	r = p->paid ? NULL : pike_history_by_source(b->h, &b->sources[i]);
	same = p->paid ? -1 : same_source(b->sources, i, &b->sources[i]);
	if (r) {
		b->ids[i] = r->id;
		return 0;
	}
	if (same >= 0) {
		b->ids[i] = b->ids[same];
		return 0;
	}
	b->known[i] = false;
	ret =
	    write_candidate(&b->fresh[b->nfresh], b->s, p, &b->sources[i],
			    made_in(b->h, p), b->h->nrecs + b->nfresh + 1, err);
	if (ret)
		return ret;
	b->from[b->nfresh] = p;
	pike_oid_from(&b->ids[i], &b->fresh[b->nfresh++]);
	return 0;
}

static int remember(struct batch *b, size_t n, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0, k = 0; !ret && i < n; i++) {
		struct pike_record rec;
		struct pike_commit c;

		if (b->known[i])
			continue;
		ret = pike_commit_read(&c, b->s->r, &b->fresh[k], err);
		if (ret)
			break;
		pike_record_of(&rec, &b->fresh[k], &c);
		pike_record_add(b->s, b->h, &b->fresh[k++], &rec);
		pike_commit_release(&c);
	}
	return ret;
}

int pike_search_store(struct pike_oid *ids, bool *known,
		      struct pike_search_ref *s, struct pike_history *h,
		      const struct pike_proposal *p, size_t n,
		      struct pike_err *err)
{
	struct batch b = { .s = s,
			   .h = h,
			   .p = p,
			   .ids = ids,
			   .known = known,
			   .sources = pike_xcalloc(n + 1, sizeof(*b.sources)),
			   .fresh = pike_xcalloc(n + 1, sizeof(*b.fresh)),
			   .from = pike_xcalloc(n + 1, sizeof(*b.from)) };
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = store_one(&b, i, err);
	if (!ret && b.nfresh)
		ret = pike_chat_append(s, b.fresh, b.from, b.nfresh, err);
	if (!ret && b.nfresh)
		ret = pike_ladder_climb(&h->ladder, s, b.fresh, b.nfresh, err);
	if (!ret)
		ret = remember(&b, n, err);
	free(b.sources);
	free(b.fresh);
	free(b.from);
	return ret;
}

int pike_search_record(struct pike_search_ref *s, struct pike_history *h,
		       const struct pike_result *res, size_t n,
		       struct pike_err *err)
{
	struct pike_notes l = { NULL, 0, 0 };
	struct pike_entry_line e;
	/* Is nothing in the inbox new to the next fold? */
	bool all = git_oid_is_zero(&s->inbox.tip) ||
		   pike_oidset_has(&s->blobs, &s->inbox.tip);
	int ret;

	pike_notes_of(&l, res, n);
	ret = pike_inbox_append(&s->inbox, s->r, s->prefix, &l, err);
	pike_store_named(s->r);
	for (size_t i = 0; !ret && i < n; i++)
		if (pike_entry_of(&e, &res[i]) &&
		    pike_entry_fits(s, h, &e, &res[i]))
			pike_entry_apply(s, h, &e);
		else
			all = false;
	if (!ret && all)
		pike_oidset_add(&s->blobs, &s->inbox.tip);
	pike_notes_release(&l);
	return ret;
}

bool pike_search_late(const struct pike_search_ref *s,
		      const struct pike_oid *id)
{
	struct pike_oid of;

	for (size_t i = 0; id && i < s->unlisted.n; i++) {
		pike_oid_from(&of, &s->unlisted.v[i].commit);
		if (pike_oid_eq(&of, id))
			return true;
	}
	return !id && s->unlisted.n;
}
