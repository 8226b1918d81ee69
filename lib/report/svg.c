/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg: draws figures. One function a kind of mark, in one table; what they
 * share (frame, ticks, legend, colours) is above it. Coordinates are the
 * drawing's own units, which a phone shows at three quarters of a pixel.
 */
#include "report/page_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 480.0
#define HEIGHT 300.0
#define LEFT 52.0
#define RIGHT 14.0
#define BOTTOM 44.0
#define ROW 18.0 /* of the legend */
#define LETTER 7.2
#define COLOURS 8

/* Colours that the colour-blind tell apart (Okabe and Ito, 2008), darker on
 * light and lighter on dark so that both reach a contrast of 3; lines are told
 * apart by their dashes as well. */
static const char style[] =
    "<style>"
    ".pk{font:12px system-ui,sans-serif;fill:#222;color:#222}"
    ".pk .g{stroke:#8886;stroke-width:1}.pk .e{stroke:currentColor;opacity:.7}"
    ".pk .u{opacity:.75;font-style:italic}"
    ".pk .l{fill:none;stroke-width:2}.pk .r{fill:none;stroke-dasharray:2 4;"
    "stroke-width:1.5}"
    ".pk .c0{color:#0072b2}.pk .c1{color:#b34700}.pk .c2{color:#007a5a}"
    ".pk .c3{color:#a8487f}.pk .c4{color:#7a6a00}.pk .c5{color:#2a7fb0}"
    ".pk .c6{color:#555}.pk .c7{color:#8a2be2}"
    ".pk .l,.pk .r{stroke:currentColor}.pk .f{fill:currentColor}"
    "@media(prefers-color-scheme:dark){.pk{fill:#ddd;color:#ddd}"
    ".pk .c0{color:#56b4e9}.pk .c1{color:#ff9a4d}.pk .c2{color:#3ecf9f}"
    ".pk .c3{color:#e69acb}.pk .c4{color:#e0cf4f}.pk .c5{color:#8fd0f5}"
    ".pk .c6{color:#bbb}.pk .c7{color:#c9a2f5}}"
    "</style>";

static const char *const dashes[COLOURS] = { "none", "7 3", "2 3",  "9 3 2 3",
					     "5 2",  "1 2", "12 4", "3 3" };

struct drawing {
	struct pike_buf *b;
	const struct pike_figure *f;
	struct pike_axis x, y;
	double top, height;
};

static void number(char out[32], double v)
{
	double size = fabs(v);

	snprintf(out, 32,
		 size >= 1e6	? "%.3g"
		 : size >= 1000 ? "%.0f"
				: "%.4g",
		 v);
}

/* What a mark says to a mouse and to a reader of screens. */
static void mark_title(struct drawing *d, const char *name, const char *where,
		       const struct pike_series *s, size_t i)
{
	char y[32], lo[32], hi[32];

	number(y, s->y[i]);
	number(lo, s->lo[i]);
	number(hi, s->hi[i]);
	pike_buf_adds(d->b, "<title>");
	pike_add_html(d->b, name);
	pike_buf_adds(d->b, ", ");
	pike_add_html(d->b, where);
	pike_buf_addf(d->b, ": %s", isnan(s->y[i]) ? "unmeasured" : y);
	if (!isnan(s->lo[i]) && !isnan(s->y[i]))
		pike_buf_addf(d->b, " [%s, %s]", lo, hi);
	if (s->note[i])
		pike_buf_addf(d->b, "; %s", s->note[i]);
	pike_buf_adds(d->b, "</title>");
}

static void text(struct drawing *d, double x, double y, const char *anchor,
		 const char *class, const char *s)
{
	pike_buf_addf(
	    d->b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s%s%s>", x, y,
	    anchor, *class ? " class=\"" : "", class, *class ? "\"" : "");
	pike_add_html(d->b, s);
	pike_buf_adds(d->b, "</text>");
}

static void line(struct drawing *d, const char *class, double x1, double y1,
		 double x2, double y2)
{
	pike_buf_addf(d->b, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>",
		      class, x1, y1, x2, y2);
}

/* ---- legend ---- */

