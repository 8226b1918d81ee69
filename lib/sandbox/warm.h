/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warm: an interpreter that has imported what takes long, and waits. A box is
 * a fork of it that enters the box before it reads a line of a candidate, in
 * milliseconds where a fresh interpreter takes seconds.
 *
 * It runs outside of any box: what it imports is the machine's own. Its program
 * lies on a read-only mount, as a fork could change the file that it is from.
 * It knows no secret, has no environment but that of a box, no network
 * connection and one thread; one with more is not used, as a lock that another
 * thread holds stays locked in a fork.
 *
 * A fork has addresses, and the state of what was imported, in common with
 * all others: times of such boxes are not compared with those of fresh ones.
 */
#ifndef PIKE_SANDBOX_WARM_H
#define PIKE_SANDBOX_WARM_H

#include "sandbox/sandbox.h"

struct pike_warm;

struct pike_warm_opts {
	enum pike_box_kind kind; /* of the boxes */
	const char *const *argv; /* argv[0] by its path; reads its script from
				  * its standard input */
	const char *script;	 /* path */
	const char *visible;	 /* as in pike_box_opts */
};
/* Only starts it; free with pike_warm_free. It ends with the process that
 * started it, and its boxes with it. */
int pike_warm_start(struct pike_warm **out, const struct pike_warm_opts *o,
		    struct pike_err *err);
/* Waits until it can be used, at most a minute. PIKE_FAILED with the reason
 * where it cannot be, or can no longer. Afterwards it is quick. */
int pike_warm_ready(struct pike_warm *w, struct pike_err *err);
/* Has it import this module, too, where that leaves it of use; in its own
 * time: a fork that is asked for meanwhile may take as long as the import. */
void pike_warm_import(struct pike_warm *w, const char *module);
/* Ends it, and all boxes that are its forks. NULL is legal. */
void pike_warm_free(struct pike_warm *w);

#endif
