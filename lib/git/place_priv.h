/* SPDX-License-Identifier: Apache-2.0 */
/* place_priv: where a repository is, what holds in it, what is in the way. */
#ifndef PIKE_GIT_PLACE_PRIV_H
#define PIKE_GIT_PLACE_PRIV_H

#include "git/repo_priv.h"

/* ---- layers.c ---- */

/* The system's, the user's, the repository's (g NULL: none), the call's. */
int pike_layers_open(struct pike_layers *l, git_repository *g,
		     struct pike_err *err);
void pike_layers_release(struct pike_layers *l);
/* One more, of this level of libgit2's. */
int pike_layers_add_text(struct pike_layers *l, const char *text, size_t len,
			 int level, struct pike_err *err);
/* As `config` names the source of a setting. Static. */
const char *pike_layer_name(int level);
/* Is it none that comes with a repository? */
bool pike_layer_protected(int level);
bool pike_env_bool(const char *name);

/* ---- open.c ---- */

/* Opens it where git would, and refuses the kinds that cannot work. */
int pike_open_checked(git_repository **out, const char *dir,
		      struct pike_err *err);
/* A partial clone, whose missing objects a remote has promised? */
bool pike_is_partial(git_repository *g);
/* As pike_repo_view, of whatever kind. */
int pike_repo_view_any(struct pike_repo **out, const char *dir,
		       struct pike_err *err);
int pike_refuse_kind(git_repository *g, const char *dir, struct pike_err *err);
/* Where the objects of a push are until hooks have taken it; else NULL. */
const char *pike_quarantine(void);
/* Its working tree as git has it, of GIT_WORK_TREE and the whole config. */
int pike_open_workdir(git_repository *g, struct pike_err *err);

/* ---- blocked.c ---- */

/* Is another ref where a folder of this one has to be, or below it? An error
 * with the remedy. */
int pike_ref_blocked(struct pike_repo *r, const char *name,
		     struct pike_err *err);
/* The same for whatever a search may make. */
int pike_names_blocked(struct pike_repo *r, struct pike_err *err);
/* In any worktree: moved, its files would seem changed. */
bool pike_ref_checked_out(const struct pike_repo *r, const char *name);

#endif
