/* SPDX-License-Identifier: Apache-2.0 */
/* plan: a launch plan out of the <<<...>>> of a kernel. */
#include "model/plan_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPR_MAX 2000
#define EXTENTS 3

/* NAME<T> <<< grid, block, shared >>> ( args ) */
struct found {
	size_t name, angle; /* angle: of `<T>`; 0: none */
	size_t open, close; /* of the first three, the last three */
	struct pike_range config[EXTENTS + 1];
	size_t nconfig;
};

/* Three of the same, side by side. */
static bool triple(const struct pike_tokens *t, size_t i, const char *c)
{
	return pike_token_is(t, i, c) && pike_token_is(t, i + 1, c) &&
	       pike_token_is(t, i + 2, c) && t->v[i].s + 2 == t->v[i + 2].s;
}

/* The `<` that the `>` at i closes. */
static size_t angle_open(const struct pike_tokens *t, size_t i)
{
	int depth = 0;

	for (; i > 0 && !strchr(";{}", *t->v[i].s); i--) {
		depth += pike_token_is(t, i, ">") - pike_token_is(t, i, "<");
		if (!depth)
			return i;
	}
	return 0;
}

/* Items between the brackets, by commas. */
static void split_config(struct found *f, const struct pike_tokens *t)
{
	for (size_t at = f->open + 3; at < f->close && f->nconfig <= EXTENTS;) {
		size_t end = pike_plan_item(t, at, f->close);

		f->config[f->nconfig++] = (struct pike_range){ at, end };
		at = end + 1;
	}
}

static bool launch_at(struct found *f, const struct pike_tokens *t, size_t i,
		      const struct pike_token *kernel)
{
	memset(f, 0, sizeof(*f));
	if (!i || !triple(t, i, "<"))
		return false;
	f->open = i;
	f->name = i - 1;
	if (pike_token_is(t, i - 1, ">"))
		f->angle = angle_open(t, i - 1);
	if (f->angle)
		f->name = f->angle - 1;
	if (!pike_token_same(&t->v[f->name], kernel))
		return false;
	for (f->close = i + 3; f->close < t->n; f->close++) {
		if (triple(t, f->close, ">") || pike_token_is(t, f->close, ";"))
			break;
		if (pike_token_close(t, f->close) > f->close)
			f->close = pike_token_close(t, f->close);
	}
	split_config(f, t);
	return triple(t, f->close, ">") && f->nconfig >= 2 &&
	       pike_token_is(t, f->close + 3, "(");
}

/* The first launch, and the function that it stands in. */
static bool find_launch(struct found *f, struct pike_plan *p,
			const struct pike_token *kernel, size_t *count)
{
	const struct pike_chunks *q = &p->unit->p;
	struct found one;

	*count = 0;
	for (size_t i = 0; i < q->n; i++) {
		const struct pike_chunk *v = &q->v[i];

		for (size_t k = v->first; k < v->last; k++) {
			if (!launch_at(&one, p->t, k, kernel))
				continue;
			if (!(*count)++) {
				*f = one;
				p->from = v->function ? v->f.body : v->first;
				p->launch = one.name;
			}
		}
	}
	return *count > 0;
}

/* ---- arguments ---- */

struct params {
	struct pike_plan *p;
	const struct pike_tokens *t;
};

static void add_param(void *ctx, size_t at, size_t end)
{
	struct params *c = ctx;
	size_t name = pike_param_name(c->t, at, end);
	struct pike_passed *a;

	if (c->p->npassed == PIKE_PLAN_PARAMS)
		return;
	a = &c->p->passed[c->p->npassed++];
	memset(a, 0, sizeof(*a));
	if (name == end)
		return;
	a->name = c->t->v[name];
	a->scalar = true;
	for (size_t i = at; i < end; i++)
		a->scalar &= !strchr("*&[", *c->t->v[i].s);
}

/* `(float4 *)x` as `x`. */
static struct pike_range without_cast(const struct pike_tokens *t,
				      struct pike_range r)
{
	size_t close = pike_token_close(t, r.at);

	if (pike_token_is(t, r.at, "(") && close + 2 == r.end &&
	    t->v[close + 1].word)
		r.at = close + 1;
	return r;
}

static void read_passed(struct pike_plan *p, const struct found *f)
{
	struct params c = { .p = p, .t = p->t };
	size_t open = f->close + 3, close = pike_token_close(p->t, open);
	size_t at = open + 1;

	pike_function_params(p->t, &p->unit->p.v[p->u->kernel].f, add_param,
			     &c);
	for (size_t i = 0; i < p->npassed; i++) {
		struct pike_range r = { .at = at };

		r.end = at < close ? pike_plan_item(p->t, at, close) : at;
		p->passed[i].arg = without_cast(p->t, r);
		at = r.end + 1;
	}
}

/* As it stands in the file, in one line. */
static char *text_of(const struct pike_tokens *t, struct pike_range r)
{
	struct pike_buf b;

	pike_buf_init(&b, 120);
	if (r.at < r.end) {
		const char *s = t->v[r.at].s;
		const struct pike_token *last = &t->v[r.end - 1];

		for (; s < last->s + last->n && !b.full; s++)
			pike_buf_addc(&b,
				      isspace((unsigned char)*s) ? ' ' : *s);
	}
	return pike_buf_detach(&b);
}

