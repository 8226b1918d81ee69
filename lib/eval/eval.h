/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval: the judge. Builds and runs candidates in sandboxes, checks every
 * timed output against a truth in fp64, times challenger against champion and
 * base in interleaved pairs, and gives a verdict with a reason.
 *
 * A bad candidate is a verdict; an error means that the world is broken.
 * Rules and numbers are explained in README.md, "The protocol"; the constants
 * are in protocol_priv.h.
 */
#ifndef PIKE_EVAL_EVAL_H
#define PIKE_EVAL_EVAL_H

#include "base/err.h"
#include "device/device.h"
#include "model/result.h"
#include "model/target.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

/* Part of `env` and of the task: a change of what the judge does makes its
 * results others, which are not ranked against those before. */
#define PIKE_JUDGE_VERSION "8"

/* ---- a GPU's sandbox, tried for real ---- */

struct pike_smoke {
	int ways;	/* out of the box, that lead somewhere outside */
	char open[256]; /* those that lead there from inside too; "" */
	int pairs;	/* of the times below; 0: not come so far */
	double inside_ns, outside_ns; /* medians of a copy kernel */
	double ratio;		      /* median of inside / outside */
	/* --profile needs them. */
	struct pike_smoke_tool {
		const char *name; /* "ncu"; NULL: not come so far */
		bool works;
		char why[256]; /* it does not; "" where it is not there */
		double secs;
	} tools[2];
	double secs;
};
/* Builds, launches and checks a copy kernel in the box of runners, times it
 * there and in the judge's own context in turn, and tries to get from inside
 * at the network, `repository` (NULL: none) and more; then runs it under each
 * tool, whose failure is no error. Holds the lock of the GPU. PIKE_RETRY:
 * somebody else does. Any other error says what does not work, and `out` how
 * far it came. */
int pike_gpu_smoke(struct pike_smoke *out, const char *repository,
		   struct pike_err *err);
/* The half of it that needs no GPU: NVRTC builds that kernel in its box. 1:
 * there is no toolkit to try. */
int pike_gpu_smoke_build(const char *arch, struct pike_err *err);

/* ---- judge ---- */

struct pike_judge;

struct pike_judge_opts {
	const struct pike_target *target;
	const char *lane;
	const struct pike_files *base;	    /* evolvable files of the base */
	const struct pike_files *headers;   /* trusted */
	const struct pike_files *reference; /* trusted */
	const struct pike_files *modules;   /* baselines of the user's */
	enum pike_isolation require; /* PIKE_I2; less only when told by name */
	/* May be NULL: called as the judge works. `fraction` of this step. */
	void (*progress)(void *ctx, const char *what, double fraction);
	void *ctx;
	volatile const int *stop; /* non-zero: give up with PIKE_RETRY */
	/* May be NULL: told of each measured case the times per call of base
	 * and candidate, in the order of their pairs; again when there are
	 * more. For benchmarks. */
	void (*pairs)(void *ctx, const double *base_ns, const double *cand_ns,
		      size_t n);
	/* Something is likely to be screened: what that needs is drawn at
	 * once, before the device is held. */
	bool screens;
	/* Nothing is to be run: without the device, for a GPU of architecture
	 * `arch` (NULL: as pike_device_find_arch). Of the rest of this file
	 * such a judge serves builds and pike_judge_compile alone. */
	bool compile_only;
	const char *arch;
};

/* Probes, finds the device, builds reference and base, lints the task
 * (README.md, protocol 14). A refused lint is PIKE_FAILED with what to change.
 */
int pike_judge_open(struct pike_judge **out, const struct pike_judge_opts *o,
		    struct pike_err *err);
void pike_judge_free(struct pike_judge *j);
/* Adds the phases of opening to a result: the first call does. */
void pike_judge_opening(struct pike_result *out, struct pike_judge *j);
const char *pike_judge_env(const struct pike_judge *j);	 /* hash */
const char *pike_judge_task(const struct pike_judge *j); /* hash */
const struct pike_device_info *pike_judge_device(const struct pike_judge *j);
/* What of a result only the judge knows: env, task, isolation and env_info.
 * Whoever stores it names the rest: what was judged, against what, by whom. */
void pike_judge_identify(struct pike_result *out, const struct pike_judge *j);
/* Noise floor s_AA (sd of the log ratio) from A/A runs of the base; measured
 * at the first need, under the device lock. */
