/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive_search: is a pushed evolution branch, or ladder, what a search could
 * have written? Every new commit changes its target's files alone; every
 * generation stands on the one before, closes a ladder, and has a champion that
 * its own results, or those before, have confirmed.
 */
#include "git/receive_priv.h"
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHAIN_MAX = 100000
};

struct searching {
	struct pike_receive *x;
	const struct pike_received *u;
	char *target;
	const char *lane;
	bool ladder;
	struct pike_strs paths;	 /* the target's files */
	struct pike_oidset gens; /* generations on the way of first parents */
	git_oid *bases;		 /* that they say they stand on, newest first */
	size_t nbases, bases_cap;
	git_oid newest; /* of gens */
	bool met;	/* what the ref was, on that way */
	struct pike_oidset own;
	bool own_whole; /* `own` has all commits of the search, not the new */
	struct pike_err *err;
};

/* ---- trailers of a generation ---- */

enum field {
	NUMBER,
	TARGET,
	LANE,
	CHAMPION,
	SPEEDUP,
	SPENT,
	STRATEGY,
	SEED,
	BASE,
	FIELDS
};

static const char *const field_keys[FIELDS] = {
	[NUMBER] = "Pike-Generation", [TARGET] = "Pike-Target",
	[LANE] = "Pike-Lane",	      [CHAMPION] = "Pike-Champion",
	[SPEEDUP] = "Pike-Speedup",   [SPENT] = "Pike-Spent",
	[STRATEGY] = "Pike-Strategy", [SEED] = "Pike-Seed",
	[BASE] = "Pike-Base", /* the only one that may be missing */
};

struct generation {
	git_oid id;
	struct pike_commit c;
	struct pike_span f[FIELDS]; /* of c; s NULL: not there */
	int64_t number;
	git_oid champion, base;
	struct pike_ratio speedup;
};

static bool is_generation(const struct pike_commit *c)
{
	return pike_commit_trailer(c, field_keys[CHAMPION]).n > 0;
}

static bool read_number(int64_t *out, const struct pike_span *v)
{
	char *t = pike_xstrndup(v->s, v->n);
	bool ok = v->n && v->n < 16 && strspn(t, "0123456789") == v->n &&
		  pike_parse_i64(t, out);

	free(t);
	return ok;
}

static bool read_oid(git_oid *out, const struct pike_span *v)
{
	return v->n == GIT_OID_HEXSZ && !git_oid_fromstrn(out, v->s, v->n);
}

/* As many numbers, and nothing else. */
static bool read_numbers(double *out, size_t n, const struct pike_span *v)
{
	struct pike_strs words = PIKE_STRS_INIT;
	char *t = pike_xstrndup(v->s, v->n);
	bool ok;

	pike_strs_split(&words, t, " ");
	ok = words.n == n;
	for (size_t i = 0; ok && i < n; i++)
		ok = pike_parse_f64(words.v[i], &out[i]);
	pike_strs_release(&words);
	free(t);
	return ok;
}

static bool in_order(const struct pike_ratio *r)
{
	return isfinite(r->lo) && isfinite(r->hi) && r->lo >= 0 &&
	       r->lo <= r->mid && r->mid <= r->hi;
}

static bool same_ratio(const struct pike_ratio *a, const struct pike_ratio *b)
{
	return !(a->lo < b->lo || a->lo > b->lo || a->mid < b->mid ||
		 a->mid > b->mid || a->hi < b->hi || a->hi > b->hi);
}

static int bad_field(struct searching *s, enum field f, const char *what)
{
	return pike_fail(s->err, PIKE_FAILED, "%s %s", field_keys[f], what);
}

/* A key that is there twice would be read differently by different readers. */
static int find_fields(struct generation *g, struct searching *s)
{
	struct pike_span rest = g->c.trailers, k, v;

	while (pike_trailer_next(&rest, &k, &v))
		for (int i = 0; i < FIELDS; i++) {
			if (!pike_span_is(&k, field_keys[i]))
				continue;
			if (g->f[i].s)
				return bad_field(s, i, "is there twice");
			g->f[i] = v;
		}
	for (int i = 0; i < BASE; i++)
		if (!g->f[i].n)
			return bad_field(s, i, "is missing");
	return 0;
}

