/* SPDX-License-Identifier: Apache-2.0 */
/* run_priv: what the files of this room share. */
#ifndef PIKE_RUN_RUN_PRIV_H
#define PIKE_RUN_RUN_PRIV_H

#include "git/lessons.h"
#include "llm/llm.h"
#include "run/run.h"
#include "search/search.h"

/* Challengers confirmed per generation at most. */
#define PIKE_CHALLENGERS 3
/* A content is confirmed at most so often, whoever did it. */
#define PIKE_CONFIRMS 2
/* Builds that run ahead of a measurement at most. */
#define PIKE_AHEAD 16

/* The groups of files that a judge needs, as a commit has them. */
struct pike_inputs {
	struct pike_files base, headers, reference, modules;
};

struct pike_run;

/* What a search asks of a judge. Tests have a judge of their own, without a
 * device; see eval.h for what each function does. */
struct pike_judging {
	int (*open)(struct pike_judge **out, const struct pike_judge_opts *o,
		    struct pike_err *err);
	void (*close)(struct pike_judge *j); /* NULL is no judge */
	const struct pike_device_info *(*device)(const struct pike_judge *j);
	const char *(*env)(const struct pike_judge *j);
	const char *(*task)(const struct pike_judge *j);
	void (*identify)(struct pike_result *out, const struct pike_judge *j);
	/* optional: default a task is what it was */
	void (*task_hash)(char out[65], const struct pike_target *t,
			  const struct pike_files *headers,
			  const struct pike_files *reference);
	void (*times)(const struct pike_judge *j, int64_t *held_ns,
		      int64_t *kernel_ns);
	int (*build_start)(struct pike_build **out, struct pike_judge *j,
			   const struct pike_files *files,
			   struct pike_err *err);
	bool (*build_wait)(struct pike_build *b, const char **log);
	void (*build_free)(struct pike_build *b); /* NULL is no build */
	/* optional: default nothing is known of the base */
	int (*base)(struct pike_result *out, struct pike_judge *j,
		    struct pike_err *err);
	int (*screen)(struct pike_result *out, struct pike_judge *j,
		      struct pike_build *cand, struct pike_build *champ,
		      struct pike_err *err);
	int (*confirm)(struct pike_result *out, struct pike_judge *j,
		       struct pike_build *cand, struct pike_build *champ,
		       const struct pike_confirm_opts *o, struct pike_err *err);
};
extern const struct pike_judging pike_judging; /* lib/eval's */
extern const struct pike_judging pike_judging_replay;
/* A result of the search that is replayed; 1: it has none. */
int pike_run_recorded(struct pike_result *out, struct pike_run *run,
		      struct pike_err *err);

/* Questions on their way to models; see agents.c. */
struct pike_agents;

/* With a remote; see sync.c. */
struct pike_sharing {
	size_t seen;	 /* what there was when it was pushed */
	int64_t next_ns; /* not before */
	int failures;	 /* one after another */
};

struct pike_run {
	struct pike_repo *repo;
	const struct pike_settings *settings;
	const struct pike_target *target;
	const struct pike_strategy_ops *strategy;
	struct pike_preset preset;
	struct pike_agents *agents; /* opened at the first need */
	struct pike_run_opts o;
	struct pike_search_ref *search;
	struct pike_history *history;
	struct pike_inputs in;
	struct pike_oid base_source;
	struct pike_oid seen;  /* commit of the base branch last looked at */
	struct pike_oid epoch; /* generation that began what `in` is of */
	bool placed;	       /* it was seen in what environment we are */
	const struct pike_judging *judging;
	struct pike_judge *judge;    /* opened at the first need */
	struct pike_build *champ;    /* NULL while the champion is the base */
	struct pike_oid champ_id;    /* what `champ` was built from */
	struct pike_device_info dev; /* for prompts; lane "": not looked for */
	struct pike_run_stats stats;
	int64_t started_ns;
	uint64_t seed;
	char lane[65];
	char step[96]; /* what the judge is doing, for the progress line */
	char ended[400];
	struct pike_sharing sharing;
	bool nothing_to_tune; /* said once */
	bool rested;	      /* evolve found it at rest */
	bool elsewhere; /* a part, in another environment than the search's */
	bool looked;	/* at the base, or there was no need */
	struct pike_result base;     /* what that said; no cases: nothing */
	struct pike_lessons lessons; /* as far as a prompt needed them */
	bool said_lessons; /* that not all of .pike/lessons.md is in prompts */
};

