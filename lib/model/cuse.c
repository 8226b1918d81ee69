/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuse: what a function does with what its parameters point to, in the order
 * of the text: whether it is read, written, or written before it is read. The
 * names that lead there are followed: `float *row = x + i * n;`, casts, macros
 * such as `#define A(i, j) a[(i) * lda + (j)]`, functions of the same file.
 */
#include "model/csource_priv.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALIASES_MAX 256
#define DEPTH_MAX 4
/* Farther in one statement nobody looks, nor through more tokens of other
 * functions. */
#define REACH 4096
#define WORK_MAX (1u << 16)

struct alias {
	struct pike_token name;
	size_t param;
	bool macro; /* with brackets behind it, it is an element */
};
struct look {
	const struct pike_tokens *t;
	const struct pike_functions *all;
	const struct pike_function *f;
	struct pike_use *out;
	size_t *first_read, *first_write; /* by parameter: where; or t->n */
	struct alias alias[ALIASES_MAX];
	size_t naliases, nparams, n;
	const char *text;
	size_t *work;
	int depth;
};

static bool is(const struct look *l, size_t i, const char *text)
{
	return pike_token_is(l->t, i, text);
}

static void add_alias(struct look *l, const struct pike_token *name,
		      size_t param, bool macro)
{
	for (size_t i = 0; i < l->naliases; i++)
		if (pike_token_same(&l->alias[i].name, name))
			return;
	if (l->naliases < ALIASES_MAX)
		l->alias[l->naliases++] = (struct alias){ *name, param, macro };
}

static const struct alias *alias_of(const struct look *l, size_t i)
{
	/* A member of something is none. */
	if (i && (is(l, i - 1, ".") || is(l, i - 1, "->")))
		return NULL;
	for (size_t k = 0; l->t->v[i].word && k < l->naliases; k++)
		if (pike_token_same(&l->alias[k].name, &l->t->v[i]))
			return &l->alias[k];
	return NULL;
}

static void name_param(void *ctx, size_t at, size_t end)
{
	struct look *l = ctx;
	size_t name = pike_param_name(l->t, at, end);

	if (name < end && l->nparams < l->n)
		add_alias(l, &l->t->v[name], l->nparams, false);
	l->nparams++;
}

/* `#define A(i, j) a[...]`: the text is not among the tokens. */
static void name_macros(struct look *l)
{
	const char *p = l->text;

	while ((p = strstr(p, "#define"))) {
		char *line = pike_xstrndup(p + 7, strcspn(p + 7, "\n"));
		struct pike_tokens t;
		size_t body;

		pike_tokens_read(&t, line);
		body = pike_token_is(&t, 1, "(") ? pike_token_close(&t, 1) + 1
						 : t.n;
		if (body + 1 < t.n && pike_token_is(&t, body + 1, "["))
			for (size_t k = 0; k < l->nparams && k < l->naliases;
			     k++)
				if (pike_token_same(&l->alias[k].name,
						    &t.v[body])) {
					struct pike_token name = {
						.s = p + 7 + (t.v[0].s - line),
						.n = t.v[0].n,
						.word = true
					};

					add_alias(l, &name, l->alias[k].param,
						  true);
				}
		pike_tokens_release(&t);
		free(line);
		p += 7;
	}
}

/* ---- what happens ---- */

static void sees_read(struct look *l, size_t param, size_t at)
{
	l->out[param].read = true;
	if (at < l->first_read[param])
		l->first_read[param] = at;
}

static void sees_write(struct look *l, size_t param, size_t at)
{
	l->out[param].written = true;
	if (at < l->first_write[param])
		l->first_write[param] = at;
}

/* What is assigned is read before it is put there. */
static size_t statement_end(const struct look *l, size_t i)
{
	size_t most = i + REACH;

	for (; i < l->f->end && i < most && !is(l, i, ";") && !is(l, i, "}");
	     i++)
		if (is(l, i, "(") || is(l, i, "["))
			i = pike_token_close(l->t, i);
	return i;
}

static bool is_compound(const struct pike_token *t)
{
	return t->n >= 2 && t->s[t->n - 1] == '=' && strchr("+-*/%&|^", *t->s)
		   ? true
		   : t->n == 3 && t->s[2] == '=';
}

static bool is_step(const struct look *l, size_t i)
{
	return is(l, i, "++") || is(l, i, "--");
}

/* An element: `j` is behind it, `from` is where it begins. */
static void element(struct look *l, size_t param, size_t from, size_t j)
{
	while (is(l, j, ".") || is(l, j, "->") || is(l, j, "[")) {
		if (is(l, j, "["))
			j = pike_token_close(l->t, j) + 1;
		else
			j += 2;
	}
	if (is(l, j, "=")) {
		sees_write(l, param, statement_end(l, j));
	} else if (j < l->t->n && (is_compound(&l->t->v[j]) || is_step(l, j) ||
				   (from && is_step(l, from - 1)))) {
		sees_read(l, param, from);
		sees_write(l, param, j);
	} else {
		sees_read(l, param, from);
	}
}