/* As many rows as the names need; draws them if there is a drawing. */
static double legend(struct drawing *d, const struct pike_figure *f)
{
	double x = LEFT, y = 12;

	if (f->n < 2)
		return 6;
	for (size_t i = 0; i < f->n; i++) {
		double w =
		    26 + LETTER * (double)pike_text_width(f->v[i].name) + 12;

		if (x > LEFT && x + w > WIDTH) {
			x = LEFT;
			y += ROW;
		}
		if (d) {
			pike_buf_addf(
			    d->b,
			    "<g class=\"c%zu\"><path class=\"%s\" "
			    "stroke-width=\"3\" stroke-dasharray="
			    "\"%s\" d=\"M%.1f %.1fh20\"/></g>",
			    i % COLOURS, f->v[i].reference ? "r" : "l",
			    f->v[i].reference || f->mark != PIKE_MARK_STEP
				? "none"
				: dashes[i % COLOURS],
			    x, y - 4);
			text(d, x + 24, y, "start", "", f->v[i].name);
		}
		x += w;
	}
	return y + 8;
}

/* ---- frame ---- */

static void ticks_y(struct drawing *d)
{
	double v[PIKE_TICKS];
	size_t n = pike_axis_ticks(v, &d->y);
	char s[32];

	for (size_t i = 0; i < n; i++) {
		double y = pike_axis_at(&d->y, v[i]);

		number(s, v[i]);
		line(d, "g", d->x.from, y, d->x.to, y);
		text(d, d->x.from - 6, y + 4, "end", "", s);
	}
}

static void ticks_x(struct drawing *d)
{
	double v[PIKE_TICKS], at = d->top + d->height;
	size_t n = pike_axis_ticks(v, &d->x);
	char s[32];

	for (size_t i = 0; i < n; i++) {
		double x = pike_axis_at(&d->x, v[i]);

		number(s, v[i]);
		line(d, "g", x, at, x, at + 4);
		text(d, x, at + 17, "middle", "", s);
	}
	text(d, (d->x.from + d->x.to) / 2, at + 36, "middle", "", d->f->x);
}

/* Ends of all values of a kind. */
static void span(struct pike_axis *a, const struct pike_figure *f, bool y)
{
	bool any = false;

	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->v[i].n; k++) {
			const struct pike_series *s = &f->v[i];
			double lo = y ? s->y[k] : s->x[k], hi = lo;

			if (isnan(lo) || (!y && s->reference) ||
			    (a->log && lo <= 0))
				continue;
			if (y && s->lo[k] < lo && (!a->log || s->lo[k] > 0))
				lo = s->lo[k];
			if (y && s->hi[k] > hi)
				hi = s->hi[k];
			a->lo = !any || lo < a->lo ? lo : a->lo;
			a->hi = !any || hi > a->hi ? hi : a->hi;
			any = true;
		}
	if (!any)
		a->lo = a->hi = 1;
}

/* ---- steps ---- */

/* Dots around a place, and those that have a note. */
#define ROUND "M%.1f %.1fm-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
#define SQUARE "M%.1f %.1fm-4-4h8v8h-8z"

static void one_step(struct drawing *d, const struct pike_series *s, size_t at)
{
	char where[64];
	int begun = 0;

	pike_buf_addf(d->b,
		      "<g class=\"c%zu\"><path class=\"l\" "
		      "stroke-dasharray=\"%s\" d=\"",
		      at % COLOURS, dashes[at % COLOURS]);
	for (size_t i = 0; i < s->n; i++) {
		double x = pike_axis_at(&d->x, s->x[i]);
		double y = pike_axis_at(&d->y, s->y[i]);

		if (isnan(s->y[i]))
			continue;
		pike_buf_addf(d->b, begun++ ? "H%.1fV%.1f" : "M%.1f %.1f", x,
			      y);
	}
	pike_buf_addf(d->b, "H%.1f\"/>", d->x.to);
	for (size_t i = 0; i < s->n; i++) {
		double x = pike_axis_at(&d->x, s->x[i]);
		double y = pike_axis_at(&d->y, s->y[i]);

		if (isnan(s->y[i]) ||
		    (i && s->y[i] == s->y[i - 1] && !s->note[i]))
			continue;
		snprintf(where, sizeof(where), "%.10g %s", s->x[i], d->f->x);
		pike_buf_adds(d->b, "<path class=\"f\" d=\"");
		pike_buf_addf(d->b, s->note[i] ? SQUARE : ROUND, x, y);
		pike_buf_adds(d->b, "\">");
		mark_title(d, s->name, where, s, i);
		pike_buf_adds(d->b, "</path>");
	}
	pike_buf_adds(d->b, "</g>");
}