/* Brings the history up to date with git. */
int pike_run_refresh(struct pike_run *run, struct pike_err *err);
/* Evolvable files of a commit. */
int pike_run_files(struct pike_files *out, struct pike_run *run,
		   const struct pike_oid *commit, struct pike_err *err);
/* Reads what the judge of a target needs from a commit. */
int pike_inputs_read(struct pike_inputs *out, struct pike_repo *repo,
		     const struct pike_target *t, const struct pike_oid *at,
		     struct pike_err *err);
void pike_inputs_release(struct pike_inputs *in);
/* The judge, opened when first asked for. */
int pike_run_judge(struct pike_judge **out, struct pike_run *run,
		   struct pike_err *err);
bool pike_run_stopped(const struct pike_run *run);
/* Redraws the progress line. */
void pike_run_show(const struct pike_run *run);
/* Says how the youngest generation has ended. */
void pike_run_say_generation(const struct pike_run *run);
/* Candidates not settled by a generation yet, and how many of them have a
 * verdict. */
size_t pike_run_open_count(const struct pike_run *run, size_t *judged);
/* "faster 2, same 5, wrong 1" of the records from `first` on. */
void pike_run_tally(struct pike_buf *b, const struct pike_history *h,
		    int64_t generation);

/* ---- sync.c ---- */

/* Pushes what is new; unless `now`, not if that was just done. */
void pike_run_share(struct pike_run *run, bool now);
/* Fetches what others have, and pushes. */
void pike_run_catch_up(struct pike_run *run);

/* steer.c: takes back that it was paused or stopped, by the user. */
int pike_run_resume(struct pike_run *run, struct pike_err *err);

/* ---- moved.c, again.c: the base and the environment ---- */

/* May the base have moved since it was looked at, or has another process begun
 * an epoch? Costs next to nothing. */
int pike_run_moved(bool *out, struct pike_run *run, struct pike_err *err);
/* Has another process begun an epoch that this one has not followed yet? Then
 * what it measures is of no account. */
bool pike_run_outdated(const struct pike_run *run);
/* Stores what the epoch before has left to be measured again, unless it is
 * there. */
int pike_run_carry(struct pike_run *run, struct pike_err *err);
/* How many of those no generation has settled. */
size_t pike_run_again(const struct pike_history *h);

/* The idea of a record; "" where nobody had one. */
const char *pike_run_idea(struct pike_history *h, const struct pike_record *r);

/* ---- lessons.c ---- */

/* Has the generation that is closed note what its candidates teach. */
void pike_run_teach(struct pike_close *c, struct pike_run *run);

/* ---- stamp.c ---- */

/* What a result is of: the commit with these evolvable files (NULL: it has
 * none), judged in this stage against base and champion. */
struct pike_stamp {
	const struct pike_target *target;
	const char *lane;
	const struct pike_oid *base, *champion, *commit, *source;
	enum pike_stage stage;
};
/* Writes it into a result, with an id of its own, the time and the runner. */
void pike_result_stamp(struct pike_result *res, const struct pike_stamp *s);
/* "local", or what PIKE_RUNNER says. */
const char *pike_runner(void);
/* The stamp of a record's result against the champion of now. */
struct pike_stamp pike_run_stamp(const struct pike_run *run,
				 const struct pike_record *r,
				 enum pike_stage stage);

/* reuse.c: a verdict that is there already for these files, stamped as this
 * record's; 1: there is none that can stand here. */
int pike_run_reuse(struct pike_result *res, struct pike_run *run,
		   const struct pike_record *r, enum pike_stage stage,
		   struct pike_err *err);

