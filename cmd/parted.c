/* SPDX-License-Identifier: Apache-2.0 */
/* parted: takes device code out of files of the working tree. */
#include "parted.h"
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/signature.h"
#include "model/split.h"
#include "scan.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)
#define FILES_MAX 64
#define DEPTH_MAX 16

/* The kernel's file and its headers, while one name is taken apart. */
struct file {
	char *path, *text, *name, *device_path, *device_name;
};
struct taking {
	struct pike_parted *p;
	struct pike_repo *repo;
	const char *top;
	struct file v[FILES_MAX];
	size_t n;
	struct pike_strs seen;
};

/* ---- what is there ---- */

static struct pike_edit *edit_of(const struct pike_parted *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->edits[i].path, path))
			return &p->edits[i];
	return NULL;
}

static bool is_there(const struct taking *t, const char *path)
{
	char *full = pike_xasprintf("%s/%s", t->top, path);
	bool there = edit_of(t->p, path) || !access(full, F_OK);

	free(full);
	return there;
}

/* As it is on the disk, or as it will be. NULL: it cannot be read. */
static char *text_of(const struct taking *t, const char *path)
{
	const struct pike_edit *e = edit_of(t->p, path);
	char *full = pike_xasprintf("%s/%s", t->top, path);
	struct pike_buf b;
	bool bad;

	pike_buf_init(&b, FILE_MAX);
	bad = e ? pike_buf_adds(&b, e->text) : pike_read_file(&b, full, NULL);
	free(full);
	if (!bad && b.s && strlen(b.s) == b.len)
		return pike_buf_detach(&b);
	pike_buf_release(&b);
	return NULL;
}

static int folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) + 1 : 0;
}

/* What the file at `path` includes as `name`; NULL: none of the repository. */
static char *included(const struct taking *t, const char *path,
		      const char *name)
{
	char *at = pike_xasprintf("%.*s%s", folder_len(path), path, name);
	char *beside = pike_scan_normal(at);

	free(at);
	if (beside && edit_of(t->p, beside))
		return beside;
	free(beside);
	return pike_scan_header(t->top, path, name);
}

/* From the folder of one file to another file. */
static char *way(const char *from, const char *to)
{
	struct pike_buf b;
	size_t dir = 0;

	pike_buf_init(&b, PATH_MAX);
	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			dir = i + 1;
	for (const char *p = from + dir; (p = strchr(p, '/')); p++)
		pike_buf_adds(&b, "../");
	pike_buf_adds(&b, to + dir);
	return pike_buf_detach(&b);
}

/* A header's device code: common.h has common_device.cuh. */
static char *header_device(const struct taking *t, const char *path)
{
	int dir = folder_len(path);
	int stem = dir + (int)strcspn(path + dir, ".");
	char *name = pike_xasprintf("%.*s_device.cuh", stem, path);

	for (int k = 2; is_there(t, name) && k < FILES_MAX; k++) {
		free(name);
		name = pike_xasprintf("%.*s_device_%d.cuh", stem, path, k);
	}
	return name;
}

/* ---- the files of one kernel ---- */

static void add_includes(struct taking *t, const char *path, const char *text,
			 int depth);

static void add_header(struct taking *t, char *path, int depth)
{
	char *text = text_of(t, path);
	struct file *f;

	if (!text || pike_strs_has(&t->seen, path) || depth > DEPTH_MAX) {
		free(text);
		free(path);
		return;
	}
	pike_strs_push(&t->seen, path);
	add_includes(t, path, text, depth);
	if (t->n == FILES_MAX) {
		free(text);
		free(path);
		return;
	}
	f = &t->v[t->n++];
	f->path = path;
	f->text = text;
	f->name = way(t->v[0].path, path);
	f->device_path = header_device(t, path);
	f->device_name = way(t->v[0].path, f->device_path);
}

/* What a file includes comes before itself. */
static void add_includes(struct taking *t, const char *path, const char *text,
			 int depth)
{
	struct pike_strs lines = PIKE_STRS_INIT;

	pike_strs_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char name[256], *header;

		if (sscanf(lines.v[i], " # include \"%255[^\"]\"", name) != 1)
			continue;
		header = included(t, path, name);
		if (header)
			add_header(t, header, depth + 1);
	}
	pike_strs_release(&lines);
}