static int read_fields(struct generation *g, struct searching *s)
{
	double r[3], spent;

	if (!read_number(&g->number, &g->f[NUMBER]))
		return bad_field(s, NUMBER, "is not a number");
	if (!pike_span_is(&g->f[TARGET], s->target))
		return bad_field(s, TARGET, "is not the ref's");
	if (!pike_span_is(&g->f[LANE], s->lane))
		return bad_field(s, LANE, "is not the ref's");
	if (!read_oid(&g->champion, &g->f[CHAMPION]))
		return bad_field(s, CHAMPION, "is not a commit id");
	if (g->f[BASE].s && !read_oid(&g->base, &g->f[BASE]))
		return bad_field(s, BASE, "is not a commit id");
	if (!read_numbers(r, 3, &g->f[SPEEDUP]))
		return bad_field(s, SPEEDUP, "is not three numbers");
	g->speedup = (struct pike_ratio){ r[0], r[1], r[2] };
	if (!in_order(&g->speedup) || g->speedup.lo <= 0)
		return bad_field(s, SPEEDUP, "is not an interval");
	if (!read_numbers(&spent, 1, &g->f[SPENT]) || spent < 0)
		return bad_field(s, SPENT, "is not an amount");
	return 0;
}

/* Release it in either case. */
static int read_generation(struct generation *g, struct searching *s,
			   const git_oid *id)
{
	int ret;

	memset(g, 0, sizeof(*g));
	g->id = *id;
	ret = pike_commit_read(&g->c, s->x->r, id, s->err);
	if (!ret)
		ret = find_fields(g, s);
	return ret ? ret : read_fields(g, s);
}

/* ---- the way of first parents ---- */

static int add_base(struct searching *s, const struct pike_span *v)
{
	git_oid id;

	if (!read_oid(&id, v))
		return bad_field(s, BASE, "is not a commit id");
	if (git_oid_is_zero(&s->x->head) ||
	    !pike_receive_descends(s->x, &s->x->head, &id))
		return pike_fail(
		    s->err, PIKE_FAILED,
		    "the search stands on commit %.12s, which the "
		    "branch of HEAD does not have; push that first",
		    v->s);
	PIKE_GROW(s->bases, s->nbases, s->bases_cap);
	s->bases[s->nbases++] = id;
	return 0;
}

/* 1: with this commit the search has begun. */
static int read_link(struct searching *s, const git_oid *id,
		     const struct pike_commit *c)
{
	struct pike_span base = pike_commit_trailer(c, field_keys[BASE]);
	struct pike_span number = pike_commit_trailer(c, field_keys[NUMBER]);
	int ret = 0;

	if (!is_generation(c)) {
		if (!s->ladder && pike_commit_trailer(c, "Pike-Rung").n)
			ret = pike_fail(s->err, PIKE_FAILED,
					"a rung of the ladder is not a "
					"generation");
		return ret;
	}
	if (!s->gens.n)
		s->newest = *id;
	pike_oidset_add(&s->gens, id);
	if (base.n)
		ret = add_base(s, &base);
	return ret ? ret : pike_span_is(&number, "0");
}

static int read_way(struct searching *s)
{
	git_oid at = s->u->now;
	int ret = 0;

	while (!ret && !git_oid_is_zero(&at)) {
		struct pike_commit c;

		ret = pike_commit_read(&c, s->x->r, &at, s->err);
		if (ret)
			break;
		s->met = s->met || git_oid_equal(&at, &s->u->was);
		ret = read_link(s, &at, &c);
		pike_commit_parent(&at, &c, 0);
		pike_commit_release(&c);
	}
	if (ret < 0 || (ret == 1 && s->nbases))
		return ret < 0 ? ret : 0;
	return pike_fail(s->err, PIKE_FAILED,
			 "it does not descend from a generation 0 that names "
			 "its base");
}

static int check_forward(const struct searching *s)
{
	const struct pike_received *u = s->u;
	bool forward = git_oid_is_zero(&u->was) || s->met;

	/* A ladder goes on to the generation whose second parent it is. */
	if (!forward && s->ladder)
		forward = pike_receive_descends(s->x, &u->now, &u->was);
	return forward ? 0
		       : pike_fail(s->err, PIKE_FAILED,
				   "it only moves forward: fetch, and go on "
				   "from what is here");
}

/* A ladder stands on a generation of its branch, which comes along where it is
 * new. */
