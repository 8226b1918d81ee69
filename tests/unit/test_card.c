/* SPDX-License-Identifier: Apache-2.0 */
/* What a prompt tells of a machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/device.h"

#include <string.h>

static void has(const struct pike_device_info *d, const char *line, bool there)
{
	struct pike_buf b;

	pike_buf_init(&b, 1 << 16);
	pike_device_card(&b, d);
	if (!!strstr(b.s, line) != there)
		fail_msg("'%s' is %s: %s", line, there ? "missing" : "there",
			 b.s);
	pike_buf_release(&b);
}

static struct pike_device_info h200(void)
{
	return (struct pike_device_info){
		.model = "NVIDIA H200",
		.arch = "sm_90a",
		.uuid = "GPU-17c8f3a1-0000-0000-0000-000000000000",
		.bus = "0000:1b:00.0",
		.sms = 132,
		.llc_bytes = 60ll << 20,
		.memory = 150ll << 30,
		.sm = { 2048, 32, 65536, 228 << 10 },
		.limits = pike_launch_limits_90,
	};
}

static void test_gpu(void **state)
{
	struct pike_device_info d = h200();

	(void)state;
	has(&d, "- NVIDIA H200, sm_90a, 132 SMs\n", true);
	has(&d, "- Memory: 150 GiB\n- L2: 60 MiB\n", true);
	has(&d, "2048 threads, 32 blocks, 65536 registers of 32 bits, 228 KiB",
	    true);
	has(&d, "the system takes 1 KiB of each block\n", true);
	has(&d, "16 special functions", true);
	has(&d, "227 KiB of shared memory in all, of which 48 KiB", true);
	has(&d, "- A cluster: at most 8 blocks\n", true);
	/* Nor which one of its kind it is. */
	has(&d, "GPU-17c8", false);
	has(&d, "1b:00", false);
}

/* Of one that is built for and not here, what follows from its kind. */
static void test_arch(void **state)
{
	struct pike_device_info d = h200();

	(void)state;
	memcpy(d.model, d.arch, sizeof(d.arch));
	d.sms = 0;
	d.memory = 0;
	has(&d, "- A GPU of sm_90a\n", true);
	has(&d, "SMs\n", false);
	has(&d, "L2", false);
	has(&d, "Memory", false);
	has(&d, "128 FMA of f32", true);
	/* Nothing is made up of one that no table has. */
	memcpy(d.arch, "sm_75", sizeof("sm_75"));
	has(&d, "in one clock", false);
	d.limits.cluster = 1;
	has(&d, "cluster", false);
}

static void test_cpu(void **state)
{
	struct pike_device_info d = { .model = "EPYC 9654",
				      .ncores = 8,
				      .llc_bytes = 384ll << 20 };
	const struct pike_device_info none = { 0 };

	(void)state;
	has(&d, "- EPYC 9654, 8 cores that may be used\n", true);
	has(&d, "- Last-level cache: 384 MiB\n", true);
	has(&none, "-", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gpu),
		cmocka_unit_test(test_arch),
		cmocka_unit_test(test_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
