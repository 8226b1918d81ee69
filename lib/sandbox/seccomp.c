/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: the filters (the last step of a box).
 *
 * Compilers get a deny list: they use too much of the system for anything
 * else. A runner is started under the same list, and puts on the tight list
 * itself before it loads a candidate, whose constructors run under it too. An
 * interpreter puts on a deny list of its own instead.
 * What no honest kernel does kills, so that it is seen as what it is.
 *
 * Made in the parent, once: it costs as much as a whole exec.
 */
#include "sandbox/inside_priv.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMESPACES                                                             \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |           \
	 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* By name: a call that this libseccomp does not know is skipped. */
static const char *const never[] = {
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"kcmp",
	"bpf",
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"mount",
	"umount",
	"umount2",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"pivot_root",
	"chroot",
	"setns",
	"pidfd_getfd",
	"open_by_handle_at",
	"swapon",
	"swapoff",
	"reboot",
	"iopl",
	"ioperm",
};

static const char *const refused[] = {
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"add_key",
	"keyctl",
	"request_key",
	"unshare",
	"sched_setscheduler",
	"sched_setattr",
	"acct",
	"quotactl",
	"name_to_handle_at",
	"syslog",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"fanotify_init",
	"lookup_dcookie",
	"vhangup",
};

/* What a runner and an honest kernel in it may need. */
static const char *const tight[] = {
	"read",
	"readv",
	"pread64",
	"write",
	"writev",
	"close",
	"fstat",
	"stat",
	"lstat",
	"newfstatat",
	"statx",
	"lseek",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getcwd",
	"getdents64",
	"fcntl",
	"dup",
	"dup2",
	"dup3",
	"pipe2",
	"eventfd2",
	"poll",
	"ppoll",
	"recvmsg",
	"sendmsg",
	"mmap",
	"mprotect",
	"munmap",
	"mremap",
	"madvise",
	"mincore",
	"brk",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sigaltstack",
	"tgkill",
	"restart_syscall",
	"futex",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"set_tid_address",
	"rseq",
	"membarrier",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"getcpu",
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getrandom",
	"getrusage",
	"times",
	"time",
	"gettimeofday",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"uname",
	"sysinfo",
	"getrlimit",
	"arch_prctl",
	"exit",
	"exit_group",
};

/* No honest kernel does these either. */
static const char *const tight_never[] = {
	"execve",
	"execveat",
	"fork",
	"vfork",
	"socket",
	"socketpair",
	"connect",
	"bind",
	"listen",
	"accept",
	"accept4",
	"kill",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"pidfd_open",
	"pidfd_send_signal",
	"setuid",
	"setgid",
	"setresuid",
	"setresgid",
	"seccomp",
	"unlink",
	"unlinkat",
	"rename",
	"renameat2",
	"process_madvise",
};

/* What a script may try in good faith, as one that compiles when it first runs
 * does, and is refused. */
static const char *const script_refused[] = {
	"execve",
	"execveat",
	"fork",
	"vfork",
	"socket",
	"socketpair",
	"connect",
	"bind",
	"listen",
	"accept",
	"accept4",
	"kill",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"pidfd_open",
	"pidfd_send_signal",
	"process_madvise",
	"setuid",
	"setgid",
	"setresuid",
	"setresgid",
	"seccomp",
	"setsid",
	"setpgid",
	"setpriority",
	"sched_setparam",
};

static int rules(scmp_filter_ctx c, uint32_t action, const char *const *names,
		 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);
		int rc;

		if (nr == __NR_SCMP_ERROR || nr < 0)
			continue;
		rc = seccomp_rule_add(c, action, nr, 0);
		if (rc && rc != -EDOM) {
			errno = -rc;
			return -1;
		}
	}
	return 0;
}
#define RULES(c, action, names) rules(c, action, names, PIKE_ARRAY_LEN(names))

/* One call under one condition on one argument. */
static int when(scmp_filter_ctx c, uint32_t action, const char *name,
		struct scmp_arg_cmp cmp)
{
	int nr = seccomp_syscall_resolve_name(name);
	int rc;

	if (nr == __NR_SCMP_ERROR || nr < 0)
		return 0;
	rc = seccomp_rule_add_array(c, action, nr, 1, &cmp);
	if (rc && rc != -EDOM) {
		errno = -rc;
		return -1;
	}
	return 0;
}

static scmp_filter_ctx filter_new(uint32_t action)
{
	scmp_filter_ctx c;

	/* What every kernel has that has Landlock. The library would ask this
	 * process's kernel, which answers otherwise under a debugger, though
	 * the filter is put on elsewhere. */
	seccomp_api_set(4);
	c = seccomp_init(action);
	if (!c)
		return NULL;
	seccomp_attr_set(c, SCMP_FLTATR_CTL_NNP, 1);
	/* Timing must not pay for a mitigation that only the filter asks. */
	seccomp_attr_set(c, SCMP_FLTATR_CTL_SSB, 1);
	return c;
}

/* Sockets of one family only, or of an agent, whose network is its own, TCP and
 * UDP too. */
static int fill_sockets(scmp_filter_ctx c, bool agent)
{
	uint32_t no = SCMP_ACT_ERRNO(EAFNOSUPPORT);

	if (!agent)
		return when(c, no, "socket", SCMP_A0(SCMP_CMP_NE, AF_UNIX));
	for (int family = 0; family < AF_MAX; family++)
		if (family != AF_UNIX && family != AF_INET &&
		    when(c, no, "socket",
			 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family)))
			return -1;
	return when(c, no, "socket", SCMP_A0(SCMP_CMP_GE, AF_MAX));
}

