/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd: the commands. To add one: write cmd/NAME.c that exports a
 * `const struct pike_cmd pike_cmd_NAME`, declare it below, list it in
 * commands.c. -h, the manual page and the shell completion follow by
 * themselves.
 *
 * A command never prints: it fills ctx->out (text for people) or ctx->doc
 * (with --json), and main writes that to stdout at the end. Chat goes to
 * stderr through base/log.h.
 */
#ifndef PIKE_CMD_CMD_H
#define PIKE_CMD_CMD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/opts.h"
#include "git/git.h"
#include "model/settings.h"
#include "run/run.h"

#include <stdbool.h>
#include <stddef.h>

#define PIKE_VERSION "0.1.0"

enum pike_exit {
	PIKE_EXIT_OK = 0,
	PIKE_EXIT_NO = 1,
	PIKE_EXIT_FATAL = 128,
	PIKE_EXIT_USAGE = 129,
	PIKE_EXIT_INTERRUPTED = 130,
};

/* Preconditions, met by main before `run` is called. */
enum pike_cmd_flags {
	PIKE_NEED_REPO = 1 << 0,   /* ctx->repo is open */
	PIKE_NEED_CONFIG = 1 << 1, /* ctx->settings is made */
	PIKE_HIDDEN = 1 << 2,	   /* not in lists */
	PIKE_READS = 1 << 3,	   /* nothing of the repository is changed */
	PIKE_TOOL = 1 << 4,	   /* mcp.c: an agent may call it */
};

/* Options that every command takes; the first member of every command's own
 * struct of options. */
struct pike_common {
	bool json, quiet, verbose;
};

struct pike_ctx {
	const struct pike_cmd *cmd;
	bool json;
	struct pike_repo *repo;
	struct pike_entries entries;
	struct pike_settings *settings;
	struct pike_buf out;
	struct pike_json *doc;
	struct pike_json *list; /* doc's list of targets, of stages.c */
	volatile const int *stop;
};

struct pike_cmd {
	const char *name, *summary;
	const char *usage; /* operands: "[TARGET...]" */
	const char *text;  /* paragraphs below the summary in -h */
	const struct pike_opt *opts;
	size_t opts_size; /* of the struct that `opts` parses into */
	unsigned flags;	  /* enum pike_cmd_flags */
	/* Exit status, or a negative enum pike_level with `err` set. */
	int (*run)(struct pike_ctx *ctx, const void *opts,
		   const struct pike_strs *rest, struct pike_err *err);
	/* Words that complete an operand; NULL: targets do. */
	void (*words)(struct pike_buf *b);
};

extern const struct pike_cmd pike_cmd_advance, pike_cmd_bench, pike_cmd_check,
    pike_cmd_config, pike_cmd_doctor, pike_cmd_evaluate, pike_cmd_evolve,
    pike_cmd_export, pike_cmd_gc, pike_cmd_help, pike_cmd_hook, pike_cmd_import,
    pike_cmd_init, pike_cmd_log, pike_cmd_mcp, pike_cmd_propose,
    pike_cmd_publish, pike_cmd_report, pike_cmd_show, pike_cmd_status,
    pike_cmd_strategies, pike_cmd_sync, pike_cmd_try, pike_cmd_verify;

/* ---- commands.c: the table and what is generated from it ---- */

/* All commands, ends with NULL. */
extern const struct pike_cmd *const pike_cmds[];
extern const struct pike_opt pike_global_opts[];
const struct pike_cmd *pike_cmd_find(const char *name);
/* The command's rows followed by the common ones; caller frees. */
struct pike_opt *pike_cmd_opts(const struct pike_cmd *cmd);
void pike_help_program(struct pike_buf *b);
void pike_help_command(struct pike_buf *b, const struct pike_cmd *cmd);
void pike_help_man(struct pike_buf *b);
void pike_help_completion(struct pike_buf *b);

/* ---- help.c ---- */

/* The subjects of `pike-git help TOPIC`, a line each. */
void pike_help_topics(struct pike_buf *b);

/* ---- common.c: what several commands share ---- */

/* Reads the configuration with the command line's settings over it; `opts`
 * NULL: without. */
int pike_ctx_config(struct pike_ctx *ctx, const void *opts,
		    struct pike_err *err);
/* Refuses operands beyond `max`. */
int pike_operands(const struct pike_strs *rest, size_t min, size_t max,
		  struct pike_err *err);
/* The named targets, or all; an unknown name is PIKE_USAGE. */
int pike_pick_targets(struct pike_strs *out, const struct pike_ctx *ctx,
		      const struct pike_strs *names, struct pike_err *err);
/* uncommitted.c: does the file in the working tree differ from HEAD's by more
 * than line endings? 0 no, 1 yes, -1: one of the two is missing. */
