/* SPDX-License-Identifier: Apache-2.0 */
/* extract: from a reply's blocks to the files that it proposes. */
#include "llm/llm.h"
#include "llm/reply_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUMMARY_MAX 72
#define EXPLANATION_MAX 16384
#define IDEA_MAX 600
#define BLOCKS_MAX 256 /* of one reply */
#define CUT_OFF "it was cut off; raise max-tokens"

struct extract {
	const struct pike_extract_opts *o;
	struct pike_buf said; /* the text without thoughts: what is parsed */
	struct pike_reply reply;
	char **text;  /* by path: what it becomes; NULL: as in the parent */
	bool *edited; /* by path: `text` is the parent's, edited */
};

/* ---- texts ---- */

static char *join(const struct pike_lines *l, struct pike_range at)
{
	struct pike_buf b;

	pike_buf_init(&b, PIKE_REPLY_MAX + 1);
	for (size_t i = at.first; i < at.end; i++)
		pike_form_add_line(&b, l->v[i], false);
	return pike_buf_detach(&b);
}

static char *code_of(const struct pike_reply *r, const struct pike_block *b)
{
	return join(pike_block_lines(r, b), b->code);
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* `entry` as a whole word with a parenthesis behind it. */
static bool defines(const char *text, const char *entry)
{
	size_t n = entry ? strlen(entry) : 0;

	for (const char *p = text; n && (p = strstr(p, entry)); p++) {
		const char *q = p + n;

		if (p > text && is_word_char(p[-1]))
			continue;
		while (*q == ' ' || *q == '\n' || *q == '\t')
			q++;
		if (*q == '(')
			return true;
	}
	return false;
}

static const char *parent_text(const struct extract *x, size_t file)
{
	const struct pike_file *f =
	    pike_files_find(x->o->parent, x->o->paths->v[file]);

	return f ? f->data : "";
}

/* ---- whole files ---- */

static int foreign(const struct extract *x, const struct pike_block *b,
		   struct pike_err *err)
{
	struct pike_buf list;
	int ret;

	pike_buf_init(&list, 512);
	for (size_t i = 0; i < x->o->paths->n; i++)
		pike_buf_addf(&list, "%s%s", i ? ", " : "", x->o->paths->v[i]);
	ret = pike_fail(err, PIKE_FAILED,
			"'%.200s' may not change; only these may: %s", b->path,
			list.s);
	pike_buf_release(&list);
	return ret;
}

/* Takes `text`. The same text twice is no contradiction. */
static int put_whole(struct extract *x, size_t file, char *text,
		     struct pike_err *err)
{
	char *was = x->text[file];

	if (!was) {
		x->text[file] = text;
		return 0;
	}
	if (!strcmp(was, text)) {
		free(text);
		return 0;
	}
	free(text);
	return pike_fail(err, PIKE_FAILED,
			 "two different texts for '%s'; give one",
			 x->o->paths->v[file]);
}

static int take_named(struct extract *x, size_t *named, struct pike_err *err)
{
	int ret = 0;

	*named = 0;
	for (size_t i = 0; !ret && i < x->reply.n; i++) {
		const struct pike_block *b = &x->reply.v[i];

		if (b->file == PIKE_BLOCK_FOREIGN)
			return foreign(x, b, err);
		*named += b->edit || b->file >= 0;
		if (!b->edit && b->file >= 0)
			ret = put_whole(x, (size_t)b->file,
					code_of(&x->reply, b), err);
	}
	return ret;
}

/* The file that defines the entry now; the only one, where there is one. */
static int entry_file(const struct extract *x)
{
	int at = -1;

	for (size_t i = 0; x->o->paths->n > 1 && i < x->o->paths->n; i++)
		if (defines(parent_text(x, i), x->o->entry)) {
			if (at >= 0)
				return -1;
			at = (int)i;
		}
	return x->o->paths->n == 1 ? 0 : at;
}

static int put_entry(struct extract *x, char *text, struct pike_err *err)
{
	int file = entry_file(x);

	if (file >= 0)
		return put_whole(x, (size_t)file, text, err);
	free(text);
	return pike_fail(err, PIKE_FAILED,
			 "code without a path; write the path on the line "
			 "before each block");
}

/* Blocks that say no path: the one that defines the entry. */
static int take_unnamed(struct extract *x, struct pike_err *err)
{
	const struct pike_reply *r = &x->reply;
	char *found = NULL;
	int ret = 0;

	for (size_t i = 0; !ret && i < r->n; i++) {
		char *text = code_of(r, &r->v[i]);

		if (r->v[i].data || !defines(text, x->o->entry) ||
		    (found && !strcmp(found, text))) {
			free(text);
			continue;
		}
		if (found) {
			free(text);
			ret = pike_fail(err, PIKE_FAILED,
					"several blocks define '%s'; give one, "
					"or the path before each",
					x->o->entry);
		} else {
			found = text;
		}
	}
	if (!ret && !found)
		ret =
		    pike_fail(err, PIKE_FAILED, "no block of code defines '%s'",
			      x->o->entry ? x->o->entry : "");
	if (!ret)
		return put_entry(x, found, err);
	free(found);
	return ret;
}

/* A reply that is code and nothing else. */
static bool is_bare_code(const struct extract *x, const char *text)
{
	return defines(text, x->o->entry) && strchr(text, '{') &&
	       strchr(text, '}') && strchr(text, ';') &&
	       !strchr("{[<", text[strspn(text, " \t\r\n")]) &&
	       !strstr(text, "```") && !strstr(text, "~~~");
}

/* More is opened than closed. */
static bool is_cut(const char *text)
{
	int64_t open = 0;

	for (const char *p = text; *p; p++)
		open += (*p == '{') - (*p == '}');
	return open > 0;
}

static const char *why_not_bare(const struct extract *x, const char *text)
{
	if (!text[strspn(text, " \t\r\n")])
		return "the reply is empty";
	if (!is_bare_code(x, text))
		return "neither a fenced block nor an edit";
	return is_cut(text) ? CUT_OFF : NULL;
}

/* No fence at all: code that nobody put one around. */
static int take_bare(struct extract *x, struct pike_err *err)
{
	struct pike_range all = { 0, x->reply.lines.n };
	char *text = join(&x->reply.lines, all);
	const char *why = why_not_bare(x, text);

	if (why) {
		free(text);
		return pike_fail(err, PIKE_FAILED, "no code: %s", why);
	}
	memset(x->reply.talk, 0, x->reply.lines.n * sizeof(bool));
	return put_entry(x, text, err);
}

/* ---- edits ---- */

static bool same_line(struct pike_line a, struct pike_line b, bool loose)
{
	while (loose && a.n && isspace((unsigned char)a.s[a.n - 1]))
		a.n--;
	while (loose && b.n && isspace((unsigned char)b.s[b.n - 1]))
		b.n--;
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

/* For each line of a pattern, how many lines before it and with it begin the
 * pattern again. */
static size_t *borders(const struct pike_line *v, size_t n, bool loose)
{
	size_t *b = pike_xcalloc(n + 1, sizeof(*b));

	for (size_t i = 1, k = 0; i < n; i++) {
		while (k && !same_line(v[i], v[k], loose))
			k = b[k - 1];
		k += same_line(v[i], v[k], loose);
		b[i] = k;
	}
	return b;
}

/* How often the lines stand in a file; `at` is the first place. In linear
 * time (Knuth, Morris and Pratt 1977): the text is hostile. */
static size_t count_places(size_t *at, const struct pike_lines *in,
			   const struct pike_line *v, size_t n, bool loose)
{
	size_t *b = borders(v, n, loose), count = 0;

	for (size_t i = 0, k = 0; i < in->n; i++) {
		while (k && !same_line(in->v[i], v[k], loose))
			k = b[k - 1];
		k += same_line(in->v[i], v[k], loose);
		if (k < n)
			continue;
		if (!count++)
			*at = i + 1 - n;
		k = b[k - 1];
	}
	free(b);
	return count;
}

/* Without a byte-order mark: no model writes one. */
static const char *now(const struct extract *x, size_t file)
{
	const char *text = x->text[file] ? x->text[file] : parent_text(x, file);

	return text + pike_form_bom(text);
}

/* In one file, exactly or, where that fits nowhere, but for blanks at the
 * ends of lines. */
static size_t places(size_t *at, const struct extract *x, size_t file,
		     const struct pike_block *b)
{
	struct pike_lines in;
	const struct pike_line *v =
	    pike_block_lines(&x->reply, b)->v + b->code.first;
	const char *text = now(x, file);
	size_t n, len = b->code.end - b->code.first;

	pike_lines_split(&in, text, strlen(text));
	n = count_places(at, &in, v, len, false);
	if (!n)
		n = count_places(at, &in, v, len, true);
	pike_lines_release(&in);
	return n;
}

/* Do the lines around line `at` end with a carriage return? */
static bool returns_at(const struct pike_lines *in, size_t at)
{
	/* What follows the last line is no end of one. */
	size_t i = at + 1 < in->n || !at ? at : at - 1;

	return in->v[i].s[in->v[i].n] == '\r';
}

/* Bytes around the lines that are replaced stay as they are. */
static void replace(struct extract *x, size_t file, size_t at,
		    const struct pike_block *b)
{
	const struct pike_lines *from = pike_block_lines(&x->reply, b);
	const char *text = now(x, file), *rest = text + strlen(text);
	bool open_end = rest > text && rest[-1] != '\n';
	struct pike_lines in;
	struct pike_buf out;
	size_t end = at + b->code.end - b->code.first;

	pike_lines_split(&in, text, strlen(text));
	pike_buf_init(&out, 4 * (size_t)PIKE_REPLY_MAX);
	if (end < in.n)
		rest = in.v[end].s;
	pike_buf_add(&out, text, (size_t)(in.v[at].s - text));
	for (size_t i = b->with.first; i < b->with.end; i++)
		pike_form_add_line(&out, from->v[i], returns_at(&in, at));
	if (end == in.n && open_end)
		pike_form_drop_end(&out);
	pike_buf_adds(&out, rest);
	pike_lines_release(&in);
	free(x->text[file]);
	x->text[file] = pike_buf_detach(&out);
	x->edited[file] = true;
}

static int fits_nowhere(const struct extract *x, const struct pike_block *b,
			size_t n, struct pike_err *err)
{
	const struct pike_line *l =
	    &pike_block_lines(&x->reply, b)->v[b->code.first];
	struct pike_buf first;
	int ret;

	pike_buf_init(&first, 161);
	pike_sanitize(&first, l->s, l->n < 160 ? l->n : 160);
	if (n)
		ret = pike_fail(err, PIKE_FAILED,
				"the lines to be replaced stand %zu times, "
				"from '%s' on; give more of those around them",
				n, first.s);
	else
		ret = pike_fail(err, PIKE_FAILED,
				"the lines to be replaced stand nowhere, from "
				"'%s' on; copy them as they are",
				first.s);
	pike_buf_release(&first);
	return ret;
}

static int apply_edit(struct extract *x, const struct pike_block *b,
		      struct pike_err *err)
{
	size_t file = 0, at = 0, n = 0;

	if (b->code.first == b->code.end)
		return pike_fail(err, PIKE_FAILED,
				 "an edit that replaces nothing; give the "
				 "lines that it goes beside");
	for (size_t i = 0; i < x->o->paths->n; i++) {
		size_t where = 0, k;

		if (b->file >= 0 && (size_t)b->file != i)
			continue;
		k = places(&where, x, i, b);
		if (k) {
			file = i;
			at = where;
		}
		n += k;
	}
	if (n != 1)
		return fits_nowhere(x, b, n, err);
	if (x->text[file] && !x->edited[file])
		return pike_fail(err, PIKE_FAILED,
				 "both a whole text and edits for '%s'; give "
				 "one",
				 x->o->paths->v[file]);
	replace(x, file, at, b);
	return 0;
}

static int apply_edits(struct extract *x, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < x->reply.n; i++)
		if (x->reply.v[i].edit)
			ret = apply_edit(x, &x->reply.v[i], err);
	return ret;
}

/* ---- the proposal ---- */

/* What becomes of a file, in the form that it has; the caller frees. */
static char *finished(const struct extract *x, size_t file)
{
	const char *was = parent_text(x, file), *is = x->text[file];
	struct pike_form form = pike_form_of(was);

	if (!is || pike_form_alone(is, was))
		return pike_xstrdup(was);
	if (!x->edited[file])
		return pike_form_apply(&form, is);
	return pike_xasprintf("%.*s%s", (int)pike_form_bom(was), was, is);
}

static int check_file(const struct extract *x, size_t file, const char *is,
		      struct pike_err *err)
{
	const char *path = x->o->paths->v[file];
	size_t len = strlen(is);

	if (len > PIKE_SOURCE_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' would be %zu bytes, more than %u", path,
				 len, PIKE_SOURCE_MAX);
	if (x->text[file] && strspn(is, "\xef\xbb\xbf \t\r\n") == len)
		return pike_fail(err, PIKE_FAILED, "'%s' would be empty", path);
	return 0;
}

static int finish_files(struct pike_extracted *out, const struct extract *x,
			struct pike_err *err)
{
	bool changed = false;
	int ret = 0;

	for (size_t i = 0; !ret && i < x->o->paths->n; i++) {
		char *is = finished(x, i);

		ret = check_file(x, i, is, err);
		changed = changed || strcmp(parent_text(x, i), is) != 0;
		pike_files_add(&out->files, x->o->paths->v[i], is, strlen(is));
		free(is);
	}
	if (ret || changed)
		return ret;
	return pike_fail(err, PIKE_FAILED, "nothing differs from the parent");
}

/* The first line that says something, without its dress; cut at a word. */
static char *summarize(const char *text)
{
	const char *p = text + strspn(text, " \t\n#*->`_");
	size_t n = strcspn(p, "\n");

	while (n && strchr(" \t*:`_", p[n - 1]))
		n--;
	if (n > SUMMARY_MAX) {
		n = SUMMARY_MAX;
		while (n && p[n] != ' ')
			n--;
		/* One long word, perhaps not in ASCII: nothing to show. */
	}
	return pike_xstrndup(p, n);
}

static void explain(struct pike_extracted *out, const struct pike_reply *r)
{
	struct pike_buf talk, clean;
	size_t from;

	pike_buf_init(&talk, PIKE_REPLY_MAX + 1);
	pike_buf_init(&clean, EXPLANATION_MAX);
	for (size_t i = 0; i < r->lines.n; i++) {
		bool blank = !talk.len ||
			     (talk.len > 1 && talk.s[talk.len - 1] == '\n' &&
			      talk.s[talk.len - 2] == '\n');

		if (!r->talk[i] || (blank && !r->lines.v[i].n))
			continue;
		pike_buf_add(&talk, r->lines.v[i].s, r->lines.v[i].n);
		pike_buf_addc(&talk, '\n');
	}
	while (talk.len && isspace((unsigned char)talk.s[talk.len - 1]))
		talk.len--;
	from = strspn(talk.s, " \t\n");
	if (from < talk.len)
		pike_sanitize(&clean, talk.s + from, talk.len - from);
	out->summary = summarize(clean.s);
	out->explanation = pike_buf_detach(&clean);
	pike_buf_release(&talk);
}

/* A diff that says neither file nor place shows what is given beside it; it
 * is an edit where there is nothing else. */
static void drop_sketches(struct pike_reply *r)
{
	size_t others = 0, to = 0;

	for (size_t i = 0; i < r->n; i++)
		others += !r->v[i].sketch && !r->v[i].data;
	for (size_t i = 0; i < r->n; i++)
		if (others && r->v[i].sketch)
			free(r->v[i].path);
		else
			r->v[to++] = r->v[i];
	r->n = to;
}

/* What follows where it was cut off, nobody knows. */
static int check_whole(const struct pike_reply *r, struct pike_err *err)
{
	return r->cut ? pike_fail(err, PIKE_FAILED,
				  "the reply ends within a block of "
				  "code: " CUT_OFF)
		      : 0;
}

static int take(struct extract *x, struct pike_err *err)
{
	size_t named;
	int ret;

	if (x->reply.n > BLOCKS_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "%zu blocks of code, more than %d", x->reply.n,
				 BLOCKS_MAX);
	ret = check_whole(&x->reply, err);
	drop_sketches(&x->reply);
	if (!ret)
		ret = take_named(x, &named, err);
	if (!ret && !x->reply.n)
		ret = take_bare(x, err);
	else if (!ret && !named)
		ret = take_unnamed(x, err);
	return ret ? ret : apply_edits(x, err);
}

static int parse_and_take(struct extract *x, const char *text, size_t len,
			  struct pike_err *err)
{
	bool whole;
	int ret;

	if (memchr(text, '\0', len) || !pike_utf8_valid(text, len))
		return pike_fail(err, PIKE_FAILED, "the reply is not UTF-8");
	whole = pike_thoughts_drop(&x->said, text, len);
	text = x->said.s + pike_form_bom(x->said.s);
	ret = pike_reply_parse(&x->reply, x->o->paths, text, strlen(text), err);
	if (!whole)
		return pike_fail(
		    err, PIKE_FAILED,
		    "the reply ends within the model's thoughts: " CUT_OFF);
	return ret ? ret : take(x, err);
}

int pike_extract(struct pike_extracted *out, const struct pike_extract_opts *o,
		 const char *text, size_t len, struct pike_err *err)
{
	struct extract x = { .o = o };
	int ret;

	memset(out, 0, sizeof(*out));
	if (len > PIKE_REPLY_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "a reply of %zu bytes, more than %u", len,
				 PIKE_REPLY_MAX);
	pike_buf_init(&x.said, PIKE_REPLY_MAX + 1);
	x.text = pike_xcalloc(o->paths->n + 1, sizeof(*x.text));
	x.edited = pike_xcalloc(o->paths->n + 1, sizeof(*x.edited));
	ret = parse_and_take(&x, text, len, err);
	if (!ret)
		ret = finish_files(out, &x, err);
	explain(out, &x.reply);
	for (size_t i = 0; i < o->paths->n; i++)
		free(x.text[i]);
	free(x.text);
	free(x.edited);
	pike_reply_release(&x.reply);
	pike_buf_release(&x.said);
	if (ret)
		pike_files_release(&out->files);
	return ret;
}

void pike_extracted_release(struct pike_extracted *p)
{
	pike_files_release(&p->files);
	free(p->summary);
	free(p->explanation);
	memset(p, 0, sizeof(*p));
}

/* ---- ideas ---- */

/* The text of an item; NULL: this line begins none. */
static const char *item(struct pike_line l, size_t *n)
{
	size_t i = 0, digits = 0;

	while (i < l.n && i < 3 && l.s[i] == ' ')
		i++;
	while (i + digits < l.n && isdigit((unsigned char)l.s[i + digits]))
		digits++;
	if (digits && digits < 4 && i + digits < l.n &&
	    (l.s[i + digits] == '.' || l.s[i + digits] == ')'))
		i += digits + 1;
	else if (i < l.n && memchr("-*+", l.s[i], 3))
		i++;
	else
		return NULL;
	if (i >= l.n || (l.s[i] != ' ' && l.s[i] != '\t'))
		return NULL;
	*n = l.n - i;
	return l.s + i;
}

/* Words of a line after those that are there, single blanks between them. */
static void add_words(struct pike_buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool blank = isspace((unsigned char)s[i]);

		if (blank && (!b->len || b->s[b->len - 1] == ' '))
			continue;
		pike_buf_addc(b, blank ? ' ' : s[i]);
	}
	pike_buf_addc(b, ' ');
}

