/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: conducts. The four stages and the loop over them; the only room that
 * knows the order. Each stage reads its state from git and leaves it there,
 * so any stage can be killed and any process can go on.
 */
#ifndef PIKE_RUN_RUN_H
#define PIKE_RUN_RUN_H

#include "base/err.h"
#include "eval/eval.h"
#include "git/offer.h"
#include "model/result.h"
#include "model/settings.h"

struct pike_run; /* one search being conducted */

struct pike_run_opts {
	const char *target, *run; /* run NULL: the main search */
	enum pike_isolation require;
	volatile const int *stop; /* set by a signal handler */
	int64_t generations;	  /* close at most so many; 0: no limit */
	int shard, shards;	  /* evaluate: candidate id modulo; 0 0: all */
	bool staged;		  /* evaluate: generations are closed elsewhere
				   */
	/* evaluate: one job of several, or what it finds is handed on: it
	 * begins no epoch, which is more than a bundle holds. In another
	 * environment than the search's it measures nothing and hands on that
	 * word, by which a follow without a device begins one. */
	bool part;
	/* evolve: no model is asked; what was recorded below this revision is
	 * answered again, and what was measured is not measured again. NULL:
	 * models are asked. */
	const char *replay;
	int stage;    /* evaluate: enum pike_stage or -1: all */
	bool profile; /* as pike_confirm_opts has it */
	bool resume;  /* evolve: also what was paused or stopped */
	bool keeps;   /* nothing is pushed, whatever the settings say */
	/* How an agent that tries its files is told what came of it: as `try`
	 * tells people, or in JSON. NULL: by the verdict and its reason. */
	void (*tell)(struct pike_buf *out, bool json,
		     const struct pike_result *r, const struct pike_target *t,
		     const struct pike_oid *rival);
};

struct pike_run_stats {
	int64_t proposed, screened, confirmed, generations;
	int64_t unmeasured; /* of a replay: what the recording does not know */
	int64_t wall_ns, lock_ns;   /* for the benchmark */
	int64_t held_ns, kernel_ns; /* see pike_judge_times */
};

/* Fetches what others have, where there is a remote of the settings' name and
 * `sync` is on: before a search is opened. What fails is a warning. */
void pike_run_fetch(struct pike_repo *repo,
		    const struct pike_settings *settings,
		    volatile const int *stop);
/* Opens one target's search of a repository. */
int pike_run_open(struct pike_run **out, struct pike_repo *repo,
		  const struct pike_settings *settings,
		  const struct pike_run_opts *o, struct pike_err *err);
void pike_run_free(struct pike_run *run);
const struct pike_history *pike_run_history(const struct pike_run *run);
const struct pike_run_stats *pike_run_stats(const struct pike_run *run);

/* Where the base has moved in what concerns the target, or the environment is
 * not the one that the search was measured in, begins an epoch with what is to
 * be measured again. With `device` that is this machine's environment; without,
 * one that a part has told of, if nothing was measured in the search's own
 * since. Asks no model. Part of all stages. */
int pike_run_follow(struct pike_run *run, bool device, struct pike_err *err);
/* Asks for nothing while candidates wait to be measured again. */
int pike_run_propose(struct pike_run *run, struct pike_err *err);
/* A person's candidate: the evolvable files of `rev`, on the champion, under
 * that commit's subject and text. `*known`: these files were tried before, by
 * the candidate `out`. PIKE_FAILED when `rev` also changes a header or the
 * reference, or changes nothing. */
int pike_run_propose_from(struct pike_oid *out, bool *known,
			  struct pike_run *run, const char *rev,
			  struct pike_err *err);
int pike_run_evaluate(struct pike_run *run, struct pike_err *err);
/* Where the champion is to be offered, and it is not known what it is worth in
 * the target's `in-model`: measures that. PIKE_FAILED: that program does not
 * run on the base. */
int pike_run_in_model(struct pike_run *run, struct pike_err *err);
int pike_run_advance(struct pike_run *run, struct pike_err *err);
/* Puts on the ladder what people say to the search in comments on its merge
 * request; `*n`: how many words. Where they cannot be read, a line says why,
 * and that is success. */
int pike_run_hear(size_t *n, struct pike_run *run, struct pike_err *err);
/* Pauses the search where the settings say that it is to rest now: `plateau`,
 * `goal`, `stop-at`. Part of evolve. */
int pike_run_rest(struct pike_run *run, struct pike_err *err);
/* Has somebody paused or stopped it? Then pike_run_ended says who. */
bool pike_run_rests(struct pike_run *run);
/* Has something been measured, of a round that is not over? Samples may still
 * be mended, or asked for, by the next pass of the stages. Never
 * once a budget is spent, nor where a strategy has no rounds. */
