/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold: the history of a search from what git holds of it.
 *
 * Generations are walked along first parents, candidates along the ladder
 * that each generation closes, every commit read once. Scores come from the
 * generations' trailers; what no generation lists yet comes from notes and
 * inboxes. All scores of one fold are applied in the order (time, id).
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 512
};

/* One fold in progress. */
struct fold {
	struct pike_search_ref *s;
	struct pike_history *h;
	bool from_notes; /* scores from notes alone */
	struct pike_entry_lines lines;
	struct pike_err *err;
};

/* ---- trailers ---- */

static char *span_dup(const struct pike_span *v)
{
	return pike_xstrndup(v->s, v->n < TEXT_MAX ? v->n : TEXT_MAX);
}

static void span_text(char out[65], const struct pike_span *v)
{
	size_t n = v->n < 64 ? v->n : 64;

	memcpy(out, v->s, n);
	out[n] = '\0';
}

static double span_f64(const struct pike_span *v)
{
	char t[64];
	size_t n = v->n < sizeof(t) - 1 ? v->n : sizeof(t) - 1;

	memcpy(t, v->s, n);
	t[n] = '\0';
	return strtod(t, NULL);
}

static int64_t span_i64(const struct pike_span *v)
{
	int64_t x = 0;

	for (size_t i = 0; i < v->n && i < 18; i++) {
		if (v->s[i] < '0' || v->s[i] > '9')
			break;
		x = x * 10 + (v->s[i] - '0');
	}
	return x;
}

static void span_oid(struct pike_oid *out, const struct pike_span *v)
{
	git_oid id;

	if (v->n == GIT_OID_HEXSZ && !git_oid_fromstrn(&id, v->s, v->n))
		pike_oid_from(out, &id);
}

static void read_tokens(struct pike_record *r, const struct pike_span *v)
{
	for (size_t i = 0; i + 4 < v->n; i++) {
		struct pike_span in = { v->s + i + 3, v->n - i - 3 };
		struct pike_span out = { v->s + i + 4, v->n - i - 4 };

		if (!memcmp(v->s + i, "in=", 3))
			r->tokens_in = span_i64(&in);
		else if (!memcmp(v->s + i, "out=", 4))
			r->tokens_out = span_i64(&out);
	}
	r->guessed = memmem(v->s, v->n, "estimated", 9) != NULL;
}

static const struct {
	const char *key;
	size_t offset;
} record_texts[] = {
	{ .key = "Pike-Slot", .offset = offsetof(struct pike_record, slot) },
	{ .key = "Pike-Idea", .offset = offsetof(struct pike_record, idea) },
	{ .key = "Pike-Model", .offset = offsetof(struct pike_record, model) },
	{ .key = "Pike-Run", .offset = offsetof(struct pike_record, run) },
};

static void record_text(struct pike_record *r, const struct pike_span *k,
			const struct pike_span *v)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(record_texts); i++) {
		char **at;

		if (!pike_span_is(k, record_texts[i].key))
			continue;
		at = (char **)((char *)r + record_texts[i].offset);
		free(*at);
		*at = span_dup(v);
	}
}

static const struct pike_agent *agent_of(const struct pike_span *v)
{
	const struct pike_agent *a;

	for (size_t i = 0; (a = pike_agent_at(i)); i++)
		if (pike_span_is(v, a->name))
			return a;
	return &pike_agent_unknown;
}

static void empty_texts(struct pike_record *r)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(record_texts); i++) {
		char **at = (char **)((char *)r + record_texts[i].offset);

		if (!*at)
			*at = pike_xstrdup("");
	}
}

void pike_record_of(struct pike_record *out, const git_oid *id,
		    const struct pike_commit *c)
{
	struct pike_span rest = c->trailers, k, v;

	memset(out, 0, sizeof(*out));
	pike_oid_from(&out->id, id);
	out->settled = -1;
	out->score = NAN;
	out->parents = pike_xcalloc(c->nparents + 1, sizeof(*out->parents));
	out->nparents = c->nparents;
	for (size_t i = 0; i < c->nparents; i++) {
		git_oid p;

		pike_commit_parent(&p, c, i);
		pike_oid_from(&out->parents[i], &p);
	}
	while (pike_trailer_next(&rest, &k, &v)) {
		if (k.n < 6 || memcmp(k.s, "Pike-", 5))
			continue;
		if (pike_span_is(&k, "Pike-Source"))
			span_oid(&out->source, &v);
		else if (pike_span_is(&k, "Pike-Generation"))
			out->generation = span_i64(&v);
		else if (pike_span_is(&k, "Pike-Cost"))
			out->cost = span_f64(&v);
		else if (pike_span_is(&k, "Pike-Tokens"))
			read_tokens(out, &v);
		else if (pike_span_is(&k, "Pike-Asked"))
			out->tries = span_i64(&v);
		else if (pike_span_is(&k, "Pike-Again"))
			out->again = true;
		else if (pike_span_is(&k, "Pike-Agent"))
			out->agent = agent_of(&v);
		else
			record_text(out, &k, &v);
	}
	if (!out->agent) /* a person's commit */
		out->agent = &pike_agent_human;
	empty_texts(out);
}

