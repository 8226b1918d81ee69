/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's own context on a GPU, with a driver that has none
 * (tests/servers/cuda.c): is what is uploaded there when a kernel or a copy
 * needs it, and is nothing taken away that queued work still uses?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/cuda_priv.h"
#include "device/gpu.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct pike_cu *cu;
static struct pike_gpu *gpu;
static const struct pike_device_info device;

static int build_driver(const char *path)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp("cc", "cc", "-shared", "-fPIC", "-w", "-std=gnu11",
		       "-D_GNU_SOURCE", "-Ilib", "-o", path,
		       "tests/servers/cuda.c", "tests/servers/cuda_rest.c",
		       (char *)NULL);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static int begin(void **state)
{
	char folder[] = "/tmp/pike-gpu-XXXXXX", path[64];
	int ret;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/libcuda.so", folder);
	ret = build_driver(path) || pike_cu_open(&cu, path, NULL);
	unlink(path);
	rmdir(folder);
	return ret ? -1 : pike_gpu_open(&gpu, &device, NULL);
}

static int end(void **state)
{
	(void)state;
	pike_gpu_close(gpu);
	return 0;
}

/* Nothing that copies or fills may be without a stream. */
static void every_copy_names_its_stream(void **state)
{
	static const char *const names[] = {
#define NAME(member, name, args) #name,
		PIKE_CU_FUNCTIONS(NAME) PIKE_CU_OPTIONAL(NAME)
#undef NAME
	};
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		if (strncmp(names[i], "cuMemcpy", 8) &&
		    strncmp(names[i], "cuMemset", 8))
			continue;
		seen++;
		if (!strstr(names[i], "Async"))
			fail_msg("%s is work of the default stream", names[i]);
	}
	assert_true(seen >= 3);
}

static void uploads_are_there_for_the_next_kernel(void **state)
{
	enum {
		N = 1000
	};
	char in[N], out[N] = { 0 };
	pike_gpu_ptr a, b;

	(void)state;
	assert_int_equal(pike_gpu_alloc(&a, gpu, N, NULL), 0);
	assert_int_equal(pike_gpu_alloc(&b, gpu, N, NULL), 0);
	for (int turn = 1; turn <= 3; turn++) {
		memset(in, turn, N);
		assert_int_equal(pike_gpu_put(gpu, a, in, N, NULL), 0);
		/* The host's buffer is free again. */
		memset(in, 99, N);
		assert_int_equal(pike_gpu_copy(gpu, b, a, N, NULL), 0);
		assert_int_equal(pike_gpu_get(gpu, out, b, N, NULL), 0);
		memset(in, turn, N);
		assert_memory_equal(out, in, N);
	}
	pike_gpu_free(gpu, a);
	pike_gpu_free(gpu, b);
}

/* More than the memory that large copies go by way of. */
static void large_copies_come_back_whole(void **state)
{
	size_t n = ((size_t)70 << 20) + 13;
	uint8_t *in = malloc(n), *out = calloc(1, n);
	pike_gpu_ptr a;

	(void)state;
	for (size_t i = 0; i < n; i++)
		in[i] = (uint8_t)(i * 7 + (i >> 20));
	assert_int_equal(pike_gpu_alloc(&a, gpu, n, NULL), 0);
	assert_int_equal(pike_gpu_put(gpu, a, in, n, NULL), 0);
	assert_int_equal(pike_gpu_get(gpu, out, a, n, NULL), 0);
	assert_memory_equal(out, in, n);
	pike_gpu_free(gpu, a);
	free(in);
	free(out);
}

static void nothing_is_freed_under_queued_work(void **state)
{
	struct pike_gpu_shared s;
	pike_gpu_ptr a;

	(void)state;
	assert_int_equal(pike_gpu_alloc(&a, gpu, 64, NULL), 0);
	assert_int_equal(pike_gpu_share(&s, gpu, 64, NULL), 0);
	assert_int_equal(pike_gpu_copy(gpu, s.map + s.offset, a, 64, NULL), 0);
	pike_gpu_free(gpu, a);
	assert_int_equal(pike_gpu_sync(gpu, NULL), 0);

	assert_int_equal(pike_gpu_alloc(&a, gpu, 64, NULL), 0);
	assert_int_equal(pike_gpu_copy(gpu, a, s.map + s.offset, 64, NULL), 0);
	pike_gpu_unshare(gpu, &s);
	assert_int_equal(pike_gpu_sync(gpu, NULL), 0);
	pike_gpu_free(gpu, a);
}

static void loaded_code_has_its_variables(void **state)
{
	int image = 41, got = 0;
	cu_module m;
	cu_ptr at;
	size_t n;

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		image++;
		assert_int_equal(pike_cu_load(&m, cu, &image), 0);
		assert_int_equal(cu->module_global(&at, &n, m, "x"), 0);
		assert_int_equal(pike_gpu_get(gpu, &got, at, n, NULL), 0);
		assert_int_equal(got, image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_copy_names_its_stream),
		cmocka_unit_test(uploads_are_there_for_the_next_kernel),
		cmocka_unit_test(large_copies_come_back_whole),
		cmocka_unit_test(nothing_is_freed_under_queued_work),
		cmocka_unit_test(loaded_code_has_its_variables),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
