/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: the family tree of a search as text, oldest first. What stands below a
 * candidate in the same column was made from it; `+-` begins a side branch. The
 * child that led furthest goes straight down, so a long line takes one column.
 */
#include "report/report.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/ledger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

/* Of each record, and last of all of the base. */
struct node {
	size_t parent, child, last, next; /* child: the first; next: sibling */
	double best;			  /* score in all that came of it */
	bool shown, champion;
};
struct tree {
	const struct pike_history *h;
	struct pike_tree_opts o;
	struct node *v;
	struct pike_buf *out, prefix;
	bool branches; /* the next line begins a side branch */
};

/* ---- nodes ---- */

static size_t record_of(const struct tree *t, const struct pike_oid *id)
{
	/* To look a record up leaves the history as it is. */
	struct pike_record *r =
	    pike_history_find((struct pike_history *)t->h, id);

	return r ? (size_t)(r - t->h->recs) : NONE;
}

static size_t parent_of(const struct tree *t, size_t i)
{
	const struct pike_record *r = &t->h->recs[i];
	size_t parent = r->nparents ? record_of(t, &r->parents[0]) : NONE;

	return parent < i ? parent : t->h->nrecs;
}

static void add_child(struct tree *t, size_t parent, size_t i)
{
	struct node *p = &t->v[parent];

	if (p->last == NONE)
		p->child = i;
	else
		t->v[p->last].next = i;
	p->last = i;
	t->v[i].parent = parent;
}

static double score_of(const struct pike_record *r)
{
	return isnan(r->score) ? -INFINITY : r->score;
}

/* Children come after their parents, so one pass back reaches all. */
static void gather(struct tree *t)
{
	const struct pike_history *h = t->h;

	for (size_t i = h->nrecs; i-- > 0;) {
		struct node *n = &t->v[i], *p = &t->v[n->parent];

		n->shown = n->shown || n->champion || n->child != NONE ||
			   (t->o.all && pike_record_is_candidate(&h->recs[i]));
		p->best = fmax(p->best, n->best);
		p->shown = p->shown || n->shown;
	}
}

static void grow(struct tree *t)
{
	const struct pike_history *h = t->h;

	for (size_t i = 0; i <= h->nrecs; i++)
		t->v[i] = (struct node){ .parent = NONE,
					 .child = NONE,
					 .last = NONE,
					 .next = NONE,
					 .best = -INFINITY };
	for (size_t i = 0; i < h->nrecs; i++) {
		t->v[i].best = score_of(&h->recs[i]);
		add_child(t, parent_of(t, i), i);
	}
	for (size_t g = 0; g < h->ngens; g++) {
		size_t i = record_of(t, &h->gens[g].champion);

		if (i != NONE)
			t->v[i].champion = true;
	}
	gather(t);
}

/* The child whose line goes on in the same column. */
static size_t main_child(const struct tree *t, size_t i)
{
	size_t found = NONE;

	for (size_t c = t->v[i].child; c != NONE; c = t->v[c].next)
		if (t->v[c].shown &&
		    (found == NONE || t->v[c].best > t->v[found].best))
			found = c;
	return found;
}

/* ---- lines ---- */

static const struct pike_score *latest(const struct pike_record *r)
{
	return r->confirms ? &r->confirm : &r->screen;
}

/* Children that have no line of their own, by verdict; returns how many. */
static size_t rest_of(size_t of[PIKE_V_COUNT], const struct tree *t, size_t i)
{
	size_t n = 0;

	for (size_t c = t->v[i].child; c != NONE; c = t->v[c].next) {
		const struct pike_record *r = &t->h->recs[c];

		if (t->v[c].shown || !pike_record_is_candidate(r))
			continue;
		of[latest(r)->verdict]++;
		n++;
	}
	return n;
}

/* "[+5: 3 wrong, 2 slower]", or, where that takes too much, "[+5]". */
static void add_rest(struct pike_buf *b, const struct tree *t, size_t i,
		     size_t room)
{
	size_t of[PIKE_V_COUNT] = { 0 }, n = rest_of(of, t, i);
	const char *between = ": ";

	if (!n)
		return;
	pike_buf_addf(b, " [+%zu", n);
	for (size_t v = 0; v < PIKE_V_COUNT; v++) {
		if (!of[v])
			continue;
		pike_buf_addf(b, "%s%zu %s", between, of[v],
			      pike_verdict_name((enum pike_verdict)v));
		between = ", ";
	}
	pike_buf_addc(b, ']');
	if (b->len <= room)
		return;
	pike_buf_reset(b);
	pike_buf_addf(b, " [+%zu]", n);
}

