/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr: integer expressions of a config or a launch plan. Text is compiled to
 * postfix code, so that evaluation needs no recursion and a bounded stack,
 * whatever the text looks like.
 */
#include "model/target.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024 /* bytes of one expression */
#define NEST_MAX 32   /* parentheses, calls and signs inside each other */
#define NAME_LEN 64
#define STACK_MAX (NEST_MAX * 4 + 8)

enum op {
	OP_NUM,
	OP_NAME,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MOD,
	OP_NEG,
	OP_CDIV,
	OP_MIN,
	OP_MAX
};

struct code {
	enum op op;
	int64_t num;
	char *name;
	size_t column; /* 1-based, of what it was made from */
};

struct pike_expr {
	char *text;
	struct code *code;
	size_t n, cap;
};

struct parser {
	struct pike_expr *e;
	const char *p;
	int nest;
	struct pike_err *err;
};

static int parse_sum(struct parser *ps);

static size_t column(const struct parser *ps)
{
	return (size_t)(ps->p - ps->e->text) + 1;
}

static void skip(struct parser *ps)
{
	while (*ps->p == ' ' || *ps->p == '\t')
		ps->p++;
}

static struct code *emit(struct parser *ps, enum op op, size_t col)
{
	struct pike_expr *e = ps->e;
	struct code *c;

	PIKE_GROW(e->code, e->n, e->cap);
	c = &e->code[e->n++];
	memset(c, 0, sizeof(*c));
	c->op = op;
	c->column = col;
	return c;
}

static int expect(struct parser *ps, char c)
{
	skip(ps);
	if (*ps->p != c)
		return pike_fail(ps->err, PIKE_USAGE,
				 "column %zu: expected '%c'", column(ps), c);
	ps->p++;
	return 0;
}

static int parse_number(struct parser *ps)
{
	size_t col = column(ps);
	int64_t v = 0;

	for (; isdigit((unsigned char)*ps->p); ps->p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *ps->p - '0', &v))
			return pike_fail(ps->err, PIKE_USAGE,
					 "column %zu: number is too large",
					 col);
	if (isalpha((unsigned char)*ps->p) || *ps->p == '_' || *ps->p == '.')
		return pike_fail(ps->err, PIKE_USAGE,
				 "column %zu: a size is a whole decimal number",
				 col);
	emit(ps, OP_NUM, col)->num = v;
	return 0;
}

static const struct {
	const char *name;
	enum op op;
} functions[] = {
	{ .name = "cdiv", .op = OP_CDIV },
	{ .name = "min", .op = OP_MIN },
	{ .name = "max", .op = OP_MAX },
};

static int parse_call(struct parser *ps, const char *name, size_t len,
		      size_t col)
{
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(functions); i++) {
		if (strlen(functions[i].name) != len ||
		    memcmp(functions[i].name, name, len) != 0)
			continue;
		ps->p++;
		if ((ret = parse_sum(ps)) || (ret = expect(ps, ',')) ||
		    (ret = parse_sum(ps)) || (ret = expect(ps, ')')))
			return ret;
		emit(ps, functions[i].op, col);
		return 0;
	}
	return pike_fail(ps->err, PIKE_USAGE,
			 "column %zu: unknown function '%.*s'; there are "
			 "cdiv, min and max",
			 col, (int)len, name);
}

static int parse_name(struct parser *ps)
{
	const char *start = ps->p;
	size_t col = column(ps), len;

	while (isalnum((unsigned char)*ps->p) || *ps->p == '_')
		ps->p++;
	len = (size_t)(ps->p - start);
	if (len > NAME_LEN)
		return pike_fail(ps->err, PIKE_USAGE,
				 "column %zu: name is longer than %d letters",
				 col, NAME_LEN);
	skip(ps);
	if (*ps->p == '(')
		return parse_call(ps, start, len, col);
	emit(ps, OP_NAME, col)->name = pike_xstrndup(start, len);
	return 0;
}

static int parse_atom(struct parser *ps)
{
	int ret;

	skip(ps);
	if (isdigit((unsigned char)*ps->p))
		return parse_number(ps);
	if (isalpha((unsigned char)*ps->p) || *ps->p == '_')
		return parse_name(ps);
	if (*ps->p != '(')
		return pike_fail(ps->err, PIKE_USAGE,
				 "column %zu: expected a number, a name or "
				 "'('",
				 column(ps));
	ps->p++;
	ret = parse_sum(ps);
	return ret ? ret : expect(ps, ')');
}

static int parse_signed(struct parser *ps)
{
	bool negative = false;
	size_t col;
	int ret;

	skip(ps);
	col = column(ps);
	for (; *ps->p == '-' || *ps->p == '+'; skip(ps))
		negative ^= *ps->p++ == '-';
	if (++ps->nest > NEST_MAX)
		return pike_fail(ps->err, PIKE_USAGE,
				 "column %zu: nested more than %d deep", col,
				 NEST_MAX);
	ret = parse_atom(ps);
	ps->nest--;
	if (!ret && negative)
		emit(ps, OP_NEG, col);
	return ret;
}

