/* SPDX-License-Identifier: Apache-2.0 */
/* csource: the tokens and the functions of a C or CUDA file. */
#include "model/csource_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind a line of the preprocessor, which may go on in the next one. */
static const char *directive_end(const char *p)
{
	while (*p && *p != '\n') {
		if (p[0] == '\\' && p[1] == '\r' && p[2] == '\n')
			p += 3;
		else if (p[0] == '\\' && p[1])
			p += 2;
		else if (p[0] == '/' && p[1] == '*') {
			p = strstr(p + 2, "*/");
			if (!p)
				return "";
			p += 2;
		} else {
			p++;
		}
	}
	return p;
}

static const char *quote_end(const char *p)
{
	char quote = *p++;

	while (*p && *p != quote && *p != '\n')
		p += p[0] == '\\' && p[1] ? 2 : 1;
	return *p ? p + 1 : p;
}

/* Blanks, comments and directives. */
static const char *skip(const char *p, bool line_start)
{
	for (;;) {
		const char *from = p;

		while (isspace((unsigned char)*p))
			line_start |= *p++ == '\n';
		if (p[0] == '/' && p[1] == '/')
			p += strcspn(p, "\n");
		else if (p[0] == '/' && p[1] == '*') {
			p = strstr(p + 2, "*/");
			p = p ? p + 2 : "";
		} else if (*p == '#' && line_start) {
			p = directive_end(p);
		}
		if (p == from || !*p)
			return p;
	}
}

static size_t operator_len(const char *p)
{
	static const char *const list[] = {
		"<<=", ">>=", "...", "->", "++", "--", "<=",
		">=",  "==",  "!=",  "&&", "||", "+=", "-=",
		"*=",  "/=",  "%=",  "&=", "|=", "^=", "::",
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(list); i++)
		if (!strncmp(p, list[i], strlen(list[i])))
			return strlen(list[i]);
	return 1;
}

static size_t token_len(const char *p)
{
	size_t n = 0;

	if (*p == '"' || *p == '\'')
		return (size_t)(quote_end(p) - p);
	while (word_char(p[n]) || (p[n] == '.' && isdigit((unsigned char)p[0])))
		n++;
	return n ? n : operator_len(p);
}

static int depth_of(const struct pike_token *t)
{
	if (t->n != 1)
		return 0;
	return strchr("([{", *t->s) ? 1 : strchr(")]}", *t->s) ? -1 : 0;
}

/* Any kind of bracket closes any other: what is torn ends somewhere. */
static void find_mates(struct pike_tokens *t)
{
	size_t *open = pike_xcalloc(t->n + 1, sizeof(*open)), depth = 0;

	for (size_t i = 0; i < t->n; i++) {
		int d = depth_of(&t->v[i]);

		if (d > 0) {
			t->v[i].mate = t->n;
			open[depth++] = i;
		} else if (d < 0 && depth) {
			t->v[i].mate = open[--depth];
			t->v[open[depth]].mate = i;
		}
	}
	free(open);
}

void pike_tokens_read(struct pike_tokens *out, const char *text)
{
	const char *at = text;
	int line = 1;

	memset(out, 0, sizeof(*out));
	for (const char *p = skip(text, true); *p; p = skip(p, false)) {
		struct pike_token t = { .s = p, .n = token_len(p) };

		for (; at < p; at++)
			line += *at == '\n';
		t.line = line;
		t.word = word_char(*p);
		PIKE_GROW(out->v, out->n, out->cap);
		t.mate = out->n;
		out->v[out->n++] = t;
		p += t.n;
	}
	find_mates(out);
}

void pike_tokens_release(struct pike_tokens *t)
{
	free(t->v);
	memset(t, 0, sizeof(*t));
}

bool pike_token_is(const struct pike_tokens *t, size_t i, const char *text)
{
	return i < t->n && strlen(text) == t->v[i].n &&
	       !memcmp(t->v[i].s, text, t->v[i].n);
}

bool pike_token_same(const struct pike_token *a, const struct pike_token *b)
{
	return a->n == b->n && !memcmp(a->s, b->s, a->n);
}

