/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planexpr: what a variable of the host is in terms of the kernel's own
 * arguments: its initialisers are followed, macros and functions of one
 * `return` written out, casts dropped. What is none of this is named.
 */
#include "model/plan_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/target.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 24

/* Whose words are read: the host's body, or the text of a macro or function
 * with its parameters. */
struct scope {
	const struct pike_tokens *t;
	size_t before; /* variables of the host: as they are above it */
	const struct scope *up;
	const struct pike_tokens *names; /* parameters: names[first..], each */
	struct pike_range params, args;	 /* behind a comma; args of `up` */
	int depth;
};

static void resolve(struct pike_buf *out, struct pike_plan *p,
		    const struct scope *s, struct pike_range r);

static void give_up(struct pike_plan *p, const struct pike_token *t,
		    const char *why)
{
	if (!*p->why)
		snprintf(p->why, sizeof(p->why), "'%.*s' %s",
			 (int)(t->n > 60 ? 60 : t->n), t->s, why);
}

size_t pike_plan_item(const struct pike_tokens *t, size_t i, size_t end)
{
	for (; i < end && !strchr(",;)]}", *t->v[i].s); i++) {
		size_t close = pike_token_close(t, i);

		if (close > i)
			i = close;
	}
	return i < end ? i : end;
}

/* ---- numbers and types ---- */

/* 32U as 32, 256.0f as 256. */
static void put_number(struct pike_buf *out, struct pike_plan *p,
		       const struct pike_token *t)
{
	bool hex = t->n > 1 && (t->s[1] | 32) == 'x';
	char *text = pike_xcalloc(1, t->n + 1), *rest;
	size_t n = 0;
	double v;

	for (size_t i = 0; i < t->n; i++)
		if (t->s[i] != '\'')
			text[n++] = t->s[i];
	v = strtod(text, &rest);
	if (hex)
		v = (double)strtoull(text, &rest, 16);
	rest += strspn(rest, hex ? "uUlL" : "uUlLfF");
	if (*rest || !(v >= 0 && v <= 1e15) || v != floor(v))
		give_up(p, t, "is not a whole number");
	else
		pike_buf_addf(out, "%lld", (long long)v);
	free(text);
}

static const struct {
	const char *name;
	int size;
} types[] = {
	{ "char", 1 },	      { "int8_t", 1 },	 { "uint8_t", 1 },
	{ "bool", 1 },	      { "short", 2 },	 { "int16_t", 2 },
	{ "half", 2 },	      { "__half", 2 },	 { "__nv_bfloat16", 2 },
	{ "nv_bfloat16", 2 }, { "half2", 4 },	 { "int", 4 },
	{ "float", 4 },	      { "unsigned", 4 }, { "signed", 4 },
	{ "uint", 4 },	      { "int32_t", 4 },	 { "uint32_t", 4 },
	{ "long", 8 },	      { "double", 8 },	 { "size_t", 8 },
	{ "int64_t", 8 },     { "uint64_t", 8 }, { "float2", 8 },
	{ "int2", 8 },	      { "float3", 12 },	 { "float4", 16 },
	{ "int4", 16 },	      { "double2", 16 },
};

static int type_size(const struct pike_token *t)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(types); i++)
		if (strlen(types[i].name) == t->n &&
		    !memcmp(types[i].name, t->s, t->n))
			return types[i].size;
	return 0;
}

/* `unsigned int`, `const float`: all words of types; the size of the last one
 * that has one. `unsigned char` and the like have that of the narrower. */
static int range_size(const struct pike_tokens *t, struct pike_range r)
{
	int size = 0;

	for (size_t i = r.at; i < r.end; i++) {
		int one = type_size(&t->v[i]);

		if (pike_token_is(t, i, "const") ||
		    pike_token_is(t, i, "std") || pike_token_is(t, i, "::"))
			continue;
		if (!one)
			return 0;
		if (!size || !pike_token_is(t, i, "int"))
			size = one;
	}
	return size;
}

static int named_size(const struct pike_units *u, const struct pike_token *name,
		      int depth);

/* `typedef T name;`, `using name = T;`: the size of that; 0: none. */
static int declared_size(const struct pike_units *u,
			 const struct pike_chunks *q,
			 const struct pike_chunk *v, int depth)
{
	if (pike_token_is(&q->t, v->first, "typedef") &&
	    v->last - v->first == 4)
		return named_size(u, &q->t.v[v->first + 1], depth + 1);
	if (pike_token_is(&q->t, v->first, "using") && v->last - v->first == 5)
		return named_size(u, &q->t.v[v->first + 3], depth + 1);
	return 0;
}

