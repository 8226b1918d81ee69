/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive: the files of a folder or of an archive, as data, and archives of
 * such files. Reading writes nothing: names may be anything, absolute or with
 * '..', and links are left out.
 */
#ifndef PIKE_BASE_ARCHIVE_H
#define PIKE_BASE_ARCHIVE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

struct pike_archive_reader {
	void *ctx;
	/* Is this file's content asked for? */
	bool (*wants)(void *ctx, const char *name);
	/* `text` is a copy of the caller's own, NUL behind it; at most `most`
	 * bytes of the file. */
	int (*take)(void *ctx, const char *name, char *text, size_t len,
		    struct pike_err *err);
	size_t most;
	size_t entries; /* of any kind; more are PIKE_FAILED */
};
/* Of a folder and all below it, or of an archive: tar, zip, 7z or cpio, plain
 * or by gzip, bzip2, xz or zstd. PIKE_FAILED: it is none, torn, or too large.
 */
int pike_archive_read(const char *path, const struct pike_archive_reader *r,
		      struct pike_err *err);

struct pike_archive_file {
	const char *name; /* relative, with / */
	const void *data;
	size_t len;
};
/* Writes the files in their order as PATH.tar.zst, .tar.gz, .tar or .zip, what
 * the name says. The same files give the same bytes: no time, user or right of
 * this machine goes in. Whole or not at all. */
int pike_archive_write(const char *path, const struct pike_archive_file *v,
		       size_t n, struct pike_err *err);
/* PIKE_USAGE: the name ends in none of these. */
int pike_archive_check(const char *path, struct pike_err *err);

#endif
