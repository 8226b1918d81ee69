/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol: the judge's numbers, each with where it comes from. The numbers in
 * parentheses are sections of the protocol in README.md. A change here changes
 * verdicts, so it needs a new PIKE_JUDGE_VERSION.
 */
#ifndef PIKE_EVAL_PROTOCOL_PRIV_H
#define PIKE_EVAL_PROTOCOL_PRIV_H

/* ---- samples (1) ---- */

/* A sample lasts at least so long; shorter kernels are called several times,
 * each time on another input set. */
#define PROTO_SAMPLE_NS 200000
/* Where an interpreter answers: its way to a call and back takes a tenth of a
 * millisecond, and what that varies by counts as the kernel's. With samples of
 * 200 us modules of that length differed by 3 to 5 % from process to process.
 */
#define PROTO_SAMPLE_SCRIPT_NS 2000000
/* Where a GPU is asked through a process whose own clock does not count. */
#define PROTO_SAMPLE_GPU_NS 4000000
/* Several threads: a gain that counts, times what waking up takes. */
#define PROTO_WAKING 1.25
/* Inner calls of one sample at most: bounds the sets a process needs. */
#define PROTO_INNER_MAX 128
/* Warm-up per round: 300 ms, and 5 calls per arm. The 300 ms are
 * spread over the arms in turn, because what ramps up in them is the clock of
 * the core that all arms share; caches and page tables, which are each
 * process's own, need calls, not time. */
#define PROTO_WARM_NS 300000000LL
#define PROTO_WARM_GPU_NS 200000000LL
#define PROTO_WARM_CALLS 5
#define PROTO_WARM_SETS 4
/* Samples whose outputs are kept and hashed again later. */
#define PROTO_HELD 4

/* ---- screening (5) ---- */

#define PROTO_LOOK1 10
#define PROTO_LOOK2 30
#define PROTO_SCREEN_NS 3000000000LL /* per case */
#define PROTO_SCREEN_MIN 10	     /* pairs, however slow the kernel */
#define PROTO_STOP_SURE 0.001	     /* one-sided 99.9 % at the first look */
#define PROTO_SCREEN_ALPHA 0.025     /* one-sided 97.5 % */

/* ---- confirmation (6) ---- */

#define PROTO_ROUNDS 10
#define PROTO_PAIRS 10			    /* a round */
#define PROTO_CONFIRM_NS 20000000000LL	    /* per case, retry included */
#define PROTO_CONFIRM_WALL_NS 30000000000LL /* with what starts meanwhile */
#define PROTO_CONFIRM_MIN 25		    /* pairs in all, however slow */
#define PROTO_RETRY 4			    /* times the rounds, once */
#define PROTO_ALPHA 0.005      /* one-sided 99.5 %, over siblings */
#define PROTO_SAME_ALPHA 0.025 /* 95 % interval for "same" */
#define PROTO_CASE_SLOWER 0.05 /* no case may lose more */
#define PROTO_RESAMPLES 10000
/* A candidate that leaves less than one part of so many of the memory that was
 * there before takes it from those it is compared with. */
#define PROTO_STARVED 16
#define PROTO_DROP_MAX 0.20 /* share of pairs; more: both ways must agree */
/* Several threads: so long a pair waits for a moment in which there are cores
 * for all who want one, and so long all pairs of a case do. */
#define PROTO_CALM_PAIR_NS 100000000LL
#define PROTO_CALM_CASE_NS 10000000000LL
#define PROTO_STOP_US 100
#define PROTO_CALM_MIN 20 /* calm pairs: fewer tell nothing */
/* Of each baseline, which decides nothing. */
#define PROTO_BASELINE_ROUNDS 3
/* Correctness sets a candidate sees at confirmation beside the timed ones:
 * own distribution, and each hidden case (11). */
#define PROTO_OWN_SETS 5
#define PROTO_HIDDEN_SETS 2

/* ---- exact buffers: no judgement of time, so in bounds that keep it short */

#define PROTO_EXACT_MS 20000	/* a call; sanitizers take two to ten times */
#define PROTO_EXACT_NS 50000000 /* measured cases below both */
#define PROTO_EXACT_BYTES (32 << 20)

/* ---- threshold (4) ---- */

#define PROTO_DELTA_SHARED 0.02
#define PROTO_DELTA_QUIET 0.01
#define PROTO_DELTA_GPU 0.01
#define PROTO_QUIET_CORES 4
#define PROTO_QUIET_NOISE 0.002
#define PROTO_DELTA_NOISE 3.0 /* times s_AA */
#define PROTO_AA_ROUNDS 3
/* On a GPU where a process lies in memory decides about a short kernel, by a
 * tenth of a microsecond or so: what processes differ by must be known well, as
 * a screening is one of them. Three times a deviation that seven degrees of
 * freedom tell is passed by 1 %. */
#define PROTO_AA_SHORT_NS 20000 /* and whatever an interpreter launches */
#define PROTO_AA_ROUNDS_SHORT 8
#define PROTO_AA_PAIRS 10
#define PROTO_AA_PAIRS_LARGE 5 /* rounds differ by more than pairs do */
#define PROTO_NOISE_AGE_NS 600000000000LL /* kept so long */
#define PROTO_NOISE_HIGH 0.01		  /* above that only one */
#define PROTO_NOISE_HIGH_AGE_NS 60000000000LL
/* Of the same task, base, program and machine: what was found sound and right
 * is not looked at again. */
