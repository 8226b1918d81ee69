/* SPDX-License-Identifier: Apache-2.0 */
/* archive: see archive.h. */
#include "base/archive.h"

#include "base/mem.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK 65536

struct reading {
	struct archive *a;
	const char *path;
	const struct pike_archive_reader *r;
	bool folder;
};

static int broken(const struct reading *g, struct pike_err *err)
{
	const char *why = archive_error_string(g->a);

	return pike_fail(err, PIKE_FAILED, "cannot read '%s': %s", g->path,
			 why ? why : "it is not an archive that is known");
}

static int read_file(const struct reading *g, const char *name,
		     struct pike_err *err)
{
	size_t most = g->r->most, n = 0;
	char *text = pike_xmalloc(most + 1);
	la_ssize_t part = 0;

	while (n < most &&
	       (part = archive_read_data(g->a, text + n, most - n)) > 0)
		n += (size_t)part;
	if (part < 0) {
		free(text);
		return broken(g, err);
	}
	text[n] = '\0';
	return g->r->take(g->r->ctx, name, pike_xrealloc(text, n + 1, 1), n,
			  err);
}

static int read_entries(const struct reading *g, struct pike_err *err)
{
	struct archive_entry *e = archive_entry_new();
	int ret = 0;

	for (size_t seen = 0; !ret; seen++) {
		int rc = archive_read_next_header2(g->a, e);
		const char *name = archive_entry_pathname(e);

		if (rc == ARCHIVE_EOF)
			break;
		if (rc < ARCHIVE_WARN)
			ret = broken(g, err);
		else if (seen >= g->r->entries)
			ret = pike_fail(err, PIKE_FAILED,
					"'%s' holds more than %zu files and "
					"folders: name a part of it",
					g->path, g->r->entries);
		else if (name && archive_entry_filetype(e) == AE_IFREG &&
			 g->r->wants(g->r->ctx, name))
			ret = read_file(g, name, err);
		if (!ret && g->folder && archive_read_disk_can_descend(g->a))
			archive_read_disk_descend(g->a);
	}
	archive_entry_free(e);
	return ret;
}

static int open_folder(struct reading *g)
{
	g->a = archive_read_disk_new();
	archive_read_disk_set_symlink_physical(g->a);
	archive_read_disk_set_behavior(
	    g->a, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS |
		      ARCHIVE_READDISK_NO_XATTR | ARCHIVE_READDISK_NO_ACL);
	return archive_read_disk_open(g->a, g->path);
}

static int (*const kinds[])(struct archive *) = {
	archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
	archive_read_support_filter_xz,	  archive_read_support_filter_zstd,
	archive_read_support_format_tar,  archive_read_support_format_zip,
	archive_read_support_format_7zip, archive_read_support_format_cpio,
};

static int open_archive(struct reading *g)
{
	g->a = archive_read_new();
	/* Not all: some filters start programs, some formats name files that
	 * are to be opened. */
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		kinds[i](g->a);
	return archive_read_open_filename(g->a, g->path, BLOCK);
}

int pike_archive_read(const char *path, const struct pike_archive_reader *r,
		      struct pike_err *err)
{
	struct reading g = { .path = path, .r = r };
	struct stat st;
	int ret = 0;

	if (stat(path, &st))
		return pike_fail_errno(err, PIKE_FAILED, "cannot read '%s'",
				       path);
	g.folder = S_ISDIR(st.st_mode);
	if ((g.folder ? open_folder : open_archive)(&g))
		ret = broken(&g, err);
	if (!ret)
		ret = read_entries(&g, err);
	archive_read_free(g.a);
	return ret;
}

/* ---- writing ---- */

/* The first day that a zip can name. */
#define THEN 315532800

static int plain(struct archive *a)
{
	return archive_write_add_filter_none(a);
}

/* Else the time of the writing stands in the file. */
static int gzip(struct archive *a)
{
	return archive_write_add_filter_gzip(a) ||
	       archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
}

static const struct {
	const char *ending;
	int (*format)(struct archive *a);
	int (*filter)(struct archive *a);
} writers[] = {
	{ ".tar.zst", archive_write_set_format_pax_restricted,
	  archive_write_add_filter_zstd },
	{ ".tar.gz", archive_write_set_format_pax_restricted, gzip },
	{ ".tar", archive_write_set_format_pax_restricted, plain },
	{ ".zip", archive_write_set_format_zip, plain },
};

static int kind_of(const char *path)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(writers); i++)
		if (pike_ends_with(path, writers[i].ending))
			return (int)i;
	return -1;
}

int pike_archive_check(const char *path, struct pike_err *err)
{
	return kind_of(path) >= 0
		   ? 0
		   : pike_fail(err, PIKE_USAGE,
			       "'%s': an archive's name ends in .tar.zst, "
			       ".tar.gz, .tar or .zip",
			       path);
}

static int write_one(struct archive *a, const struct pike_archive_file *f)
{
	struct archive_entry *e = archive_entry_new();
	int rc;

	archive_entry_set_pathname(e, f->name);
	archive_entry_set_size(e, (la_int64_t)f->len);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, THEN, 0);
	rc = archive_write_header(a, e);
	if (!rc && archive_write_data(a, f->data, f->len) != (la_ssize_t)f->len)
		rc = ARCHIVE_FATAL;
	archive_entry_free(e);
	return rc;
}

int pike_archive_write(const char *path, const struct pike_archive_file *v,
		       size_t n, struct pike_err *err)
{
	int kind = kind_of(path), ret = pike_archive_check(path, err), rc;
	struct archive *a;
	char *tmp;

	if (ret)
		return ret;
	a = archive_write_new();
	tmp = pike_xasprintf("%s.tmp", path);
	rc = writers[kind].format(a) || writers[kind].filter(a) ||
	     archive_write_open_filename(a, tmp);
	for (size_t i = 0; !rc && i < n; i++)
		rc = write_one(a, &v[i]);
	rc = archive_write_close(a) || rc;
	if (rc)
		ret =
		    pike_fail(err, PIKE_FAILED, "cannot write '%s': %s", path,
			      archive_error_string(a) ? archive_error_string(a)
						      : "unknown error");
	else if (rename(tmp, path))
		ret = pike_fail_errno(err, PIKE_FAILED, "cannot write '%s'",
				      path);
	if (ret)
		remove(tmp);
	archive_write_free(a);
	free(tmp);
	return ret;
}
