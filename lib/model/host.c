/* SPDX-License-Identifier: Apache-2.0 */
/* host: which lines of a CUDA file are the host's, and what makes them so. */
#include "model/rtc_priv.h"
#include "model/split_priv.h"

#include <string.h>

#define LISTED_MAX 12
#define WORDS_MAX 2

struct lister {
	struct pike_buf *out;
	size_t n; /* listed */
	struct pike_token words[WORDS_MAX];
	size_t nwords;
};

/* Names of the host's libraries, each once. */
static void on_word(void *ctx, const struct pike_token *w, bool call)
{
	struct lister *l = ctx;

	(void)call;
	if (l->nwords == WORDS_MAX || !pike_rtc_is_host(w))
		return;
	for (size_t i = 0; i < l->nwords; i++)
		if (pike_token_same(&l->words[i], w))
			return;
	l->words[l->nwords++] = *w;
}

static bool launches(const struct pike_tokens *t, const struct pike_chunk *v)
{
	for (size_t i = v->first; i + 2 < v->last; i++)
		if (pike_token_is(t, i, "<") && pike_token_is(t, i + 1, "<") &&
		    pike_token_is(t, i + 2, "<"))
			return true;
	return false;
}

/* "12-40 (main: <<<...>>>, cudaMalloc)" */
static void list_item(struct lister *l, const struct pike_chunks *p, size_t i)
{
	const struct pike_chunk *v = &p->v[i];
	const struct pike_token *name =
	    &p->t.v[v->function ? v->f.name : v->first];
	bool any;

	l->nwords = 0;
	pike_chunk_words(p, i, on_word, l);
	any = launches(&p->t, v);
	pike_buf_addf(l->out, "%s%d", l->n ? ", " : "", v->line);
	if (v->last_line > v->line)
		pike_buf_addf(l->out, "-%d", v->last_line);
	pike_buf_addf(l->out, " (%.*s%s", (int)(name->n % 100), name->s,
		      any ? ": <<<...>>>" : "");
	for (size_t k = 0; k < l->nwords; k++)
		pike_buf_addf(l->out, "%s%.*s", any || k ? ", " : ": ",
			      (int)(l->words[k].n % 100), l->words[k].s);
	pike_buf_addc(l->out, ')');
	l->n++;
}

/* Headers in a row are one entry: "1-5 (#include <stdio.h>...)" */
static size_t list_includes(struct lister *l, const struct pike_chunks *p,
			    size_t i)
{
	const struct pike_chunk *v = &p->v[i];
	const char *line = p->text + v->at;
	size_t last = i, len, row;
	const char *name = pike_include_name(line, v->stop - v->at, '>', &len);

	if (!name || pike_rtc_header(name, len, &row) != PIKE_RTC_HOST)
		return i;
	while (last + 1 < p->n && p->v[last + 1].kind == PIKE_CHUNK_INCLUDE)
		last++;
	pike_buf_addf(l->out, "%s%d", l->n ? ", " : "", v->line);
	if (last > i)
		pike_buf_addf(l->out, "-%d", p->v[last].line);
	pike_buf_addf(l->out, " (#include <%.*s>%s)", (int)(len % 100), name,
		      last > i ? "..." : "");
	l->n++;
	return last;
}

void pike_host_lines(struct pike_buf *out, const char *text)
{
	struct pike_unit unit = { 0 };
	const struct pike_units u = { .v = &unit, .n = 1 };
	struct lister l = { .out = out };

	if (pike_chunks_read(&unit.p, text, NULL))
		return;
	for (size_t i = 0; i < unit.p.n && l.n < LISTED_MAX; i++) {
		const struct pike_chunk *v = &unit.p.v[i];

		if (pike_chunk_hidden(&unit.p, i))
			continue;
		if (v->kind == PIKE_CHUNK_INCLUDE)
			i = list_includes(&l, &unit.p, i);
		if (v->kind == PIKE_CHUNK_ITEM &&
		    !pike_chunk_says(&unit.p, i, "static_assert") &&
		    !pike_unit_may_move(&u, &unit.p, i))
			list_item(&l, &unit.p, i);
	}
	if (l.n == LISTED_MAX)
		pike_buf_adds(out, ", and more");
	pike_chunks_release(&unit.p);
}
