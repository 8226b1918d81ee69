/* SPDX-License-Identifier: Apache-2.0 */
/* target: the checks over a whole target and its canonical text. */
#include "model/target.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/backend.h"
#include "model/model_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const precision_names[PIKE_P_COUNT] = {
	[PIKE_P_AS_REFERENCE] = "as-reference",
	[PIKE_P_FP64] = "fp64",
	[PIKE_P_FP32] = "fp32",
	[PIKE_P_TF32] = "tf32",
	[PIKE_P_FP16] = "fp16",
	[PIKE_P_BF16] = "bf16",
	[PIKE_P_FP8_E4M3] = "fp8-e4m3",
	[PIKE_P_FP8_E5M2] = "fp8-e5m2",
	[PIKE_P_EXACT] = "exact",
};

static const char *const dist_names[PIKE_DIST_COUNT] = {
	[PIKE_DIST_OWN] = "own",	   [PIKE_DIST_NORMAL] = "normal",
	[PIKE_DIST_UNIT] = "unit",	   [PIKE_DIST_SYMMETRIC] = "symmetric",
	[PIKE_DIST_OFFSET] = "offset",	   [PIKE_DIST_SMALL] = "small",
	[PIKE_DIST_LARGE] = "large",	   [PIKE_DIST_HEAVY] = "heavy",
	[PIKE_DIST_SPARSE] = "sparse",	   [PIKE_DIST_IMPULSE] = "impulse",
	[PIKE_DIST_EQUAL] = "equal",	   [PIKE_DIST_INTEGER] = "integer",
	[PIKE_DIST_CENTERED] = "centered",
};

static int find_word(const char *const *words, int n, const char *s)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(words[i], s))
			return i;
	return -1;
}

const char *pike_precision_name(enum pike_precision p)
{
	return precision_names[p];
}

bool pike_precision_allows_tf32(enum pike_precision p)
{
	return p == PIKE_P_TF32 || p == PIKE_P_FP16 || p == PIKE_P_BF16 ||
	       p == PIKE_P_FP8_E4M3 || p == PIKE_P_FP8_E5M2;
}

int pike_precision_parse(const char *s)
{
	return find_word(precision_names, PIKE_P_COUNT, s);
}

const char *pike_dist_name(enum pike_dist d)
{
	return dist_names[d];
}

int pike_dist_parse(const char *s)
{
	return find_word(dist_names, PIKE_DIST_COUNT, s);
}

/* ---- life and canonical text ---- */

void pike_target_release(struct pike_target *t)
{
	for (size_t i = 0; i < t->nargs; i++)
		pike_arg_release(&t->args[i]);
	for (size_t i = 0; i < t->ncases; i++)
		pike_case_release(&t->cases[i]);
	for (size_t i = 0; i < t->nhidden; i++)
		pike_case_release(&t->hidden[i]);
	free(t->args);
	free(t->cases);
	free(t->hidden);
	pike_strs_release(&t->sources);
	pike_strs_release(&t->headers);
	pike_strs_release(&t->references);
	pike_strs_release(&t->baselines);
	pike_strs_release(&t->in_model_read);
	free(t->in_model);
	pike_expr_free(t->bytes);
	pike_expr_free(t->flops);
	free(t->name);
	free(t->title);
	free(t->backend);
	free(t->entry);
	free(t->compiler);
	free(t->cflags);
	free(t->mode);
	free(t->origin);
	free(t->cflags_at);
	free(t->compiler_at);
	memset(t, 0, sizeof(*t));
}

void pike_target_free(struct pike_target *t)
{
	if (t)
		pike_target_release(t);
	free(t);
}

bool pike_target_absent(const struct pike_target *t)
{
	const struct pike_backend_rules *b =
	    t->backend ? pike_backend_rules_find(t->backend) : NULL;

	return b && b->absent;
}

static void print_arg(struct pike_buf *b, const struct pike_arg *a)
{
	static const char *const dirs[] = {
		[PIKE_SCALAR] = "",
		[PIKE_IN] = "in ",
		[PIKE_OUT] = "out ",
		[PIKE_INOUT] = "inout ",
	};

	pike_buf_addf(b, "arg=%s%s %s", dirs[a->dir], pike_dtype_name(a->dtype),
		      a->name);
	for (size_t i = 0; i < a->ndims; i++)
		pike_buf_addf(b, "[%s]", pike_expr_text(a->dims[i]));
	if (a->dir == PIKE_IN || a->dir == PIKE_INOUT)
		pike_buf_addf(b, " %s(%.17g,%.17g)", pike_init_name(a->init),
			      a->a, a->b);
	pike_buf_addc(b, '\n');
}

static void print_paths(struct pike_buf *b, const char *key,
			const struct pike_strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		pike_buf_addf(b, "%s=%s\n", key, l->v[i]);
}

