/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor says of machines with and without GPUs, from facts that are made
 * up here; and who holds a lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/inventory_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct pike_gpu_card h200 = {
	.info = { .lane = "nvidia-h200",
		  .model = "NVIDIA H200",
		  .uuid = "GPU-00000000-0000-0000-0000-000000000000",
		  .bus = "00000000:1B:00.0",
		  .arch = "sm_90a",
		  .sms = 132,
		  .memory = 150000000000,
		  .llc_bytes = 62914560 },
	.ecc = 1,
	.modes = { .persistence = 1 },
	.mhz = 1980,
};

/* A machine in order; every test breaks one thing of it. */
static struct pike_inventory machine(struct pike_gpu_card *card)
{
	struct pike_inventory s = {
		.pci = 1,
		.kernel = "580.159.04",
		.library = "/usr/lib/libcuda.so.580.159.04",
		.cu = { .loaded = true, .version = 13000, .devices = 1 },
		.toolkit = { .root = "/usr/local/cuda",
			     .include = "/usr/local/cuda/include",
			     .nvrtc = "/x/libnvrtc.so.13.0.88" },
		.nvrtc = 13000,
		.nvml = true,
		.v = card,
		.n = 1
	};

	*card = h200;
	for (int i = 0; i < PIKE_TOOL_COUNT; i++)
		snprintf(s.tools[i], sizeof(s.tools[i]), "/x/tool");
	return s;
}

/* The only finding of that check; it must have the state. */
static const struct pike_finding *only(const struct pike_findings *f,
				       const char *check,
				       enum pike_finding_state state)
{
	const struct pike_finding *found = NULL;

	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->v[i].check, check) != 0)
			continue;
		assert_null(found);
		found = &f->v[i];
	}
	assert_non_null(found);
	assert_int_equal(found->state, state);
	/* What is not in order has a remedy, of one line. */
	assert_true(state == PIKE_FOUND_OK || *found->remedy);
	assert_null(strchr(found->remedy, '\n'));
	return found;
}

/* Reads `s`; looks for one finding whose text and remedy hold the words. */
static void expect(const struct pike_inventory *s, bool usable,
		   const char *check, enum pike_finding_state state,
		   const char *text, const char *remedy)
{
	struct pike_findings f = { 0 };
	const struct pike_finding *one;
	bool is_usable;

	pike_inventory_read(&f, &is_usable, s);
	one = only(&f, check, state);
	if (!strstr(one->found, text) || !strstr(one->remedy, remedy))
		fail_msg("'%s', '%s' lacks '%s' or '%s'", one->found,
			 one->remedy, text, remedy);
	assert_int_equal(is_usable, usable);
	pike_findings_release(&f);
	pike_findings_release(&f);
}

static void in_order(void **state)
{
	struct pike_gpu_card card;
	struct pike_inventory s = machine(&card);

	(void)state;
	expect(&s, true, "gpu driver", PIKE_FOUND_OK,
	       "580.159.04, for CUDA "
	       "13.0",
	       "");
	expect(&s, true, "nvrtc", PIKE_FOUND_OK, "13.0: /x/libnvrtc", "");
	expect(&s, true, "nvml", PIKE_FOUND_OK, "watched", "");
	expect(&s, true, "cuda tools", PIKE_FOUND_OK,
	       "nvdisasm, cuobjdump, ncu, compute-sanitizer", "");
	expect(&s, true, "gpu", PIKE_FOUND_OK,
	       "NVIDIA H200, lane nvidia-h200, GPU-00000000-0000-0000-0000-"
	       "000000000000, sm_90a, 132 SMs, 139.7 GiB, L2 60.0 MiB, compute "
	       "mode default, MIG off, ECC on, persistence on, SM clock 1980 "
	       "MHz; free",
	       "");
	snprintf(s.visible, sizeof(s.visible), "0");
	expect(&s, true, "gpus", PIKE_FOUND_OK,
	       "CUDA_VISIBLE_DEVICES=0 leaves "
	       "1",
	       "");
}

