/* SPDX-License-Identifier: Apache-2.0 */
/* object: see object_priv.h. */
#include "device/object_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_MAX (64 << 20)

/* ELF's own head; the driver reads the rest, in the sandbox. */
static bool is_elf(const uint8_t *p, size_t n)
{
	return n >= 64 && !memcmp(p, "\177ELF", 4);
}

/* Pairs of strings, each ended. */
static bool names_good(const uint8_t *p, size_t n)
{
	size_t ends = 0, run = 0;

	if (n && p[n - 1])
		return false;
	for (size_t i = 0; i < n; i++) {
		run = p[i] ? run + 1 : 0;
		ends += !p[i];
		if (run > PIKE_OBJECT_NAME_MAX)
			return false;
	}
	return ends % 2 == 0;
}

static bool take(struct pike_gpu_object *o, uint32_t type, const uint8_t *p,
		 size_t n)
{
	switch (type) {
	case PIKE_O_CUBIN:
		o->cubin = p;
		o->cubin_len = n;
		return is_elf(p, n);
	case PIKE_O_NAMES:
		o->names = p;
		o->names_len = n;
		return names_good(p, n);
	case PIKE_O_FLAGS:
		if (n != sizeof(o->flags))
			return false;
		memcpy(&o->flags, p, n);
		return !(o->flags & ~(uint32_t)PIKE_PTX_ALL);
	default:
		return false;
	}
}

bool pike_gpu_object_read(struct pike_gpu_object *out, const void *bytes,
			  size_t len)
{
	const uint8_t *p = bytes, *end = p + len;
	unsigned seen = 0;

	memset(out, 0, sizeof(*out));
	if (len < 4 || memcmp(p, PIKE_OBJECT_MAGIC, 4) != 0)
		return false;
	for (p += 4; p < end;) {
		uint32_t type;
		uint64_t n;

		if (end - p < 12)
			return false;
		memcpy(&type, p, 4);
		memcpy(&n, p + 4, 8);
		p += 12;
		if (type < 1 || type >= PIKE_O_END || seen & 1u << type ||
		    n > (uint64_t)(end - p) || !take(out, type, p, (size_t)n))
			return false;
		seen |= 1u << type;
		p += n;
	}
	return seen ==
	       (1u << PIKE_O_CUBIN | 1u << PIKE_O_NAMES | 1u << PIKE_O_FLAGS);
}

bool pike_gpu_object_load(struct pike_gpu_object *out, void **bytes, int fd)
{
	struct stat st;
	size_t len;

	memset(out, 0, sizeof(*out));
	*bytes = NULL;
	if (fstat(fd, &st) || st.st_size <= 0 || st.st_size > OBJECT_MAX)
		return false;
	len = (size_t)st.st_size;
	*bytes = pike_xmalloc(len);
	return pread(fd, *bytes, len, 0) == (ssize_t)len &&
	       pike_gpu_object_read(out, *bytes, len);
}

/* The i-th section's head, where there is such. */
static bool section(Elf64_Shdr *out, const struct pike_gpu_object *o,
		    const Elf64_Ehdr *e, uint64_t i)
{
	uint64_t n = o->cubin_len, size = sizeof(*out);

	if (i >= e->e_shnum || e->e_shentsize != size || e->e_shoff > n ||
	    (n - e->e_shoff) / size <= i)
		return false;
	memcpy(out, o->cubin + e->e_shoff + i * size, size);
	return true;
}

uint64_t pike_gpu_object_section(const struct pike_gpu_object *o,
				 const char *name)
{
	uint64_t n = o->cubin_len, len = strlen(name) + 1;
	Elf64_Ehdr e;
	Elf64_Shdr names, s;

	if (n < sizeof(e))
		return 0;
	memcpy(&e, o->cubin, sizeof(e));
	if (!section(&names, o, &e, e.e_shstrndx) || names.sh_offset > n ||
	    names.sh_size > n - names.sh_offset)
		return 0;
	for (uint64_t i = 0; section(&s, o, &e, i); i++)
		if (s.sh_name < names.sh_size &&
		    len <= names.sh_size - s.sh_name &&
		    !memcmp(o->cubin + names.sh_offset + s.sh_name, name, len))
			return s.sh_size <= n ? s.sh_size : 0;
	return 0;
}

