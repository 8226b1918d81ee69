/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git: the room that remembers. The only door to libgit2; the `git` program
 * is used in transport.c alone.
 *
 * State is commits and notes (README.md, Formats), append-only; the working
 * tree and the index are never touched. Whatever a crash can interrupt is
 * either not there or whole: objects first, then one compare-and-swap of one
 * ref. Lost races are retried inside; a ref lock that a dead process left in
 * our own namespaces is removed, a foreign one is reported with its age.
 *
 * Not thread-safe: one handle per thread.
 */
#ifndef PIKE_GIT_GIT_H
#define PIKE_GIT_GIT_H

#include "base/err.h"
#include "model/result.h"
#include "model/settings.h"

struct pike_repo;

/* Opens the repository around `dir` (normal, bare, linked worktree), or that
 * of GIT_DIR. Refuses, naming the remedy: shallow clones, sha256, reftable, an
 * owner that safe.directory does not admit. Removes what killed processes of
 * ours left. */
int pike_repo_open(struct pike_repo **out, const char *dir,
		   struct pike_err *err);
/* The same to read only: takes no lock, waits for nobody, writes nothing. In a
 * hook it sees the objects of the push, too. */
int pike_repo_view(struct pike_repo **out, const char *dir,
		   struct pike_err *err);
/* Fetches the history that a shallow clone lacks, where the settings found
 * there (sync, remote) allow to: after that it can be opened. 1: they do not,
 * or it is none. */
int pike_repo_deepen(const char *dir, volatile const int *stop,
		     struct pike_err *err);
/* "1.5.1", of the libgit2 that runs. Static. */
const char *pike_git_version(void);
/* Also fsync objects and refs (setting pike.fsync). */
void pike_repo_set_fsync(struct pike_repo *r, bool on);
void pike_repo_free(struct pike_repo *r);
const char *pike_repo_workdir(const struct pike_repo *r); /* NULL when bare */
const char *pike_repo_commondir(const struct pike_repo *r);

/* ---- config.c ---- */

/* Entries of .pike/config (working tree's, else the base branch's), then of
 * git's config as it holds for this call: the system's, the user's, the
 * repository's, its worktree's, and that of `git -c` and GIT_CONFIG_COUNT.
 * Errors carry file and line. */
int pike_repo_config(struct pike_entries *out, struct pike_repo *r,
		     struct pike_err *err);
/* Entries of .pike/config alone, as a commit has it; none where it has none. */
int pike_repo_config_at(struct pike_entries *out, struct pike_repo *r,
			const struct pike_oid *commit, struct pike_err *err);
/* Records the file's blob id as trusted; *out_trusted of the present one. */
int pike_repo_trust(struct pike_repo *r, struct pike_err *err);
/* The same for the file as it stands on the base branch (NULL: as
 * pike_repo_base), for CI. */
int pike_repo_trust_base(struct pike_repo *r, const char *base,
			 struct pike_err *err);
int pike_repo_trusted(bool *out, struct pike_repo *r, struct pike_err *err);

/* ---- receive.c: what a server takes ---- */

/* One ref of a push; an id is "" where there is none. */
struct pike_ref_update {
	char *ref;
	struct pike_oid was, now;
};
/* Do these updates keep what README.md, Formats, says of searches and notes?
 * Other refs always do. Names of targets, their files and .pike/runners are
 * those of HEAD's branch. PIKE_FAILED says which ref does not, and why.
 * `whole`: these are all updates of the push. */
int pike_repo_receive(struct pike_repo *r, const struct pike_ref_update *v,
		      size_t n, bool whole, struct pike_err *err);

/* Folder of the hooks that git runs here, by core.hooksPath. Caller frees. */
char *pike_repo_hooks(struct pike_repo *r);

/* ---- objects ---- */

/* Resolves a revision to a commit. */
int pike_repo_resolve(struct pike_oid *out, struct pike_repo *r,
		      const char *rev, struct pike_err *err);
/* The base branch's commit: `name`, else main, master, HEAD. */
int pike_repo_base(struct pike_oid *out, struct pike_repo *r, const char *name,
		   struct pike_err *err);
/* The branch that others work on: the remote's own default, main, master, the
 * one that is checked out, though it have no commit yet, the only one; "main"
 * where nothing tells. Caller frees. */
char *pike_repo_default_branch(struct pike_repo *r);
/* The best common ancestor; 1 when there is none. */
int pike_repo_merge_base(struct pike_oid *out, struct pike_repo *r,
			 const struct pike_oid *a, const struct pike_oid *b,
			 struct pike_err *err);
/* Regular files at `paths` of a commit. A missing file is PIKE_FAILED unless
 * `may_miss`; a symlink, submodule, LFS pointer, or more than 4 MiB always. */
int pike_repo_read(struct pike_files *out, struct pike_repo *r,
		   const struct pike_oid *commit, const struct pike_strs *paths,
		   bool may_miss, struct pike_err *err);
