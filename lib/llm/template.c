/* SPDX-License-Identifier: Apache-2.0 */
/* template: fills prompts in. */
#include "llm/llm.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8
#define NAME_MAX_BYTES 64

struct filler {
	struct pike_buf *out;
	const char *origin;
	const struct pike_field *fields;
	size_t n;
	int line;
	/* Parts that are open, and the first of them that is left out. */
	char open[DEPTH_MAX][NAME_MAX_BYTES];
	int depth, hidden; /* hidden 0: none is */
};

struct tag {
	char kind; /* '#', '^', '/', or 0: a field */
	char name[NAME_MAX_BYTES];
	const char *end; /* behind it */
};

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* false: these braces are no tag, so they are text. */
static bool read_tag(struct tag *t, const char *p)
{
	size_t n = 0;

	p += 2;
	t->kind = *p && strchr("#^/", *p) ? *p++ : '\0';
	while (*p == ' ')
		p++;
	while (is_name_char(p[n]))
		n++;
	if (!isalpha((unsigned char)*p) || n >= sizeof(t->name))
		return false;
	memcpy(t->name, p, n);
	t->name[n] = '\0';
	p += n;
	while (*p == ' ')
		p++;
	t->end = p + 2;
	return p[0] == '}' && p[1] == '}';
}

static int wrong(const struct filler *f, const char *what, const char *name,
		 struct pike_err *err)
{
	return pike_fail(err, PIKE_USAGE, "%s:%d: %s '%s'", f->origin, f->line,
			 what, name);
}

static int find(const char **out, const struct filler *f, const char *name,
		struct pike_err *err)
{
	struct pike_buf known;
	int ret;

	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->fields[i].name, name)) {
			*out = f->fields[i].value;
			return 0;
		}
	pike_buf_init(&known, 600);
	for (size_t i = 0; i < f->n; i++)
		pike_buf_addf(&known, " %s", f->fields[i].name);
	ret = pike_fail(err, PIKE_USAGE,
			"%s:%d: there is no field '%s'; there are:%s",
			f->origin, f->line, name, known.s);
	pike_buf_release(&known);
	return ret;
}

static int begin_part(struct filler *f, const struct tag *t,
		      struct pike_err *err)
{
	const char *value;
	int ret = find(&value, f, t->name, err);

	if (ret)
		return ret;
	if (f->depth == DEPTH_MAX)
		return wrong(f, "too many parts in one another at", t->name,
			     err);
	memcpy(f->open[f->depth++], t->name, sizeof(t->name));
	if (!f->hidden && (*value != '\0') != (t->kind == '#'))
		f->hidden = f->depth;
	return 0;
}

static int end_part(struct filler *f, const struct tag *t, struct pike_err *err)
{
	if (!f->depth || strcmp(f->open[f->depth - 1], t->name) != 0)
		return wrong(f, "no such part is open here:", t->name, err);
	if (f->hidden == f->depth)
		f->hidden = 0;
	f->depth--;
	return 0;
}

static int do_tag(struct filler *f, const struct tag *t, struct pike_err *err)
{
	const char *value;
	int ret;

	if (t->kind == '/')
		return end_part(f, t, err);
	if (t->kind)
		return begin_part(f, t, err);
	ret = find(&value, f, t->name, err);
	if (!ret && !f->hidden && pike_buf_adds(f->out, value))
		return pike_fail(err, PIKE_FAILED,
				 "%s: the prompt is larger than %zu bytes",
				 f->origin, f->out->max);
	return ret;
}

/* A line that is one tag: it leaves no line behind where it adds nothing. */
static int lone_tag(struct filler *f, const char *line, size_t n, bool *done,
		    struct pike_err *err)
{
	size_t blank = strspn(line, " \t"), before = f->out->len;
	struct tag t;
	const char *rest;
	int ret;

	*done = false;
	if (strncmp(line + blank, "{{", 2) != 0 || !read_tag(&t, line + blank))
		return 0;
	rest = t.end + strspn(t.end, " \t\r");
	if (rest != line + n)
		return 0;
	*done = true;
	ret = do_tag(f, &t, err);
	if (!ret && f->out->len > before && f->out->s[f->out->len - 1] != '\n')
		pike_buf_addc(f->out, '\n');
	return ret;
}

static int mixed_line(struct filler *f, const char *p, const char *end,
		      struct pike_err *err)
{
	int ret = 0;

	while (!ret && p < end) {
		struct tag t;

		if (end - p > 1 && p[0] == '{' && p[1] == '{' &&
		    read_tag(&t, p) && t.end <= end) {
			if (t.kind)
				return wrong(f, "a line of its own is for",
					     t.name, err);
			ret = do_tag(f, &t, err);
			p = t.end;
		} else {
			if (!f->hidden)
				pike_buf_addc(f->out, *p);
			p++;
		}
	}
	return ret;
}

static int do_line(struct filler *f, const char *line, size_t n, bool ended,
		   struct pike_err *err)
{
	bool done;
	int ret = lone_tag(f, line, n, &done, err);

	if (ret || done)
		return ret;
	ret = mixed_line(f, line, line + n, err);
	if (!ret && ended && !f->hidden)
		pike_buf_addc(f->out, '\n');
	return ret;
}

int pike_template_fill(struct pike_buf *out, const char *origin,
		       const char *text, const struct pike_field *fields,
		       size_t n, struct pike_err *err)
{
	struct filler f = {
		.out = out, .origin = origin, .fields = fields, .n = n
	};
	int ret = 0;

	for (const char *p = text; !ret && *p;) {
		size_t len = strcspn(p, "\n");
		bool ended = p[len] == '\n';

		f.line++;
		ret = do_line(&f, p, len, ended, err);
		p += len + ended;
	}
	if (!ret && f.depth)
		ret = wrong(&f, "this part never ends:", f.open[f.depth - 1],
			    err);
	if (!ret && out->full)
		ret = pike_fail(err, PIKE_FAILED,
				"%s: the prompt is larger than %zu bytes",
				origin, out->max);
	return ret;
}

void pike_prompt_fence(struct pike_buf *out, const char *info, const char *text)
{
	size_t len = strlen(text), longest = 2, run = 0;

	for (const char *p = text; *p; p++) {
		run = *p == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	for (int end = 0; end < 2; end++) {
		for (size_t i = 0; i <= longest; i++)
			pike_buf_addc(out, '`');
		if (end)
			break;
		pike_buf_addf(out, "%s\n", info);
		pike_buf_add(out, text, len);
		if (len && text[len - 1] != '\n')
			pike_buf_addc(out, '\n');
	}
	pike_buf_addc(out, '\n');
}
