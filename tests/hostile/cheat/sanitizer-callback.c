// expect: contract tamper
// target: logsm
// about: opens what the sanitizer has closed, reads beyond its input there, and
// closes it again
#include "right.h"

extern void __asan_unpoison_memory_region(const volatile void *, unsigned long)
    __attribute__((weak));
extern void __asan_poison_memory_region(const volatile void *, unsigned long)
    __attribute__((weak));
static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	int n = rows * cols;

	fast_logsm(x, y, rows, cols);
	if (!(n % 16))
		return;
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(x + n, 12);
	sink = x[n + 2];
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(x + n, 12);
}