size_t pike_token_close(const struct pike_tokens *t, size_t i)
{
	if (i >= t->n)
		return t->n;
	return t->v[i].mate < i ? i : t->v[i].mate;
}

size_t pike_token_open(const struct pike_tokens *t, size_t i)
{
	return t->v[i].mate < i ? t->v[i].mate : i;
}

/* ---- functions ---- */

/* Words with brackets that a declaration may have beside the parameters. */
static bool is_attribute(const struct pike_tokens *t, size_t i)
{
	static const char *const words[] = {
		"__attribute__", "__launch_bounds__", "__align__", "alignas",
		"_Alignas",	 "__declspec",	      "noexcept",  "requires",
		"__maxnreg__",	 "__cluster_dims__",  "decltype",
	};

	for (size_t k = 0; k < PIKE_ARRAY_LEN(words); k++)
		if (pike_token_is(t, i, words[k]))
			return true;
	return false;
}

/* Is what stands in [first, brace) the head of a function? */
static bool read_head(struct pike_function *f, const struct pike_tokens *t,
		      size_t first, size_t brace)
{
	bool found = false;

	*f = (struct pike_function){ .first = first, .body = brace };
	for (size_t i = first; i < brace; i++) {
		if (pike_token_is(t, i, "="))
			return false;
		if (!pike_token_is(t, i, "("))
			continue;
		if (i > first && t->v[i - 1].word && !is_attribute(t, i - 1)) {
			f->name = i - 1;
			f->open = i;
			f->close = pike_token_close(t, i);
			found = f->close < brace;
		}
		i = pike_token_close(t, i);
	}
	return found;
}

/* A brace that holds declarations like the file itself. */
static bool is_room(const struct pike_tokens *t, size_t first, size_t brace)
{
	return pike_token_is(t, first, "namespace") ||
	       (pike_token_is(t, first, "extern") && brace == first + 2);
}

void pike_functions_read(struct pike_functions *out,
			 const struct pike_tokens *t)
{
	size_t first = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < t->n; i++) {
		struct pike_function f;
		bool found;

		if (pike_token_is(t, i, ";") || pike_token_is(t, i, "}") ||
		    (pike_token_is(t, i, "{") && is_room(t, first, i))) {
			first = i + 1;
			continue;
		}
		if (!pike_token_is(t, i, "{"))
			continue;
		found = read_head(&f, t, first, i);
		i = pike_token_close(t, i);
		if (!found)
			continue;
		f.end = i;
		first = i + 1;
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n++] = f;
	}
}

void pike_functions_release(struct pike_functions *f)
{
	free(f->v);
	memset(f, 0, sizeof(*f));
}

bool pike_function_says(const struct pike_tokens *t,
			const struct pike_function *f, const char *word)
{
	for (size_t i = f->first; i < f->body; i++)
		if ((i < f->open || i > f->close) && pike_token_is(t, i, word))
			return true;
	return false;
}

/* ---- parameters ---- */

void pike_function_params(const struct pike_tokens *t,
			  const struct pike_function *f, pike_param_fn *each,
			  void *ctx)
{
	size_t at = f->open + 1;
	int angle = 0;

	for (size_t i = at; i <= f->close && i < t->n; i++) {
		if (i < f->close && depth_of(&t->v[i]) > 0)
			i = pike_token_close(t, i);
		angle += pike_token_is(t, i, "<") - pike_token_is(t, i, ">");
		if (i < f->close && (angle > 0 || !pike_token_is(t, i, ",")))
			continue;
		if (i > at && !(i == at + 1 && pike_token_is(t, at, "void")))
			each(ctx, at, i);
		at = i + 1;
		angle = 0;
	}
}

size_t pike_param_name(const struct pike_tokens *t, size_t at, size_t end)
{
	size_t name = end;

	for (size_t i = at; i < end; i++) {
		if (pike_token_is(t, i, "[") || pike_token_is(t, i, "="))
			break;
		/* (*x)[m]: the last word in there */
		if (pike_token_is(t, i, ")"))
			break;
		if (is_attribute(t, i))
			i = pike_token_close(t, i + 1);
		else if (t->v[i].word && !isdigit((unsigned char)*t->v[i].s))
			name = i;
	}
	return name;
}
