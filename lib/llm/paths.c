/* SPDX-License-Identifier: Apache-2.0 */
/* paths: which file a block is for. */
#include "llm/reply_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ATTRIBUTES_MAX 1024 /* bytes of an element's that are read */

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

static bool ends_like_code(const char *s)
{
	static const char *const ends[] = { ".c",  ".h",   ".cu",  ".cuh",
					    ".py", ".cpp", ".hpp", ".cc",
					    ".sh", ".md",  ".yml", ".toml" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(ends); i++)
		if (pike_ends_with(s, ends[i]) && strlen(s) > strlen(ends[i]))
			return true;
	return false;
}

/* Looks like a file of code: what else could a model want to write? */
static bool looks_like_path(const char *s)
{
	if (strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789_./+-") != strlen(s))
		return false;
	if (ends_like_code(s))
		return true;
	/* "and/or" is none. */
	return strchr(s, '/') &&
	       (s[0] == '.' || strstr(s, "/.") || strchr(base_name(s), '.'));
}

void pike_path_take(struct pike_block *b, const struct pike_strs *paths,
		    const char *word)
{
	int at = find_path(paths, word);

	if (at == PIKE_BLOCK_FOREIGN && !looks_like_path(word))
		return;
	b->file = at;
	free(b->path);
	b->path = pike_xstrdup(word);
}

/* A path that words would tear apart, such as one with a blank, taken out of
 * the text where it stands as a whole. */
static void take_torn(struct pike_block *b, const struct pike_strs *paths,
		      char *text, const char *seps)
{
	size_t most = 0;
	char *found = NULL;

	for (size_t i = 0; i < paths->n; i++) {
		size_t len = strlen(paths->v[i]);
		char *at = strpbrk(paths->v[i], seps)
			       ? strstr(text, paths->v[i])
			       : NULL;

		if (!at || len <= most || !strchr(seps, at[len]) ||
		    (at > text && !strchr(seps, at[-1])))
			continue;
		found = at;
		most = len;
		pike_path_take(b, paths, paths->v[i]);
	}
	if (found)
		memset(found, ' ', most);
}

void pike_path_of_info(struct pike_block *b, const struct pike_strs *paths,
		       const char *info, size_t n)
{
	static const char seps[] = " \t:={}\"',`";
	struct pike_strs words = PIKE_STRS_INIT;
	char *text = pike_xstrndup(info, n);

	take_torn(b, paths, text, seps);
	pike_strs_split(&words, text, seps);
	for (size_t i = 0; i < words.n && !b->path; i++)
		if (words.v[i][0] != '.' || strchr(words.v[i], '/'))
			pike_path_take(b, paths, words.v[i]);
	pike_strs_release(&words);
	free(text);
}

/* "File", "//", "2." before a path. */
static bool is_dress(const char *word)
{
	static const char *const words[] = { "file", "path", "filename",
					     "//",   "-",    "+" };
	size_t digits = strspn(word, "0123456789");

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (!strcasecmp(word, words[i]))
			return true;
	return digits && digits < 4 && !strcmp(word + digits, ".");
}

/* "<path>k/a.c</path>" */
static bool is_pair(const struct pike_strs *words)
{
	return words->n == 3 && words->v[2][0] == '/' &&
	       !strcmp(words->v[0], words->v[2] + 1);
}

static void take_words(struct pike_block *b, const struct pike_strs *paths,
		       char *text)
{
	static const char seps[] = " \t*#`:\"'()[]<>";
	struct pike_block torn = { .file = PIKE_BLOCK_UNNAMED };
	struct pike_strs words = PIKE_STRS_INIT;
	bool element = text[strspn(text, " \t")] == '<';
	size_t first = 0;

	take_torn(&torn, paths, text, seps);
	pike_strs_split(&words, text, seps);
	while (first < words.n && is_dress(words.v[first]))
		first++;
	if (words.n == first + !torn.path)
		pike_path_take(b, paths,
			       torn.path ? torn.path : words.v[first]);
	else if (element && is_pair(&words))
		pike_path_take(b, paths, words.v[1]);
	free(torn.path);
	pike_strs_release(&words);
}

void pike_path_of_line(struct pike_block *b, const struct pike_strs *paths,
		       struct pike_line l)
{
	struct pike_element e;
	char *text;

	if (pike_element_read(&e, l) && e.path) {
		pike_path_take(b, paths, e.path);
	} else {
		text = pike_xstrndup(l.s, l.n);
		take_words(b, paths, text);
		free(text);
	}
	pike_element_release(&e);
}

/* "<content>": says nothing by itself. */
static bool is_markup(struct pike_line l)
{
	struct pike_element e;
	bool is =
	    pike_element_read(&e, l) && !e.path && pike_line_blank(e.rest);

	pike_element_release(&e);
	return is;
}

void pike_path_before(struct pike_block *b, struct pike_reply *r,
		      const struct pike_strs *paths, size_t at)
{
	while (at-- > 0) {
		struct pike_line l = r->lines.v[at];

		if (pike_mark_of(l).kind != PIKE_MARK_TEXT)
			return;
		if (pike_line_blank(l) || is_markup(l))
			continue;
		pike_path_of_line(b, paths, l);
		r->talk[at] = r->talk[at] && !b->path;
		return;
	}
}

/* ---- elements ---- */

static size_t name_length(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '_' ||
			 s[i] == '-' || s[i] == ':'))
		i++;
	return i;
}

