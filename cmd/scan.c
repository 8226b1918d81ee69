/* SPDX-License-Identifier: Apache-2.0 */
/* scan: finds kernels in a working tree and guesses their arguments. */
#include "scan.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)
#define DEPTH_MAX 16
#define ENTRIES_MAX 200000
#define KERNELS_MAX 200
#define HEADERS_MAX 64

/* A source of a backend: what its files are called, and what its entry's
 * declaration says beside `void`. */
static const struct kind {
	const char *backend, *extension, *entry;
} kinds[] = {
	{ .backend = "cpu", .extension = ".c", .entry = "" },
	{ .backend = "cuda", .extension = ".cu", .entry = "__global__" },
};

static const struct kind *kind_of(const char *path)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		if (pike_ends_with(path, kinds[i].extension))
			return &kinds[i];
	return NULL;
}

static void kernel_release(struct pike_kernel *k)
{
	free(k->name);
	free(k->path);
	free(k->reference);
	free(k->draft);
	pike_signature_release(&k->kernel);
	pike_strs_release(&k->headers);
	pike_buf_release(&k->header_text);
}

void pike_kernels_release(struct pike_kernels *k)
{
	for (size_t i = 0; i < k->n; i++)
		kernel_release(&k->v[i]);
	free(k->v);
	memset(k, 0, sizeof(*k));
}

/* ---- files ---- */

static char *target_name(const struct pike_kernels *all, const char *path)
{
	const char *base = strrchr(path, '/');
	char slug[65], *stem = pike_xstrdup(base ? base + 1 : path);
	char *name;

	*strrchr(stem, '.') = '\0';
	pike_slug(slug, stem);
	free(stem);
	name = pike_xstrdup(slug);
	for (size_t i = 0, k = 2; i < all->n; i++) {
		if (strcmp(all->v[i].name, name) != 0)
			continue;
		free(name);
		name = pike_xasprintf("%.60s-%zu", slug, k++);
		i = (size_t)-1;
	}
	return name;
}

/* The user may stand in a folder below the top. */
static bool is_there(const char *top, const char *path)
{
	char *full = pike_xasprintf("%s/%s", top, path);
	bool there = !access(full, F_OK);

	free(full);
	return there;
}

/* PATH_ref with the same ending, or in C where there is one. */
static char *reference_of(const char *top, const char *path)
{
	const char *dot = strrchr(path, '.');
	int stem = (int)(dot - path);
	char *c = pike_xasprintf("%.*s_ref.c", stem, path);

	if (is_there(top, c))
		return c;
	free(c);
	return pike_xasprintf("%.*s_ref%s", stem, path, dot);
}

char *pike_scan_normal(const char *path)
{
	struct pike_strs parts = PIKE_STRS_INIT, out = PIKE_STRS_INIT;
	struct pike_buf b;
	bool inside = *path != '/';

	pike_buf_init(&b, PATH_MAX);
	pike_strs_split(&parts, path, "/");
	for (size_t i = 0; inside && i < parts.n; i++) {
		if (!strcmp(parts.v[i], "."))
			continue;
		if (strcmp(parts.v[i], "..") != 0)
			pike_strs_push(&out, parts.v[i]);
		else if (out.n)
			free(out.v[--out.n]);
		else
			inside = false;
	}
	for (size_t i = 0; i < out.n; i++)
		pike_buf_addf(&b, "%s%s", i ? "/" : "", out.v[i]);
	pike_strs_release(&parts);
	pike_strs_release(&out);
	if (inside && b.len && !b.full)
		return pike_buf_detach(&b);
	pike_buf_release(&b);
	return NULL;
}

/* The path of a header, if it is one of the repository. */
static char *header_at(const char *top, const char *dir, int len,
		       const char *below, const char *name)
{
	char *at = pike_xasprintf("%.*s%s%s", len, dir, below, name);
	char *found = pike_scan_normal(at);

	free(at);
	if (found && is_there(top, found))
		return found;
	free(found);
	return NULL;
}

char *pike_scan_header(const char *top, const char *path, const char *name)
{
	char *found = NULL;

	for (int len = (int)strlen(path); !found && len >= 0; len--) {
		if (len && path[len - 1] != '/')
			continue;
		found = header_at(top, path, len, "", name);
		if (!found)
			found = header_at(top, path, len, "include/", name);
	}
	return found;
}

static void add_headers(struct pike_kernel *k, const char *top,
			const char *path, const char *text, int depth);

static void add_header(struct pike_kernel *k, const char *top, const char *path,
		       const char *name, int depth)
{
	char *header = pike_scan_header(top, path, name), *full;
	struct pike_buf text;

	if (!header || pike_strs_has(&k->headers, header) ||
	    !strcmp(header, k->path)) {
		free(header);
		return;
	}
	pike_strs_push(&k->headers, header);
	full = pike_xasprintf("%s/%s", top, header);
	pike_buf_init(&text, FILE_MAX);
	if (depth < DEPTH_MAX && !pike_read_file(&text, full, NULL)) {
		add_headers(k, top, header, text.s, depth + 1);
		pike_buf_addf(&k->header_text, "%s\n", text.s);
	}
	pike_buf_release(&text);
	free(full);
	free(header);
}

/* Files of the repository that it includes by a name in quotes, and those that
 * these include. */
static void add_headers(struct pike_kernel *k, const char *top,
			const char *path, const char *text, int depth)
{
	struct pike_strs lines = PIKE_STRS_INIT;

	pike_strs_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n && k->headers.n < HEADERS_MAX; i++) {
		char name[256];

		if (sscanf(lines.v[i], " # include \"%255[^\"]\"", name) == 1)
			add_header(k, top, path, name, depth);
	}
	pike_strs_release(&lines);
}