/* A new file beside the old one, called like the kernel. */
static int add_kernel_file(struct taking *t, const char *path, char *text,
			   const char *kernel, struct pike_err *err)
{
	struct file *f = &t->v[0];

	t->n = 1;
	f->path = pike_xstrdup(path);
	f->text = text;
	f->device_path =
	    pike_xasprintf("%.*s%s.cu", folder_len(path), path, kernel);
	/* softmax.cu:softmax */
	if (!strcmp(f->device_path, path)) {
		free(f->device_path);
		f->device_path = pike_xasprintf("%.*s%s_kernel.cu",
						folder_len(path), path, kernel);
	}
	f->device_name = pike_xstrdup(f->device_path + folder_len(path));
	if (is_there(t, f->device_path))
		return pike_fail(err, PIKE_FAILED,
				 "'%s' is there already, where the kernel "
				 "would go; move it away",
				 f->device_path);
	pike_strs_push(&t->seen, path);
	add_includes(t, path, text, 0);
	return 0;
}

static void taking_release(struct taking *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
		free(t->v[i].text);
		free(t->v[i].name);
		free(t->v[i].device_path);
		free(t->v[i].device_name);
	}
	pike_strs_release(&t->seen);
}

/* ---- what comes of it ---- */

/* Only what can be had back is changed. */
static int check_committed(struct taking *t, const char *path,
			   struct pike_err *err)
{
	if (!pike_file_edited(t->repo, path))
		return 0;
	return pike_fail(err, PIKE_FAILED,
			 "'%s' has changes that are not committed; commit or "
			 "stash them, so that the split can be undone",
			 path);
}

static int put_edit(struct taking *t, const char *path, const char *text,
		    bool is_new, struct pike_err *err)
{
	struct pike_parted *p = t->p;
	struct pike_edit *e = edit_of(p, path);

	if (e) {
		free(e->text);
		e->text = pike_xstrdup(text);
		return 0;
	}
	if (!is_new && check_committed(t, path, err))
		return PIKE_FAILED;
	PIKE_GROW(p->edits, p->n, p->cap);
	p->edits[p->n] = (struct pike_edit){ .path = pike_xstrdup(path),
					     .text = pike_xstrdup(text) };
	if (!is_new)
		p->edits[p->n].old = text_of(t, path);
	p->n++;
	return 0;
}

/* New files before those that include them. */
static int put_edits(struct taking *t, const struct pike_split_file *files,
		     struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < t->n; i++)
		if (files[i].device)
			ret = put_edit(t, t->v[i].device_path, files[i].device,
				       true, err);
	for (size_t i = 0; !ret && i < t->n; i++)
		if (files[i].rest)
			ret = put_edit(t, t->v[i].path, files[i].rest, false,
				       err);
	return ret;
}

/* With the empty ones. */
static void split_lines(struct pike_strs *l, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		pike_strs_take(l, pike_xstrndup(text, n));
		text += n + (text[n] == '\n');
	}
}

/* The line of `old` that is line n of `now`, out of which some were taken and
 * to which some #includes came. */
static int line_before(const char *old, const char *now, int n)
{
	struct pike_strs a = PIKE_STRS_INIT, b = PIKE_STRS_INIT;
	size_t at = 0;

	split_lines(&a, old);
	split_lines(&b, now);
	for (size_t i = 0; i < b.n && (int)i < n; i++) {
		size_t next = at;

		while (next < a.n && strcmp(a.v[next], b.v[i]) != 0)
			next++;
		if (next < a.n)
			at = next + 1;
	}
	pike_strs_release(&a);
	pike_strs_release(&b);
	return (int)at;
}

/* "PATH:LINE: ..." with the line as HEAD has it. */
static void push_note(struct pike_part *part, const struct taking *t,
		      const char *note)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct pike_edit *e = edit_of(t->p, t->v[i].path);
		size_t n = strlen(t->v[i].path);
		int line, used = 0;

		if (!e || !e->old || strncmp(note, t->v[i].path, n) != 0 ||
		    sscanf(note + n, ":%d:%n", &line, &used) != 1 || !used)
			continue;
		pike_strs_pushf(&part->notes, "%s:%d:%s", t->v[i].path,
				line_before(e->old, t->v[i].text, line),
				note + n + used);
		return;
	}
	pike_strs_push(&part->notes, note);
}