static void without_a_gpu(void **state)
{
	struct pike_inventory s = { .toolkit = { .root = "/usr/local/cuda",
						 .nvrtc = "/x/libnvrtc.so.13" },
				    .nvrtc = 13000 };
	struct pike_findings f = { 0 };
	bool usable;

	(void)state;
	expect(&s, false, "gpu", PIKE_FOUND_OK,
	       "compiled only, with NVRTC "
	       "13.0",
	       "");
	pike_inventory_read(&f, &usable, &s);
	assert_int_equal(f.n, 1);
	pike_findings_release(&f);
	s.toolkit.nvrtc[0] = '\0';
	expect(&s, false, "gpu", PIKE_FOUND_OK, "cannot even be compiled", "");
}

static void the_driver(void **state)
{
	static const struct {
		int init;
		const char *remedy;
	} starts[] = {
		{ CU_E_NO_DEVICE, "--gpus all" },
		{ CU_E_SYSTEM, "nvidia-uvm" },
		{ CU_E_NOT_STARTED, "fabricmanager" },
		{ CU_E_MISMATCH, "reboot" },
		{ CU_E_COMPAT, "LD_LIBRARY_PATH" },
		{ CU_E_UNKNOWN, "modprobe" },
		{ CU_E_INVALID, "reinstall" },
	};
	struct pike_gpu_card card;
	struct pike_inventory s = machine(&card);

	(void)state;
	s.n = 0;
	snprintf(s.cu_error, sizeof(s.cu_error), "it does not start");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(starts); i++) {
		s.cu.init = starts[i].init;
		expect(&s, false, "gpu driver", PIKE_FOUND_MISSING,
		       "does not start", starts[i].remedy);
	}
	s.cu = (struct pike_cu_state){ 0 };
	expect(&s, false, "gpu driver", PIKE_FOUND_MISSING, "no libcuda.so.1",
	       "install the NVIDIA driver");
	s = machine(&card);
	s.cu.version = 12020;
	expect(&s, false, "gpu driver", PIKE_FOUND_MISSING,
	       "for CUDA 12.2 is too old", "545");
	s.cu.version = 13000;
	s.cu.missing = "cuX";
	expect(&s, false, "gpu driver", PIKE_FOUND_MISSING, "too old", "545");
}

/* Of one major version all go together; newer drivers take older toolkits. */
static void driver_and_toolkit(void **state)
{
	static const struct {
		int driver, nvrtc;
		bool fit;
	} pairs[] = {
		{ 13000, 13000, true },	 { 13000, 13020, true },
		{ 13020, 12030, true },	 { 12080, 12090, true },
		{ 12080, 13000, false }, { 13000, 14000, false },
		{ 13000, 0, true },
	};
	struct pike_gpu_card card;
	struct pike_inventory s = machine(&card);

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(pairs); i++) {
		s.cu.version = pairs[i].driver;
		s.nvrtc = pairs[i].nvrtc;
		expect(&s, pairs[i].fit, "gpu driver",
		       pairs[i].fit ? PIKE_FOUND_OK : PIKE_FOUND_MISSING,
		       pairs[i].fit ? "" : "too old for NVRTC",
		       pairs[i].fit ? "" : "580 or later, or a CUDA 1");
	}
	s.cu.version = 12080;
	s.toolkit.nvrtc[0] = '\0';
	s.nvrtc = 0;
	expect(&s, false, "nvrtc", PIKE_FOUND_MISSING, "no CUDA toolkit",
	       "the CUDA 12 toolkit");
	snprintf(s.toolkit.nvrtc, sizeof(s.toolkit.nvrtc), "/x");
	s.nvrtc = 12010;
	expect(&s, false, "nvrtc", PIKE_FOUND_MISSING, "too old", "12.3");
}

static void what_is_optional(void **state)
{
	struct pike_gpu_card card;
	struct pike_inventory s = machine(&card);

	(void)state;
	s.nvml = false;
	expect(&s, true, "nvml", PIKE_FOUND_WARN, "not watched",
	       "libnvidia-ml");
	s.tools[PIKE_TOOL_NCU][0] = '\0';
	expect(&s, true, "cuda tools", PIKE_FOUND_OK,
	       "nvdisasm, cuobjdump, compute-sanitizer", "for profiles");
}

