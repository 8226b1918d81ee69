/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lineage: the family of a search as a drawing. A column a generation, and in
 * it the candidates by island or branch; a line from each to what it was made
 * from, dashed to the others that it was crossed with.
 */
#include "report/page_priv.h"

#include "base/mem.h"
#include "model/ledger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES 600
#define COLUMN 44.0
#define ROW 15.0
#define LEFT 30.0
#define TOP 46.0

struct node {
	const struct pike_record *r; /* NULL: the base */
	double x, y;
	bool champion;
};
struct lineage {
	struct node *v;
	size_t n;
	double width, height;
};

static int by_column(const void *a, const void *b)
{
	const struct node *p = a, *q = b;
	int c;

	if (!p->r || !q->r)
		return (q->r == NULL) - (p->r == NULL);
	if (p->r->generation != q->r->generation)
		return p->r->generation < q->r->generation ? -1 : 1;
	c = strcmp(p->r->slot ? p->r->slot : "", q->r->slot ? q->r->slot : "");
	return c ? c : (p->r > q->r) - (p->r < q->r);
}

static bool is_champion(const struct pike_history *h, const struct pike_oid *id)
{
	for (size_t g = 0; g < h->ngens; g++)
		if (pike_oid_eq(&h->gens[g].champion, id))
			return true;
	return false;
}

static void place(struct lineage *l)
{
	int64_t column = -1;
	double x = LEFT - COLUMN, y = TOP;

	qsort(l->v, l->n, sizeof(*l->v), by_column);
	for (size_t i = 0; i < l->n; i++) {
		int64_t of = l->v[i].r ? l->v[i].r->generation : -1;

		if (!i || of != column) {
			x += COLUMN;
			y = TOP;
		}
		column = of;
		l->v[i].x = x;
		l->v[i].y = y;
		y += ROW;
		l->height = y > l->height ? y : l->height;
	}
	l->width = x + COLUMN;
}

static void collect(struct lineage *l, const struct pike_history *h)
{
	l->v = pike_xcalloc(h->nrecs + 1, sizeof(*l->v));
	l->v[l->n++].champion = true;
	for (size_t i = 0; i < h->nrecs; i++)
		if (pike_record_is_candidate(&h->recs[i]))
			l->v[l->n++] = (struct node){ .r = &h->recs[i],
						      .champion = is_champion(
							  h, &h->recs[i].id) };
	place(l);
}

static const struct node *find(const struct lineage *l,
			       const struct pike_history *h,
			       const struct pike_oid *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].r ? pike_oid_eq(&l->v[i].r->id, id)
			      : pike_oid_eq(&h->base, id))
			return &l->v[i];
	return NULL;
}

static void edges(struct pike_buf *b, const struct lineage *l,
		  const struct pike_history *h)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct pike_record *r = l->v[i].r;

		for (size_t k = 0; r && k < r->nparents; k++) {
			const struct node *p = find(l, h, &r->parents[k]);
			double mid = p ? (p->x + l->v[i].x) / 2 : 0;

			if (p)
				pike_buf_addf(
				    b,
				    "<path class=\"g\" fill=\"none\"%s "
				    "d=\"M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f "
				    "%.0f\"/>",
				    k ? " stroke-dasharray=\"3 3\"" : "", p->x,
				    p->y, mid, p->y, mid, l->v[i].y, l->v[i].x,
				    l->v[i].y);
		}
	}
}

