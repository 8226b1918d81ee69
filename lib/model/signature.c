/* SPDX-License-Identifier: Apache-2.0 */
/* signature: a function of C or CUDA as the arguments of a target. */
#include "model/signature.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/csource_priv.h"
#include "model/split_priv.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 64
#define NOTES_MAX 40
#define KERNELS_MAX 200

/* ---- types ---- */

/* What a target can pass for a type: in a buffer, and alone; NULL: nothing.
 * Where there is no unsigned type of that width the signed one has the same
 * bits. */
static const struct type {
	const char *c, *buffer, *alone, *precision;
} types[] = {
	{ "float", "f32", "f32", "fp32" },
	{ "double", "f64", "f64", "fp64" },
	{ "__half", "f16", "f16", "fp16" },
	{ "half", "f16", "f16", "fp16" },
	{ "_Float16", "f16", "f16", "fp16" },
	{ "__fp16", "f16", "f16", "fp16" },
	{ "__nv_bfloat16", "bf16", "bf16", "bf16" },
	{ "nv_bfloat16", "bf16", "bf16", "bf16" },
	{ "__bf16", "bf16", "bf16", "bf16" },
	{ "bf16", "bf16", "bf16", "bf16" },
	{ "char", "i8", "i8", "exact" },
	{ "signed char", "i8", "i8", "exact" },
	{ "int8_t", "i8", "i8", "exact" },
	{ "unsigned char", "u8", "u8", "exact" },
	{ "uint8_t", "u8", "u8", "exact" },
	{ "bool", "bool", "bool", "exact" },
	{ "_Bool", "bool", "bool", "exact" },
	{ "float2", "f32", NULL, "fp32" },
	{ "float4", "f32", NULL, "fp32" },
	{ "double2", "f64", NULL, "fp64" },
	{ "half2", "f16", NULL, "fp16" },
	{ "__half2", "f16", NULL, "fp16" },
	{ "__nv_bfloat162", "bf16", NULL, "bf16" },
	{ "int2", "i32", NULL, "exact" },
	{ "int4", "i32", NULL, "exact" },
	{ "short", NULL, "i32", "exact" },
	{ "unsigned short", NULL, "i32", "exact" },
	{ "int16_t", NULL, "i32", "exact" },
	{ "uint16_t", NULL, "i32", "exact" },
	{ "int", "i32", "i32", "exact" },
	{ "int32_t", "i32", "i32", "exact" },
	{ "unsigned", "u32", "u32", "exact" },
	{ "uint", "u32", "u32", "exact" },
	{ "uint32_t", "u32", "u32", "exact" },
	{ "long", "i64", "i64", "exact" },
	{ "unsigned long", "i64", "i64", "exact" },
	{ "int64_t", "i64", "i64", "exact" },
	{ "uint64_t", "i64", "i64", "exact" },
	{ "size_t", "i64", "i64", "exact" },
	{ "ssize_t", "i64", "i64", "exact" },
	{ "ptrdiff_t", "i64", "i64", "exact" },
	{ "intptr_t", "i64", "i64", "exact" },
	{ "uintptr_t", "i64", "i64", "exact" },
};

static const struct type *find_type(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(types); i++)
		if (!strcmp(types[i].c, name))
			return &types[i];
	return NULL;
}

