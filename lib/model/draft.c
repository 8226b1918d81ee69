/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft: a reference out of the kernel itself, in `real` instead of its own
 * floating type. Constants and functions of the narrow type become those of
 * any, or the truth would be rounded like the kernel.
 */
#include "model/signature.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What says that a kernel is written for a width of its own. */
static const struct {
	const char *word, *why;
} hard[] = {
	{ "_mm", "it uses vectors of the processor" },
	{ "__m128", "it uses vectors of the processor" },
	{ "__m256", "it uses vectors of the processor" },
	{ "__m512", "it uses vectors of the processor" },
	{ "float32x", "it uses vectors of the processor" },
	{ "float64x", "it uses vectors of the processor" },
	{ "svfloat", "it uses vectors of the processor" },
	{ "vector_size", "it uses vectors of the compiler" },
	{ "float2", "it uses vectors of a width" },
	{ "float3", "it uses vectors of a width" },
	{ "float4", "it uses vectors of a width" },
	{ "double2", "it uses vectors of a width" },
	{ "double4", "it uses vectors of a width" },
	{ "wmma", "it uses matrix instructions" },
	{ "__asm", "it has inline assembly" },
	{ "omp_", "it asks OpenMP for its threads" },
};
static const char *const functions[] = {
	"exp",	  "exp2",  "expm1", "log",   "log2",	 "log10", "log1p",
	"sqrt",	  "rsqrt", "cbrt",  "hypot", "pow",	 "sin",	  "cos",
	"tan",	  "asin",  "acos",  "atan",  "atan2",	 "sinh",  "cosh",
	"tanh",	  "asinh", "acosh", "atanh", "erf",	 "erfc",  "tgamma",
	"lgamma", "fabs",  "fmax",  "fmin",  "fma",	 "fmod",  "floor",
	"ceil",	  "round", "trunc", "rint",  "copysign",
};

struct draft {
	struct pike_buf *out;
	const char *text; /* all of it */
	const char *type; /* that becomes `real`; NULL: none does */
	bool math, cast;  /* cast: what the next bracket holds */
	const char *why;
};

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t word_len(const char *p)
{
	size_t n = 0;

	while (word_char(p[n]))
		n++;
	return n;
}

static size_t number_len(const char *p)
{
	bool hex = p[0] == '0' && (p[1] | 32) == 'x';
	size_t n = 0;

	while (word_char(p[n]) || p[n] == '.' ||
	       (!hex && n && (p[n] == '-' || p[n] == '+') &&
		(p[n - 1] | 32) == 'e'))
		n++;
	return n;
}

static void put_number(struct draft *d, const char *p, size_t n)
{
	bool hex = p[0] == '0' && (p[1] | 32) == 'x';

	if (d->type && !hex && (p[n - 1] | 32) == 'f')
		pike_buf_addf(d->out, "(real)%.*s", (int)n - 1, p);
	else
		pike_buf_add(d->out, p, n);
}

static bool is_narrow_function(const char *p, size_t n)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(functions); i++) {
		size_t len = strlen(functions[i]);

		if (n == len + 1 && !memcmp(p, functions[i], len) &&
		    p[len] == 'f')
			return true;
	}
	return false;
}

/* The compiler's own, and CUDA's hasty ones: what they stand for. */
static size_t prefix_len(const char *p)
{
	static const char *const prefixes[] = { "__builtin_", "__" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(prefixes); i++)
		if (pike_starts_with(p, prefixes[i]))
			return strlen(prefixes[i]);
	return 0;
}

/* Does the text declare this name as an integer? */
static bool is_integer(const char *text, const char *name, size_t n)
{
	static const char *const types[] = { "int", "unsigned", "long",
					     "size_t" };
	const char *p = text;

	for (; (p = memmem(p, strlen(p), name, n)); p += n) {
		const char *type = p;

		if (word_char(p[n]) || p == text || p[-1] != ' ')
			continue;
		while (type > text && type[-1] == ' ')
			type--;
		for (size_t i = 0; i < PIKE_ARRAY_LEN(types); i++) {
			size_t len = strlen(types[i]);

			if ((size_t)(type - text) >= len &&
			    !memcmp(type - len, types[i], len))
				return true;
		}
	}
	return false;
}

/* sqrtf(n) of an integer: in C++ sqrt(n) could be that of any float; p is
 * behind the name. */
static void look_at_argument(struct draft *d, const char *p)
{
	size_t n;

	if (*p != '(')
		return;
	p += 1 + strspn(p + 1, " \t");
	n = word_len(p);
	if (n && !isdigit((unsigned char)*p) &&
	    p[n + strspn(p + n, " \t")] == ')' && is_integer(d->text, p, n))
		d->cast = true;
}