int pike_file_edited(struct pike_repo *repo, const char *path);
/* Warns of edits to a target's files that are not committed. */
void pike_warn_uncommitted(struct pike_ctx *ctx, const struct pike_target *t);
/* Targets whose sources, headers or references differ between two commits. */
int pike_targets_between(struct pike_strs *out, const struct pike_ctx *ctx,
			 const struct pike_oid *from, const struct pike_oid *to,
			 struct pike_err *err);
/* Targets whose evolvable files at `rev` differ from the base's. */
int pike_changed_targets(struct pike_strs *out, const struct pike_ctx *ctx,
			 const char *rev, struct pike_err *err);
/* init.c: a configuration without targets, for a new .pike/config. */
int pike_config_head(struct pike_buf *out, struct pike_ctx *ctx,
		     struct pike_err *err);
/* NULL, "I0", "I1"...: what --allow-weak says. */
int pike_pick_isolation(enum pike_isolation *out, const char *text,
			struct pike_err *err);
/* A run's name must be a name. */
int pike_check_run(const char *run, struct pike_err *err);
/* Appends text of outside origin, one line, cleaned, at most `max` bytes. */
void pike_clean(struct pike_buf *b, const char *s, size_t max);
/* The same for many lines, each indented. */
void pike_clean_lines(struct pike_buf *b, const char *s);
/* [lo, mid, hi], or [] where nothing was measured. */
struct pike_json *pike_json_ratio(const struct pike_ratio *r);
/* A result as the JSON of its line; NULL when it cannot be. */
struct pike_json *pike_json_result(const struct pike_result *r);

/* One search of the repository, opened and folded. */
struct pike_found {
	char *target, *lane, *run; /* run NULL: the main one */
	struct pike_search_ref *ref;
	struct pike_history *history;
};
struct pike_founds {
	struct pike_found *v;
	size_t n;
};
/* Searches of the named targets (none: all); `run` NULL: whatever run. */
int pike_find_searches(struct pike_founds *out, const struct pike_ctx *ctx,
		       const struct pike_strs *targets, const char *run,
		       struct pike_err *err);
void pike_founds_release(struct pike_founds *f);
/* PIKE_USAGE for a name that is no target, and of which nothing was found. */
int pike_check_searched(struct pike_ctx *ctx, const void *opts,
			const struct pike_strs *names,
			const struct pike_founds *f, struct pike_err *err);

/* The last result of a commit in a stage against `base` (NULL: any); 1 when
 * there is none. Release `out` in either case. */
int pike_last_result(struct pike_result *out, const struct pike_ctx *ctx,
		     const struct pike_oid *commit, enum pike_stage stage,
		     const struct pike_oid *base, struct pike_err *err);
/* Table of cases, reason, reading and what was not checked. */
void pike_text_result(struct pike_buf *b, const struct pike_result *r,
		      const struct pike_target *t);

/* try.c: what `try` prints of a result, or its document. */
void pike_tell_try(struct pike_buf *out, bool json, const struct pike_result *r,
		   const struct pike_target *t, const struct pike_oid *rival);

/* ---- stages.c: what evolve and its four stages share ---- */

struct pike_stage_args {
	const char *run, *allow_weak, *replay;
	int64_t generations;
	int shard, shards, stage;
	bool profile, staged, part, keeps,
	    resume; /* as pike_run_opts has them */
};
/* After a stage: pushes what is left. What cannot be pushed fails the stage,
 * whose machine may not be there tomorrow. */
int pike_stage_share(struct pike_run *run, struct pike_err *err);
/* What to do about a search that rests. */
#define PIKE_REST_REMEDY "`pike-git evolve --resume` goes on with it"
/* Says so of one that does: then nothing else is done for it. */
bool pike_stage_rests(struct pike_ctx *ctx, struct pike_run *run);
/* Fetches, opens each target's search, calls `fn`, frees it. With --json `fn`
 * pushes one object to ctx->list. */
typedef int (*pike_stage_fn)(struct pike_ctx *ctx, struct pike_run *run,
			     const struct pike_target *t, void *arg,
			     struct pike_err *err);
int pike_each_target(struct pike_ctx *ctx, const struct pike_strs *names,
		     const struct pike_stage_args *a, pike_stage_fn fn,
		     void *arg, struct pike_err *err);
/* publish.c: what became of an offer: a sentence and its lines; an object. */
void pike_offer_text(struct pike_buf *b, const struct pike_offered *o);
struct pike_json *pike_offer_json(const struct pike_offered *o);
/* "faster 2, same 5, waiting 1" of all candidates of a search. */
void pike_tally(struct pike_buf *b, const struct pike_history *h);
double pike_spent(const struct pike_history *h);
/* NULL when the commit is no candidate of this search. */
const struct pike_record *pike_find_record(const struct pike_history *h,
					   const struct pike_oid *id);
/* The state of a search: counts, champion, speedup, cost. */
struct pike_json *pike_json_search(const struct pike_history *h);
/* What somebody said to it. */
struct pike_json *pike_json_steer(const struct pike_steer *s);
/* One candidate of it. */
struct pike_json *pike_json_record(const struct pike_history *h,
				   const struct pike_record *r);

#endif