/* Words that say nothing of a type's width. */
static bool is_qualifier(const char *w)
{
	static const char *const words[] = {
		"const",	"restrict",  "__restrict", "__restrict__",
		"volatile",	"register",  "static",	   "std",
		"__const",	"constexpr", "typename",   "__grid_constant__",
		"__attribute__"
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (!strcmp(words[i], w))
			return true;
	return false;
}

/* "long unsigned int" and the like, in one order; "" if it is none. */
static void integer_name(char out[32], const struct pike_strs *words)
{
	static const char *const parts[] = { "char", "short",	 "long",
					     "int",  "unsigned", "signed" };
	bool has[PIKE_ARRAY_LEN(parts)] = { false };
	const char *width;

	out[0] = '\0';
	for (size_t i = 0; i < words->n; i++) {
		size_t k = 0;

		while (k < PIKE_ARRAY_LEN(parts) &&
		       strcmp(parts[k], words->v[i]) != 0)
			k++;
		if (k == PIKE_ARRAY_LEN(parts))
			return;
		has[k] = true;
	}
	width = has[0] ? "char" : has[1] ? "short" : has[2] ? "long" : "";
	if (!*width)
		width = has[4] ? "" : "int";
	snprintf(out, 32, "%s%s%s",
		 has[4]		    ? "unsigned"
		 : has[5] && has[0] ? "signed"
				    : "",
		 *width && (has[4] || (has[5] && has[0])) ? " " : "", width);
}

/* `typedef float real_t;`, `using real_t = float;` at i: the token of the type;
 * 0: none of that name. */
static size_t named_type(const struct pike_tokens *t, size_t i,
			 const char *name)
{
	if (pike_token_is(t, i, "using") && pike_token_is(t, i + 1, name) &&
	    pike_token_is(t, i + 2, "=") && pike_token_is(t, i + 4, ";"))
		return i + 3;
	if (pike_token_is(t, i, "typedef") && pike_token_is(t, i + 2, name) &&
	    pike_token_is(t, i + 3, ";"))
		return i + 1;
	return 0;
}

/* Is it another type in another #if? */
static bool is_several(const struct pike_tokens *t, const char *name)
{
	size_t first = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t type = named_type(t, i, name);

		if (type && first &&
		    !pike_token_same(&t->v[type], &t->v[first]))
			return true;
		first = type ? type : first;
	}
	return false;
}

/* What a text makes of a name; these, or `#define real_t float`. */
static char *other_name(const char *text, const struct pike_tokens *t,
			const char *name)
{
	const char *p = text;

	for (size_t i = 0; i < t->n; i++) {
		size_t type = named_type(t, i, name);

		if (type && t->v[type].word)
			return pike_xstrndup(t->v[type].s, t->v[type].n);
	}
	while ((p = strstr(p, "#define"))) {
		size_t n = strlen(name);

		p += 7 + strspn(p + 7, " \t");
		if (strncmp(p, name, n) != 0 || !isspace((unsigned char)p[n]))
			continue;
		p += n + strspn(p + n, " \t");
		n = 0;
		while (isalnum((unsigned char)p[n]) || p[n] == '_')
			n++;
		return pike_xstrndup(p, n);
	}
	return NULL;
}

/* ---- parameters ---- */

struct param {
	char *name;
	const struct type *type;
	bool buffer, constant, left_out;
	bool open;	       /* its first dimension is not said */
	struct pike_strs dims; /* as declared */
	struct pike_use use;
};
struct reader {
	struct pike_signature *s;
	const char *text, *headers;
	const struct pike_tokens *t, *ht; /* of both */
	struct pike_strs params, given;	  /* of a template, where launched */
	struct param p[PARAMS_MAX];
	size_t n;
	size_t body, end; /* of the function */
	bool doubtful;
};

static void note(struct reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct reader *r, const char *fmt, ...)
{
	struct pike_buf clean;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->s->notes.n >= NOTES_MAX)
		return;
	pike_buf_init(&clean, sizeof(text));
	pike_sanitize(&clean, text, strlen(text));
	for (char *p = clean.s; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	if (!pike_strs_has(&r->s->notes, clean.s))
		pike_strs_push(&r->s->notes, clean.s);
	pike_buf_release(&clean);
}

/* The words by which a template calls its types and numbers. */
static void read_template(struct reader *r, size_t first)
{
	const struct pike_tokens *t = r->t;
	size_t close = pike_token_angle(t, first + 1);

	for (size_t i = first + 2; i <= close && i < t->n; i++) {
		if ((i < close && !pike_token_is(t, i, ",") &&
		     !pike_token_is(t, i, "=")) ||
		    !t->v[i - 1].word)
			continue;
		pike_strs_take(&r->params,
			       pike_xstrndup(t->v[i - 1].s, t->v[i - 1].n));
		while (i < close && !pike_token_is(t, i, ","))
			i++;
	}
}