static void reference(struct drawing *d, size_t at, bool across)
{
	const struct pike_series *s = &d->f->v[at];
	double v = pike_axis_at(across ? &d->y : &d->x, s->y[0]);

	pike_buf_addf(d->b, "<g class=\"c%zu\"><path class=\"r\" d=\"",
		      at % COLOURS);
	if (across)
		pike_buf_addf(d->b, "M%.1f %.1fH%.1f\">", d->x.from, v,
			      d->x.to);
	else
		pike_buf_addf(d->b, "M%.1f %.1fv%.1f\">", v, d->top, d->height);
	mark_title(d, s->name, s->source ? s->source : "measured", s, 0);
	pike_buf_adds(d->b, "</path></g>");
}

static void draw_steps(struct drawing *d)
{
	span(&d->x, d->f, false);
	if (d->x.lo > 0)
		d->x.lo = 0;
	pike_axis_fit(&d->x);
	ticks_y(d);
	ticks_x(d);
	for (size_t i = 0; i < d->f->n; i++)
		if (d->f->v[i].reference)
			reference(d, i, true);
		else if (d->f->v[i].n)
			one_step(d, &d->f->v[i], i);
}

/* ---- dots ---- */

static void draw_dots(struct drawing *d)
{
	char where[80];

	span(&d->x, d->f, false);
	pike_axis_fit(&d->x);
	ticks_y(d);
	ticks_x(d);
	for (size_t k = 0; k < d->f->n; k++) {
		const struct pike_series *s = &d->f->v[k];

		for (size_t i = 0; i < s->n; i++) {
			if (isnan(s->y[i]))
				continue;
			snprintf(where, sizeof(where), "%.10g %s", s->x[i],
				 d->f->x);
			pike_buf_addf(d->b,
				      "<circle class=\"f c%zu\" opacity=\".6\" "
				      "cx=\"%.1f\" cy=\"%.1f\" r=\"3\">",
				      k % COLOURS, pike_axis_at(&d->x, s->x[i]),
				      pike_axis_at(&d->y, s->y[i]));
			mark_title(d, s->name, where, s, i);
			pike_buf_adds(d->b, "</circle>");
		}
	}
}

/* ---- histograms ---- */

static void draw_hist(struct drawing *d)
{
	span(&d->x, d->f, false);
	pike_axis_fit(&d->x);
	ticks_y(d);
	ticks_x(d);
	for (size_t k = 0; k < d->f->n; k++) {
		const struct pike_series *s = &d->f->v[k];
		char where[80];

		for (size_t i = 0; i + 1 < s->n; i++) {
			double x = pike_axis_at(&d->x, s->x[i]);
			double w = pike_axis_at(&d->x, s->x[i + 1]) - x;
			double y = pike_axis_at(&d->y, s->y[i]);

			if (!(s->y[i] > 0))
				continue;
			snprintf(where, sizeof(where), "%.4g to %.4g", s->x[i],
				 s->x[i + 1]);
			w = w / (double)d->f->n;
			pike_buf_addf(
			    d->b,
			    "<rect class=\"f c%zu\" x=\"%.1f\" y=\"%.1f\" "
			    "width=\"%.1f\" height=\"%.1f\">",
			    k % COLOURS, x + w * (double)k, y,
			    w > 2 ? w - 1 : w, d->y.from - y);
			mark_title(d, s->name, where, s, i);
			pike_buf_adds(d->b, "</rect>");
		}
	}
}

/* ---- bars, one below the other ---- */

#define NAMES 150.0
#define VALUES 86.0
#define BAR 15.0

/* Of one category. */
static double group_height(const struct pike_figure *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += !f->v[i].reference;
	return (double)n * BAR + 9;
}

static double bars_height(const struct pike_figure *f)
{
	return (double)f->cats.n * group_height(f) + 6;
}

