/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact: a kernel built with AddressSanitizer and UndefinedBehaviorSanitizer
 * (clang.llvm.org/docs/AddressSanitizer.html; gcc has the same runtime), run
 * on arguments that begin and end to the byte where the target says.
 *
 * The runtime is the compiler's own. It comes first into the runner, by
 * LD_PRELOAD, and the runner asks it by name. Arguments lie where they do in
 * any runner, so that no kernel can tell by their addresses; what is around
 * them is poisoned. What the runtime stops is told in a frame: an access, and
 * nothing of sizes or values.
 */
#ifndef PIKE_DEVICE_EXACT_PRIV_H
#define PIKE_DEVICE_EXACT_PRIV_H

#include "base/err.h"
#include "device/frame_priv.h"

/* ---- in the runner ---- */

/* Looks for the runtime, and has `tell` called with what it stops and with the
 * address, as the last thing that this process does. false: no runtime. */
typedef void (*pike_exact_tell)(struct pike_frame_outside *o, const char *at);
bool pike_exact_watch(pike_exact_tell tell);
/* Of [base, base+reserved) only [data, data+bytes) may be touched from now on,
 * `data` being aligned; with 0 for `bytes`, all of it. */
void pike_exact_fence(const char *base, size_t reserved, const char *data,
		      size_t bytes);
/* Reads a byte as instrumented code does. */
void pike_exact_read(const char *at);

/* ---- in the judge ---- */

/* In words, without anything that tells the size of a case. `arg`, of `bytes`,
 * is the argument nearby, or NULL. false: no access outside of anything. */
bool pike_outside_say(char out[320], const struct pike_frame_outside *o,
		      const char *arg, uint64_t bytes);

#endif