/* What its `//pike: launch k<float, 4>` puts there. */
static void read_given(struct reader *r)
{
	char *mark = pike_xasprintf("%s<", r->s->entry);
	const char *p = strstr(r->text, "//pike: launch ");
	size_t line = p ? strcspn(p, "\n") : 0;
	const char *at = p ? memmem(p, line, mark, strlen(mark)) : NULL;

	if (at) {
		at += strlen(mark);
		mark[0] = '\0';
		free(mark);
		mark = pike_xstrndup(at, strcspn(at, ">\n"));
		pike_strs_split(&r->given, mark, ", ");
	}
	free(mark);
}

static char *given_type(struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->params.n && i < r->given.n; i++) {
		const struct type *t = find_type(r->given.v[i]);

		if (strcmp(r->params.v[i], name) != 0)
			continue;
		if (t && strcmp(t->precision, "exact") != 0)
			r->s->far_types = true;
		return pike_xstrdup(r->given.v[i]);
	}
	return NULL;
}

/* By its own name, or what the file or a header says that it is. */
static const struct type *type_of(struct reader *r,
				  const struct pike_strs *words)
{
	char name[32];
	const struct type *found;
	char *other, *far;

	integer_name(name, words);
	if (words->n && *name)
		return find_type(name);
	if (words->n != 1)
		return NULL;
	found = find_type(words->v[0]);
	other = found ? NULL : given_type(r, words->v[0]);
	if (!found && !other)
		other = other_name(r->text, r->t, words->v[0]);
	far =
	    found || other ? NULL : other_name(r->headers, r->ht, words->v[0]);
	if (other)
		found = find_type(other);
	else if (far)
		found = find_type(far);
	if (far && found && strcmp(found->precision, "exact") != 0)
		r->s->far_types = true;
	if (found && ((other && is_several(r->t, words->v[0])) ||
		      (far && is_several(r->ht, words->v[0]))))
		note(r, "%s is one type or another by an #if; %s was taken",
		     words->v[0], found->c);
	free(other);
	free(far);
	return found;
}

/* Tokens as a person would write them. */
static char *as_text(const struct pike_tokens *t, size_t at, size_t end)
{
	struct pike_buf b;

	pike_buf_init(&b, 200);
	for (size_t i = at; i < end && !b.full; i++) {
		bool tight = i == at || strchr("[(*,&", t->v[i - 1].s[0]) ||
			     strchr("[]),", t->v[i].s[0]);

		if (!tight)
			pike_buf_addc(&b, ' ');
		pike_buf_add(&b, t->v[i].s, t->v[i].n);
	}
	return pike_buf_detach(&b);
}

static void leave_out(struct reader *r, struct param *p, size_t at, size_t end,
		      const char *why)
{
	char *text = as_text(r->t, at, end);

	p->left_out = true;
	r->doubtful = true;
	note(r, "left out: `%s`, %s", text, why);
	free(text);
}

/* The dimensions behind a name, `[` at i; where they end. */
static size_t read_dims(struct param *p, const struct pike_tokens *t, size_t i,
			size_t end)
{
	for (; i < end && pike_token_is(t, i, "[");
	     i = pike_token_close(t, i) + 1) {
		size_t from = i + 1, close = pike_token_close(t, i);
		char *text;

		while (from < close && (pike_token_is(t, from, "static") ||
					pike_token_is(t, from, "const") ||
					pike_token_is(t, from, "restrict") ||
					pike_token_is(t, from, "__restrict__")))
			from++;
		text = as_text(t, from, close);
		if (!*text)
			p->open = true;
		else
			pike_strs_push(&p->dims, text);
		free(text);
	}
	return i;
}

/* How the declaration of a parameter is built: what of it no target passes. */
static const char *shape_of(struct param *p, const struct pike_tokens *t,
			    size_t at, size_t end, size_t name)
{
	size_t stars = 0, i = name + 1, behind;
	bool inner = pike_token_is(t, i, ")");

	for (size_t k = at; k < name; k++) {
		stars += pike_token_is(t, k, "*");
		if (pike_token_is(t, k, "&") || pike_token_is(t, k, "&&"))
			return "a reference of C++; pass a pointer or a number";
		if (pike_token_is(t, k, "const") && !stars)
			p->constant = true;
	}
	i += inner;
	if (pike_token_is(t, i, "("))
		return "a function";
	behind = read_dims(p, t, i, end);
	if (stars > 1 || (stars && !inner && behind > i))
		return "a pointer to pointers; pass one block of memory";
	p->open |= inner && stars;
	p->buffer = stars || behind > i;
	return NULL;
}

