/* SPDX-License-Identifier: Apache-2.0 */
/* setup: what `init` puts into a repository beside its configuration. */
#ifndef PIKE_CMD_SETUP_H
#define PIKE_CMD_SETUP_H

#include "cmd.h"

/* Installs hooks where git looks for them. `kind`: "" for those of a clone,
 * "server". */
int pike_setup_hooks(struct pike_ctx *ctx, const char *kind,
		     struct pike_err *err);
/* Writes a recipe for CI into the working folder. */
int pike_setup_ci(struct pike_ctx *ctx, const char *kind, struct pike_err *err);

#endif
