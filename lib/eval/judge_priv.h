/* SPDX-License-Identifier: Apache-2.0 */
/* judge_priv: the judge's state, and what its files ask of each other. */
#ifndef PIKE_EVAL_JUDGE_PRIV_H
#define PIKE_EVAL_JUDGE_PRIV_H

#include "base/rand.h"
#include "eval/account_priv.h"
#include "eval/eval.h"
#include "eval/pool_priv.h"
#include "eval/referee_priv.h"
#include "eval/stats_priv.h"

#include <sched.h>

/* A started runner. */
struct pike_process {
	struct pike_box *box;
	struct pike_conn *conn;
	bool kept;  /* samples find what the one before has left: pike_finds */
	bool stops; /* it is stopped while it is not asked */
	bool aside; /* it was started on other cores than it is to run on */
	struct pike_warm *warm; /* it is a fork of that; NULL: of none */
	int load_ms;		/* how long it may take to load and to bind */
	int64_t since;		/* when it was started, or last let go on */
	struct pike_account account;
};
/* The process of a reference whose case is not needed any more. */
struct pike_idle {
	struct pike_process process;
	enum pike_real kind;
	int64_t opened; /* pike_now_ns */
};
/* Runners of a GPU kept ready: a round's base, champion and challenger, and
 * those of the round after it, which get ready meanwhile. */
#define PIKE_SPARES 5
#define PIKE_SPARES_MOST 12
/* Forks of an interpreter: of one round, as each has a context on the GPU. */
#define PIKE_SPARES_WARM 2
struct pike_spares {
	struct pike_process v[PIKE_SPARES_MOST];
	size_t n;
};
/* Those of a round that end at the same time. */
#define PIKE_ENDING 3

/* What is known of one measured case. */
struct pike_case_state {
	const struct pike_case *c;
	/* For screening and noise, from the first need on; sets are own. */
	struct pike_pool *pool;
	size_t pairs; /* of samples that the pool is for */
	struct pike_layout layout;
	struct pike_natural *nat; /* by argument */
	int64_t base_ns;	  /* per call, from A/A runs or calibration */
	int64_t champ_ns;	  /* of the champion last timed, 0: none yet */
};

/* What a judge spends its time on. */
enum pike_phase {
	PIKE_PHASE_OTHER,
	PIKE_PHASE_BUILD,
	PIKE_PHASE_INPUTS,   /* drawing them */
	PIKE_PHASE_TRUTH,    /* the reference, of pools */
	PIKE_PHASE_LINT,     /* of the task */
	PIKE_PHASE_CHECK,    /* what is not timed */
	PIKE_PHASE_SANITIZE, /* the same under sanitizers */
	PIKE_PHASE_SUSTAIN,  /* back to back, by the judge's clock */
	PIKE_PHASE_NOISE,
	PIKE_PHASE_START, /* of processes that are timed then */
	PIKE_PHASE_TIME,  /* with the checks of what is timed */
	PIKE_PHASE_BASELINES,
	PIKE_PHASE_PROFILE,
	PIKE_PHASES,
};

