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

#endif