/* By any of the files; 0 also where an #if decides it. */
static int named_size(const struct pike_units *u, const struct pike_token *name,
		      int depth)
{
	int size = type_size(name);

	for (size_t f = 0; depth < 4 && f < u->n; f++) {
		const struct pike_chunks *q = &u->v[f].p;
		size_t at, n = pike_chunks_find(&at, q, name);

		for (; n; n--, at++) {
			int one = declared_size(u, q, &q->v[q->names[at].chunk],
						depth);

			if (one && size && one != size)
				return 0;
			size = one ? one : size;
		}
	}
	return size;
}

bool pike_plan_knows(const struct pike_units *u, const struct pike_token *name)
{
	size_t at;

	for (size_t i = 0; i < u->n; i++)
		if (pike_chunks_find(&at, &u->v[i].p, name))
			return true;
	return type_size(name) > 0;
}

/* `sizeof(T)`; the token of its last bracket. */
static size_t put_sizeof(struct pike_buf *out, struct pike_plan *p,
			 const struct scope *s, size_t i)
{
	size_t close = pike_token_close(s->t, i + 1);
	const struct pike_range r = { .at = i + 2, .end = close };
	int size = 0;

	if (pike_token_is(s->t, i + 1, "(") && close < s->t->n) {
		size = range_size(s->t, r);
		if (!size && r.end == r.at + 1)
			size = named_size(p->u, &s->t->v[r.at], 0);
	}
	if (!size) {
		give_up(p, &s->t->v[i],
			"of something that is not a plain type");
		return i;
	}
	pike_buf_addf(out, "%d", size);
	return close;
}

/* ---- names ---- */

static bool is_one_token(struct pike_range r)
{
	return r.end == r.at + 1;
}

/* Is there an operator that is in no bracket? */
static bool has_operator(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		depth += (*s == '(') - (*s == ')');
		if (!depth && strchr("+-*/%", *s))
			return true;
	}
	return false;
}

static void put_in_brackets(struct pike_buf *out, struct pike_plan *p,
			    const struct scope *s, struct pike_range r)
{
	struct pike_buf b;
	bool add;

	pike_buf_init(&b, out->max);
	resolve(&b, p, s, r);
	add = b.len && has_operator(b.s);
	pike_buf_addf(out, "%s%s%s", add ? "(" : "", b.len ? b.s : "",
		      add ? ")" : "");
	pike_buf_release(&b);
}

/* The n-th item of a row with commas between. */
static struct pike_range item_at(const struct pike_tokens *t,
				 struct pike_range all, size_t n)
{
	struct pike_range r = { .at = all.at };

	for (;; n--) {
		r.end = pike_plan_item(t, r.at, all.end);
		if (!n || r.end >= all.end)
			break;
		r.at = r.end + 1;
	}
	if (n)
		r.at = r.end = all.end;
	return r;
}

/* A parameter of the macro or function that is written out. */
static bool put_param(struct pike_buf *out, struct pike_plan *p,
		      const struct scope *s, const struct pike_token *name)
{
	size_t n = 0;

	if (!s->up)
		return false;
	for (size_t at = s->params.at; at < s->params.end; n++) {
		size_t end = pike_plan_item(s->names, at, s->params.end);

		if (end > at && pike_token_same(&s->names->v[end - 1], name)) {
			const struct pike_range r =
			    item_at(s->up->t, s->args, n);

			put_in_brackets(out, p, s->up, r);
			return true;
		}
		at = end + 1;
	}
	return false;
}

/* What is passed to the kernel as it is has the kernel's name for it. */
static bool put_passed(struct pike_buf *out, const struct pike_plan *p,
		       const struct scope *s, const struct pike_token *name)
{
	if (s->up || s->t != p->t)
		return false;
	for (size_t i = 0; i < p->npassed; i++) {
		const struct pike_passed *a = &p->passed[i];

		if (!a->scalar || !is_one_token(a->arg) ||
		    !pike_token_same(&p->t->v[a->arg.at], name))
			continue;
		pike_buf_add(out, a->name.s, a->name.n);
		return true;
	}
	return false;
}

