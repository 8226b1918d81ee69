/* SPDX-License-Identifier: Apache-2.0 */
/*
 * par: pieces of work on several cores at once, for work that is long and made
 * of pieces that do not touch each other.
 *
 * Off at the start: whoever knows that nothing is being timed says which cores
 * may be used, for as long as that holds. Threads live within one call of
 * pike_parallel, so outside of it there are none that could disturb anything.
 */
#ifndef PIKE_BASE_PAR_H
#define PIKE_BASE_PAR_H

#include <sched.h>
#include <stddef.h>

/* The cores that pike_parallel may use from now on, a thread each; NULL: none
 * but the one that the caller is on. For the thread that calls it. */
void pike_parallel_on(const cpu_set_t *cpus);
/* How many pieces run at once. 1 inside of a piece. */
size_t pike_parallel_width(void);
/* Calls piece(ctx, i) once for each i below n, in no order, and returns when
 * all have returned. What a piece writes is there for the caller then. */
void pike_parallel(size_t n, void (*piece)(void *ctx, size_t i), void *ctx);

#endif
