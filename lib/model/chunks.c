/* SPDX-License-Identifier: Apache-2.0 */
/* chunks: a CUDA file as the row of things that it declares. */
#include "model/chunks_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct reader {
	struct pike_chunks *p;
	size_t line;	/* the next line of the preprocessor */
	size_t linkage; /* the #endif of an `extern "C" {` for C++ alone */
	size_t stack[DEPTH_MAX], depth;
	struct pike_err *err;
};

/* ---- comments ---- */

/* Behind the comment or blank at p; p itself where there is none. */
static const char *past_comment(const char *p, const char *end)
{
	const char *close;

	if (p + 1 < end && p[0] == '/' && p[1] == '/') {
		close = memchr(p, '\n', (size_t)(end - p));
		return close ? close : end;
	}
	if (p + 1 < end && p[0] == '/' && p[1] == '*') {
		close = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
		return close ? close + 2 : end;
	}
	return p < end && isspace((unsigned char)*p) ? p + 1 : p;
}

/* The end of the line that a chunk ends in, if nothing but a comment follows
 * there; a comment that goes on below is the next one's. */
static size_t line_end(const char *text, size_t from, size_t limit)
{
	const char *p = text + from, *end = text + limit;

	while (p < end && *p != '\n') {
		const char *next = past_comment(p, end);

		if (next == p || memchr(p, '\n', (size_t)(next - p)))
			return from;
		p = next;
	}
	return (size_t)(p - text) + (p < end);
}

/* Where the comment begins that stands right above `at`. */
static size_t comment_begin(const char *text, size_t from, size_t at)
{
	const char *p = text + from, *end = text + at, *begin = NULL;
	bool blank = false; /* of the line so far */

	while (p < end) {
		const char *next = past_comment(p, end);

		if (*p == '\n') {
			if (blank)
				begin = NULL;
			blank = true;
		} else if (!isspace((unsigned char)*p)) {
			begin = begin ? begin : p;
			blank = false;
		}
		p = next > p ? next : end;
	}
	return begin ? (size_t)(begin - text) : at;
}

/* ---- lines of the preprocessor ---- */

/* The word at or behind p; its length. */
static size_t next_word(const char **p, const char *end)
{
	size_t n = 0;

	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	while (*p + n < end &&
	       (isalnum((unsigned char)(*p)[n]) || (*p)[n] == '_'))
		n++;
	return n;
}

static enum pike_chunk_kind directive_kind(const struct pike_token *line)
{
	static const struct {
		const char *word;
		enum pike_chunk_kind kind;
	} kinds[] = {
		{ "define", PIKE_CHUNK_DEFINE },
		{ "undef", PIKE_CHUNK_UNDEF },
		{ "include", PIKE_CHUNK_INCLUDE },
		{ "if", PIKE_CHUNK_IF },
		{ "ifdef", PIKE_CHUNK_IF },
		{ "ifndef", PIKE_CHUNK_IF },
		{ "else", PIKE_CHUNK_ELSE },
		{ "elif", PIKE_CHUNK_ELSE },
		{ "elifdef", PIKE_CHUNK_ELSE },
		{ "elifndef", PIKE_CHUNK_ELSE },
		{ "endif", PIKE_CHUNK_ENDIF },
	};
	const char *word = line->s + 1;
	size_t n = next_word(&word, line->s + line->n);

	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		if (n == strlen(kinds[i].word) &&
		    !memcmp(word, kinds[i].word, n))
			return kinds[i].kind;
	return PIKE_CHUNK_DIRECTIVE;
}

/* ---- chunks ---- */

