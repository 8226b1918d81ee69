/* SPDX-License-Identifier: Apache-2.0 */
/* repo_priv: the open repository, and what the files of this room share. */
#ifndef PIKE_GIT_REPO_PRIV_H
#define PIKE_GIT_REPO_PRIV_H

#include "git/git.h"

#include <git2.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Names of the packs that are ours to merge, under the common dir. */
#define PIKE_PACK_LIST "pike-packs"

struct pike_staging;
struct pike_deflate;

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

struct pike_repo {
	git_repository *g;
	struct pike_layers layers; /* g's config */
	git_odb *odb;		   /* of g: the stage, then the disk */
	git_odb *disk;		   /* loose objects and packs */
	ino_t packs_inode;	   /* of the list of packs, when opened */
	struct stat packed;	   /* of packed refs that name no inbox */
	bool unasked;  /* nothing that is written is looked for on disk */
	bool fsync;    /* setting pike.fsync */
	bool precious; /* others borrow from it: no object is removed */
	int shared; /* core.sharedRepository: bits to add, < 0 to set, 0 none */
	bool has_signed;	      /* so the key can be used */
	struct pike_deflate *deflate; /* NULL: none needed so far */
	struct pike_staging
	    *stage;		  /* objects not yet on disk; belongs to odb */
	char *workdir;		  /* NULL when bare; ends in '/' */
	char *commondir;	  /* ends in '/' */
	char *name, *email;	  /* who commits */
	struct pike_inbox inbox;  /* for lines outside a search */
	struct pike_strs scratch; /* folders given out */
	int *scratch_fds;	  /* the flock held on each */
	char *spool;		  /* one of them; NULL: none needed so far */
	size_t nscratch, scratch_cap;
};

/* Sets the error to "fmt: <libgit2's last error>". A lock or a moved ref
 * (rc GIT_ELOCKED, GIT_EMODIFIED) is PIKE_RETRY, others are `level`. */