/* ---- calls ---- */

enum deed {
	NOTHING,
	GOES_ON, /* gives the pointer itself */
	READS,
	WRITES,
	FIRST_WRITES, /* its first argument; reads the others */
	CHANGES_FIRST,
};
/* By what a name has in it; the first that fits. */
static const struct {
	const char *part;
	enum deed deed;
} deeds[] = {
	{ "assume_aligned", GOES_ON },
	{ "_cast", GOES_ON },
	{ "__cvta", GOES_ON },
	{ "atomic", CHANGES_FIRST },
	{ "memcpy", FIRST_WRITES },
	{ "memmove", FIRST_WRITES },
	{ "memset", FIRST_WRITES },
	{ "prefetch", READS },
	{ "load", READS },
	{ "ldg", READS },
	{ "__ld", READS },
	{ "vld", READS },
	{ "gather", READS },
	{ "memcmp", READS },
	{ "printf", READS },
	{ "store", WRITES },
	{ "__st", WRITES },
	{ "_stream_", WRITES },
	{ "vst", WRITES },
	{ "scatter", WRITES },
};
static const char *const control[] = { "if",	 "while",  "for",    "switch",
				       "return", "sizeof", "assert", "free" };

static enum deed deed_of(const struct pike_token *t, bool *known)
{
	char name[64];

	*known = true;
	if (t->n >= sizeof(name)) {
		*known = false;
		return NOTHING;
	}
	memcpy(name, t->s, t->n);
	name[t->n] = '\0';
	for (size_t i = 0; i < PIKE_ARRAY_LEN(control); i++)
		if (!strcmp(name, control[i]))
			return NOTHING;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(deeds); i++)
		if (strcasestr(name, deeds[i].part))
			return deeds[i].deed;
	*known = false;
	return NOTHING;
}

static size_t argument_number(const struct look *l, size_t open, size_t i)
{
	size_t n = 0;

	if (i - open > REACH)
		return 0;
	for (size_t k = open + 1; k < i; k++) {
		if (is(l, k, "(") || is(l, k, "[") || is(l, k, "{")) {
			size_t close = pike_token_close(l->t, k);

			if (close < i)
				k = close;
		}
		n += is(l, k, ",");
	}
	return n;
}

static const struct pike_function *function_of(const struct look *l, size_t i)
{
	for (size_t k = 0; k < l->all->n; k++)
		if (pike_token_same(&l->t->v[l->all->v[k].name], &l->t->v[i]))
			return &l->all->v[k];
	return NULL;
}

static void look_at(struct pike_use *out, size_t n, const struct look *from,
		    const struct pike_function *f, int depth);

static void call_of(struct look *l, size_t param, size_t i, size_t end,
		    const struct pike_function *f, size_t nth)
{
	struct pike_use use[32] = { { false, false, false, false } };

	if (l->depth >= DEPTH_MAX || *l->work > WORK_MAX ||
	    nth >= PIKE_ARRAY_LEN(use))
		return;
	look_at(use, PIKE_ARRAY_LEN(use), l, f, l->depth + 1);
	if (use[nth].read && !use[nth].first_written)
		sees_read(l, param, i);
	if (use[nth].written)
		sees_write(l, param, end);
	if (use[nth].read)
		sees_read(l, param, end + 1);
	l->out[param].passed |= use[nth].passed;
}

/* The pointer is an argument of the call at `callee`; true: the call gives it
 * on. */
static bool call(struct look *l, size_t param, size_t i, size_t callee)
{
	const struct pike_function *f = function_of(l, callee);
	size_t nth = argument_number(l, callee + 1, i);
	/* Its arguments are read before it does anything. */
	size_t end = pike_token_close(l->t, callee + 1);
	bool known;
	enum deed d = deed_of(&l->t->v[callee], &known);

	if (f) {
		call_of(l, param, i, end, f, nth);
		return false;
	}
	if (d == GOES_ON)
		return true;
	if (!known) {
		l->out[param].passed = true;
		sees_read(l, param, i);
		sees_write(l, param, end);
	}
	if (d == READS || (d == FIRST_WRITES && nth) ||
	    (d == CHANGES_FIRST && !nth))
		sees_read(l, param, i);
	if (d == WRITES || (d == FIRST_WRITES && !nth) ||
	    (d == CHANGES_FIRST && !nth))
		sees_write(l, param, end);
	return false;
}

/* ---- one mention ---- */

/* `*` and `&` before a pointer are no arithmetic: behind a word they declare
 * it. */
static bool is_unary(const struct look *l, size_t i)
{
	return !i || !l->t->v[i - 1].word || is(l, i - 1, "return") ||
	       is(l, i - 1, "else") || is(l, i - 1, "do");
}

