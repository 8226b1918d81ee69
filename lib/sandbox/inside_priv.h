/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox, the inside: what pike-git and pike-sandbox say to each other, and
 * the steps by which pike-sandbox builds a box. Both are of one build, so
 * structures travel as they are, behind a magic number.
 */
#ifndef PIKE_SANDBOX_INSIDE_PRIV_H
#define PIKE_SANDBOX_INSIDE_PRIV_H

#include "sandbox/agent.h"

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

#define PIKE_BOX_MAGIC 0x314b4950u
#define PIKE_BOX_UID 65534
#define PIKE_BOX_UIDS 0x70000000u
#define PIKE_BOX_NUIDS (1u << 24)
#define PIKE_BOX_OUT_MAX (16u << 20)

/* Where pike-sandbox finds its descriptors. */
enum pike_box_fds {
	PIKE_FD_SETUP = 3,
	PIKE_FD_CONTROL,
	PIKE_FD_LOG,
	PIKE_FD_OUT,
	PIKE_FD_SOCK,
	PIKE_FD_RUNNER,
	PIKE_FD_FOLDER, /* packed, for /tmp/build */
	PIKE_FD_FILTER, /* of the program's start */
	PIKE_FD_TIGHT,	/* the runner's, for later */
	PIKE_FD_END,	/* one past the last */
};
/* Where a runner finds its own: the tight filter that it puts on itself
 * before it loads a candidate, as an array of struct sock_filter. */
#define PIKE_RUNNER_SOCK 3
#define PIKE_RUNNER_FILTER 4

/* Head of the setup file; then argc strings, then nfiles times a name, a
 * uint64_t length and the bytes. */
struct pike_box_setup {
	uint32_t magic, kind;
	int32_t parent, nice, threads, require;
	int64_t wall_ms, memory;
	uint64_t out_max;
	uint32_t has_sock, has_cpus, has_folder, probe;
	uint32_t argc, nbinds, nfiles, has_runner;
	cpu_set_t cpus;
	char output[64], visible[64], preload[300], options[300];
};
/* After the argc strings come nbinds more: 'f' or 'd' (folder, device) and a
 * path; 'w' and the path of what is PIKE_BOX_WORK; 'r', a name in that, a
 * newline and a path. Of an agent: 'i' and its prompt; 'e' and a NAME=VALUE;
 * 'm' and the name of a file that it may change. */
#define PIKE_BOX_WORK "/model"
/* Of binds, as many as a setup may have. */
#define PIKE_BINDS_MAX 512

/* What a kind of box has. */
struct pike_box_traits {
	bool toolchain; /* all of /usr, else libraries only */
	bool narrow;	/* of these the few that its program is known to need,
			 * and no /proc: it opens what hostile text names */
	bool helper;	/* the program is one of ours, handed in */
	bool scratch;	/* a writable /tmp with the files in it */
	bool loads;	/* what lies there may be loaded and run */
	bool gpu;
	bool tool;   /* the program starts the helper */
	bool sparse; /* no limit of addresses, one of resident memory */
	bool script; /* the helper is one: the program interprets it */
	bool work;   /* the program runs in a folder of the user's */
	bool agent;  /* it works on files at PIKE_DESK, and has two doors */
};
extern const struct pike_box_traits pike_box_traits[];

/* Features that were reached, as bits. */
enum pike_box_feature {
	PIKE_BOX_USERNS = 1,
	PIKE_BOX_MOUNTS = 2,
	PIKE_BOX_PIDNS = 4,
	PIKE_BOX_NETNS = 8,
	PIKE_BOX_SECCOMP = 16,
};
/* The one message at the end of a box; other messages are one byte: 'S' and
 * 'C' from the parent (stop, continue), 'F' with a packed folder to fill
 * /tmp/build with, echoed when done; 'D' to the parent, with two doors. */
struct pike_box_report {
	uint32_t magic, why;
	int32_t status, signal;
	uint32_t features;
	int32_t landlock_abi;
	int64_t took_ns;
	uint64_t said;	/* of an agent: bytes that it printed */
	char text[256]; /* PIKE_BOX_BROKEN: the step */
};

enum pike_filter {
	PIKE_FILTER_COMPILE,
	PIKE_FILTER_AGENT,
	PIKE_FILTER_RUN,
	PIKE_FILTER_TIGHT,
	PIKE_FILTER_TIGHT_THREADS,
	PIKE_FILTER_SCRIPT,
	PIKE_FILTER_SCRIPT_THREADS,
	PIKE_FILTER_COUNT,
};
/* The filter as an array of struct sock_filter in a sealed memory file, made
 * at the first need and kept for the life of the process; not to be closed. */
int pike_box_filter(int *out_fd, enum pike_filter which, struct pike_err *err);

