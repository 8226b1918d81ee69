/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions counted by kind in machine code that is made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/device.h"
#include "device/object_priv.h"

#include "base/fs.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

/* First words of instructions as nvdisasm 13.0 shows them: predicates,
 * operands and the form of an instruction must not matter. */
#define LDG_E 0x00000408020a7981ull
#define LDG_E_NOT_P3 0x000080060812b981ull
#define FFMA_P0 0xbf80000006000423ull
#define STL 0x00001f1a01007387ull
#define NOP 0x0000000000007918ull

struct code {
	Elf64_Ehdr e;
	Elf64_Shdr s[3];
	uint64_t text[5][2];
	uint64_t data[2];
};

static void make(struct code *c)
{
	memset(c, 0, sizeof(*c));
	memcpy(c->e.e_ident, ELFMAG, SELFMAG);
	c->e.e_shoff = offsetof(struct code, s);
	c->e.e_shentsize = sizeof(c->s[0]);
	c->e.e_shnum = 3;
	c->s[1].sh_type = SHT_PROGBITS;
	c->s[1].sh_offset = offsetof(struct code, data);
	c->s[1].sh_size = sizeof(c->data);
	c->s[2].sh_type = SHT_PROGBITS;
	c->s[2].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	c->s[2].sh_offset = offsetof(struct code, text);
	c->s[2].sh_size = sizeof(c->text);
	c->text[0][0] = LDG_E;
	c->text[1][0] = LDG_E_NOT_P3;
	c->text[2][0] = FFMA_P0;
	c->text[3][0] = STL;
	c->text[4][0] = NOP;
	/* No instruction, though it looks like one */
	c->data[0] = LDG_E;
}

static struct pike_json *census(const struct code *c, const char *arch)
{
	static const char names[] = "k\0k";
	const uint32_t flags = 0;
	struct pike_json *j;
	struct pike_buf b;
	int fd;

	pike_buf_init(&b, 1 << 16);
	pike_gpu_object_begin(&b);
	pike_gpu_object_add(&b, PIKE_O_CUBIN, c, sizeof(*c));
	pike_gpu_object_add(&b, PIKE_O_NAMES, names, sizeof(names));
	pike_gpu_object_add(&b, PIKE_O_FLAGS, &flags, sizeof(flags));
	assert_int_equal(pike_memfd(&fd, "object", 0, NULL), 0);
	assert_int_equal(write(fd, b.s, b.len), (int)b.len);
	j = pike_object_instructions(fd, arch);
	close(fd);
	pike_buf_release(&b);
	return j;
}

static void kinds_are_counted(void **state)
{
	struct pike_json *j;
	struct code c;

	(void)state;
	make(&c);
	j = census(&c, "sm_90a");
	assert_non_null(j);
	assert_int_equal(pike_json_f64(j, "LDG", 0), 2);
	assert_int_equal(pike_json_f64(j, "FFMA", 0), 1);
	assert_int_equal(pike_json_f64(j, "STL", 0), 1);
	assert_int_equal(pike_json_f64(j, "all", 0), 5);
	assert_null(pike_json_get(j, "HGMMA"));
	pike_json_free(j);
}

static void others_are_not_known(void **state)
{
	struct code c;

	(void)state;
	make(&c);
	assert_null(census(&c, "sm_70"));
	assert_null(census(&c, "sm_120"));
	assert_null(census(&c, ""));
	assert_null(pike_object_instructions(-1, "sm_90a"));
}

/* What lies outside is not read. */
static void torn_code_has_none(void **state)
{
	struct pike_json *j;
	struct code c;

	(void)state;
	make(&c);
	c.s[2].sh_size = sizeof(c);
	j = census(&c, "sm_90a");
	assert_int_equal(pike_json_f64(j, "all", -1), 0);
	pike_json_free(j);
	make(&c);
	c.e.e_shoff = UINT64_MAX - 8;
	j = census(&c, "sm_90a");
	assert_int_equal(pike_json_f64(j, "all", -1), 0);
	pike_json_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_counted),
		cmocka_unit_test(others_are_not_known),
		cmocka_unit_test(torn_code_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
