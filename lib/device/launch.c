/* SPDX-License-Identifier: Apache-2.0 */
/* launch: reads launch plans; see launch.h for the language. */
#include "device/launch_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEFINES_MAX 1024
#define KERNEL_MAX 200

/* One line of a source under the reader. */
struct reader {
	struct pike_launch_plan *p;
	const char *path;
	int line;
	const char *start, *at, *end;
	struct pike_err *err;
};

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* A word, or what stands there instead. */
static int found_len(const struct reader *r, const char *at)
{
	bool word = at < r->end && word_char(*at);
	size_t n = 0;

	while (at + n < r->end && n < 40 && !isspace((unsigned char)at[n]) &&
	       (!word || word_char(at[n])))
		n++;
	return (int)n;
}

static int fail_at(const struct reader *r, const char *at, const char *what)
{
	bool said = pike_starts_with(what, "expected ");
	int n = found_len(r, at), column = (int)(at - r->start) + 1;

	if (said && !n)
		return pike_fail(r->err, PIKE_FAILED,
				 "%s:%d:%d: %s, found the end of the line",
				 r->path, r->line, column, what);
	if (said)
		return pike_fail(r->err, PIKE_FAILED,
				 "%s:%d:%d: %s, found '%.*s'", r->path, r->line,
				 column, what, n, at);
	return pike_fail(r->err, PIKE_FAILED, "%s:%d:%d: %s", r->path, r->line,
			 column, what);
}

static void blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

static size_t word_len(const struct reader *r)
{
	size_t n = 0;

	while (r->at + n < r->end && word_char(r->at[n]))
		n++;
	return n;
}

/* Steps over the word; its length. */
static size_t take_word(char *out, size_t size, struct reader *r)
{
	size_t n;

	blanks(r);
	n = word_len(r);
	if (!n || n >= size)
		return 0;
	memcpy(out, r->at, n);
	out[n] = '\0';
	r->at += n;
	return n;
}

/* The end of the text that begins here: a comma or bracket outside of all
 * brackets. */
static const char *item_end(const struct reader *r)
{
	const char *p = r->at;
	int depth = 0;

	for (; p < r->end; p++) {
		if (*p == '(' || *p == '[')
			depth++;
		else if ((*p == ')' || *p == ']') && depth-- == 0)
			break;
		else if (!depth && *p == ',')
			break;
	}
	return p;
}

/* Does `KEY =` begin here, behind a blank or a bracket? */
static bool is_key(const struct reader *r, const char *p)
{
	const char *q = p;

	if (p == r->at || word_char(p[-1]) || isdigit((unsigned char)*p))
		return false;
	while (q < r->end && word_char(*q))
		q++;
	if (q == p)
		return false;
	while (q < r->end && (*q == ' ' || *q == '\t'))
		q++;
	return q < r->end && *q == '=' && (q + 1 == r->end || q[1] != '=');
}

