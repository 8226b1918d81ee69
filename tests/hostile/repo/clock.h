/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock that runs slowly, in place of the code on the kernel's clock page:
 * for candidates that cheat by it.
 */
#ifndef CLOCK_H
#define CLOCK_H
#define _GNU_SOURCE
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

static int slow_clock(clockid_t id, struct timespec *t)
{
	long r, ns;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(SYS_clock_gettime), "D"(id), "S"(t)
			 : "rcx", "r11", "memory");
	ns = (t->tv_sec * 1000000000L + t->tv_nsec) / 4;
	t->tv_sec = ns / 1000000000L;
	t->tv_nsec = ns % 1000000000L;
	return (int)r;
}

static void detour(unsigned char *code)
{
	void *to = (void *)slow_clock;
	unsigned char jump[12] = { 0x48, 0xb8, 0, 0, 0,	   0,
				   0,	 0,    0, 0, 0xff, 0xe0 };

	memcpy(jump + 2, &to, sizeof(to));
	memcpy(code, jump, sizeof(jump));
}

/* For this process, from now on. */
static void slow_the_clock(void)
{
	unsigned char *base = (void *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *e = (const void *)base;
	const Elf64_Shdr *s;

	if (!base || mprotect(base, 8192, PROT_READ | PROT_WRITE | PROT_EXEC))
		return;
	s = (const void *)(base + e->e_shoff);
	for (int i = 0; i < e->e_shnum; i++) {
		const Elf64_Sym *sym;
		const char *str;

		if (s[i].sh_type != SHT_DYNSYM)
			continue;
		sym = (const void *)(base + s[i].sh_offset);
		str = (const char *)base + s[s[i].sh_link].sh_offset;
		for (size_t k = 0; k < s[i].sh_size / sizeof(*sym); k++)
			if (strstr(str + sym[k].st_name, "clock_gettime") &&
			    sym[k].st_value)
				detour(base + sym[k].st_value);
	}
}

#endif