/* Does the row of tokens of an argument stand at i, as one factor or all? */
static bool stands_at(const struct pike_tokens *t, struct pike_range arg,
		      size_t i, struct pike_range r)
{
	size_t n = arg.end - arg.at;
	bool product = true, first = i == r.at, last;

	if (n < 2 || i + n > r.end)
		return false;
	for (size_t k = 0; k < n; k++) {
		if (!pike_token_same(&t->v[arg.at + k], &t->v[i + k]))
			return false;
		product &= t->v[i + k].word || pike_token_is(t, i + k, "*");
	}
	first |= strchr("(,", *t->v[i - 1].s) != NULL;
	last = i + n == r.end || strchr("),", *t->v[i + n].s);
	return (first && last) ||
	       (product && (first || !strchr("/%", *t->v[i - 1].s)));
}

/* `B * T` where the kernel gets just that as N; how many tokens. */
static size_t put_product(struct pike_buf *out, const struct pike_plan *p,
			  const struct scope *s, size_t i, struct pike_range r)
{
	if (s->up || s->t != p->t)
		return 0;
	for (size_t k = 0; k < p->npassed; k++) {
		const struct pike_passed *a = &p->passed[k];

		if (!a->scalar || !stands_at(p->t, a->arg, i, r))
			continue;
		pike_buf_add(out, a->name.s, a->name.n);
		return a->arg.end - a->arg.at;
	}
	return 0;
}

bool pike_plan_value(struct pike_range *out, struct pike_plan *p,
		     const struct pike_token *name, size_t before, bool dim3)
{
	const struct pike_tokens *t = p->t;

	for (size_t i = before; i-- > p->from + 1;) {
		bool call = pike_token_is(t, i + 1, "(") ||
			    pike_token_is(t, i + 1, "{");

		if (!pike_token_same(&t->v[i], name) ||
		    pike_token_is(t, i - 1, ".") ||
		    pike_token_is(t, i - 1, "->"))
			continue;
		if (pike_token_is(t, i + 1, "=")) {
			out->at = i + 2;
			out->end = pike_plan_item(t, i + 2, t->n);
			return true;
		}
		if (dim3 && call &&
		    (pike_token_is(t, i - 1, "dim3") ||
		     pike_token_is(t, i - 1, ","))) {
			out->at = i + 1;
			out->end = pike_token_close(t, i + 1);
			out->end += out->end < t->n;
			return true;
		}
		if (i + 1 < t->n && t->v[i + 1].n == 2 &&
		    strchr("=+-", t->v[i + 1].s[1]) &&
		    strchr("+-*/", t->v[i + 1].s[0])) {
			give_up(p, name, "is changed on its way");
			return false;
		}
	}
	return false;
}

/* A variable of the host's function. */
static bool put_local(struct pike_buf *out, struct pike_plan *p,
		      const struct scope *s, const struct pike_token *name)
{
	struct scope above = *s;
	struct pike_range r;

	if (s->up || s->t != p->t ||
	    !pike_plan_value(&r, p, name, s->before, false))
		return false;
	above.before = r.at - 2;
	above.depth++;
	put_in_brackets(out, p, &above, r);
	return true;
}

/* ---- macros, constants, functions ---- */

/* a + b - 1 / b, whatever the brackets. */
static bool is_cdiv(const struct pike_tokens *t, struct pike_range body,
		    const struct pike_tokens *names, struct pike_range params)
{
	static const char shape[] = "a+b-1/b";
	size_t a = pike_plan_item(names, params.at, params.end), b, n = 0;

	if (a >= params.end)
		return false;
	b = pike_plan_item(names, a + 1, params.end);
	for (size_t i = body.at; i < body.end; i++) {
		char c = n < sizeof(shape) ? shape[n] : '\0';

		if (strchr("()", *t->v[i].s))
			continue;
		if (c == 'a' || c == 'b'
			? !pike_token_same(&t->v[i],
					   &names->v[(c == 'a' ? a : b) - 1])
			: !(t->v[i].n == 1 && *t->v[i].s == c))
			return false;
		n++;
	}
	return n == sizeof(shape) - 1;
}

/* Are its first and last the same pair of brackets? */
static bool in_brackets(const char *s)
{
	int depth = 0;

	for (; *s == '(' || depth; s++) {
		depth += (*s == '(') - (*s == ')');
		if (!*s || !depth)
			return *s && !s[1];
	}
	return false;
}