int pike_judge_noise(double *out, struct pike_judge *j, struct pike_err *err);
/* How close the outputs of a target must be to the truth: its class and the
 * published limits of that (README.md, protocol 9), "- " a fact and line. What
 * the judge allows beyond them is not told. */
void pike_limits_text(struct pike_buf *b, const struct pike_target *t);
/* The task hash without opening a judge. */
void pike_task_hash(char out[65], const struct pike_target *t,
		    const struct pike_files *headers,
		    const struct pike_files *reference);

/* ---- builds: asynchronous, in a compile sandbox ---- */

struct pike_build;
int pike_build_start(struct pike_build **out, struct pike_judge *j,
		     const struct pike_files *files, struct pike_err *err);
bool pike_build_ready(struct pike_build *b); /* does not wait */
/* Waits. true: built. false: *log has the diagnostics (owned by b). */
bool pike_build_wait(struct pike_build *b, const char **log);
/* Whether it takes the device lock to wait for it: it runs there. */
bool pike_build_on_device(const struct pike_build *b);
void pike_build_pause(struct pike_build *b, bool pause);
void pike_build_free(struct pike_build *b);

/* Waits for a build and tells of it without running it: verdict `none` with
 * what it needs in `resources` (see pike_device_compiled), else `build` or
 * `contract`. Fills in what the two stages do. */
int pike_judge_compile(struct pike_result *out, struct pike_judge *j,
		       struct pike_build *b, struct pike_err *err);

/* Verdict `contract` for what cannot be built at all, and why. */
void pike_judge_refuse(struct pike_result *out, struct pike_judge *j,
		       const char *why);

/* ---- the two stages; the caller holds the device lock ---- */

/* Screens `cand` against `champ` (the base's own build when NULL). Fills in
 * what was measured and what pike_judge_identify does. */
int pike_judge_screen(struct pike_result *out, struct pike_judge *j,
		      struct pike_build *cand, struct pike_build *champ,
		      struct pike_err *err);

struct pike_confirm_opts {
	enum pike_stage stage; /* PIKE_CONFIRM or PIKE_VERIFY */
	int siblings; /* challengers confirmed at once: Bonferroni's divisor */
	bool profile; /* afterwards under profiler and checkers, see below */
	/* Beside the target's baselines whatever the verdict; else only what
	 * is faster than the base. */
	bool baselines;
};
/* The whole protocol: base, champion and challenger interleaved, fresh pools
 * from a secret drawn now, fresh processes a round, hidden cases and stress
 * inputs checked. `seeds` ("seed", "seed_sha256") go into out->extra.
 *
 * Buffers end on 16 bytes or more, so a candidate is run once more where they
 * end to the byte: on a CPU built with sanitizers, and resources get
 *   exact      said ("clean", "unavailable: why", or the access outside, which
 *              makes the verdict `contract`), unchecked (what of the source is
 *              not instrumented), remarks (undefined operations), secs
 * and on a GPU under memcheck. `profile`: under all of NVIDIA's tools, and
 * resources get
 *   profile    version, case, launches (kernel, and a number by the tool's
 *              own name of each metric), unknown (metrics it does not know)
 *   sanitizer  memcheck, initcheck, racecheck, synccheck: "clean", "2 errors"
 *              or "unavailable: why"; reports (tool, kind, kernel, place)
 * each with `secs`, or `unavailable`, why the tool does not work. Memory that
 * is reached out of bounds makes the verdict `contract`, a race or a barrier
 * that is not met `suspect`. */
int pike_judge_confirm(struct pike_result *out, struct pike_judge *j,
		       struct pike_build *cand, struct pike_build *champ,
		       const struct pike_confirm_opts *o, struct pike_err *err);
/* What is known of the base before there is a candidate: its times and those
 * ceilings that the target's work is held against, in the form of a result. */
int pike_judge_base(struct pike_result *out, struct pike_judge *j,
		    struct pike_err *err);
/* SHA-256 of the secret for the next confirmation, in hex: the commitment
 * can be stored before the samples exist. */
const char *pike_judge_commitment(struct pike_judge *j);
/* Share of the time in pike_judge_screen and _confirm since open in which a
 * kernel was being timed: for the benchmark. */
void pike_judge_times(const struct pike_judge *j, int64_t *held_ns,
		      int64_t *kernel_ns);

#endif
