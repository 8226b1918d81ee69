/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_set: how the text of a setting becomes a field. An error says what
 * is wrong with the value; where it stands and which key it is are added by
 * the caller.
 */
#include "model/settings_set_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/baseline.h"
#include "model/model_priv.h"
#include "model/preset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 2048

static void *field(void *obj, pike_row_t *row)
{
	return (char *)obj + row->offset;
}

static bool plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

int pike_set_text(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	char **f = field(obj, row);

	if (!*value)
		return pike_fail(err, PIKE_USAGE,
				 "is empty; give a value or remove the line");
	if (strlen(value) > VALUE_MAX)
		return pike_fail(err, PIKE_USAGE, "is longer than %d bytes",
				 VALUE_MAX);
	if (!plain(value) || !pike_utf8_valid(value, strlen(value)))
		return pike_fail(err, PIKE_USAGE,
				 "contains control characters or is not UTF-8");
	free(*f);
	*f = pike_xstrdup(value);
	return 0;
}

int pike_set_names(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err)
{
	struct pike_strs names = PIKE_STRS_INIT;
	bool good = true;

	pike_strs_split(&names, value, " ");
	for (size_t i = 0; i < names.n; i++)
		good = good && pike_is_name(names.v[i]);
	pike_strs_release(&names);
	if (!good)
		return pike_fail(err, PIKE_USAGE,
				 "must be names with a space between: 1 to 64 "
				 "lower-case letters, digits, '-' and '_'");
	return pike_set_text(obj, row, value, err);
}

int pike_set_name(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	if (!pike_is_name(value))
		return pike_fail(err, PIKE_USAGE,
				 "must be 1 to 64 lower-case letters, digits, "
				 "'-' and '_'");
	return pike_set_text(obj, row, value, err);
}

int pike_set_ident(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err)
{
	if (!pike_is_ident(value))
		return pike_fail(err, PIKE_USAGE,
				 "must be the name of a C function");
	return pike_set_text(obj, row, value, err);
}

/* Of the sandbox, which holds no other folders of the machine. */
int pike_set_program(void *obj, pike_row_t *row, const char *value,
		     struct pike_err *err)
{
	const char *p = value;

	if (pike_starts_with(p, "/usr/") || pike_starts_with(p, "/bin/"))
		p++;
	if (p == value && strchr(p, '/'))
		return pike_fail(err, PIKE_USAGE,
				 "must be a program of /usr/bin, like 'gcc-12' "
				 "or 'clang', or the path of one below /usr, "
				 "which is all that the sandbox holds");
	for (; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_+./-", *p))
			break;
	if (*p || *value == '-' || *value == '.' || strstr(value, ".."))
		return pike_fail(err, PIKE_USAGE,
				 "must be the name of a program alone, without "
				 "options; those are `cflags`");
	return pike_set_text(obj, row, value, err);
}

/* What git's programs could take for an option or a range is no branch. */
int pike_set_ref(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err)
{
	if (*value == '-' || *value == '/' || strstr(value, "..") ||
	    strpbrk(value, " ~^:?*[\\") || strstr(value, "@{"))
		return pike_fail(err, PIKE_USAGE,
				 "must be the name of a branch, like 'main'");
	return pike_set_text(obj, row, value, err);
}

/* A name alone: a URL or a path would be fetched from, and pushed to. */
int pike_set_remote(void *obj, pike_row_t *row, const char *value,
		    struct pike_err *err)
{
	const char *p = value;

