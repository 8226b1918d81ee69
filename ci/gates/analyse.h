/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Told to the analyser only: it looks at one file at a time, and would think
 * that a function of another file that reports a failure might return success.
 */
#include "base/err.h"
#define pike_fail(err, level, ...) (pike_fail(err, level, __VA_ARGS__), (level))
#define pike_fail_errno(err, level, ...)                                       \
	(pike_fail_errno(err, level, __VA_ARGS__), (level))
