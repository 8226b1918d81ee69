/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox: one box is one untrusted program (compiler or runner) in its own
 * namespaces, behind Landlock and seccomp, started by the small trusted
 * program pike-sandbox.
 *
 * The box dies as a whole, daemons included: with its program, at its wall
 * limit, by pike_box_kill, and when the thread that started it dies, even by
 * SIGKILL (so a thread that starts boxes must outlive them).
 */
#ifndef PIKE_SANDBOX_SANDBOX_H
#define PIKE_SANDBOX_SANDBOX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "model/result.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- isolation ---- */

enum pike_isolation {
	PIKE_I0,
	PIKE_I1,
	PIKE_I2,
	PIKE_I3
};

struct pike_isolation_info {
	enum pike_isolation level;
	bool userns, mounts, pidns, netns, seccomp, cgroup;
	int landlock_abi; /* 0: none */
	char remedy[512]; /* exact command to reach I2, "" when there */
};
/* Tries it for real (mount and pivot_root, not clone alone). Cached. */
int pike_isolation_probe(struct pike_isolation_info *out, struct pike_err *err);

/* ---- boxes ---- */

struct pike_warm;
struct pike_box_agent;

#define PIKE_BOX_LOG_MAX 65536

enum pike_box_kind {
	PIKE_BOX_COMPILE, /* toolchain, scratch /tmp, processes; no network */
	PIKE_BOX_RUN,	  /* libraries only, nothing writable, no processes */
	PIKE_BOX_BUILD,	  /* libraries, `folders`, scratch /tmp: NVRTC */
	PIKE_BOX_GPU,	  /* libraries, `folders`, `devices`, /sys: a GPU */
	/* As GPU, with scratch /tmp and processes: a profiler or sanitizer,
	 * which starts `runner` itself. In namespaces or not at all. */
	PIKE_BOX_TOOL,
	/* As RUN, but `memory` is of what is resident, looked at now and then:
	 * a sanitizer reserves far more addresses than there is memory. */
	PIKE_BOX_EXACT,
	/* An interpreter in `folders`, with `runner` as its script and nothing
	 * writable. `memory` as EXACT. In namespaces or not at all. */
	PIKE_BOX_PYTHON,
	/* The same with a GPU; with scratch /tmp, `files` and `output`. */
	PIKE_BOX_PYTHON_GPU,
	PIKE_BOX_PYTHON_BUILD,
	/* An interpreter that runs what it builds: PYTHON_BUILD with the
	 * toolchain, whose scratch may hold libraries to load; on a GPU. */
	PIKE_BOX_PYTHON_PRIME,
	PIKE_BOX_PYTHON_GPU_PRIME,
	/* A program of the user's in `work`: the toolchain, scratch /tmp that
	 * may hold programs, processes. `memory` as EXACT. In namespaces or
	 * not at all. The second one with a GPU. */
	PIKE_BOX_MODEL,
	PIKE_BOX_MODEL_GPU,
	/* A program of the user's that works on `files` (agent.h): the
	 * toolchain, scratch /tmp that may hold programs, processes. `memory`
	 * is of what all of them have resident. In namespaces or not at all. */
	PIKE_BOX_AGENT,
	PIKE_BOX_KINDS,
};

