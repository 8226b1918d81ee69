/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device: find, lock, build for, launch on and time on a device.
 *
 * A backend is a row of a const table. It never judges: an arm (one loaded
 * kernel in one runner process) gives raw samples, whose times are claims that
 * lib/eval checks against its own clock and whose outputs it reads itself.
 *
 * The runner is a separate small program (pike-run-cpu; for PyTorch models the
 * script pike-run-torch.py) that shares with the judge one socket and memory
 * files only. It never sees a truth, a tolerance,
 * a seed or a path.
 */
#ifndef PIKE_DEVICE_DEVICE_H
#define PIKE_DEVICE_DEVICE_H

#include "base/err.h"
#include "base/json.h"
#include "device/launch.h"
#include "model/result.h"
#include "model/tensor.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- what a judge has to know of a backend ---- */

enum pike_location {
	PIKE_ON_HOST,
	PIKE_ON_GPU, /* the judge has a context there: gpu.h */
};
enum pike_noise {
	/* Kernels share cores with whatever else this machine does: cores are
	 * warmed, builds that would disturb wait. */
	PIKE_NOISE_CORE,
	/* Kernels have a GPU of their own, whose clock moves with its load, and
	 * where a process lies in memory decides about short kernels. */
	PIKE_NOISE_GPU,
};
/* A property of the kernels of a backend each; none follows from another. What
 * a row does not set is the strict treatment. */
struct pike_backend_traits {
	/* No host code of a candidate runs in the process that reports times.
	 * Else its times are settled by the judge's clock, a time that cannot
	 * be stays `tamper`, and the process is under the tight filter of
	 * system calls. */
	bool device_code_only;
	enum pike_location memory; /* where arguments live */
	enum pike_noise noise;
	/* A sample is one call, which the device times itself; else as many as
	 * the judge's clock needs. */
	bool single_call;
	/* A runner takes a tenth of a second or more to start and to end: some
	 * are started before they are needed. */
	bool slow_start;
	/* The runner clears the variables and scratch of a kernel before each
	 * call, unless told not to: PIKE_FINDS_KEPT. */
	bool clears;
	/* To load and to bind may take as long as a target's timeout. */
	bool slow_load;
	/* The runner is a script: how long its answers take varies. */
	bool interpreted;
	/* A candidate's build needs the reference's sources. */
	bool needs_reference;
	/* A driver has threads of its own in the process, so how many there
	 * are says nothing of the candidate's. */
	bool driver_threads;
	/* One process of the same code takes as long as the next; else a
	 * screening, which is of one, has to be confirmed by another. */
	bool steady;
	/* pike_conn_sustain works. */
	bool sustains;
	/* NVIDIA's tools (tools.h) can look on. */
	bool tools;
};

/* ---- find and lock ---- */

struct pike_backend; /* a row of backend.c */
struct pike_python;  /* python.h */

struct pike_device_info {
	const struct pike_backend *backend; /* that found it */
	char lane[65];	     /* default lane: "cpu", "nvidia-h200" */
	char model[128];     /* "AMD EPYC ...", "NVIDIA H200" */
	char toolchain[256]; /* first line of cc --version, or "NVRTC 13.0" */
	char driver[128];    /* kernel release for cpu, driver for a GPU */
	char lock[96];	/* for pike_device_lock; tells one GPU from another */
	int ncores;	/* cores this process may run on */
	int core;	/* the one timed on: the last, not 0 */
	int judge_core; /* where the judge and builds run; -1: none */
	bool sibling;	/* judge_core shares a physical core with it */
	int64_t llc_bytes; /* last-level cache, a GPU's L2 */
	/* GPUs only: which one it is to the driver, to the kernel, and what it
	 * allows a launch. */
	int index;
	char uuid[48], bus[32], arch[16]; /* arch: "sm_90a" */
	int sms;
	struct pike_sm { /* what one of them can hold at a time */
		int threads, blocks, registers, shared; /* shared: bytes */
	} sm;
	int64_t memory; /* bytes */
	struct pike_launch_limits limits;
	const struct pike_python *python; /* torch: the process's own */
};
/* PIKE_FAILED with the remedy when the device cannot be used. Of several GPUs
 * that CUDA_VISIBLE_DEVICES leaves, the first that no other process of this
 * kind has taken; it is this process's from then on. */