int pike_git_fail(struct pike_err *err, int level, int rc, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

void pike_oid_from(struct pike_oid *out, const git_oid *id);
/* PIKE_FAILED when `o` is no full hex oid. */
int pike_oid_to(git_oid *out, const struct pike_oid *o, struct pike_err *err);

/* The flock around every change of refs and packs; close it. */
int pike_repo_lock(int *out_fd, struct pike_repo *r, struct pike_err *err);
/* Paths under the common dir. Caller frees. */
char *pike_repo_path(const struct pike_repo *r, const char *rest);
/* A scratch folder in which files of the object store are written before they
 * are moved into it. NULL: an error. */
const char *pike_repo_spool(struct pike_repo *r, struct pike_err *err);
/* Sleeps for some milliseconds, more on later attempts, at random. */
void pike_jitter(int attempt);

struct pike_span {
	const char *s;
	size_t n;
};

/* ---- sweep.c ---- */

int pike_sweep(struct pike_repo *r, struct pike_err *err);
/* Opens a folder with its flock held; -1 when another process has it. */
int pike_lock_dir(const char *path);

/* ---- objects.c ---- */

/* Tree = base with these files put in. `base` may be NULL. */
int pike_tree_with(git_oid *out, struct pike_repo *r, const git_oid *base,
		   const struct pike_files *files, struct pike_err *err);
int pike_empty_tree(git_oid *out, struct pike_repo *r, struct pike_err *err);
/* Writes a commit and moves nothing. */
int pike_commit_write(git_oid *out, struct pike_repo *r, const char *message,
		      const git_oid *tree, const git_oid *parents, size_t n,
		      struct pike_err *err);

/* ---- stage.c: objects of one operation, written together ---- */

/* `be` is a part of `out`; the odb that it is added to frees it. */
void pike_staging_new(struct pike_staging **out, struct git_odb_backend **be);
size_t pike_staging_mark(const struct pike_staging *s);
bool pike_staging_has(const struct pike_staging *s, const git_oid *id);
/* The i-th, below the mark. */
const git_oid *pike_staging_id(const struct pike_staging *s, size_t i);
/* Forgets what was staged since the mark. */
void pike_staging_rewind(struct pike_staging *s, size_t mark);
/* Where this process has put an object that it keeps to be read. Others may
 * have packed what was loose, and removed what nothing names. */
enum pike_whereabouts {
	PIKE_WHERE_UNKNOWN,
	PIKE_LOOSE,
	PIKE_PACKED
};
enum pike_whereabouts pike_staging_where(const struct pike_staging *s,
					 const git_oid *id);
void pike_staging_moved(struct pike_staging *s, const git_oid *id,
			enum pike_whereabouts where);
/* All that is staged is on disk, in a pack. */
void pike_staging_packed(struct pike_staging *s);
/* A tree that was read, and may be read again. */
void pike_staging_keep_tree(struct pike_staging *s, const git_oid *id,
			    const void *data, size_t len);
/* Puts everything on disk: loose when few, one pack when many. */
int pike_staging_flush(struct pike_repo *r, struct pike_err *err);

/* ---- store.c ---- */

int pike_store_open(struct pike_repo *r, struct pike_err *err);
/* Opens the disk anew when packs were merged by any process. */
int pike_store_check(struct pike_repo *r, struct pike_err *err);

/* ---- loose.c ---- */

char *pike_loose_path(const struct pike_repo *r, const git_oid *id);
bool pike_is_loose(const struct pike_repo *r, const git_oid *id);
void pike_drop_loose(const struct pike_repo *r, const git_oid *id);
int pike_loose_write(struct pike_repo *r, const git_oid *id, git_object_t type,
		     const void *data, size_t len, struct pike_err *err);
/* Makes it hold that `path` is in its folder, when pike.fsync asks for it. */
int pike_sync_dir_of(const struct pike_repo *r, const char *path,
		     struct pike_err *err);

/* ---- deflate.c ---- */

/* Makes r->deflate; an error code of libgit2's, here and below. */
int pike_deflate_ready(struct pike_repo *r);
void pike_deflate_free(struct pike_deflate *d);
/* Adds both, as one stream; `type` is of the object that they are of. */
int pike_deflate_add(struct pike_buf *out, struct pike_deflate *d,
		     git_object_t type, const struct pike_span *head,
		     const struct pike_span *body);

/* ---- refs.c ---- */

/* 1 when there is none. */
int pike_ref_read(git_oid *out, struct pike_repo *r, const char *name,
		  struct pike_err *err);
/* Flushes the stage, then compares and swaps; `from` NULL: must not exist.
 * Moved by another: PIKE_RETRY. Call under pike_repo_lock. */
int pike_ref_move(struct pike_repo *r, const char *name, const git_oid *to,
		  const git_oid *from, const char *why, struct pike_err *err);
/* Missing is success, another value PIKE_RETRY. Call under the lock. */
int pike_ref_delete(struct pike_repo *r, const char *name, const git_oid *was,
		    struct pike_err *err);
/* Names of refs under `prefix`, sorted. */
int pike_ref_list(struct pike_strs *out, struct pike_repo *r,
		  const char *prefix, struct pike_err *err);

/* ---- pack_write.c ---- */

/* The bytes of a pack of these objects; an error code of libgit2's. */
int pike_pack_build(struct pike_buf *out, struct pike_repo *r,
		    const git_oid *ids, size_t n);

/* ---- pack.c ---- */

/* One pack of these objects in the object store; its name. */
int pike_pack_write(char name[64], struct pike_repo *r, const git_oid *ids,
		    size_t n, struct pike_err *err);
/* Remembers a pack of ours, so that it may be merged with others. */
void pike_pack_note(struct pike_repo *r, const char *name);
/* Merges packs of ours where there are many. Call under the lock. */
int pike_pack_merge(struct pike_repo *r, struct pike_err *err);

/* ---- pack_git.c ---- */

/* One pack of these objects, written to the object store; its name. Keeps the
 * deltas that they are stored as; looks for more if `search`. 1: there is no
 * git program. */
int pike_pack_by_git(char hash[GIT_OID_HEXSZ + 1], struct pike_repo *r,
		     const git_oid *ids, size_t count, bool search,
		     struct pike_err *err);

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
 * What is staged is on disk then. */
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

/* ---- oidset.c ---- */

struct pike_oidset {
	git_oid *v;
	size_t n, size;
};
/* True when it was not in there. */
bool pike_oidset_add(struct pike_oidset *s, const git_oid *id);
bool pike_oidset_has(const struct pike_oidset *s, const git_oid *id);
void pike_oidset_release(struct pike_oidset *s);

/* ---- raw.c: a commit object as it is stored ---- */

struct pike_raw {
	git_odb_object *obj;
	const char *tree, *parents; /* hex; the first "parent " line */
	size_t nparents;
	int64_t ts;
	struct pike_span message, trailers; /* trailers: last paragraph */
};
int pike_raw_read(struct pike_raw *out, struct pike_repo *r, const git_oid *id,
		  struct pike_err *err);
void pike_raw_release(struct pike_raw *c);
void pike_raw_parent(git_oid *out, const struct pike_raw *c, size_t i);
/* The next `Key: value` of a paragraph; false at its end. */
bool pike_trailer_next(struct pike_span *rest, struct pike_span *key,
		       struct pike_span *value);
bool pike_span_is(const struct pike_span *s, const char *word);
/* First value of a trailer; empty when there is none. */
struct pike_span pike_raw_trailer(const struct pike_raw *c, const char *key);

/* An entry of a tree object; `name` lies in it. */
struct pike_raw_entry {
	const char *name;
	git_oid id;
	bool is_tree;
};
/* Takes the next one off the rest of a tree; false at its end, or where it is
 * no tree. */
bool pike_raw_entry_next(struct pike_span *rest, struct pike_raw_entry *e);

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
