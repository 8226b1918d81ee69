/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result: files of a candidate, verdicts, result lines (lib/git/README.md) and
 * the history that a search is folded from. Plain data.
 */
#ifndef PIKE_MODEL_RESULT_H
#define PIKE_MODEL_RESULT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "model/agent.h"
#include "model/steer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A git object id in hex, or "". */
struct pike_oid {
	char hex[41];
};
bool pike_oid_eq(const struct pike_oid *a, const struct pike_oid *b);
bool pike_oid_set(const struct pike_oid *a);

/* File contents by path in the repository. Owns both. */
struct pike_file {
	char *path, *data; /* data NUL-terminated at len */
	size_t len;
};
struct pike_files {
	struct pike_file *v;
	size_t n, cap;
};
void pike_files_release(struct pike_files *f);
void pike_files_add(struct pike_files *f, const char *path, const char *data,
		    size_t len);
const struct pike_file *pike_files_find(const struct pike_files *f,
					const char *path);

enum pike_verdict {
	PIKE_V_PENDING, /* no result yet; never written */
	PIKE_V_FASTER,
	PIKE_V_SAME,
	PIKE_V_SLOWER,
	PIKE_V_INCONCLUSIVE,
	PIKE_V_WRONG,
	PIKE_V_CONTRACT,
	PIKE_V_BUILD,
	PIKE_V_CRASH,
	PIKE_V_TIMEOUT,
	PIKE_V_TAMPER,
	PIKE_V_SUSPECT,
	PIKE_V_NONE,
	PIKE_V_UNUSABLE,
	PIKE_V_COUNT,
};
const char *pike_verdict_name(enum pike_verdict v);
int pike_verdict_parse(const char *s);		 /* -1 when unknown */
bool pike_verdict_measured(enum pike_verdict v); /* the first four */
/* What it means to others than the candidate's own author: no word of how that
 * was found out. */
const char *pike_verdict_words(enum pike_verdict v);

enum pike_stage {
	PIKE_SCREEN,
	PIKE_CONFIRM,
	PIKE_VERIFY,
	PIKE_MODEL, /* the whole model, by a program of the user's */
	PIKE_STAGE_COUNT
};
const char *pike_stage_name(enum pike_stage s);
int pike_stage_parse(const char *s);

/* A ratio old/new with its interval: > 1 is faster. All 0: not measured. */
struct pike_ratio {
	double lo, mid, hi;
};
/* [lo,mid,hi], as result lines have it. */
struct pike_json *pike_ratio_json(const struct pike_ratio *r);

struct pike_case_result {
	char *name;		  /* the case's text */
	int64_t base_ns, cand_ns; /* medians */
	int pairs;
	struct pike_ratio ratio; /* against what the stage is judged against */
	double max_abs, rel_l2;
};

struct pike_result {
	struct pike_oid base, champion, commit;
	char *by, *env, *id, *isolation, *lane, *log, *precision, *reason;
	char *source, *target, *task;
	struct pike_json *env_info, *resources, *extra; /* may be NULL */
	struct pike_json *phases; /* seconds by name; may be NULL */
	struct pike_case_result *cases;
	size_t ncases;
	struct pike_ratio vs_base, vs_champion;
	enum pike_stage stage;
	enum pike_verdict verdict;
	double secs; /* the sum of `phases`, where there are any */
	int64_t ts;
};
/* `extra` holds further top-level members: noise, seed, seed_sha256, trust,
 * unchecked... Of those read from a line only the measured ones are kept:
 * noise, delta, and what the roofline needs (gbps, gflops, copy_bps,
 * fma_flops); of stage MODEL `claimed`: true where the judge's clock does not
 * bear out what the program says. */
void pike_result_init(struct pike_result *r);
void pike_result_release(struct pike_result *r);
/* One line without newline, at most 64 KiB: the log is cut to fit. */
void pike_result_print(struct pike_buf *b, const struct pike_result *r);
/* PIKE_FAILED for what is no result line of version 1. */
int pike_result_parse(struct pike_result *r, const char *line, size_t len,
		      struct pike_err *err);
/* Adds to what a phase took, in tenths of milliseconds, and to `secs`. */
void pike_result_spent(struct pike_result *r, const char *phase, double secs);
/* It took so long in all: what no phase accounts for is `other`. */
void pike_result_took(struct pike_result *r, double secs);
/* ": driver 550 -> 560, judge 6 -> 7" of two env_info, where they differ. */
void pike_env_difference(struct pike_buf *b, const struct pike_json *was,
			 const struct pike_json *now);