static void read_words(struct pike_strs *words, const struct pike_tokens *t,
		       size_t at, size_t name)
{
	for (size_t i = at; i < name; i++) {
		char *w = pike_xstrndup(t->v[i].s, t->v[i].n);

		if (!strcmp(w, "__attribute__"))
			i = pike_token_close(t, i + 1);
		else if (*w == '<' || (t->v[i].word && !is_qualifier(w)))
			pike_strs_push(words, w);
		free(w);
	}
}

static void read_param(void *ctx, size_t at, size_t end)
{
	struct reader *r = ctx;
	struct pike_strs words = PIKE_STRS_INIT;
	size_t name = pike_param_name(r->t, at, end);
	struct param *p;
	const char *why;

	if (r->n == PARAMS_MAX)
		return;
	p = &r->p[r->n++];
	memset(p, 0, sizeof(*p));
	if (name == end) {
		leave_out(r, p, at, end, "which has no name");
		return;
	}
	p->name = pike_xstrndup(r->t->v[name].s, r->t->v[name].n);
	why = shape_of(p, r->t, at, end, name);
	read_words(&words, r->t, at, name);
	p->type = type_of(r, &words);
	if (!why && !words.n)
		why = "which has no type or no name";
	if (!why &&
	    !(p->type && (p->buffer ? p->type->buffer : p->type->alone)))
		why = "of a type that no target passes";
	if (!why && !p->type->alone)
		note(r, "%s: each %s is several of %s; correct its dimensions",
		     p->name, p->type->c, p->type->buffer);
	if (why)
		leave_out(r, p, at, end, why);
	pike_strs_release(&words);
}

/* ---- arguments ---- */

static const struct param *size_named(const struct reader *r,
				      const struct pike_token *t)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->p[i].name && !r->p[i].buffer && !r->p[i].left_out &&
		    strlen(r->p[i].name) == t->n &&
		    !memcmp(r->p[i].name, t->s, t->n))
			return &r->p[i];
	return NULL;
}

/* The whole number that the file has for a macro; NULL: none. */
static char *macro_number(const struct reader *r, const struct pike_token *t)
{
	char *name = pike_xstrndup(t->s, t->n);
	char *value = other_name(r->text, r->t, name);
	int64_t v;

	free(name);
	if (value && pike_parse_i64(value, &v))
		return value;
	free(value);
	return NULL;
}

/* A dimension as an expression over sizes; false where it is something else. */
static bool add_dim(struct pike_buf *out, const struct reader *r,
		    const char *text)
{
	struct pike_tokens t;
	bool good = true;

	pike_tokens_read(&t, text);
	for (size_t i = 0; good && i < t.n; i++) {
		char *number = NULL;
		bool name = t.v[i].word && !isdigit((unsigned char)*t.v[i].s);

		if (name && !size_named(r, &t.v[i]))
			number = macro_number(r, &t.v[i]);
		if (number)
			pike_buf_adds(out, number);
		else
			pike_buf_add(out, t.v[i].s, t.v[i].n);
		good = name ? number || size_named(r, &t.v[i])
			    : t.v[i].word || (t.v[i].n == 1 &&
					      strchr("+-*/%()", *t.v[i].s));
		free(number);
	}
	pike_tokens_release(&t);
	return good;
}

/* The first size that the other dimensions do not have. */
static const char *first_size(const struct reader *r, const struct param *p)
{
	for (size_t i = 0; i < r->s->sizes.n; i++)
		if (!pike_strs_has(&p->dims, r->s->sizes.v[i]))
			return r->s->sizes.v[i];
	return r->s->sizes.v[0];
}

static void all_sizes(struct pike_buf *out, const struct reader *r)
{
	for (size_t i = 0; i < r->s->sizes.n; i++)
		pike_buf_addf(out, "[%s]", r->s->sizes.v[i]);
}

