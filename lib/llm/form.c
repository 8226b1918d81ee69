/* SPDX-License-Identifier: Apache-2.0 */
/* form: what a file looks like beside its lines. Models know nothing of it,
 * and whoever reads the change is to see no more than what they changed. */
#include "llm/reply_priv.h"

#include "base/text.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

size_t pike_form_bom(const char *text)
{
	return pike_starts_with(text, BOM) ? strlen(BOM) : 0;
}

struct pike_form pike_form_of(const char *text)
{
	struct pike_form f = { .bom = pike_form_bom(text) > 0 };
	size_t returns = 0, lines = 0, n = strlen(text);

	for (const char *p = text; (p = strchr(p, '\n')); p++) {
		lines++;
		returns += p > text && p[-1] == '\r';
	}
	f.crlf = 2 * returns > lines;
	f.open_end = n && text[n - 1] != '\n';
	return f;
}

void pike_form_add_line(struct pike_buf *out, struct pike_line l, bool crlf)
{
	pike_buf_add(out, l.s, l.n);
	pike_buf_adds(out, crlf ? "\r\n" : "\n");
}

char *pike_form_apply(const struct pike_form *f, const char *text)
{
	struct pike_lines lines;
	struct pike_buf b;

	text += pike_form_bom(text);
	pike_lines_split(&lines, text, strlen(text));
	pike_buf_init(&b, (size_t)-1);
	if (f->bom)
		pike_buf_adds(&b, BOM);
	for (size_t i = 0; i < lines.n; i++)
		pike_form_add_line(&b, lines.v[i], f->crlf);
	pike_lines_release(&lines);
	if (f->open_end)
		pike_form_drop_end(&b);
	return pike_buf_detach(&b);
}

void pike_form_drop_end(struct pike_buf *b)
{
	if (b->len && b->s[b->len - 1] == '\n')
		b->len--;
	if (b->len && b->s[b->len - 1] == '\r')
		b->len--;
	b->s[b->len] = '\0';
}

bool pike_form_alone(const char *a, const char *b)
{
	struct pike_lines v, w;
	bool same;

	a += pike_form_bom(a);
	b += pike_form_bom(b);
	pike_lines_split(&v, a, strlen(a));
	pike_lines_split(&w, b, strlen(b));
	same = v.n == w.n;
	for (size_t i = 0; same && i < v.n; i++)
		same = v.v[i].n == w.v[i].n &&
		       !memcmp(v.v[i].s, w.v[i].s, v.v[i].n);
	pike_lines_release(&v);
	pike_lines_release(&w);
	return same;
}