static int check_ground(const struct searching *s)
{
	char *branch =
	    pike_xasprintf("refs/heads/pike/evo/%s/%s", s->target, s->lane);
	git_oid tip;
	int ret = pike_receive_after(&tip, s->x, branch, s->err);

	if (ret == 1 ||
	    (!ret && !pike_receive_descends(s->x, &tip, &s->newest)))
		ret = pike_fail(s->err, PIKE_FAILED,
				"it stands on a generation that '%s' does not "
				"have; push that along",
				branch);
	free(branch);
	return ret;
}

/* ---- one generation ---- */

/* Finds the generation before `g`; release it in either case. */
static int read_before(struct generation *out, struct searching *s,
		       const struct generation *g)
{
	git_oid at;

	memset(out, 0, sizeof(*out));
	pike_commit_parent(&at, &g->c, 0);
	for (int i = 0; i < CHAIN_MAX && !git_oid_is_zero(&at); i++) {
		struct pike_commit c;
		bool found;
		int ret = pike_commit_read(&c, s->x->r, &at, s->err);

		if (ret)
			return ret;
		found = is_generation(&c);
		if (!found)
			pike_commit_parent(&at, &c, 0);
		pike_commit_release(&c);
		if (found)
			return read_generation(out, s, &at);
	}
	return pike_fail(s->err, PIKE_FAILED,
			 "no generation stands before this one");
}

static int own_all(struct searching *s)
{
	static const char *const none[] = { NULL };
	git_oid *v;
	size_t n;
	int ret = pike_receive_new(&v, &n, s->x, &s->u->now, none, s->err);

	for (size_t i = 0; i < n; i++)
		pike_oidset_add(&s->own, &v[i]);
	s->own_whole = true;
	free(v);
	return ret;
}

/* Is it a commit of this search? Most are new with the push itself. */
static int check_own(struct searching *s, const git_oid *id, const char *what)
{
	char hex[GIT_OID_HEXSZ + 1];
	int ret = 0;

	if (!pike_oidset_has(&s->own, id) && !s->own_whole)
		ret = own_all(s);
	if (ret || pike_oidset_has(&s->own, id))
		return ret;
	return pike_fail(s->err, PIKE_FAILED,
			 "%s %.12s is not a commit of this search", what,
			 git_oid_tostr(hex, sizeof(hex), id));
}

static int check_result(struct searching *s, struct pike_entry_line *e,
			const struct pike_span *v)
{
	struct pike_buf b;
	git_oid vs;
	bool ok = pike_entry_parse(e, v);

	/* Written as it is read: no other text means the same. */
	pike_buf_init(&b, 4096);
	if (ok)
		pike_entry_print(&b, e);
	ok = ok && b.len == strlen("Pike-Result: ") + v->n + 1 &&
	     !memcmp(b.s + strlen("Pike-Result: "), v->s, v->n) &&
	     in_order(&e->score.ratio) &&
	     (!pike_oid_set(&e->score.vs) ||
	      !pike_oid_to(&vs, &e->score.vs, NULL));
	pike_buf_release(&b);
	if (!ok)
		return pike_fail(s->err, PIKE_FAILED,
				 "a Pike-Result is not well formed");
	return check_own(s, &e->commit, "the result's");
}

/* Does this line make it the champion, or stay so with this speedup? */
static bool confirms(const struct pike_entry_line *e,
		     const struct generation *g, bool stays)
{
	return e->stage == PIKE_CONFIRM &&
	       git_oid_equal(&e->commit, &g->champion) &&
	       (stays || e->score.verdict == PIKE_V_FASTER) &&
	       same_ratio(&e->score.ratio, &g->speedup);
}

static int check_champion(struct searching *s, const struct generation *g,
			  const struct generation *before)
{
	bool stays = git_oid_equal(&g->champion, &before->champion);
	bool known = stays && same_ratio(&g->speedup, &before->speedup);
	struct pike_span rest = g->c.trailers, k, v;
	struct pike_entry_line e;
	int ret = 0;

	while (!ret && pike_trailer_next(&rest, &k, &v)) {
		if (!pike_span_is(&k, "Pike-Result"))
			continue;
		ret = check_result(s, &e, &v);
		known = known || (!ret && confirms(&e, g, stays));
	}
	if (ret || known || g->f[BASE].s)
		return ret;
	return pike_fail(s->err, PIKE_FAILED,
			 "its champion %.12s is neither the one before nor "
			 "confirmed by its results with that speedup",
			 g->f[CHAMPION].s);
}

