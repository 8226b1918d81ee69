/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suite: the tasks of a benchmark suite, from a folder or an archive. Only for
 * import. What is read is data; nothing of it is run here.
 */
#ifndef PIKE_CMD_SUITE_H
#define PIKE_CMD_SUITE_H

#include "base/buf.h"
#include "base/err.h"
#include "model/suite.h"

struct pike_suite_file {
	struct pike_task task;
	char *text; /* of the file */
	size_t len;
	const char *unfit; /* why it is no model; or NULL */
};
struct pike_suite {
	struct pike_suite_file *v;
	size_t n, cap;
};
void pike_suite_release(struct pike_suite *s);
/* In the order of their levels and numbers, each name once. An archive may be
 * tar, zip, 7z or cpio, compressed or not. Links are not
 * followed. PIKE_FAILED: it cannot be read, or is larger than any suite. */
int pike_suite_read(struct pike_suite *out, const char *path,
		    struct pike_err *err);

#endif