void pike_plan_strip(struct pike_buf *b)
{
	while (b->len > 2 && in_brackets(b->s)) {
		memmove(b->s, b->s + 1, b->len -= 2);
		b->s[b->len] = '\0';
	}
}

/* The n-th argument of the macro or function, of a call that has commas. */
static void put_nth(struct pike_buf *out, struct pike_plan *p,
		    const struct scope *s, size_t n)
{
	struct pike_buf b;

	pike_buf_init(&b, out->max);
	resolve(&b, p, s->up, item_at(s->up->t, s->args, n));
	pike_plan_strip(&b);
	pike_buf_adds(out, b.s);
	pike_buf_release(&b);
}

static void put_body(struct pike_buf *out, struct pike_plan *p,
		     const struct scope *s, struct pike_range body)
{
	if (s->up && is_cdiv(s->t, body, s->names, s->params)) {
		pike_buf_adds(out, "cdiv(");
		put_nth(out, p, s, 0);
		pike_buf_adds(out, ", ");
		put_nth(out, p, s, 1);
		pike_buf_addc(out, ')');
		return;
	}
	put_in_brackets(out, p, s, body);
}

/* #define, with its parameters if `args`. */
static void put_macro(struct pike_buf *out, struct pike_plan *p,
		      const struct scope *s, const struct pike_chunks *q,
		      size_t chunk, const struct pike_range *args)
{
	struct scope in = { .up = args ? s : NULL, .depth = s->depth + 1 };
	struct pike_range body = { 0 };
	struct pike_tokens t;
	size_t n;
	const char *from = pike_define_body(q, chunk, &n);
	char *text = pike_xstrndup(from, n);

	for (char *c = text; *c; c++)
		if (*c == '\\' || *c == '\n')
			*c = ' ';
	pike_tokens_read(&t, text);
	in.t = in.names = &t;
	body.end = t.n;
	if (args) {
		in.args = *args;
		in.params.at = 1;
		in.params.end = pike_token_close(&t, 0);
		body.at = in.params.end + 1;
	}
	if (body.at < body.end)
		put_body(out, p, &in, body);
	else
		give_up(p, &s->t->v[0], "is a macro without a value");
	pike_tokens_release(&t);
	free(text);
}

/* { return E; } */
static bool put_function(struct pike_buf *out, struct pike_plan *p,
			 const struct scope *s, const struct pike_chunks *q,
			 const struct pike_chunk *v, struct pike_range args)
{
	const struct pike_function *f = &v->f;
	const struct scope in = { .t = &q->t,
				  .names = &q->t,
				  .up = s,
				  .params = { f->open + 1, f->close },
				  .args = args,
				  .depth = s->depth + 1 };
	const struct pike_range body = { .at = f->body + 2, .end = f->end - 1 };

	if (!pike_token_is(&q->t, f->body + 1, "return") ||
	    body.at >= body.end || !pike_token_is(&q->t, body.end, ";"))
		return false;
	for (size_t i = body.at; i < body.end; i++)
		if (pike_token_is(&q->t, i, ";"))
			return false;
	put_body(out, p, &in, body);
	return true;
}

/* const int N = 4; of a file. */
static bool put_constant(struct pike_buf *out, struct pike_plan *p,
			 const struct scope *s, const struct pike_chunks *q,
			 const struct pike_declared *d)
{
	const struct pike_chunk *v = &q->v[d->chunk];
	const struct scope in = { .t = &q->t, .depth = s->depth + 1 };

	if (!pike_chunk_says(q, d->chunk, "const") &&
	    !pike_chunk_says(q, d->chunk, "constexpr") &&
	    !pike_chunk_says(q, d->chunk, "enum"))
		return false;
	for (size_t i = v->first; i + 1 < v->last; i++) {
		const struct pike_range r = { .at = i + 2,
					      .end = pike_plan_item(
						  &q->t, i + 2, v->last) };

		if (q->t.v[i].s != d->name.s ||
		    !pike_token_is(&q->t, i + 1, "="))
			continue;
		put_in_brackets(out, p, &in, r);
		return true;
	}
	return false;
}

