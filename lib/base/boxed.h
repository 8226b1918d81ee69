/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boxed: for the file with main() of a program that runs in a box, in a
 * build with AddressSanitizer: its leak checker traces the process at its
 * end, which no box allows, and a GPU's driver wants the addresses between
 * the sanitizer's own.
 */
#ifndef PIKE_BASE_BOXED_H
#define PIKE_BASE_BOXED_H

#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:protect_shadow_gap=0";
}
#endif

#endif
