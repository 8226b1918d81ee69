/* SPDX-License-Identifier: Apache-2.0 */
/* version: which libgit2 runs, for doctor. */
#include "git/git.h"

#include <git2.h>
#include <stdio.h>

const char *pike_git_version(void)
{
	static char text[32];
	int major = 0, minor = 0, rev = 0;

	git_libgit2_version(&major, &minor, &rev);
	snprintf(text, sizeof(text), "%d.%d.%d", major, minor, rev);
	return text;
}