void pike_target_canonical(struct pike_buf *b, const struct pike_target *t)
{
	/* `bytes` and `flops` describe the roofline, and baselines are told
	 * of; they judge nothing. */
	pike_buf_addf(b, "backend=%s\n", t->backend ? t->backend : "");
	print_paths(b, "source", &t->sources);
	print_paths(b, "header", &t->headers);
	print_paths(b, "reference", &t->references);
	pike_buf_addf(b, "entry=%s\n", t->entry ? t->entry : "");
	for (size_t i = 0; i < t->nargs; i++)
		print_arg(b, &t->args[i]);
	for (size_t i = 0; i < t->ncases; i++)
		pike_buf_addf(b, "case=%s\n", t->cases[i].text);
	for (size_t i = 0; i < t->nhidden; i++)
		pike_buf_addf(b, "hidden=%s\n", t->hidden[i].text);
	pike_buf_addf(b, "precision=%s\ntimeout=%lld\ncflags=%s\n",
		      pike_precision_name(t->precision), (long long)t->timeout,
		      t->cflags ? t->cflags : "");
	/* The usual one is told by its version alone, in `env`. */
	if (t->compiler && strcmp(t->compiler, "cc") != 0)
		pike_buf_addf(b, "compiler=%s\n", t->compiler);
	pike_buf_addf(b, "threads=%lld\ncache=%s\nstress=%u\n",
		      (long long)t->threads, t->cold ? "cold" : "warm",
		      t->stress);
	pike_buf_addf(b, "tolerance=%.17g\nmode=%s\n", t->tolerance,
		      t->mode ? t->mode : "");
}

/* ---- checks ---- */

/* Git's own folders by any name that a file system takes for them. */
static bool is_private(const char *part, size_t len)
{
	static const char *const names[] = { ".git", ".pike", "git~1" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++)
		if (strlen(names[i]) == len &&
		    !strncasecmp(names[i], part, len))
			return true;
	return false;
}

static int check_part(const char *path, const char *part, size_t len,
		      struct pike_err *err)
{
	if (!len || (len == 1 && part[0] == '.'))
		return pike_fail(
		    err, PIKE_USAGE,
		    "path '%s' has an empty part; write it plainly", path);
	if (len == 2 && !strncmp(part, "..", 2))
		return pike_fail(err, PIKE_USAGE,
				 "path '%s' contains '..'; paths are inside "
				 "the repository",
				 path);
	if (is_private(part, len))
		return pike_fail(err, PIKE_USAGE,
				 "path '%s' is inside .git or .pike; move the "
				 "file elsewhere",
				 path);
	return 0;
}

