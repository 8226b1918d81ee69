/* SPDX-License-Identifier: Apache-2.0 */
/* table: aligned columns and wrapped paragraphs for a terminal. */
#include "report/report.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A cell is for one row of a screen; nothing honest is longer. */
#define CELL_MAX 4096
#define GAP 2

size_t pike_text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void pike_table_init(struct pike_table *t, const struct pike_column *cols,
		     size_t ncols)
{
	memset(t, 0, sizeof(*t));
	t->cols = cols;
	t->ncols = ncols;
}

void pike_table_release(struct pike_table *t)
{
	pike_strs_release(&t->cells);
}

void pike_table_cell(struct pike_table *t, const char *text)
{
	struct pike_buf b;

	pike_buf_init(&b, CELL_MAX);
	if (text)
		pike_sanitize(&b, text, strlen(text));
	for (char *p = b.s; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	pike_strs_take(&t->cells, pike_buf_detach(&b));
}

void pike_table_cellf(struct pike_table *t, const char *fmt, ...)
{
	char text[CELL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pike_table_cell(t, text);
}

static void spaces(struct pike_buf *b, size_t n)
{
	while (n--)
		pike_buf_addc(b, ' ');
}

void pike_wrap_from(struct pike_buf *b, const char *text, size_t at,
		    size_t indent, size_t width)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " \n");
		size_t w;
		char *word = pike_xstrndup(text, n);

		w = pike_text_width(word);
		if (n && !first && at + 1 + w > width) {
			pike_buf_addc(b, '\n');
			spaces(b, indent);
			at = indent;
			first = true;
		}
		if (n && !first) {
			pike_buf_addc(b, ' ');
			at++;
		}
		pike_buf_adds(b, word);
		free(word);
		at += w;
		first = first && !n;
		text += n;
		if (*text == '\n' && text[1]) {
			pike_buf_addc(b, '\n');
			spaces(b, text[1] == '\n' ? 0 : indent);
			at = indent;
			first = true;
		}
		text += *text != '\0';
	}
}

void pike_wrap(struct pike_buf *b, const char *text, size_t indent,
	       size_t width)
{
	struct pike_buf clean;

	pike_buf_init(&clean, 1 << 20);
	pike_sanitize(&clean, text, strlen(text));
	spaces(b, indent);
	pike_wrap_from(b, clean.s, indent, indent, width);
	pike_buf_addc(b, '\n');
	pike_buf_release(&clean);
}

void pike_cut(struct pike_buf *b, const char *text, size_t room)
{
	struct pike_buf clean;

	pike_buf_init(&clean, 4096);
	pike_sanitize(&clean, text, strcspn(text, "\n"));
	if (pike_text_width(clean.s) > room) {
		while (clean.len && pike_text_width(clean.s) + 3 > room) {
			while (clean.len > 1 &&
			       (clean.s[clean.len - 1] & 0xc0) == 0x80)
				clean.len--;
			clean.s[--clean.len] = '\0';
		}
		pike_buf_adds(&clean, room > 3 ? "..." : "");
	}
	pike_buf_adds(b, clean.s);
	pike_buf_release(&clean);
}

static size_t column_width(const struct pike_table *t, size_t col)
{
	size_t w = t->cols[col].title ? pike_text_width(t->cols[col].title) : 0;

	for (size_t i = col; i < t->cells.n; i += t->ncols) {
		size_t n = pike_text_width(t->cells.v[i]);

		w = n > w ? n : w;
	}
	return w;
}

static void print_row(struct pike_buf *b, const struct pike_table *t,
		      char *const *cells, const size_t *widths, size_t width)
{
	size_t at = 0;

	for (size_t i = 0; i < t->ncols; i++) {
		const char *s = cells[i] ? cells[i] : "";
		size_t n = pike_text_width(s);
		bool last = i + 1 == t->ncols;

		if (t->cols[i].right && n < widths[i])
			spaces(b, widths[i] - n);
		if (last && t->cols[i].cut) {
			pike_cut(b, s, at < width ? width - at : 0);
			break;
		}
		if (last && !t->cols[i].right) {
			pike_wrap_from(b, s, at, at, width);
			break;
		}
		pike_buf_adds(b, s);
		if (!last && !t->cols[i].right && n < widths[i])
			spaces(b, widths[i] - n);
		if (!last)
			spaces(b, GAP);
		at += (n > widths[i] ? n : widths[i]) + GAP;
	}
	while (b->len && b->s[b->len - 1] == ' ')
		b->s[--b->len] = '\0';
	pike_buf_addc(b, '\n');
}

void pike_table_print(struct pike_buf *b, const struct pike_table *t,
		      size_t width)
{
	size_t *widths = pike_xcalloc(t->ncols + 1, sizeof(*widths));
	char **titles = pike_xcalloc(t->ncols + 1, sizeof(*titles));
	bool titled = false;

	for (size_t i = 0; i < t->ncols; i++) {
		widths[i] = column_width(t, i);
		titles[i] = pike_xstrdup(t->cols[i].title);
		titled = titled || titles[i];
	}
	if (titled)
		print_row(b, t, titles, widths, width);
	for (size_t i = 0; i + t->ncols <= t->cells.n; i += t->ncols)
		print_row(b, t, &t->cells.v[i], widths, width);
	for (size_t i = 0; i < t->ncols; i++)
		free(titles[i]);
	free(titles);
	free(widths);
}
