/* SPDX-License-Identifier: Apache-2.0 */
/*
 * become: the last steps before the untrusted program runs: its
 * descriptors, core, limits, rights and filters, then exec.
 */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rooms for the runner itself and its libraries beside what it is given. */
#define OWN_MEMORY (256ll << 20)
/* Address space of one thread: its stack and its malloc arena. */
#define THREAD_MEMORY (256ll << 20)
#define MANY_PROCESSES 64
#define TOOL_PROCESSES 512 /* a profiler's threads */

/* Descriptors that live until exec. */
enum {
	AT_ERRORS = 10,
	AT_PROGRAM,
	AT_FILTER,
	AT_END
};

static int limit(int what, int64_t soft, int64_t hard)
{
	struct rlimit old,
	    r = { .rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard };

	if (getrlimit((__rlimit_resource_t)what, &old))
		return -1;
	if (old.rlim_max < r.rlim_max)
		r.rlim_max = old.rlim_max;
	if (r.rlim_max < r.rlim_cur)
		r.rlim_cur = r.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &r);
}

/* Address space: not a GPU's, whose driver reserves far more addresses than
 * there is memory, nor a sanitizer's, whose shadow is as large. */
static int limit_memory(const struct pike_box_in *in, int threads)
{
	int64_t memory = in->setup->memory;

#ifdef __SANITIZE_ADDRESS__
	return 0;
#endif
	if (in->traits->gpu || in->traits->sparse)
		return 0;
	if (memory <= 0)
		memory = 4ll << 30;
	if (!in->traits->scratch && threads > 1)
		memory += threads * THREAD_MEMORY;
	memory += OWN_MEMORY;
	return limit(RLIMIT_AS, memory, memory);
}

/* Threads that this user has on the whole machine: without a user namespace a
 * limit of processes counts them too. */
static int64_t tasks_of_user(void)
{
	struct dirent *e;
	DIR *proc = opendir("/proc");
	int64_t n = 0;

	while (proc && (e = readdir(proc))) {
		char path[64];
		struct stat st;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		/* A folder of threads has two links and one for each. */
		snprintf(path, sizeof(path), "/proc/%.20s/task", e->d_name);
		if (!stat(path, &st) && st.st_uid == getuid())
			n += (int64_t)st.st_nlink > 2 ? (int64_t)st.st_nlink - 2
						      : 1;
	}
	if (proc)
		closedir(proc);
	return n;
}

static int limits(const struct pike_box_in *in)
{
	const struct pike_box_setup *s = in->setup;
	bool many = in->traits->scratch || in->traits->gpu;
	int threads = s->threads > 1 ? s->threads : 1;
	int64_t cpu = (s->wall_ms / 1000 + 1) * 2 * threads;
	int64_t file = many ? 256ll << 20 : 0;
	/* A sanitizer lets no two variables share a place */
	int64_t stack = in->traits->sparse ? 256ll << 20 : 64ll << 20;
	/* Counted in this user namespace: our two, main, what it may add. */
	int64_t tasks = in->traits->tool ? TOOL_PROCESSES
			: many		 ? MANY_PROCESSES
					 : 3 + (threads > 1 ? threads : 0);

	if (limit(RLIMIT_CPU, cpu, cpu + 5) ||
	    limit(RLIMIT_FSIZE, file, file) || limit(RLIMIT_CORE, 0, 0) ||
	    limit(RLIMIT_NOFILE, 1024, 1024) ||
	    limit(RLIMIT_STACK, stack, stack) || limit(RLIMIT_MSGQUEUE, 0, 0))
		return -1;
	if (!in->traits->gpu && limit(RLIMIT_MEMLOCK, 65536, 65536))
		return -1;
	if (!in->namespaces)
		tasks += tasks_of_user();
	if (limit(RLIMIT_NPROC, tasks, tasks))
		return -1;
	return limit_memory(in, threads);
}

static int drop_rights(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS);
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap) && errno == EINVAL)
			break;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &h, none))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The program's filter, for this thread from now on. */
static int filter(void)
{
	struct sock_filter f[4096];
	struct sock_fprog p = { .filter = f };
	ssize_t n = pread(AT_FILTER, f, sizeof(f), 0);

	if (n <= 0 || (size_t)n >= sizeof(f) || (size_t)n % sizeof(f[0])) {
		errno = EINVAL;
		return -1;
	}
	p.len = (unsigned short)((size_t)n / sizeof(f[0]));
	/* Timing must not pay for a mitigation that only the filter asks. */
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &p);
}