static struct pike_chunk *add_chunk(struct reader *r, enum pike_chunk_kind kind,
				    const char *at, const char *stop, int line)
{
	struct pike_chunks *p = r->p;
	struct pike_chunk *new;

	PIKE_GROW(p->v, p->n, p->cap);
	new = &p->v[p->n];
	*new = (struct pike_chunk){ .kind = kind,
				    .at = (size_t)(at - p->text),
				    .stop = (size_t)(stop - p->text),
				    .line = line,
				    .last_line = line,
				    .group = p->n,
				    .up = PIKE_NO_CHUNK };
	for (const char *c = at; c < stop; c++)
		new->last_line += *c == '\n';
	if (r->depth)
		new->up = r->stack[r->depth - 1];
	p->n++;
	return new;
}

static int push(struct reader *r)
{
	if (r->depth == DEPTH_MAX)
		return pike_fail(r->err, PIKE_FAILED,
				 "line %d: more than %d deep",
				 r->p->v[r->p->n - 1].line, DEPTH_MAX);
	r->stack[r->depth++] = r->p->n - 1;
	return 0;
}

/* The chunk just added ends, or goes on with, what is around it. */
static int pop(struct reader *r, bool condition)
{
	struct pike_chunk *new = &r->p->v[r->p->n - 1], *top;
	size_t up = new->up;

	top = up == PIKE_NO_CHUNK ? NULL : &r->p->v[up];
	if (!top || (top->kind == PIKE_CHUNK_OPEN) == condition)
		return pike_fail(r->err, PIKE_FAILED,
				 "line %d: what ends here does not begin in "
				 "the same #if or bracket",
				 new->line);
	new->group = top->group;
	new->up = r->p->v[top->group].up;
	r->depth--;
	return 0;
}

/* `#ifdef __cplusplus` around nothing but `extern "C" {`, or its bracket: CUDA
 * is C++, so these two lines say nothing. */
static bool is_linkage(const struct pike_tokens *t, size_t i)
{
	const struct pike_token *line = &t->lines[i];
	const char *s = line->s + line->n, *end;

	if (i + 1 >= t->nlines ||
	    directive_kind(&t->lines[i + 1]) != PIKE_CHUNK_ENDIF ||
	    !memmem(line->s, line->n, "__cplusplus", 11))
		return false;
	end = t->lines[i + 1].s;
	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	return (end == s + 1 && *s == '}') ||
	       (end > s + 6 && !memcmp(s, "extern", 6) && end[-1] == '{');
}

static int add_directive(struct reader *r)
{
	const struct pike_token *line = &r->p->t.lines[r->line];
	enum pike_chunk_kind kind = directive_kind(line);
	int ret = 0;

	if (is_linkage(&r->p->t, r->line))
		r->linkage = r->line + 1;
	if (r->linkage && (r->line == r->linkage || r->line + 1 == r->linkage))
		kind = PIKE_CHUNK_DIRECTIVE;
	r->line++;
	add_chunk(r, kind, line->s, line->s + line->n, line->line);
	if (kind == PIKE_CHUNK_ELSE || kind == PIKE_CHUNK_ENDIF)
		ret = pop(r, true);
	if (!ret && (kind == PIKE_CHUNK_IF || kind == PIKE_CHUNK_ELSE))
		ret = push(r);
	return ret;
}

/* All lines of the preprocessor above the token. */
static int directives_to(struct reader *r, const char *at)
{
	int ret = 0;

	while (!ret && r->line < r->p->t.nlines &&
	       (!at || r->p->t.lines[r->line].s < at))
		ret = add_directive(r);
	return ret;
}

/* An #if that a chunk ends in its middle: all of it is torn. */
static void tear(struct reader *r)
{
	struct pike_chunks *p = r->p;

	if (!r->depth || p->v[r->stack[r->depth - 1]].kind == PIKE_CHUNK_OPEN)
		return;
	r->depth--;
	p->v[p->v[r->stack[r->depth]].group].torn = true;
}