struct pike_box_opts {
	enum pike_box_kind kind;
	/* COMPILE, MODEL: argv[0] is looked up in /usr/bin and /bin; else it is
	 * the real path of a helper of ours, or TOOL, PYTHON: of a program in
	 * `folders`. AGENT: "/runner", or as MODEL. */
	const char *const *argv;
	/* TOOL, PYTHON..., AGENT (or NULL): what is /runner in there */
	const char *runner;
	/* BUILD, GPU, TOOL, PYTHON...: more folders to read in and execute
	 * from, and device nodes, by their real paths, or NULL. What is not
	 * there is left out. */
	const char *const *folders, *const *devices;
	/* MODEL...: this folder is /model in there, read-only, and where the
	 * program runs. Then "NAME\nPATH" each: what is at PATH is at
	 * /model/NAME, which the folder has; or NULL. */
	const char *work, *const *reads;
	const char *visible; /* GPU, TOOL: CUDA_VISIBLE_DEVICES in there */
	/* EXACT: LD_PRELOAD and ASAN_OPTIONS in there */
	const char *preload, *options;
	/* COMPILE, BUILD, PYTHON_BUILD, AGENT: put into the working directory,
	 * in the folders that their names have. */
	const struct pike_files *files;
	const struct pike_box_agent *agent; /* AGENT; see agent.h */
	/* COMPILE, BUILD, TOOL, PYTHON_BUILD: this file of the working
	 * directory is copied into `out_fd` (an unsealed memfd of any size)
	 * when the program has exited, with 0 if it is no TOOL. A missing file,
	 * no regular one or one over `out_max` is PIKE_BOX_NO_OUTPUT. AGENT:
	 * any text; what pike_left_read reads is there, however it ended. */
	const char *output; /* with a '/' at its end: a folder, packed */
	int out_fd;
	size_t out_max; /* 0: 16 MiB */
	int sock;	/* becomes the program's fd 3; -1: none */
	/* Scratch: a packed folder that another box has left in `out_fd`: it is
	 * /tmp/build in there, read-only but for a PRIME box; 0: none. In
	 * namespaces only. */
	int folder;
	int64_t wall_ms;
	int64_t memory; /* of addresses in a process; 0: 4 GiB; not GPU, TOOL */
	int threads; /* RUN, EXACT: as in the target; 1 means none besides main
		      */
	/* RUN, GPU, PYTHON: no host code of a candidate will run in it. Else
	 * the program finds the filter of system calls that it has to put on
	 * before it loads one in its fd 4: an interpreter a deny list, which
	 * lets no program be started, others the tight one. */
	bool device_code_only;
	const cpu_set_t *cpus; /* where the program runs; NULL: as the parent */
	int nice;
	enum pike_isolation require; /* less is PIKE_FATAL */
	/* PYTHON...: not executed, but a fork of this one (warm.h), of the same
	 * kind or of one without a GPU, which is ready; `words`: what its
	 * worker is told. NULL: none. */
	struct pike_warm *warm;
	const char *words;
};

enum pike_box_why {
	PIKE_BOX_EXITED,    /* with `status` */
	PIKE_BOX_SIGNALED,  /* by `signal` */
	PIKE_BOX_TIMED_OUT, /* wall limit */
	PIKE_BOX_CPU_LIMIT, /* SIGXCPU */
	PIKE_BOX_FILE_LIMIT,
	PIKE_BOX_FORBIDDEN, /* a system call that no honest code makes */
	PIKE_BOX_KILLED,    /* pike_box_kill, or SIGKILL from out of memory */
	PIKE_BOX_NO_OUTPUT,
	PIKE_BOX_FLOODED, /* AGENT: printed more than PIKE_BOX_FLOOD */
	PIKE_BOX_BROKEN,  /* the box could not be set up: log has the step */
};

struct pike_box_end {
	enum pike_box_why why;
	int status, signal;
	int64_t took_ns;     /* of the program; 0: not known */
	struct pike_buf log; /* stdout and stderr, capped, sanitized */
};
void pike_box_end_release(struct pike_box_end *e);
/* "exited with status 1", "was killed by signal 11 (Segmentation fault)",
 * "made a forbidden system call": for reasons. */
void pike_box_say(struct pike_buf *out, const struct pike_box_end *e);

struct pike_box;

/* Never blocks longer than it takes to spawn. The descriptors of `o` may be
 * closed at return. */
int pike_box_start(struct pike_box **out, const struct pike_box_opts *o,
		   struct pike_err *err);
bool pike_box_ended(const struct pike_box *b); /* does not wait */
/* The program's process id, as this process sees it; of a RUN box, once the
 * program runs. -1: this machine does not tell. */
pid_t pike_box_program(const struct pike_box *b);
/* Waits, at most wait_ms (< 0: its wall limit ends it anyway); PIKE_RETRY
 * when it still runs. Afterwards no process of the box is alive. May be
 * called again, and gives the same. PIKE_FATAL for PIKE_BOX_BROKEN. */
int pike_box_wait(struct pike_box_end *out, struct pike_box *b, int wait_ms,
		  struct pike_err *err);
void pike_box_kill(struct pike_box *b);
/* Stops or continues every process of the box; back when it is done. The
 * wall limit does not run meanwhile. */
int pike_box_freeze(struct pike_box *b, bool stop, struct pike_err *err);
/* PYTHON, PYTHON_GPU: the same for one that runs, once: /tmp/build, which was
 * empty, holds the folder, read-only. */
int pike_box_give(struct pike_box *b, int folder, struct pike_err *err);
/* Has its program run on these cores from now on, with all threads that it has
 * now and starts later; where this machine tells which process that is. */
bool pike_box_moves(void);
void pike_box_move(const struct pike_box *b, const cpu_set_t *cpus);
/* Kills what is left, and waits. NULL is legal. */
void pike_box_free(struct pike_box *b);

/* Path of a helper program beside the running one (or one folder up, where
 * tests lie). PIKE_FATAL when it is not there. */
int pike_box_helper(struct pike_buf *out, const char *name,
		    struct pike_err *err);

#endif
