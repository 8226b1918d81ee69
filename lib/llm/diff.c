/* SPDX-License-Identifier: Apache-2.0 */
/* diff: unified diffs, and the patches of some models ("*** Begin Patch"), as
 * edits. Numbers of lines are not believed: models do not count. */
#include "llm/reply_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a line is ---- */

static bool is_two_names(const struct pike_lines *l, size_t i, size_t end)
{
	return i + 1 < end && pike_line_begins(l->v[i], "--- ") &&
	       pike_line_begins(l->v[i + 1], "+++ ");
}

/* "@@ -1,2 +1,2 @@" */
static bool is_place(struct pike_line l)
{
	return pike_line_begins(l, "@@ -") && l.n > 4 &&
	       isdigit((unsigned char)l.s[4]);
}

static bool begins_diff(const struct pike_lines *l, size_t i, size_t end)
{
	return is_two_names(l, i, end) || is_place(l->v[i]) ||
	       pike_line_begins(l->v[i], "*** Begin Patch") ||
	       pike_line_begins(l->v[i], "diff --git ");
}

bool pike_diff_is(const struct pike_lines *l, struct pike_range at)
{
	for (size_t i = at.first; i < at.end; i++)
		if (begins_diff(l, i, at.end))
			return true;
	return false;
}

static bool may_be_of_diff(struct pike_line l)
{
	static const char *const words[] = {
		" ",   "+",	  "-",	    "@",	"\\",	       "\t",
		"***", "diff --", "index ", "new file", "deleted file"
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (pike_line_begins(l, words[i]))
			return true;
	return false;
}

size_t pike_diff_end(const struct pike_lines *l, size_t first)
{
	size_t end = first;

	if (!begins_diff(l, first, l->n))
		return first;
	for (size_t i = first; i < l->n; i++) {
		if (!l->v[i].n)
			continue;
		if (!may_be_of_diff(l->v[i]))
			break;
		end = i + 1;
	}
	return end;
}

/* ---- hunks ---- */

struct diff {
	struct pike_reply *r;
	const struct pike_strs *paths;
	const struct pike_block *around;
	struct pike_block name; /* path of the file at hand, NULL: not said */
	struct pike_lines old, new; /* of the hunk at hand */
	bool open;		    /* there is one */
	bool fresh;		    /* the file is a new one */
	bool placed;		    /* a header was there */
};

/* Empty lines at the end of both are mostly none of the file's. */
static void trim(struct pike_lines *a, struct pike_lines *b)
{
	while (a->n && b->n && !a->v[a->n - 1].n && !b->v[b->n - 1].n) {
		a->n--;
		b->n--;
	}
}

static struct pike_range keep(struct pike_reply *r, const struct pike_lines *l)
{
	struct pike_range at = { r->made.n, r->made.n + l->n };

	for (size_t i = 0; i < l->n; i++)
		pike_lines_push(&r->made, l->v[i].s, l->v[i].n);
	return at;
}

static void end_hunk(struct diff *d)
{
	const char *path = d->name.path ? d->name.path : d->around->path;
	struct pike_block *b;

	trim(&d->old, &d->new);
	if (d->open && (d->old.n || d->new.n)) {
		b = pike_reply_add(d->r);
		b->made = true;
		b->edit = d->old.n || !d->fresh;
		b->sketch = !d->placed;
		if (path)
			pike_path_take(b, d->paths, path);
		b->code = keep(d->r, b->edit ? &d->old : &d->new);
		b->with = b->edit ? keep(d->r, &d->new) : b->code;
	}
	d->open = false;
	d->old.n = d->new.n = 0;
}

/* "a/k/a.c", with the time behind a tab. */
static void name_file(struct diff *d, struct pike_line l, size_t from)
{
	const char *s = l.s + from;
	size_t n = 0;
	char *word;

	while (from + n < l.n && s[n] != '\t')
		n++;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	word = pike_xstrndup(s, n);
	free(d->name.path);
	d->name.path = NULL;
	pike_path_take(&d->name, d->paths, word);
	if (d->name.file < 0 && n > 2 && word[1] == '/' &&
	    (word[0] == 'a' || word[0] == 'b'))
		pike_path_take(&d->name, d->paths, word + 2);
	free(word);
	d->placed = true;
}

static int two_names(struct diff *d, const struct pike_line *v,
		     struct pike_err *err)
{
	end_hunk(d);
	if (pike_line_begins(v[1], "+++ /dev/null"))
		return pike_fail(err, PIKE_FAILED,
				 "a diff that deletes a file; only its text "
				 "may change");
	d->fresh = pike_line_begins(v[0], "--- /dev/null");
	name_file(d, v[1], strlen("+++ "));
	return 0;
}

/* A line of such a patch; false: it is none. */
static bool patch_line(struct diff *d, struct pike_line l)
{
	static const struct {
		const char *begins;
		bool named, fresh;
	} lines[] = {
		{ "*** Update File: ", true, false },
		{ "*** Add File: ", true, true },
		{ "*** Begin Patch", false, false },
		{ "*** End", false, false },
		{ "diff --git ", false, false },
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(lines); i++) {
		if (!pike_line_begins(l, lines[i].begins))
			continue;
		end_hunk(d);
		d->fresh = lines[i].fresh;
		if (lines[i].named)
			name_file(d, l, strlen(lines[i].begins));
		return true;
	}
	return false;
}

static void content_line(struct diff *d, struct pike_line l)
{
	char sign = l.n ? l.s[0] : ' ';
	/* A sign that was forgotten: the line is context. */
	size_t skip = l.n && strchr("+- ", sign) ? 1 : 0;

	if (sign == '\\' || (!d->open && !skip && l.n))
		return;
	if (!d->open && !l.n)
		return;
	d->open = true;
	if (sign != '+' || !skip)
		pike_lines_push(&d->old, l.s + skip, l.n - skip);
	if (sign != '-' || !skip)
		pike_lines_push(&d->new, l.s + skip, l.n - skip);
}

static int diff_line(struct diff *d, size_t *i, size_t end,
		     struct pike_err *err)
{
	const struct pike_lines *l = &d->r->lines;

	if (is_two_names(l, *i, end)) {
		*i += 1;
		return two_names(d, l->v + *i - 1, err);
	}
	if (pike_line_begins(l->v[*i], "*** Delete File: "))
		return pike_fail(err, PIKE_FAILED,
				 "a patch that deletes a file; only its text "
				 "may change");
	if (pike_line_begins(l->v[*i], "@@")) {
		end_hunk(d);
		d->open = d->placed = true;
		d->fresh = d->fresh || pike_line_begins(l->v[*i], "@@ -0,0 ");
	} else if (!patch_line(d, l->v[*i])) {
		content_line(d, l->v[*i]);
	}
	return 0;
}

int pike_diff_read(struct pike_reply *r, const struct pike_strs *paths,
		   struct pike_range at, const struct pike_block *around,
		   struct pike_err *err)
{
	struct diff d = { .r = r, .paths = paths, .around = around };
	int ret = 0;

	d.name.file = PIKE_BLOCK_UNNAMED;
	for (size_t i = at.first; !ret && i < at.end; i++)
		ret = diff_line(&d, &i, at.end, err);
	end_hunk(&d);
	free(d.name.path);
	pike_lines_release(&d.old);
	pike_lines_release(&d.new);
	return ret;
}