static void put_word(struct draft *d, const char *p, size_t n)
{
	size_t skip = prefix_len(p);

	if (n == 3 && !memcmp(p, "asm", n))
		d->why = "it has inline assembly";
	for (size_t i = 0; i < PIKE_ARRAY_LEN(hard); i++)
		if (!strncmp(p, hard[i].word, strlen(hard[i].word)))
			d->why = hard[i].why;
	if (d->type && strlen(d->type) == n && !memcmp(p, d->type, n)) {
		pike_buf_adds(d->out, "real");
	} else if (d->type && skip < n &&
		   is_narrow_function(p + skip, n - skip)) {
		pike_buf_add(d->out, p + skip, n - skip - 1);
		d->math = true;
		look_at_argument(d, p + n);
	} else {
		pike_buf_add(d->out, p, n);
	}
}

/* Comments, strings and #includes as they are; how much of it. */
static size_t verbatim_len(const char *p, bool line_start)
{
	const char *end;
	size_t n = 1;

	if (line_start && *p == '#') {
		n += strspn(p + 1, " \t");
		return strncmp(p + n, "include", 7) != 0 ? 0 : strcspn(p, "\n");
	}
	if (p[0] == '/' && p[1] == '/')
		return strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		end = strstr(p + 2, "*/");
		return end ? (size_t)(end + 2 - p) : strlen(p);
	}
	if (*p != '"' && *p != '\'')
		return 0;
	while (p[n] && p[n] != *p && p[n] != '\n')
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return n + (p[n] == *p);
}

/* How it is launched is the reference's too; what may be tuned is not. */
static bool is_the_kernels(const char *p)
{
	if (!pike_starts_with(p, "//pike:"))
		return false;
	p += 7 + strspn(p + 7, " \t");
	return !pike_starts_with(p, "launch");
}

static void rewrite(struct draft *d, const char *p)
{
	bool line_start = true;

	while (*p) {
		size_t n = verbatim_len(p, line_start);

		line_start = *p == '\n' || (line_start && isspace(*p & 0x7f));
		if (n) {
			if (!is_the_kernels(p))
				pike_buf_add(d->out, p, n);
			if (pike_starts_with(p, "//pike: scratch"))
				d->why = "it has scratch buffers";
		} else if (isdigit((unsigned char)*p) ||
			   (*p == '.' && isdigit((unsigned char)p[1]))) {
			n = number_len(p);
			put_number(d, p, n);
		} else if (word_char(*p)) {
			n = word_len(p);
			put_word(d, p, n);
		} else {
			n = 1;
			pike_buf_addc(d->out, *p);
			if (d->cast)
				pike_buf_adds(d->out, "(real)");
			d->cast = false;
		}
		p += n;
	}
}

/* Of the arguments: the one floating type; NULL with `why`: it takes a person;
 * NULL without: none. */
static const char *real_type(const struct pike_signature *s, const char **why)
{
	static const char *const names[][2] = { { "f32", "float" },
						{ "f64", "double" },
						{ "f16", NULL },
						{ "bf16", NULL } };
	const char *found = NULL;
	int count = 0;

	for (size_t k = 0; k < PIKE_ARRAY_LEN(names); k++) {
		bool has = false;

		for (size_t i = 0; i < s->args.n; i++)
			has |= strstr(s->args.v[i], names[k][0]) &&
			       strchr(s->args.v[i], '[');
		if (has && !names[k][1])
			*why = "its floats are narrower than any C has "
			       "functions for";
		if (has)
			found = names[k][1];
		count += has;
	}
	if (count > 1)
		*why = "its arguments have floats of more than one width";
	return *why ? NULL : found;
}

int pike_reference_draft(struct pike_buf *out, const char *text,
			 const struct pike_signature *s, struct pike_err *err)
{
	struct pike_buf body;
	struct draft d = { .out = &body, .text = text };

	pike_buf_init(&body, out->max);
	if (s->far_types)
		d.why = "a header or a template says what the type of its "
			"arguments is, and the truth is of `real`";
	else
		d.type = real_type(s, &d.why);
	if (!d.why)
		rewrite(&d, text);
	if (!d.why && body.full)
		d.why = "it is too large";
	pike_buf_adds(
	    out, "/* A draft by `pike-git init`: what this computes is the "
		 "truth. Read it, and\n * take out what is there for speed "
		 "alone. `real` is double, or the kernel's type. */\n");
	if (d.math && !strstr(text, "__global__"))
		pike_buf_adds(out, "#include <tgmath.h>\n");
	pike_buf_add(out, body.s, body.len);
	pike_buf_release(&body);
	if (d.why)
		return pike_fail(err, PIKE_FAILED, "%s", d.why);
	return out->full ? pike_fail(err, PIKE_FAILED, "it is too large") : 0;
}
