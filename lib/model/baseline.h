/* SPDX-License-Identifier: Apache-2.0 */
/*
 * baseline: what a PyTorch model is measured beside, so that a speedup can be
 * told over what a user would have had for nothing: eager, torch.compile, its
 * max-autotune, each also replayed as a CUDA graph, or a module of the user's
 * (speedups over eager alone are the common complaint about published ones).
 */
#ifndef PIKE_MODEL_BASELINE_H
#define PIKE_MODEL_BASELINE_H

#include "base/buf.h"
#include "base/err.h"
#include "model/result.h"

#include <stdbool.h>

/* Of a target. */
#define PIKE_BASELINES_MAX 12
/* The word for none at all. */
#define PIKE_BASELINES_OFF "off"

enum pike_baseline_kind {
	PIKE_BASELINE_EAGER,
	PIKE_BASELINE_COMPILE,
	PIKE_BASELINE_AUTOTUNE,
	PIKE_BASELINE_MODULE, /* the name is a path in the repository */
};
struct pike_baseline {
	enum pike_baseline_kind kind;
	bool graphs;
};
/* "compile+graphs"; false: no such name. */
bool pike_baseline_read(struct pike_baseline *out, const char *name);

/* Adds names, with blanks or commas between them, each once; or "off".
 * PIKE_USAGE says what may be said. */
int pike_baselines_add(struct pike_strs *out, const char *text,
		       struct pike_err *err);
bool pike_baselines_off(const struct pike_strs *list);
/* Those of the names that are paths. */
void pike_baseline_modules(struct pike_strs *out, const struct pike_strs *list);

/* ---- of a result ---- */

/* The fastest of the measured baselines: its name, which is the result's own,
 * and how much faster the candidate is. false: none was measured. */
bool pike_result_best_baseline(const char **name, struct pike_ratio *over,
			       const struct pike_result *r);
/* How much faster than the i-th baseline by name; `over` is not set where it is
 * unmeasured, and `why` says why (NULL: measured). false: there is none. */
bool pike_result_baseline(const char **name, struct pike_ratio *over,
			  const char **why, const struct pike_result *r,
			  size_t i);
/* How much faster than the named one, into a result; `over` NULL: unmeasured,
 * and why. */
void pike_result_add_baseline(struct pike_result *r, const char *name,
			      const struct pike_ratio *over, const char *why);

#endif
