/* SPDX-License-Identifier: Apache-2.0 */
/* archive: see archive.h. */
#include "base/archive.h"

#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
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
			 why ? why : "it is no archive that is known");
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
