/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enter: makes a box around the process that calls it, which is pike-sandbox,
 * or a fork of an interpreter that is kept warm (warm.h): the steps in the
 * order in which they are taken are here, mount.c, serve.c and become.c.
 *
 * It is never a fork of the process that holds keys and secrets. The outer
 * process stays in the parent's PID namespace and waits; the inner one is the
 * box's init.
 */
#include "sandbox/inside_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/rand.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPACES                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |           \
	 CLONE_NEWIPC | CLONE_NEWUTS)

/* n strings, one after another; `at` moves past them. */
static const char **read_strings(const char **at, uint32_t n, const char *end)
{
	const char **v = pike_xcalloc(n + 1, sizeof(*v));

	for (uint32_t i = 0; i < n; i++) {
		const char *nul = memchr(*at, 0, (size_t)(end - *at));

		if (!nul) {
			free(v);
			return NULL;
		}
		v[i] = *at;
		*at = nul + 1;
	}
	return v;
}

static int read_setup(struct pike_box_in *in)
{
	struct stat st;
	const char *p, *at;

	if (fstat(PIKE_FD_SETUP, &st) || st.st_size < (off_t)sizeof(*in->setup))
		return -1;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		 PIKE_FD_SETUP, 0);
	if (p == MAP_FAILED)
		return -1;
	in->setup = (const struct pike_box_setup *)(const void *)p;
	in->end = p + st.st_size;
	if (in->setup->magic != PIKE_BOX_MAGIC || in->setup->argc > 4096 ||
	    in->setup->nbinds > PIKE_BINDS_MAX ||
	    in->setup->kind >= PIKE_BOX_KINDS)
		return -1;
	in->traits = &pike_box_traits[in->setup->kind];
	at = p + sizeof(*in->setup);
	in->argv = read_strings(&at, in->setup->argc, in->end);
	in->binds =
	    in->argv ? read_strings(&at, in->setup->nbinds, in->end) : NULL;
	in->files = at;
	return in->binds ? 0 : -1;
}

static int die_with_parent(const struct pike_box_in *in)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -1;
	return getppid() == in->setup->parent ? 0 : -1;
}

/* Of a user that only this box has: the kernel counts the processes of a user
 * over all containers of a machine, which none of them can see, and a user's
 * processes may end each other. Where this container has so few users, nobody.
 * The range is nobody else's: systemd's table of user ids, "unused". */
static int become_user(void)
{
	uint32_t drawn = 0;
	uid_t uid;

	pike_random_bytes(&drawn, sizeof(drawn));
	uid = PIKE_BOX_UIDS + drawn % PIKE_BOX_NUIDS;
	if (!setresuid(uid, uid, uid) || errno != EINVAL)
		return geteuid() ? 0 : -1;
	return setresuid(PIKE_BOX_UID, PIKE_BOX_UID, PIKE_BOX_UID);
}

/* Root becomes somebody for real; in a container without such a user the
 * container's root is an ordinary user of the machine already. */
static int drop_root(struct pike_box_in *in)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) ||
	    setresgid(PIKE_BOX_UID, PIKE_BOX_UID, PIKE_BOX_UID) ||
	    become_user()) {
		if (errno == EINVAL)
			return 0;
		return pike_box_step(in, "become an unprivileged user");
	}
	/* Else the maps below belong to root. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) || die_with_parent(in))
		return pike_box_step(in, "follow the parent");
	return 0;
}

static int enter_namespaces(struct pike_box_in *in)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "%d %u 1", PIKE_BOX_UID, geteuid());
	snprintf(gids, sizeof(gids), "%d %u 1", PIKE_BOX_UID, getegid());
	if (unshare(SPACES | CLONE_NEWCGROUP) && unshare(SPACES))
		return pike_box_step(in, "make namespaces");
	if (pike_box_put("/proc/self/setgroups", "deny") ||
	    pike_box_put("/proc/self/uid_map", uids) ||
	    pike_box_put("/proc/self/gid_map", gids))
		return pike_box_step(in, "map the user");
	in->namespaces = true;
	return 0;
}

static int close_desk(struct pike_box_in *in)
{
	return in->traits->agent && pike_desk_close(in)
		   ? pike_box_step(in, "close the folder of an agent")
		   : 0;
}

/* The init: nothing after this runs outside of the box. */
static void inner(struct pike_box_in *in, int lifeline)
{
	struct pollfd p = { .fd = lifeline };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || poll(&p, 1, 0) < 0 || p.revents)
		_exit(1);
	in->report.features = PIKE_BOX_USERNS | PIKE_BOX_PIDNS |
			      PIKE_BOX_NETNS | PIKE_BOX_SECCOMP;
	if (sethostname("box", 3) || pike_box_root(in) ||
	    pike_box_place_files(in) || close_desk(in) ||
	    (in->report.features |= PIKE_BOX_MOUNTS, pike_box_serve(in)))
		send(PIKE_FD_CONTROL, &in->report, sizeof(in->report),
		     MSG_NOSIGNAL);
	_exit(0);
}