/* A #define that goes along keeps its name, if a plan can read it. */
static bool put_kept(struct pike_buf *out, const struct pike_plan *p,
		     const struct pike_chunks *q, const struct pike_declared *d)
{
	struct pike_expr *e = NULL;
	size_t n;
	const char *from = pike_define_body(q, d->chunk, &n);
	const char *end = memmem(from, n, "//", 2);
	char *text = pike_xstrndup(from, end ? (size_t)(end - from) : n);
	bool good = q == &p->u->v[0].p && q->v[d->chunk].keep &&
		    !pike_expr_parse(&e, text, NULL);

	if (good)
		pike_buf_add(out, d->name.s, d->name.n);
	pike_expr_free(e);
	free(text);
	return good;
}

/* What a file declares under the name, called with `args` or not. */
static bool put_declared(struct pike_buf *out, struct pike_plan *p,
			 const struct scope *s, const struct pike_token *name,
			 const struct pike_range *args)
{
	for (size_t f = 0; f < p->u->n; f++) {
		const struct pike_chunks *q = &p->u->v[f].p;
		size_t at, n = pike_chunks_find(&at, q, name), len;

		for (; n; n--, at++) {
			const struct pike_declared *d = &q->names[at];
			const struct pike_chunk *v = &q->v[d->chunk];

			if (v->kind == PIKE_CHUNK_DEFINE &&
			    (*pike_define_body(q, d->chunk, &len) == '(') ==
				!!args) {
				if (args || !put_kept(out, p, q, d))
					put_macro(out, p, s, q, d->chunk, args);
				return true;
			}
			if (v->kind != PIKE_CHUNK_ITEM)
				continue;
			if (args && v->function &&
			    put_function(out, p, s, q, v, *args))
				return true;
			if (!args && !v->function &&
			    put_constant(out, p, s, q, d))
				return true;
		}
	}
	return false;
}

/* Ours must not be a word of theirs. */
static void name_tunable(struct pike_plan *p, const struct pike_token *name)
{
	bool taken = true;

	for (size_t i = 0; i < name->n; i++)
		p->define[i] = (char)toupper((unsigned char)name->s[i]);
	p->define[name->n] = '\0';
	p->tunable = *name;
	for (int k = 2; taken && k < 10; k++) {
		taken = false;
		for (size_t f = 0; f < p->u->n && !taken; f++)
			taken = strstr(p->u->v[f].p.text, p->define) != NULL;
		if (taken)
			snprintf(p->define + name->n,
				 sizeof(p->define) - name->n, "_%d", k);
	}
}

/* Whose value only the caller knows: in a block it becomes a tunable. */
static void put_tunable(struct pike_buf *out, struct pike_plan *p,
			const struct scope *s, const struct pike_token *name)
{
	bool again = p->tunable.n && pike_token_same(&p->tunable, name);

	if (s->up || s->t != p->t ||
	    (!again && (p->tunable.n || !p->extents)) ||
	    name->n >= sizeof(p->define) - 8) {
		give_up(p, name, "is the host's alone");
		return;
	}
	if (!again)
		name_tunable(p, name);
	pike_buf_adds(out, p->define);
}

static void put_name(struct pike_buf *out, struct pike_plan *p,
		     const struct scope *s, const struct pike_token *name)
{
	if (put_param(out, p, s, name) || put_passed(out, p, s, name) ||
	    put_local(out, p, s, name) || put_declared(out, p, s, name, NULL))
		return;
	put_tunable(out, p, s, name);
}

/* ---- calls ---- */

static void put_args(struct pike_buf *out, struct pike_plan *p,
		     const struct scope *s, struct pike_range args)
{
	for (size_t at = args.at; at < args.end;) {
		const struct pike_range r = {
			.at = at, .end = pike_plan_item(s->t, at, args.end)
		};

		if (at > args.at)
			pike_buf_adds(out, ", ");
		resolve(out, p, s, r);
		at = r.end + 1;
	}
}

/* ceil(a / b) */
static bool put_ceil(struct pike_buf *out, struct pike_plan *p,
		     const struct scope *s, struct pike_range r)
{
	size_t slash = r.end;

	while (pike_token_is(s->t, r.at, "(") &&
	       pike_token_close(s->t, r.at) + 1 == r.end) {
		r.at++;
		r.end--;
	}
	for (size_t i = r.at; i < r.end; i++) {
		if (pike_token_is(s->t, i, "/"))
			slash = i;
		if (pike_token_close(s->t, i) > i)
			i = pike_token_close(s->t, i);
	}
	if (slash >= r.end)
		return false;
	pike_buf_adds(out, "cdiv(");
	resolve(out, p, s, (struct pike_range){ r.at, slash });
	pike_buf_adds(out, ", ");
	resolve(out, p, s, (struct pike_range){ slash + 1, r.end });
	pike_buf_addc(out, ')');
	return true;
}