void pike_record_add(struct pike_search_ref *s, struct pike_history *h,
		     const git_oid *id, struct pike_record *rec)
{
	pike_oidset_add(&s->own, id);
	PIKE_GROW(s->pending, s->npending, s->pending_cap);
	s->pending[s->npending++] = pike_history_add(h, rec);
}

/* ---- the ladder ---- */

/* A person's commit does not say when it was made: what it descends from
 * does. On an earlier base than the last it would bring back what that has
 * mended. */
static void date_record(struct pike_record *rec, struct fold *f,
			const git_oid *id)
{
	const struct pike_generation *now = pike_history_epoch(f->h, NULL);
	git_oid first;

	if (now && now->number > 0 && !rec->generation &&
	    !pike_oid_to(&first, &now->id, NULL) &&
	    git_graph_descendant_of(f->s->r->g, id, &first) == 1)
		rec->generation = now->number + 1;
}

static int add_candidate(struct fold *f, const git_oid *id,
			 const struct pike_commit *have)
{
	struct pike_record rec;
	struct pike_commit c;
	int ret = 0;

	if (pike_oidset_has(&f->s->own, id))
		return 0;
	if (have) {
		pike_record_of(&rec, id, have);
	} else {
		ret = pike_commit_read(&c, f->s->r, id, f->err);
		if (ret)
			return ret;
		pike_record_of(&rec, id, &c);
		pike_commit_release(&c);
	}
	date_record(&rec, f, id);
	pike_record_add(f->s, f->h, id, &rec);
	return 0;
}

struct link {
	git_oid id;
	struct pike_commit c;
};
struct links {
	struct link *v;
	size_t n, cap;
};

static void links_release(struct links *l)
{
	for (size_t i = 0; i < l->n; i++)
		pike_commit_release(&l->v[i].c);
	free(l->v);
}

static bool is_generation(const struct pike_commit *c)
{
	return pike_commit_trailer(c, "Pike-Champion").n > 0;
}

static bool begins_epoch(const struct pike_commit *c)
{
	return pike_commit_trailer(c, "Pike-Base").n > 0;
}

static bool is_first(const struct pike_commit *c)
{
	struct pike_span v = pike_commit_trailer(c, "Pike-Generation");

	return begins_epoch(c) && !span_i64(&v);
}

/* Follows first parents from `*at`, and leaves it at what was read before. A
 * generation ends a walk of the ladder. */
static int follow(struct links *out, struct fold *f, git_oid *at, bool ladder)
{
	int ret = 0;

	while (!git_oid_is_zero(at) && !pike_oidset_has(&f->s->chain, at)) {
		struct link *l;

		PIKE_GROW(out->v, out->n, out->cap);
		l = &out->v[out->n];
		l->id = *at;
		ret = pike_commit_read(&l->c, f->s->r, at, f->err);
		if (ret)
			break;
		out->n++;
		pike_commit_parent(at, &l->c, 0);
		if (!is_generation(&l->c))
			continue;
		if (ladder || is_first(&l->c))
			break;
	}
	return ret;
}

static int fold_rung(struct fold *f, const struct link *l)
{
	int ret = 0;

	if (is_generation(&l->c))
		return 0;
	pike_oidset_add(&f->s->chain, &l->id);
	if (pike_steer_fold(f->h, &l->id, &l->c, (int64_t)f->h->ngens))
		return 0;
	if (!pike_commit_trailer(&l->c, "Pike-Rung").n)
		return add_candidate(f, &l->id, &l->c); /* a person's */
	for (size_t i = 1; !ret && i < l->c.nparents; i++) {
		git_oid id;

		pike_commit_parent(&id, &l->c, i);
		ret = add_candidate(f, &id, NULL);
	}
	return ret;
}