/* The end of a value: the next key, outside of all brackets. */
static const char *value_end(const struct reader *r)
{
	const char *p = r->at;
	int depth = 0;

	for (; p < r->end; p++) {
		depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		if (depth <= 0 && is_key(r, p))
			break;
	}
	while (p > r->at && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return p;
}

/* Is what begins here with a bracket nothing but what that holds? */
static bool is_list(const struct reader *r, const char *end)
{
	int depth = 0;

	for (const char *p = r->at; p < end; p++) {
		depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		if (depth <= 0)
			return p + 1 == end && *r->at == '(';
	}
	return r->at < end && *r->at == '('; /* never closed */
}

static int take_expr(struct pike_expr **out, struct reader *r, const char *end)
{
	char *text = pike_xstrndup(r->at, (size_t)(end - r->at));
	struct pike_err why = PIKE_ERR_INIT;
	int ret = pike_expr_parse(out, text, &why);

	if (ret)
		ret = pike_fail(r->err, PIKE_FAILED, "%s:%d:%d: in '%.80s': %s",
				r->path, r->line, (int)(r->at - r->start) + 1,
				text, why.text);
	free(text);
	r->at = end;
	return ret;
}

/* "(E, E, E)"; at least one. */
static int take_list(struct pike_expr **out, size_t *n, size_t max,
		     struct reader *r)
{
	const char *begin = r->at;
	int ret = 0;

	*n = 0;
	if (r->at == r->end || *r->at != '(')
		return fail_at(r, begin, "expected '('");
	r->at++;
	do {
		if (*n == max)
			return fail_at(r, begin, "too many values");
		blanks(r);
		ret = take_expr(&out[*n], r, item_end(r));
		if (!ret)
			(*n)++;
	} while (!ret && r->at < r->end && *r->at++ == ',');
	if (!ret && r->at[-1] != ')')
		ret = fail_at(r, begin, "'(' is never closed");
	return ret;
}

/* ---- #define ---- */

static struct pike_define *find_define(const struct pike_launch_plan *p,
				       const char *name)
{
	for (size_t i = 0; i < p->ndefines; i++)
		if (!strcmp(p->defines[i].name, name))
			return &p->defines[i];
	return NULL;
}

static void add_define(struct pike_launch_plan *p, const char *name,
		       struct pike_expr *e)
{
	struct pike_define *d = find_define(p, name);

	if (d) {
		if (!e || !d->e ||
		    strcmp(pike_expr_text(d->e), pike_expr_text(e)) != 0)
			d->twice = true;
		pike_expr_free(e);
		return;
	}
	if (p->ndefines == DEFINES_MAX) {
		pike_expr_free(e);
		return;
	}
	PIKE_GROW(p->defines, p->ndefines, p->defines_cap);
	p->defines[p->ndefines++] =
	    (struct pike_define){ .name = pike_xstrdup(name), .e = e };
}

/* The body of a #define without its comment. */
static const char *body_end(const char *p, const char *end)
{
	const char *q = p;

	while (q < end &&
	       !(q + 1 < end && q[0] == '/' && (q[1] == '/' || q[1] == '*')))
		q++;
	while (q > p && isspace((unsigned char)q[-1]))
		q--;
	return q;
}

/* Reads `#define NAME BODY` where BODY is an integer expression of ours. */
static void read_define(struct reader *r)
{
	struct pike_expr *e = NULL;
	char name[65], *body;
	const char *end;

	r->at++; /* # */
	if (!take_word(name, sizeof(name), r) || strcmp(name, "define") != 0 ||
	    !take_word(name, sizeof(name), r) || !pike_is_ident(name) ||
	    (r->at < r->end && *r->at == '('))
		return;
	blanks(r);
	end = body_end(r->at, r->end);
	body = pike_xstrndup(r->at, (size_t)(end - r->at));
	if (pike_expr_parse(&e, body, NULL))
		e = NULL;
	/* What is no number shadows one of the same name all the same. */
	add_define(r->p, name, e);
	free(body);
}

bool pike_launch_plan_lookup(void *ctx, const char *name, int64_t *out)
{
	struct pike_launch_plan_scope *s = ctx, inner = *s;
	struct pike_define *d = find_define(s->p, name);
	bool size = s->c && pike_case_size(s->c, name, out);

	if (!d || size)
		return size;
	if (d->twice)
		s->twice = true;
	if (d->twice || !d->e || ++inner.depth > 16)
		return false;
	inner.c = NULL; /* a #define cannot know a case */
	return !pike_expr_eval(out, d->e, pike_launch_plan_lookup, &inner,
			       NULL);
}

/* ---- scratch ---- */

static int find_arg(const struct pike_launch_plan *p, const char *name)
{
	for (size_t i = 0; i < p->t->nargs; i++)
		if (!strcmp(p->t->args[i].name, name))
			return (int)i;
	return -1;
}

static int find_scratch(const struct pike_launch_plan *p, const char *name)
{
	for (size_t i = 0; i < p->nscratch; i++)
		if (!strcmp(p->scratch[i].name, name))
			return (int)i;
	return -1;
}

static int read_scratch(struct reader *r)
{
	struct pike_launch_plan *p = r->p;
	struct pike_scratch *s = &p->scratch[p->nscratch];
	char word[65];
	const char *at;
	int dtype, ret = 0;

	if (p->nscratch == PIKE_SCRATCH_MAX)
		return fail_at(r, r->start, "more than 16 scratch buffers");
	blanks(r);
	at = r->at;
	dtype = take_word(word, sizeof(word), r) ? pike_dtype_parse(word) : -1;
	if (dtype < 0)
		return fail_at(r, at,
			       "expected a type: f64 f32 f16 bf16 i8 "
			       "u8 i32 u32 i64 bool");
	blanks(r);
	at = r->at;
	if (!take_word(word, sizeof(word), r) || !pike_is_ident(word))
		return fail_at(r, at, "expected the name of a scratch buffer");
	if (find_arg(p, word) >= 0 || find_scratch(p, word) >= 0)
		return fail_at(r, at, "that name is taken");
	memset(s, 0, sizeof(*s));
	s->dtype = (enum pike_dtype)dtype;
	s->line = r->line;
	s->path = r->path;
	s->name = pike_xstrdup(word);
	p->nscratch++;
	for (blanks(r); !ret && r->at < r->end && *r->at == '['; blanks(r)) {
		if (s->ndims == PIKE_SCRATCH_DIMS)
			return fail_at(r, r->at, "more than 8 dimensions");
		r->at++;
		ret = take_expr(&s->dims[s->ndims], r, item_end(r));
		s->ndims += !ret;
		if (!ret && (r->at == r->end || *r->at++ != ']'))
			return fail_at(r, r->at, "expected ']'");
	}
	if (!ret && !s->ndims)
		return fail_at(r, r->at, "expected its dimensions: NAME[DIM]");
	if (!ret && r->at != r->end)
		return fail_at(r, r->at, "unexpected text at the end");
	return ret;
}

/* ---- arguments of a launch ---- */

/* "= NUMBER" out of a few. */
static int take_choice(uint32_t *out, struct reader *r, const char *choices)
{
	const char *at = r->at;
	char word[16];

	if (take_word(word, sizeof(word), r)) {
		for (const char *p = choices; *p;) {
			size_t n = strcspn(p, " ");

			if (strlen(word) == n && !strncmp(p, word, n)) {
				*out = (uint32_t)strtoul(word, NULL, 10);
				return 0;
			}
			p += n + (p[n] == ' ');
		}
	}
	return pike_fail(r->err, PIKE_FAILED,
			 "%s:%d:%d: expected one of %s, found '%.*s'", r->path,
			 r->line, (int)(at - r->start) + 1, choices,
			 found_len(r, at), at);
}

static int take_fill(bool *nan, struct reader *r)
{
	const char *at = r->at;
	char word[16] = "";

	take_word(word, sizeof(word), r);
	*nan = !strcmp(word, "nan");
	if (!*nan && strcmp(word, "zero") != 0)
		return fail_at(r, at, "expected fill=zero or fill=nan");
	return 0;
}

static int tma_option(struct pike_pass_arg *a, struct reader *r)
{
	const char *at = r->at;
	char key[16];

	if (!take_word(key, sizeof(key), r) || r->at == r->end ||
	    *r->at++ != '=')
		return fail_at(r, at,
			       "expected box=(...), dims=(...), "
			       "swizzle=N, l2=N or fill=zero|nan");
	if ((!strcmp(key, "box") && a->nbox) ||
	    (!strcmp(key, "dims") && a->ndims))
		return fail_at(r, at, "given twice");
	if (!strcmp(key, "box"))
		return take_list(a->box, &a->nbox, PIKE_TMA_DIMS, r);
	if (!strcmp(key, "dims"))
		return take_list(a->dims, &a->ndims, PIKE_TMA_DIMS, r);
	if (!strcmp(key, "swizzle"))
		return take_choice(&a->swizzle, r, "0 32 64 128");
	if (!strcmp(key, "l2"))
		return take_choice(&a->l2, r, "0 64 128 256");
	if (!strcmp(key, "fill"))
		return take_fill(&a->nan, r);
	return fail_at(r, at, "tma knows box, dims, swizzle, l2 and fill");
}

/* Behind "tma(": NAME, options, ")". */
static int take_tma(struct pike_pass_arg *a, struct reader *r)
{
	const struct pike_target *t = r->p->t;
	const char *at;
	char name[65];
	int i = -1, ret = 0;

	a->how = PIKE_PASS_TMA;
	blanks(r);
	at = r->at;
	if (take_word(name, sizeof(name), r))
		i = find_arg(r->p, name);
	if (i < 0 || t->args[i].dir == PIKE_SCALAR)
		return fail_at(r, at, "expected a buffer of the target");
	a->index = (uint32_t)i;
	for (blanks(r); !ret && r->at < r->end && *r->at == ','; blanks(r)) {
		r->at++;
		blanks(r);
		ret = tma_option(a, r);
	}
	if (ret)
		return ret;
	if (r->at == r->end || *r->at++ != ')')
		return fail_at(r, at, "expected ')' after the options of tma");
	if (!a->nbox)
		return fail_at(r, at, "a tensor map needs box=(...)");
	if (!a->ndims && t->args[i].ndims > PIKE_TMA_DIMS)
		return fail_at(r, at,
			       "a tensor map has at most 5 dimensions; "
			       "give dims=(...)");
	if (a->nbox != (a->ndims ? a->ndims : t->args[i].ndims))
		return fail_at(r, at,
			       "box has not as many dimensions as the "
			       "tensor");
	return 0;
}

static const struct {
	const char *name;
	enum pike_pass how;
} casts[] = {
	{ "i32", PIKE_PASS_I32 },
	{ "i64", PIKE_PASS_I64 },
	{ "f32", PIKE_PASS_F32 },
	{ "f64", PIKE_PASS_F64 },
};

/* "i64(" and the like, and "tma(". */
static bool is_call(const struct reader *r, const char *name)
{
	size_t n = strlen(name);

	return (size_t)(r->end - r->at) > n && !memcmp(r->at, name, n) &&
	       r->at[n] == '(';
}

static int take_cast(struct pike_pass_arg *a, struct reader *r,
		     enum pike_pass how, size_t skip)
{
	int ret;

	a->how = how;
	r->at += skip;
	ret = take_expr(&a->e, r, item_end(r));
	if (!ret && (r->at == r->end || *r->at++ != ')'))
		ret = fail_at(r, r->at, "expected ')'");
	return ret;
}

/* A name alone, or an expression. */
static int take_value(struct pike_pass_arg *a, struct reader *r)
{
	const char *end = item_end(r), *last = end;
	struct pike_launch_plan *p = r->p;
	char name[65] = "";
	size_t n = word_len(r);
	int i;

	while (last > r->at && (last[-1] == ' ' || last[-1] == '\t'))
		last--;
	if (n && n < sizeof(name) && r->at + n == last)
		memcpy(name, r->at, n);
	i = find_arg(p, name);
	a->how = i >= 0 && p->t->args[i].dir == PIKE_SCALAR ? PIKE_PASS_SCALAR
							    : PIKE_PASS_BUFFER;
	if (i < 0) {
		i = find_scratch(p, name);
		a->how = PIKE_PASS_SCRATCH;
	}
	if (i >= 0) {
		a->index = (uint32_t)i;
		r->at = end;
		return 0;
	}
	a->how = PIKE_PASS_INT;
	return take_expr(&a->e, r, end);
}

static int take_arg(struct pike_launch *l, struct reader *r)
{
	struct pike_pass_arg *a;

	if (l->nargs == PIKE_LAUNCH_ARGS_MAX)
		return fail_at(r, r->at, "more than 64 arguments");
	PIKE_GROW(l->args, l->nargs, l->cap);
	a = &l->args[l->nargs++];
	memset(a, 0, sizeof(*a));
	blanks(r);
	if (is_call(r, "tma")) {
		r->at += 4;
		return take_tma(a, r);
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(casts); i++)
		if (is_call(r, casts[i].name))
			return take_cast(a, r, casts[i].how,
					 strlen(casts[i].name) + 1);
	return take_value(a, r);
}

static int take_args(struct pike_launch *l, struct reader *r)
{
	const char *begin = r->at, *stop;
	int ret = 0;

	if (l->args)
		return fail_at(r, begin, "args is given twice");
	l->args = pike_xcalloc(l->cap = 8, sizeof(*l->args));
	if (r->at == r->end || *r->at++ != '(')
		return fail_at(r, begin, "expected args=(...)");
	blanks(r);
	if (r->at < r->end && *r->at == ')') {
		r->at++;
		return 0;
	}
	do {
		ret = take_arg(l, r);
		blanks(r);
		stop = r->at;
	} while (!ret && r->at < r->end && *r->at++ == ',');
	if (!ret && (stop == r->end || *stop != ')'))
		ret = fail_at(r, stop, "expected ',' or ')' in args");
	return ret;
}

static void all_args(struct pike_launch *l, const struct pike_target *t)
{
	l->args = pike_xcalloc(t->nargs + 1, sizeof(*l->args));
	l->cap = t->nargs + 1;
	for (size_t i = 0; i < t->nargs; i++) {
		struct pike_pass_arg *a = &l->args[l->nargs++];

		a->how = t->args[i].dir == PIKE_SCALAR ? PIKE_PASS_SCALAR
						       : PIKE_PASS_BUFFER;
		a->index = (uint32_t)i;
	}
}

/* ---- launch ---- */

/* The name expression, with integer #defines in its template arguments. */
static int take_kernel(char **out, struct reader *r)
{
	struct pike_launch_plan_scope scope = { .p = r->p };
	const char *begin;
	struct pike_buf b;
	char word[65];
	int depth = 0;
	int64_t v;

	blanks(r);
	begin = r->at;
	pike_buf_init(&b, KERNEL_MAX);
	if (r->at == r->end ||
	    (!isalpha((unsigned char)*r->at) && *r->at != '_'))
		return fail_at(r, begin, "expected the name of a kernel");
	while (r->at < r->end && (depth || (*r->at != ' ' && *r->at != '\t'))) {
		char c = *r->at;

		if (word_char(c) && take_word(word, sizeof(word), r)) {
			if (depth && pike_launch_plan_lookup(&scope, word, &v))
				pike_buf_addf(&b, "%lld", (long long)v);
			else
				pike_buf_adds(&b, word);
			continue;
		}
		if (!strchr("<>:,*& ()-+", c))
			break;
		depth += (c == '<') - (c == '>');
		pike_buf_addc(&b, c);
		r->at++;
	}
	if (depth || b.full) {
		pike_buf_release(&b);
		return fail_at(r, begin, "not the name of a kernel");
	}
	*out = pike_buf_detach(&b);
	return 0;
}

/* `(a, b)` is a list, `(a) * b` one expression. */
static int take_extents(struct pike_expr **out, struct reader *r,
			const char *at)
{
	const char *end = value_end(r);
	size_t n;

	if (out[0])
		return fail_at(r, at, "given twice");
	return is_list(r, end) ? take_list(out, &n, 3, r)
			       : take_expr(out, r, end);
}

static int read_key(struct pike_launch *l, struct reader *r)
{
	const char *at = r->at;
	char key[16];

	if (take_word(key, sizeof(key), r))
		blanks(r);
	else
		key[0] = '\0';
	if (!*key || r->at == r->end || *r->at++ != '=')
		return fail_at(r, at,
			       "expected grid=, block=, shared=, "
			       "cluster= or args=");
	blanks(r);
	if (!strcmp(key, "grid"))
		return take_extents(l->grid, r, at);
	if (!strcmp(key, "block"))
		return take_extents(l->block, r, at);
	if (!strcmp(key, "cluster"))
		return take_extents(l->cluster, r, at);
	if (!strcmp(key, "args"))
		return take_args(l, r);
	if (!strcmp(key, "shared") && l->shared)
		return fail_at(r, at, "given twice");
	if (!strcmp(key, "shared"))
		return take_expr(&l->shared, r, value_end(r));
	return fail_at(r, at,
		       "expected grid=, block=, shared=, cluster= or args=");
}

static int read_launch(struct reader *r)
{
	struct pike_launch_plan *p = r->p;
	struct pike_launch *l = &p->launches[p->nlaunches];
	int ret;

	if (p->nlaunches == PIKE_LAUNCHES_MAX)
		return fail_at(r, r->start, "more than 64 launches");
	memset(l, 0, sizeof(*l));
	l->line = r->line;
	l->path = r->path;
	p->nlaunches++;
	ret = take_kernel(&l->kernel, r);
	for (blanks(r); !ret && r->at < r->end; blanks(r))
		ret = read_key(l, r);
	if (!ret && (!l->grid[0] || !l->block[0]))
		ret = fail_at(r, r->start,
			      "a launch needs grid=(...) and "
			      "block=(...)");
	if (!ret && !l->args)
		all_args(l, p->t);
	return ret;
}

/* ---- lines ---- */

/* Behind `//pike:`; tune is read elsewhere. */
static int read_mark(struct reader *r)
{
	const char *at;
	char word[16] = "";

	blanks(r);
	at = r->at;
	take_word(word, sizeof(word), r);
	if (!strcmp(word, "launch"))
		return read_launch(r);
	if (!strcmp(word, "scratch"))
		return read_scratch(r);
	if (!strcmp(word, "tune"))
		return 0;
	return fail_at(r, at,
		       "expected launch, scratch or tune behind '//pike:'");
}

/* First all #defines: a plan may stand above them. */
static int read_line(struct reader *r, bool defines)
{
	static const char mark[] = "//pike:";
	size_t n = sizeof(mark) - 1;

	while (r->end > r->at && isspace((unsigned char)r->end[-1]))
		r->end--;
	blanks(r);
	if (defines) {
		if (r->at < r->end && *r->at == '#')
			read_define(r);
		return 0;
	}
	for (; (size_t)(r->end - r->at) >= n; r->at++)
		if (!memcmp(r->at, mark, n)) {
			r->at += n;
			r->end = pike_mark_end(r->at, r->end);
			return read_mark(r);
		}
	return 0;
}

static int read_file(struct pike_launch_plan *p, const struct pike_file *f,
		     bool defines, struct pike_err *err)
{
	struct reader r = { .p = p, .path = f->path, .err = err };
	const char *at = f->data, *end = f->data + f->len;
	int ret = 0;

	while (!ret && at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		r.line++;
		r.start = r.at = at;
		r.end = nl ? nl : end;
		ret = read_line(&r, defines);
		at = nl ? nl + 1 : end;
	}
	return ret;
}

static int read_all(struct pike_launch_plan *p, const struct pike_files *files,
		    struct pike_err *err)
{
	int ret = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; !ret && i < files->n; i++) {
			struct pike_file f = files->v[i];

			if (!pike_ends_with(f.path, ".cu"))
				continue;
			if (!pass)
				pike_strs_push(&p->paths, f.path);
			/* The plan keeps the path, not the files. */
			for (size_t k = 0; k < p->paths.n; k++)
				if (!strcmp(p->paths.v[k], f.path))
					f.path = p->paths.v[k];
			ret = read_file(p, &f, !pass, err);
		}
	if (!ret && !p->nlaunches)
		ret = pike_fail(err, PIKE_FAILED,
				"%s: no launch; declare one: //pike: launch "
				"%s grid=(...) block=(...)",
				p->paths.n ? p->paths.v[0] : "no .cu source",
				p->t->entry ? p->t->entry : "KERNEL");
	return ret;
}

