/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer: what people say to a search in comments. Only a fixed list of words
 * counts, at the start of a line, and only of those who may write here.
 */
#include "forge/forge_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	STEERS_MAX = 20, /* of one comment */
	PEOPLE_MAX = 50, /* whose rights are asked for */
};

static void add_steer(struct pike_steers *out, int word, const char *text,
		      size_t len)
{
	struct pike_steer s = { .word = (enum pike_steer_word)word };
	struct pike_buf b;

	pike_buf_init(&b, PIKE_STEER_TEXT_MAX);
	pike_sanitize(&b, text,
		      len < PIKE_STEER_TEXT_MAX ? len : PIKE_STEER_TEXT_MAX);
	for (char *p = b.s; *p; p++)
		if (*p == '\t' || *p == '\n')
			*p = ' ';
	s.text = pike_buf_detach(&b);
	s.by = pike_xstrdup("");
	pike_steers_push(out, &s);
	pike_buf_release(&b);
}

/* "/pike WORD", and for a hint what follows; others take nothing. */
static void parse_line(struct pike_steers *out, const char *p, size_t n)
{
	static const char prefix[] = "/pike ";
	const size_t len = sizeof(prefix) - 1;
	size_t k;
	int w;

	while (n && strchr(" \t\r", p[n - 1]))
		n--;
	if (n <= len || memcmp(p, prefix, len) != 0)
		return;
	p += len;
	n -= len;
	w = pike_steer_parse(p, n);
	if (w < 0)
		return;
	k = strlen(pike_steer_name((enum pike_steer_word)w));
	if (w != PIKE_STEER_HINT && n == k)
		add_steer(out, w, "", 0);
	if (w == PIKE_STEER_HINT && n > k + 1)
		add_steer(out, w, p + k + 1, n - k - 1);
}

/* A fence of code ends with one of its kind that is as long at least. */
static void see_fence(const char *p, size_t n, char *kind, size_t *len)
{
	size_t blank = 0, k = 0;

	while (blank < n && blank < 4 && p[blank] == ' ')
		blank++;
	if (blank == 4 || blank == n || !strchr("`~", p[blank]))
		return;
	while (blank + k < n && p[blank + k] == p[blank])
		k++;
	if (k < 3)
		return;
	if (!*kind) {
		*kind = p[blank];
		*len = k;
	} else if (*kind == p[blank] && k >= *len) {
		*kind = '\0';
	}
}

void pike_steers_parse(struct pike_steers *out, const char *text)
{
	size_t before = out->n, fence = 0;
	char kind = '\0';

	while (*text && out->n - before < STEERS_MAX) {
		size_t n = strcspn(text, "\n");
		char was = kind;

		see_fence(text, n, &kind, &fence);
		if (!was && !kind)
			parse_line(out, text, n);
		text += n + (text[n] == '\n');
	}
}

/* ---- of whom ---- */

struct person {
	char *name;
	bool writes;
};
struct people {
	struct person v[PEOPLE_MAX];
	size_t n;
};

static int may_write(bool *out, struct people *p, struct pike_forge *f,
		     const struct pike_comment *c, struct pike_err *err)
{
	int ret;

	*out = false;
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->v[i].name, c->author)) {
			*out = p->v[i].writes;
			return 0;
		}
	if (p->n == PEOPLE_MAX || !*c->author)
		return 0;
	ret = f->kind->may_write(out, f, c, err);
	if (ret)
		return ret;
	p->v[p->n].name = pike_xstrdup(c->author);
	p->v[p->n++].writes = *out;
	return 0;
}

static int take(struct pike_steers *out, struct people *people,
		struct pike_forge *f, const struct pike_comment *c,
		struct pike_err *err)
{
	struct pike_steers said = { 0 };
	bool writes = false;
	int ret = 0;

	/* Our own comments steer nothing. */
	if (!pike_starts_with(c->body, PIKE_MARKER))
		pike_steers_parse(&said, c->body);
	if (said.n)
		ret = may_write(&writes, people, f, c, err);
	for (size_t i = 0; !ret && writes && i < said.n; i++) {
		struct pike_steer *s = &said.v[i];

		free(s->by);
		s->by = pike_xstrdup(c->author);
		s->comment = c->id;
		s->nth = (int64_t)i + 1;
		pike_steers_push(out, s);
	}
	pike_steers_release(&said);
	return ret;
}

int pike_forge_steers(struct pike_steers *out, struct pike_forge *f,
		      int64_t number, int64_t after, struct pike_err *err)
{
	struct pike_comments l = { 0 };
	struct people people = { .n = 0 };
	int ret = f->kind->comments(&l, f, number, err);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; !ret && i < l.n; i++)
		if (l.v[i].id > after)
			ret = take(out, &people, f, &l.v[i], err);
	for (size_t i = 0; i < people.n; i++)
		free(people.v[i].name);
	pike_comments_release(&l);
	return ret;
}
