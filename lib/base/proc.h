/* SPDX-License-Identifier: Apache-2.0 */
/* proc: run a program by argv (never a shell), bounded in time and output. */
#ifndef PIKE_BASE_PROC_H
#define PIKE_BASE_PROC_H

#include "buf.h"
#include "err.h"

#include <stdbool.h>
#include <sys/types.h>

struct pike_proc_opts {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *const *envp; /* NULL: the parent's own */
	const char *dir;	 /* NULL: the parent's own */
	const void *in;		 /* stdin, else /dev/null */
	size_t in_len;
	int timeout_ms; /* 0: none; then the process group is killed */
	size_t out_max; /* 0: 1 MiB; what is over is read and dropped */
	/* It has ended when it has, whatever of its group still holds its
	 * output: that is killed. Else the last one of them ends it. */
	bool alone;
};

struct pike_proc_result {
	int status; /* exit code, or 128 + signal */
	bool timed_out;
	struct pike_buf out, err;
};

/* 0 when the program ran, whatever its status; PIKE_FAILED when it could not
 * be started ("cannot run 'x': ..."). Always release `res`. */
int pike_proc_run(struct pike_proc_result *res,
		  const struct pike_proc_opts *opts, struct pike_err *err);
void pike_proc_result_release(struct pike_proc_result *res);

/* The same without waiting: `in` is copied, the rest of the options may go. */
struct pike_proc;
int pike_proc_start(struct pike_proc **out, const struct pike_proc_opts *o,
		    struct pike_err *err);
/* Reads and writes what can be; true: it has ended. Call it now and then. */
bool pike_proc_step(struct pike_proc *p);
const struct pike_proc_result *pike_proc_result(const struct pike_proc *p);
void pike_proc_free(struct pike_proc *p); /* kills it where it still runs */

#endif