int pike_device_find(struct pike_device_info *out, const char *backend,
		     struct pike_err *err);
/* What can be built for, though perhaps not run on: a GPU of `arch` ("sm_90"),
 * or where that is NULL, the one that is here, else sm_90a. For a backend
 * whose builds run on this machine only as pike_device_find. */
int pike_device_find_arch(struct pike_device_info *out, const char *backend,
			  const char *arch, struct pike_err *err);
/* Has `toolchain` name what builds this target, where that is another one. */
int pike_device_compiler(struct pike_device_info *info,
			 const struct pike_target *t, struct pike_err *err);
/* What a programmer wants to know of it, "- " a fact and line. */
void pike_device_card(struct pike_buf *out,
		      const struct pike_device_info *info);
/* env_info of a result: no host name, no serial number. */
struct pike_json *pike_device_env(const struct pike_device_info *info,
				  const char *lane);
/* All strict for a device that no backend has found. */
const struct pike_backend_traits *
pike_device_traits(const struct pike_device_info *d);
/* How a runner is started. */
struct pike_command {
	struct pike_strs argv;
	enum pike_box_kind box;
	bool script; /* the runner is one, which argv[0] interprets */
	/* A process to fork runners from (sandbox/warm.h), and what a fork is
	 * told to be one; n = 0: there is none for this target. */
	struct pike_strs warm;
	char words[48];
};
void pike_command_release(struct pike_command *c);
void pike_device_command(struct pike_command *out,
			 const struct pike_device_info *info,
			 const struct pike_target *t, const char *runner);
/* What a runner's sandbox must hold beside libraries: folders to read, device
 * nodes. Nothing for a cpu. */
void pike_device_needs(struct pike_strs *folders, struct pike_strs *nodes,
		       const struct pike_device_info *info);

/* One benchmark per device at a time, over all processes and users of the
 * machine: an flock in /run/lock, /dev/shm or TMPDIR by the name in `lock` of
 * the device's info. wait_ms as pike_flock. */
int pike_device_lock(int *out_fd, const char *name, int wait_ms,
		     struct pike_err *err);
/* Does somebody hold it, and for how many seconds (-1: unknown)? Only looks. */
bool pike_device_busy(int64_t *out_s, const char *name);
/* Names of all GPU locks that this machine has seen: "cuda-GPU-..." (somebody
 * measures); with "-owner" behind it somebody's who chose that GPU. */
void pike_device_locks(struct pike_strs *out);

/* Ceilings for the roofline, measured once per process with the given number
 * of threads on the timed core(s), or on the GPU: bytes per second of a large
 * copy (read + write counted), and FLOP per second of independent FMAs in
 * f32; `again`: anew, the higher ones kept, as others' work can only have made
 * them too low. Source: STREAM's copy rule for the counting (McCalpin). */
struct pike_ceilings {
	double copy_bps, fma_flops;
};
int pike_device_ceilings(struct pike_ceilings *out,
			 const struct pike_device_info *info, int threads,
			 bool again, struct pike_err *err);

/* ---- build ---- */

/* What to run in the compile sandbox: files to put there (read-only)
 * and a command that leaves one file, `output`. */
struct pike_build_plan {
	struct pike_files files;
	struct pike_strs argv;
	const char *helper;	  /* program of ours for argv[0]; NULL: cc */
	const char *script;	  /* ours, which argv[0] interprets; or NULL */
	int64_t memory;		  /* script: as of its box */
	struct pike_strs folders; /* that a helper may read */
	/* A script that also runs what it builds, among compilers: it finds the
	 * reference in reference.json. On a GPU, it says by a byte on its
	 * socket that it is to use that from now on, and waits for one. */
	bool runs, gpu;
	struct pike_strs nodes; /* runs: of the GPU */
	/* What a fork of the process of pike_command.warm is told to do the
	 * same; "": it cannot. */
	char words[48];
	/* What such forks import that takes long; NULL: nothing. */
	const char *imports;
	char output[64]; /* with a '/' at its end: a folder */
	char tools[65];	 /* hash of the compiler; "": more decides than this */
	struct pike_launch_plan *launch; /* cuda: what will be launched */
};
enum pike_real {
	PIKE_REAL_NONE,
	PIKE_REAL_DOUBLE,
	PIKE_REAL_NATIVE
};
/* `real` other than NONE: this is the reference, built with `real` as that.
 * Unknown or dangerous cflags (those that
 * name files or plugins) are PIKE_USAGE. */