/* As declared; else every buffer is one of all sizes. */
static void add_dims(struct pike_buf *out, struct reader *r,
		     const struct param *p)
{
	struct pike_buf b;
	bool good = p->dims.n > 0;

	pike_buf_init(&b, 2048);
	if (good && p->open)
		pike_buf_addf(&b, "[%s]", first_size(r, p));
	for (size_t i = 0; good && i < p->dims.n; i++) {
		pike_buf_addc(&b, '[');
		good = add_dim(&b, r, p->dims.v[i]);
		pike_buf_addc(&b, ']');
	}
	if (p->dims.n && !good)
		note(r, "%s: its dimensions are not sizes alone; correct them",
		     p->name);
	if (good)
		pike_buf_adds(out, b.s);
	else
		all_sizes(out, r);
	pike_buf_release(&b);
}

/* By what the body writes; `const` says so itself. */
static const char *direction(struct reader *r, const struct param *p, bool any)
{
	const struct pike_use *u = &p->use;

	if (p->constant)
		return "in";
	if (u->passed)
		note(r,
		     "%s: goes to a function that is not in this file; does "
		     "that read it, write it, or both?",
		     p->name);
	if (!u->written && !u->read)
		return any ? "in" : "out";
	if (!u->written)
		return "in";
	return u->read && !u->first_written ? "inout" : "out";
}

static void add_arg(struct reader *r, const struct param *p, bool any)
{
	struct pike_buf b;
	const char *dir;

	if (p->left_out)
		return;
	pike_buf_init(&b, 4096);
	if (p->buffer) {
		dir = direction(r, p, any);
		pike_buf_addf(&b, "%s %s %s", dir, p->type->buffer, p->name);
		add_dims(&b, r, p);
		if (*dir != 'i' || dir[2])
			r->s->precision = p->type->precision;
	} else {
		pike_buf_addf(&b, "%s %s", p->type->alone, p->name);
	}
	pike_strs_push(&r->s->args, b.s);
	pike_buf_release(&b);
}

static bool is_one_of(const struct pike_tokens *t, size_t i,
		      const char *const *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (pike_token_is(t, i, words[k]))
			return true;
	return false;
}

/* Is it only asked whether it is set? */
static bool is_flag(const struct reader *r, const char *name)
{
	static const char *const before[] = { "(", "!", "&&", "||", "=" };
	static const char *const behind[] = { ")",  "?",  "==", "!=",
					      "&&", "||", ";" };
	bool seen = false;

	for (size_t i = r->body + 1; i < r->end; i++) {
		if (!pike_token_is(r->t, i, name))
			continue;
		if (!is_one_of(r->t, i - 1, before, PIKE_ARRAY_LEN(before)) ||
		    !is_one_of(r->t, i + 1, behind, PIKE_ARRAY_LEN(behind)))
			return false;
		seen = true;
	}
	return seen;
}

/* Integers are taken for sizes. */
static void add_sizes(struct reader *r)
{
	/* Of none of them: one that is no argument. */
	static const char *const names[] = { "n", "len", "size", "count" };

	for (size_t i = 0; i < r->n; i++) {
		const struct param *p = &r->p[i];

		if (p->buffer || p->left_out)
			continue;
		pike_strs_push(strcmp(p->type->precision, "exact") != 0 ||
				       !strcmp(p->type->alone, "bool") ||
				       is_flag(r, p->name)
				   ? &r->s->numbers
				   : &r->s->sizes,
			       p->name);
	}
	for (size_t i = 0; !r->s->sizes.n && i < PIKE_ARRAY_LEN(names); i++)
		if (!pike_strs_has(&r->s->numbers, names[i]))
			pike_strs_push(&r->s->sizes, names[i]);
}

static void add_args(struct reader *r)
{
	bool any = false, output = false;

	for (size_t i = 0; i < r->n; i++)
		any |= r->p[i].use.read || r->p[i].use.written;
	add_sizes(r);
	r->s->precision = "";
	for (size_t i = 0; i < r->n; i++) {
		add_arg(r, &r->p[i], any);
		output |= *r->s->precision != '\0';
	}
	if (!output) {
		r->s->precision = "fp32";
		r->doubtful = true;
		note(r,
		     "no output: no argument that a target passes is "
		     "written in %s()",
		     r->s->entry);
	}
}

static void reader_release(struct reader *r)
{
	pike_strs_release(&r->params);
	pike_strs_release(&r->given);
	for (size_t i = 0; i < r->n; i++) {
		free(r->p[i].name);
		pike_strs_release(&r->p[i].dims);
	}
}