struct pike_judge {
	struct pike_judge_opts o;
	const struct pike_target *t;
	struct pike_device_info dev;
	struct pike_isolation_info iso;
	struct pike_ceilings ceilings; /* 0: not measured */
	char env[65], task[65], lane[65];
	struct pike_json *env_info;
	struct pike_buf runner;		    /* path of the runner program */
	const struct pike_buffers *buffers; /* where arguments lie */
	/* Of the backend; all strict where nothing is run. */
	const struct pike_backend_traits *traits;
	/* PIKE_ON_GPU: the judge's own context with its kernels, and those that
	 * a runner brings along (-1: none). */
	struct pike_gpu *gpu;
	struct pike_referee *referee;
	struct pike_build *own_runner, *own_referee;
	int runner_kernels;
	size_t ntensors;	     /* of a call, in any case */
	struct pike_json *described; /* pike_device_described */
	int ref_sources;
	/* The reference, and the target as its backend takes it. */
	struct pike_reference reference;
	const struct pike_target *ref_target;
	struct pike_target host_target;
	char host_backend[32];
	struct pike_device_info ref_dev;
	struct pike_buf ref_runner;
	struct pike_warm *warm; /* process_priv.h; NULL: none */
	bool cold;		/* it is of no use any more; forks may live */
	bool forks_gone;	/* and what was kept of them is not there */
	const char *imports;	/* what it has imported more; NULL: nothing */
	struct pike_spares spares[2]; /* fresh processes, forks */
	struct pike_runner *ending[PIKE_ENDING];
	size_t nending;
	struct pike_build *base, *ref_double, *ref_native;
	/* Of exact.c: the sanitizer's library, and whether the base passes:
	 * known at the first need; what it does otherwise, "" for nothing. */
	struct {
		char runtime[300], base[400];
		bool known;
	} exact;
	struct pike_beside *beside; /* baselines.c */
	size_t nbeside;
	struct pike_idle idle[PIKE_REFS_MAX];
	size_t nidle;
	struct pike_ref *refs; /* open, and not in use; linked by `next` */
	void *copy;	       /* truth.c: an input on its way */
	size_t copy_bytes;
	struct pike_build *builds; /* all that live, linked by `next` */
	struct pike_case_state *cases;
	struct pike_rng rng; /* order and poison: secret, not reproducible */
	cpu_set_t run_cpus, judge_cpus, build_cpus;
	/* Where the judge may be at all, and how often pike_judge_spread. */
	cpu_set_t all_cpus;
	int spread, lock; /* lock: of the device, while the judge opens */
	bool have_judge_cpus, have_build_cpus;
	uint8_t screen_secret[PIKE_SECRET_LEN], secret[PIKE_SECRET_LEN];
	bool have_secret;
	char commitment[65];
	uint64_t counter; /* of input sets drawn */
	double mhz_most;  /* of a GPU's clock, as far as seen */
	/* When a judge has found the task sound and the base right: Unix time,
	 * of an earlier judge too (known.c); 0: not yet. */
	int64_t known_at;
	bool reference_moved; /* it failed where it belongs */
	/* Of fresh processes, and of forks. NaN: not measured. */
	double noise[2];
	int64_t noise_at[2];
	int64_t held_ns, kernel_ns;
	struct {
		int64_t ns[PIKE_PHASES], since;
		enum pike_phase now;
	} phases;
	int64_t opening[PIKE_PHASES]; /* not told yet */
	int held; /* pike_judge_enter within pike_judge_enter */
};

struct pike_build {
	struct pike_judge *j;
	struct pike_build *next;
	struct pike_box *box; /* NULL once it has ended */
	int fd;		      /* the object; sealed once `ok` */
	enum pike_real real;
	struct pike_launch_plan *launch; /* cuda */
	struct pike_build_plan plan;	 /* until it has ended */
	int sock; /* on which it asks for the GPU; -1: it does not */
	struct pike_warm *warm; /* its box is a fork of that; NULL: of none */
	int seed; /* of another build, a folder to begin with; 0: none */
	int tries;
	bool ended, ok;
	/* No verdict on what is built: the sandbox fails, as `log` says. */
	bool broken;
	bool folder; /* the object is one, packed: /tmp/build where it runs */
	struct pike_build *hidden; /* pike_build_for */
	/* What it does that no kernel may, as "breaks a rule: ..."; NULL */
	const char *breaks;
	struct pike_buf log;
	struct pike_files files; /* of a kernel; a copy */
	char source_hash[65];
	char key[65]; /* in the cache; "" where nothing is kept */
	int64_t object_bytes;
	int64_t took_ns; /* in its sandbox; 0: found in the cache */
};
int pike_build_reference(struct pike_build **out, struct pike_judge *j,
			 enum pike_real real, struct pike_err *err);
/* CUDA kernels of the judge's own. */
int pike_build_own(struct pike_build **out, struct pike_judge *j,
		   const char *name, const char *text, struct pike_err *err);
/* Whatever a plan says; releases it. */
int pike_build_planned(struct pike_build **out, struct pike_judge *j,
		       struct pike_build_plan *plan, struct pike_err *err);