/* NAME(...); the token of the last bracket. */
static size_t put_call(struct pike_buf *out, struct pike_plan *p,
		       const struct scope *s, size_t i)
{
	static const char *const same[] = { "min", "max", "cdiv" };
	static const char *const ceils[] = { "ceil", "ceilf" };
	size_t close = pike_token_close(s->t, i + 1);
	const struct pike_range args = { .at = i + 2, .end = close };

	if (type_size(&s->t->v[i])) {
		put_in_brackets(out, p, s, args);
		return close;
	}
	for (size_t k = 0; k < PIKE_ARRAY_LEN(same); k++)
		if (pike_token_is(s->t, i, same[k])) {
			pike_buf_addf(out, "%s(", same[k]);
			put_args(out, p, s, args);
			pike_buf_addc(out, ')');
			return close;
		}
	for (size_t k = 0; k < PIKE_ARRAY_LEN(ceils); k++)
		if (pike_token_is(s->t, i, ceils[k]) &&
		    put_ceil(out, p, s, args))
			return close;
	if (!put_declared(out, p, s, &s->t->v[i], &args))
		give_up(p, &s->t->v[i], "is a function that no plan can call");
	return close;
}

/* ---- expressions ---- */

/* Steps over what says nothing of a value: casts, std::; i or behind it. */
static size_t skip_casts(const struct scope *s, size_t i)
{
	size_t close = pike_token_close(s->t, i);

	if (pike_token_is(s->t, i, "static_cast") &&
	    pike_token_is(s->t, i + 1, "<"))
		return pike_token_angle(s->t, i + 1) + 1;
	if (pike_token_is(s->t, i, "std") && pike_token_is(s->t, i + 1, "::"))
		return i + 2;
	if (pike_token_is(s->t, i, "(") && close < s->t->n &&
	    range_size(s->t, (struct pike_range){ i + 1, close }))
		return close + 1;
	return i;
}

static void put_operator(struct pike_buf *out, struct pike_plan *p,
			 const struct pike_token *t)
{
	if (t->n != 1 || !strchr("+-*/%(),", *t->s)) {
		give_up(p, t, "is not in the language of plans");
		return;
	}
	if (strchr("+-*/%", *t->s))
		pike_buf_addf(out, " %c ", *t->s);
	else
		pike_buf_addc(out, *t->s);
}

static size_t put_word(struct pike_buf *out, struct pike_plan *p,
		       const struct scope *s, size_t i, struct pike_range r)
{
	const struct pike_token *w = &s->t->v[i];
	size_t product = put_product(out, p, s, i, r);

	if (product)
		return i + product - 1;
	if (isdigit((unsigned char)*w->s)) {
		put_number(out, p, w);
		return i;
	}
	if (pike_token_is(s->t, i, "sizeof"))
		return put_sizeof(out, p, s, i);
	if (i + 1 < r.end && pike_token_is(s->t, i + 1, "("))
		return put_call(out, p, s, i);
	if (i + 1 < r.end && (pike_token_is(s->t, i + 1, ".") ||
			      pike_token_is(s->t, i + 1, "->") ||
			      pike_token_is(s->t, i + 1, "::") ||
			      pike_token_is(s->t, i + 1, "[")))
		give_up(p, w, "is the host's alone");
	else
		put_name(out, p, s, w);
	return i;
}

static void resolve(struct pike_buf *out, struct pike_plan *p,
		    const struct scope *s, struct pike_range r)
{
	if (s->depth > DEPTH_MAX || out->full) {
		snprintf(p->why, sizeof(p->why), "it is too deep");
		return;
	}
	for (size_t i = r.at; i < r.end && i < s->t->n && !*p->why; i++) {
		size_t next = skip_casts(s, i);

		if (next > i) {
			i = next - 1;
			continue;
		}
		if (s->t->v[i].word)
			i = put_word(out, p, s, i, r);
		else
			put_operator(out, p, &s->t->v[i]);
	}
}

void pike_plan_expr(struct pike_buf *out, struct pike_plan *p,
		    struct pike_range r)
{
	const struct scope s = { .t = p->t, .before = p->launch };

	resolve(out, p, &s, r);
}
