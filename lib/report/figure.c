/* SPDX-License-Identifier: Apache-2.0 */
/* figure: series of numbers that are drawn, or written as CSV. */
#include "report/figures_priv.h"
#include "report/page_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *pike_mark_name(enum pike_mark m)
{
	static const char *const names[PIKE_MARK_COUNT] = {
		[PIKE_MARK_STEP] = "step",
		[PIKE_MARK_BAR] = "bar",
		[PIKE_MARK_HIST] = "histogram",
		[PIKE_MARK_DOT] = "dot",
	};

	return names[m];
}

struct pike_series *pike_figure_series(struct pike_figure *f, const char *name)
{
	PIKE_GROW(f->v, f->n, f->cap);
	f->v[f->n] = (struct pike_series){ .name = pike_xstrdup(name) };
	return &f->v[f->n++];
}

/* Four columns that grow alike. */
void pike_series_add(struct pike_series *s, double x, double y, double lo,
		     double hi)
{
	double **columns[] = { &s->x, &s->y, &s->lo, &s->hi };
	const double values[] = { x, y, lo, hi };

	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		for (size_t i = 0; i < PIKE_ARRAY_LEN(columns); i++)
			*columns[i] = pike_xrealloc(*columns[i], s->cap,
						    sizeof(**columns[i]));
		s->note = pike_xrealloc(s->note, s->cap, sizeof(*s->note));
	}
	s->note[s->n] = NULL;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(columns); i++)
		(*columns[i])[s->n] = values[i];
	s->n++;
}

void pike_series_note(struct pike_series *s, const char *note)
{
	s->note[s->n - 1] = note;
}

void pike_figure_reference(struct pike_figure *f, const char *label,
			   const char *source, double value)
{
	struct pike_series *s = pike_figure_series(f, label);

	s->reference = true;
	s->source = source ? pike_xstrdup(source) : NULL;
	pike_series_add(s, NAN, value, NAN, NAN);
}

void pike_figure_release(struct pike_figure *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].x);
		free(f->v[i].y);
		free(f->v[i].lo);
		free(f->v[i].hi);
		free(f->v[i].note);
		free(f->v[i].source);
	}
	free(f->v);
	free(f->about);
	pike_strs_release(&f->cats);
	memset(f, 0, sizeof(*f));
}

/* ---- all of a report ---- */

struct pike_figure *pike_figures_add(struct pike_figures *f, const char *id,
				     const char *title, const char *x,
				     const char *y)
{
	PIKE_GROW(f->v, f->n, f->cap);
	f->v[f->n] =
	    (struct pike_figure){ .id = id, .title = title, .x = x, .y = y };
	return &f->v[f->n++];
}

void pike_figures_drop(struct pike_figures *f)
{
	pike_figure_release(&f->v[--f->n]);
}

void pike_figures_sampled(struct pike_figures *f)
{
	struct pike_figure *g = &f->v[f->n - 1];
	char *about;

	if (f->r->every < 2)
		return;
	about = pike_xasprintf("%s One in %zu candidates was read.", g->about,
			       f->r->every);
	free(g->about);
	g->about = about;
}

/* ---- CSV ---- */

/* Spreadsheets take what begins like a formula for one. */
void pike_csv_text(struct pike_buf *b, const char *s)
{
	pike_buf_addc(b, '"');
	if (*s && strchr("=+-@\t\r", *s))
		pike_buf_addc(b, '\'');
	for (; *s; s++) {
		if (*s == '"')
			pike_buf_addc(b, '"');
		pike_buf_addc(b, *s);
	}
	pike_buf_addc(b, '"');
}

void pike_csv_number(struct pike_buf *b, double v)
{
	pike_buf_addc(b, ',');
	if (!isnan(v))
		pike_buf_addf(b, "%.10g", v);
}

/* Behind a comma; NULL: nothing more. */
static void csv_words(struct pike_buf *b, const char *s)
{
	pike_buf_addc(b, ',');
	if (s)
		pike_csv_text(b, s);
}

static void csv_series(struct pike_buf *b, const struct pike_figure *f,
		       const struct pike_series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		pike_csv_text(b, s->name);
		if (f->mark == PIKE_MARK_BAR && !s->reference)
			csv_words(b, f->cats.v[(size_t)s->x[i]]);
		else
			pike_csv_number(b, s->x[i]);
		pike_csv_number(b, s->source ? NAN : s->y[i]);
		pike_csv_number(b, s->lo[i]);
		pike_csv_number(b, s->hi[i]);
		csv_words(b, s->note[i]);
		pike_csv_number(b, s->source ? s->y[i] : NAN);
		csv_words(b, s->source);
		pike_buf_adds(b, "\r\n");
	}
}

void pike_figure_csv(struct pike_buf *b, const struct pike_figure *f)
{
	pike_buf_adds(b, "\"series\",");
	pike_csv_text(b, f->x);
	pike_buf_addc(b, ',');
	pike_csv_text(b, f->y);
	pike_buf_adds(b, ",\"lo\",\"hi\",\"note\",\"published\",\"source\""
			 "\r\n");
	for (size_t i = 0; i < f->n; i++)
		csv_series(b, f, &f->v[i]);
}
