/* SPDX-License-Identifier: Apache-2.0 */
/* csource: the tokens and the functions of a C or CUDA file. */
#include "model/csource_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Of what begins with a slash and a star. */
static const char *comment_end(const char *p)
{
	const char *end = strstr(p + 2, "*/");

	return end ? end + 2 : p + strlen(p);
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
			p = comment_end(p);
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

static void add_line(struct pike_tokens *t, const char *p, const char *end)
{
	struct pike_token line = { .s = p, .n = (size_t)(end - p) };

	PIKE_GROW(t->lines, t->nlines, t->lines_cap);
	t->lines[t->nlines++] = line;
}

/* Blanks, comments and directives, which it puts down. */
static const char *skip(struct pike_tokens *t, const char *p, bool line_start)
{
	for (;;) {
		const char *from = p, *at;

		while (isspace((unsigned char)*p))
			line_start |= *p++ == '\n';
		at = p;
		if (p[0] == '/' && p[1] == '/')
			p += strcspn(p, "\n");
		else if (p[0] == '/' && p[1] == '*') {
			p = comment_end(p);
		} else if (*p == '#' && line_start) {
			p = directive_end(p);
			add_line(t, at, p);
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

/* R"x(...)x" of C++: the length of what begins with the quote. */
static size_t raw_len(const char *p)
{
	size_t n = strcspn(p + 1, "( \\\n");
	const char *end;
	char close[20];

	if (n > 16 || p[1 + n] != '(')
		return (size_t)(quote_end(p) - p);
	snprintf(close, sizeof(close), ")%.*s\"", (int)n, p + 1);
	end = strstr(p + 1 + n, close);
	return end ? (size_t)(end - p) + strlen(close) : strlen(p);
}

static size_t word_len(const char *p)
{
	bool number = isdigit((unsigned char)p[0]) ||
		      (p[0] == '.' && isdigit((unsigned char)p[1]));
	size_t n = 0;

	while (word_char(p[n]) || (number && p[n] == '.') ||
	       (number && n && p[n] == '\'' && word_char(p[n + 1])))
		n++;
	return n;
}

/* Of a literal with what it may begin with: L"", u8R"()". */
static size_t prefix_len(const char *p, size_t n)
{
	static const char *const list[] = { "L",  "u",	"U",  "u8", "R",
					    "LR", "uR", "UR", "u8R" };

	if (p[n] != '"' && p[n] != '\'')
		return 0;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(list); i++)
		if (n == strlen(list[i]) && !memcmp(p, list[i], n))
			return n;
	return 0;
}

static size_t token_len(const char *p)
{
	size_t n = word_len(p), prefix = prefix_len(p, n);

	if (prefix && p[n - 1] == 'R' && p[n] == '"')
		return n + raw_len(p + n);
	if (prefix || *p == '"' || *p == '\'')
		return (size_t)(quote_end(p + prefix) - p);
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

static void count_lines(struct pike_tokens *t, const char *at)
{
	int line = 1;

	for (size_t i = 0; i < t->nlines; i++) {
		for (; at < t->lines[i].s; at++)
			line += *at == '\n';
		t->lines[i].line = line;
	}
}

void pike_tokens_read(struct pike_tokens *out, const char *text)
{
	const char *at = text;
	int line = 1;

	memset(out, 0, sizeof(*out));
	for (const char *p = skip(out, text, true); *p;
	     p = skip(out, p, false)) {
		struct pike_token t = { .s = p, .n = token_len(p) };

		for (; at < p; at++)
			line += *at == '\n';
		t.line = line;
		t.word = word_char(*p) && word_len(p) == t.n;
		PIKE_GROW(out->v, out->n, out->cap);
		t.mate = out->n;
		out->v[out->n++] = t;
		p += t.n;
	}
	find_mates(out);
	count_lines(out, text);
}

void pike_tokens_release(struct pike_tokens *t)
{
	free(t->v);
	free(t->lines);
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

bool pike_token_attribute(const struct pike_tokens *t, size_t i)
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

size_t pike_token_angle(const struct pike_tokens *t, size_t i)
{
	int depth = 0;

	for (; i < t->n; i++) {
		if (depth_of(&t->v[i]) > 0)
			i = pike_token_close(t, i);
		if (i == t->n || strchr(";}", *t->v[i].s))
			break;
		depth += pike_token_is(t, i, "<") - pike_token_is(t, i, ">");
		if (!depth)
			return i;
	}
	return t->n;
}

/* The name before the bracket at i, `operator` of one such as operator+; t->n:
 * none. */
static size_t name_before(const struct pike_tokens *t, size_t first, size_t i)
{
	if (i > first && t->v[i - 1].word && !pike_token_attribute(t, i - 1))
		return i - 1;
	for (size_t k = 2; k <= 3 && i >= first + k; k++)
		if (pike_token_is(t, i - k, "operator"))
			return i - k;
	return t->n;
}

bool pike_function_head(struct pike_function *f, const struct pike_tokens *t,
			size_t first, size_t brace)
{
	bool found = false;

	*f = (struct pike_function){ .first = first, .body = brace };
	for (size_t i = first; i < brace; i++) {
		size_t name;

		if (pike_token_is(t, i, "template") &&
		    pike_token_is(t, i + 1, "<"))
			i = pike_token_angle(t, i + 1);
		if (pike_token_is(t, i, "="))
			return false;
		if (!pike_token_is(t, i, "("))
			continue;
		name = name_before(t, first, i);
		if (name < t->n) {
			f->name = name;
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
		found = pike_function_head(&f, t, first, i);
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
		if (pike_token_attribute(t, i))
			i = pike_token_close(t, i + 1);
		else if (t->v[i].word && !isdigit((unsigned char)*t->v[i].s))
			name = i;
	}
	return name;
}
