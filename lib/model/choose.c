/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choose: what of some files a kernel needs. From its own text on, each word
 * is looked up among what the files declare; what device code can have is
 * taken, and its words are looked up in turn.
 */
#include "model/split_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/rtc_priv.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX 40

struct entry {
	size_t unit, chunk;
};
struct chooser {
	struct pike_units *u;
	struct entry *queue;
	size_t n, cap, done;
	struct pike_err *err;
	int ret;
};

void pike_unit_note(const struct pike_units *u, const struct pike_unit *at,
		    int line, const char *fmt, ...)
{
	struct pike_buf clean;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pike_buf_init(&clean, 1000);
	pike_buf_addf(&clean, "%s:%d: ", at->file->path, line);
	pike_sanitize(&clean, text, strlen(text));
	for (char *p = clean.s; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	if (u->notes->n < NOTES_MAX && !pike_strs_has(u->notes, clean.s))
		pike_strs_push(u->notes, clean.s);
	pike_buf_release(&clean);
}

/* ---- what may move ---- */

static bool says_one(const struct pike_chunks *p, size_t i,
		     const char *const *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (pike_chunk_says(p, i, words[k]))
			return true;
	return false;
}

/* Does the body of a macro mark device code? */
static bool marks_device(const struct pike_chunks *p, size_t i)
{
	size_t n;
	const char *body;

	if (p->v[i].kind != PIKE_CHUNK_DEFINE)
		return false;
	body = pike_define_body(p, i, &n);
	return memmem(body, n, "__device__", 10) ||
	       memmem(body, n, "__global__", 10);
}

/* `DEVICE float f(float x)`, with a macro of any of the files. */
static bool marked_by_macro(const struct pike_units *u,
			    const struct pike_chunks *p, size_t i)
{
	const struct pike_chunk *v = &p->v[i];
	size_t end = v->function ? v->f.name : v->last, at;

	for (size_t k = v->first; k < end; k++) {
		if (strchr("({[=;", *p->t.v[k].s))
			break;
		for (size_t f = 0; p->t.v[k].word && f < u->n; f++) {
			const struct pike_chunks *q = &u->v[f].p;
			size_t n = pike_chunks_find(&at, q, &p->t.v[k]);

			for (; n; n--, at++)
				if (marks_device(q, q->names[at].chunk))
					return true;
		}
	}
	return false;
}

/* A type, another name of one, a namespace of another name. */
static bool is_type(const struct pike_chunks *p, size_t i)
{
	static const char *const always[] = { "typedef", "using", "namespace",
					      "enum" };
	static const char *const bodies[] = { "struct", "class", "union" };
	const struct pike_chunk *v = &p->v[i];
	bool body = false;

	if (v->function)
		return false;
	if (says_one(p, i, always, PIKE_ARRAY_LEN(always)))
		return true;
	/* `struct s x;` is a variable. */
	for (size_t k = v->first; k < v->last; k++) {
		if (pike_token_is(&p->t, k, "="))
			break;
		body |= pike_token_is(&p->t, k, "{");
	}
	return (body || v->last - v->first <= 3 ||
		pike_chunk_says(p, i, "template")) &&
	       says_one(p, i, bodies, PIKE_ARRAY_LEN(bodies));
}

bool pike_unit_may_move(const struct pike_units *u, const struct pike_chunks *p,
			size_t i)
{
	static const char *const code[] = { "__global__", "__device__",
					    "constexpr", "consteval" };
	static const char *const data[] = { "const",	   "__constant__",
					    "__managed__", "__shared__",
					    "texture",	   "surface" };
	const struct pike_chunk *v = &p->v[i];

	if (v->kind == PIKE_CHUNK_DEFINE)
		return true;
	if (v->kind != PIKE_CHUNK_ITEM)
		return false;
	if (says_one(p, i, code, PIKE_ARRAY_LEN(code)) || is_type(p, i))
		return true;
	if (!v->function && says_one(p, i, data, PIKE_ARRAY_LEN(data)))
		return true;
	return marked_by_macro(u, p, i);
}

/* ---- names that mean more than one thing ---- */

/* Are the two in different branches of one #if? */
static bool apart(const struct pike_chunks *p, size_t a, size_t b)
{
	for (size_t x = p->v[a].up; x != PIKE_NO_CHUNK; x = p->v[x].up)
		for (size_t y = p->v[b].up; y != PIKE_NO_CHUNK; y = p->v[y].up)
			if (x != y && p->v[x].group == p->v[y].group)
				return true;
	return false;
}

static bool same_text(const struct pike_chunks *p, size_t a, size_t b)
{
	const struct pike_chunk *x = &p->v[a], *y = &p->v[b];

	return x->stop - x->at == y->stop - y->at &&
	       !memcmp(p->text + x->at, p->text + y->at, x->stop - x->at);
}

static int refuse(struct chooser *c, const struct pike_unit *at, int line,
		  const char *what, const struct pike_token *name)
{
	c->ret = pike_fail(c->err, PIKE_FAILED, "%s: line %d: '%.*s' %s",
			   at->file->path, line, (int)(name->n % 100), name->s,
			   what);
	return c->ret;
}

/* A macro that is given another meaning on the way: what moves would take it
 * along. */
static int check_macro(struct chooser *c, const struct pike_unit *u,
		       size_t chunk, size_t at, size_t n)
{
	const struct pike_chunks *p = &u->p;

	for (; n; n--, at++) {
		size_t other = p->names[at].chunk;
		const struct pike_chunk *v = &p->v[other];
		bool macro =
		    v->kind == PIKE_CHUNK_DEFINE || v->kind == PIKE_CHUNK_UNDEF;

		if (other != chunk && macro && !apart(p, chunk, other) &&
		    !same_text(p, chunk, other))
			return refuse(c, u, v->line,
				      "is a macro whose meaning changes in "
				      "this file, so what needs it cannot be "
				      "moved; give each meaning a name of its "
				      "own",
				      &p->names[at].name);
	}
	return 0;
}

/* ---- the walk ---- */

static void keep(struct chooser *c, size_t unit, size_t chunk)
{
	struct pike_unit *u = &c->u->v[unit];
	struct pike_chunk *v = &u->p.v[chunk];

	if (v->keep)
		return;
	v->keep = u->used = true;
	PIKE_GROW(c->queue, c->n, c->cap);
	c->queue[c->n++] = (struct entry){ .unit = unit, .chunk = chunk };
}

/* `#define F(x)` is meant only where a bracket follows. */
static bool is_meant(const struct pike_chunks *p, size_t chunk, bool call)
{
	size_t n;
	const char *body;

	if (p->v[chunk].kind != PIKE_CHUNK_DEFINE || call)
		return true;
	body = pike_define_body(p, chunk, &n);
	return !n || *body != '(';
}

static void find_in(struct chooser *c, size_t unit,
		    const struct pike_token *word, bool call, bool *found)
{
	struct pike_unit *u = &c->u->v[unit];
	size_t at, n = pike_chunks_find(&at, &u->p, word);

	for (size_t k = at; k < at + n && !c->ret; k++) {
		size_t chunk = u->p.names[k].chunk;
		const struct pike_chunk *v = &u->p.v[chunk];

		if (pike_chunk_hidden(&u->p, chunk) ||
		    !pike_unit_may_move(c->u, &u->p, chunk) ||
		    !is_meant(&u->p, chunk, call))
			continue;
		*found = true;
		if (v->keep)
			continue;
		if (v->kind == PIKE_CHUNK_DEFINE && !u->clean &&
		    check_macro(c, u, chunk, at, n))
			return;
		keep(c, unit, chunk);
	}
}

struct word_ctx {
	struct chooser *c;
	struct pike_unit *u;
	bool note; /* what NVRTC does not have */
};

static void on_word(void *ctx, const struct pike_token *word, bool call)
{
	struct word_ctx *w = ctx;
	struct chooser *c = w->c;
	size_t row = pike_rtc_name_find(word);
	bool found = false;

	for (size_t i = 0; i < c->u->n && !c->ret; i++)
		find_in(c, i, word, call, &found);
	if (found || c->ret)
		return;
	if (row < pike_rtc_names())
		w->u->names[row] = true;
	if (w->note && pike_rtc_is_host(word))
		pike_unit_note(c->u, w->u, word->line,
			       "'%.*s' is the host's: NVRTC has no header for "
			       "it",
			       (int)word->n, word->s);
	pike_rtc_need(w->u->headers, word);
}

static void drain(struct chooser *c)
{
	while (c->done < c->n && !c->ret) {
		struct entry e = c->queue[c->done++];
		struct pike_unit *u = &c->u->v[e.unit];
		/* What a clean header needs of C it includes itself; what it
		 * takes from who includes it has to go along. */
		struct word_ctx w = { .c = c, .u = u, .note = !u->clean };

		pike_chunk_words(&u->p, e.chunk, on_word, &w);
	}
}

/* ---- what is around ---- */

/* The outermost condition that is around both; PIKE_NO_CHUNK: none. */
static size_t common(const struct pike_chunks *p, size_t prefix, size_t chunk)
{
	for (; prefix != PIKE_NO_CHUNK; prefix = p->v[prefix].up)
		for (size_t up = p->v[chunk].up; up != PIKE_NO_CHUNK;
		     up = p->v[up].up)
			if (up == prefix)
				return prefix;
	return PIKE_NO_CHUNK;
}

/* The innermost condition around a chunk that no namespace is around. */
static size_t outer_condition(const struct pike_chunks *p, size_t chunk)
{
	size_t found = p->v[chunk].up;

	for (size_t up = found; up != PIKE_NO_CHUNK; up = p->v[up].up)
		if (p->v[up].kind == PIKE_CHUNK_OPEN)
			found = p->v[up].up;
	return found;
}

static void set_prefix(struct pike_unit *u)
{
	bool first = true;

	for (size_t i = 0; i < u->p.n; i++) {
		const struct pike_chunk *v = &u->p.v[i];

		if (!v->keep || (v->kind != PIKE_CHUNK_ITEM &&
				 v->kind != PIKE_CHUNK_DEFINE))
			continue;
		u->prefix = first ? outer_condition(&u->p, i)
				  : common(&u->p, u->prefix, i);
		first = false;
	}
}

bool pike_unit_inside(const struct pike_unit *u, size_t chunk)
{
	size_t up = u->p.v[chunk].group;

	/* What is around the prefix is not. */
	for (size_t x = u->prefix; x != PIKE_NO_CHUNK; x = u->p.v[x].up)
		if (u->p.v[x].group == up)
			return false;
	return true;
}

/* All lines of the #if or namespace around a chunk that stays around it. */
static bool keep_group(struct chooser *c, size_t unit, size_t group)
{
	struct pike_chunks *p = &c->u->v[unit].p;

	if (p->v[group].keep || !pike_unit_inside(&c->u->v[unit], group))
		return false;
	for (size_t i = group; i < p->n; i++)
		if (p->v[i].group == group)
			keep(c, unit, i);
	return true;
}

/* Of what moves: what is around it; its words may need more. */
static bool keep_around(struct chooser *c)
{
	bool more = false;

	for (size_t f = 0; f < c->u->n; f++) {
		struct pike_unit *u = &c->u->v[f];

		if (!u->used || u->clean)
			continue;
		set_prefix(u);
		for (size_t i = 0; i < u->p.n; i++) {
			size_t up = u->p.v[i].up;

			if (u->p.v[i].keep && up != PIKE_NO_CHUNK)
				more |= keep_group(c, f, u->p.v[up].group);
		}
	}
	return more;
}

/* Functions that are called without a name: operators. */
static bool keep_operators(struct chooser *c)
{
	bool more = false;

	for (size_t f = 0; f < c->u->n; f++) {
		struct pike_unit *u = &c->u->v[f];

		for (size_t i = 0; u->used && !u->clean && i < u->p.n; i++) {
			const struct pike_chunk *v = &u->p.v[i];

			if (v->keep || !v->function || v->torn ||
			    !pike_token_is(&u->p.t, v->f.name, "operator") ||
			    !pike_unit_may_move(c->u, &u->p, i))
				continue;
			keep(c, f, i);
			more = true;
		}
	}
	return more;
}

/* `using namespace nvcuda;` is copied, where NVRTC knows it. */
static bool keep_using(struct chooser *c)
{
	bool more = false;

	for (size_t f = 0; f < c->u->n; f++) {
		struct pike_unit *u = &c->u->v[f];

		for (size_t i = 0; u->used && !u->clean && i < u->p.n; i++) {
			const struct pike_chunk *v = &u->p.v[i];
			const struct pike_token *name;

			if (v->keep || v->kind != PIKE_CHUNK_USING ||
			    v->first + 2 >= v->last)
				continue;
			name = &u->p.t.v[v->first + 2];
			if (pike_rtc_namespace(name)) {
				keep(c, f, i);
				pike_rtc_need(u->headers, name);
				more = true;
			}
		}
	}
	return more;
}

/* ---- the kernel ---- */

static int find_kernel(struct chooser *c, const char *kernel)
{
	struct pike_unit *u = &c->u->v[0];
	struct pike_token name = { .s = kernel, .n = strlen(kernel) };
	size_t at, n = pike_chunks_find(&at, &u->p, &name);
	bool found = false;

	for (; n; n--, at++) {
		size_t chunk = u->p.names[at].chunk;

		if (!u->p.v[chunk].function ||
		    !pike_chunk_says(&u->p, chunk, "__global__"))
			continue;
		c->u->kernel = chunk;
		keep(c, 0, chunk);
		found = true;
	}
	if (!found)
		c->ret = pike_fail(
		    c->err, PIKE_FAILED,
		    "%s: no `__global__ void %s(...)` stands in this file as "
		    "a function of its own; one that a macro makes cannot be "
		    "moved",
		    u->file->path, kernel);
	return c->ret;
}

/* What an #if cuts through cannot be taken out whole. */
static int check_torn(struct chooser *c, const struct pike_unit *u, size_t i)
{
	const struct pike_chunk *v = &u->p.v[i];
	const struct pike_token *name;
	bool torn = v->torn;

	for (size_t up = v->up; up != PIKE_NO_CHUNK; up = u->p.v[up].up)
		torn |= u->p.v[u->p.v[up].group].torn;
	if (!torn || v->kind != PIKE_CHUNK_ITEM)
		return 0;
	name = &u->p.t.v[v->function ? v->f.name : v->first];
	return refuse(c, u, v->line,
		      "is to move, and an #if begins or ends in the middle of "
		      "it or what is beside it; put it around the whole",
		      name);
}

static void check_kept(struct chooser *c)
{
	for (size_t f = 0; f < c->u->n; f++) {
		const struct pike_unit *u = &c->u->v[f];

		for (size_t i = 0; !u->clean && i < u->p.n && !c->ret; i++)
			if (u->p.v[i].keep)
				check_torn(c, u, i);
	}
}

int pike_units_choose(struct pike_units *u, const char *kernel,
		      struct pike_err *err)
{
	struct chooser c = { .u = u, .err = err };
	bool more = !find_kernel(&c, kernel);

	while (more && !c.ret) {
		drain(&c);
		more = keep_operators(&c);
		more |= keep_using(&c);
		more |= keep_around(&c);
	}
	if (!c.ret)
		check_kept(&c);
	free(c.queue);
	return c.ret;
}