bool pike_gpu_object_code(const uint8_t **code, uint64_t *len,
			  const struct pike_gpu_object *o, uint64_t *at)
{
	uint64_t n = o->cubin_len;
	Elf64_Ehdr e;
	Elf64_Shdr s;

	if (n < sizeof(e))
		return false;
	memcpy(&e, o->cubin, sizeof(e));
	while (section(&s, o, &e, (*at)++)) {
		if (s.sh_type != SHT_PROGBITS || !(s.sh_flags & SHF_EXECINSTR))
			continue;
		if (s.sh_offset > n || s.sh_size > n - s.sh_offset)
			return false;
		*code = o->cubin + s.sh_offset;
		*len = s.sh_size;
		return true;
	}
	return false;
}

const char *pike_gpu_object_lowered(const struct pike_gpu_object *o,
				    const char *expression)
{
	const char *p = (const char *)o->names, *end = p + o->names_len;

	while (p < end) {
		const char *lowered = p + strlen(p) + 1;

		if (!strcmp(p, expression))
			return lowered;
		p = lowered + strlen(lowered) + 1;
	}
	return NULL;
}

void pike_gpu_object_begin(struct pike_buf *b)
{
	pike_buf_add(b, PIKE_OBJECT_MAGIC, 4);
}

void pike_gpu_object_add(struct pike_buf *b, enum pike_object_section type,
			 const void *bytes, size_t len)
{
	uint32_t t = type;
	uint64_t n = len;

	pike_buf_add(b, &t, sizeof(t));
	pike_buf_add(b, &n, sizeof(n));
	pike_buf_add(b, bytes, len);
}

/* Words of PTX instructions and modifiers (PTX ISA 8.x: createpolicy, cache
 * eviction priorities, applypriority, griddepcontrol, special registers). */
static const struct {
	const char *word;
	uint32_t flag;
} words[] = {
	{ "evict_last", PIKE_PTX_KEEPS_L2 },
	{ "evict_unchanged", PIKE_PTX_KEEPS_L2 },
	{ "applypriority", PIKE_PTX_KEEPS_L2 },
	{ "griddepcontrol", PIKE_PTX_PDL },
	{ "%clock", PIKE_PTX_CLOCK },
	{ "%globaltimer", PIKE_PTX_CLOCK },
};

/* A line that declares a variable of the module: `.global .align 4 .b8 x[8]`,
 * with `.visible`, `.weak`, `.common` or `.extern` before. Constants that the
 * compiler itself makes (tables, strings) are in .const or have initial values
 * that nobody can write; any writable one counts. */
static bool declares_global(const char *line, size_t n)
{
	static const char *const before[] = { ".visible", ".weak", ".common",
					      ".extern" };
	const char *end = line + n;

	for (;;) {
		size_t k;

		while (line < end && isspace((unsigned char)*line))
			line++;
		for (k = 0; k < PIKE_ARRAY_LEN(before); k++)
			if ((size_t)(end - line) > strlen(before[k]) &&
			    !memcmp(line, before[k], strlen(before[k])))
				break;
		if (k == PIKE_ARRAY_LEN(before))
			break;
		line += strlen(before[k]);
	}
	return end - line > 7 && !memcmp(line, ".global", 7) &&
	       isspace((unsigned char)line[7]);
}

uint32_t pike_ptx_flags(const char *ptx)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (strstr(ptx, words[i].word))
			flags |= words[i].flag;
	while (*ptx) {
		size_t n = strcspn(ptx, "\n");

		if (declares_global(ptx, n))
			flags |= PIKE_PTX_GLOBALS;
		ptx += n + (ptx[n] == '\n');
	}
	return flags;
}
