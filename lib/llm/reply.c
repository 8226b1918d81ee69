/* SPDX-License-Identifier: Apache-2.0 */
/* reply: see reply_priv.h. */
#include "llm/reply_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct parser {
	struct pike_reply *r;
	const struct pike_strs *paths;
	size_t at; /* the line that is looked at */
	bool in_fence, in_wrapper;
	struct pike_mark fence, wrapper;
	size_t fence_at;	  /* its line */
	bool has_open;		  /* the last block is that fence's */
	bool fresh;		  /* and nothing stands in it yet */
	struct pike_block around; /* what a fence or element around names */
};

const struct pike_lines *pike_block_lines(const struct pike_reply *r,
					  const struct pike_block *b)
{
	return b->made ? &r->made : &r->lines;
}

struct pike_block *pike_reply_add(struct pike_reply *r)
{
	struct pike_block *b;

	PIKE_GROW(r->v, r->n, r->cap);
	b = &r->v[r->n++];
	memset(b, 0, sizeof(*b));
	b->file = PIKE_BLOCK_UNNAMED;
	return b;
}

static void forget_around(struct parser *p)
{
	free(p->around.path);
	memset(&p->around, 0, sizeof(p->around));
	p->around.file = PIKE_BLOCK_UNNAMED;
}

static void no_talk(struct parser *p, size_t first, size_t end)
{
	memset(p->r->talk + first, 0, (end - first) * sizeof(bool));
}

/* The next line that is not empty, or where the lines end. */
static size_t next_line(const struct pike_lines *l, size_t i)
{
	while (i < l->n && pike_line_blank(l->v[i]))
		i++;
	return i;
}

/* Takes what stands before a block off all of its lines, where all of them
 * have it: a list indents what belongs to an item. */
static void dedent(struct pike_reply *r, struct pike_range at,
		   struct pike_line lead)
{
	for (size_t i = at.first; i < at.end; i++) {
		struct pike_line l = r->lines.v[i];

		if (!pike_line_blank(l) &&
		    (l.n < lead.n || memcmp(l.s, lead.s, lead.n) != 0))
			return;
	}
	for (size_t i = at.first; i < at.end; i++) {
		struct pike_line *l = &r->lines.v[i];
		size_t n = l->n < lead.n ? l->n : lead.n;

		l->s += n;
		l->n -= n;
	}
}

/* ---- edits ---- */

/* The lines of an edit whose first marker is at p->at. */
static int find_markers(size_t *divider, size_t *end, const struct parser *p,
			struct pike_err *err)
{
	const struct pike_lines *l = &p->r->lines;
	struct pike_mark open = pike_mark_of(l->v[p->at]);
	size_t i;

	*divider = *end = 0;
	for (i = p->at + 1; i < l->n; i++) {
		enum pike_mark_kind k = pike_mark_within(l->v[i], &open).kind;

		if (k == PIKE_MARK_REPLACE && *divider)
			break;
		if (k == PIKE_MARK_SEARCH || k == PIKE_MARK_REPLACE ||
		    (k == PIKE_MARK_DIVIDER && *divider))
			return pike_fail(err, PIKE_FAILED,
					 "line %zu: the markers SEARCH, "
					 "=======, REPLACE do not come in this "
					 "order",
					 i + 1);
		if (k == PIKE_MARK_DIVIDER)
			*divider = i;
	}
	*end = i;
	return i < l->n ? 0
			: pike_fail(err, PIKE_FAILED,
				    "line %zu: this SEARCH has no REPLACE; the "
				    "reply ends before it",
				    p->at + 1);
}

static int parse_edit(struct parser *p, struct pike_err *err)
{
	struct pike_reply *r = p->r;
	struct pike_block *b = pike_reply_add(r);
	struct pike_line l = r->lines.v[p->at];
	const struct pike_line lead = { l.s, pike_mark_of(l).lead };
	size_t divider, end;

	b->edit = true;
	pike_path_before(b, r, p->paths, p->at);
	if (!b->path && p->around.path)
		pike_path_take(b, p->paths, p->around.path);
	if (find_markers(&divider, &end, p, err))
		return PIKE_FAILED;
	b->code = (struct pike_range){ p->at + 1, divider };
	b->with = (struct pike_range){ divider + 1, end };
	dedent(r, (struct pike_range){ p->at + 1, end }, lead);
	no_talk(p, p->at, end + 1);
	p->at = end;
	return 0;
}

/* ---- fences ---- */

