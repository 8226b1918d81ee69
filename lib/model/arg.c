/* SPDX-License-Identifier: Apache-2.0 */
/* arg: the arguments and cases of a target, and the names of their types. */
#include "model/target.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/model_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ELEMS_MAX ((int64_t)1 << 40)
#define DIMS_MAX 8
#define SIZES_MAX 32
#define CASE_TEXT_MAX 512

static const struct {
	const char *name;
	size_t size;
	bool is_float;
	double lo, hi; /* integers: the range */
} dtypes[PIKE_DTYPE_COUNT] = {
	[PIKE_F64] = { .name = "f64", .size = 8, .is_float = true },
	[PIKE_F32] = { .name = "f32", .size = 4, .is_float = true },
	[PIKE_F16] = { .name = "f16", .size = 2, .is_float = true },
	[PIKE_BF16] = { .name = "bf16", .size = 2, .is_float = true },
	[PIKE_I8] = { .name = "i8", .size = 1, .lo = -128, .hi = 127 },
	[PIKE_U8] = { .name = "u8", .size = 1, .hi = 255 },
	[PIKE_I32] = { .name = "i32",
		       .size = 4,
		       .lo = INT32_MIN,
		       .hi = INT32_MAX },
	[PIKE_U32] = { .name = "u32", .size = 4, .hi = UINT32_MAX },
	/* What a double holds exactly. */
	[PIKE_I64] = { .name = "i64", .size = 8, .lo = -0x1p53, .hi = 0x1p53 },
	[PIKE_BOOL] = { .name = "bool", .size = 1, .hi = 1 },
};

size_t pike_dtype_size(enum pike_dtype t)
{
	return dtypes[t].size;
}

const char *pike_dtype_name(enum pike_dtype t)
{
	return dtypes[t].name;
}

bool pike_dtype_is_float(enum pike_dtype t)
{
	return dtypes[t].is_float;
}

int pike_dtype_parse(const char *s)
{
	for (int i = 0; i < PIKE_DTYPE_COUNT; i++)
		if (!strcmp(dtypes[i].name, s))
			return i;
	return -1;
}

static const char *const init_names[] = {
	[PIKE_INIT_NORMAL] = "normal",	 [PIKE_INIT_UNIFORM] = "uniform",
	[PIKE_INIT_RANDINT] = "randint", [PIKE_INIT_ZEROS] = "zeros",
	[PIKE_INIT_ONES] = "ones",	 [PIKE_INIT_ARANGE] = "arange",
};

const char *pike_init_name(enum pike_init_kind k)
{
	return init_names[k];
}

bool pike_is_ident(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)s[0]) && s[0] != '_')
		return false;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return !s[n] && n <= 64;
}

/* ---- arguments ---- */

struct cursor {
	const char *text, *p;
	struct pike_err *err;
};

static int fail_at(const struct cursor *c, const char *what)
{
	return pike_fail(c->err, PIKE_USAGE, "column %zu: %s",
			 (size_t)(c->p - c->text) + 1, what);
}

static void skip(struct cursor *c)
{
	while (*c->p == ' ' || *c->p == '\t')
		c->p++;
}

/* Copies the word at the cursor and steps over it. */
static bool take_word(char *out, size_t size, struct cursor *c)
{
	size_t n = 0;

	skip(c);
	while (isalnum((unsigned char)c->p[n]) || c->p[n] == '_')
		n++;
	if (n == 0 || n >= size)
		return false;
	memcpy(out, c->p, n);
	out[n] = 0;
	c->p += n;
	return true;
}

static int parse_dim(struct pike_arg *arg, struct cursor *c)
{
	const char *end = strchr(c->p, ']');
	char *text;
	int ret;

	if (!end)
		return fail_at(c, "expected ']'");
	if (arg->ndims == DIMS_MAX)
		return fail_at(c, "more than 8 dimensions");
	text = pike_xstrndup(c->p + 1, (size_t)(end - c->p) - 1);
	ret = pike_expr_parse(&arg->dims[arg->ndims], text, c->err);
	if (ret)
		pike_err_prefix(c->err, "dimension '%s' of '%s'", text,
				arg->name);
	else
		arg->ndims++;
	free(text);
	c->p = end + 1;
	return ret;
}

static int take_double(double *out, struct cursor *c, char stop)
{
	const char *end = strchr(c->p, stop);
	char word[64];
	size_t n;

	skip(c);
	if (!end)
		return fail_at(c, "expected two numbers: (a, b)");
	n = (size_t)(end - c->p);
	while (n && (c->p[n - 1] == ' ' || c->p[n - 1] == '\t'))
		n--;
	if (n >= sizeof(word))
		return fail_at(c, "number is too long");
	memcpy(word, c->p, n);
	word[n] = 0;
	if (!pike_parse_f64(word, out))
		return fail_at(c, "expected a number");
	c->p = end + 1;
	return 0;
}

