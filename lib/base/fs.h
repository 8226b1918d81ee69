/* SPDX-License-Identifier: Apache-2.0 */
/* fs: files that are read bounded, appear whole or not at all, and vanish. */
#ifndef PIKE_BASE_FS_H
#define PIKE_BASE_FS_H

#include "buf.h"
#include "err.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads a whole file into `out` (appends); too large is PIKE_FAILED. */
int pike_read_file(struct pike_buf *out, const char *path,
		   struct pike_err *err);
int pike_read_fd(struct pike_buf *out, int fd, struct pike_err *err);
/* Writes by temporary name and rename, so readers see old or new, whole. */
int pike_write_file(const char *path, const void *data, size_t len,
		    struct pike_err *err);
int pike_write_all(int fd, const void *data, size_t len, struct pike_err *err);
int pike_mkdir_p(const char *path, mode_t mode, struct pike_err *err);
/* Removes a tree; never follows a symbolic link; missing is success. */
int pike_rm_rf(const char *path, struct pike_err *err);

/* Takes an flock on `path` (created 0600, close-on-exec). With `wait_ms` 0 a
 * busy lock is PIKE_RETRY at once; < 0 waits for ever. Close the fd to give
 * it back; the kernel does when the process dies. */
int pike_flock(int *out_fd, const char *path, int wait_ms,
	       struct pike_err *err);

/* An anonymous file of `size` bytes, sealable, close-on-exec. */
int pike_memfd(int *out_fd, const char *name, size_t size,
	       struct pike_err *err);
/* Seals against write, shrink and grow: nobody can change it any more. */
int pike_memfd_seal(int fd, struct pike_err *err);

/* Folder of the running program, for its helpers and templates. Static. */
const char *pike_exe_dir(void);
/* A template of the program, by its path below `templates`: in the folder
 * named by PIKE_TEMPLATES, else beside the program. */
int pike_read_template(struct pike_buf *out, const char *name,
		       struct pike_err *err);
/* The same of another file that came with the program, "hooks/pre-push": beside
 * the templates, else beside the program or one folder above it. */
int pike_read_shipped(struct pike_buf *out, const char *path,
		      struct pike_err *err);

#endif
