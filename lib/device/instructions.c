/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instructions: which instructions machine code holds, by kind. No disassembler
 * is needed: since Volta an instruction is 16 bytes, and the lowest nine bits
 * say what it does. The table was read off nvdisasm 13.0, whose words for code
 * of sm_75, sm_80 and sm_90a agree in it.
 */
#include "device/device.h"
#include "device/object_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTRUCTION 16
#define OPERATIONS 512
#define FIRST_SM 75
#define LAST_SM 90

/* Several may be of a kind. */
static const struct {
	uint16_t operation;
	const char *kind;
} kinds[] = {
	{ 0x1f0, "HGMMA" }, /* tensor cores */
	{ 0x03c, "HMMA" },
	{ 0x037, "IMMA" },
	{ 0x03f, "DMMA" },
	{ 0x023, "FFMA" }, /* arithmetic */
	{ 0x021, "FADD" },
	{ 0x020, "FMUL" },
	{ 0x031, "HFMA2" },
	{ 0x035, "HFMA2" },
	{ 0x02b, "DFMA" },
	{ 0x029, "DADD" },
	{ 0x028, "DMUL" },
	{ 0x024, "IMAD" },
	{ 0x025, "IMAD" },
	{ 0x027, "IMAD" },
	{ 0x108, "MUFU" },
	{ 0x181, "LDG" }, /* global memory */
	{ 0x186, "STG" },
	{ 0x1ae, "LDGSTS" },
	{ 0x1b4, "UTMALDG" },
	{ 0x1ba, "UBLKCP" },
	{ 0x1a3, "ATOMG" },
	{ 0x1a8, "ATOMG" },
	{ 0x1a9, "ATOMG" },
	{ 0x18e, "RED" },
	{ 0x18a, "ATOM" },
	{ 0x180, "LD" },
	{ 0x185, "ST" },
	{ 0x184, "LDS" }, /* shared memory */
	{ 0x188, "STS" },
	{ 0x03b, "LDSM" },
	{ 0x044, "STSM" },
	{ 0x18c, "ATOMS" },
	{ 0x18d, "ATOMS" },
	{ 0x183, "LDL" }, /* local memory: spilled, or indexed */
	{ 0x187, "STL" },
	{ 0x11d, "BAR" }, /* between threads */
	{ 0x1a7, "SYNCS" },
	{ 0x1b2, "SYNCS" },
	{ 0x1c7, "UCGABAR" },
	{ 0x189, "SHFL" },
	{ 0x192, "MEMBAR" },
};

static void count(uint32_t n[OPERATIONS], const struct pike_gpu_object *o)
{
	const uint8_t *code;
	uint64_t len, at = 0;

	while (pike_gpu_object_code(&code, &len, o, &at))
		for (uint64_t i = 0; i + INSTRUCTION <= len; i += INSTRUCTION) {
			uint16_t head;

			memcpy(&head, code + i, sizeof(head));
			n[head % OPERATIONS]++;
		}
}

static struct pike_json *tell(const uint32_t n[OPERATIONS])
{
	struct pike_json *j = pike_json_object();
	uint64_t all = 0;

	for (size_t i = 0; i < OPERATIONS; i++)
		all += n[i];
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++) {
		const char *kind = kinds[i].kind;
		uint32_t more = n[kinds[i].operation];

		if (more)
			pike_json_set_i64(j, kind,
					  pike_json_i64(j, kind, 0) + more);
	}
	pike_json_set_i64(j, "all", (int64_t)all);
	return j;
}

/* Not known: another `arch` than the table's, or no machine code at all. */
struct pike_json *pike_object_instructions(int object_fd, const char *arch)
{
	uint32_t *n = pike_xcalloc(OPERATIONS, sizeof(*n));
	struct pike_json *j = NULL;
	struct pike_gpu_object o;
	void *bytes = NULL;
	int sm = 0;

	if (sscanf(arch, "sm_%d", &sm) == 1 && sm >= FIRST_SM &&
	    sm <= LAST_SM && pike_gpu_object_load(&o, &bytes, object_fd)) {
		count(n, &o);
		j = tell(n);
	}
	free(bytes);
	free(n);
	return j;
}