static void one_bar(struct drawing *d, const struct pike_series *s, size_t at,
		    size_t i, double y)
{
	double from = pike_axis_at(&d->x, d->x.log ? 1 : 0);
	double to = pike_axis_at(&d->x, s->y[i]);
	char value[32];

	if (isnan(s->y[i])) {
		text(d, d->x.from + 4, y + 11, "start", "u", "unmeasured");
		return;
	}
	pike_buf_addf(d->b,
		      "<g class=\"c%zu\"><rect class=\"f\" x=\"%.1f\" "
		      "y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
		      at % COLOURS, from < to ? from : to, y,
		      fabs(to - from) < 1 ? 1 : fabs(to - from), BAR - 3);
	mark_title(d, s->name, d->f->cats.v[(size_t)s->x[i]], s, i);
	pike_buf_adds(d->b, "</rect></g>");
	if (!isnan(s->lo[i]))
		line(d, "e", pike_axis_at(&d->x, s->lo[i]), y + BAR / 2 - 1.5,
		     pike_axis_at(&d->x, s->hi[i]), y + BAR / 2 - 1.5);
	number(value, s->y[i]);
	text(d, WIDTH - VALUES + 30, y + 11, "start", "", value);
}

static void cut_name(char out[64], const char *s)
{
	struct pike_buf b;

	pike_buf_init(&b, 64);
	pike_cut(&b, s, 20);
	snprintf(out, 64, "%s", b.s);
	pike_buf_release(&b);
}

static void draw_bars(struct drawing *d)
{
	double group = group_height(d->f);
	char name[64];

	d->x = (struct pike_axis){ .log = d->f->log,
				   .from = NAMES,
				   .to = WIDTH - VALUES };
	span(&d->x, d->f, true);
	if (d->x.lo > (d->x.log ? 1 : 0))
		d->x.lo = d->x.log ? 1 : 0;
	pike_axis_fit(&d->x);
	ticks_x(d);
	line(d, "g", pike_axis_at(&d->x, d->x.log ? 1 : 0), d->top,
	     pike_axis_at(&d->x, d->x.log ? 1 : 0), d->top + d->height);
	for (size_t i = 0; i < d->f->cats.n; i++) {
		cut_name(name, d->f->cats.v[i]);
		text(d, NAMES - 8, d->top + (double)i * group + group / 2 + 2,
		     "end", "", name);
	}
	for (size_t k = 0; k < d->f->n; k++)
		if (d->f->v[k].reference)
			reference(d, k, false);
	for (size_t k = 0; k < d->f->n; k++)
		for (size_t i = 0; i < d->f->v[k].n && !d->f->v[k].reference;
		     i++)
			one_bar(d, &d->f->v[k], k, i,
				d->top + d->f->v[k].x[i] * group +
				    (double)k * BAR + 6);
}

/* ---- all ---- */

static const struct {
	void (*draw)(struct drawing *d);
	bool upright; /* values go up */
} marks[PIKE_MARK_COUNT] = {
	[PIKE_MARK_STEP] = { draw_steps, true },
	[PIKE_MARK_BAR] = { draw_bars, false },
	[PIKE_MARK_HIST] = { draw_hist, true },
	[PIKE_MARK_DOT] = { draw_dots, true },
};

void pike_svg_open(struct pike_buf *b, const char *id, const char *title,
		   const char *about, double width, double height)
{
	pike_buf_addf(b,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"pk\" "
		      "viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		      "aria-labelledby=\"%s-t %s-d\">%s<title id=\"%s-t\">",
		      width, height, id, id, style, id);
	pike_add_html(b, title);
	pike_buf_addf(b, "</title><desc id=\"%s-d\">", id);
	pike_add_html(b, about);
	pike_buf_adds(b, "</desc>");
}

void pike_figure_svg(struct pike_buf *b, const struct pike_figure *f)
{
	bool up = marks[f->mark].upright;
	double top = legend(NULL, f) + (up ? 20 : 2);
	double height = up ? HEIGHT - BOTTOM - 34 : bars_height(f);
	struct drawing d = {
		.b = b,
		.f = f,
		.top = top,
		.height = height,
		.x = { .from = LEFT, .to = WIDTH - RIGHT },
		.y = { .from = top + height, .to = top, .log = f->log },
	};

	pike_svg_open(b, f->id, f->title, f->about ? f->about : f->title, WIDTH,
		      top + height + BOTTOM);
	legend(&d, f);
	if (up) {
		text(&d, 4, top - 9, "start", "", f->y);
		span(&d.y, f, true);
		if (!d.y.log && d.y.lo > 0)
			d.y.lo = 0;
		if (d.y.log && d.y.lo > 1)
			d.y.lo = 1;
		pike_axis_fit(&d.y);
	}
	marks[f->mark].draw(&d);
	pike_buf_adds(b, "</svg>\n");
}