/* For who has none yet. */
static void add_draft(struct pike_kernel *k, const char *text)
{
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_buf b;

	pike_buf_init(&b, 2 * FILE_MAX);
	if (!pike_reference_draft(&b, text, &k->kernel, &why))
		k->draft = pike_buf_detach(&b);
	else
		pike_strs_pushf(&k->kernel.notes,
				"its reference takes a person: %s", why.text);
	pike_buf_release(&b);
}

static int add_file(struct pike_kernels *out, const char *top, const char *path,
		    const char *wanted, const char *text, struct pike_err *err)
{
	const struct kind *kind = kind_of(path);
	struct pike_kernel k = { .backend = kind->backend,
				 .path = pike_xstrdup(path) };
	int ret;

	pike_buf_init(&k.header_text, HEADERS_MAX * FILE_MAX);
	add_headers(&k, top, path, text, 0);
	ret = pike_signature_read(&k.kernel, text, k.header_text.s, kind->entry,
				  wanted, err);
	if (ret) {
		kernel_release(&k);
		pike_err_prefix(err, "%s", path);
		return ret;
	}
	k.name = target_name(out, path);
	k.reference = reference_of(top, path);
	k.has_reference = is_there(top, k.reference);
	if (!k.has_reference)
		add_draft(&k, text);
	PIKE_GROW(out->v, out->n, out->cap);
	out->v[out->n++] = k;
	return 0;
}

static int read_source(struct pike_buf *text, const char *path,
		       struct pike_err *err)
{
	struct stat st;

	if (lstat(path, &st))
		return pike_fail_errno(err, PIKE_USAGE, "cannot read '%s'",
				       path);
	if (!S_ISREG(st.st_mode))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not a regular file; a source must be "
				 "one",
				 path);
	return pike_read_file(text, path, err);
}

/* The path of a source from the top, and its text. */
static int locate(char **out, struct pike_buf *text, const char *top,
		  const char *path, struct pike_err *err)
{
	char real[PATH_MAX], real_top[PATH_MAX];
	size_t n;
	int ret = read_source(text, path, err);

	if (ret)
		return ret;
	if (!realpath(path, real) || !realpath(top, real_top))
		return pike_fail_errno(err, PIKE_USAGE, "cannot resolve '%s'",
				       path);
	n = strlen(real_top);
	if (strncmp(real, real_top, n) != 0 || real[n] != '/' || !kind_of(real))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not a *.c or *.cu file of this "
				 "repository",
				 path);
	*out = pike_xstrdup(real + n + 1);
	return 0;
}

int pike_scan_locate(char **path, char **function, struct pike_buf *text,
		     const char *top, const char *name, struct pike_err *err)
{
	const char *colon = access(name, F_OK) ? strrchr(name, ':') : NULL;
	char *file =
	    pike_xstrndup(name, colon ? (size_t)(colon - name) : strlen(name));
	int ret;

	*path = NULL;
	*function = colon ? pike_xstrdup(colon + 1) : NULL;
	ret = locate(path, text, top, file, err);
	free(file);
	return ret;
}

int pike_scan_named(struct pike_kernels *out, const char *top, const char *name,
		    struct pike_err *err)
{
	char *path, *function;
	struct pike_buf text;
	int ret;

	pike_buf_init(&text, FILE_MAX);
	ret = pike_scan_locate(&path, &function, &text, top, name, err);
	if (!ret)
		ret = add_file(out, top, path, function, text.s, err);
	pike_buf_release(&text);
	free(function);
	free(path);
	return ret;
}

struct walk {
	struct pike_kernels *out;
	size_t entries;
};

static void visit_file(struct walk *w, const char *path)
{
	struct pike_buf text;

	pike_buf_init(&text, FILE_MAX);
	if (w->out->n < KERNELS_MAX && !read_source(&text, path, NULL) &&
	    strstr(text.s, "//pike: "))
		add_file(w->out, ".", path, NULL, text.s, NULL);
	pike_buf_release(&text);
}

static int visit_dir(struct walk *w, const char *dir, int depth,
		     struct pike_err *err);

static int visit(struct walk *w, const char *path, int depth,
		 struct pike_err *err)
{
	struct stat st;

	if (++w->entries > ENTRIES_MAX)
		return pike_fail(err, PIKE_FATAL,
				 "more than %d files; name the kernels: "
				 "pike-git init FILE...",
				 ENTRIES_MAX);
	if (lstat(path, &st))
		return 0;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return visit_dir(w, path, depth + 1, err);
	if (S_ISREG(st.st_mode) && kind_of(path) &&
	    !pike_ends_with(path, "_ref.c") && !pike_ends_with(path, "_ref.cu"))
		visit_file(w, path);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Not the hidden ones: .git, .pike and the like. */
static int is_shown(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int visit_dir(struct walk *w, const char *dir, int depth,
		     struct pike_err *err)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_shown, by_name), ret = 0;

	for (int i = 0; i < n; i++) {
		char *path = strcmp(dir, ".") != 0
				 ? pike_xasprintf("%s/%s", dir, list[i]->d_name)
				 : pike_xstrdup(list[i]->d_name);

		if (!ret)
			ret = visit(w, path, depth, err);
		free(path);
		free(list[i]);
	}
	free(list);
	return ret;
}

int pike_scan_tree(struct pike_kernels *out, struct pike_err *err)
{
	struct walk w = { .out = out };

	return visit_dir(&w, ".", 0, err);
}