int pike_run_round_open(bool *out, struct pike_run *run, struct pike_err *err);
/* All of it until a budget ends, the search is exhausted, or `stop`. */
int pike_run_evolve(struct pike_run *run, struct pike_err *err);
/* Why evolve came to an end, for people: "budget: 40 candidates". */
const char *pike_run_ended(const struct pike_run *run);

/* Pushes what is not pushed yet, where the settings say so; the stages have
 * done so as they went on. PIKE_RETRY: not all of it, `out` has the refs. */
int pike_run_share_rest(struct pike_strs *out, struct pike_run *run,
			struct pike_err *err);

/* ---- forge.c ---- */

/* The forge that requests go to: that of the settings, else the remote's. */
struct pike_place {
	struct pike_forge *forge;
	struct pike_credential lent; /* its token, where git's helpers have it;
					else empty */
};
/* Sends nothing. `wait_ms`, `stop`: as pike_forge_opts has them. PIKE_USAGE:
 * there is none, or no token for it. Close it in any case. */
int pike_run_forge(struct pike_place *out, struct pike_repo *repo,
		   const struct pike_settings *settings, int wait_ms,
		   volatile const int *stop, struct pike_err *err);
/* Twice is legal. */
void pike_run_forge_close(struct pike_place *p, struct pike_repo *repo);

/* ---- publish.c: the champion as a merge request ---- */

struct pike_publish_opts {
	bool dry_run; /* writes the texts and asks nobody */
	volatile const int *stop;
};
enum pike_published {
	PIKE_PUBLISHED_NOTHING, /* `reason` says what is missing */
	PIKE_PUBLISHED_DRY,
	PIKE_PUBLISHED_CREATED,
	PIKE_PUBLISHED_UPDATED,
	PIKE_PUBLISHED_SAME,	  /* there already, as it is */
	PIKE_PUBLISHED_MERGED,	  /* the base has it already */
	PIKE_PUBLISHED_REFUSED,	  /* a person has closed it */
	PIKE_PUBLISHED_FULL,	  /* too many are open */
	PIKE_PUBLISHED_HANDS_OFF, /* a person has committed on the branch */
};
struct pike_offered {
	enum pike_published what;
	bool pushed;		  /* the branch was moved */
	int64_t number;		  /* of the request; 0: there is none */
	char *reason;		  /* of those that offer nothing; else NULL */
	char *title, *body, *url; /* NULL: not so far */
	char *merge; /* what auto-merge has come to; NULL: it is off */
};
void pike_offered_release(struct pike_offered *out);
/* Offers the champion of a search that was folded. Nothing to offer is success.
 * Runs no candidate. PIKE_FATAL: a job for somebody else's fork. */
int pike_run_publish(struct pike_offered *out, struct pike_repo *repo,
		     const struct pike_settings *settings,
		     const struct pike_history *h,
		     const struct pike_publish_opts *o, struct pike_err *err);

/* Does evolve offer what it has found? Where `publish` of [forge] is on, there
 * is a token that was set for this program, and what was found is shared: not
 * of a search of its own name, a replay, or one that rested from the start. */
bool pike_run_publishes(const struct pike_run *run);
/* pike_run_publish of a search that evolve has ended. */
int pike_run_publish_own(struct pike_offered *out, struct pike_run *run,
			 struct pike_err *err);

/* Judges the evolvable files of revisions of one target against the base's, by
 * the whole protocol unless `quick`. Does not need a search. */
struct pike_bench_opts {
	const char *target, *base; /* base NULL: the base branch */
	/* Of which revision references and headers are; NULL: the base's. Then
	 * a header that differs goes with the sources of each side. */
	const char *trusted;
	const char *const *revs;
	size_t nrevs;
	/* Instead of `revs`: evolvable files that no commit has. */
	const struct pike_files *working;
	bool quick, compile_only, profile;
	const char *arch; /* compile_only: NULL or what GPU to build for */
	const struct pike_strs *baselines; /* NULL: the target's own */
	enum pike_isolation require;
	enum pike_stage stage; /* CONFIRM for bench, VERIFY for verify */
	volatile const int *stop;
};
/* Looks all revisions up and opens the judge; what `o` points to must live as
 * long as the bench. */
struct pike_bench;
int pike_bench_open(struct pike_bench **out, struct pike_repo *repo,
		    const struct pike_settings *settings,
		    const struct pike_bench_opts *o, struct pike_err *err);
void pike_bench_free(struct pike_bench *b);
/* Judges the next revision while those after it are being built; 1 when there
 * is none left. */
int pike_bench_next(struct pike_result *out, struct pike_bench *b,
		    struct pike_err *err);
/* All of it for the first revision. */
int pike_run_bench(struct pike_result *out, struct pike_repo *repo,
		   const struct pike_settings *settings,
		   const struct pike_bench_opts *o, struct pike_err *err);

#endif