struct pike_object pike_build_object(const struct pike_build *b);
/* What runs a case: of a build that has run its measured cases, one that has
 * run the hidden ones, made at the first need. 1: it fails there, `f` says how.
 * The caller holds the device lock. */
struct pike_fault;
int pike_build_for(const struct pike_build **out, struct pike_build *b,
		   bool hidden, struct pike_fault *f, struct pike_err *err);

/* What the object itself tells: `build_s`, `object_bytes`, and for a GPU
 * `sass`, its instructions by kind, or the word that they are not known. */
void pike_build_tell(struct pike_json *resources, const struct pike_build *b);

bool pike_judge_stopped(const struct pike_judge *j);
void pike_judge_say(const struct pike_judge *j, const char *what,
		    double fraction);
/* The type that `real` is in the target's own precision: that of its first
 * float argument, as lib/device builds it. */
enum pike_dtype pike_native_real(const struct pike_target *t);

/* ---- phases.c ---- */

/* A stage begins, in PIKE_PHASE_OTHER. */
void pike_phases_begin(struct pike_judge *j);
/* From now on time goes to `next`; the one before it, to go back to. */
enum pike_phase pike_phase(struct pike_judge *j, enum pike_phase next);
/* The stage is over: adds what it took to a result, or keeps it to be told. */
void pike_phases_end(struct pike_result *out, struct pike_judge *j);
void pike_phases_opened(struct pike_judge *j);

/* Pins the judge beside the timed core, and pauses builds that would disturb
 * it; _leave undoes both and adds to the time held. */
struct pike_watch {
	cpu_set_t old;
	bool pinned, paused;
	int64_t t0;
};
void pike_judge_enter(struct pike_watch *w, struct pike_judge *j);
void pike_judge_leave(const struct pike_watch *w, struct pike_judge *j);

/* May it use more than its own core now? */
bool pike_judge_may_spread(const struct pike_judge *j);
/* Between the two, pike_parallel works on all cores: nothing is being timed.
 * Not where somebody else may be timing on this device. Calls nest. */
void pike_judge_spread(struct pike_judge *j);
void pike_judge_gather(struct pike_judge *j);
/* Where a process may be that is not timed; NULL: where the judge is. */
const cpu_set_t *pike_judge_idle(const struct pike_judge *j);

/* How many sets a pool of a case can have for `pairs` samples of `inner`
 * calls by `arms` arms in one process; PIKE_FAILED when it cannot be run. */
int pike_judge_room(size_t *n, struct pike_judge *j, const struct pike_case *c,
		    size_t pairs, uint32_t inner, size_t arms,
		    struct pike_err *err);

/* Sees to it that a case's own pool has sets for `pairs` pairs of samples in
 * one process, if that many fit at all. */
int pike_judge_pool(struct pike_judge *j, struct pike_case_state *cs,
		    size_t pairs, struct pike_err *err);

/* To the core that is timed, where kernels are timed on cores, and back. */
struct pike_stay {
	bool away;
	cpu_set_t old;
};
void pike_judge_go(struct pike_stay *s, const struct pike_judge *j);
void pike_judge_back(const struct pike_stay *s);

/* Whether the noise is not known, or no longer; `warm`: that of forks, where
 * there are some. */
bool pike_judge_needs_noise(struct pike_judge *j, bool warm);
/* Noise floor and threshold; measures the noise when it is not known. */
int pike_judge_delta(double *noise, double *delta, struct pike_judge *j,
		     bool warm, struct pike_err *err);

/* ---- known.c ---- */

/* Sets known_at, and then base_ns and nat of all cases, and the noise while it
 * is not too old. */
void pike_known_read(struct pike_judge *j);
void pike_known_write(struct pike_judge *j);

/* ---- lint.c ---- */

/* Refuses a case that a trivial kernel can pass (3.5), and measures its
 * natural error into cs->nat. `p` has PROTO_LINT_SETS sets. */
int pike_lint_case(struct pike_judge *j, struct pike_case_state *cs,
		   struct pike_pool *p, struct pike_err *err);

#endif