static int parse_product(struct parser *ps)
{
	int ret = parse_signed(ps);

	while (!ret) {
		size_t col;
		enum op op;

		skip(ps);
		col = column(ps);
		if (*ps->p == '*')
			op = OP_MUL;
		else if (*ps->p == '/')
			op = OP_DIV;
		else if (*ps->p == '%')
			op = OP_MOD;
		else
			return 0;
		ps->p++;
		ret = parse_signed(ps);
		if (!ret)
			emit(ps, op, col);
	}
	return ret;
}

static int parse_sum(struct parser *ps)
{
	int ret = parse_product(ps);

	while (!ret) {
		size_t col;
		enum op op;

		skip(ps);
		col = column(ps);
		if (*ps->p != '+' && *ps->p != '-')
			return 0;
		op = *ps->p++ == '+' ? OP_ADD : OP_SUB;
		ret = parse_product(ps);
		if (!ret)
			emit(ps, op, col);
	}
	return ret;
}

int pike_expr_parse(struct pike_expr **out, const char *text,
		    struct pike_err *err)
{
	struct pike_expr *e;
	struct parser ps;
	int ret;

	*out = NULL;
	if (strlen(text) > TEXT_MAX)
		return pike_fail(err, PIKE_USAGE,
				 "column %d: expression is longer than %d "
				 "bytes",
				 TEXT_MAX, TEXT_MAX);
	e = pike_xcalloc(1, sizeof(*e));
	e->text = pike_xstrdup(text);
	ps = (struct parser){ .e = e, .p = e->text, .err = err };
	ret = parse_sum(&ps);
	skip(&ps);
	if (!ret && *ps.p)
		ret = pike_fail(err, PIKE_USAGE,
				"column %zu: expected an operator or the end",
				column(&ps));
	if (ret) {
		pike_expr_free(e);
		return ret;
	}
	*out = e;
	return 0;
}

static int divide(int64_t *out, enum op op, int64_t a, int64_t b)
{
	if (b == 0 || (a == INT64_MIN && b == -1))
		return -1;
	if (op == OP_MOD)
		*out = a % b;
	else
		*out = a / b;
	/* C truncates; cdiv rounds up where the exact result is positive. */
	if (op == OP_CDIV && a % b != 0 && (a < 0) == (b < 0))
		*out += 1;
	return 0;
}

/* Applies a binary operator; false on overflow or division by zero. */
static bool apply(int64_t *out, enum op op, int64_t a, int64_t b)
{
	switch (op) {
	case OP_ADD:
		return !__builtin_add_overflow(a, b, out);
	case OP_SUB:
		return !__builtin_sub_overflow(a, b, out);
	case OP_MUL:
		return !__builtin_mul_overflow(a, b, out);
	case OP_MIN:
		*out = a < b ? a : b;
		return true;
	case OP_MAX:
		*out = a > b ? a : b;
		return true;
	default:
		return !divide(out, op, a, b);
	}
}

static int step(int64_t *stack, size_t *depth, const struct code *c,
		struct pike_err *err)
{
	int64_t *top = &stack[*depth];

	if (c->op == OP_NEG) {
		if (__builtin_sub_overflow((int64_t)0, top[-1], &top[-1]))
			return pike_fail(err, PIKE_FAILED,
					 "column %zu: overflow", c->column);
		return 0;
	}
	if (!apply(&top[-2], c->op, top[-2], top[-1])) {
		bool zero =
		    top[-1] == 0 &&
		    (c->op == OP_DIV || c->op == OP_MOD || c->op == OP_CDIV);

		return pike_fail(err, PIKE_FAILED, "column %zu: %s", c->column,
				 zero ? "division by zero" : "overflow");
	}
	--*depth;
	return 0;
}

int pike_expr_eval(int64_t *out, const struct pike_expr *e,
		   pike_expr_lookup lookup, void *ctx, struct pike_err *err)
{
	int64_t stack[STACK_MAX] = { 0 };
	size_t depth = 0;
	int ret;

	for (size_t i = 0; i < e->n; i++) {
		const struct code *c = &e->code[i];

		/* The nesting limit keeps the depth below this. */
		if (depth >= STACK_MAX)
			return pike_fail(err, PIKE_FAILED,
					 "column %zu: too deep", c->column);
		if (c->op == OP_NUM) {
			stack[depth++] = c->num;
		} else if (c->op == OP_NAME) {
			if (!lookup || !lookup(ctx, c->name, &stack[depth]))
				return pike_fail(err, PIKE_FAILED,
						 "column %zu: unknown name "
						 "'%s'",
						 c->column, c->name);
			depth++;
		} else if ((ret = step(stack, &depth, c, err))) {
			return ret;
		}
	}
	*out = stack[0];
	return 0;
}

const char *pike_expr_text(const struct pike_expr *e)
{
	return e->text;
}

void pike_expr_free(struct pike_expr *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n; i++)
		free(e->code[i].name);
	free(e->code);
	free(e->text);
	free(e);
}