/* Waits for the init; SIGTERM from the parent kills it, and so the box. */
static int outer(pid_t init)
{
	sigset_t set;
	int sig;

	syscall(SYS_close_range, 3u, (unsigned)PIKE_FD_END - 1, 0u);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		if (sigwait(&set, &sig))
			continue;
		if (sig == SIGTERM)
			kill(init, SIGKILL);
		if (waitpid(init, NULL, WNOHANG) == init)
			return 0;
	}
}

static int in_namespaces(struct pike_box_in *in)
{
	sigset_t set;
	int lifeline[2];
	pid_t init;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	if (pipe2(lifeline, O_CLOEXEC))
		return pike_box_step(in, "make a pipe");
	init = fork();
	if (init < 0)
		return pike_box_step(in, "fork");
	if (!init) {
		close(lifeline[1]);
		inner(in, lifeline[0]);
	}
	close(lifeline[0]);
	return outer(init);
}

/* Landlock lets a memory file be executed wherever its original lies. */
static int detach_runner(struct pike_box_in *in)
{
	int fd = -1, rc = -1;

	if (!in->traits->helper || in->setup->probe)
		return 0;
	if (!pike_memfd(&fd, "runner", 0, NULL) && !pike_box_copy_runner(fd) &&
	    dup2(fd, PIKE_FD_RUNNER) >= 0)
		rc = 0;
	if (fd >= 0)
		close(fd);
	return rc ? pike_box_step(in, "copy the runner") : 0;
}

/* Level I1: no namespaces; orphans come to us, who kill until none is left. */
static int without_namespaces(struct pike_box_in *in)
{
	int rc = -1;

	in->report.text[0] = '\0';
	in->report.features = PIKE_BOX_SECCOMP;
	if (in->setup->has_folder)
		return pike_box_step(in, "unpack a build without namespaces");
	snprintf(in->dir, sizeof(in->dir), "/tmp/pike-box-XXXXXX");
	if (!mkdtemp(in->dir))
		return pike_box_step(in, "make a scratch folder");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		pike_box_step(in, "adopt orphans");
		goto out;
	}
	if (pike_box_place_files(in) || detach_runner(in))
		goto out;
	rc = pike_box_serve(in);
out:
	pike_rm_rf(in->dir, NULL);
	return rc;
}

static int make_box(struct pike_box_in *in)
{
	if (drop_root(in))
		return -1;
	in->report.landlock_abi = pike_box_landlock_abi();
	if (!enter_namespaces(in))
		return in_namespaces(in);
	if (in->setup->require >= PIKE_I2 || in->traits->tool)
		return -1;
	return without_namespaces(in);
}

void pike_box_enter(void (*program)(void))
{
	struct pike_box_in in = { .report = { .magic = PIKE_BOX_MAGIC },
				  .program = program };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (read_setup(&in)) {
		fputs("pike-sandbox is started by pike-git only\n", stderr);
		_exit(129);
	}
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	/* What is opened later must not lie at a place that is empty now. */
	while ((null = dup(null)) >= 0 && null < PIKE_FD_END)
		;
	syscall(SYS_close_range, (unsigned)PIKE_FD_END, ~0u, 0u);
	umask(022);
	if (die_with_parent(&in))
		_exit(1);
	if (make_box(&in))
		send(PIKE_FD_CONTROL, &in.report, sizeof(in.report),
		     MSG_NOSIGNAL);
	_exit(0);
}
