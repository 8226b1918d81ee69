/* SPDX-License-Identifier: Apache-2.0 */
/* model_priv: what the files of this room share. */
#ifndef PIKE_MODEL_MODEL_PRIV_H
#define PIKE_MODEL_MODEL_PRIV_H

#include "base/json.h"
#include "model/result.h"
#include "model/settings.h"
#include "model/target.h"

#define PIKE_ARGS_MAX 64
#define PIKE_CASES_MAX 64
#define PIKE_PATHS_MAX 64

const char *pike_init_name(enum pike_init_kind k);

/* What the target holds, not the struct. */
void pike_target_release(struct pike_target *t);

/* Which of a target's values an error is about. */
struct pike_where {
	const char *key; /* NULL: the section as a whole */
	size_t index;	 /* of a key with several values */
};
int pike_target_check_at(struct pike_where *where, const struct pike_target *t,
			 struct pike_err *err);

/* Reads what pike_ratio_json writes; a broken one is PIKE_FAILED, and one that
 * is not there all zeros. */
int pike_ratio_read(struct pike_ratio *out, const struct pike_json *a,
		    struct pike_err *err);

/* A list key is emptied by set(obj, row, NULL, NULL). */
bool pike_row_is_list(const struct pike_setting_row *row);

/* May this provider's key go to this url without the user's word? */
bool pike_url_is_own(const struct pike_provider *provider, const char *url);

#endif
