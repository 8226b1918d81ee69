/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch: starts an interpreter that boxes will be forks of (warm.h). A fork
 * still has the program that it is from as /proc/self/exe, and may own that
 * file: so the program lies on a mount that is read-only, as in a box.
 */
#include "sandbox/inside_priv.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As root without a new user namespace, which boxes then have for real. */
static int enter_spaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char uids[64], gids[64];

	if (!uid && !unshare(CLONE_NEWNS))
		return 0;
	snprintf(uids, sizeof(uids), "%u %u 1", uid, uid);
	snprintf(gids, sizeof(gids), "%u %u 1", gid, gid);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -1;
	return pike_box_put("/proc/self/setgroups", "deny") ||
		       pike_box_put("/proc/self/uid_map", uids) ||
		       pike_box_put("/proc/self/gid_map", gids)
		   ? -1
		   : 0;
}

int pike_box_launch(char *const *argv, char *const *env)
{
	const char *exe = argv[0];

	if (chdir("/") || enter_spaces() ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(exe, exe, NULL, MS_BIND, NULL) || pike_box_close_mount(exe))
		return -1;
	syscall(SYS_close_range, (unsigned)PIKE_WARM_FDS, ~0u, 0u);
	execve(exe, argv, env);
	return -1;
}
