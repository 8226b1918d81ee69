/* SPDX-License-Identifier: Apache-2.0 */
/* config_priv: reading config texts, for config.c, its tests and fuzzer. */
#ifndef PIKE_GIT_CONFIG_PRIV_H
#define PIKE_GIT_CONFIG_PRIV_H

#include "git/git.h"

#define PIKE_CONFIG_PATH ".pike/config"
#define PIKE_CONFIG_MAX (256 << 10)

/* Where each entry of a config text stands, in the order of the text. */
struct pike_mark {
	char *name; /* as libgit2 names the entry: section.sub.key */
	int line;
};
struct pike_marks {
	struct pike_mark *v;
	size_t n, cap;
};
void pike_marks_release(struct pike_marks *m);
/* Refuses all that `name` may not contain, with "name:LINE: what". Admits
 * nothing that libgit2 reads as an include. */
int pike_config_scan(struct pike_marks *out, const char *text, size_t len,
		     const char *name, struct pike_err *err);

/* Adds the entries of a config text, read by libgit2; origins "name:LINE". */
int pike_config_parse(struct pike_entries *out, const char *text, size_t len,
		      const char *name, bool trusted, struct pike_err *err);

/* ---- config_call.c ---- */

/* Appends what the environment says of settings for this call, as a text. */
int pike_config_call(struct pike_buf *out, struct pike_err *err);

#endif
