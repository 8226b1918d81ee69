/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box of NVRTC: a source can include the toolkit's headers and nothing
 * else of the machine, nor learn what else is there. Without a toolkit there
 * is nothing to try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "base/fs.h"
#include "base/mem.h"
#include "device/cuda_priv.h"
#include "device/device.h"
#include "sandbox/sandbox.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct pike_device_info device;
static char why_not[512];

static void needs_nvrtc(void)
{
	if (!device.arch[0])
		left_out("no NVRTC here: %s", why_not);
}

static int find(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	if (!pike_device_find_arch(&device, "cuda", "sm_90", &err))
		return 0;
	snprintf(why_not, sizeof(why_not), "%.400s", err.text);
	device.arch[0] = '\0';
	return 0;
}

/* Compiles a source; the exit status, with what was printed in `log`. */
static int compile(struct pike_buf *log, const char *text)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_build_plan plan;
	struct pike_box_end end;
	struct pike_box *b;
	struct pike_buf path;
	const char **argv, *first;
	int status;
	struct pike_box_opts o = { .kind = PIKE_BOX_BUILD,
				   .sock = -1,
				   .out_max = 1 << 20,
				   .wall_ms = 60000,
				   .require = level_here(PIKE_I2) };

	assert_int_equal(
	    pike_build_plan_own(&plan, &device, "own.cu", text, &err), 0);
	pike_buf_init(&path, 4096);
	assert_int_equal(pike_box_helper(&path, plan.helper, &err), 0);
	argv = (const char **)(uintptr_t)plan.argv.v;
	first = argv[0];
	argv[0] = path.s;
	o.argv = argv;
	o.folders = (const char *const *)plan.folders.v;
	o.files = &plan.files;
	o.output = plan.output;
	assert_int_equal(pike_memfd(&o.out_fd, "out", 0, &err), 0);
	if (pike_box_start(&b, &o, &err))
		fail_msg("%s", err.text);
	assert_int_equal(pike_box_wait(&end, b, -1, &err), 0);
	pike_box_free(b);
	close(o.out_fd);
	assert_int_equal(end.why, PIKE_BOX_EXITED);
	status = end.status;
	pike_buf_reset(log);
	pike_buf_add(log, end.log.s, end.log.len);
	pike_box_end_release(&end);
	argv[0] = first;
	pike_buf_release(&path);
	pike_build_plan_release(&plan);
	return status;
}

#define KERNEL "extern \"C\" __global__ void k(float *p) { *p = 1; }\n"

static void toolkit_headers(void **state)
{
	struct pike_buf log;
	int status;

	(void)state;
	needs_nvrtc();
	pike_buf_init(&log, 1 << 20);
	status =
	    compile(&log, "#include <cuda_fp16.h>\n"
			  "#include <cuda_bf16.h>\n"
			  "#include <cuda_fp8.h>\n"
			  "#include <cooperative_groups.h>\n"
			  "#include <cub/block/block_reduce.cuh>\n" KERNEL);
	if (status)
		print_message("%s\n", log.s);
	assert_int_equal(status, 0);
	pike_buf_release(&log);
}

/* It is there outside, and in the box nobody can open or see it. */
static void is_closed(struct pike_buf *log, const char *path, const char *quote)
{
	struct pike_buf text;

	pike_buf_init(&text, 1 << 16);
	pike_buf_addf(&text, "#include \"%s\"\n" KERNEL, path);
	assert_int_not_equal(compile(log, text.s), 0);
	assert_null(strstr(log->s, quote));
	pike_buf_reset(&text);
	pike_buf_addf(&text,
		      "#if __has_include(\"%s\")\n"
		      "#error it is there\n#endif\n" KERNEL,
		      path);
	if (compile(log, text.s))
		fail_msg("%s: %s", path, log->s);
	pike_buf_release(&text);
}

static void nothing_else(void **state)
{
	static const struct {
		const char *path, *quote; /* of what is in it */
	} files[] = {
		{ "/etc/passwd", "root:" },
#ifndef __SANITIZE_ADDRESS__ /* whose runtime cannot start without it */
		{ "/proc/self/environ", "PATH=" },
		{ "/proc/self/maps", "r-xp" },
		{ "/proc/version", "Linux version" },
#endif
		{ "/usr/include/stdio.h", "GNU C Library" },
		{ "/etc/os-release", "PRETTY_NAME" },
		{ "/etc/ld.so.cache", "glibc-ld" },
		{ "/dev/zero", "unrecognized" },
	};
	struct pike_buf log;

	(void)state;
	needs_nvrtc();
	pike_buf_init(&log, 1 << 20);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(files); i++)
		if (!access(files[i].path, R_OK))
			is_closed(&log, files[i].path, files[i].quote);
	pike_buf_release(&log);
}

/* NVRTC may lie among all libraries of a system. */
static void no_neighbour(void **state)
{
	const struct pike_toolkit *t;
	struct pike_buf log;
	char *pattern;
	glob_t found;

	(void)state;
	needs_nvrtc();
	assert_int_equal(pike_toolkit_find(&t, NULL), 0);
	pattern =
	    pike_xasprintf("%.*s/lib[a-m]*.so*",
			   (int)(strrchr(t->nvrtc, '/') - t->nvrtc), t->nvrtc);
	pike_buf_init(&log, 1 << 20);
	if (!glob(pattern, 0, NULL, &found)) {
		is_closed(&log, found.gl_pathv[0], "ELF");
		globfree(&found);
	}
	pike_buf_release(&log);
	free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toolkit_headers),
		cmocka_unit_test(nothing_else),
		cmocka_unit_test(no_neighbour),
	};

	return cmocka_run_group_tests(tests, find, NULL);
}
