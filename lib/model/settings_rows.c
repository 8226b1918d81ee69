/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_rows: the one table of settings, and how the text of each becomes
 * a field. A setter's error says what is wrong with the value; where it stands
 * and which key it is are added by the caller.
 */
#include "model/settings.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/backend.h"
#include "model/model_priv.h"
#include "model/preset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 2048

typedef const struct pike_setting_row row_t;

static void *field(void *obj, row_t *row)
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

static int set_text(void *obj, row_t *row, const char *value,
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

static int set_names(void *obj, row_t *row, const char *value,
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
	return set_text(obj, row, value, err);
}

static int set_name(void *obj, row_t *row, const char *value,
		    struct pike_err *err)
{
	if (!pike_is_name(value))
		return pike_fail(err, PIKE_USAGE,
				 "must be 1 to 64 lower-case letters, digits, "
				 "'-' and '_'");
	return set_text(obj, row, value, err);
}

static int set_ident(void *obj, row_t *row, const char *value,
		     struct pike_err *err)
{
	if (!pike_is_ident(value))
		return pike_fail(err, PIKE_USAGE,
				 "must be the name of a C function");
	return set_text(obj, row, value, err);
}

/* What git's programs could take for an option or a range is no branch. */
static int set_ref(void *obj, row_t *row, const char *value,
		   struct pike_err *err)
{
	if (*value == '-' || *value == '/' || strstr(value, "..") ||
	    strpbrk(value, " ~^:?*[\\") || strstr(value, "@{"))
		return pike_fail(err, PIKE_USAGE,
				 "must be the name of a branch, like 'main'");
	return set_text(obj, row, value, err);
}

/* A name alone: a URL or a path would be fetched from, and pushed to. */
static int set_remote(void *obj, row_t *row, const char *value,
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
	return set_text(obj, row, value, err);
}

static int set_url(void *obj, row_t *row, const char *value,
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
	return set_text(obj, row, value, err);
}

/* The value is not repeated in the message: it may be a key. */
static int set_key(void *obj, row_t *row, const char *value,
		   struct pike_err *err)
{
	const char *p = value;

	while (isupper((unsigned char)*p) || *p == '_' ||
	       (isdigit((unsigned char)*p) && p != value))
		p++;
	if (*p || !(pike_ends_with(value, "_API_KEY") ||
		    pike_starts_with(value, "PIKE_")))
		return pike_fail(err, PIKE_USAGE,
				 "must be the NAME of an environment variable, "
				 "never a key; names end in _API_KEY or begin "
				 "with PIKE_");
	return set_text(obj, row, value, err);
}

/* One of the words, or of the names of a table's rows. */
static int check_choice(row_t *row, const char *value, struct pike_err *err)
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

static int set_choice(void *obj, row_t *row, const char *value,
		      struct pike_err *err)
{
	int ret = check_choice(row, value, err);

	return ret ? ret : set_text(obj, row, value, err);
}

static int set_provider(void *obj, row_t *row, const char *value,
			struct pike_err *err)
{
	int ret = check_choice(row, value, err);

	if (!ret)
		*(const struct pike_provider **)field(obj, row) =
		    pike_provider_find(value);
	return ret;
}

static const char *provider_name(size_t i)
{
	const struct pike_provider *p = pike_provider_at(i);

	return p ? p->name : NULL;
}

static const char *backend_name(size_t i)
{
	const struct pike_backend_rules *b = pike_backend_rules_at(i);

	return b ? b->name : NULL;
}

static const char *preset_name(size_t i)
{
	const struct pike_preset *k = pike_preset_at(i);

	return k ? k->name : NULL;
}

static int set_i64(void *obj, row_t *row, const char *value,
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

static int set_f64(void *obj, row_t *row, const char *value,
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

static int set_bool(void *obj, row_t *row, const char *value,
		    struct pike_err *err)
{
	return parse_bool(field(obj, row), value, err);
}

static int set_knob(void *obj, row_t *row, const char *value,
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

static int set_path(void *obj, row_t *row, const char *value,
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

static int set_arg(void *obj, row_t *row, const char *value,
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

static int set_case(void *obj, row_t *row, const char *value,
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

static int set_precision(void *obj, row_t *row, const char *value,
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

static int set_cache(void *obj, row_t *row, const char *value,
		     struct pike_err *err)
{
	struct pike_target *t = obj;

	(void)row;
	t->cold = !strcmp(value, "cold");
	if (!t->cold && strcmp(value, "warm") != 0)
		return pike_fail(err, PIKE_USAGE, "must be cold or warm");
	return 0;
}

static int set_stress(void *obj, row_t *row, const char *value,
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
						"sparse impulse equal integer");
		}
	if (!words.n)
		ret = pike_fail(err, PIKE_USAGE, "is empty; say all or off");
	pike_strs_release(&words);
	if (!ret)
		t->stress = bits;
	return ret;
}

static int set_expr(void *obj, row_t *row, const char *value,
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

/* ---- the table ---- */

static row_t rows[] = {
	{ .section = "pike",
	  .key = "threshold",
	  .type = "number",
	  .def = "1.05",
	  .help = "least confirmed speedup that is worth a merge request",
	  .set = set_f64,
	  .offset = offsetof(struct pike_settings, threshold),
	  .min = 1,
	  .max = 1000 },
	{ .section = "pike",
	  .key = "strategy",
	  .type = "text",
	  .def = "pike-b",
	  .help = "a preset or a [strategy \"name\"] section",
	  .set = set_name,
	  .offset = offsetof(struct pike_settings, strategy) },
	{ .section = "pike",
	  .key = "base",
	  .type = "text",
	  .def = "",
	  .help =
	      "branch that merge requests go to; unset: main, master or HEAD",
	  .set = set_ref,
	  .offset = offsetof(struct pike_settings, base) },
	{ .section = "pike",
	  .key = "remote",
	  .type = "text",
	  .def = "origin",
	  .help = "remote to sync with",
	  .set = set_remote,
	  .offset = offsetof(struct pike_settings, remote) },
	{ .section = "pike",
	  .key = "confirmations",
	  .type = "integer",
	  .def = "1",
	  .help = "different runners that must confirm before a merge request",
	  .set = set_i64,
	  .offset = offsetof(struct pike_settings, confirmations),
	  .min = 1,
	  .max = 16 },
	{ .section = "pike",
	  .key = "generation-size",
	  .type = "integer",
	  .def = "10",
	  .help = "candidates that close a generation without rounds",
	  .set = set_i64,
	  .offset = offsetof(struct pike_settings, generation_size),
	  .min = 1,
	  .max = 10000 },
	{ .section = "pike",
	  .key = "chat",
	  .type = "text",
	  .def = "push",
	  .help = "where model exchanges go: push, local or off",
	  .set = set_choice,
	  .offset = offsetof(struct pike_settings, chat),
	  .choices = "push local off" },
	{ .section = "pike",
	  .key = "lane",
	  .type = "text",
	  .def = "",
	  .help = "hardware class; unset: cpu or the slug of the GPU's name",
	  .set = set_name,
	  .offset = offsetof(struct pike_settings, lane) },
	{ .section = "pike",
	  .key = "python",
	  .type = "text",
	  .def = "python3",
	  .help = "Python that runs PyTorch targets; needs trust",
	  .set = set_text,
	  .offset = offsetof(struct pike_settings, python),
	  .runs = true },
	{ .section = "pike",
	  .key = "seed",
	  .type = "integer",
	  .def = "0",
	  .help = "seed of the search; 0: the default seed",
	  .set = set_i64,
	  .offset = offsetof(struct pike_settings, seed),
	  .min = 0,
	  .max = 0x1p53 },
	{ .section = "pike",
	  .key = "sync",
	  .type = "bool",
	  .def = "true",
	  .help = "fetch before and push after each batch",
	  .set = set_bool,
	  .offset = offsetof(struct pike_settings, sync) },
	{ .section = "pike",
	  .key = "fsync",
	  .type = "bool",
	  .def = "false",
	  .help = "fsync objects and refs, against power failure",
	  .set = set_bool,
	  .offset = offsetof(struct pike_settings, fsync) },
	{ .section = "budget",
	  .key = "queries",
	  .type = "integer",
	  .def = "0",
	  .help = "limit of model queries; 0: none",
	  .set = set_i64,
	  .offset = offsetof(struct pike_budget, queries),
	  .min = 0,
	  .max = 1e9 },
	{ .section = "budget",
	  .key = "minutes",
	  .type = "integer",
	  .def = "0",
	  .help = "limit of minutes of a run; 0: none",
	  .set = set_i64,
	  .offset = offsetof(struct pike_budget, minutes),
	  .min = 0,
	  .max = 1e7 },
	{ .section = "budget",
	  .key = "candidates",
	  .type = "integer",
	  .def = "0",
	  .help = "limit of candidates; 0: none",
	  .set = set_i64,
	  .offset = offsetof(struct pike_budget, candidates),
	  .min = 0,
	  .max = 1e9 },
	{ .section = "budget",
	  .key = "usd",
	  .type = "number",
	  .def = "0",
	  .help = "limit of money in USD; 0: none",
	  .set = set_f64,
	  .offset = offsetof(struct pike_budget, usd),
	  .min = 0,
	  .max = 1e7 },
	{ .section = "llm",
	  .key = "provider",
	  .type = "text",
	  .def = "openai",
	  .help = "openai, anthropic, gemini, command or replay",
	  .set = set_provider,
	  .offset = offsetof(struct pike_llm, provider),
	  .name_at = provider_name },
	{ .section = "llm",
	  .key = "url",
	  .type = "text",
	  .def = "",
	  .help = "base URL of the server; unset: the provider's own",
	  .set = set_url,
	  .offset = offsetof(struct pike_llm, url) },
	{ .section = "llm",
	  .key = "model",
	  .type = "text",
	  .def = "",
	  .help = "model to ask for",
	  .set = set_text,
	  .offset = offsetof(struct pike_llm, model) },
	{ .section = "llm",
	  .key = "key",
	  .type = "text",
	  .def = "",
	  .help = "NAME of the environment variable with the key",
	  .set = set_key,
	  .offset = offsetof(struct pike_llm, key) },
	{ .section = "llm",
	  .key = "reasoning",
	  .type = "text",
	  .def = "",
	  .help = "reasoning effort, where the model has one",
	  .set = set_name,
	  .offset = offsetof(struct pike_llm, reasoning) },
	{ .section = "llm",
	  .key = "command",
	  .type = "text",
	  .def = "",
	  .help = "program of the command provider; needs trust",
	  .set = set_text,
	  .offset = offsetof(struct pike_llm, command),
	  .runs = true },
	{ .section = "llm",
	  .key = "record",
	  .type = "text",
	  .def = "",
	  .help = "file of the repository that replay reads exchanges from",
	  .set = set_text,
	  .offset = offsetof(struct pike_llm, record) },
	{ .section = "llm",
	  .key = "temperature",
	  .type = "number",
	  .def = "0.8",
	  .help = "sampling temperature",
	  .set = set_f64,
	  .offset = offsetof(struct pike_llm, temperature),
	  .min = 0,
	  .max = 2 },
	{ .section = "llm",
	  .key = "top-p",
	  .type = "number",
	  .def = "0",
	  .help = "nucleus sampling; 0: not sent",
	  .set = set_f64,
	  .offset = offsetof(struct pike_llm, top_p),
	  .min = 0,
	  .max = 1 },
	{ .section = "llm",
	  .key = "max-tokens",
	  .type = "integer",
	  .def = "32000",
	  .help = "most tokens of one reply",
	  .set = set_i64,
	  .offset = offsetof(struct pike_llm, max_tokens),
	  .min = 1,
	  .max = 1e7 },
	{ .section = "llm",
	  .key = "timeout",
	  .type = "integer",
	  .def = "900",
	  .help = "seconds to wait for a reply",
	  .set = set_i64,
	  .offset = offsetof(struct pike_llm, timeout),
	  .min = 1,
	  .max = 86400 },
	{ .section = "llm",
	  .key = "price-in",
	  .type = "number",
	  .def = "0",
	  .help = "USD per million prompt tokens",
	  .set = set_f64,
	  .offset = offsetof(struct pike_llm, price_in),
	  .min = 0,
	  .max = 10000 },
	{ .section = "llm",
	  .key = "price-out",
	  .type = "number",
	  .def = "0",
	  .help = "USD per million reply tokens",
	  .set = set_f64,
	  .offset = offsetof(struct pike_llm, price_out),
	  .min = 0,
	  .max = 10000 },
	{ .section = "agent",
	  .key = "llm",
	  .type = "text",
	  .def = "",
	  .help = "which [llm \"name\"] this agent asks; of several, by gain "
		  "and cost",
	  .set = set_names,
	  .offset = offsetof(struct pike_agent_own, llm) },
	{ .section = "agent",
	  .key = "attempts",
	  .type = "integer",
	  .def = "",
	  .help = "most attempts to mend one candidate",
	  .set = set_i64,
	  .offset = offsetof(struct pike_agent_own, attempts),
	  .min = 0,
	  .max = 100 },
	{ .section = "strategy",
	  .key = "preset",
	  .type = "text",
	  .def = "",
	  .help = "preset that this strategy starts from",
	  .set = set_choice,
	  .offset = offsetof(struct pike_strategy, preset),
	  .name_at = preset_name },
	{ .section = "strategy",
	  .key = "selector",
	  .type = "text",
	  .def = "",
	  .help = "how parents are chosen",
	  .set = set_choice,
	  .offset = offsetof(struct pike_strategy, selector),
	  .name_at = pike_selector_name },
	{ .section = "strategy",
	  .key = "prompt",
	  .type = "text",
	  .def = "",
	  .help = "what a prompt shows",
	  .set = set_choice,
	  .offset = offsetof(struct pike_strategy, prompt),
	  .choices = "mutation crossover" },
	{ .section = "strategy",
	  .key = "samples",
	  .type = "integer",
	  .def = "",
	  .help = "candidates of a round",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, samples),
	  .min = 1,
	  .max = 10000 },
	{ .section = "strategy",
	  .key = "parents",
	  .type = "integer",
	  .def = "",
	  .help = "solutions kept as parents",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, parents),
	  .min = 1,
	  .max = 10000 },
	{ .section = "strategy",
	  .key = "islands",
	  .type = "integer",
	  .def = "",
	  .help = "separate populations",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, islands),
	  .min = 1,
	  .max = 1000 },
	{ .section = "strategy",
	  .key = "population",
	  .type = "integer",
	  .def = "",
	  .help = "solutions kept",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, population),
	  .min = 1,
	  .max = 1e6 },
	{ .section = "strategy",
	  .key = "archive",
	  .type = "integer",
	  .def = "",
	  .help = "elite solutions kept",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, archive),
	  .min = 1,
	  .max = 1e6 },
	{ .section = "strategy",
	  .key = "migration-interval",
	  .type = "integer",
	  .def = "",
	  .help = "generations between migrations",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, migration_interval),
	  .min = 1,
	  .max = 1e6 },
	{ .section = "strategy",
	  .key = "parallel",
	  .type = "integer",
	  .def = "",
	  .help = "candidates in flight",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, parallel),
	  .min = 1,
	  .max = 1000 },
	{ .section = "strategy",
	  .key = "fix-attempts",
	  .type = "integer",
	  .def = "",
	  .help = "attempts to mend a failing candidate",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, fix_attempts),
	  .min = 0,
	  .max = 100 },
	{ .section = "strategy",
	  .key = "ideas",
	  .type = "integer",
	  .def = "",
	  .help = "ideas of a brainstorm",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, ideas),
	  .min = 0,
	  .max = 1000 },
	{ .section = "strategy",
	  .key = "history",
	  .type = "integer",
	  .def = "",
	  .help = "earlier rounds that parents may come from",
	  .set = set_i64,
	  .offset = offsetof(struct pike_strategy, history),
	  .min = 0,
	  .max = 1e6 },
	{ .section = "strategy",
	  .key = "explore",
	  .type = "number",
	  .def = "",
	  .help = "share of parents from the whole history",
	  .set = set_f64,
	  .offset = offsetof(struct pike_strategy, explore),
	  .min = 0,
	  .max = 1 },
	{ .section = "strategy",
	  .key = "exploit",
	  .type = "number",
	  .def = "",
	  .help = "share of parents from the elite",
	  .set = set_f64,
	  .offset = offsetof(struct pike_strategy, exploit),
	  .min = 0,
	  .max = 1 },
	{ .section = "strategy",
	  .key = "migration-rate",
	  .type = "number",
	  .def = "",
	  .help = "share of an island that migrates",
	  .set = set_f64,
	  .offset = offsetof(struct pike_strategy, migration_rate),
	  .min = 0,
	  .max = 1 },
	{ .section = "strategy",
	  .key = "elitism",
	  .type = "bool",
	  .def = "",
	  .help = "keep the best solution among the parents",
	  .set = set_knob,
	  .offset = offsetof(struct pike_strategy, elitism) },
	{ .section = "strategy",
	  .key = "profile",
	  .type = "bool",
	  .def = "",
	  .help = "show measurements in detail to the model",
	  .set = set_knob,
	  .offset = offsetof(struct pike_strategy, profile) },
	{ .section = "target",
	  .key = "backend",
	  .type = "text",
	  .def = "",
	  .help = "cpu, cuda or torch",
	  .set = set_choice,
	  .offset = offsetof(struct pike_target, backend),
	  .name_at = backend_name },
	{ .section = "target",
	  .key = "source",
	  .type = "list",
	  .def = "",
	  .help = "evolvable file; nothing else may change",
	  .set = set_path,
	  .offset = offsetof(struct pike_target, sources) },
	{ .section = "target",
	  .key = "header",
	  .type = "list",
	  .def = "",
	  .help = "trusted header, never evolvable",
	  .set = set_path,
	  .offset = offsetof(struct pike_target, headers) },
	{ .section = "target",
	  .key = "reference",
	  .type = "list",
	  .def = "",
	  .help = "trusted truth, never evolvable",
	  .set = set_path,
	  .offset = offsetof(struct pike_target, references) },
	{ .section = "target",
	  .key = "entry",
	  .type = "text",
	  .def = "",
	  .help = "name of the kernel's function",
	  .set = set_ident,
	  .offset = offsetof(struct pike_target, entry) },
	{ .section = "target",
	  .key = "arg",
	  .type = "list",
	  .def = "",
	  .help = "argument: [in|out|inout] TYPE NAME[DIM]... [INIT]",
	  .set = set_arg,
	  .offset = offsetof(struct pike_target, args) },
	{ .section = "target",
	  .key = "case",
	  .type = "list",
	  .def = "",
	  .help = "sizes to measure: NAME=N NAME=N...",
	  .set = set_case,
	  .offset = offsetof(struct pike_target, cases) },
	{ .section = "target",
	  .key = "hidden",
	  .type = "list",
	  .def = "",
	  .help = "sizes checked at confirmation only",
	  .set = set_case,
	  .offset = offsetof(struct pike_target, hidden) },
	{ .section = "target",
	  .key = "precision",
	  .type = "text",
	  .def = "as-reference",
	  .help = "class of the results' accuracy",
	  .set = set_precision,
	  .offset = offsetof(struct pike_target, precision) },
	{ .section = "target",
	  .key = "timeout",
	  .type = "integer",
	  .def = "60",
	  .help = "seconds that one build or run may take",
	  .set = set_i64,
	  .offset = offsetof(struct pike_target, timeout),
	  .min = 1,
	  .max = 86400 },
	{ .section = "target",
	  .key = "cflags",
	  .type = "text",
	  .def = "-O3 -march=native",
	  .help = "compiler flags of base and candidates alike",
	  .set = set_text,
	  .offset = offsetof(struct pike_target, cflags) },
	{ .section = "target",
	  .key = "threads",
	  .type = "integer",
	  .def = "1",
	  .help = "threads that a candidate may use",
	  .set = set_i64,
	  .offset = offsetof(struct pike_target, threads),
	  .min = 1,
	  .max = 1024 },
	{ .section = "target",
	  .key = "cache",
	  .type = "text",
	  .def = "",
	  .help = "cold or warm; unset: warm on cpu, else cold",
	  .set = set_cache,
	  .offset = offsetof(struct pike_target, cold),
	  .choices = "cold warm" },
	{ .section = "target",
	  .key = "stress",
	  .type = "text",
	  .def = "all",
	  .help = "input distributions of a confirmation, all or off",
	  .set = set_stress,
	  .offset = offsetof(struct pike_target, stress) },
	{ .section = "target",
	  .key = "tolerance",
	  .type = "number",
	  .def = "0",
	  .help = "greatest relative error; 0: by precision class",
	  .set = set_f64,
	  .offset = offsetof(struct pike_target, tolerance),
	  .min = 0,
	  .max = 1 },
	{ .section = "target",
	  .key = "bytes",
	  .type = "text",
	  .def = "",
	  .help = "bytes that must move, for the roofline",
	  .set = set_expr,
	  .offset = offsetof(struct pike_target, bytes) },
	{ .section = "target",
	  .key = "flops",
	  .type = "text",
	  .def = "",
	  .help = "floating-point operations, for the roofline",
	  .set = set_expr,
	  .offset = offsetof(struct pike_target, flops) },
	{ .section = "target",
	  .key = "mode",
	  .type = "text",
	  .def = "eval",
	  .help = "mode of a PyTorch model: eval or train",
	  .set = set_choice,
	  .offset = offsetof(struct pike_target, mode),
	  .choices = "eval train" },
};

const struct pike_setting_row *pike_setting_rows(size_t *n)
{
	*n = PIKE_ARRAY_LEN(rows);
	return rows;
}

bool pike_row_is_list(const struct pike_setting_row *row)
{
	return !strcmp(row->type, "list");
}