#define PROTO_KNOWN_AGE_S 86400

/* ---- two clocks (12) ---- */

/* More than both outside the claims is tampering; less is only charged. */
#define PROTO_CLOCK_SHARE 0.10
#define PROTO_CLOCK_NS 20000
#define PROTO_CLOCK_LEAST_NS 1000 /* what no wake-up is steadier than */
#define PROTO_CLOCK_PAIRS 5	  /* fewer tell nothing */

/* ---- the judge's clock, back to back, on a GPU (12) ---- */

#define PROTO_SUSTAIN_NS 2000000000LL
#define PROTO_SUSTAIN_MAX 1000000 /* calls */
/* Pairs of a sample that finds all cleared and one that finds what the call
 * before left, and how much longer the latter may take: a share, or what two
 * events of one GPU differ by from time to time. */
#define PROTO_KEPT_PAIRS 15
#define PROTO_KEPT_MORE 0.02
#define PROTO_KEPT_NS 1000
/* Below so much of the highest clock seen, or held back by the hardware, a
 * pair is dropped. */
#define PROTO_CLOCK_LOW 0.75

/* ---- plausibility (13) ---- */

#define PROTO_FLOOR_SLACK 0.95
/* A copy as STREAM counts it moves three bytes for two counted where stores
 * fetch their line first; a kernel that only reads may gain that third. */
#define PROTO_FLOOR_STREAM 1.5
/* For working sets that caches may hold: two 64-byte loads a cycle at 4 GHz,
 * which no core of today exceeds. */
#define PROTO_CACHE_BPS 512e9
/* GPUs do not fetch what they write; reading alone is a little faster than
 * copying, and the data sheet's bandwidth is what nothing exceeds. */
#define PROTO_FLOOR_GPU 1.25
/* Measured FMA peak: clocks may rise by so much after it was measured. */
#define PROTO_FLOPS_SLACK 1.25

/* ---- lint (14) ---- */

#define PROTO_LINT_SETS 4
#define PROTO_LINT_COND 3.0  /* natural error at most cap over this */
#define PROTO_LINT_SENS 10.0 /* an input moves the output by this x bound */

/* ---- gates (9) ---- */

#define PROTO_BLOCK 64
#define PROTO_BLOCK_FACTOR 10.0
/* Shorter rows are covered by the blocks and the element gate. */
#define PROTO_ROW_MIN 16

/* ---- condition ---- */

/* By how many roundings inputs are moved for what sums in fp32 or fp64 may
 * differ by. The errors of a sum of equal terms, one after the other, have one
 * sign: n of them are off by n/3 roundings at most, and any order of any terms
 * by n - 1 (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 4.2).
 * In 64 layer norms of equal values such sums came to 0.28, 0.39 and 1.06 of
 * the largest move for 1024, 2048 and 4096 values; sums in pairs or by 32 lanes
 * to 0.03. Rounding inputs to tf32 came to 6 times the moves in norm and 9 in
 * the largest element, to bf16 47 and 76 times: so the bounds stay below. */
#define PROTO_COND_GROWTH 512.0
/* Where an output hangs on few inputs there are no such sums: twice as many
 * roundings as there are terms, and some for the steps of an expression. How
 * many inputs that is shows where one of PROTO_REACH_EVERY is moved by
 * PROTO_REACH_BY, which no sum of a thousand terms hides: of k inputs all stay
 * with a chance of (1 - 1/64)^k, so that share of the outputs does. */
#define PROTO_COND_STEPS 16.0
#define PROTO_REACH_EVERY 64
#define PROTO_REACH_BY 0.01
/* Of the reference on moved inputs: the largest answer counts. */
#define PROTO_COND_DRAWS 4
/* Where moved inputs move the truth by so much, in norm, an output within
 * that is neither right nor wrong. */
#define PROTO_COND_TELLS 0.1

/* ---- bounds ---- */

#define PROTO_POOL_BYTES (256LL << 20) /* inputs, outputs, truths of a case */
#define PROTO_POOL_SETS 2048
/* Of one set: its outputs are checked before another set is drawn. */
#define PROTO_LARGE_BYTES (16LL << 20)
#define PROTO_MEM_SHARE 4	 /* of MemAvailable: refuse what needs more */
#define PROTO_REST_SHARE 16	 /* likewise: what idle references may hold */
#define PROTO_LOG_MAX (16 << 10) /* what is kept of a log */
#define PROTO_OBJECT_MAX (16 << 20) /* of a build: no bombs */
#define PROTO_COMPILE_MS 60000
/* Of a build that also runs: nvcc takes a minute for an extension of PyTorch,
 * max-autotune another; caches of all that. */
#define PROTO_PRIME_MS 600000
#define PROTO_FOLDER_MAX (256 << 20)
/* A sandbox that cannot be set up is tried so often. */
#define PROTO_BOX_TRIES 3
#define PROTO_WALL_MIN_MS 10000 /* max(10 s, 50 x base) */
#define PROTO_WALL_FACTOR 50

#endif