static bool info_is(const struct pike_mark *m, const char *const *words,
		    size_t n)
{
	size_t len = 0;

	while (len < m->nrest && isalnum((unsigned char)m->rest[len]))
		len++;
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len &&
		    !strncasecmp(words[i], m->rest, len))
			return true;
	return false;
}

static bool info_is_data(const struct pike_mark *m)
{
	static const char *const words[] = {
		"json", "jsonl", "xml", "html",	 "yaml",    "yml", "toml",
		"csv",	"bash",	 "sh",	"shell", "console", "md",  "markdown"
	};

	return info_is(m, words, PIKE_ARRAY_LEN(words));
}

static bool info_is_diff(const struct pike_mark *m)
{
	static const char *const words[] = { "diff", "patch", "udiff" };

	return info_is(m, words, PIKE_ARRAY_LEN(words));
}

/* The whole answer in a fence of its own. */
static bool info_is_wrapper(const struct pike_mark *m)
{
	static const char *const words[] = { "md", "markdown" };

	return info_is(m, words, PIKE_ARRAY_LEN(words));
}

/* The lines of a fence that opens at `at`. */
static struct pike_range fenced(const struct pike_lines *l, size_t at,
				const struct pike_mark *open, bool *cut)
{
	struct pike_range in = { at + 1, at + 1 };

	for (*cut = true; in.end < l->n; in.end++) {
		struct pike_mark m = pike_mark_within(l->v[in.end], open);

		if (pike_mark_closes(open, &m)) {
			*cut = false;
			break;
		}
	}
	return in;
}

static bool has_edits(const struct pike_lines *l, struct pike_range at)
{
	for (size_t i = at.first; i < at.end; i++)
		if (pike_mark_of(l->v[i]).kind == PIKE_MARK_SEARCH)
			return true;
	return false;
}

/* A fence around a diff, to its end; false: there is none in it. */
static bool parse_fenced_diff(struct parser *p, const struct pike_mark *m,
			      const struct pike_block *name, int *ret,
			      struct pike_err *err)
{
	const struct pike_lines *l = &p->r->lines;
	bool cut;
	struct pike_range in = fenced(l, p->at, m, &cut);

	if (has_edits(l, in) || (!info_is_diff(m) && !pike_diff_is(l, in)))
		return false;
	dedent(p->r, in, (struct pike_line){ l->v[p->at].s, m->lead });
	p->r->cut = cut;
	*ret = pike_diff_read(p->r, p->paths, in, name, err);
	p->at = cut ? in.end - 1 : in.end;
	no_talk(p, in.first, p->at + 1);
	return true;
}

/* A path that stands in the fence, on the first line, is none of the code. */
static void path_within(struct parser *p, struct pike_block *b)
{
	struct pike_block name = { .file = PIKE_BLOCK_UNNAMED };
	size_t i = next_line(&p->r->lines, b->code.first);
	struct pike_line l;
	size_t lead;

	if (i == p->r->lines.n)
		return;
	l = p->r->lines.v[i];
	lead = pike_mark_of(l).lead;
	/* A comment is code. */
	if (!strchr("/#*<;", l.s[lead]))
		pike_path_of_line(&name, p->paths, l);
	if (name.file >= 0) {
		if (!b->path)
			pike_path_take(b, p->paths, name.path);
		b->code.first = next_line(&p->r->lines, i + 1);
	}
	free(name.path);
}

static int open_fence(struct parser *p, const struct pike_mark *m,
		      struct pike_err *err)
{
	struct pike_block name = { .file = PIKE_BLOCK_UNNAMED };
	struct pike_block before = { .file = PIKE_BLOCK_UNNAMED }, *b;
	int ret = 0;

	pike_path_of_info(&name, p->paths, m->rest, m->nrest);
	pike_path_before(&before, p->r, p->paths, p->at);
	if (!name.path && before.path)
		pike_path_take(&name, p->paths, before.path);
	if (!name.path && p->around.path)
		pike_path_take(&name, p->paths, p->around.path);
	free(before.path);
	if (parse_fenced_diff(p, m, &name, &ret, err)) {
		free(name.path);
		return ret;
	}
	b = pike_reply_add(p->r);
	*b = name;
	b->data = info_is_data(m);
	b->code.first = p->at + 1;
	path_within(p, b);
	p->fence_at = p->at;
	p->in_fence = p->has_open = p->fresh = true;
	p->fence = *m;
	return 0;
}

