/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: runner processes. A runner is one loaded kernel in a fresh sandboxed
 * process with output buffers of its own; `sample` poisons them, has the
 * kernel called, and believes nothing but what it reads from them itself.
 */
#ifndef PIKE_EVAL_PROCESS_PRIV_H
#define PIKE_EVAL_PROCESS_PRIV_H

#include "eval/judge_priv.h"

/* Why a candidate's process is no good. */
struct pike_fault {
	enum pike_verdict v; /* PENDING: none */
	char reason[768];
	double max_abs, rel_l2;
	struct pike_buf log; /* what it printed */
};
void pike_fault_init(struct pike_fault *f);
void pike_fault_release(struct pike_fault *f);
void pike_fault_set(struct pike_fault *f, enum pike_verdict v, const char *fmt,
		    ...) __attribute__((format(printf, 3, 4)));

struct pike_process_opts {
	const struct pike_build *build;
	enum pike_real real; /* NONE for kernels, else the reference */
	const cpu_set_t *cpus;
	int64_t memory; /* address space, bytes */
	bool exact;	/* built with sanitizers: exact_priv.h */
	/* A fork, where there is something to fork from: not what is confirmed,
	 * and not what is compared with what is none. */
	bool warm;
};
/* A runner that has nothing loaded yet: where those are slow to get ready, one
 * that was started before it was needed, for this one use. */
int pike_process_take(struct pike_process *p, struct pike_judge *j,
		      const struct pike_process_opts *o, struct pike_err *err);
/* 0; 1 when the kernel is at fault and `f` says how; else an error. One that
 * is started already only loads. */
int pike_process_open(struct pike_process *p, struct pike_judge *j,
		      const struct pike_process_opts *o, struct pike_fault *f,
		      struct pike_err *err);
int pike_process_bind(struct pike_process *p, const struct pike_bind *b,
		      const struct pike_call *calls, size_t n,
		      struct pike_fault *f, struct pike_err *err);
/* As pike_conn_draw. */
int pike_process_draw(struct pike_process *p, uint32_t call, uint64_t seed,
		      struct pike_fault *f, struct pike_err *err);
int pike_process_run(struct pike_timed *out, struct pike_process *p,
		     const struct pike_judge *j, uint32_t first, uint32_t n,
		     int deadline_ms, struct pike_fault *f,
		     struct pike_err *err);
/* After an answer: one that is to be stopped between its calls is. */
void pike_process_rest(struct pike_process *p);
/* GPU: one call, again and again, back to back; ns a call by the judge's own
 * clock. */
int pike_process_sustain(double *ns, struct pike_process *p, uint32_t call,
			 uint32_t repeat, int deadline_ms, struct pike_fault *f,
			 struct pike_err *err);
/* `exact`: must notice an access that is planted, and ends then; adds what it
 * has printed to `log`. */
int pike_process_plant(struct pike_process *p, int deadline_ms,
		       struct pike_buf *log, struct pike_fault *f,
		       struct pike_err *err);
void pike_process_close(struct pike_process *p);
/* Starts runners before they are needed, where they are slow to get ready. */
void pike_processes_ahead(struct pike_judge *j);
/* Ends the runners that were started before they were needed. */
void pike_processes_drop(struct pike_judge *j);
/* Starts what they are forks of; does not wait for it. */
void pike_judge_warm_up(struct pike_judge *j);
/* NULL: there is none. */
struct pike_warm *pike_judge_warm(struct pike_judge *j);
/* Has it import more, once each; NULL: nothing. */
void pike_judge_import(struct pike_judge *j, const char *module);
int pike_deadline_ms(const struct pike_judge *j, int64_t call_ns, uint32_t n);

struct pike_runner {
	struct pike_judge *j;
	struct pike_pool *pool;
	struct pike_process process;
	/* By argument: what the process sees of it. A set's values are copied
	 * there just before the call that is timed on them, so that no earlier
	 * call can work ahead (README.md, protocol 1). */
	struct pike_mem *mem;
	size_t nslots;	/* output slots; set s uses slot s % nslots */
	size_t nwarm;	/* last sets of the pool, with slots of their own */
	uint64_t *hash; /* [slot]; of what a checked call left there */
	bool *held;	/* [slot] */
	uint8_t canary[PIKE_CANARY];
	uint64_t *poison; /* [slot * nargs + arg]: one element, repeated */
	void *copy;	  /* of the output last fetched; may be NULL */
	bool hide;	  /* fresh data: reasons without values and positions */
	/* The next sample finds what the one before has left: see enum
	 * pike_found. */
	bool kept;
	uint32_t max_threads;
	/* What the last sample used, from before it was asked for until its
	 * outputs were checked: work after the answer is in it. `told` false:
	 * this machine does not tell, or it has several threads. */
	struct pike_used used;
	bool told;
	uint64_t digest; /* of the outputs, when the sample was answered */
};

struct pike_runner_opts {
	const struct pike_build *build;
	struct pike_pool *pool;
	size_t nslots, nwarm;
	bool hide;
	const cpu_set_t *cpus;	    /* NULL: the timed ones */
	bool exact, warm;	    /* as in pike_process_opts */
	struct pike_process *ahead; /* of pike_runner_ahead: is taken */
};
/* Where the arguments of a set are, of nslots + nwarm. */
size_t pike_runner_slot(const struct pike_runner *r, size_t set);
/* Does host code of a candidate rule over a GPU in there? */
bool pike_runner_may_work_on(const struct pike_runner *r);
/* Only starts the process of one that is opened next. */
int pike_runner_ahead(struct pike_process *p, struct pike_judge *j,
		      const struct pike_runner_opts *o, struct pike_err *err);
/* As pike_process_open. `*out` is set on success only. */
int pike_runner_open(struct pike_runner **out, struct pike_judge *j,
		     const struct pike_runner_opts *o, struct pike_fault *f,
		     struct pike_err *err);
/* One sample on sets [first, first+n): poisoned, run, checked, remembered. */
int pike_runner_sample(struct pike_timed *out, struct pike_runner *r,
		       uint32_t first, uint32_t n, int deadline_ms,
		       struct pike_fault *f, struct pike_err *err);
/* The output of the set's last call, on the host, until the next call. */
int pike_runner_output(const void **out, struct pike_runner *r, size_t set,
		       size_t arg, struct pike_err *err);
/* Untimed and unchecked: warm-up. */
int pike_runner_warm(struct pike_timed *out, struct pike_runner *r,
		     uint32_t first, uint32_t n, int deadline_ms,
		     struct pike_fault *f, struct pike_err *err);
/* GPU: one set, `repeat` times back to back; ns a call by the judge's clock. */
int pike_runner_sustain(double *ns, struct pike_runner *r, uint32_t set,
			uint32_t repeat, int deadline_ms, struct pike_fault *f,
			struct pike_err *err);
/* At the end of a round: no output changed since it was read. */
int pike_runner_settled(struct pike_runner *r, struct pike_fault *f,
			struct pike_err *err);
void pike_runner_close(struct pike_runner *r);
/* Kills one that holds a GPU, and does not wait for its end, which takes a
 * tenth of a second: the next round warms up meanwhile. Before anything is
 * timed, pike_runners_gone sees to it that nothing of them is left. */
void pike_runner_end(struct pike_runner *r);
void pike_runners_gone(struct pike_judge *j);

#endif