void pike_signature_release(struct pike_signature *s)
{
	pike_strs_release(&s->args);
	pike_strs_release(&s->sizes);
	pike_strs_release(&s->numbers);
	pike_strs_release(&s->notes);
	free(s->entry);
	memset(s, 0, sizeof(*s));
}

/* ---- which function ---- */

struct file {
	const char *text, *headers, *mark, *wanted;
	struct pike_tokens t, ht;
	struct pike_functions f;
};

/* `void`, and no pointer of it, that others see. */
static bool may_be_kernel(const struct file *f, const struct pike_function *fn)
{
	if (!pike_function_says(&f->t, fn, "void") ||
	    (fn->name && pike_token_is(&f->t, fn->name - 1, "*")))
		return false;
	/* A kernel is launched by its address, static or not. */
	if (*f->mark)
		return pike_function_says(&f->t, fn, f->mark);
	return !pike_function_says(&f->t, fn, "static") &&
	       !pike_token_is(&f->t, fn->name, "main");
}

static bool read_function(struct pike_signature *out, const struct file *f,
			  const struct pike_function *fn)
{
	struct reader r = { .s = out,
			    .text = f->text,
			    .headers = f->headers,
			    .t = &f->t,
			    .ht = &f->ht,
			    .body = fn->body,
			    .end = fn->end };
	struct pike_use use[PARAMS_MAX];

	memset(out, 0, sizeof(*out));
	out->entry = pike_xstrndup(f->t.v[fn->name].s, f->t.v[fn->name].n);
	if (pike_token_is(&f->t, fn->first, "template")) {
		read_template(&r, fn->first);
		read_given(&r);
	}
	if (r.params.n && !r.given.n)
		note(&r,
		     "%s is a template: write its parameters where it is "
		     "launched, as in `//pike: launch %s<float> ...`",
		     out->entry, out->entry);
	pike_function_params(&f->t, fn, read_param, &r);
	pike_function_uses(use, PARAMS_MAX, f->text, &f->t, &f->f, fn);
	for (size_t i = 0; i < r.n; i++)
		r.p[i].use = use[i];
	add_args(&r);
	reader_release(&r);
	return !r.doubtful;
}

struct choice {
	struct pike_signature s;
	const struct pike_function *fn;
	bool fits; /* it can be passed all that it takes, and has an output */
};

static bool calls(const struct file *f, const struct choice *c, size_t name)
{
	for (size_t i = c->fn->body; i < c->fn->end; i++)
		if (f->t.v[i].word &&
		    pike_token_same(&f->t.v[i], &f->t.v[name]))
			return true;
	return false;
}

/* A helper of another one is not what is wanted. */
static bool is_helper(const struct file *f, const struct choice *all, size_t n,
		      size_t at)
{
	for (size_t i = 0; i < n; i++)
		if (i != at && all[i].fits &&
		    calls(f, &all[i], all[at].fn->name))
			return true;
	return false;
}

/* The one that is wanted; else the last that fits and helps no other; else the
 * last that fits; else the last. n: none. */
static size_t best_of(const struct file *f, const struct choice *all, size_t n)
{
	size_t best = n;
	int most = -1;

	for (size_t i = 0; i < n; i++) {
		int rank = all[i].fits ? 1 + !is_helper(f, all, n, i) : 0;

		if (f->wanted && strcmp(all[i].s.entry, f->wanted) != 0)
			continue;
		if (rank >= most)
			best = i;
		if (rank >= most)
			most = rank;
	}
	return best;
}

static bool choose(struct pike_signature *out, struct pike_strs *names,
		   const struct file *f)
{
	struct choice *all = pike_xcalloc(f->f.n + 1, sizeof(*all));
	size_t n = 0, best;

	for (size_t i = 0; i < f->f.n && n < KERNELS_MAX; i++) {
		struct choice *c = &all[n];

		if (!may_be_kernel(f, &f->f.v[i]))
			continue;
		c->fn = &f->f.v[i];
		c->fits = read_function(&c->s, f, c->fn);
		pike_strs_push(names, c->s.entry);
		n++;
	}
	best = best_of(f, all, n);
	for (size_t i = 0; i < n; i++)
		if (i == best)
			*out = all[i].s;
		else
			pike_signature_release(&all[i].s);
	free(all);
	return best < n;
}

