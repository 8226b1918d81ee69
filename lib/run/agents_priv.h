/* SPDX-License-Identifier: Apache-2.0 */
/* agents_priv: a question from the move that asks it to the commit that it
 * becomes. agents.c asks, replies.c stores. */
#ifndef PIKE_RUN_AGENTS_PRIV_H
#define PIKE_RUN_AGENTS_PRIV_H

#include "run/run_priv.h"

/* A question on its way. */
struct pike_asked {
	struct pike_move move;	  /* its parents are record indexes */
	struct pike_oid *parents; /* all that the prompt shows */
	size_t nparents;
	struct pike_oid from[2]; /* those of the commit; see replies.c */
	struct pike_files files; /* evolvable ones of parents[0] */
	const struct pike_llm *llm;
	struct pike_question *question;
	struct pike_work *work; /* of a provider that works; else NULL */
	char *prompt, key[41];	/* key: of the situation, for a replay */
	int64_t generation, asked_ns;
	int said_tries; /* how many have failed that people know of */
	bool dropped;	/* not answered, and will not be */
	bool unusable;	/* answered by what is none */
};
void pike_asked_release(struct pike_asked *a);

struct pike_agents {
	int claim; /* on asking for this search; -1: another process has it */
	bool said_elsewhere; /* that another has it */
	struct pike_llms *llms;
	struct pike_replay *replay;
	struct pike_asked *v;
	size_t n, cap;
	struct pike_files templates;   /* by name, once read */
	struct pike_memory *memory;    /* the strategy's */
	struct pike_tunables tunables; /* of a hybrid */
	struct pike_traits *traits;    /* by record; islands only */
	size_t ntraits, traits_cap;
	const char *system; /* prompt; "" */
	size_t resets;	    /* of the history, that are known of */
	size_t seen; /* what there was when the strategy wanted nothing */
	struct pike_strs ideas;
	bool has_ideas;	 /* they are known, and may be none */
	int failures;	 /* one after another */
	int failed;	 /* level of what ends the run; 0: nothing */
	bool used_up;	 /* nothing recorded is left to answer with */
	bool away;	 /* questions go on by themselves */
	bool said_guess; /* that a server counts no tokens */
	bool said_hints; /* that those of the repository cannot be read */
	struct pike_err err;
};

/* ---- context.c: what a prompt is made of ---- */

struct pike_context {
	struct pike_prompt p;
	struct pike_result *results; /* of the parent */
	size_t nresults;
	struct pike_buf parent_result, others;
	struct pike_buf card, limits, work, tried, hints;
	struct pike_buf lessons, lessons_file;
	char reason[320];
};
/* Of a question that has its parents and files; borrows from it. */
int pike_context_make(struct pike_context *out, struct pike_run *run,
		      const struct pike_asked *q, struct pike_err *err);
void pike_context_release(struct pike_context *c);

/* ---- told.c: what a prompt tells, "- " a fact and line ---- */

/* The latest result of this search that has times; 1: there is none. */
int pike_told_measured(struct pike_result *out, struct pike_run *run,
		       struct pike_err *err);
/* `r` and `parent` may be NULL: nothing was measured. */
void pike_told_machine(struct pike_buf *b, const struct pike_run *run,
		       const struct pike_result *r);
/* Work, floors and times of the cases, and what binds the first of them (bits
 * 1 << enum pike_bound; 0: nobody knows). */
void pike_told_work(struct pike_buf *b, unsigned *bounds,
		    const struct pike_run *run, const struct pike_result *r,
		    const struct pike_result *parent);
/* What led to `version`, what else was tried, and what came of it. */
int pike_told_tried(struct pike_buf *b, struct pike_run *run,
		    const struct pike_oid *version, struct pike_err *err);

/* ---- hints.c ---- */

/* What people say to prompts: .pike/hints/TARGET.md as the base branch has it
 * now, and the newest hints of the ladder; each bounded, and in a fence that it
 * cannot end. Nothing where nobody says anything. */
int pike_hints_text(struct pike_buf *b, struct pike_run *run,
		    struct pike_err *err);
/* A file as the base branch has it now: what people write for prompts concerns
 * no result, and begins no epoch. None: `out` is empty. */
int pike_read_on_base(struct pike_files *out, struct pike_run *run,
		      const char *path, struct pike_err *err);

/* ---- lessons.c ---- */

/* What people have written down, and what earlier generations teach. */
int pike_told_lessons(struct pike_context *c, struct pike_run *run,
		      struct pike_err *err);

/* ---- work.c: a coding CLI that works in a box ---- */

/* Starts it on the files of q->parents[0]. PIKE_FATAL: there is no such
 * program, or no box for it on this machine. */
int pike_work_start(struct pike_work **out, struct pike_run *run,
		    const struct pike_asked *q, struct pike_err *err);
/* Does not wait: when it has ended, brings the question's answer. */
void pike_work_step(struct pike_asked *q);
/* Does it call for the judge, and may it? Then pike_work_told answers, with a
 * result or (NULL) with why there is none. Does not wait. */
bool pike_work_call(struct pike_files *files, bool *json,
		    const struct pike_run *run, struct pike_asked *q);
void pike_work_told(const struct pike_run *run, struct pike_asked *q, bool json,
		    const struct pike_result *res, const struct pike_err *why);
/* It stands still while something is measured. */
void pike_work_hold(struct pike_work *w, bool hold);
int pike_work_tries(const struct pike_work *w);
void pike_work_free(struct pike_work *w); /* ends it; NULL is legal */

/* Stores what has ended of the questions, and forgets them. */
int pike_replies_store(struct pike_run *run, struct pike_err *err);

#endif