/* Four kinds of ends, by colour and by shape. */
enum look {
	LOOK_FASTER,
	LOOK_MEASURED,
	LOOK_REFUSED,
	LOOK_BROKEN,
	LOOK_WAITING,
	LOOK_COUNT
};
static const struct {
	const char *name, *class, *shape; /* shape: of half width 4 */
} looks[LOOK_COUNT] = {
	[LOOK_FASTER] = { "faster", "f c2", "m0-5l5 8h-10z" },
	[LOOK_MEASURED] = { "same or slower", "f c0",
			    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0" },
	[LOOK_REFUSED] = { "wrong or refused", "f c1", "m-4-4h8v8h-8z" },
	[LOOK_BROKEN] = { "no build, crash, timeout", "l c6",
			  "m-4-4l8 8m0-8l-8 8" },
	[LOOK_WAITING] = { "not measured", "l c4",
			   "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0" },
};

static enum pike_verdict verdict_of(const struct pike_record *r)
{
	return r->confirm.verdict != PIKE_V_PENDING ? r->confirm.verdict
						    : r->screen.verdict;
}

static enum look look_of(enum pike_verdict v)
{
	switch (v) {
	case PIKE_V_FASTER:
		return LOOK_FASTER;
	case PIKE_V_SAME:
	case PIKE_V_SLOWER:
	case PIKE_V_INCONCLUSIVE:
		return LOOK_MEASURED;
	case PIKE_V_BUILD:
	case PIKE_V_CRASH:
	case PIKE_V_TIMEOUT:
		return LOOK_BROKEN;
	case PIKE_V_PENDING:
	case PIKE_V_NONE:
		return LOOK_WAITING;
	default:
		return LOOK_REFUSED;
	}
}

static void shape(struct pike_buf *b, enum look k, double x, double y)
{
	pike_buf_addf(b, "<path class=\"%s\" d=\"M%.0f %.0f%s\"/>",
		      looks[k].class, x, y, looks[k].shape);
}

static void title(struct pike_buf *b, const struct pike_record *r)
{
	char text[200];

	snprintf(text, sizeof(text), "%.12s %s%s", r->id.hex,
		 pike_verdict_name(verdict_of(r)), r->confirms ? "" : " ~");
	pike_buf_addf(b, "<title>%s", text);
	if (!isnan(r->score))
		pike_buf_addf(b, " %.2fx", exp(r->score));
	if (r->slot && *r->slot) {
		pike_buf_adds(b, ", ");
		pike_add_html(b, r->slot);
	}
	if (r->idea && *r->idea) {
		snprintf(text, sizeof(text), "%.180s", r->idea);
		pike_buf_adds(b, ": ");
		pike_add_html(b, text);
	}
	pike_buf_adds(b, "</title>");
}

static void nodes(struct pike_buf *b, const struct lineage *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct node *n = &l->v[i];

		pike_buf_adds(b, "<g>");
		if (n->r)
			title(b, n->r);
		else
			pike_buf_adds(b, "<title>base</title>");
		if (n->champion)
			pike_buf_addf(b,
				      "<circle class=\"l c2\" cx=\"%.0f\" "
				      "cy=\"%.0f\" r=\"8\"/>",
				      n->x, n->y);
		shape(b, n->r ? look_of(verdict_of(n->r)) : LOOK_MEASURED, n->x,
		      n->y);
		pike_buf_adds(b, "</g>");
	}
}

static void legend(struct pike_buf *b)
{
	double x = 8;

	for (int k = 0; k < LOOK_COUNT; k++) {
		shape(b, (enum look)k, x, 14);
		pike_buf_addf(b, "<text x=\"%.0f\" y=\"18\">%s</text>", x + 9,
			      looks[k].name);
		x += 26 + 6.6 * (double)strlen(looks[k].name);
	}
}

bool pike_lineage_svg(struct pike_buf *b, const struct pike_history *h,
		      const char *id)
{
	struct lineage l = { NULL, 0, 0, 0 };
	double width;

	if (!h->nrecs || h->nrecs > NODES)
		return false;
	collect(&l, h);
	width = l.width > 640 ? l.width : 640;
	pike_svg_open(
	    b, id, "Family of the candidates",
	    "A column for each generation. Solid lines lead to what a "
	    "candidate was made from, dashed ones to others that it "
	    "was crossed with. A ring marks a champion.",
	    width, l.height + 8);
	legend(b);
	edges(b, &l, h);
	nodes(b, &l);
	pike_buf_adds(b, "</svg>\n");
	free(l.v);
	return true;
}