	while (isalnum((unsigned char)*p) || *p == '_' || *p == '.' ||
	       (*p == '-' && p != value))
		p++;
	if (*p || *value == '.')
		return pike_fail(err, PIKE_USAGE,
				 "must be the name of a remote, like 'origin' "
				 "(`git remote` lists them)");
	return pike_set_text(obj, row, value, err);
}

int pike_set_url(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err)
{
	size_t scheme = pike_starts_with(value, "https://")  ? 8
			: pike_starts_with(value, "http://") ? 7
							     : 0;
	size_t host = scheme ? strcspn(value + scheme, "/?#") : 0;

	if (!host || memchr(value + scheme, '@', host) ||
	    strpbrk(value, " \\\"<>^`{|}"))
		return pike_fail(err, PIKE_USAGE,
				 "must be http://HOST/... or https://HOST/..., "
				 "without a user name");
	return pike_set_text(obj, row, value, err);
}

static bool is_variable(const char *s)
{
	const char *p = s;

	while (isupper((unsigned char)*p) || *p == '_' ||
	       (isdigit((unsigned char)*p) && p != s))
		p++;
	return p != s && !*p;
}

/* The value is not repeated in the message: it may be a key. */
int pike_set_key(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err)
{
	if (!is_variable(value) || !(pike_ends_with(value, "_API_KEY") ||
				     pike_starts_with(value, "PIKE_")))
		return pike_fail(err, PIKE_USAGE,
				 "must be the NAME of an environment variable, "
				 "never a key; names end in _API_KEY or begin "
				 "with PIKE_");
	return pike_set_text(obj, row, value, err);
}

int pike_set_token(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err)
{
	if (!is_variable(value) || !(pike_ends_with(value, "_TOKEN") ||
				     pike_starts_with(value, "PIKE_")))
		return pike_fail(err, PIKE_USAGE,
				 "must be the NAME of an environment variable, "
				 "never a token; names end in _TOKEN or begin "
				 "with PIKE_");
	return pike_set_text(obj, row, value, err);
}

/* One of the words, or of the names of a table's rows. */
static int check_choice(pike_row_t *row, const char *value,
			struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;
	struct pike_buf all;
	const char *near;
	int ret = 0;

	pike_buf_init(&all, 4096);
	if (row->choices)
		pike_strs_split(&words, row->choices, " ");
	for (size_t i = 0; row->name_at && row->name_at(i); i++)
		pike_strs_push(&words, row->name_at(i));
	near = pike_nearest(value, (const char *const *)words.v, words.n);
	for (size_t i = 0; i < words.n; i++)
		pike_buf_addf(&all, "%s%s", i ? " " : "", words.v[i]);
	if (!pike_strs_has(&words, value))
		ret = pike_fail(err, PIKE_USAGE,
				near ? "must be one of: %s; did you mean '%s'?"
				     : "must be one of: %s",
				all.s, near);
	pike_buf_release(&all);
	pike_strs_release(&words);
	return ret;
}

int pike_set_choice(void *obj, pike_row_t *row, const char *value,
		    struct pike_err *err)
{
	int ret = check_choice(row, value, err);

	return ret ? ret : pike_set_text(obj, row, value, err);
}

int pike_set_provider(void *obj, pike_row_t *row, const char *value,
		      struct pike_err *err)
{
	int ret = check_choice(row, value, err);

