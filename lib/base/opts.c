/* SPDX-License-Identifier: Apache-2.0 */
/* opts: command-line options as a table. */
#include "base/opts.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct parser {
	const struct pike_opt *table;
	char *out;
	int argc, at;
	char **argv;
	struct pike_err *err;
};

static const struct pike_opt *by_name(const struct pike_opt *t,
				      const char *name, size_t len)
{
	for (; t->name; t++)
		if (strlen(t->name) == len && !strncmp(t->name, name, len))
			return t;
	return NULL;
}

static const struct pike_opt *by_letter(const struct pike_opt *t, char c)
{
	for (; t->name; t++)
		if (t->letter == c)
			return t;
	return NULL;
}

static int store(struct parser *p, const struct pike_opt *o, const char *v)
{
	void *at = p->out + o->offset;
	bool ok = true;

	switch (o->type) {
	case PIKE_OPT_BOOL:
		*(bool *)at = true;
		break;
	case PIKE_OPT_I64:
		ok = pike_parse_i64(v, at);
		break;
	case PIKE_OPT_F64:
		ok = pike_parse_f64(v, at);
		break;
	case PIKE_OPT_STR:
	case PIKE_OPT_WORD:
		*(const char **)at = v;
		break;
	case PIKE_OPT_STRS:
		pike_strs_push(at, v);
		break;
	}
	if (ok)
		return 0;
	return pike_fail(
	    p->err, PIKE_USAGE, "option '--%s' wants %s, not '%s'", o->name,
	    o->type == PIKE_OPT_I64 ? "a whole number" : "a number", v);
}

/* The value that follows the option as the next argument. */
static const char *next_value(struct parser *p)
{
	return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static int with_value(struct parser *p, const struct pike_opt *o, const char *v)
{
	if (!v)
		v = next_value(p);
	if (!v)
		return pike_fail(p->err, PIKE_USAGE,
				 "option '--%s' needs a value: --%s=%s",
				 o->name, o->name, o->arg ? o->arg : "VALUE");
	return store(p, o, v);
}

static int parse_long(struct parser *p, const char *s)
{
	const char *eq = strchr(s, '=');
	size_t len = eq ? (size_t)(eq - s) : strlen(s);
	const struct pike_opt *o = by_name(p->table, s, len);

	if (!o && !eq && pike_starts_with(s, "no-")) {
		o = by_name(p->table, s + 3, len - 3);
		if (o && o->type == PIKE_OPT_BOOL) {
			*(bool *)(p->out + o->offset) = false;
			return 0;
		}
		o = NULL;
	}
	if (!o && !strcmp(s, "help"))
		return 1;
	if (!o)
		return pike_fail(
		    p->err, PIKE_USAGE,
		    "unknown option '--%.*s'; -h lists the options", (int)len,
		    s);
	if (o->type == PIKE_OPT_WORD)
		return store(p, o, eq ? eq + 1 : "");
	if (o->type != PIKE_OPT_BOOL)
		return with_value(p, o, eq ? eq + 1 : NULL);
	if (eq)
		return pike_fail(p->err, PIKE_USAGE,
				 "option '--%s' takes no value", o->name);
	return store(p, o, NULL);
}

static int parse_letters(struct parser *p, const char *s)
{
	int ret = 0;

	for (; !ret && *s; s++) {
		const struct pike_opt *o = by_letter(p->table, *s);

		if (!o && *s == 'h')
			return 1;
		if (!o)
			return pike_fail(p->err, PIKE_USAGE,
					 "unknown option '-%c'; -h lists the "
					 "options",
					 *s);
		if (o->type != PIKE_OPT_BOOL)
			return with_value(p, o, s[1] ? s + 1 : NULL);
		ret = store(p, o, NULL);
	}
	return ret;
}

int pike_opts_parse(const struct pike_opt *table, void *out, int argc,
		    char **argv, bool stop_early, struct pike_strs *rest,
		    struct pike_err *err)
{
	struct parser p = { .table = table,
			    .out = out,
			    .argc = argc,
			    .at = 1,
			    .argv = argv,
			    .err = err };
	bool only_operands = false;
	int ret = 0;

	for (; !ret && p.at < argc; p.at++) {
		const char *s = argv[p.at];

		if (only_operands || s[0] != '-' || !s[1]) {
			pike_strs_push(rest, s);
			only_operands = only_operands || stop_early;
		} else if (!strcmp(s, "--")) {
			only_operands = true;
		} else {
			ret = s[1] == '-' ? parse_long(&p, s + 2)
					  : parse_letters(&p, s + 1);
		}
	}
	return ret;
}

void pike_opts_help(struct pike_buf *b, const struct pike_opt *table)
{
	char left[64];

	for (; table->name; table++) {
		bool word = table->type == PIKE_OPT_WORD;

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s%s",
			 table->letter ? '-' : ' ',
			 table->letter ? table->letter : ' ',
			 table->letter ? "," : " ", table->name,
			 !table->arg ? ""
			 : word	     ? "[="
				     : " ",
			 table->arg ? table->arg : "", word ? "]" : "");
		if (strlen(left) > 26)
			pike_buf_addf(b, "  %s\n  %-26s  %s\n", left, "",
				      table->help);
		else
			pike_buf_addf(b, "  %-26s  %s\n", left, table->help);
	}
}
