/* SPDX-License-Identifier: Apache-2.0 */
/* build_plan: what the build plans of all backends share. */
#include "device/device_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

bool pike_plain_word(const char *s)
{
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("_=+,.:-", *s))
			return false;
	}
	return true;
}

/* The file's own name, which is all that it is called in the sandbox. */
static int flat_name(const char **out, const char *path, struct pike_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!isalnum((unsigned char)name[0]) && name[0] != '_')
		return pike_fail(err, PIKE_USAGE,
				 "the file '%s' must begin with a letter or "
				 "digit",
				 path);
	if (strlen(name) > 200 || !pike_plain_word(name))
		return pike_fail(err, PIKE_USAGE,
				 "the file name '%s' has characters that the "
				 "build does not take; rename it",
				 path);
	*out = name;
	return 0;
}

int pike_plan_files(struct pike_build_plan *p, const struct pike_files *files,
		    const char *compile, struct pike_err *err)
{
	for (size_t i = 0; files && i < files->n; i++) {
		const struct pike_file *f = &files->v[i];
		const char *name = NULL;
		int rc = flat_name(&name, f->path, err);

		if (rc)
			return rc;
		if (pike_files_find(&p->files, name) ||
		    !strcmp(name, p->output))
			return pike_fail(err, PIKE_USAGE,
					 "two files of the target are called "
					 "'%s'; the build puts all into one "
					 "folder, so rename one",
					 name);
		pike_files_add(&p->files, name, f->data, f->len);
		if (compile && pike_ends_with(name, compile))
			pike_strs_push(&p->argv, name);
	}
	return 0;
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