/* `T *q = ... x ...`, or `q = x + n` for a q that leads there already. */
static void follow(struct look *l, size_t param, size_t i)
{
	for (size_t k = i; k > l->f->body && k + REACH > i; k--) {
		if (is(l, k, ";") || is(l, k, "{") || is(l, k, "}"))
			return;
		if (!is(l, k, "=") || !l->t->v[k - 1].word)
			continue;
		if (is(l, k - 2, "*") || is(l, k - 2, "auto") ||
		    is(l, k - 2, "restrict") || is(l, k - 2, "__restrict__") ||
		    is(l, k - 2, "__restrict") || is(l, k - 2, "const"))
			add_alias(l, &l->t->v[k - 1], param, false);
		return;
	}
}

/* The bracket that closes around token j; l->f->end where none does. */
static size_t bracket_behind(const struct look *l, size_t j)
{
	size_t most = j + REACH;

	while (j < l->f->end && j < most && !is(l, j, ")")) {
		if (is(l, j, ";") || is(l, j, "{"))
			return l->f->end;
		j = is(l, j, "(") || is(l, j, "[")
			? pike_token_close(l->t, j) + 1
			: j + 1;
	}
	return is(l, j, ")") && pike_token_open(l->t, j) > l->f->body
		   ? j
		   : l->f->end;
}

/* Of reinterpret_cast<T *>(x): where that begins, `open` behind it. */
static size_t cast_begin(const struct look *l, size_t open)
{
	size_t from = open;

	if (!is(l, open - 1, ">"))
		return open;
	while (from > l->f->body && open - from < REACH && !is(l, from, "<"))
		from--;
	/* The name before the `<` is part of it. */
	return l->t->v[from - 1].word ? from - 1 : from;
}

/* Behind casts and brackets around the name at i: element, argument, or
 * something that leads on. */
static void pointer(struct look *l, size_t param, size_t i, bool taken)
{
	size_t j = bracket_behind(l, i + 1);

	for (; j < l->f->end; j = bracket_behind(l, j + 1)) {
		size_t open = pike_token_open(l->t, j);
		size_t from = cast_begin(l, open);

		if (from == open && l->t->v[open - 1].word &&
		    !call(l, param, i, open - 1))
			return;
		if ((!taken && is(l, j + 1, "[")) || is(l, j + 1, "->") ||
		    (is(l, from - 1, "*") && is_unary(l, from - 1))) {
			element(l, param, from, j + 1);
			return;
		}
	}
	follow(l, param, i);
}

static void mention(struct look *l, const struct alias *a, size_t i)
{
	bool deref = is(l, i - 1, "*") && is_unary(l, i - 1);
	size_t j = i + 1;

	if (a->macro && is(l, j, "("))
		j = pike_token_close(l->t, j) + 1;
	else if (is(l, j, "["))
		j = pike_token_close(l->t, j) + 1;
	else if (deref && is_step(l, j))
		j++;
	else if (!deref && !is(l, j, "->")) {
		pointer(l, a->param, i, false);
		return;
	}
	if (is(l, i - 1, "&") && is_unary(l, i - 1))
		pointer(l, a->param, i, true);
	else
		element(l, a->param, i, j);
}

static void look_at(struct pike_use *out, size_t n, const struct look *from,
		    const struct pike_function *f, int depth)
{
	struct look *l = pike_xcalloc(1, sizeof(*l));

	l->t = from->t;
	l->all = from->all;
	l->text = from->text;
	l->f = f;
	l->out = out;
	l->n = n;
	l->depth = depth;
	l->work = from->work;
	*l->work += depth ? f->end - f->body : 0;
	l->first_read = pike_xcalloc(n + 1, sizeof(*l->first_read));
	l->first_write = pike_xcalloc(n + 1, sizeof(*l->first_write));
	for (size_t i = 0; i < n; i++)
		l->first_read[i] = l->first_write[i] = SIZE_MAX;
	pike_function_params(l->t, f, name_param, l);
	if (!depth)
		name_macros(l);
	for (size_t i = f->body + 1; i < f->end; i++) {
		const struct alias *a = alias_of(l, i);

		if (a)
			mention(l, a, i);
	}
	for (size_t i = 0; i < n; i++)
		out[i].first_written =
		    out[i].written && l->first_write[i] < l->first_read[i];
	free(l->first_read);
	free(l->first_write);
	free(l);
}

void pike_function_uses(struct pike_use *out, size_t n, const char *text,
			const struct pike_tokens *t,
			const struct pike_functions *all,
			const struct pike_function *f)
{
	size_t work = 0;
	const struct look from = {
		.t = t, .all = all, .text = text, .work = &work
	};

	memset(out, 0, n * sizeof(*out));
	look_at(out, n, &from, f, 0);
}
