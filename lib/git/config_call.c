/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_call: the settings of one call as a config text that libgit2 reads.
 * `git -c` and `git --config-env` leave theirs in GIT_CONFIG_PARAMETERS, as
 * words quoted for the shell; scripts and CI engines set GIT_CONFIG_COUNT with
 * GIT_CONFIG_KEY_n and GIT_CONFIG_VALUE_n. As in git, the former are stronger.
 */
#include "git/config_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COUNT_MAX = 10000
};

static bool is_key_char(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

/* "section.key" or "section.sub.key"; a sub may contain all but a newline. */
static bool is_key(const char *key)
{
	const char *first = strchr(key, '.'), *last = strrchr(key, '.');

	if (!first || first == key || !isalpha((unsigned char)last[1]))
		return false;
	for (const char *p = key; p < first; p++)
		if (!is_key_char(*p))
			return false;
	for (const char *p = last + 1; *p; p++)
		if (!is_key_char(*p))
			return false;
	return !strchr(key, '\n');
}

static void add_quoted(struct pike_buf *out, const char *s, size_t n)
{
	pike_buf_addc(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"' || s[i] == '\\')
			pike_buf_addc(out, '\\');
		if (s[i] == '\n')
			pike_buf_adds(out, "\\n");
		else
			pike_buf_addc(out, s[i]);
	}
	pike_buf_addc(out, '"');
}

/* `value` NULL: the key alone, which says true. */
static int add_setting(struct pike_buf *out, const char *key, const char *value,
		       const char *origin, struct pike_err *err)
{
	const char *first = strchr(key, '.'), *last = strrchr(key, '.');

	if (!is_key(key))
		return pike_fail(err, PIKE_FATAL,
				 "%s: '%s' is not a key of git's "
				 "config; write section.key",
				 origin, key);
	pike_buf_addc(out, '[');
	pike_buf_add(out, key, (size_t)(first - key));
	if (last > first) {
		pike_buf_addc(out, ' ');
		add_quoted(out, first + 1, (size_t)(last - first - 1));
	}
	pike_buf_addf(out, "]\n\t%s", last + 1);
	if (value) {
		pike_buf_adds(out, " = ");
		add_quoted(out, value, strlen(value));
	}
	pike_buf_addc(out, '\n');
	return out->full ? pike_fail(err, PIKE_FATAL, "%s: more than %zu bytes",
				     origin, out->max)
			 : 0;
}

/* ---- GIT_CONFIG_COUNT ---- */

static int add_numbered(struct pike_buf *out, long i, struct pike_err *err)
{
	char key_name[40], value_name[40];
	const char *key, *value;

	snprintf(key_name, sizeof(key_name), "GIT_CONFIG_KEY_%ld", i);
	snprintf(value_name, sizeof(value_name), "GIT_CONFIG_VALUE_%ld", i);
	key = getenv(key_name);
	value = getenv(value_name);
	if (!key || !value)
		return pike_fail(err, PIKE_FATAL,
				 "GIT_CONFIG_COUNT says that %s is there, and "
				 "it is not set",
				 key ? value_name : key_name);
	return add_setting(out, key, value, key_name, err);
}

static int add_counted(struct pike_buf *out, struct pike_err *err)
{
	const char *text = getenv("GIT_CONFIG_COUNT");
	char *end;
	long n;
	int ret = 0;

	if (!text || !*text)
		return 0;
	n = strtol(text, &end, 10);
	if (*end || n < 0 || n > COUNT_MAX)
		return pike_fail(
		    err, PIKE_FATAL,
		    "GIT_CONFIG_COUNT: '%s' is not a number from 0 to "
		    "%d",
		    text, COUNT_MAX);
	for (long i = 0; !ret && i < n; i++)
		ret = add_numbered(out, i, err);
	return ret;
}

/* ---- GIT_CONFIG_PARAMETERS ---- */

/* Takes one word in single quotes off the text: 'it'\''s'. */
static bool take_word(struct pike_buf *out, const char **text)
{
	const char *p = *text;

	pike_buf_reset(out);
	if (*p != '\'')
		return false;
	for (p++; *p; p++) {
		if (*p != '\'') {
			pike_buf_addc(out, *p);
			continue;
		}
		/* Outside of the quotes git escapes these two alone. */
		if (p[1] != '\\' || !strchr("'!", p[2]) || p[3] != '\'') {
			*text = p + 1;
			return true;
		}
		pike_buf_addc(out, p[2]);
		p += 3;
	}
	return false;
}

/* 'key=value' or 'key' in one word, as git before 2.31 wrote it. */
static int add_joined(struct pike_buf *out, char *word, struct pike_err *err)
{
	char *eq = strchr(word, '=');

	if (eq)
		*eq = '\0';
	return add_setting(out, word, eq ? eq + 1 : NULL,
			   "GIT_CONFIG_PARAMETERS", err);
}

static bool at_end(const char *p)
{
	return !*p || isspace((unsigned char)*p);
}

/* The next of 'key'='value', 'key'= and the older form. */
static int add_parameter(struct pike_buf *out, const char **p,
			 struct pike_err *err)
{
	static const char from[] = "GIT_CONFIG_PARAMETERS";
	struct pike_buf key, value;
	bool good, bare = false, old = false;
	int ret;

	pike_buf_init(&key, PIKE_CONFIG_MAX);
	pike_buf_init(&value, PIKE_CONFIG_MAX);
	good = take_word(&key, p);
	if (good && **p == '=') {
		++*p;
		bare = at_end(*p);
		good = bare || take_word(&value, p);
	} else {
		old = true;
	}
	if (!good || !at_end(*p))
		ret = pike_fail(err, PIKE_FATAL,
				"%s is not as git writes it; unset it, or use "
				"GIT_CONFIG_COUNT",
				from);
	else if (old)
		ret = add_joined(out, key.s, err);
	else
		ret = add_setting(out, key.s, bare ? NULL : value.s, from, err);
	pike_buf_release(&key);
	pike_buf_release(&value);
	return ret;
}

static int add_parameters(struct pike_buf *out, struct pike_err *err)
{
	const char *p = getenv("GIT_CONFIG_PARAMETERS");
	int ret = 0;

	while (!ret && p) {
		while (isspace((unsigned char)*p))
			p++;
		if (!*p)
			break;
		ret = add_parameter(out, &p, err);
	}
	return ret;
}

int pike_config_call(struct pike_buf *out, struct pike_err *err)
{
	int ret = add_counted(out, err);

	return ret ? ret : add_parameters(out, err);
}
