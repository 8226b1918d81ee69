/* SPDX-License-Identifier: Apache-2.0 */
/* build_plan: what the build plans of all backends share. */
#include "device/device_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool pike_plain_word(const char *s)
{
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("_=+,.:-", *s))
			return false;
	}
	return true;
}

/* No shell reads it, so blanks and the like are welcome. */
static int check_name(const char *path, const struct pike_build_plan *p,
		      struct pike_err *err)
{
	if (*path == '@' || strchr(path, '"'))
		return pike_fail(err, PIKE_USAGE,
				 "the file name '%s' begins with '@' or has a "
				 "quotation mark, which compilers read as "
				 "something else; rename it",
				 path);
	if (pike_files_find(&p->files, path) || !strcmp(path, p->output))
		return pike_fail(err, PIKE_USAGE,
				 "the build already has a file '%s'; rename "
				 "this one",
				 path);
	return pike_path_check(path, err);
}

int pike_plan_files(struct pike_build_plan *p, const struct pike_files *files,
		    const char *compile, struct pike_err *err)
{
	for (size_t i = 0; files && i < files->n; i++) {
		const struct pike_file *f = &files->v[i];
		int rc;

		/* A header that a revision changes comes with its sources. */
		if (!compile && pike_files_find(&p->files, f->path))
			continue;
		rc = check_name(f->path, p, err);
		if (rc)
			return rc;
		pike_files_add(&p->files, f->path, f->data, f->len);
		if (compile && pike_ends_with(f->path, compile))
			pike_strs_push(&p->argv, f->path);
	}
	return 0;
}

void pike_plan_folders(struct pike_strs *out, const struct pike_files *files)
{
	for (size_t i = 0; files && i < files->n; i++) {
		char *dir = pike_xstrdup(files->v[i].path), *slash;

		while ((slash = strrchr(dir, '/'))) {
			*slash = '\0';
			if (!pike_strs_has(out, dir))
				pike_strs_push(out, dir);
		}
		free(dir);
	}
}

void pike_build_plan_release(struct pike_build_plan *p)
{
	pike_files_release(&p->files);
	pike_strs_release(&p->argv);
	pike_strs_release(&p->folders);
	pike_strs_release(&p->nodes);
	pike_launch_plan_free(p->launch);
	p->launch = NULL;
}