static int fill_loose(scmp_filter_ctx c, bool compile, bool agent)
{
	static const char *const one_more[] = { "seccomp" };
	static const char *const clone3[] = { "clone3" };
	uint32_t eperm = SCMP_ACT_ERRNO(EPERM);

	if (RULES(c, SCMP_ACT_KILL_PROCESS, never) ||
	    RULES(c, eperm, refused) ||
	    RULES(c, SCMP_ACT_ERRNO(ENOSYS), clone3) ||
	    fill_sockets(c, agent) ||
	    when(c, eperm, "ioctl",
		 SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, 0x5412)) ||
	    when(c, eperm, "ioctl",
		 SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, 0x541c)))
		return -1;
	for (uint64_t bit = 1; bit < (1ull << 32); bit <<= 1) {
		if ((bit & NAMESPACES) &&
		    when(c, eperm, "clone",
			 SCMP_A0(SCMP_CMP_MASKED_EQ, bit, bit)))
			return -1;
	}
	if (!compile)
		return 0;
	return RULES(c, eperm, one_more) ||
	       when(c, eperm, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
}

static int fill_tight(scmp_filter_ctx c, bool threads)
{
	static const char *const clone3[] = { "clone3" };
	uint32_t kill = SCMP_ACT_KILL_PROCESS, ok = SCMP_ACT_ALLOW;

	if (RULES(c, ok, tight) || RULES(c, kill, never) ||
	    RULES(c, kill, tight_never) ||
	    RULES(c, SCMP_ACT_ERRNO(ENOSYS), clone3) ||
	    when(c, kill, "clone",
		 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) ||
	    when(c, threads ? ok : SCMP_ACT_ERRNO(EAGAIN), "clone",
		 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) ||
	    /* A thread may place itself, and no other: short-lived threads
	     * stay for milliseconds on the core that they were born on. */
	    (threads &&
	     when(c, ok, "sched_setaffinity", SCMP_A0(SCMP_CMP_EQ, 0))) ||
	    when(c, ok, "openat",
		 SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC,
			 O_RDONLY)) ||
	    when(c, ok, "open",
		 SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC,
			 O_RDONLY)) ||
	    when(c, ok, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)) ||
	    when(c, ok, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0)))
		return -1;
	return 0;
}

/* Of an interpreter: it needs too much of the system for an allow list. */
static int fill_script(scmp_filter_ctx c, bool threads)
{
	static const char *const clone3[] = { "clone3" };
	uint32_t eperm = SCMP_ACT_ERRNO(EPERM);

	if (RULES(c, SCMP_ACT_KILL_PROCESS, never) ||
	    RULES(c, eperm, refused) || RULES(c, eperm, script_refused) ||
	    RULES(c, SCMP_ACT_ERRNO(ENOSYS), clone3) ||
	    when(c, eperm, "clone",
		 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) ||
	    (!threads &&
	     when(c, SCMP_ACT_ERRNO(EAGAIN), "clone",
		  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD))) ||
	    when(c, eperm, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)))
		return -1;
	return 0;
}

static int export_filter(int *out_fd, scmp_filter_ctx c, struct pike_err *err)
{
	int rc = pike_memfd(out_fd, "filter", 0, err);

	if (rc)
		return rc;
	errno = -seccomp_export_bpf(c, *out_fd);
	if (errno)
		rc = pike_fail_errno(err, PIKE_FATAL,
				     "cannot write a seccomp filter");
	if (!rc)
		rc = pike_memfd_seal(*out_fd, err);
	if (rc)
		close(*out_fd);
	return rc;
}

static int fill(scmp_filter_ctx c, enum pike_filter which)
{
	switch (which) {
	case PIKE_FILTER_TIGHT:
	case PIKE_FILTER_TIGHT_THREADS:
		return fill_tight(c, which == PIKE_FILTER_TIGHT_THREADS);
	case PIKE_FILTER_SCRIPT:
	case PIKE_FILTER_SCRIPT_THREADS:
		return fill_script(c, which == PIKE_FILTER_SCRIPT_THREADS);
	default:
		return fill_loose(c, which != PIKE_FILTER_RUN,
				  which == PIKE_FILTER_AGENT);
	}
}

static int make_filter(int *out_fd, enum pike_filter which,
		       struct pike_err *err)
{
	bool allow_list =
	    which == PIKE_FILTER_TIGHT || which == PIKE_FILTER_TIGHT_THREADS;
	scmp_filter_ctx c =
	    filter_new(allow_list ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW);
	int rc;

	if (!c)
		return pike_fail(err, PIKE_FATAL,
				 "cannot make a seccomp filter");
	if (fill(c, which))
		rc = pike_fail_errno(err, PIKE_FATAL,
				     "cannot fill a seccomp filter");
	else
		rc = export_filter(out_fd, c, err);
	seccomp_release(c);
	return rc;
}

int pike_box_filter(int *out_fd, enum pike_filter which, struct pike_err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int made[PIKE_FILTER_COUNT]; /* fd + 1 */
	int fd, rc = 0;

	pthread_mutex_lock(&lock);
	if (!made[which]) {
		rc = make_filter(&fd, which, err);
		if (!rc)
			made[which] = fd + 1;
	}
	*out_fd = made[which] - 1;
	pthread_mutex_unlock(&lock);
	return rc;
}
