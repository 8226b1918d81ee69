/* SPDX-License-Identifier: Apache-2.0 */
/* scan: finds kernels in a working tree and guesses their arguments. */
#include "scan.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
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
#define PARAMS_MAX 32

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

void pike_kernels_release(struct pike_kernels *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i].name);
		free(k->v[i].path);
		free(k->v[i].reference);
		free(k->v[i].entry);
		pike_strs_release(&k->v[i].args);
		pike_strs_release(&k->v[i].sizes);
		pike_strs_release(&k->v[i].numbers);
		pike_strs_release(&k->v[i].headers);
	}
	free(k->v);
	memset(k, 0, sizeof(*k));
}

/* ---- the function ---- */

/* Comments and preprocessor lines become blanks, so that what is left can be
 * searched for a signature. */
static void blank_out(char *s)
{
	bool line_start = true;

	while (*s) {
		const char *end = NULL;

		if (s[0] == '/' && s[1] == '*')
			end = strstr(s + 2, "*/");
		if (end)
			end += 2;
		else if ((s[0] == '/' && s[1] == '/') ||
			 (line_start && *s == '#'))
			end = s + strcspn(s, "\n");
		line_start = *s == '\n' || (line_start && isspace(*s & 0x7f));
		if (!end) {
			s++;
			continue;
		}
		while (s < end) {
			*s = *s == '\n' ? '\n' : ' ';
			s++;
		}
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The word before `end` in s, or NULL. Caller frees. */
static char *word_before(const char *s, const char *end)
{
	const char *e = end, *b;

	while (e > s && isspace((unsigned char)e[-1]))
		e--;
	for (b = e; b > s && is_word(b[-1]); b--)
		;
	return b < e ? pike_xstrndup(b, (size_t)(e - b)) : NULL;
}

/* Is the declaration that ends before `at` a `void` one that others see? */
static bool is_entry(const struct kind *kind, const char *s, const char *at)
{
	const char *b = at;
	char *decl;
	bool ok;

	while (b > s && !strchr(";{}", b[-1]))
		b--;
	decl = pike_xstrndup(b, (size_t)(at - b));
	ok = strstr(decl, "void") && strstr(decl, kind->entry) &&
	     !strstr(decl, "static");
	free(decl);
	return ok;
}

/* The last definition `void NAME(PARAMS) {` of the text: helpers stand
 * before what uses them. */
static bool find_entry(char **name, char **params, const struct kind *kind,
		       const char *s)
{
	bool found = false;

	for (const char *p = strchr(s, '('); p; p = strchr(p + 1, '(')) {
		const char *close = strpbrk(p + 1, "()");
		const char *brace;
		char *word;

		if (!close || *close != ')')
			continue;
		brace = close + 1 + strspn(close + 1, " \t\r\n");
		word = word_before(s, p);
		if (*brace == '{' && word &&
		    is_entry(kind, s, p - strlen(word))) {
			free(*name);
			free(*params);
			*name = word;
			*params = pike_xstrndup(p + 1, (size_t)(close - p - 1));
			found = true;
			continue;
		}
		free(word);
	}
	return found;
}

/* ---- its parameters ---- */

static const struct {
	const char *c, *dtype, *precision;
} types[] = {
	{ .c = "float", .dtype = "f32", .precision = "fp32" },
	{ .c = "double", .dtype = "f64", .precision = "fp64" },
	{ .c = "__half", .dtype = "f16", .precision = "fp16" },
	{ .c = "half", .dtype = "f16", .precision = "fp16" },
	{ .c = "__nv_bfloat16", .dtype = "bf16", .precision = "bf16" },
	{ .c = "bf16", .dtype = "bf16", .precision = "bf16" },
	{ .c = "int8_t", .dtype = "i8", .precision = "exact" },
	{ .c = "uint8_t", .dtype = "u8", .precision = "exact" },
	{ .c = "int32_t", .dtype = "i32", .precision = "exact" },
	{ .c = "uint32_t", .dtype = "u32", .precision = "exact" },
	{ .c = "int64_t", .dtype = "i64", .precision = "exact" },
	{ .c = "int", .dtype = "i32", .precision = "exact" },
	{ .c = "unsigned", .dtype = "u32", .precision = "exact" },
};

struct param {
	char *name;
	size_t type;
	bool pointer, constant;
};

/* False where this is nothing that a target can pass. */
static bool parse_param(struct param *p, const char *text)
{
	struct pike_strs words = PIKE_STRS_INIT;
	bool found = false;

	memset(p, 0, sizeof(*p));
	p->pointer = strpbrk(text, "*[") != NULL;
	pike_strs_split(&words, text, " \t\r\n*[]");
	p->constant = pike_strs_has(&words, "const");
	for (size_t i = 0; !found && i < PIKE_ARRAY_LEN(types); i++)
		if (pike_strs_has(&words, types[i].c)) {
			p->type = i;
			found = true;
		}
	found = found && words.n > 1;
	if (found)
		p->name = pike_xstrdup(words.v[words.n - 1]);
	pike_strs_release(&words);
	return found;
}

/* Integers are taken for sizes, and every buffer for one of all of them. */
static void add_args(struct pike_kernel *k, const struct param *p, size_t n)
{
	struct pike_buf dims;

	pike_buf_init(&dims, 4096);
	for (size_t i = 0; i < n; i++) {
		if (p[i].pointer)
			continue;
		if (strcmp(types[p[i].type].precision, "exact") != 0) {
			pike_strs_push(&k->numbers, p[i].name);
			continue;
		}
		pike_strs_push(&k->sizes, p[i].name);
		pike_buf_addf(&dims, "[%s]", p[i].name);
	}
	if (!k->sizes.n) {
		pike_strs_push(&k->sizes, "n");
		pike_buf_adds(&dims, "[n]");
	}
	for (size_t i = 0; i < n; i++) {
		const char *dtype = types[p[i].type].dtype;

		if (p[i].pointer)
			pike_strs_pushf(&k->args, "%s %s %s%s",
					p[i].constant ? "in" : "out", dtype,
					p[i].name, dims.s);
		else
			pike_strs_pushf(&k->args, "%s %s", dtype, p[i].name);
		if (p[i].pointer && !p[i].constant)
			k->precision = types[p[i].type].precision;
	}
	pike_buf_release(&dims);
}

static void guess_args(struct pike_kernel *k, const char *params)
{
	struct param p[PARAMS_MAX];
	struct pike_strs parts = PIKE_STRS_INIT;
	size_t n = 0;

	pike_strs_split(&parts, params, ",");
	for (size_t i = 0; i < parts.n && n < PARAMS_MAX; i++)
		n += parse_param(&p[n], parts.v[i]);
	add_args(k, p, n);
	for (size_t i = 0; i < n; i++)
		free(p[i].name);
	pike_strs_release(&parts);
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
	bool there = !access(full, R_OK);

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

/* Files of the repository that it includes by a name in quotes. */
static void add_headers(struct pike_kernel *k, const char *top,
			const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;
	struct pike_strs lines = PIKE_STRS_INIT;

	pike_strs_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char name[256], *header;

		if (sscanf(lines.v[i], " # include \"%255[^\"]\"", name) != 1)
			continue;
		header = pike_xasprintf("%.*s%s", dir, path, name);
		if (is_there(top, header))
			pike_strs_push(&k->headers, header);
		free(header);
	}
	pike_strs_release(&lines);
}

static int add_file(struct pike_kernels *out, const char *top, const char *path,
		    char *text, struct pike_err *err)
{
	const struct kind *kind = kind_of(path);
	struct pike_kernel k = { .precision = "fp32",
				 .backend = kind->backend };
	char *params = NULL;

	add_headers(&k, top, path, text);
	blank_out(text);
	if (!find_entry(&k.entry, &params, kind, text)) {
		pike_strs_release(&k.headers);
		return pike_fail(err, PIKE_FAILED,
				 "%s: no function `%s%svoid NAME(...)` that "
				 "others see; a kernel is one",
				 path, kind->entry, *kind->entry ? " " : "");
	}
	guess_args(&k, params);
	free(params);
	k.name = target_name(out, path);
	k.path = pike_xstrdup(path);
	k.reference = reference_of(top, path);
	k.has_reference = is_there(top, k.reference);
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
				 "'%s' is no regular file; a source must be "
				 "one",
				 path);
	return pike_read_file(text, path, err);
}

int pike_scan_named(struct pike_kernels *out, const char *top, const char *path,
		    struct pike_err *err)
{
	char real[PATH_MAX], real_top[PATH_MAX];
	struct pike_buf text;
	size_t n;
	int ret;

	pike_buf_init(&text, FILE_MAX);
	ret = read_source(&text, path, err);
	if (ret)
		goto out;
	if (!realpath(path, real) || !realpath(top, real_top)) {
		ret = pike_fail_errno(err, PIKE_USAGE, "cannot resolve '%s'",
				      path);
		goto out;
	}
	n = strlen(real_top);
	if (strncmp(real, real_top, n) != 0 || real[n] != '/' || !kind_of(real))
		ret = pike_fail(err, PIKE_USAGE,
				"'%s' is no *.c or *.cu file of this "
				"repository",
				path);
	else
		ret = add_file(out, real_top, real + n + 1, text.s, err);
out:
	pike_buf_release(&text);
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
		add_file(w->out, ".", path, text.s, NULL);
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
