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
	HINT_MAX = 1000,
	PEOPLE_MAX = 50, /* whose rights are asked for */
};

static const char *const words[PIKE_STEER_COUNT] = {
	[PIKE_STEER_HINT] = "hint",
	[PIKE_STEER_PAUSE] = "pause",
	[PIKE_STEER_RESUME] = "resume",
	[PIKE_STEER_STOP] = "stop",
};

const char *pike_steer_name(enum pike_steer_word w)
{
	return words[w];
}

void pike_steers_release(struct pike_steers *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].text);
		free(s->v[i].by);
	}
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static void add_steer(struct pike_steers *out, enum pike_steer_word w,
		      const char *text, size_t len)
{
	struct pike_steer *s;
	struct pike_buf b;

	pike_buf_init(&b, HINT_MAX);
	pike_sanitize(&b, text, len < HINT_MAX ? len : HINT_MAX);
	for (char *p = b.s; *p; p++)
		if (*p == '\t' || *p == '\n')
			*p = ' ';
	PIKE_GROW(out->v, out->n, out->cap);
	s = &out->v[out->n++];
	memset(s, 0, sizeof(*s));
	s->word = w;
	s->text = pike_buf_detach(&b);
	s->by = pike_xstrdup("");
	pike_buf_release(&b);
}

/* "/pike WORD", and for a hint what follows; others take nothing. */
static void parse_line(struct pike_steers *out, const char *p, size_t n)
{
	static const char prefix[] = "/pike ";
	const size_t len = sizeof(prefix) - 1;

	while (n && strchr(" \t\r", p[n - 1]))
		n--;
	if (n <= len || memcmp(p, prefix, len) != 0)
		return;
	p += len;
	n -= len;
	for (int w = 0; w < PIKE_STEER_COUNT; w++) {
		size_t k = strlen(words[w]);
		bool hint = w == PIKE_STEER_HINT;

		if (n < k || memcmp(p, words[w], k) != 0)
			continue;
		if (!hint && n == k)
			add_steer(out, (enum pike_steer_word)w, "", 0);
		if (hint && n > k + 1 && p[k] == ' ')
			add_steer(out, (enum pike_steer_word)w, p + k + 1,
				  n - k - 1);
	}
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

		PIKE_GROW(out->v, out->n, out->cap);
		free(s->by);
		s->by = pike_xstrdup(c->author);
		s->comment = c->id;
		out->v[out->n++] = *s;
		s->by = s->text = NULL;
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