/* A fence around edits or elements is no block of its own. */
static void drop_open(struct parser *p)
{
	forget_around(p);
	p->around = p->r->v[--p->r->n];
	p->has_open = false;
}

static void end_block(struct parser *p)
{
	struct pike_block *b = &p->r->v[p->r->n - 1];
	const char *line = p->r->lines.v[p->fence_at].s;

	b->code.end = p->at > b->code.first ? p->at : b->code.first;
	dedent(p->r, b->code, (struct pike_line){ line, p->fence.lead });
}

static void close_fence(struct parser *p)
{
	if (p->has_open)
		end_block(p);
	p->has_open = p->in_fence = false;
	forget_around(p);
}

/* Where the reply ends in a fence. One that nothing follows and nothing names
 * is none: there is one too many. */
static void end_reply(struct parser *p)
{
	struct pike_reply *r = p->r;
	bool stray =
	    p->has_open && p->fresh && !p->fence.nrest && !r->v[r->n - 1].path;

	r->cut = r->cut || p->in_wrapper || (p->in_fence && !stray);
	p->at = r->lines.n;
	close_fence(p);
	r->n -= stray;
}

/* ---- elements ---- */

/* Code stands in the element itself, not in a fence or an edit within. */
static bool holds_code(const struct parser *p)
{
	const struct pike_lines *l = &p->r->lines;
	size_t i = next_line(l, p->at + 1);
	struct pike_block name = { .file = PIKE_BLOCK_UNNAMED };
	struct pike_element e;
	bool other;

	if (i == l->n || pike_mark_of(l->v[i]).kind != PIKE_MARK_TEXT)
		return false;
	other = pike_element_read(&e, l->v[i]);
	pike_element_release(&e);
	pike_path_of_line(&name, p->paths, l->v[i]);
	other = other || name.path || pike_diff_end(l, i) > i;
	free(name.path);
	return !other;
}

static bool is_cdata(const struct pike_element *e)
{
	return pike_line_begins(e->rest, "<![CDATA[");
}

/* What is written for XML would be another program. */
static int check_plain(const struct pike_reply *r, const struct pike_block *b,
		       struct pike_err *err)
{
	static const char *const escapes[] = { "&lt;", "&gt;", "&amp;" };

	for (size_t i = b->code.first; i < b->code.end; i++) {
		struct pike_line l = r->lines.v[i];

		for (size_t k = 0; k < PIKE_ARRAY_LEN(escapes); k++)
			if (memmem(l.s, l.n, escapes[k], strlen(escapes[k])))
				return pike_fail(
				    err, PIKE_FAILED,
				    "line %zu: code in an element is escaped "
				    "('%s'); write it as it is",
				    i + 1, escapes[k]);
	}
	return 0;
}

/* Where the element ends: the line of its last tag, and whether code stands
 * before that on the line. */
static size_t element_end(struct pike_lines *l, size_t i,
			  const struct pike_element *e, bool *on_line)
{
	struct pike_line before = { "", 0 };

	while (i < l->n && !pike_element_ends(&before, l->v[i], e->tag))
		i++;
	*on_line = false;
	if (i == l->n)
		return i;
	if (is_cdata(e) && before.n >= 3 &&
	    !memcmp(before.s + before.n - 3, "]]>", 3))
		before.n -= 3;
	*on_line = !pike_line_blank(before);
	l->v[i] = before;
	return i;
}

/* Whatever an attribute says, no other file is meant. */
static void name_by(struct pike_block *b, const struct pike_strs *paths,
		    const char *path)
{
	pike_path_take(b, paths, path);
	if (b->path)
		return;
	b->file = PIKE_BLOCK_FOREIGN;
	b->path = pike_xstrdup(path);
}

static void name_around(struct parser *p, const char *path)
{
	forget_around(p);
	name_by(&p->around, p->paths, path);
}

static int parse_element(struct parser *p, const struct pike_element *e,
			 struct pike_err *err)
{
	struct pike_lines *l = &p->r->lines;
	struct pike_block *b = pike_reply_add(p->r);
	struct pike_line lead = { l->v[p->at].s, 0 };
	size_t first = p->at, skip = is_cdata(e) ? strlen("<![CDATA[") : 0;
	bool on_line;