/* Waits for the box, and gives its raw report; the probe's way. */
int pike_box_last_report(struct pike_box_report *out, struct pike_box *b,
			 struct pike_err *err);

/* An environment: `at` ends with NULL, and points into `text`. */
struct pike_box_words {
	char *at[48], text[16384];
	size_t n, used;
};

/* What pike-sandbox holds while it works. */
struct pike_box_in {
	const struct pike_box_setup *setup;
	const struct pike_box_traits *traits;
	const char **argv;  /* argc + 1 */
	const char **binds; /* nbinds */
	const char *files;  /* first file record */
	const char *end;    /* of the setup */
	char dir[64];	    /* the program's working directory */
	struct pike_box_report report;
	pid_t child;
	int pipe; /* read end of the program's output */
	bool frozen, timed_out, overgrown, flooded, namespaces;
	bool waits; /* /tmp/build is empty, and may be filled */
	/* What runs in it, in this process; NULL: argv is executed. */
	void (*program)(void);
};

/* Of a program that runs in in->dir. */
void pike_box_environment(struct pike_box_words *w,
			  const struct pike_box_in *in);

/* The one function of pike-fork.so: as pike_box_enter, in a process that has
 * just been forked and holds `places[PIKE_FD_END]`, -1 for none. */
void pike_box_fork(const int *places, void (*program)(void))
    __attribute__((noreturn, visibility("default")));
/* Makes the box that PIKE_FD_SETUP describes around this process, which has one
 * thread and its descriptors at their places. Does not come back. */
void pike_box_enter(void (*program)(void)) __attribute__((noreturn));
/* Becomes argv[0] (a path) with all that forks of it must not change closed to
 * them; comes back only when that failed. */
int pike_box_launch(char *const *argv, char *const *env);
/* Where such a program finds its socket and pike-fork.so; one past them. */
#define PIKE_WARM_SOCK 3
#define PIKE_WARM_FORK 4
#define PIKE_WARM_FDS 5
/* Writes one text to a file that is there. */
int pike_box_put(const char *path, const char *text);
/* A mount is read-only from now on, with neither devices nor set-user-ids. */
int pike_box_close_mount(const char *path);
/* All give 0, or -1 with errno set and the step's name in report.text. */
int pike_box_root(struct pike_box_in *in);
int pike_box_fill(struct pike_box_in *in, int folder);
int pike_box_place_files(struct pike_box_in *in);
/* May a file of the setup be called so? No name leads out of its folder. */
bool pike_box_path_ok(const char *path);
/* A folder or file is seen at `to` as it is at `from`, or read-only. */
int pike_box_bind_over(const char *from, const char *to, bool closed);

/* ---- desk.c: where an agent works ---- */

/* Its folders, prompt and client below `stage`, the new root, and the doors,
 * which go to the parent. */
int pike_desk_make(const struct pike_box_in *in, const char *stage);
/* What is on it, but for what it may change, is read-only from now on. */
int pike_desk_close(const struct pike_box_in *in);
/* What it leaves, to PIKE_FD_OUT; see pike_left_read. */
int pike_desk_take(const struct pike_box_in *in);
/* Calls f for each file of the setup, until it is not 0; -1 for a record that
 * is none. */
struct pike_box_file {
	const char *name, *data;
	uint64_t len;
};
int pike_box_each_file(const struct pike_box_in *in,
		       int (*f)(void *ctx, const struct pike_box_file *file),
		       void *ctx);
/* The client (client.c): what `pike-git` is on a desk. */
int pike_desk_client(int argc, char **argv);
int pike_box_copy_runner(int to);
int pike_box_landlock(struct pike_box_in *in);
int pike_box_landlock_abi(void);
/* A folder as one stream in `to`, of at most `max` bytes, and back; -1 for what
 * is too large or too deep, or no folder, or for bytes that no folder gives. */
int pike_box_pack(int to, const char *folder, uint64_t max);
int pike_box_unpack(int from, const char *folder);
/* A sanitizer reads its own maps. */
static inline bool pike_box_without_proc(const struct pike_box_in *in)
{
#if defined(__SANITIZE_ADDRESS__)
	(void)in;
	return false;
#else
	return in->traits->narrow;
#endif
}
/* Calls f for each library that a narrow box has, until it is not 0. */
int pike_box_each_library(int (*f)(void *ctx, const char *path), void *ctx);
/* Becomes the program; comes back only when a step failed. */
void pike_box_become(struct pike_box_in *in, int out, int errors);
/* Waits for the program, serves the parent, reports; the exit status. */
int pike_box_serve(struct pike_box_in *in);
int pike_box_step(struct pike_box_in *in, const char *step);

#endif