/* Order for "latest": (ts, id). */
int pike_result_cmp(const struct pike_result *a, const struct pike_result *b);

/* ---- history ---- */

/* What is known of one result without reading its note: what a generation's
 * Pike-Result trailer says. */
struct pike_score {
	enum pike_verdict verdict;
	struct pike_ratio ratio; /* confirm: over the base; screen: over vs */
	struct pike_oid vs; /* screen: the champion it was judged against */
};

struct pike_record {
	struct pike_oid id, source; /* commit; tree of the evolvable files */
	struct pike_oid *parents;
	size_t nparents;
	const struct pike_agent *agent; /* of a history: never NULL */
	char *slot, *idea, *model, *run;
	int64_t generation; /* the one it was proposed in */
	int64_t settled;    /* the one whose trailers list it; -1: pending */
	int64_t tokens_in, tokens_out;
	int64_t tries; /* how often it was asked; 0: once, or by nobody */
	bool guessed;  /* nobody has counted the tokens */
	double cost;   /* USD */
	struct pike_score screen, confirm; /* verdict PENDING: none */
	int confirms;			   /* how often it was confirmed */
	/* Made for an earlier base or another environment: neither ranked with
	 * what came after nor measured. */
	bool past;
	bool again; /* stands for one of those, and was asked of nobody */
	/* Natural log of the estimated speedup over the base: confirmed where
	 * it is, else screen ratio times its champion's. NaN: not measured. */
	double score;
	double was; /* the same of what is past; NaN else */
};

struct pike_generation {
	struct pike_oid id, champion, ladder; /* ladder: "" for generation 0 */
	int64_t number;
	struct pike_ratio speedup; /* the champion's, confirmed; 1 for base */
	double spent;		   /* USD so far */
	int64_t ts;
	/* Index of the generation that began the epoch: generation 0, or one
	 * from which all is measured again. There, what the epoch is measured
	 * against and where: "" while nothing tells. */
	size_t first;
	struct pike_oid base;
	char env[65], task[65];
};

struct pike_history {
	char *target, *lane;	/* lane with ".run" where there is one */
	struct pike_oid base;	/* of the last epoch */
	struct pike_oid tip;	/* last generation; "" when not begun */
	struct pike_oid ladder; /* tip of the ladder */
	struct pike_generation *gens;
	size_t ngens, gens_cap;
	struct pike_record *recs; /* in the order they were added */
	size_t nrecs, recs_cap;
	struct pike_steers steers; /* what steers it, as the ladder has it */
	struct pike_oid champion;  /* == base while nothing was confirmed */
	struct pike_ratio speedup; /* champion over base, 1 1 1 for the base */
	size_t skipped_lines;	   /* unparsable note lines met */
	/* Changes whenever a settled record's screen or score does. */
	size_t revised;
	size_t resets; /* how often it began anew, with other indexes */
	void *index;   /* of recs by id and by source; see the functions */
};
struct pike_history *pike_history_new(const char *target, const char *lane);
void pike_history_free(struct pike_history *h);
/* Empties it, for a fold that begins anew. */
void pike_history_reset(struct pike_history *h);
/* Appends (takes the contents of *r); returns its index. */
size_t pike_history_add(struct pike_history *h, struct pike_record *r);
struct pike_record *pike_history_find(struct pike_history *h,
				      const struct pike_oid *id);
/* The first record with these evolvable files. */
struct pike_record *pike_history_by_source(struct pike_history *h,
					   const struct pike_oid *source);
/* Folds one result into its record: the later of two confirms wins, a first
 * screen stays. Recomputes the record's score. */
void pike_history_apply(struct pike_history *h, const struct pike_oid *id,
			enum pike_stage stage, const struct pike_score *s);
/* The first record that no generation has settled; nrecs: none. What is open
 * is behind it, though not all of that is: so a long history is not read
 * through for the little that moves. */
size_t pike_history_open(const struct pike_history *h);
size_t pike_history_pending(const struct pike_history *h); /* no screen yet */
/* Appends a generation. `begins`: an epoch, and with it what is there so far
 * becomes past. Copies *g. */
void pike_history_generation(struct pike_history *h,
			     const struct pike_generation *g, bool begins);
/* The generation that began the epoch of a record, of the last one for NULL;
 * NULL while there is none. */
const struct pike_generation *pike_history_epoch(const struct pike_history *h,
						 const struct pike_record *r);
/* Number of the generation that left a record behind, which is past. */
int64_t pike_history_left(const struct pike_history *h,
			  const struct pike_record *r);

#endif