	if (!ret)
		*(const struct pike_provider **)field(obj, row) =
		    pike_provider_find(value);
	return ret;
}

int pike_set_i64(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err)
{
	int64_t v;

	if (!pike_parse_i64(value, &v) || (double)v < row->min ||
	    (double)v > row->max)
		return pike_fail(err, PIKE_USAGE,
				 "must be a whole number from %.0f to %.0f",
				 row->min, row->max);
	*(int64_t *)field(obj, row) = v;
	return 0;
}

int pike_set_f64(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err)
{
	double v;

	if (!pike_parse_f64(value, &v) || v < row->min || v > row->max)
		return pike_fail(err, PIKE_USAGE,
				 "must be a number from %g to %g", row->min,
				 row->max);
	*(double *)field(obj, row) = v;
	return 0;
}

static int parse_bool(bool *out, const char *value, struct pike_err *err)
{
	static const char *const words[] = { "false", "true", "no", "yes",
					     "off",   "on",   "0",  "1" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (!strcmp(words[i], value)) {
			*out = i % 2;
			return 0;
		}
	return pike_fail(err, PIKE_USAGE, "must be true or false");
}

int pike_set_bool(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	return parse_bool(field(obj, row), value, err);
}

int pike_set_knob(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	bool v = false;
	int ret = parse_bool(&v, value, err);

	if (!ret)
		*(int64_t *)field(obj, row) = v;
	return ret;
}

/* ---- targets ---- */

static int too_many(struct pike_err *err, int max)
{
	return pike_fail(err, PIKE_USAGE, "is given more than %d times", max);
}

/* Several, with a space between. */
int pike_set_hosts(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err)
{
	struct pike_strs *l = field(obj, row), more = PIKE_STRS_INIT;
	int ret = 0;

	if (!value) {
		pike_strs_release(l);
		return 0;
	}
	pike_strs_split(&more, value, " ");
	for (size_t i = 0; !ret && i < more.n; i++)
		if (l->n == PIKE_PATHS_MAX)
			ret = too_many(err, PIKE_PATHS_MAX);
		else if (!pike_is_host_port(more.v[i]))
			ret = pike_fail(err, PIKE_USAGE,
					"must be hosts, like "
					"'api.example.org' or "
					"'127.0.0.1:8080'");
		else
			pike_strs_push(l, more.v[i]);
	pike_strs_release(&more);
	return ret;
}

int pike_set_path(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	struct pike_strs *l = field(obj, row);
	int ret;

	if (!value) {
		pike_strs_release(l);
		return 0;
	}
	if (l->n == PIKE_PATHS_MAX)
		return too_many(err, PIKE_PATHS_MAX);
	if (!plain(value) || !pike_utf8_valid(value, strlen(value)))
		return pike_fail(err, PIKE_USAGE,
				 "contains control characters or is not UTF-8");
	ret = pike_path_check(value, err);
	if (!ret)
		pike_strs_push(l, value);
	return ret;
}

int pike_set_arg(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err)
{
	struct pike_target *t = obj;
	int ret;

	(void)row;
	if (!value) {
		while (t->nargs)
			pike_arg_release(&t->args[--t->nargs]);
		return 0;
	}
	if (t->nargs == PIKE_ARGS_MAX)
		return too_many(err, PIKE_ARGS_MAX);
	t->args = pike_xrealloc(t->args, t->nargs + 1, sizeof(*t->args));
	ret = pike_arg_parse(&t->args[t->nargs], value, err);
	t->nargs += !ret;
	return ret;
}

int pike_set_case(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	struct pike_target *t = obj;
	bool hidden = row->offset == offsetof(struct pike_target, hidden);
	struct pike_case **v = hidden ? &t->hidden : &t->cases;
	size_t *n = hidden ? &t->nhidden : &t->ncases;
	int ret;

	if (!value) {
		while (*n)
			pike_case_release(&(*v)[--*n]);
		return 0;
	}
	if (*n == PIKE_CASES_MAX)
		return too_many(err, PIKE_CASES_MAX);
	*v = pike_xrealloc(*v, *n + 1, sizeof(**v));
	ret = pike_case_parse(&(*v)[*n], value, err);
	*n += !ret;
	return ret;
}

int pike_set_precision(void *obj, pike_row_t *row, const char *value,
		       struct pike_err *err)
{
	struct pike_target *t = obj;
	int p = pike_precision_parse(value);

	(void)row;
	if (p < 0)
		return pike_fail(err, PIKE_USAGE,
				 "must be one of: as-reference fp64 fp32 tf32 "
				 "fp16 bf16 fp8-e4m3 fp8-e5m2 exact");
	t->precision = (enum pike_precision)p;
	return 0;
}

int pike_set_cache(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err)
{
	struct pike_target *t = obj;

	(void)row;
	t->cold = !strcmp(value, "cold");
	if (!t->cold && strcmp(value, "warm") != 0)
		return pike_fail(err, PIKE_USAGE, "must be cold or warm");
	return 0;
}

int pike_set_stress(void *obj, pike_row_t *row, const char *value,
		    struct pike_err *err)
{
	struct pike_target *t = obj;
	struct pike_strs words = PIKE_STRS_INIT;
	unsigned bits = 0;
	int ret = 0;

	(void)row;
	pike_strs_split(&words, value, " ,\t");
	if (words.n == 1 && !strcmp(words.v[0], "all"))
		bits = (1u << PIKE_DIST_COUNT) - 1;
	else if (words.n != 1 || strcmp(words.v[0], "off") != 0)
		for (size_t i = 0; !ret && i < words.n; i++) {
			int d = pike_dist_parse(words.v[i]);

			if (d >= 0)
				bits |= 1u << d;
			else
				ret = pike_fail(err, PIKE_USAGE,
						"must be all, off, or some of: "
						"own normal unit symmetric "
						"offset small large heavy "
						"sparse impulse equal integer "
						"centered");
		}
	if (!words.n)
		ret = pike_fail(err, PIKE_USAGE, "is empty; say all or off");
	pike_strs_release(&words);
	if (!ret)
		t->stress = bits;
	return ret;
}

int pike_set_baselines(void *obj, pike_row_t *row, const char *value,
		       struct pike_err *err)
{
	struct pike_strs *list = field(obj, row);

	if (value)
		return pike_baselines_add(list, value, err);
	pike_strs_release(list);
	return 0;
}

int pike_set_expr(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err)
{
	struct pike_expr **f = field(obj, row), *e;
	int ret = pike_expr_parse(&e, value, err);

	if (ret)
		return ret;
	pike_expr_free(*f);
	*f = e;
	return 0;
}
