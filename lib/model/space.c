/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space: the tunables that sources declare. A tunable's line is
 * `#define NAME VALUE //pike: tune V1 V2...`; only VALUE is ever rewritten.
 */
#include "model/target.h"

#include "base/mem.h"
#include "model/model_priv.h"

#include <stdlib.h>
#include <string.h>

#define TUNABLES_MAX 64
#define VALUES_MAX 64

/* A tunable's line, as pieces of the text. */
struct line {
	const char *name, *value, *list, *end;
	size_t name_len, value_len;
};

enum found {
	FOUND_NONE,
	FOUND_TUNE,
	FOUND_BROKEN
};

static const char *blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

static const char *word(const char *p, const char *end)
{
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	return p;
}

/* Finds "//pike: tune" as a word in [p, end). */
static const char *find_mark(const char *p, const char *end)
{
	static const char mark[] = "//pike:";
	const size_t len = sizeof(mark) - 1;

	for (; (size_t)(end - p) >= len; p++) {
		const char *q;

		if (memcmp(p, mark, len) != 0)
			continue;
		q = blanks(p + len, end);
		if (word(q, end) - q == 4 && !memcmp(q, "tune", 4))
			return p;
	}
	return NULL;
}

const char *pike_mark_end(const char *p, const char *end)
{
	const char *q = p;

	while (q < end &&
	       !(q + 1 < end && q[0] == '/' && (q[1] == '/' || q[1] == '*')))
		q++;
	while (q > p && (q[-1] == ' ' || q[-1] == '\t' || q[-1] == '\r'))
		q--;
	return q;
}

static enum found read_line(struct line *l, const char *p, const char *end)
{
	const char *mark = find_mark(p, end), *q;

	if (!mark)
		return FOUND_NONE;
	p = blanks(p, end);
	if (p == end || *p != '#')
		return FOUND_BROKEN;
	p = blanks(p + 1, end);
	q = word(p, end);
	if (q - p != 6 || memcmp(p, "define", 6) != 0)
		return FOUND_BROKEN;
	l->name = blanks(q, end);
	q = word(l->name, end);
	l->name_len = (size_t)(q - l->name);
	l->value = blanks(q, mark);
	q = word(l->value, mark);
	l->value_len = l->value < mark ? (size_t)(q - l->value) : 0;
	if (!l->name_len || !l->value_len || blanks(q, mark) != mark)
		return FOUND_BROKEN;
	p = blanks(mark + 7, end); /* at "tune" */
	l->list = p + 4;
	l->end = pike_mark_end(l->list, end);
	return FOUND_TUNE;
}

/* Steps over one line; returns its end without line break, `*p` moves on. */
static const char *next_line(const char **p)
{
	const char *end = strchrnul(*p, '\n');
	const char *start = *p;

	*p = *end ? end + 1 : end;
	return end > start && end[-1] == '\r' ? end - 1 : end;
}

/* Of a line, for a message. */
static int found_len(const char *start, const char *end)
{
	return end - start < 80 ? (int)(end - start) : 80;
}

void pike_space_release(struct pike_space *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->t[i].name);
		pike_strs_release(&s->t[i].values);
	}
	free(s->t);
	memset(s, 0, sizeof(*s));
}

/* A value is written into sources, commit subjects and ideas: one plain
 * token that no reader takes for anything else. */
static bool is_plain(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-()")] == 0;
}

static int fill_values(struct pike_tunable *t, const struct line *l,
		       const char *value, struct pike_err *err)
{
	char *list = pike_xstrndup(l->list, (size_t)(l->end - l->list));
	int ret = 0;

	t->current = SIZE_MAX;
	pike_strs_split(&t->values, list, " \t,");
	free(list);
	if (t->values.n > VALUES_MAX)
		return pike_fail(err, PIKE_USAGE,
				 "tunable '%s' has more than %d values",
				 t->name, VALUES_MAX);
	for (size_t i = 0; !ret && i < t->values.n; i++) {
		if (!strcmp(t->values.v[i], value))
			t->current = i;
		if (!is_plain(t->values.v[i]))
			ret = pike_fail(
			    err, PIKE_USAGE,
			    "tunable '%s' lists a value that is not a "
			    "plain number or word",
			    t->name);
		for (size_t k = 0; !ret && k < i; k++)
			if (!strcmp(t->values.v[k], t->values.v[i]))
				ret = pike_fail(err, PIKE_USAGE,
						"tunable '%s' lists '%s' twice",
						t->name, t->values.v[i]);
	}
	if (!ret && t->current == SIZE_MAX)
		ret = pike_fail(err, PIKE_USAGE,
				"tunable '%s' is %s, which is not in its list "
				"of values; add it there",
				t->name, value);
	return ret;
}