/* Leaves `*at`, its top, at what was read before. */
static int fold_ladder(struct fold *f, git_oid *at)
{
	struct links l = { NULL, 0, 0 };
	int ret = follow(&l, f, at, true);

	for (size_t i = l.n; !ret && i--;)
		ret = fold_rung(f, &l.v[i]);
	links_release(&l);
	return ret;
}

/* What a ladder says, down to what is in `seen`. */
static int hear_ladder(struct fold *f, struct pike_oidset *seen, git_oid at,
		       int64_t generation)
{
	struct links l = { NULL, 0, 0 };
	int ret = 0;

	while (!ret && !git_oid_is_zero(&at) && pike_oidset_add(seen, &at)) {
		struct link *k;

		PIKE_GROW(l.v, l.n, l.cap);
		k = &l.v[l.n];
		k->id = at;
		ret = pike_commit_read(&k->c, f->s->r, &at, f->err);
		if (ret)
			break;
		l.n++;
		if (is_generation(&k->c))
			break;
		pike_commit_parent(&at, &k->c, 0);
	}
	for (size_t i = l.n; !ret && i--;)
		if (!is_generation(&l.v[i].c))
			pike_steer_fold(f->h, &l.v[i].id, &l.v[i].c,
					generation);
	links_release(&l);
	return ret;
}

/* A ladder that was climbed again has other commits, and what others have said
 * stands below. */
static int hear_again(struct fold *f, const git_oid *top)
{
	struct pike_history *h = f->h;
	struct pike_oidset seen = { 0 };
	git_oid at;
	int ret = 0;

	pike_steers_release(&h->steers);
	for (size_t i = 0; !ret && i < h->ngens; i++)
		if (!pike_oid_to(&at, &h->gens[i].ladder, NULL))
			ret = hear_ladder(f, &seen, at, h->gens[i].number);
	if (!ret)
		ret = hear_ladder(f, &seen, *top, (int64_t)h->ngens);
	pike_oidset_release(&seen);
	return ret;
}

static int fold_top(struct fold *f, const git_oid *top)
{
	struct pike_search_ref *s = f->s;
	git_oid end = *top;
	int ret = fold_ladder(f, &end);

	if (!ret && f->h->steers.n && !git_oid_is_zero(&s->rung) &&
	    !git_oid_equal(&end, &s->rung) &&
	    git_graph_descendant_of(s->r->g, top, &s->rung) != 1)
		ret = hear_again(f, top);
	s->rung = *top;
	return ret;
}

/* ---- generations ---- */

static void read_ratio(struct pike_ratio *out, const struct pike_span *v)
{
	char t[128], *p = t;
	size_t n = v->n < sizeof(t) - 1 ? v->n : sizeof(t) - 1;

	memcpy(t, v->s, n);
	t[n] = '\0';
	out->lo = strtod(p, &p);
	out->mid = strtod(p, &p);
	out->hi = strtod(p, &p);
}

static void read_result(struct fold *f, const struct pike_generation *g,
			const struct pike_span *v)
{
	struct pike_entry_line e;

	if (!pike_entry_parse(&e, v)) {
		f->h->skipped_lines++;
		return;
	}
	e.settled = g->number;
	pike_entries_push(&f->lines, &e);
}

static void read_generation(struct fold *f, struct pike_generation *g,
			    const struct link *l)
{
	struct pike_span rest = l->c.trailers, k, v;

	memset(g, 0, sizeof(*g));
	pike_oid_from(&g->id, &l->id);
	g->ts = git_commit_time(l->c.c);
	v = pike_commit_trailer(&l->c, "Pike-Generation");
	g->number = span_i64(&v);
	while (pike_trailer_next(&rest, &k, &v)) {
		if (pike_span_is(&k, "Pike-Result"))
			read_result(f, g, &v);
		else if (pike_span_is(&k, "Pike-Champion"))
			span_oid(&g->champion, &v);
		else if (pike_span_is(&k, "Pike-Speedup"))
			read_ratio(&g->speedup, &v);
		else if (pike_span_is(&k, "Pike-Spent"))
			g->spent = span_f64(&v);
		else if (pike_span_is(&k, "Pike-Base"))
			span_oid(&g->base, &v);
		else if (pike_span_is(&k, "Pike-Env"))
			span_text(g->env, &v);
		else if (pike_span_is(&k, "Pike-Task"))
			span_text(g->task, &v);
	}
}