static int check_randint(const struct pike_arg *arg, struct cursor *c)
{
	double lo = dtypes[arg->dtype].lo, hi = dtypes[arg->dtype].hi;

	if (pike_dtype_is_float(arg->dtype)) {
		lo = -0x1p53;
		hi = 0x1p53;
	}
	if (arg->a < lo || arg->b > hi)
		return fail_at(c, "randint goes beyond the type's range");
	if (arg->a != (double)(int64_t)arg->a ||
	    arg->b != (double)(int64_t)arg->b)
		return fail_at(c, "randint takes whole numbers");
	return 0;
}

static int parse_range(struct pike_arg *arg, struct cursor *c)
{
	int ret;

	skip(c);
	if (*c->p != '(')
		return fail_at(c, "expected '(a, b)'");
	c->p++;
	if ((ret = take_double(&arg->a, c, ',')) ||
	    (ret = take_double(&arg->b, c, ')')))
		return ret;
	if (arg->a > arg->b ||
	    (arg->a == arg->b && arg->init == PIKE_INIT_UNIFORM))
		return fail_at(c, "the range is empty: give (low, high)");
	return arg->init == PIKE_INIT_RANDINT ? check_randint(arg, c) : 0;
}

static void default_init(struct pike_arg *arg)
{
	if (pike_dtype_is_float(arg->dtype)) {
		arg->init = PIKE_INIT_NORMAL;
		return;
	}
	arg->init = PIKE_INIT_RANDINT;
	arg->b = arg->dtype == PIKE_BOOL ? 1 : 127;
}

static int parse_init(struct pike_arg *arg, struct cursor *c)
{
	char word[16];
	size_t k = 0;
	int ret = 0;

	skip(c);
	if (!*c->p) {
		default_init(arg);
		return 0;
	}
	if (arg->dir == PIKE_OUT)
		return fail_at(c, "an output has no initial values");
	if (take_word(word, sizeof(word), c))
		while (k < PIKE_ARRAY_LEN(init_names) &&
		       strcmp(init_names[k], word) != 0)
			k++;
	else
		k = PIKE_ARRAY_LEN(init_names);
	if (k == PIKE_ARRAY_LEN(init_names))
		return fail_at(c, "expected normal, uniform(a,b), "
				  "randint(a,b), zeros, ones or arange");
	arg->init = (enum pike_init_kind)k;
	if (!pike_dtype_is_float(arg->dtype) &&
	    (k == PIKE_INIT_NORMAL || k == PIKE_INIT_UNIFORM))
		return fail_at(c, "integers take randint(a,b), zeros, ones or "
				  "arange");
	if (k == PIKE_INIT_UNIFORM || k == PIKE_INIT_RANDINT)
		ret = parse_range(arg, c);
	skip(c);
	if (!ret && *c->p)
		ret = fail_at(c, "unexpected text at the end");
	return ret;
}

static enum pike_dir take_dir(struct cursor *c)
{
	static const char *const names[] = {
		[PIKE_SCALAR] = "",
		[PIKE_IN] = "in",
		[PIKE_OUT] = "out",
		[PIKE_INOUT] = "inout",
	};
	struct cursor ahead = *c;
	char word[16];

	if (take_word(word, sizeof(word), &ahead))
		for (int i = PIKE_IN; i <= PIKE_INOUT; i++)
			if (!strcmp(names[i], word)) {
				*c = ahead;
				return (enum pike_dir)i;
			}
	return PIKE_SCALAR;
}

static int parse_head(struct pike_arg *arg, struct cursor *c)
{
	char word[16], name[65];
	const char *start;
	int t;

	arg->dir = take_dir(c);
	skip(c);
	start = c->p;
	t = take_word(word, sizeof(word), c) ? pike_dtype_parse(word) : -1;
	if (t < 0)
		c->p = start;
	if (t < 0)
		return fail_at(c, "expected [in|out|inout] and a type: f64 f32 "
				  "f16 bf16 i8 u8 i32 u32 i64 bool");
	arg->dtype = (enum pike_dtype)t;
	if (!take_word(name, sizeof(name), c) || !pike_is_ident(name))
		return fail_at(c, "expected a name");
	arg->name = pike_xstrdup(name);
	return 0;
}

static int parse_tail(struct pike_arg *arg, struct cursor *c)
{
	int ret = 0;

	skip(c);
	if (arg->dir == PIKE_SCALAR) {
		if (*c->p == '[')
			return fail_at(c, "a buffer needs in, out or inout "
					  "before its type");
		return *c->p ? fail_at(c, "a scalar is TYPE SIZE, no more") : 0;
	}
	if (*c->p != '[')
		return fail_at(c, "a buffer needs its dimensions: NAME[DIM]");
	arg->dims = pike_xcalloc(DIMS_MAX, sizeof(struct pike_expr *));
	for (; !ret && *c->p == '['; skip(c))
		ret = parse_dim(arg, c);
	return ret ? ret : parse_init(arg, c);
}