/* All but folders like .pike: at most 8192 and 64 MiB; `*left` are left. */
int pike_repo_read_all(struct pike_files *out, size_t *left,
		       struct pike_repo *r, const struct pike_oid *commit,
		       struct pike_err *err);
/* Oid of the tree that holds only these files: the content address. */
int pike_repo_source(struct pike_oid *out, struct pike_repo *r,
		     const struct pike_files *files, struct pike_err *err);
/* Blob id of some bytes, without writing. */
int pike_blob_id(struct pike_oid *out, const void *p, size_t n,
		 struct pike_err *err);
/* The first-parent history of `to` behind `from`, oldest first, in hex. */
int pike_repo_between(struct pike_strs *out, struct pike_repo *r,
		      const struct pike_oid *from, const struct pike_oid *to,
		      struct pike_err *err);
/* Paths in which two commits differ. */
int pike_repo_changed(struct pike_strs *out, struct pike_repo *r,
		      const struct pike_oid *a, const struct pike_oid *b,
		      struct pike_err *err);
/* Appends what changes in `paths` from commit a to b, as unified diff. */
int pike_repo_difference(struct pike_buf *out, struct pike_repo *r,
			 const struct pike_oid *a, const struct pike_oid *b,
			 const struct pike_strs *paths, struct pike_err *err);
/* Writes the tree of a commit into a folder, which exists and is empty. */
int pike_repo_export(struct pike_repo *r, const struct pike_oid *commit,
		     const char *dir, struct pike_err *err);
int pike_repo_message(char **out, struct pike_repo *r,
		      const struct pike_oid *commit, struct pike_err *err);
/* The files at `paths` of `theirs`, brought from commit `from` to commit `to`,
 * each by a three-way merge. Where one cannot be, `to` wins and `conflicts`
 * gets its path. A file that `to` has not is left out. */
int pike_repo_carry(struct pike_files *out, struct pike_strs *conflicts,
		    struct pike_repo *r, const struct pike_strs *paths,
		    const struct pike_oid *from, const struct pike_oid *theirs,
		    const struct pike_oid *to, struct pike_err *err);

/* ---- a search: one target on one lane ---- */

struct pike_search_ref; /* names the refs; caches what was read */

/* `run` may be NULL. Names must be valid. */
int pike_search_open(struct pike_search_ref **out, struct pike_repo *r,
		     const char *target, const char *lane, const char *run,
		     struct pike_err *err);
void pike_search_close(struct pike_search_ref *s);
const char *pike_search_branch(const struct pike_search_ref *s);
/* TARGET/LANE of every search in the repository. */
int pike_search_list(struct pike_strs *out, struct pike_repo *r,
		     struct pike_err *err);

/* Brings `h` up to date: first call folds the generations' trailers and the
 * pending notes, later calls read only what is new. `h` is a fresh history
 * on the first call. */
int pike_search_fold(struct pike_history *h, struct pike_search_ref *s,
		     struct pike_err *err);
/* The same from the notes alone, slowly; a test compares the two. */
int pike_search_fold_notes(struct pike_history *h, struct pike_search_ref *s,
			   struct pike_err *err);

/* Generation 0 on the base commit. Done already by another: success. */
int pike_search_begin(struct pike_search_ref *s, const struct pike_oid *base,
		      const char *strategy, uint64_t seed,
		      struct pike_err *err);

/* What was tried: becomes a commit. Texts are cleaned; no line of `body` can
 * become a trailer. */
struct pike_proposal {
	/* The solution it was made from, and for a crossover the best of those
	 * that it was crossed with. */
	const struct pike_oid *parents;
	size_t nparents;
	const struct pike_oid *shown; /* all that its prompt showed */
	size_t nshown;
	struct pike_files files; /* evolvable files only */
	const struct pike_agent *agent;
	const char *subject, *body, *slot, *idea, *model, *run;
	const struct pike_oid *again; /* what is past it stands for; or NULL */
	const char *chat;	      /* line of its chat note; NULL: none */
	bool paid; /* a model's: stored even where its files are known */
	int64_t generation, tokens_in, tokens_out;
	bool guessed;	  /* nobody has counted the tokens */
	int asked, tries; /* how often it, and its agent the judge */
	bool worked;	  /* there is such an agent */
	double cost;
};
/* Stores n proposals under one new rung; ids[n] receives the commits. One
 * whose files equal those of a record in the history is not stored again,
 * unless it was paid for: its id is that record's and `known[i]` is set. One
 * without files has its first parent's tree, and no source. */
int pike_search_store(struct pike_oid *ids, bool *known,
		      struct pike_search_ref *s, struct pike_history *h,
		      const struct pike_proposal *p, size_t n,
		      struct pike_err *err);

/* Only one process at a time may ask models for a search: this one, until it
 * closes `out_fd` or ends. Else PIKE_RETRY, with who does and for how long. */
int pike_search_claim_asking(int *out_fd, struct pike_search_ref *s,
			     struct pike_err *err);
/* Puts exchanges on the ladder that a killed process had noted and not yet
 * stored. `h` is folded before; the claim is held. */