static bool is_path_name(const char *s, size_t n)
{
	static const char *const names[] = { "path",	 "file",
					     "filename", "file_path",
					     "filepath", "file_name",
					     "name",	 "src" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && !strncasecmp(names[i], s, n))
			return true;
	return false;
}

/* The value of an attribute whose name says that it is a path; with quotes it
 * may have blanks. */
static char *path_attribute(struct pike_line l)
{
	size_t n = l.n < ATTRIBUTES_MAX ? l.n : ATTRIBUTES_MAX;
	char *text = pike_xstrndup(l.s, n), *found = NULL;

	for (char *p = text; !found && (p = strchr(p, '=')); p++) {
		const char *value = p + 1 + strspn(p + 1, " \t"), *name = p;
		const char end[] = { *value, '\0' };
		bool quoted = *value == '"' || *value == '\'';
		char *word;

		while (name > text && !isspace((unsigned char)name[-1]))
			name--;
		value += quoted;
		word =
		    pike_xstrndup(value, strcspn(value, quoted ? end : " \t>"));
		if (is_path_name(name, (size_t)(p - name)) &&
		    (looks_like_path(word) || ends_like_code(word)))
			found = word;
		else
			free(word);
	}
	free(text);
	return found;
}

bool pike_element_read(struct pike_element *out, struct pike_line l)
{
	const char *p = l.s, *end = l.s + l.n, *close;
	struct pike_line attributes;

	memset(out, 0, sizeof(*out));
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p++ != '<')
		return false;
	out->end = p < end && *p == '/';
	p += out->end;
	out->tag = (struct pike_line){ p, name_length(p, (size_t)(end - p)) };
	if (!out->tag.n)
		return false;
	p += out->tag.n;
	close = memchr(p, '>', (size_t)(end - p));
	if (!close || (p < close && !isspace((unsigned char)*p)))
		return false;
	attributes = (struct pike_line){ p, (size_t)(close - p) };
	out->rest = (struct pike_line){ close + 1, (size_t)(end - close) - 1 };
	if (!out->end)
		out->path = path_attribute(attributes);
	return true;
}

void pike_element_release(struct pike_element *e)
{
	free(e->path);
	e->path = NULL;
}

bool pike_element_ends(struct pike_line *before, struct pike_line l,
		       struct pike_line tag)
{
	size_t n = tag.n + 3; /* "</" and ">" */
	const char *p;

	while (l.n && isspace((unsigned char)l.s[l.n - 1]))
		l.n--;
	if (l.n < n)
		return false;
	p = l.s + l.n - n;
	*before = (struct pike_line){ l.s, l.n - n };
	return !memcmp(p, "</", 2) && !memcmp(p + 2, tag.s, tag.n) &&
	       p[n - 1] == '>';
}

bool pike_element_holds(const struct pike_element *e)
{
	static const char *const names[] = { "file",	   "content",
					     "contents",   "file_content",
					     "code",	   "source",
					     "new_content" };

	for (size_t i = 0; !e->end && i < PIKE_ARRAY_LEN(names); i++)
		if (strlen(names[i]) == e->tag.n &&
		    !strncasecmp(names[i], e->tag.s, e->tag.n))
			return true;
	return e->path != NULL;
}
