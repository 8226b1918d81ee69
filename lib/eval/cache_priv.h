/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache: machine code by the content it was made of, so that no source is
 * compiled twice on a machine: not the reference and the base at each start,
 * not what two searches or a reviewer's `verify` have in common.
 *
 * Files of base/kept.h; what is torn is not there. Only what the judge's own
 * process took out of a compile sandbox is ever stored.
 */
#ifndef PIKE_EVAL_CACHE_PRIV_H
#define PIKE_EVAL_CACHE_PRIV_H

#include "base/buf.h"
#include "device/device.h"

#include <stdbool.h>
#include <stddef.h>

/* Of all that decides what comes out: the sources and headers, the command,
 * the compiler (`tools` of the plan), our own program around it (`helper`, its
 * path). */
void pike_cache_key(char out[65], const struct pike_build_plan *plan,
		    const char *helper);
/* Fills an empty memory file and the diagnostics; false: not there. */
bool pike_cache_find(int fd, struct pike_buf *log, const char *key,
		     size_t object_max);
/* Keeps what `fd` holds. */
void pike_cache_keep(const char *key, int fd, const struct pike_buf *log,
		     size_t object_max);

#endif