/* Steps over those in the middle of a chunk; do their #ifs nest? */
static bool directives_in(struct reader *r, const char *end)
{
	int depth = 0;
	bool good = true;

	for (; r->line < r->p->t.nlines && r->p->t.lines[r->line].s < end;
	     r->line++) {
		enum pike_chunk_kind kind =
		    directive_kind(&r->p->t.lines[r->line]);

		good &= depth ||
			(kind != PIKE_CHUNK_ELSE && kind != PIKE_CHUNK_ENDIF);
		if (kind == PIKE_CHUNK_ENDIF && !depth)
			tear(r);
		else
			depth += (kind == PIKE_CHUNK_IF) -
				 (kind == PIKE_CHUNK_ENDIF);
	}
	return good && !depth;
}

static const char *token_end(const struct pike_tokens *t, size_t i)
{
	return t->v[i].s + t->v[i].n;
}

/* Where the chunk that begins at `first` ends: behind its `;` or body. */
static size_t item_end(struct pike_function *f, bool *function,
		       const struct pike_tokens *t, size_t first)
{
	size_t i = first;

	*function = false;
	for (; i < t->n && !pike_token_is(t, i, ";"); i++) {
		size_t close = pike_token_close(t, i);

		if (pike_token_is(t, i, "{") &&
		    pike_function_head(f, t, first, i)) {
			f->end = close;
			*function = true;
			return close < t->n ? close + 1 : t->n;
		}
		i = close > i ? close : i;
		if (i >= t->n)
			break;
	}
	return i < t->n ? i + 1 : t->n;
}

/* A lone `;` belongs to what is before it. */
static size_t past_semicolons(const struct reader *r, size_t i)
{
	const struct pike_tokens *t = &r->p->t;

	while (pike_token_is(t, i, ";") &&
	       (r->line >= t->nlines || t->lines[r->line].s > t->v[i].s))
		i++;
	return i;
}

static size_t add_item(struct reader *r, size_t first)
{
	const struct pike_tokens *t = &r->p->t;
	struct pike_function f = { 0 };
	struct pike_chunk *new;
	bool function, torn, using;
	size_t end = item_end(&f, &function, t, first);

	torn = !directives_in(r, token_end(t, end - 1));
	end = past_semicolons(r, end);
	using = pike_token_is(t, first, "using") &&
		pike_token_is(t, first + 1, "namespace");
	new = add_chunk(r, using ? PIKE_CHUNK_USING : PIKE_CHUNK_ITEM,
			t->v[first].s, token_end(t, end - 1), t->v[first].line);
	new->first = first;
	new->last = end;
	new->function = function;
	new->torn = torn;
	new->f = f;
	return end;
}

/* `namespace a::b {`, `extern "C" {`: the token of the brace; 0: none. */
static size_t room_brace(const struct pike_tokens *t, size_t i)
{
	if (pike_token_is(t, i, "inline"))
		i++;
	if (pike_token_is(t, i, "extern"))
		return i + 2 < t->n && *t->v[i + 1].s == '"' &&
			       pike_token_is(t, i + 2, "{")
			   ? i + 2
			   : 0;
	if (!pike_token_is(t, i, "namespace"))
		return 0;
	for (i++; i < t->n && (t->v[i].word || pike_token_is(t, i, "::"));)
		i++;
	return pike_token_is(t, i, "{") ? i : 0;
}

static int add_token(struct reader *r, size_t *at)
{
	const struct pike_tokens *t = &r->p->t;
	size_t i = *at, brace = room_brace(t, i);
	struct pike_chunk *new;
	int ret = directives_to(r, t->v[i].s);

	if (ret)
		return ret;
	if (brace) {
		new = add_chunk(r, PIKE_CHUNK_OPEN, t->v[i].s,
				token_end(t, brace), t->v[i].line);
		new->first = i;
		new->last = *at = brace + 1;
		return push(r);
	}
	if (pike_token_is(t, i, "}")) {
		add_chunk(r, PIKE_CHUNK_CLOSE, t->v[i].s, token_end(t, i),
			  t->v[i].line);
		*at = i + 1;
		return pop(r, false);
	}
	*at = add_item(r, i);
	return 0;
}