/* Numbers that the case has to give, and what a reader would not guess. */
static void note_passed(const struct pike_plan *p)
{
	for (size_t i = 0; i < p->npassed; i++) {
		const struct pike_passed *a = &p->passed[i];
		bool null = pike_token_is(p->t, a->arg.at, "NULL") ||
			    pike_token_is(p->t, a->arg.at, "nullptr");
		char *text;

		/* `m->n` for n says it all. */
		if (!a->name.n || a->arg.end <= a->arg.at ||
		    pike_token_same(&p->t->v[a->arg.end - 1], &a->name) ||
		    (a->arg.end == a->arg.at + 1 &&
		     !isdigit((unsigned char)*p->t->v[a->arg.at].s) && !null))
			continue;
		if (!a->scalar && !null)
			continue;
		text = text_of(p->t, a->arg);
		pike_unit_note(p->u, p->unit, p->t->v[a->arg.at].line,
			       "the host passes `%s` for %.*s", text,
			       (int)a->name.n, a->name.s);
		free(text);
	}
}

/* ---- the plan's parts ---- */

/* Does a plan read it so? */
static void check_expr(struct pike_plan *p, const char *text)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_expr *e = NULL;

	if (!*p->why && pike_expr_parse(&e, text, &err))
		snprintf(p->why, sizeof(p->why), "%.150s", err.text);
	pike_expr_free(e);
}

static void put_one(struct pike_buf *out, struct pike_plan *p,
		    struct pike_range r)
{
	struct pike_buf b;

	pike_buf_init(&b, EXPR_MAX);
	pike_plan_expr(&b, p, r);
	pike_plan_strip(&b);
	check_expr(p, b.len ? b.s : "");
	pike_buf_adds(out, b.len ? b.s : "");
	pike_buf_release(&b);
}

/* The items of dim3(a, b), {a, b} or of a variable that is one; else itself. */
static struct pike_range dim3_items(struct pike_plan *p, struct pike_range r)
{
	struct pike_range v;
	size_t before = p->launch;

	while (r.end == r.at + 1 && p->t->v[r.at].word &&
	       pike_plan_value(&v, p, &p->t->v[r.at], before, true)) {
		bool more = pike_token_is(p->t, v.at, "dim3") ||
			    pike_token_is(p->t, v.at, "{") ||
			    (pike_token_is(p->t, v.at, "(") &&
			     pike_token_close(p->t, v.at) + 1 == v.end) ||
			    (v.end == v.at + 1 && p->t->v[v.at].word);

		if (!more)
			return r;
		before = v.at - 1;
		r = v;
	}
	if (pike_token_is(p->t, r.at, "dim3"))
		r.at++;
	if (strchr("({", *p->t->v[r.at].s) &&
	    pike_token_close(p->t, r.at) + 1 == r.end) {
		r.at++;
		r.end--;
	}
	return r;
}

static size_t count_items(const struct pike_tokens *t, struct pike_range r)
{
	size_t n = 0;

	for (size_t at = r.at; at < r.end; n++)
		at = pike_plan_item(t, at, r.end) + 1;
	return n;
}

/* "grid=(a, b)" */
static void put_extents(struct pike_buf *out, struct pike_plan *p,
			const char *key, struct pike_range config)
{
	struct pike_range r = dim3_items(p, config);

	if (r.at >= r.end || count_items(p->t, r) > EXTENTS) {
		snprintf(p->why, sizeof(p->why), "its %s is not to be read",
			 key);
		return;
	}
	p->extents = *key == 'b' ? count_items(p->t, r) : 0;
	pike_buf_addf(out, " %s=(", key);
	for (size_t at = r.at; at < r.end;) {
		size_t end = pike_plan_item(p->t, at, r.end);

		if (at > r.at)
			pike_buf_adds(out, ", ");
		put_one(out, p, (struct pike_range){ at, end });
		at = end + 1;
	}
	pike_buf_addc(out, ')');
	p->extents = 0;
}

/* Namespaces around the kernel, for its name. */
static void put_rooms(struct pike_buf *out, const struct pike_chunks *q,
		      size_t up)
{
	const struct pike_chunk *v;

	if (up == PIKE_NO_CHUNK)
		return;
	v = &q->v[up];
	put_rooms(out, q, v->up);
	if (v->kind != PIKE_CHUNK_OPEN ||
	    pike_token_is(&q->t, v->first, "extern"))
		return;
	for (size_t i = v->first; i < v->last; i++)
		if (q->t.v[i].word && !pike_token_is(&q->t, i, "namespace") &&
		    !pike_token_is(&q->t, i, "inline"))
			pike_buf_addf(out, "%.*s::", (int)q->t.v[i].n,
				      q->t.v[i].s);
}

/* One argument of a template: a number as a plan has it, a type as it is; one
 * that only the host's own templates know becomes the most usual. */
static void put_angled(struct pike_buf *out, struct pike_plan *p,
		       struct pike_range r)
{
	const struct pike_token *w = &p->t->v[r.at];
	char *text = text_of(p->t, r);
	struct pike_buf b;

