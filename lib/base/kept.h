/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept: what is worth keeping for the next process of this user, by content.
 *
 * Folders of files below `$XDG_CACHE_HOME/pike-git` (XDG Base Directory
 * Specification; ~/.cache where that is unset), whose user alone may write in
 * them. Never the reason for a failure: what cannot be read, or is not this
 * user's, is not there, and what cannot be written is not kept. No box of the
 * sandbox holds them, so no candidate can read or write there.
 */
#ifndef PIKE_BASE_KEPT_H
#define PIKE_BASE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Folders of it. */
enum pike_kept {
	PIKE_KEPT_BUILDS, /* machine code */
	PIKE_KEPT_KNOWN,  /* what was found out about tasks and interpreters */
};
/* Of all builds together; the ones that were not used for longest go first. */
#define PIKE_KEPT_BUILDS_BYTES ((int64_t)512 << 20)

/* A file of a folder, which `make` makes; NULL: there is none, or somebody else
 * may write to it. Freed by the caller. */
char *pike_kept_file(enum pike_kept kind, const char *key, bool make);
/* Keeps a file, whole or not at all; now and then removes old ones. */
void pike_kept_write(enum pike_kept kind, const char *key, const void *data,
		     size_t len);

#endif
