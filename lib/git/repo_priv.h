/* SPDX-License-Identifier: Apache-2.0 */
/* repo_priv: the open repository, and what the files of this room share. */
#ifndef PIKE_GIT_REPO_PRIV_H
#define PIKE_GIT_REPO_PRIV_H

#include "git/git.h"

#include <git2.h>
#include <sys/stat.h>
#include <sys/types.h>

/* One job's inbox: a notes ref that only this handle writes. */
struct pike_inbox {
	char *ref; /* NULL: none begun */
	git_oid tip, tree;
	size_t entries;
};

/* git's config in its layers: release it after what reads it. */
struct pike_layers {
	git_config *cfg;
	int *fds; /* of texts that are no files */
	size_t nfds, fds_cap;
};

/* What begins the text of a file that keeps a pack of ours; the process id
 * follows. */
#define PIKE_KEEP "pike-git "
/* What begins the name of a folder below objects in which a pack is made, as
 * git names its own. */
#define PIKE_TEMP_DIR "tmp_objdir-pike-"

struct pike_who {
	char *name, *email;
};

/* A repository in memory: what is written there is only named. */
struct pike_naming {
	git_repository *g; /* NULL: none needed so far */
	git_odb *odb;
	git_odb_backend *memory; /* of odb */
};

struct pike_repo {
	git_repository *g;
	struct pike_layers layers; /* g's config */
	git_odb *odb;		   /* of g: a door to the disk */
	git_odb *disk;		   /* loose objects and packs, by libgit2 */
	struct timespec packs;	   /* of their folder, when opened */
	git_odb_backend *memory;   /* objects not yet on disk, */
	git_oid *waiting;	   /* which are these */
	size_t nwaiting, waiting_cap;
	struct pike_strs kept; /* files that keep packs nothing names yet */
	size_t written;	       /* objects, since they were packed */
	struct pike_naming naming;
	bool pack_failed;	 /* which was told */
	bool no_atomic;		 /* its remote takes refs one by one */
	struct pike_strs told;	 /* what is said once */
	struct pike_strs absent; /* objects that a remote has not, either */
	bool fsync;		 /* setting pike.fsync */
	bool precious; /* others borrow from it: no object is removed */
	bool partial;  /* a remote has what is missing; precious, too */
	int shared; /* core.sharedRepository: bits to add, < 0 to set, 0 none */
	bool has_signed; /* so the key can be used */
	char *workdir;	 /* NULL when bare; ends in '/' */
	char *commondir; /* ends in '/' */
	struct pike_who author, committer;
	struct pike_inbox inbox; /* for lines outside a search */
};

/* Sets the error to "fmt: <libgit2's last error>". A lock or a moved ref
 * (rc GIT_ELOCKED, GIT_EMODIFIED) is PIKE_RETRY, others are `level`. */