static char mark_of(const struct tree *t, size_t i)
{
	if (pike_oid_eq(&t->h->recs[i].id, &t->h->champion))
		return '*';
	return t->v[i].champion ? '+' : 'o';
}

static void add_record(struct pike_buf *b, const struct tree *t, size_t i)
{
	const struct pike_record *r = &t->h->recs[i];
	char speed[32] = "-";

	if (!isnan(r->score))
		snprintf(speed, sizeof(speed), "%s%.2fx",
			 r->confirms ? "" : "~", exp(r->score));
	pike_buf_addf(b, "%c %.10s %-12s %8s  ", mark_of(t, i), r->id.hex,
		      pike_record_is_candidate(r)
			  ? pike_verdict_name(latest(r)->verdict)
			  : r->agent->name,
		      speed);
}

static void add_prefix(struct tree *t)
{
	size_t len = t->prefix.len;

	if (!t->branches) {
		pike_buf_adds(t->out, t->prefix.s);
		return;
	}
	pike_buf_add(t->out, t->prefix.s, len - 3);
	pike_buf_adds(t->out, "+- ");
	t->branches = false;
}

static void line(struct tree *t, size_t i)
{
	struct pike_buf head, rest;
	const char *idea = i < t->h->nrecs ? t->h->recs[i].idea : NULL;
	size_t used;

	pike_buf_init(&head, 4096);
	pike_buf_init(&rest, 4096);
	if (i < t->h->nrecs)
		add_record(&head, t, i);
	else
		pike_buf_addf(&head, "base %.10s", t->h->base.hex);
	used = t->prefix.len + head.len;
	add_rest(&rest, t, i, used < t->o.width ? t->o.width - used : 0);
	used += rest.len;
	add_prefix(t);
	pike_buf_adds(t->out, head.s);
	if (idea && used < t->o.width)
		pike_cut(t->out, idea, t->o.width - used);
	pike_buf_adds(t->out, rest.s);
	while (t->out->len && t->out->s[t->out->len - 1] == ' ')
		t->out->s[--t->out->len] = '\0';
	pike_buf_addc(t->out, '\n');
	pike_buf_release(&head);
	pike_buf_release(&rest);
}

/* ---- walks ---- */

static void walk(struct tree *t, size_t i);

static void branch(struct tree *t, size_t i)
{
	pike_buf_adds(&t->prefix, "|  ");
	t->branches = true;
	walk(t, i);
	t->prefix.len -= 3;
	t->prefix.s[t->prefix.len] = '\0';
}

static void walk(struct tree *t, size_t i)
{
	while (i != NONE) {
		size_t on = main_child(t, i);

		line(t, i);
		for (size_t c = t->v[i].child; c != NONE; c = t->v[c].next)
			if (c != on && t->v[c].shown)
				branch(t, c);
		i = on;
	}
}

/* Only those that lead to one candidate, and what was made from that. */
static void trace(struct tree *t, size_t i)
{
	size_t n = 0, *up = pike_xcalloc(t->h->nrecs + 1, sizeof(*up));

	for (size_t k = i; k != NONE; k = t->v[k].parent)
		up[n++] = k;
	while (n)
		line(t, up[--n]);
	for (size_t c = t->v[i].child; c != NONE; c = t->v[c].next)
		if (t->v[c].shown) {
			pike_buf_adds(&t->prefix, "|  ");
			t->branches = true;
			line(t, c);
			t->prefix.len -= 3;
			t->prefix.s[t->prefix.len] = '\0';
		}
	free(up);
}

int pike_tree_text(struct pike_buf *b, const struct pike_history *h,
		   const struct pike_tree_opts *o, struct pike_err *err)
{
	struct tree t = { .h = h, .o = *o, .out = b };
	size_t at = h->nrecs;
	int ret = 0;

	t.v = pike_xcalloc(h->nrecs + 1, sizeof(*t.v));
	pike_buf_init(&t.prefix, 1 << 20);
	grow(&t);
	if (o->of && !pike_oid_eq(o->of, &h->base))
		at = record_of(&t, o->of);
	if (at == NONE)
		ret = pike_fail(err, PIKE_FAILED,
				"%.12s is not a candidate of the search for %s",
				o->of->hex, h->target);
	else if (o->of)
		trace(&t, at);
	else
		walk(&t, at);
	pike_buf_release(&t.prefix);
	free(t.v);
	return ret;
}