/* What is no text of C: a bracket that nothing closes, or another kind, as all
 * behind it would be one thing; a `#` that may come to stand first in a line.
 */
static int check_text(const struct pike_tokens *t, struct pike_err *err)
{
	static const char open[] = "([{", shut[] = ")]}";

	for (size_t i = 0; i < t->n; i++) {
		const char *kind = strchr(open, *t->v[i].s);
		size_t mate = t->v[i].mate;

		if (*t->v[i].s == '#')
			return pike_fail(err, PIKE_FAILED,
					 "line %d: '#' in the middle of a line",
					 t->v[i].line);
		if (kind &&
		    (mate == t->n || *t->v[mate].s != shut[kind - open]))
			return pike_fail(err, PIKE_FAILED,
					 "line %d: '%c' is never closed, or in "
					 "an #if of its own",
					 t->v[i].line, *kind);
	}
	return 0;
}

/* Comments, and the ends of lines. */
static void set_edges(struct pike_chunks *p)
{
	size_t from = 0, all = strlen(p->text);

	for (size_t i = 0; i < p->n; i++) {
		struct pike_chunk *v = &p->v[i];
		size_t next = i + 1 < p->n ? v[1].at : all;

		v->begin = v->kind == PIKE_CHUNK_CLOSE
			       ? v->at
			       : comment_begin(p->text, from, v->at);
		/* With the blanks before it */
		while (v->begin > from && (p->text[v->begin - 1] == ' ' ||
					   p->text[v->begin - 1] == '\t'))
			v->begin--;
		v->end = from = line_end(p->text, v->stop, next);
	}
}

/* ---- names ---- */

static void declare(struct pike_chunks *p, const struct pike_token *name,
		    size_t chunk)
{
	PIKE_GROW(p->names, p->nnames, p->names_cap);
	p->names[p->nnames++] =
	    (struct pike_declared){ .name = *name, .chunk = chunk };
}

/* The name behind `#define`. */
static struct pike_token define_name(const struct pike_chunks *p, size_t chunk)
{
	const struct pike_chunk *v = &p->v[chunk];
	const char *word = p->text + v->at + 1, *end = p->text + v->stop;
	struct pike_token name = { .word = true, .line = v->line };
	size_t n = next_word(&word, end);

	name.s = word + n;
	name.n = next_word(&name.s, end);
	return name;
}