int pike_search_adopt(struct pike_search_ref *s, struct pike_history *h,
		      struct pike_err *err);
/* Chat lines of all commits below `tip`, in the order of the exchanges. */
int pike_chats_below(struct pike_strs *out, struct pike_repo *r,
		     const struct pike_oid *tip, struct pike_err *err);
/* Chat lines of a commit, from chat notes and inboxes. */
int pike_chats_of(struct pike_strs *out, struct pike_repo *r,
		  const struct pike_oid *commit, struct pike_err *err);

/* Adds result lines to this job's inbox, one commit for all n. Durable
 * against SIGKILL on return. The history is folded along. */
int pike_search_record(struct pike_search_ref *s, struct pike_history *h,
		       const struct pike_result *res, size_t n,
		       struct pike_err *err);

/* Puts what steers the search on its ladder (README.md), but for what a
 * comment said that stands there; `*n`: how many that were. `by` "": the user.
 * The history is folded along. */
int pike_search_steer(size_t *n, struct pike_search_ref *s,
		      struct pike_history *h, const struct pike_steers *v,
		      struct pike_err *err);

/* Is a line known that no generation lists yet: of this commit, or (NULL) of
 * any? */
bool pike_search_late(const struct pike_search_ref *s,
		      const struct pike_oid *id);

/* To measure a record: of the processes of this machine this one alone, until
 * it closes `out_fd` or dies. PIKE_RETRY: another one does. What was measured
 * before the claim is known after a fold that follows it. */
int pike_search_claim_record(int *out_fd, struct pike_search_ref *s,
			     const struct pike_oid *id, struct pike_err *err);
/* Does any process hold such a claim of this search, this one included? */
int pike_search_claimed(bool *out, struct pike_search_ref *s,
			struct pike_err *err);

/* Closes the generation: folds all inboxes into refs/notes/pike/results,
 * and refs/notes/pike/chat, notes lessons, writes the generation commit
 * (results settled since the last one, champion, trailers), moves the evolution
 * branch and then the ladder, deletes the inboxes with a lease, packs. Lost to
 * another process: PIKE_RETRY. */
struct pike_close {
	struct pike_oid champion;
	/* An epoch begins on this commit, which is the champion too; or NULL.
	 * What was measured so far is ranked no more. */
	const struct pike_oid *base;
	struct pike_ratio speedup;
	const char *strategy, *env, *task, *table; /* table: text for people */
	uint64_t seed;
	double spent;
	/* Appends what is to be learnt from a commit of which the generation
	 * lists a result, a line for refs/notes/pike/lessons, or nothing. NULL:
	 * no lessons. */
	int (*lesson)(struct pike_buf *line, void *ctx,
		      const struct pike_oid *commit, struct pike_err *err);
	void *ctx;
};
int pike_search_advance(struct pike_search_ref *s, struct pike_history *h,
			const struct pike_close *c, struct pike_err *err);

/* All result lines of a commit, from results and inboxes, oldest first. */
int pike_results_of(struct pike_result **out, size_t *n, struct pike_repo *r,
		    const struct pike_oid *commit, struct pike_err *err);
/* A line of that target with an environment, of the newest commit below `tip`
 * that has one; 1 when there is none. */
int pike_result_below(struct pike_result *out, struct pike_repo *r,
		      const struct pike_oid *tip, const char *target,
		      struct pike_err *err);
/* A measured line for this content (source, task, env, stage) anywhere in the
 * repository; 1 when there is none. */
int pike_results_lookup(struct pike_result *out, struct pike_search_ref *s,
			const struct pike_result *key, struct pike_err *err);
/* Adds lines to the inbox without a search (bench, verify). */
int pike_results_add(struct pike_repo *r, const struct pike_result *res,
		     size_t n, struct pike_err *err);

/* ---- transport.c, housekeeping ---- */

/* Writes this job's inboxes and candidates as a bundle; reads one back. */
int pike_bundle_write(struct pike_search_ref *s, const char *path,
		      struct pike_err *err);
int pike_bundle_read(struct pike_repo *r, const char *path,
		     struct pike_err *err);
/* Removes temporary files of objects and packs that nobody has written to for a
 * minute; opening the repository removes those of an hour. */
int pike_repo_tidy(struct pike_repo *r, struct pike_err *err);
/* Packs what is loose and rolls small packs up (README.md, "Storage"); `full`:
 * into one pack. 1: left as it is, since others borrow objects of this
 * repository (preciousObjects) or another process packs. */
int pike_repo_pack(struct pike_repo *r, bool full, struct pike_err *err);
/* Ends a search: deletes its refs. */
int pike_search_drop(struct pike_search_ref *s, struct pike_err *err);
/* Is git set to sign commits (commit.gpgsign)? Tries to, if so. */
int pike_repo_signs(bool *out, struct pike_repo *r, struct pike_err *err);
/* One line each for doctor: problems of this repository and their remedy. */
int pike_repo_problems(struct pike_strs *out, struct pike_repo *r,
		       struct pike_err *err);

#endif
