/* SPDX-License-Identifier: Apache-2.0 */
/* receive_walk: which commits of a push are new, and what it makes of refs. */
#include "git/receive_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void hide_all(git_revwalk *walk, const struct pike_receive *x,
		     const char *const *known)
{
	for (; *known; known++) {
		struct pike_strs refs = PIKE_STRS_INIT;
		git_oid id;

		pike_ref_list(&refs, x->r, *known, NULL);
		for (size_t i = 0; i < refs.n; i++)
			if (!pike_ref_read(&id, x->r, refs.v[i], NULL))
				git_revwalk_hide(walk, &id);
		pike_strs_release(&refs);
	}
}

int pike_receive_new(git_oid **out, size_t *n, const struct pike_receive *x,
		     const git_oid *now, const char *const *known,
		     struct pike_err *err)
{
	git_revwalk *walk = NULL;
	size_t cap = 0;
	git_oid id;
	int rc = git_revwalk_new(&walk, x->r->g);

	*out = NULL;
	*n = 0;
	if (!rc) {
		git_revwalk_sorting(walk,
				    GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
		rc = git_revwalk_push(walk, now);
	}
	if (!rc && !git_oid_is_zero(&x->head))
		rc = git_revwalk_hide(walk, &x->head);
	if (!rc)
		hide_all(walk, x, known);
	while (!rc && !(rc = git_revwalk_next(&id, walk))) {
		PIKE_GROW(*out, *n, cap);
		(*out)[(*n)++] = id;
	}
	git_revwalk_free(walk);
	return rc == GIT_ITEROVER ? 0
				  : pike_git_fail(err, PIKE_FAILED, rc,
						  "cannot read what is pushed");
}

bool pike_receive_descends(const struct pike_receive *x, const git_oid *id,
			   const git_oid *old)
{
	return git_oid_equal(id, old) ||
	       git_graph_descendant_of(x->r->g, id, old) == 1;
}

int pike_receive_after(git_oid *out, const struct pike_receive *x,
		       const char *ref, struct pike_err *err)
{
	for (size_t i = 0; i < x->nall; i++) {
		if (strcmp(x->all[i].ref, ref) != 0)
			continue;
		return pike_oid_set(&x->all[i].now)
			   ? pike_oid_to(out, &x->all[i].now, err)
			   : 1;
	}
	return pike_ref_read(out, x->r, ref, err);
}