static int fold_generation(struct fold *f, const struct link *l)
{
	bool begins = begins_epoch(&l->c);
	struct pike_generation g;
	git_oid rung = { { 0 } };
	int ret = 0;

	pike_oidset_add(&f->s->chain, &l->id);
	if (!is_generation(&l->c))
		return add_candidate(f, &l->id, &l->c);
	read_generation(f, &g, l);
	/* The last parent is the base where an epoch begins, and generation 0
	 * has that alone. */
	if (g.number > 0 && l->c.nparents > (begins ? 2 : 1)) {
		pike_commit_parent(&rung, &l->c, 1);
		pike_oid_from(&g.ladder, &rung);
		ret = fold_ladder(f, &rung);
	}
	pike_history_generation(f->h, &g, begins);
	return ret;
}

/* 1: what was read is not below it. */
static int fold_branch(struct fold *f, const git_oid *tip)
{
	struct links l = { NULL, 0, 0 };
	git_oid at = *tip;
	int ret = follow(&l, f, &at, false);

	if (!ret && !git_oid_is_zero(&f->s->tip) &&
	    !git_oid_equal(&at, &f->s->tip))
		ret = 1;
	for (size_t i = l.n; !ret && i--;)
		ret = fold_generation(f, &l.v[i]);
	links_release(&l);
	if (!ret)
		f->s->tip = *tip;
	return ret;
}

/* A generation that was folded gave way to another machine's. */
static int fold_anew(struct fold *f, const git_oid *tip)
{
	struct pike_search_ref *s = f->s;
	struct pike_oidset *const sets[] = { &s->chain, &s->own, &s->blobs,
					     &s->applied, &s->listed };

	pike_history_reset(f->h);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(sets); i++)
		pike_oidset_release(sets[i]);
	memset(&s->tip, 0, sizeof(s->tip));
	memset(&s->rung, 0, sizeof(s->rung));
	memset(&s->results, 0, sizeof(s->results));
	s->npending = s->nlast = s->unlisted.n = f->lines.n = 0;
	return fold_branch(f, tip);
}

/* ---- notes ---- */

static void take_line(void *ctx, const char *line, size_t len)
{
	struct fold *f = ctx;
	struct pike_result res;
	struct pike_entry_line e;

	pike_result_init(&res);
	if (pike_result_parse(&res, line, len, NULL))
		f->h->skipped_lines++;
	else if (pike_entry_of(&e, &res) &&
		 pike_entry_fits(f->s, f->h, &e, &res))
		pike_entries_push(&f->lines, &e);
	pike_result_release(&res);
}

static int take_note(void *ctx, const git_oid *commit, const git_oid *blob,
		     struct pike_err *err)
{
	struct fold *f = ctx;

	(void)commit;
	return pike_note_lines(f->s->r, blob, take_line, f, err);
}

static int fold_inbox(struct fold *f, const char *ref)
{
	struct pike_oidset *seen = &f->s->blobs;
	git_tree *tree = NULL;
	git_oid tip, now;
	int ret = pike_ref_read(&tip, f->s->r, ref, f->err);

	if (!ret && pike_oidset_has(seen, &tip))
		return 0;
	if (!ret)
		ret = pike_notes_open(&tip, &tree, f->s->r, ref, f->err);
	if (!ret)
		ret =
		    pike_notes_each(f->s->r, tree, seen, take_note, f, f->err);
	if (!ret)
		pike_oidset_add(seen, &tip);
	git_tree_free(tree);
	/* Folded meanwhile by another: its lines are in the results. */
	if (ret && pike_ref_read(&now, f->s->r, ref, NULL) == 1)
		ret = 0;
	return ret;
}

static int fold_inboxes(struct fold *f)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_inbox_list(&refs, f->s->r, false, f->err);

	for (size_t i = 0; !ret && i < refs.n; i++)
		ret = fold_inbox(f, refs.v[i]);
	pike_strs_release(&refs);
	return ret;
}

static int pending_note(struct fold *f, const git_tree *tree, size_t rec)
{
	struct pike_buf b;
	git_oid id;
	int ret = pike_oid_to(&id, &f->h->recs[rec].id, f->err);

	pike_buf_init(&b, (size_t)-1);
	if (!ret)
		ret = pike_notes_get(&b, f->s->r, tree, &id, f->err);
	for (const char *p = b.s, *end = b.s + b.len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl > p)
			take_line(f, p, (size_t)(nl - p));
		p = nl + 1;
	}
	pike_buf_release(&b);
	return ret;
}

/* Lines that reached the results although no generation lists them: of a
 * process that died between the two. */