static int check_tree(struct searching *s, const struct generation *g)
{
	git_oid tree;
	int ret = pike_commit_tree_id(&tree, s->x->r, &g->champion, s->err);

	if (ret || git_oid_equal(&tree, git_commit_tree_id(g->c.c)))
		return ret;
	return pike_fail(s->err, PIKE_FAILED,
			 "its tree is not that of its champion %.12s",
			 g->f[CHAMPION].s);
}

/* The ladder stands on a generation before this one, by first parents. */
static int check_ladder(struct searching *s, const struct generation *g)
{
	git_oid at;

	pike_commit_parent(&at, &g->c, 1);
	for (int i = 0; i < CHAIN_MAX && !git_oid_is_zero(&at); i++) {
		struct pike_commit c;
		int ret;

		if (pike_oidset_has(&s->gens, &at)) {
			if (!i)
				break;
			return 0;
		}
		ret = pike_commit_read(&c, s->x->r, &at, s->err);
		if (ret)
			return ret;
		pike_commit_parent(&at, &c, 0);
		pike_commit_release(&c);
	}
	return pike_fail(s->err, PIKE_FAILED,
			 "its second parent is not a ladder on a generation "
			 "before it");
}

static int judge_first(struct searching *s, const struct generation *g)
{
	git_oid parent;

	pike_commit_parent(&parent, &g->c, 0);
	if (g->c.nparents == 1 && g->f[BASE].s &&
	    git_oid_equal(&parent, &g->base) &&
	    git_oid_equal(&g->champion, &g->base) &&
	    pike_span_is(&g->f[SPEEDUP], "1 1 1"))
		return check_tree(s, g);
	return pike_fail(s->err, PIKE_FAILED,
			 "generation 0 is not its base, as its own champion, "
			 "at 1x");
}

/* From here on all is measured anew, on a base that is its last parent. */
static int judge_rebase(struct searching *s, const struct generation *g)
{
	git_oid last;
	int ret = 0;

	pike_commit_parent(&last, &g->c, g->c.nparents - 1);
	if (g->c.nparents < 2 || g->c.nparents > 3 ||
	    !git_oid_equal(&last, &g->base))
		return bad_field(s, BASE, "is not its last parent");
	if (g->c.nparents == 3)
		ret = check_ladder(s, g);
	if (ret || git_oid_equal(&g->champion, &g->base))
		return ret ? ret : check_tree(s, g);
	return check_own(s, &g->champion, "the champion");
}

static int judge_next(struct searching *s, const struct generation *g)
{
	int ret = 0;

	if (g->c.nparents > 2)
		return pike_fail(s->err, PIKE_FAILED,
				 "a generation has no more than two parents");
	if (g->c.nparents == 2)
		ret = check_ladder(s, g);
	return ret ? ret : check_tree(s, g);
}

static int judge_later(struct searching *s, const struct generation *g)
{
	struct generation before;
	int ret = read_before(&before, s, g);

	if (!ret && g->number != before.number + 1)
		ret = bad_field(s, NUMBER, "does not follow the one before");
	if (!ret)
		ret = g->f[BASE].s ? judge_rebase(s, g) : judge_next(s, g);
	if (!ret)
		ret = check_champion(s, g, &before);
	pike_commit_release(&before.c);
	return ret;
}

static int judge_generation(struct searching *s, const git_oid *id)
{
	struct generation g;
	int ret = read_generation(&g, s, id);

	if (!ret && !pike_oidset_has(&s->gens, id))
		ret = pike_fail(s->err, PIKE_FAILED,
				"a generation beside the branch");
	if (!ret)
		ret = g.number ? judge_later(s, &g) : judge_first(s, &g);
	pike_commit_release(&g.c);
	return ret;
}

/* ---- all new commits ---- */