static void end_idea(struct pike_strs *out, struct pike_buf *raw)
{
	struct pike_buf clean;

	while (raw->len && raw->s[raw->len - 1] == ' ')
		raw->len--;
	pike_buf_init(&clean, IDEA_MAX);
	pike_sanitize(&clean, raw->s, raw->len);
	if (clean.len)
		pike_strs_push(out, clean.s);
	pike_buf_release(&clean);
	pike_buf_reset(raw);
}

int pike_extract_ideas(struct pike_strs *out, const char *text, size_t len,
		       size_t max, struct pike_err *err)
{
	struct pike_lines lines;
	struct pike_buf raw, said;
	bool in = false, whole;

	pike_buf_init(&raw, PIKE_REPLY_MAX + 1);
	pike_buf_init(&said, PIKE_REPLY_MAX + 1);
	whole = pike_thoughts_drop(&said, text,
				   len < PIKE_REPLY_MAX ? len : PIKE_REPLY_MAX);
	pike_lines_split(&lines, said.s, said.len);
	for (size_t i = 0; i < lines.n && out->n < max; i++) {
		struct pike_line l = lines.v[i];
		size_t n = l.n;
		const char *s = item(l, &n);
		bool more = in && !s && l.n && isspace((unsigned char)l.s[0]);

		if (!more && in)
			end_idea(out, &raw);
		in = s || more;
		if (in && out->n < max)
			add_words(&raw, s ? s : l.s, n);
	}
	if (in && out->n < max)
		end_idea(out, &raw);
	pike_buf_release(&raw);
	pike_buf_release(&said);
	pike_lines_release(&lines);
	if (out->n)
		return 0;
	return pike_fail(
	    err, PIKE_FAILED, "%s",
	    whole ? "no list of ideas: each begins with '- '"
		  : "the reply ends within the model's thoughts: " CUT_OFF);
}
