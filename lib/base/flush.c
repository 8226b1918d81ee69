/* SPDX-License-Identifier: Apache-2.0 */
/* flush: see flush.h. */
#include "base/flush.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#define LINE 64u

#if defined(__x86_64__)
__attribute__((target("clflushopt"))) static void flush_opt(const char *p,
							    size_t n)
{
	for (size_t i = 0; i < n; i += LINE)
		_mm_clflushopt((void *)(uintptr_t)(p + i));
}

static void flush_lines(const char *p, size_t n)
{
	unsigned a, b = 0, c, d;

	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 23))) {
		flush_opt(p, n);
	} else {
		for (size_t i = 0; i < n; i += LINE)
			_mm_clflush(p + i);
	}
	_mm_mfence();
}
#elif defined(__aarch64__)
static void flush_lines(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i += LINE)
		__asm__ volatile("dc civac, %0" : : "r"(p + i) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
}
#else
static void flush_lines(const char *p, size_t n)
{
	(void)p;
	(void)n;
}
#endif

void pike_flush(const void *data, size_t bytes)
{
	const char *p = data;
	const char *line =
	    (const char *)((uintptr_t)p & ~(uintptr_t)(LINE - 1));

	flush_lines(line, bytes + (size_t)(p - line));
}