static void the_gpu(void **state)
{
	struct pike_gpu_card card;
	struct pike_inventory s = machine(&card);

	(void)state;
	card.compute_mode = CU_MODE_EXCLUSIVE;
	expect(&s, false, "gpu", PIKE_FOUND_MISSING, "mode exclusive",
	       "nvidia-smi -i 00000000:1B:00.0 -c DEFAULT");
	s = machine(&card);
	card.modes.mig = 1;
	expect(&s, true, "gpu", PIKE_FOUND_WARN, "MIG on", "-mig 0");
	s = machine(&card);
	card.throttled = true;
	expect(&s, true, "gpu", PIKE_FOUND_WARN, "held back", "PERFORMANCE");
	s = machine(&card);
	card.measuring = card.owned = true;
	expect(&s, true, "gpu", PIKE_FOUND_OK, "under way", "");
	card.measuring = false;
	expect(&s, true, "gpu", PIKE_FOUND_OK, "taken by another", "");
	s = machine(&card);
	card.mhz = 0;
	card.ecc = card.modes.mig = -1;
	expect(&s, true, "gpu", PIKE_FOUND_OK,
	       "MIG unknown, ECC unknown, "
	       "persistence on, clock unknown",
	       "");
	snprintf(card.refused, sizeof(card.refused), "it cannot share");
	expect(&s, false, "gpu", PIKE_FOUND_WARN, "cannot share", "hide it");
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(pike_nvrtc_number("/x/libnvrtc.so.13.0.88"), 13000);
	assert_int_equal(pike_nvrtc_number("/x/libnvrtc.so.12.9.86"), 12090);
	assert_int_equal(pike_nvrtc_number("/x/libnvrtc.so.12"), 12000);
	assert_int_equal(pike_nvrtc_number("/x/libnvrtc.so"), 0);
	assert_int_equal(pike_nvrtc_number("/x/libnvrtc.so.x"), 0);
	assert_int_equal(pike_nvrtc_number("/x/libnvrtc.so.99999999.1"), 0);
}

/* Whatever this machine has, the rows are whole. */
static void this_machine(void **state)
{
	struct pike_json *gpus = pike_json_array();
	struct pike_findings f = { 0 };
	bool usable = pike_gpu_findings(&f, gpus);

	(void)state;
	assert_true(f.n > 0);
	assert_true(!usable || pike_json_len(gpus) > 0);
	for (size_t i = 0; i < f.n; i++) {
		assert_true(f.v[i].check[0] && f.v[i].found[0]);
		assert_true(f.v[i].state == PIKE_FOUND_OK || f.v[i].remedy[0]);
	}
	pike_findings_release(&f);
	pike_json_free(gpus);
}

static void locks_are_seen(void **state)
{
	char name[64], owner[80];
	struct pike_strs l = PIKE_STRS_INIT;
	int64_t s = -2;
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "cuda-GPU-test-%d", (int)getpid());
	snprintf(owner, sizeof(owner), "%s-owner", name);
	assert_false(pike_device_busy(&s, name));
	assert_int_equal(s, -1);
	pike_device_locks(&l);
	assert_false(pike_strs_has(&l, name));
	assert_int_equal(pike_device_lock(&fd, name, 0, NULL), 0);
	assert_true(pike_device_busy(&s, name));
	assert_in_range(s, 0, 60);
	assert_false(pike_device_busy(&s, owner));
	pike_device_locks(&l);
	assert_true(pike_strs_has(&l, name));
	close(fd);
	assert_false(pike_device_busy(&s, name));
	pike_strs_release(&l);
	for (int i = 0; i < 3; i++) {
		static const char *const folders[] = { "/run/lock", "/dev/shm",
						       "/tmp" };
		char *path =
		    pike_xasprintf("%s/pike-git-%s.lock", folders[i], name);

		unlink(path);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(without_a_gpu),
		cmocka_unit_test(the_driver),
		cmocka_unit_test(driver_and_toolkit),
		cmocka_unit_test(what_is_optional),
		cmocka_unit_test(the_gpu),
		cmocka_unit_test(numbers),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(locks_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