int pike_path_check(const char *path, struct pike_err *err)
{
	size_t len = strlen(path);
	const char *p = path;
	int ret;

	if (!len || len > 1024)
		return pike_fail(err, PIKE_USAGE, "%s",
				 len ? "path is longer than 1024 bytes"
				     : "path is empty");
	if (*path == '/' || *path == '-' || strchr(path, '\\'))
		return pike_fail(err, PIKE_USAGE,
				 "path '%s' must be relative to the top of the "
				 "repository, with '/' between its parts",
				 path);
	for (;;) {
		size_t n = strcspn(p, "/");

		if ((ret = check_part(path, p, n, err)))
			return ret;
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

struct check {
	const struct pike_target *t;
	struct pike_where *where;
	struct pike_err *err;
};

static void at(const struct check *c, const char *key, size_t index)
{
	c->where->key = key;
	c->where->index = index;
}

static int missing(const struct check *c, const char *what, const char *add)
{
	at(c, NULL, 0);
	return pike_fail(c->err, PIKE_USAGE, "target '%s' has no %s; add `%s`",
			 c->t->name, what, add);
}

static int check_paths(const struct check *c)
{
	const struct pike_target *t = c->t;
	const struct pike_strs *const lists[] = { &t->sources, &t->headers,
						  &t->references };
	static const char *const keys[] = { "source", "header", "reference" };
	struct pike_strs seen = PIKE_STRS_INIT;
	int ret = 0;

	for (size_t k = 0; k < PIKE_ARRAY_LEN(lists); k++)
		for (size_t i = 0; !ret && i < lists[k]->n; i++) {
			const char *path = lists[k]->v[i];

			at(c, keys[k], i);
			ret = pike_path_check(path, c->err);
			if (!ret && pike_strs_has(&seen, path))
				ret = pike_fail(c->err, PIKE_USAGE,
						"'%s' is named twice; a file "
						"is a source, a header or a "
						"reference, once",
						path);
			pike_strs_push(&seen, path);
		}
	pike_strs_release(&seen);
	return ret;
}

static int check_ending(const struct check *c, const struct pike_strs *files,
			const char *key, const struct pike_endings *e)
{
	for (size_t i = 0; e->first && i < files->n; i++) {
		if (pike_ends_with(files->v[i], e->first) ||
		    (e->second && pike_ends_with(files->v[i], e->second)))
			continue;
		at(c, key, i);
		return pike_fail(c->err, PIKE_USAGE,
				 "'%s' is not a file for backend = %s: %s",
				 files->v[i], c->t->backend, e->advice);
	}
	return 0;
}

static int check_endings(const struct check *c)
{
	const struct pike_target *t = c->t;
	const struct pike_backend_rules *b =
	    pike_backend_rules_find(t->backend);
	int ret = check_ending(c, &t->sources, "source", &b->source);

	if (!ret)
		ret = check_ending(c, &t->headers, "header", &b->header);
	if (!ret)
		ret =
		    check_ending(c, &t->references, "reference", &b->reference);
	return ret;
}

static int check_present(const struct check *c)
{
	const struct pike_target *t = c->t;

	if (!t->backend || !pike_backend_rules_find(t->backend))
		return missing(c, "backend", "backend = cpu");
	if (!t->sources.n)
		return missing(c, "source", "source = kernels/NAME.c");
	if (!t->references.n)
		return missing(c, "reference",
			       "reference = kernels/NAME_ref.c");
	if (!pike_backend_rules_find(t->backend)->signature)
		return 0;
	if (!t->entry)
		return missing(c, "entry", "entry = FUNCTION");
	if (!t->nargs)
		return missing(c, "arguments", "arg = in f32 x[n]");
	if (!t->ncases)
		return missing(c, "case", "case = n=4096");
	return 0;
}

static int check_args(const struct check *c)
{
	const struct pike_target *t = c->t;
	bool output = false;

	for (size_t i = 0; i < t->nargs; i++) {
		output |=
		    t->args[i].dir == PIKE_OUT || t->args[i].dir == PIKE_INOUT;
		at(c, "arg", i);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(t->args[k].name, t->args[i].name))
				return pike_fail(c->err, PIKE_USAGE,
						 "argument '%s' is named twice",
						 t->args[i].name);
	}
	if (t->nargs && !output)
		return missing(c, "output", "arg = out f32 y[n]");
	return 0;
}

static int check_scalar(const struct check *c, const struct pike_arg *a,
			const struct pike_case *k)
{
	int64_t v;

	if (pike_case_size(k, a->name, &v))
		return 0;
	return pike_fail(c->err, PIKE_USAGE,
			 "case '%s' does not say how large '%s' is; add %s=N",
			 k->text, a->name, a->name);
}

static int check_expr(const struct check *c, const struct pike_expr *e,
		      const struct pike_case *k, const char *key)
{
	struct pike_case view = *k;
	int64_t v;

	if (!e || !pike_expr_eval(&v, e, pike_case_lookup, &view, c->err))
		return 0;
	at(c, key, 0);
	pike_err_prefix(c->err, "%s = %s in case '%s'", key, pike_expr_text(e),
			k->text);
	return PIKE_USAGE;
}

static int check_case(const struct check *c, const struct pike_case *k)
{
	const struct pike_target *t = c->t;
	int64_t n;
	int ret = 0;

	for (size_t i = 0; !ret && i < t->nargs; i++)
		if (t->args[i].dir == PIKE_SCALAR)
			ret = check_scalar(c, &t->args[i], k);
		else
			ret = pike_arg_elems(&n, NULL, &t->args[i], k, c->err);
	if (!ret)
		ret = check_expr(c, t->bytes, k, "bytes");
	if (!ret)
		ret = check_expr(c, t->flops, k, "flops");
	return ret;
}

static int check_cases(const struct check *c, const char *key,
		       const struct pike_case *v, size_t n)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++) {
		at(c, key, i);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(v[k].text, v[i].text))
				return pike_fail(c->err, PIKE_USAGE,
						 "case '%s' is given twice",
						 v[i].text);
		ret = check_case(c, &v[i]);
	}
	return ret;
}

int pike_target_check_at(struct pike_where *where, const struct pike_target *t,
			 struct pike_err *err)
{
	struct check c = { .t = t, .where = where, .err = err };
	int ret;

	if ((ret = check_paths(&c)) || (ret = check_present(&c)) ||
	    (ret = check_endings(&c)) || (ret = check_args(&c)) ||
	    (ret = check_cases(&c, "case", t->cases, t->ncases)) ||
	    (ret = check_cases(&c, "hidden", t->hidden, t->nhidden))) {
		if (err)
			err->level = PIKE_USAGE;
		return PIKE_USAGE;
	}
	return 0;
}

int pike_target_check(const struct pike_target *t, struct pike_err *err)
{
	struct pike_where where = { .key = NULL };

	return pike_target_check_at(&where, t, err);
}
