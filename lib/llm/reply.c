/* SPDX-License-Identifier: Apache-2.0 */
/* reply: see reply_priv.h. */
#include "llm/reply_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

void pike_lines_split(struct pike_lines *out, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	memset(out, 0, sizeof(*out));
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		if (n && p[n - 1] == '\r')
			n--;
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n++] = (struct pike_line){ p, n };
		p = nl ? nl + 1 : end;
	}
}

void pike_lines_release(struct pike_lines *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

/* ---- what a line is ---- */

enum kind {
	TEXT,
	FENCE,
	SEARCH,
	DIVIDER,
	REPLACE,
};
struct mark {
	enum kind kind;
	char c;		  /* of a fence */
	size_t run;	  /* how many of them */
	const char *rest; /* what follows them, blanks skipped */
	size_t nrest;
};

static bool is_word(const struct mark *m, const char *word)
{
	size_t n = strlen(word);

	return m->nrest >= n && !strncasecmp(m->rest, word, n) &&
	       (m->nrest == n || !isalnum((unsigned char)m->rest[n]));
}

static enum kind kind_of(const struct mark *m)
{
	/* Backquotes in what follows make it a span of code in a text. */
	if (m->run >= 3 && m->c == '`')
		return memchr(m->rest, '`', m->nrest) ? TEXT : FENCE;
	if (m->run >= 3 && m->c == '~')
		return FENCE;
	if (m->run < 5 || m->run > 10)
		return TEXT;
	if (m->c == '<' && is_word(m, "SEARCH"))
		return SEARCH;
	if (m->c == '=' && !m->nrest)
		return DIVIDER;
	if (m->c == '>' && is_word(m, "REPLACE"))
		return REPLACE;
	return TEXT;
}

static struct mark mark_of(struct pike_line l)
{
	struct mark m = { .kind = TEXT };
	const char *p = l.s, *end = l.s + l.n;

	while (p < end && *p == ' ' && p - l.s < 4)
		p++;
	if (p == end || !memchr("`~<=>", *p, 5) || p - l.s > 3)
		return m;
	m.c = *p;
	while (p < end && *p == m.c) {
		p++;
		m.run++;
	}
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	m.rest = p;
	m.nrest = (size_t)(end - p);
	m.kind = kind_of(&m);
	return m;
}

/* ---- paths ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The whole path, or its last part where only one path has that. */
static int find_path(const struct pike_strs *paths, const char *name)
{
	int at = PIKE_BLOCK_FOREIGN;

	if (name[0] == '.' && name[1] == '/')
		name += 2;
	for (size_t i = 0; i < paths->n; i++) {
		if (!strcmp(paths->v[i], name))
			return (int)i;
		if (!strcmp(base_name(paths->v[i]), name))
			at = at == PIKE_BLOCK_FOREIGN ? (int)i
						      : PIKE_BLOCK_UNNAMED;
	}
	return at;
}

/* Looks like a file of code: what else could a model want to write? */
static bool looks_like_path(const char *s)
{
	static const char *const ends[] = { ".c",  ".h",   ".cu",  ".cuh",
					    ".py", ".cpp", ".hpp", ".cc",
					    ".sh", ".md",  ".yml", ".toml" };

	if (strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789_./+-") != strlen(s))
		return false;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(ends); i++)
		if (pike_ends_with(s, ends[i]) && strlen(s) > strlen(ends[i]))
			return true;
	/* "and/or" is none. */
	return strchr(s, '/') &&
	       (s[0] == '.' || strstr(s, "/.") || strchr(base_name(s), '.'));
}

static void take_path(struct pike_block *b, const struct pike_strs *paths,
		      const char *word)
{
	int at = find_path(paths, word);

	if (at == PIKE_BLOCK_FOREIGN && !looks_like_path(word))
		return;
	b->file = at;
	free(b->path);
	b->path = pike_xstrdup(word);
}

/* "c kernels/a.c", "c:kernels/a.c", "c title=kernels/a.c", "{.c kernels/a.c}"
 */
static void path_of_info(struct pike_block *b, const struct pike_strs *paths,
			 const char *info, size_t n)
{
	struct pike_strs words = PIKE_STRS_INIT;
	char *text = pike_xstrndup(info, n);

	pike_strs_split(&words, text, " \t:={}\"',`");
	for (size_t i = 0; i < words.n && !b->path; i++)
		if (words.v[i][0] != '.' || strchr(words.v[i], '/'))
			take_path(b, paths, words.v[i]);
	pike_strs_release(&words);
	free(text);
}

/* A line that says a path and nothing else, however it is dressed: a path in
 * the middle of a sentence names no block. */
static void path_of_line(struct pike_block *b, const struct pike_strs *paths,
			 struct pike_line l)
{
	struct pike_strs words = PIKE_STRS_INIT;
	char *text = pike_xstrndup(l.s, l.n);
	size_t first = 0;

	pike_strs_split(&words, text, " \t*#`:\"'()[]>");
	while (first < words.n && (!strcasecmp(words.v[first], "file") ||
				   !strcasecmp(words.v[first], "path") ||
				   !strcasecmp(words.v[first], "//")))
		first++;
	if (words.n == first + 1)
		take_path(b, paths, words.v[first]);
	pike_strs_release(&words);
	free(text);
}

/* The line before the block, empty ones skipped. */
static void path_before(struct pike_block *b, const struct pike_reply *r,
			const struct pike_strs *paths, size_t at)
{
	while (at-- > 0) {
		struct pike_line l = r->lines.v[at];

		if (mark_of(l).kind != TEXT)
			return;
		if (strspn(l.s, " \t\r\n") < l.n) {
			path_of_line(b, paths, l);
			return;
		}
	}
}

/* ---- blocks ---- */

struct parser {
	struct pike_reply *r;
	const struct pike_strs *paths;
	size_t at; /* the line that is looked at */
	bool in_fence;
	struct mark fence;
	struct pike_block *open;  /* of that fence; NULL: it holds edits */
	struct pike_block around; /* what the fence around edits names */
};

static struct pike_block *add_block(struct pike_reply *r)
{
	struct pike_block *b;

	PIKE_GROW(r->v, r->n, r->cap);
	b = &r->v[r->n++];
	memset(b, 0, sizeof(*b));
	b->file = PIKE_BLOCK_UNNAMED;
	return b;
}

static bool closes(const struct mark *open, const struct mark *m)
{
	return m->kind == FENCE && m->c == open->c && m->run >= open->run &&
	       !m->nrest;
}

/* The edit whose first marker is at p->at; ends after its last. */
static int parse_edit(struct parser *p, struct pike_err *err)
{
	struct pike_reply *r = p->r;
	struct pike_block *b = add_block(r);
	size_t first = p->at + 1, divider = 0, i;

	b->edit = true;
	path_before(b, r, p->paths, p->at);
	if (!b->path && p->in_fence && p->around.path)
		take_path(b, p->paths, p->around.path);
	for (i = first; i < r->lines.n; i++) {
		enum kind k = mark_of(r->lines.v[i]).kind;

		if (k == REPLACE && divider)
			break;
		if (k == SEARCH || k == REPLACE || (k == DIVIDER && divider))
			return pike_fail(err, PIKE_FAILED,
					 "line %zu: the markers SEARCH, "
					 "=======, REPLACE do not come in this "
					 "order",
					 i + 1);
		if (k == DIVIDER)
			divider = i;
	}
	if (i == r->lines.n)
		return pike_fail(err, PIKE_FAILED,
				 "line %zu: this SEARCH has no REPLACE",
				 p->at + 1);
	b->code = (struct pike_range){ first, divider };
	b->with = (struct pike_range){ divider + 1, i };
	for (size_t k = p->at; k <= i; k++)
		r->talk[k] = false;
	p->at = i;
	return 0;
}

static void open_fence(struct parser *p, const struct mark *m)
{
	struct pike_block *b = add_block(p->r);

	b->fenced = true;
	path_of_info(b, p->paths, m->rest, m->nrest);
	if (!b->path)
		path_before(b, p->r, p->paths, p->at);
	b->code.first = p->at + 1;
	p->in_fence = true;
	p->fence = *m;
	p->open = b;
}

/* A fence around edits is no block of its own. */
static void drop_open(struct parser *p)
{
	size_t i = (size_t)(p->open - p->r->v);

	p->around = *p->open;
	memmove(p->open, p->open + 1, (p->r->n - i - 1) * sizeof(*p->open));
	p->r->n--;
	p->open = NULL;
}

static int parse_line(struct parser *p, struct pike_err *err)
{
	struct mark m = mark_of(p->r->lines.v[p->at]);

	if (p->in_fence || m.kind == FENCE)
		p->r->talk[p->at] = false;
	if (m.kind == SEARCH) {
		if (p->open)
			drop_open(p);
		return parse_edit(p, err);
	}
	if (!p->in_fence && m.kind == FENCE) {
		open_fence(p, &m);
	} else if (p->in_fence && closes(&p->fence, &m)) {
		if (p->open)
			p->open->code.end = p->at;
		p->open = NULL;
		p->in_fence = false;
		free(p->around.path);
		p->around.path = NULL;
	}
	return 0;
}

int pike_reply_parse(struct pike_reply *out, const struct pike_strs *paths,
		     const char *text, size_t len, struct pike_err *err)
{
	struct parser p = { .r = out, .paths = paths };
	int ret = 0;

	memset(out, 0, sizeof(*out));
	pike_lines_split(&out->lines, text, len);
	out->talk = pike_xcalloc(out->lines.n + 1, sizeof(*out->talk));
	for (size_t i = 0; i < out->lines.n; i++)
		out->talk[i] = true;
	for (; !ret && p.at < out->lines.n; p.at++)
		ret = parse_line(&p, err);
	if (p.open) {
		p.open->code.end = out->lines.n;
		p.open->cut = true;
	}
	free(p.around.path);
	return ret;
}

void pike_reply_release(struct pike_reply *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].path);
	free(r->v);
	free(r->talk);
	pike_lines_release(&r->lines);
	memset(r, 0, sizeof(*r));
}