/* How many builds may run ahead of what is being measured: one where they need
 * the device that is timed, one a core beside a GPU. */
size_t pike_run_ahead(const struct pike_device_info *dev);

/* ---- tunables.c: a tuner's candidates ---- */

/* What a tuner looks at, kept until the champion changes. */
struct pike_tunables {
	struct pike_oid champion;
	struct pike_files files; /* evolvable ones of it */
	struct pike_space space, base, root;
	struct pike_move *known; /* see pike_search_input */
	size_t nknown, known_cap;
};
int pike_tunables_look(struct pike_tunables *n, struct pike_run *run,
		       struct pike_err *err);
void pike_tunables_release(struct pike_tunables *n);
/* Seed of the next moves. */
uint64_t pike_tunables_seed(const struct pike_run *run);
/* Stores the tuner's of the moves as candidates. */
int pike_tunables_store(struct pike_tunables *n, struct pike_run *run,
			const struct pike_moves *moves, struct pike_err *err);
/* All of it, for a strategy that is a tuner. */
int pike_tunables_propose(struct pike_run *run, struct pike_err *err);

/* ---- agents.c: what models are asked, and what becomes of it ---- */

/* Asks what the strategy wants now and the budget allows, and does not wait.
 * Nothing while another process asks. */
int pike_agents_ask(struct pike_run *run, struct pike_err *err);
/* Lets questions go on for at most wait_ms, or until one has ended; what was
 * answered becomes commits. */
int pike_agents_listen(struct pike_run *run, int wait_ms, struct pike_err *err);
/* Between these two something is measured. Questions go on by themselves, and
 * replies wait: nothing is stored, asked or dropped meanwhile. */
void pike_agents_away(struct pike_run *run);
void pike_agents_back(struct pike_run *run);
/* Listens for a while. */
int pike_agents_wait(struct pike_run *run, struct pike_err *err);
/* Is the round of the open generation over? Never, where it has no rounds. */
bool pike_agents_closed(struct pike_run *run);
/* Drops what is still asked and records that it was. */
int pike_agents_cancel(struct pike_run *run, struct pike_err *err);
void pike_agents_close(struct pike_run *run);
size_t pike_agents_flying(const struct pike_run *run);
/* Is something asked, or was the last question not answered? */
bool pike_agents_busy(const struct pike_run *run);
/* Does another process ask for this search? Then nothing is asked here. */
bool pike_agents_elsewhere(const struct pike_run *run);
/* "asked 7, the first 42 s ago", "" where nothing is asked. */
void pike_agents_text(struct pike_buf *out, const struct pike_run *run);
/* Records the verdict of exchanges that left nothing to measure. */
int pike_replies_conclude(struct pike_run *run, struct pike_err *err);

/* Indexes of the challengers to confirm now, best first; returns how many.
 * `settled`: also of those that generations list. */
size_t pike_run_challengers(size_t out[PIKE_CHALLENGERS],
			    const struct pike_history *h, bool settled);
/* Any budget at its end? Then `ended` says which. */
bool pike_run_spent(struct pike_run *run);
/* The minutes are over: what is not measured yet waits for the next run. */
bool pike_run_timeout(const struct pike_run *run);
/* Candidates that the budget still allows. */
int64_t pike_run_allowance(const struct pike_run *run);
/* Questions that may be asked now, while `flying` are on their way. Never more
 * are asked than the budget has room for; of money, which is known only when
 * a reply is there, what is in flight may go beyond it. */
int64_t pike_run_queries(const struct pike_run *run, size_t flying);

/* Measures the base once, for prompts that tell, where nothing is measured yet
 * that tells it: the first questions are the most of a short search. */
int pike_run_look_at_base(struct pike_run *run, struct pike_err *err);
int pike_run_screen_all(struct pike_run *run, struct pike_err *err);
/* Judges what agents that work by themselves call for, one call each. */
void pike_run_serve(struct pike_run *run);
int pike_run_confirm_all(struct pike_run *run, struct pike_err *err);

#endif