static int add_tunable(struct pike_space *s, const struct pike_tunable *at,
		       const struct line *l, struct pike_err *err)
{
	char *value = pike_xstrndup(l->value, l->value_len);
	struct pike_tunable t = *at;
	int ret = 0;

	t.name = pike_xstrndup(l->name, l->name_len);
	if (!pike_is_ident(t.name))
		ret = pike_fail(err, PIKE_USAGE,
				"'%s' cannot be a tunable's name; use letters, "
				"digits and _",
				t.name);
	else if (s->n == TUNABLES_MAX)
		ret = pike_fail(err, PIKE_USAGE, "more than %d tunables",
				TUNABLES_MAX);
	for (size_t i = 0; !ret && i < s->n; i++)
		if (!strcmp(s->t[i].name, t.name))
			ret =
			    pike_fail(err, PIKE_USAGE,
				      "tunable '%s' is declared twice", t.name);
	if (!ret)
		ret = fill_values(&t, l, value, err);
	if (!ret) {
		s->t = pike_xrealloc(s->t, s->n + 1, sizeof(*s->t));
		s->t[s->n++] = t;
	} else {
		pike_strs_release(&t.values);
		free(t.name);
	}
	free(value);
	return ret;
}

int pike_space_scan(struct pike_space *s, size_t file, const char *path,
		    const char *text, struct pike_err *err)
{
	struct pike_tunable at = { .file = file, .line = 0 };
	const char *p = text;
	int ret = 0;

	while (!ret && *p) {
		const char *start = p, *end = next_line(&p);
		struct line l;
		enum found f = read_line(&l, start, end);

		at.line++;
		if (f == FOUND_BROKEN)
			ret = pike_fail(err, PIKE_USAGE,
					"a tunable is `#define NAME VALUE "
					"//pike: tune VALUE VALUE...`, found "
					"'%.*s'",
					found_len(start, end), start);
		else if (f == FOUND_TUNE)
			ret = add_tunable(s, &at, &l, err);
	}
	if (ret)
		pike_err_prefix(err, "%s:%d", path, at.line);
	return ret;
}

static const struct pike_tunable *find(const struct pike_space *s, size_t file,
				       const struct line *l)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->t[i].file == file &&
		    strlen(s->t[i].name) == l->name_len &&
		    !memcmp(s->t[i].name, l->name, l->name_len))
			return &s->t[i];
	return NULL;
}

static int count_missing(const struct pike_space *s, size_t file,
			 const bool *done, struct pike_err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->t[i].file == file && !done[i])
			return pike_fail(err, PIKE_FAILED,
					 "tunable '%s' is no longer in the "
					 "source",
					 s->t[i].name);
	return 0;
}

int pike_space_apply(struct pike_buf *out, const struct pike_space *s,
		     size_t file, const char *text, const int *choice,
		     struct pike_err *err)
{
	bool done[TUNABLES_MAX] = { false };
	const char *p = text, *from = text;

	while (*p) {
		const char *start = p, *end = next_line(&p);
		const struct pike_tunable *t;
		struct line l;
		size_t i;

		if (read_line(&l, start, end) != FOUND_TUNE ||
		    !(t = find(s, file, &l)))
			continue;
		i = (size_t)(t - s->t);
		if (choice[i] < 0 || (size_t)choice[i] >= t->values.n)
			return pike_fail(err, PIKE_FAILED,
					 "tunable '%s' has no value number %d",
					 t->name, choice[i]);
		pike_buf_add(out, from, (size_t)(l.value - from));
		pike_buf_adds(out, t->values.v[choice[i]]);
		from = l.value + l.value_len;
		done[i] = true;
	}
	pike_buf_adds(out, from);
	if (out->full)
		return pike_fail(err, PIKE_FAILED, "source is too large");
	return count_missing(s, file, done, err);
}

void pike_space_print(struct pike_buf *b, const struct pike_space *s,
		      const int *choice)
{
	for (size_t i = 0; i < s->n; i++)
		pike_buf_addf(b, "%s%s=%s", i ? " " : "", s->t[i].name,
			      s->t[i].values.v[choice[i]]);
}

/* Sets the choice that "NAME=VALUE" means; its index, or -1. */
static int read_choice(int *choice, const struct pike_space *s,
		       const char *item)
{
	const char *eq = strchr(item, '=');
	size_t len = eq ? (size_t)(eq - item) : 0;

	for (size_t i = 0; eq && i < s->n; i++) {
		const struct pike_tunable *t = &s->t[i];

		if (strlen(t->name) != len || memcmp(t->name, item, len) != 0)
			continue;
		for (size_t k = 0; k < t->values.n; k++)
			if (!strcmp(t->values.v[k], eq + 1)) {
				choice[i] = (int)k;
				return (int)i;
			}
		return -1;
	}
	return -1;
}

int pike_space_read(int *choice, const struct pike_space *s, const char *text)
{
	struct pike_strs items = PIKE_STRS_INIT;
	bool done[TUNABLES_MAX] = { false };
	int ret = -1;

	pike_strs_split(&items, text, " ");
	if (items.n != s->n || s->n > TUNABLES_MAX)
		goto out;
	for (size_t i = 0; i < items.n; i++) {
		int k = read_choice(choice, s, items.v[i]);

		if (k < 0 || done[k])
			goto out;
		done[k] = true;
	}
	ret = 0;
out:
	pike_strs_release(&items);
	return ret;
}
