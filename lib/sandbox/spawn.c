/* SPDX-License-Identifier: Apache-2.0 */
/* spawn: finds the helpers of this program, and starts pike-sandbox. */
#include "sandbox/places_priv.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

int pike_box_helper(struct pike_buf *out, const char *name,
		    struct pike_err *err)
{
	static const char *const folders[] = { "", "/.." };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(folders); i++) {
		pike_buf_reset(out);
		if (pike_buf_addf(out, "%s%s/%s", pike_exe_dir(), folders[i],
				  name))
			break;
		if (!access(out->s, X_OK))
			return 0;
	}
	return pike_fail(err, PIKE_FATAL,
			 "cannot find '%s' in '%s'; build or install pike-git "
			 "anew, as a whole",
			 name, pike_exe_dir());
}

static int spawn_at(pid_t *out, const char *path, char *const *argv,
		    char *const *env, const int *fds, int n)
{
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	posix_spawn_file_actions_init(&acts);
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0)
			posix_spawn_file_actions_adddup2(&acts, fds[i], i);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	/* Of its own group: a Ctrl-C of the terminal is ours to act on. */
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(out, path, &acts, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&acts);
	return rc;
}

int pike_box_spawn(pid_t *out, char *const *argv, char *const *env,
		   const int *fds, int n, struct pike_err *err)
{
	struct pike_buf path;
	int rc;

	pike_buf_init(&path, 8192);
	rc = pike_box_helper(&path, "pike-sandbox", err);
	if (!rc) {
		errno = spawn_at(out, path.s, argv, env, fds, n);
		if (errno)
			rc = pike_fail_errno(err, PIKE_FATAL, "cannot run '%s'",
					     path.s);
	}
	pike_buf_release(&path);
	return rc;
}