	if (e->path)
		name_by(b, p->paths, e->path);
	else
		pike_path_before(b, p->r, p->paths, p->at);
	lead.n = (size_t)(e->tag.s - lead.s) - 1;
	l->v[first].s = e->rest.s + skip;
	l->v[first].n = e->rest.n - skip;
	p->at = element_end(l, first, e, &on_line);
	b->code.first = first + pike_line_blank(l->v[first]);
	b->code.end = p->at + on_line;
	p->r->cut = p->at == l->n;
	dedent(p->r, (struct pike_range){ first + 1, p->at }, lead);
	if (p->r->cut) {
		b->code.end = p->at--;
		return 0;
	}
	if (b->code.end < b->code.first)
		b->code.end = b->code.first;
	return is_cdata(e) ? 0 : check_plain(p->r, b, err);
}

/* "<code>x</code> is" is talk. */
static bool may_hold(const struct pike_element *e)
{
	return pike_element_holds(e) &&
	       (e->path || is_cdata(e) || pike_line_blank(e->rest));
}

/* "<file path=...>": a block, or the name of those within. */
static int take_element(struct parser *p, bool *taken, struct pike_err *err)
{
	struct pike_element e;
	size_t first = p->at;
	int ret = 0;

	*taken = pike_element_read(&e, p->r->lines.v[p->at]) &&
		 (may_hold(&e) || e.end || pike_line_blank(e.rest));
	if (*taken && p->has_open)
		drop_open(p);
	if (*taken && may_hold(&e) &&
	    (!pike_line_blank(e.rest) || holds_code(p)))
		ret = parse_element(p, &e, err);
	else if (*taken && e.end)
		forget_around(p);
	else if (*taken && e.path)
		name_around(p, e.path);
	if (*taken)
		no_talk(p, first, p->at < p->r->lines.n ? p->at + 1 : p->at);
	pike_element_release(&e);
	return ret;
}

/* ---- all of it ---- */

static int parse_text(struct parser *p, struct pike_err *err)
{
	size_t first = p->at, end;
	bool taken = false;
	int ret = 0;

	if (!p->has_open || p->fresh)
		ret = take_element(p, &taken, err);
	p->fresh = p->fresh && pike_line_blank(p->r->lines.v[first]);
	if (ret || taken || p->in_fence)
		return ret;
	end = pike_diff_end(&p->r->lines, first);
	if (end == first)
		return 0;
	no_talk(p, first, end);
	p->at = end - 1;
	return pike_diff_read(p->r, p->paths, (struct pike_range){ first, end },
			      &p->around, err);
}

static int parse_fence(struct parser *p, const struct pike_mark *m,
		       struct pike_err *err)
{
	if (p->in_fence) {
		if (pike_mark_closes(&p->fence, m))
			close_fence(p);
		return 0;
	}
	if (p->in_wrapper && pike_mark_closes(&p->wrapper, m)) {
		p->in_wrapper = false;
		return 0;
	}
	if (!p->in_wrapper && info_is_wrapper(m)) {
		p->in_wrapper = true;
		p->wrapper = *m;
		return 0;
	}
	return open_fence(p, m, err);
}

static int parse_line(struct parser *p, struct pike_err *err)
{
	struct pike_line l = p->r->lines.v[p->at];
	struct pike_mark m =
	    p->in_fence ? pike_mark_within(l, &p->fence) : pike_mark_of(l);

	if (p->in_fence || m.kind == PIKE_MARK_FENCE)
		p->r->talk[p->at] = false;
	if (m.kind == PIKE_MARK_SEARCH) {
		if (p->has_open)
			drop_open(p);
		return parse_edit(p, err);
	}
	return m.kind == PIKE_MARK_FENCE ? parse_fence(p, &m, err)
					 : parse_text(p, err);
}

int pike_reply_parse(struct pike_reply *out, const struct pike_strs *paths,
		     const char *text, size_t len, struct pike_err *err)
{
	struct parser p = { .r = out, .paths = paths };
	int ret = 0;

	memset(out, 0, sizeof(*out));
	forget_around(&p);
	pike_lines_split(&out->lines, text, len);
	out->talk = pike_xcalloc(out->lines.n + 1, sizeof(*out->talk));
	for (size_t i = 0; i < out->lines.n; i++)
		out->talk[i] = true;
	for (; !ret && p.at < out->lines.n; p.at++)
		ret = parse_line(&p, err);
	end_reply(&p);
	return ret;
}

void pike_reply_release(struct pike_reply *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].path);
	free(r->v);
	free(r->talk);
	pike_lines_release(&r->lines);
	pike_lines_release(&r->made);
	memset(r, 0, sizeof(*r));
}
