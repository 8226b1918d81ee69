/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact: a kernel's sources once more, instrumented, for a runner whose
 * arguments end to the byte (PIKE_BOX_EXACT, `--exact`, and pike_conn_open with
 * `inspect`). PIKE_FAILED with the reason where a backend or a compiler has no
 * such build.
 *
 * First each source after its preprocessor, as the kernel itself is built: so
 * both are made of the same text, and the text shows what is not instrumented.
 * Then an object of all these texts.
 */
#ifndef PIKE_DEVICE_EXACT_H
#define PIKE_DEVICE_EXACT_H

#include "device/conn.h"

int pike_exact_text_plan(struct pike_build_plan *out,
			 const struct pike_target *t,
			 const struct pike_files *sources, size_t i,
			 const struct pike_files *headers,
			 struct pike_err *err);
int pike_exact_plan(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_files *texts, struct pike_err *err);
/* Is it one that is compiled, not one that is only included? */
bool pike_exact_is_source(const struct pike_file *f);
/* The library that must come first into such a process: LD_PRELOAD. */
int pike_exact_runtime(char out[300], const struct pike_target *t,
		       struct pike_err *err);
#define PIKE_EXACT_OPTIONS /* ASAN_OPTIONS of such a process */                \
	"detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_abort=0:"         \
	"handle_sigfpe=0:handle_sigill=0:use_sigaltstack=0:"                   \
	"detect_odr_violation=0:allocator_may_return_null=1:"                  \
	"quarantine_size_mb=16:external_symbolizer_path="

/* `inspect`, cpu: an access behind one of the bound arguments, which has to be
 * noticed; the runner ends. On PIKE_FAILED `how` is tamper, or what came. */
int pike_conn_plant(struct pike_conn *a, int deadline_ms,
		    enum pike_verdict *how, struct pike_err *err);

#endif