int pike_arg_parse(struct pike_arg *out, const char *text, struct pike_err *err)
{
	struct cursor c = { .text = text, .p = text, .err = err };
	int ret;

	memset(out, 0, sizeof(*out));
	ret = parse_head(out, &c);
	if (!ret)
		ret = parse_tail(out, &c);
	if (ret)
		pike_arg_release(out);
	return ret;
}

void pike_arg_release(struct pike_arg *arg)
{
	for (size_t i = 0; i < arg->ndims; i++)
		pike_expr_free(arg->dims[i]);
	free(arg->dims);
	free(arg->name);
	memset(arg, 0, sizeof(*arg));
}

/* ---- cases ---- */

static int add_size(struct pike_case *c, const char *word, struct pike_err *err)
{
	const char *eq = strchr(word, '=');
	int64_t value, known;
	char *name;

	if (!eq || eq == word || !pike_parse_i64(eq + 1, &value))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not NAME=INTEGER; write a case like "
				 "'rows=4096 cols=1024'",
				 word);
	if (c->n == SIZES_MAX)
		return pike_fail(err, PIKE_USAGE, "more than %d sizes",
				 SIZES_MAX);
	name = pike_xstrndup(word, (size_t)(eq - word));
	if (!pike_is_ident(name) || pike_case_size(c, name, &known)) {
		pike_fail(err, PIKE_USAGE,
			  pike_is_ident(name) ? "size '%s' is given twice"
					      : "'%s' is not a name",
			  name);
		free(name);
		return PIKE_USAGE;
	}
	c->names[c->n] = name;
	c->values[c->n++] = value;
	return 0;
}

static void canonical_case(struct pike_case *c)
{
	struct pike_buf b;

	pike_buf_init(&b, SIZES_MAX * 96);
	for (size_t i = 0; i < c->n; i++)
		pike_buf_addf(&b, "%s%s=%lld", i ? " " : "", c->names[i],
			      (long long)c->values[i]);
	c->text = pike_buf_detach(&b);
}

int pike_case_parse(struct pike_case *out, const char *text,
		    struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (strlen(text) > CASE_TEXT_MAX)
		return pike_fail(err, PIKE_USAGE, "longer than %d bytes",
				 CASE_TEXT_MAX);
	out->names = pike_xcalloc(SIZES_MAX, sizeof(char *));
	out->values = pike_xcalloc(SIZES_MAX, sizeof(int64_t));
	pike_strs_split(&words, text, " \t");
	for (size_t i = 0; !ret && i < words.n; i++)
		ret = add_size(out, words.v[i], err);
	if (!ret && !out->n)
		ret = pike_fail(err, PIKE_USAGE,
				"no sizes; write a case like 'rows=4096 "
				"cols=1024'");
	pike_strs_release(&words);
	if (ret)
		pike_case_release(out);
	else
		canonical_case(out);
	return ret;
}

void pike_case_default(struct pike_case *out)
{
	*out = (struct pike_case){ .text = pike_xstrdup("default") };
}

void pike_case_release(struct pike_case *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->names[i]);
	free(c->names);
	free(c->values);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

bool pike_case_size(const struct pike_case *c, const char *name, int64_t *out)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->names[i], name)) {
			*out = c->values[i];
			return true;
		}
	return false;
}

bool pike_case_lookup(void *ctx, const char *name, int64_t *out)
{
	return pike_case_size(ctx, name, out);
}

int pike_arg_elems(int64_t *out, int64_t dims[8], const struct pike_arg *arg,
		   const struct pike_case *c, struct pike_err *err)
{
	/* The lookup only reads; its context is untyped and so not const. */
	struct pike_case view = *c;
	int64_t total = 1, size;
	int ret;

	for (size_t i = 0; i < arg->ndims; i++) {
		ret = pike_expr_eval(&size, arg->dims[i], pike_case_lookup,
				     &view, err);
		if (ret) {
			pike_err_prefix(err, "size '%s' of '%s' in case '%s'",
					pike_expr_text(arg->dims[i]), arg->name,
					c->text);
			return ret;
		}
		if (size < 0)
			return pike_fail(err, PIKE_FAILED,
					 "size '%s' of '%s' is negative in "
					 "case '%s'",
					 pike_expr_text(arg->dims[i]),
					 arg->name, c->text);
		if (__builtin_mul_overflow(total, size, &total) ||
		    total > ELEMS_MAX)
			return pike_fail(err, PIKE_FAILED,
					 "'%s' has more than 2^40 elements in "
					 "case '%s'",
					 arg->name, c->text);
		if (dims)
			dims[i] = size;
	}
	*out = total;
	return 0;
}
