/* SPDX-License-Identifier: Apache-2.0 */
/* clock: monotonic nanoseconds and wall seconds. */
#include "base/clock.h"

#include <time.h>

int64_t pike_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t pike_unix_time(void)
{
	return (int64_t)time(NULL);
}
