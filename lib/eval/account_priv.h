/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account: what the kernel has on its books about a runner, read from outside.
 * A process can lie about its times, but not about these: the processor time
 * it was given (its CPU clock, clock_getcpuclockid(3)), the time it stood in
 * line for a core, and how often it got one (/proc/PID/schedstat,
 * Documentation/scheduler/sched-stats.rst of Linux).
 *
 * That is what makes a shared core bearable. A process of one thread uses a
 * core, waits for one, or sleeps. Time in line is the machine's doing and is
 * taken off; processor time is the kernel's own, whoever else runs. So no
 * sample has to be dropped, and there is no rule of dropping that a candidate
 * could steer by yielding, sleeping or getting itself preempted when it is
 * slow: what it computes is counted all the same.
 *
 * Several threads cannot be told apart so: one that waits may wait for another
 * of the same kernel, and one that spins uses up time that another has lost.
 * There the judge's own clock counts, from the moment that lets the process go
 * on. Until then it is stopped: no thread of one arm takes a core from another
 * (nor a thread pool that spins after its work, as OpenMP's does), and none
 * sees inputs before the clock starts. And right before and after each pair,
 * when all arms are stopped, the judge looks whether there are cores for all
 * who want one: else the pair is dropped. No arm has a say in that.
 */
#ifndef PIKE_EVAL_ACCOUNT_PRIV_H
#define PIKE_EVAL_ACCOUNT_PRIV_H

#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct pike_account {
	bool held; /* by pike_account_open; all zeros is legal */
	bool open; /* the numbers can be read */
	int pidfd, schedstat;
	clockid_t clock;
};

/* Of the program in a box, once it has answered. Where this machine does not
 * tell, `open` is false, and nothing below does anything. */
void pike_account_open(struct pike_account *a, const struct pike_box *b);
void pike_account_close(struct pike_account *a);

/* Since its start, of the whole process but for `wait_ns` and `turns`, which
 * are its main thread's. Exact, also while it runs. */
struct pike_used {
	int64_t cpu_ns, wait_ns;
	uint64_t turns;	  /* on a core */
	int64_t judge_ns; /* the judge stood in line: the runner's to fill in */
};
/* How long the calling thread has stood in line so far; 0: it is not told. */
int64_t pike_account_own_wait(void);
bool pike_account_read(struct pike_used *out, const struct pike_account *a);
/* "123 456 7", as in /proc/PID/schedstat; false: it is something else. */
bool pike_account_parse(struct pike_used *out, const char *text);

/* Tasks of the machine that run or want to, the caller among them, as the
 * fourth field of /proc/loadavg (proc(5)) has it; 0: it is not told. */
int pike_account_runnable(void);

/* Stops all threads of the process, or lets them go on; back at once. false:
 * it cannot be told. */
bool pike_account_stop(const struct pike_account *a, bool stop);

#endif