/* Words behind which a name stands, or nothing does. */
static bool is_keyword(const struct pike_token *w)
{
	static const char *const words[] = {
		"const",  "int",      "float",	  "double",  "char",
		"void",	  "bool",     "unsigned", "signed",  "long",
		"short",  "auto",     "static",	  "struct",  "class",
		"enum",	  "union",    "final",	  "size_t",  "volatile",
		"inline", "typename", "public",	  "private", "static_assert",
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (strlen(words[i]) == w->n && !memcmp(words[i], w->s, w->n))
			return true;
	return isdigit((unsigned char)*w->s);
}

/* { A, B = 1 } of an enum. */
static void declare_values(struct pike_chunks *p, size_t chunk, size_t open)
{
	const struct pike_tokens *t = &p->t;
	size_t close = pike_token_close(t, open);

	for (size_t i = open + 1; i < close; i++) {
		if (t->v[i].word &&
		    (i == open + 1 || pike_token_is(t, i - 1, ",")))
			declare(p, &t->v[i], chunk);
		if (pike_token_close(t, i) > i)
			i = pike_token_close(t, i);
	}
}

/* Does a name that is declared stand before this token? */
static bool ends_name(const struct pike_tokens *t, size_t i)
{
	return t->v[i].n == 1 ? strchr("=[;{(,:", *t->v[i].s) != NULL
			      : pike_token_is(t, i, "::");
}

/* Does the token at i say that the one before it is a name? */
static void declare_before(struct pike_chunks *p, size_t chunk, size_t i,
			   bool tag)
{
	const struct pike_tokens *t = &p->t;
	bool inner = pike_token_is(t, i, "(") && pike_token_is(t, i + 1, "*");
	bool angle = tag && pike_token_is(t, i, "<");

	/* typedef float (*name)(float) */
	if (inner && i + 2 < p->v[chunk].last && t->v[i + 2].word)
		declare(p, &t->v[i + 2], chunk);
	if (i > p->v[chunk].first && !inner && (ends_name(t, i) || angle) &&
	    t->v[i - 1].word && !is_keyword(&t->v[i - 1]) &&
	    !pike_token_attribute(t, i - 1))
		declare(p, &t->v[i - 1], chunk);
}

/* The last token of the bracket or initialiser that begins at i. */
static size_t step_over(const struct pike_tokens *t, size_t i, size_t end,
			bool tag)
{
	if (tag && pike_token_is(t, i, "<"))
		return pike_token_angle(t, i);
	if (!pike_token_is(t, i, "="))
		return pike_token_close(t, i);
	/* The comma or `;` behind it names nothing. */
	while (++i < end && !pike_token_is(t, i, ",") &&
	       !pike_token_is(t, i, ";"))
		i = pike_token_close(t, i);
	return i;
}

/* Of what is no function: each word before a `=`, `[`, `;` and the like that
 * is in no bracket. Rather one too many. */
static void declare_names(struct pike_chunks *p, size_t chunk)
{
	const struct pike_tokens *t = &p->t;
	size_t i = p->v[chunk].first, end = p->v[chunk].last;
	bool is_enum = false, tag = false;

	for (; i < end; i++) {
		if (pike_token_is(t, i, "template") &&
		    pike_token_is(t, i + 1, "<")) {
			i = pike_token_angle(t, i + 1);
			continue;
		}
		is_enum |= pike_token_is(t, i, "enum");
		tag |= pike_token_is(t, i, "struct") ||
		       pike_token_is(t, i, "class");
		declare_before(p, chunk, i, tag);
		if (is_enum && pike_token_is(t, i, "{"))
			declare_values(p, chunk, i);
		i = step_over(t, i, end, tag);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct pike_declared *x = a, *y = b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int d = memcmp(x->name.s, y->name.s, n);

	if (d)
		return d;
	return x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

static int by_place(const void *a, const void *b)
{
	const struct pike_declared *x = a, *y = b;
	int d = by_name(a, b);

	if (d)
		return d;
	return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

static void declare_all(struct pike_chunks *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct pike_chunk *v = &p->v[i];

		if (v->kind == PIKE_CHUNK_DEFINE ||
		    v->kind == PIKE_CHUNK_UNDEF) {
			const struct pike_token name = define_name(p, i);

			declare(p, &name, i);
		}
		if (v->kind == PIKE_CHUNK_ITEM && v->function)
			declare(p, &p->t.v[v->f.name], i);
		else if (v->kind == PIKE_CHUNK_ITEM)
			declare_names(p, i);
	}
	if (p->nnames)
		qsort(p->names, p->nnames, sizeof(*p->names), by_place);
}

size_t pike_chunks_find(size_t *at, const struct pike_chunks *p,
			const struct pike_token *name)
{
	const struct pike_declared key = { .name = *name };
	size_t lo = 0, hi = p->nnames, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_name(&p->names[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	while (lo + n < p->nnames && !by_name(&p->names[lo + n], &key))
		n++;
	return n;
}

/* ---- words ---- */

/* Of a line of the preprocessor, behind its own name. */
static void line_words(const struct pike_token *line, pike_word_fn *each,
		       void *ctx)
{
	const char *word = line->s + 1;
	struct pike_tokens t;
	size_t n = next_word(&word, line->s + line->n);
	char *text;

	if (directive_kind(line) == PIKE_CHUNK_INCLUDE)
		return;
	word += n;
	text = pike_xstrndup(word, (size_t)(line->s + line->n - word));
	for (char *c = text; *c; c++)
		if (*c == '\\' && (c[1] == '\n' || c[1] == '\r'))
			*c = ' ';
	pike_tokens_read(&t, text);
	for (size_t i = 0; i < t.n; i++) {
		struct pike_token w = t.v[i];

		/* It points into the chunk, not into this copy. */
		w.s = word + (w.s - text);
		w.line = line->line;
		if (w.word)
			each(ctx, &w, pike_token_is(&t, i + 1, "("));
	}
	pike_tokens_release(&t);
	free(text);
}

static void token_words(const struct pike_tokens *t, size_t first, size_t last,
			pike_word_fn *each, void *ctx)
{
	for (size_t i = first; i < last; i++) {
		bool member = i > first && (pike_token_is(t, i - 1, ".") ||
					    pike_token_is(t, i - 1, "->"));
		bool std = i > first + 1 && pike_token_is(t, i - 1, "::") &&
			   pike_token_is(t, i - 2, "std");

		if (t->v[i].word && !member && !std)
			each(ctx, &t->v[i], pike_token_is(t, i + 1, "("));
	}
}

static size_t first_line(const struct pike_tokens *t, const char *at)
{
	size_t lo = 0, hi = t->nlines;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->lines[mid].s < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void pike_chunk_words(const struct pike_chunks *p, size_t i, pike_word_fn *each,
		      void *ctx)
{
	const struct pike_chunk *v = &p->v[i];
	const char *at = p->text + v->at, *stop = p->text + v->stop;

	for (size_t k = first_line(&p->t, at);
	     k < p->t.nlines && p->t.lines[k].s < stop; k++)
		line_words(&p->t.lines[k], each, ctx);
	token_words(&p->t, v->first, v->last, each, ctx);
}

bool pike_chunk_says(const struct pike_chunks *p, size_t i, const char *word)
{
	const struct pike_chunk *v = &p->v[i];

	if (v->function)
		return pike_function_says(&p->t, &v->f, word);
	for (size_t k = v->first; k < v->last; k++) {
		if (pike_token_is(&p->t, k, word))
			return true;
		if (pike_token_is(&p->t, k, "=") ||
		    pike_token_is(&p->t, k, "{"))
			return false;
		if (pike_token_is(&p->t, k, "("))
			k = pike_token_close(&p->t, k);
	}
	return false;
}

const char *pike_define_body(const struct pike_chunks *p, size_t i, size_t *n)
{
	const struct pike_token name = define_name(p, i);

	*n = (size_t)(p->text + p->v[i].stop - name.s) - name.n;
	return name.s + name.n;
}

bool pike_chunk_hidden(const struct pike_chunks *p, size_t i)
{
	for (i = p->v[i].up; i != PIKE_NO_CHUNK; i = p->v[i].up) {
		const struct pike_chunk *v = &p->v[p->v[i].group];

		if (memmem(p->text + v->at, v->stop - v->at, "__CUDACC_RTC__",
			   14))
			return true;
	}
	return false;
}

void pike_chunks_release(struct pike_chunks *p)
{
	pike_tokens_release(&p->t);
	free(p->v);
	free(p->names);
	memset(p, 0, sizeof(*p));
}

int pike_chunks_read(struct pike_chunks *out, const char *text,
		     struct pike_err *err)
{
	struct reader r = { .p = out, .err = err };
	int ret;

	memset(out, 0, sizeof(*out));
	out->text = text;
	pike_tokens_read(&out->t, text);
	ret = check_text(&out->t, err);
	for (size_t i = 0; !ret && i < out->t.n;)
		ret = add_token(&r, &i);
	if (!ret)
		ret = directives_to(&r, NULL);
	if (!ret && r.depth)
		ret = pike_fail(err, PIKE_FAILED,
				"line %d: what begins here never ends",
				out->v[r.stack[r.depth - 1]].line);
	if (ret) {
		pike_chunks_release(out);
		return ret;
	}
	set_edges(out);
	declare_all(out);
	return 0;
}