int pike_git_fail(struct pike_err *err, int level, int rc, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Warns, unless the same was said of this repository before. */
void pike_warn_once(struct pike_repo *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Has libgit2 just failed since something was not there, as the folder in which
 * it was to make a file? */
bool pike_git_gone(void);

void pike_oid_from(struct pike_oid *out, const git_oid *id);
/* PIKE_FAILED when `o` is no full hex oid. */
int pike_oid_to(git_oid *out, const struct pike_oid *o, struct pike_err *err);

/* The flock around every change of refs and packs; close it. */
int pike_repo_lock(int *out_fd, struct pike_repo *r, struct pike_err *err);
/* Paths under the common dir. Caller frees. */
char *pike_repo_path(const struct pike_repo *r, const char *rest);
/* Sleeps for some milliseconds, more on later attempts, at random. */
void pike_jitter(int attempt);

struct pike_span {
	const char *s;
	size_t n;
};

/* ---- sweep.c ---- */

int pike_sweep(struct pike_repo *r, struct pike_err *err);

/* ---- objects.c ---- */

/* Tree = base with these files put in. `base` may be NULL. */
int pike_tree_with(git_oid *out, struct pike_repo *r, const git_oid *base,
		   const struct pike_files *files, struct pike_err *err);
/* Writes a commit and moves nothing. */
int pike_commit_write(git_oid *out, struct pike_repo *r, const char *message,
		      const git_oid *tree, const git_oid *parents, size_t n,
		      struct pike_err *err);

/* ---- store.c ---- */

int pike_store_open(struct pike_repo *r, struct pike_err *err);
void pike_store_close(struct pike_repo *r);
/* Puts on disk what was written since: before a ref or git names it. */
int pike_store_flush(struct pike_repo *r, struct pike_err *err);
/* All of it is named by refs, or was given up: it is git's to remove. */
void pike_store_named(struct pike_repo *r);
/* Opens the disk anew where packs came or went, by whichever process. */
int pike_store_check(struct pike_repo *r, struct pike_err *err);

int pike_naming_open(struct pike_naming *n, struct pike_err *err);
/* All that was written. */
void pike_naming_forget(struct pike_naming *n);
void pike_naming_close(struct pike_naming *n);

/* ---- pack.c ---- */

/* Packs where enough was written; what fails is told once. */
void pike_pack_if_worth(struct pike_repo *r);

/* ---- refs.c ---- */

/* 1 when there is none. */
int pike_ref_read(git_oid *out, struct pike_repo *r, const char *name,
		  struct pike_err *err);
/* Flushes, then compares and swaps; `from` NULL: must not exist.
 * Moved by another: PIKE_RETRY. Call under pike_repo_lock. */
int pike_ref_move(struct pike_repo *r, const char *name, const git_oid *to,
		  const git_oid *from, const char *why, struct pike_err *err);
/* Missing is success, another value PIKE_RETRY. Call under the lock. */
int pike_ref_delete(struct pike_repo *r, const char *name, const git_oid *was,
		    struct pike_err *err);
/* Names of refs under `prefix`, sorted. */
int pike_ref_list(struct pike_strs *out, struct pike_repo *r,
		  const char *prefix, struct pike_err *err);

/* ---- share.c ---- */

void pike_share_init(struct pike_repo *r);
/* What was made at a path below the common dir, and the folders on the way to
 * it, get the rights of core.sharedRepository. */
void pike_share(const struct pike_repo *r, const char *rel);
void pike_share_full(const struct pike_repo *r, const char *path);

/* ---- sign.c ---- */

/* Is the user's git set to sign commits? */
bool pike_signs(const struct pike_repo *r);
/* As pike_commit_write, and signed if so: a generation, or a batch of notes.
 * What was written before is on disk then. */
int pike_commit_signed(git_oid *out, struct pike_repo *r, const char *message,
		       const git_oid *tree, const git_oid *parents, size_t n,
		       struct pike_err *err);
/* Can it sign, if it is set to? Tries it once, and writes nothing. */
int pike_sign_check(struct pike_repo *r, struct pike_err *err);

/* ---- transport.c ---- */

struct pike_git_call {
	const struct pike_strs *args, *env; /* env: more of it, or NULL */
	const struct pike_buf *in;	    /* NULL: nothing */
	int timeout_ms;
};
int pike_git_call(struct pike_buf *out, struct pike_repo *r,
		  const struct pike_git_call *c, struct pike_err *err);

/* Runs git on the repository with these arguments, hooks off, with the config
 * of the call. 1: there is no git program. Caller releases `out`. */
int pike_git_run(struct pike_buf *out, struct pike_repo *r,
		 const struct pike_strs *args, const struct pike_buf *in,
		 struct pike_err *err);

/* Runs git where it talks to a remote, and shows how far it is. What fails is
 * PIKE_RETRY with its reason, free of secrets; `out` has what it printed then,
 * too. PIKE_FAILED: there is no git program. */
struct pike_talk {
	const struct pike_strs *args;
	const char *what; /* "fetching from 'origin'" */
	int silence_s; /* it is over after so long without a word; 0: 5 min */
	volatile const int *stop;
};
int pike_git_talk(struct pike_buf *out, struct pike_repo *r,
		  const struct pike_talk *t, struct pike_err *err);

/* ---- oidset.c ---- */

struct pike_oidset {
	git_oid *v;
	size_t n, size;
};
/* True when it was not in there. */
bool pike_oidset_add(struct pike_oidset *s, const git_oid *id);
bool pike_oidset_has(const struct pike_oidset *s, const git_oid *id);
void pike_oidset_release(struct pike_oidset *s);

/* ---- commit.c ---- */

struct pike_commit {
	git_commit *c;
	size_t nparents;
	struct pike_span message, trailers; /* trailers: last paragraph */
};
int pike_commit_read(struct pike_commit *out, struct pike_repo *r,
		     const git_oid *id, struct pike_err *err);
void pike_commit_release(struct pike_commit *c);
/* Zero where it has no i-th. */
void pike_commit_parent(git_oid *out, const struct pike_commit *c, size_t i);
int pike_commit_tree_id(git_oid *out, struct pike_repo *r, const git_oid *id,
			struct pike_err *err);
/* The next `Key: value` of a paragraph; false at its end. */
bool pike_trailer_next(struct pike_span *rest, struct pike_span *key,
		       struct pike_span *value);
bool pike_span_is(const struct pike_span *s, const char *word);
/* First value of a trailer; empty when there is none. */
struct pike_span pike_commit_trailer(const struct pike_commit *c,
				     const char *key);

/* ---- message.c ---- */

/* One line, cleaned, at most `max` bytes. */
void pike_text_line(struct pike_buf *b, const char *s, size_t max);
/* Text for people: cleaned, no line of it can be read as a trailer. */
void pike_text_body(struct pike_buf *b, const char *s);
/* "Key: value\n"; nothing for an empty value. */
void pike_trailer_add(struct pike_buf *b, const char *key, const char *value);
/* Shortest decimal that reads back the same. */
void pike_trailer_num(struct pike_buf *b, double v);

#endif
