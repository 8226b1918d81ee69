/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests that cannot be decided here: left out by name, with the reason.
 * tests/run counts them as skipped, never as passed. cmocka.h stands before
 * this.
 */
#ifndef PIKE_LEFT_OUT_H
#define PIKE_LEFT_OUT_H

#include "sandbox/sandbox.h"

#include <poll.h>
#include <stdio.h>

/* The line that tests/run takes the reason from, and no more of this test. */
#define left_out(...)                                                          \
	do {                                                                   \
		print_message("# left out: ");                                 \
		print_message(__VA_ARGS__);                                    \
		print_message("\n");                                           \
		skip();                                                        \
	} while (0)

/* The best level of this machine, as far as `most`. */
static inline enum pike_isolation level_here(enum pike_isolation most)
{
	struct pike_isolation_info info;

	if (pike_isolation_probe(&info, NULL))
		return PIKE_I1;
	return info.level < most ? info.level : most;
}

/* For what only I2 walls off: namespaces of mounts, processes and network. */
static inline void needs_i2(void)
{
	struct pike_isolation_info info;
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_isolation_probe(&info, &err))
		fail_msg("%s", err.text);
	if (info.level < PIKE_I2)
		left_out("it needs isolation level I2: %s", info.remedy);
}

/* Others ran, or were ready to run, in three of ten looks. An answer that
 * comes too late says nothing then. */
static inline bool busy(void)
{
	int others = 0, running;

	for (int i = 0; i < 10; i++) {
		FILE *f = fopen("/proc/loadavg", "r");

		if (!f)
			return false;
		/* This process itself is one of them. */
		if (fscanf(f, "%*f %*f %*f %d", &running) == 1)
			others += running - 1;
		fclose(f);
		poll(NULL, 0, 150);
	}
	return others >= 3;
}

#endif
