/* SPDX-License-Identifier: Apache-2.0 */
/* step: what the steps to a box have in common. */
#include "sandbox/inside_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int pike_box_step(struct pike_box_in *in, const char *step)
{
	int e = errno;

	in->report.why = PIKE_BOX_BROKEN;
	snprintf(in->report.text, sizeof(in->report.text), "%s: %s", step,
		 strerror(e));
	errno = e;
	return -1;
}

int pike_box_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = (ssize_t)strlen(text);
	int rc;

	if (fd < 0)
		return -1;
	rc = write(fd, text, (size_t)len) == len ? 0 : -1;
	close(fd);
	return rc;
}