static int split(struct taking *t, const char *kernel, struct pike_err *err)
{
	struct pike_split_file files[FILES_MAX] = { 0 };
	struct pike_parted *p = t->p;
	struct pike_part part = { .spec = NULL };
	struct pike_strs notes = PIKE_STRS_INIT;
	int ret;

	for (size_t i = 0; i < t->n; i++)
		files[i] = (struct pike_split_file){ .path = t->v[i].path,
						     .text = t->v[i].text,
						     .name = t->v[i].name,
						     .device_name =
							 t->v[i].device_name };
	ret = pike_split(files, t->n, kernel, &notes, err);
	for (size_t i = 0; !ret && i < notes.n; i++)
		push_note(&part, t, notes.v[i]);
	if (!ret)
		ret = put_edits(t, files, err);
	pike_strs_release(&notes);
	part.spec = pike_xasprintf("%s:%s", t->v[0].device_path, kernel);
	PIKE_GROW(p->parts, p->nparts, p->parts_cap);
	p->parts[p->nparts++] = part;
	for (size_t i = 0; i < t->n; i++)
		pike_split_file_release(&files[i]);
	return ret;
}

/* The kernel that init would take of the file. */
static int pick_kernel(char **function, const char *path, const char *text,
		       struct pike_err *err)
{
	struct pike_signature s;
	int ret;

	if (*function)
		return 0;
	ret = pike_signature_read(&s, text, NULL, "__global__", NULL, err);
	if (ret) {
		pike_err_prefix(err, "%s", path);
		return ret;
	}
	*function = pike_xstrdup(s.entry);
	pike_signature_release(&s);
	return 0;
}

int pike_parted_add(struct pike_parted *p, struct pike_repo *repo,
		    const char *name, struct pike_err *err)
{
	struct taking t = { .p = p,
			    .repo = repo,
			    .top = pike_repo_workdir(repo) };
	char *path, *function, *text = NULL;
	struct pike_buf disk;
	int ret;

	pike_buf_init(&disk, FILE_MAX);
	ret = pike_scan_locate(&path, &function, &disk, t.top, name, err);
	if (!ret && !pike_ends_with(path, ".cu"))
		ret = pike_fail(err, PIKE_USAGE,
				"'%s' is not a *.cu file; --split is for CUDA",
				name);
	if (!ret)
		text = text_of(&t, path);
	if (!ret && !text)
		ret = pike_fail(err, PIKE_FAILED, "'%s' is not text", name);
	if (!ret)
		ret = pick_kernel(&function, path, text, err);
	if (!ret)
		ret = add_kernel_file(&t, path, pike_xstrdup(text), function,
				      err);
	if (!ret)
		ret = split(&t, function, err);
	taking_release(&t);
	pike_buf_release(&disk);
	free(text);
	free(function);
	free(path);
	return ret;
}

/* ---- to the disk ---- */

int pike_parted_write(struct pike_parted *p, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < p->n; i++) {
		struct pike_edit *e = &p->edits[i];

		ret = pike_write_file(e->path, e->text, strlen(e->text), err);
		e->written = !ret;
	}
	if (ret)
		pike_parted_undo(p);
	return ret;
}

void pike_parted_undo(struct pike_parted *p)
{
	struct pike_err err = PIKE_ERR_INIT;

	for (size_t i = p->n; i-- > 0;) {
		struct pike_edit *e = &p->edits[i];

		if (e->written && !e->old)
			unlink(e->path);
		if (e->written && e->old &&
		    pike_write_file(e->path, e->old, strlen(e->old), &err))
			pike_warn("'%s' is not as it was (`git checkout` has "
				  "it): %s",
				  e->path, err.text);
		e->written = false;
	}
}

void pike_parted_release(struct pike_parted *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->edits[i].path);
		free(p->edits[i].text);
		free(p->edits[i].old);
	}
	for (size_t i = 0; i < p->nparts; i++) {
		free(p->parts[i].spec);
		pike_strs_release(&p->parts[i].notes);
	}
	free(p->edits);
	free(p->parts);
	memset(p, 0, sizeof(*p));
}