/* What steers stands on the way of the ladder, and is no candidate of it. */
static int judge_rung(struct searching *s, const struct pike_commit *c,
		      const struct pike_span *rung)
{
	int64_t n;
	int ret = 0;

	if (!read_number(&n, rung) || n < 1 || (size_t)n + 1 != c->nparents)
		return pike_fail(s->err, PIKE_FAILED,
				 "Pike-Rung is not the number of its "
				 "candidates");
	for (size_t i = 1; !ret && i < c->nparents; i++) {
		struct pike_commit k;
		git_oid id;

		pike_commit_parent(&id, c, i);
		ret = pike_commit_read(&k, s->x->r, &id, s->err);
		if (ret)
			break;
		if (pike_commit_trailer(&k, "Pike-Steer").n)
			ret = pike_fail(s->err, PIKE_FAILED,
					"a candidate of a rung steers nothing "
					"(Pike-Steer)");
		pike_commit_release(&k);
	}
	return ret;
}

static int judge_kind(struct searching *s, const git_oid *id)
{
	struct pike_commit c;
	struct pike_span rung;
	int ret = pike_commit_read(&c, s->x->r, id, s->err);

	if (ret)
		return ret;
	rung = pike_commit_trailer(&c, "Pike-Rung");
	if (is_generation(&c))
		ret = judge_generation(s, id);
	else if (pike_commit_trailer(&c, "Pike-Steer").n)
		ret = pike_steer_check(s->x->r, &c, s->err);
	else if (rung.n)
		ret = judge_rung(s, &c, &rung);
	pike_commit_release(&c);
	return ret;
}

static int judge_new(struct searching *s)
{
	char *branches = pike_xasprintf("refs/heads/pike/evo/%s/", s->target);
	char *ladders = pike_xasprintf("refs/pike/open/%s/", s->target);
	const char *const known[] = { branches, ladders, NULL };
	char hex[GIT_OID_HEXSZ + 1];
	git_oid *v;
	size_t n;
	int ret = pike_receive_new(&v, &n, s->x, &s->u->now, known, s->err);

	for (size_t i = 0; i < n; i++)
		pike_oidset_add(&s->own, &v[i]);
	for (size_t i = 0; !ret && i < n; i++) {
		ret = pike_receive_paths(s->x, &v[i], s->bases, s->nbases,
					 &s->paths, s->err);
		if (!ret)
			ret = judge_kind(s, &v[i]);
		if (ret)
			pike_err_prefix(s->err, "commit %.12s",
					git_oid_tostr(hex, sizeof(hex), &v[i]));
	}
	free(v);
	free(branches);
	free(ladders);
	return ret;
}

static bool lane_ok(const char *lane)
{
	const char *dot = strchr(lane, '.');
	char *own = pike_xstrndup(lane, strcspn(lane, "."));
	bool ok = pike_is_name(own) && (!dot || pike_is_name(dot + 1));

	free(own);
	return ok;
}

static int find_target(struct searching *s)
{
	const struct pike_entries *e = &s->x->config;

	if (!pike_is_name(s->target) || !lane_ok(s->lane))
		return pike_fail(s->err, PIKE_FAILED,
				 "is not named by a target and a lane");
	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->v[i].section, "target") &&
		    !strcmp(e->v[i].sub, s->target) &&
		    !strcmp(e->v[i].key, "source") && e->v[i].value)
			pike_strs_push(&s->paths, e->v[i].value);
	return s->paths.n ? 0
			  : pike_fail(s->err, PIKE_FAILED,
				      ".pike/config of HEAD's branch has no "
				      "target '%s'; push that first",
				      s->target);
}

int pike_receive_search(struct pike_receive *x, const struct pike_received *u,
			const char *name, bool ladder, struct pike_err *err)
{
	const char *slash = strchr(name, '/');
	struct searching s = { .x = x,
			       .u = u,
			       .target =
				   pike_xstrndup(name, strcspn(name, "/")),
			       .lane = slash ? slash + 1 : "",
			       .ladder = ladder,
			       .err = err };
	int ret = 0;

	if (git_oid_is_zero(&u->now))
		ret = pike_fail(err, PIKE_FAILED,
				"it is a search's record, and is not deleted");
	if (!ret)
		ret = find_target(&s);
	if (!ret)
		ret = read_way(&s);
	if (!ret)
		ret = check_forward(&s);
	/* Of a part of the push it cannot be told. */
	if (!ret && ladder && x->whole)
		ret = check_ground(&s);
	if (!ret)
		ret = judge_new(&s);
	pike_oidset_release(&s.gens);
	pike_oidset_release(&s.own);
	pike_strs_release(&s.paths);
	free(s.bases);
	free(s.target);
	return ret;
}