static void note_others(struct pike_signature *s, const struct pike_strs *names)
{
	struct pike_buf b;

	if (names->n < 2)
		return;
	pike_buf_init(&b, 300);
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], s->entry) != 0)
			pike_buf_addf(&b, "%s%s", b.len ? ", " : "",
				      names->v[i]);
	pike_strs_pushf(&s->notes,
			"%s was taken of the kernels in this file; "
			"`pike-git init FILE:NAME` takes another: %s",
			s->entry, b.s);
	pike_buf_release(&b);
}

static void note_parallel(struct pike_signature *s, const char *text)
{
	for (const char *p = text; (p = strstr(p, "#pragma omp"));) {
		size_t n = strcspn(p, "\n");

		p += strlen("#pragma omp");
		n -= strlen("#pragma omp");
		if (memmem(p, n, "parallel", 8) || memmem(p, n, "task", 4) ||
		    memmem(p, n, "sections", 8))
			s->parallel = PIKE_PARALLEL_THREADS;
		else if (s->parallel == PIKE_PARALLEL_NONE &&
			 memmem(p, n, "simd", 4))
			s->parallel = PIKE_PARALLEL_SIMD;
	}
}

/* Of a file with device code: what runs on the host, and how it launches. */
static void note_host(struct pike_signature *s, const struct file *f)
{
	struct pike_buf b;

	pike_buf_init(&b, 4096);
	pike_host_lines(&b, f->text);
	if (b.len)
		pike_strs_pushf(&s->notes,
				"these lines are the host's, which a target "
				"does not have: %s; NVRTC compiles device code "
				"alone: `pike-git init --split FILE:%s` moves "
				"it to a file of its own",
				b.s, s->entry);
	if (!strstr(f->text, "//pike: launch"))
		pike_strs_pushf(&s->notes,
				"say in the source how it is launched, like "
				"`//pike: launch %s grid=(cdiv(%s, 256)) "
				"block=(256)`",
				s->entry, s->sizes.v[0]);
	pike_buf_release(&b);
}

/* Why there is none: of each function. */
static int none(const struct file *f, struct pike_err *err)
{
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, 300);
	for (size_t i = 0; !f->wanted && i < f->f.n; i++) {
		const struct pike_function *fn = &f->f.v[i];
		const struct pike_token *name = &f->t.v[fn->name];
		bool hidden =
		    !*f->mark && pike_function_says(&f->t, fn, "static");
		bool marked =
		    !*f->mark || pike_function_says(&f->t, fn, f->mark);

		pike_buf_addf(&b, "%s%.*s is %s", b.len ? ", " : "; ",
			      (int)name->n, name->s,
			      hidden	? "static"
			      : !marked ? "none"
					: "not void");
	}
	if (f->wanted)
		pike_buf_addf(&b, " called '%s'", f->wanted);
	ret = pike_fail(err, PIKE_FAILED,
			"no function `%s%svoid NAME(...)` that others see%s; a "
			"kernel is one%s",
			f->mark, *f->mark ? " " : "", f->wanted ? b.s : "",
			f->wanted ? "" : b.s);
	pike_buf_release(&b);
	return ret;
}

int pike_signature_read(struct pike_signature *out, const char *text,
			const char *headers, const char *mark,
			const char *wanted, struct pike_err *err)
{
	struct file f = { .text = text,
			  .headers = headers ? headers : "",
			  .mark = mark,
			  .wanted = wanted };
	struct pike_strs names = PIKE_STRS_INIT;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	pike_tokens_read(&f.t, text);
	pike_tokens_read(&f.ht, f.headers);
	pike_functions_read(&f.f, &f.t);
	if (choose(out, &names, &f)) {
		if (!wanted)
			note_others(out, &names);
		note_parallel(out, text);
		if (*mark)
			note_host(out, &f);
	} else {
		ret = none(&f, err);
	}
	pike_strs_release(&names);
	pike_functions_release(&f.f);
	pike_tokens_release(&f.t);
	pike_tokens_release(&f.ht);
	return ret;
}