	pike_buf_init(&b, EXPR_MAX);
	pike_plan_expr(&b, p, r);
	if (!*p->why) {
		pike_buf_adds(out, b.s);
	} else if (r.end == r.at + 1 && w->word && !pike_plan_knows(p->u, w)) {
		pike_buf_adds(out, "float");
		pike_unit_note(p->u, p->unit, w->line,
			       "what %s is its caller knows: the plan has "
			       "float; each other one is a target of its own",
			       text);
	} else {
		pike_buf_adds(out, text);
	}
	*p->why = '\0';
	pike_buf_release(&b);
	free(text);
}

/* <float, 256> */
static void put_angle(struct pike_buf *out, struct pike_plan *p,
		      const struct found *f)
{
	size_t end = f->open - 1;

	if (!f->angle)
		return;
	pike_buf_addc(out, '<');
	for (size_t at = f->angle + 1; at < end;) {
		struct pike_range r = { at, pike_plan_item(p->t, at, end) };

		if (at > f->angle + 1)
			pike_buf_adds(out, ", ");
		if (r.end > r.at)
			put_angled(out, p, r);
		at = r.end + 1;
	}
	pike_buf_addc(out, '>');
}

/* By how many extents of the block it is. */
static void put_define(struct pike_buf *out, const struct pike_plan *p,
		       const char *block)
{
	size_t times = 0;
	static const char *const values[] = {
		"256 //pike: tune 64 128 256 512 1024",
		"16 //pike: tune 8 16 32",
		"8 //pike: tune 4 8",
	};

	if (!p->tunable.n)
		return;
	while (times < EXTENTS && (block = strstr(block, p->define))) {
		block += strlen(p->define);
		times++;
	}
	pike_buf_addf(out, "#define %s %s\n", p->define,
		      values[times ? times - 1 : 0]);
	pike_unit_note(p->u, p->unit, p->t->v[p->launch].line,
		       "the block's `%.*s` is known to callers alone: %s is a "
		       "tunable in its place; the host's own launch keeps what "
		       "it has",
		       (int)p->tunable.n, p->tunable.s, p->define);
}

static void put_launch(struct pike_buf *out, struct pike_buf *defines,
		       struct pike_plan *p, const struct found *f)
{
	const struct pike_chunks *q = &p->unit->p;
	const struct pike_token *name = &p->t->v[f->name];
	struct pike_buf block, name_b;

	pike_buf_init(&block, EXPR_MAX);
	pike_buf_init(&name_b, EXPR_MAX);
	put_extents(&block, p, "block", f->config[1]);
	put_rooms(&name_b, q, q->v[p->u->kernel].up);
	pike_buf_add(&name_b, name->s, name->n);
	if (!*p->why)
		put_angle(&name_b, p, f);
	pike_buf_addf(out, "//pike: launch %s", name_b.s);
	put_extents(out, p, "grid", f->config[0]);
	pike_buf_adds(out, block.s);
	if (f->nconfig > 2 && !(f->config[2].end == f->config[2].at + 1 &&
				pike_token_is(p->t, f->config[2].at, "0"))) {
		pike_buf_adds(out, " shared=");
		put_one(out, p, f->config[2]);
	}
	pike_buf_addc(out, '\n');
	if (!*p->why)
		put_define(defines, p, block.s);
	pike_buf_release(&block);
	pike_buf_release(&name_b);
}

/* A plan that stands above the kernel already. */
static bool has_plan(const struct pike_units *u)
{
	const struct pike_chunks *p = &u->v[0].p;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].keep &&
		    memmem(p->text + p->v[i].begin, p->v[i].end - p->v[i].begin,
			   "//pike: launch", 14))
			return true;
	return false;
}

void pike_launch_draft(struct pike_buf *out, struct pike_buf *defines,
		       const struct pike_units *u)
{
	const struct pike_unit *unit = &u->v[0];
	const struct pike_chunk *k = &unit->p.v[u->kernel];
	const struct pike_token *name = &unit->p.t.v[k->f.name];
	struct pike_plan p = { .u = u, .unit = unit, .t = &unit->p.t };
	struct found f;
	size_t count;
	char *text;

	if (has_plan(u))
		return;
	if (!find_launch(&f, &p, name, &count)) {
		pike_unit_note(u, unit, k->line,
			       "no `%.*s<<<...>>>` stands in this file: say in "
			       "the new one how it is launched",
			       (int)name->n, name->s);
		return;
	}
	read_passed(&p, &f);
	put_launch(out, defines, &p, &f);
	if (count > 1)
		pike_unit_note(u, unit, p.t->v[f.name].line,
			       "it is launched at %zu places; the plan is that "
			       "of the first",
			       count);
	if (!*p.why) {
		note_passed(&p);
		return;
	}
	pike_buf_reset(out);
	text = text_of(p.t, (struct pike_range){ f.name, f.close + 3 });
	pike_unit_note(u, unit, p.t->v[f.name].line,
		       "the plan of `%s` is for you to write: %s", text, p.why);
	free(text);
}