int pike_build_plan(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_device_info *dev,
		    const struct pike_files *sources,
		    const struct pike_files *headers, enum pike_real real,
		    struct pike_err *err);
void pike_build_plan_release(struct pike_build_plan *p);
/* What a backend without signatures has found out about the arguments of all
 * cases: it stands in the built reference, as JSON. NULL for other backends.
 * `sources`: a sealed file of the reference's sources alone, which is all that
 * a candidate's process may have of it; -1 for other backends. */
int pike_device_described(struct pike_json **out, int *sources,
			  const struct pike_target *t, int reference_fd,
			  struct pike_err *err);
/* The arguments of a target in a case, as its backend tells them. */
int pike_device_tensors(struct pike_tensors *out, const struct pike_target *t,
			const struct pike_case *c,
			const struct pike_json *described,
			struct pike_err *err);
/* How the reference of a target runs, and the backend that builds it. */
enum pike_reference_kind {
	PIKE_REFERENCE_RUNNER, /* in a sandboxed process of its own */
	PIKE_REFERENCE_SHARED, /* the same, with arguments on the GPU */
	PIKE_REFERENCE_JUDGE,  /* device code in the judge's own context */
	PIKE_REFERENCE_KINDS,
};
struct pike_reference {
	enum pike_reference_kind kind;
	const char *backend;
	const char *else_on; /* a RUNNER of this one where it fails; or NULL */
	bool draws;	     /* it makes the inputs itself: pike_conn_draw */
	bool own_types; /* each native float has its own, not one for all */
};
void pike_device_reference(struct pike_reference *out,
			   const struct pike_device_info *dev,
			   const struct pike_files *files);
/* The sources of a baseline that is no module of the user's (baseline.h), to be
 * built and run like a candidate's. PIKE_FAILED says why it cannot be had on
 * this device. */
struct pike_baseline;
int pike_device_baseline(struct pike_files *out,
			 const struct pike_device_info *dev,
			 const struct pike_baseline *b, struct pike_err *err);
struct pike_object;
/* What a built kernel needs, without running it: by the compiler's words in
 * `log`, the machine code and the plan. For a GPU `arch`; `kernels`, each with
 * registers, stack, spill_stores, spill_loads, shared and constant in bytes;
 * and `cases`, those that are measured, each with its `launches` as
 * pike_conn_resources gives them, as far as they follow from that. Empty for
 * other devices. */
struct pike_json *pike_device_compiled(const struct pike_device_info *dev,
				       const struct pike_target *t,
				       const struct pike_object *o,
				       const char *log);

/* Of built machine code: what it does that no kernel may, as a phrase ("asks
 * ..."), or NULL; instructions by kind and in `all`, or NULL if not known. */
const char *pike_object_breaks(int object_fd);
struct pike_json *pike_object_instructions(int object_fd, const char *arch);

/* The source of the kernels that a runner brings along, and the plan that
 * builds such a source of our own. */
extern const char pike_runner_source[];
int pike_build_plan_own(struct pike_build_plan *out,
			const struct pike_device_info *dev, const char *name,
			const char *text, struct pike_err *err);

/* SM clock in MHz now, and whether the hardware holds it back; false when
 * that cannot be told. Never sets anything. */
bool pike_gpu_clock(const struct pike_device_info *dev, unsigned *mhz,
		    bool *throttled);

/* The runner program's file name for a backend. */
const char *pike_runner_name(const char *backend);

#endif