static int fold_results(struct fold *f)
{
	struct pike_search_ref *s = f->s;
	git_tree *tree = NULL;
	git_oid tip;
	int ret = pike_ref_read(&tip, s->r, PIKE_NOTES_RESULTS, f->err);

	if (ret || git_oid_equal(&tip, &s->results))
		return ret == 1 ? 0 : ret;
	ret = pike_notes_open(&tip, &tree, s->r, PIKE_NOTES_RESULTS, f->err);
	if (!ret && f->from_notes)
		ret = pike_notes_each(s->r, tree, NULL, take_note, f, f->err);
	for (size_t i = 0; !ret && !f->from_notes && i < s->npending; i++)
		ret = pending_note(f, tree, s->pending[i]);
	if (!ret)
		s->results = tip;
	git_tree_free(tree);
	return ret;
}

/* ---- the whole ---- */

/* What generations list is settled, before notes are looked for. */
static void settle(struct fold *f)
{
	struct pike_search_ref *s = f->s;
	size_t n = 0;

	for (size_t i = 0; i < f->lines.n; i++) {
		const struct pike_entry_line *e = &f->lines.v[i];
		struct pike_oid id;
		struct pike_record *r;

		pike_oid_from(&id, &e->commit);
		r = pike_history_find(f->h, &id);
		if (r && r->settled < 0)
			r->settled = e->settled;
		pike_entry_listed(s, e);
	}
	for (size_t i = 0; i < s->npending; i++) {
		struct pike_record *r = &f->h->recs[s->pending[i]];

		if (r->settled < 0 && r->past)
			r->settled = pike_history_left(f->h, r);
		if (r->settled < 0)
			s->pending[n++] = s->pending[i];
	}
	s->npending = n;
	if (f->from_notes)
		f->lines.n = 0;
}

static void apply_lines(struct fold *f)
{
	struct pike_search_ref *s = f->s;
	size_t n = 0;

	if (f->lines.n)
		qsort(f->lines.v, f->lines.n, sizeof(*f->lines.v),
		      pike_entry_cmp);
	for (size_t i = 0; i < f->lines.n; i++)
		pike_entry_apply(s, f->h, &f->lines.v[i]);
	for (size_t i = 0; i < s->unlisted.n; i++) {
		const struct pike_entry_line *e = &s->unlisted.v[i];
		git_oid key;

		pike_line_key(&key, &e->commit, e->ts, e->id);
		if (!pike_oidset_has(&s->listed, &key))
			s->unlisted.v[n++] = *e;
	}
	s->unlisted.n = n;
}

static int fold_refs(struct fold *f)
{
	struct pike_search_ref *s = f->s;
	git_oid tip, top;
	/* The ladder first: a generation that closes it comes after it. */
	int no_ladder = pike_ref_read(&top, s->r, s->ladder, f->err);
	int ret = no_ladder < 0 ? no_ladder
				: pike_ref_read(&tip, s->r, s->branch, f->err);

	if (ret)
		return ret;
	if (!git_oid_equal(&tip, &s->tip))
		ret = fold_branch(f, &tip);
	if (ret == 1)
		ret = fold_anew(f, &tip);
	if (!ret && !no_ladder && !git_oid_equal(&top, &s->rung))
		ret = fold_top(f, &top);
	pike_oid_from(&f->h->ladder, no_ladder ? &tip : &top);
	settle(f);
	if (!ret)
		ret = fold_inboxes(f);
	if (!ret) /* after the inboxes: lines move from there to here */
		ret = fold_results(f);
	if (!ret)
		apply_lines(f);
	return ret;
}

static int fold(struct pike_history *h, struct pike_search_ref *s,
		bool from_notes, struct pike_err *err)
{
	struct fold f = {
		.s = s, .h = h, .from_notes = from_notes, .err = err
	};
	int ret = pike_store_check(s->r, err);

	if (!ret)
		ret = fold_refs(&f);
	free(f.lines.v);
	return ret == 1 ? 0 : ret; /* not begun */
}

int pike_search_fold(struct pike_history *h, struct pike_search_ref *s,
		     struct pike_err *err)
{
	return fold(h, s, false, err);
}

int pike_search_fold_notes(struct pike_history *h, struct pike_search_ref *s,
			   struct pike_err *err)
{
	struct pike_search_ref *own;
	char *run = strchr(s->lane, '.'), *lane;
	int ret;

	lane = run ? pike_xstrndup(s->lane, (size_t)(run - s->lane))
		   : pike_xstrdup(s->lane);
	ret = pike_search_open(&own, s->r, s->target, lane,
			       run ? run + 1 : NULL, err);
	if (!ret) {
		ret = fold(h, own, true, err);
		pike_search_close(own);
	}
	free(lane);
	return ret;
}