static int move(int from, int to, int flags)
{
	return from < 0 || dup3(from, to, flags) == to ? 0 : -1;
}

/* Moves what the program keeps to its place, and what lives until exec behind
 * it; closes all else. */
static int descriptors(const struct pike_box_in *in, int out, int *errors)
{
	bool run = in->traits->helper && !in->setup->probe;
	/* Out of the way of the places that are filled below. */
	int err = fcntl(*errors, F_DUPFD_CLOEXEC, 32);
	int filt = fcntl(PIKE_FD_FILTER, F_DUPFD_CLOEXEC, 32);
	int sock =
	    in->setup->has_sock ? fcntl(PIKE_FD_SOCK, F_DUPFD_CLOEXEC, 32) : -1;
	int tight = run ? fcntl(PIKE_FD_TIGHT, F_DUPFD_CLOEXEC, 32) : -1;
	int prog = run ? fcntl(PIKE_FD_RUNNER, F_DUPFD_CLOEXEC, 32) : -1;

	if (dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return -1;
	syscall(SYS_close_range, 3u, 31u, 0u);
	*errors = AT_ERRORS;
	if (move(sock, PIKE_RUNNER_SOCK, 0) ||
	    move(tight, PIKE_RUNNER_FILTER, 0) ||
	    move(err, AT_ERRORS, O_CLOEXEC) ||
	    move(filt, AT_FILTER, O_CLOEXEC) ||
	    move(prog, AT_PROGRAM, O_CLOEXEC))
		return -1;
	syscall(SYS_close_range, (unsigned)AT_END, ~0u, 0u);
	return 0;
}

static void execute(struct pike_box_in *in)
{
	struct pike_box_words w;
	char *const *argv = (char *const *)(uintptr_t)in->argv;
	char *const *env = w.at;
	char path[256];

	pike_box_environment(&w, in);
	if (in->traits->helper && !in->traits->tool) {
		if (in->namespaces)
			execve("/runner", argv, env);
		else
			fexecve(AT_PROGRAM, argv, env);
		return;
	}
	if (argv[0][0] == '/') {
		execve(argv[0], argv, env);
		return;
	}
	snprintf(path, sizeof(path), "/usr/bin/%s", argv[0]);
	execve(path, argv, env);
	if (errno == ENOENT) {
		snprintf(path, sizeof(path), "/bin/%s", argv[0]);
		execve(path, argv, env);
	}
}

/* An agent's standard input. */
static int take_prompt(void)
{
	int fd = open(PIKE_DOORS "/prompt.md", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : move(fd, 0, 0);
}

/* The name of the first step that failed, NULL: none. */
static const char *confine(struct pike_box_in *in, int out, int *errors)
{
	const struct pike_box_setup *s = in->setup;

	setsid();
	/* Where memory runs out it goes first. */
	pike_box_put("/proc/self/oom_score_adj", "900");
	if (chdir(in->traits->work ? PIKE_BOX_WORK : in->dir))
		return "enter the working folder";
	if (in->traits->agent && take_prompt())
		return "read the prompt";
	if (descriptors(in, out, errors))
		return "move descriptors";
	if (s->has_cpus && sched_setaffinity(0, sizeof(s->cpus), &s->cpus))
		return "pin to a core";
	if (s->nice && setpriority(PRIO_PROCESS, 0, s->nice))
		return "lower the priority";
	if (limits(in))
		return "set limits";
	if (drop_rights())
		return "drop rights";
	if (pike_box_landlock(in) && s->require >= PIKE_I1)
		return "use Landlock";
	if (filter() && s->require >= PIKE_I1)
		return "use seccomp";
	return NULL;
}

/* Without exec nothing closes what was to live until then. */
static void run_here(struct pike_box_in *in)
{
	void (*program)(void) = in->program;

	/* As an interpreter has it. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);

	for (int fd = AT_ERRORS; fd < AT_END; fd++)
		close(fd);
	munmap((void *)(uintptr_t)in->setup,
	       (size_t)(in->end - (const char *)in->setup));
	program();
	_exit(1);
}

void pike_box_become(struct pike_box_in *in, int out, int errors)
{
	const char *step;
	sigset_t none;
	char text[256];
	int n;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	step = confine(in, out, &errors);
	if (!step && in->setup->probe)
		_exit(0);
	if (!step && in->program)
		run_here(in);
	if (!step) {
		execute(in);
		step = "start the program";
	}
	n = snprintf(text, sizeof(text), "%s: %s", step, strerror(errno));
	if (write(errors, text, (size_t)n) != n)
		_exit(126);
	_exit(127);
}
