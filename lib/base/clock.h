/* SPDX-License-Identifier: Apache-2.0 */
/* clock: CLOCK_MONOTONIC_RAW in nanoseconds, and the wall clock in seconds. */
#ifndef PIKE_BASE_CLOCK_H
#define PIKE_BASE_CLOCK_H

#include <stdint.h>

int64_t pike_now_ns(void);
int64_t pike_unix_time(void);

#endif