int pike_launch_plan_parse(struct pike_launch_plan **out,
			   const struct pike_target *t,
			   const struct pike_files *files, struct pike_err *err)
{
	struct pike_launch_plan *p = pike_xcalloc(1, sizeof(*p));
	int ret;

	p->t = t;
	ret = read_all(p, files, err);
	if (ret) {
		pike_launch_plan_free(p);
		p = NULL;
	}
	*out = p;
	return ret;
}

static void free_exprs(struct pike_expr **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pike_expr_free(v[i]);
}

static void launch_release(struct pike_launch *l)
{
	for (size_t i = 0; i < l->nargs; i++) {
		pike_expr_free(l->args[i].e);
		free_exprs(l->args[i].box, PIKE_TMA_DIMS);
		free_exprs(l->args[i].dims, PIKE_TMA_DIMS);
	}
	free_exprs(l->grid, 3);
	free_exprs(l->block, 3);
	free_exprs(l->cluster, 3);
	pike_expr_free(l->shared);
	free(l->args);
	free(l->kernel);
}

void pike_launch_plan_free(struct pike_launch_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->ndefines; i++) {
		free(p->defines[i].name);
		pike_expr_free(p->defines[i].e);
	}
	for (size_t i = 0; i < p->nscratch; i++) {
		free(p->scratch[i].name);
		free_exprs(p->scratch[i].dims, PIKE_SCRATCH_DIMS);
	}
	for (size_t i = 0; i < p->nlaunches; i++)
		launch_release(&p->launches[i]);
	free(p->defines);
	pike_strs_release(&p->paths);
	free(p);
}

void pike_launch_plan_kernels(struct pike_strs *out,
			      const struct pike_launch_plan *p)
{
	for (size_t i = 0; i < p->nlaunches; i++)
		if (!pike_strs_has(out, p->launches[i].kernel))
			pike_strs_push(out, p->launches[i].kernel);
}
