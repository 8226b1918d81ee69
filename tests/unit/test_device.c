/* SPDX-License-Identifier: Apache-2.0 */
/* What is found of the machine, its lock, its ceilings, and build plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/device.h"
#include "device/device_priv.h"
#include "device/frame_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void finds_the_cpu(void **state)
{
	struct pike_device_info info;
	struct pike_err err = PIKE_ERR_INIT;
	cpu_set_t set;

	(void)state;
	assert_int_equal(pike_device_find(&info, "cpu", &err), 0);
	assert_string_equal(info.lane, "cpu");
	assert_string_not_equal(info.model, "");
	assert_string_not_equal(info.toolchain, "");
	assert_string_not_equal(info.driver, "");
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_int_equal(info.ncores, CPU_COUNT(&set));
	assert_true(CPU_ISSET(info.core, &set));
	for (int c = info.core + 1; c < CPU_SETSIZE; c++)
		assert_false(CPU_ISSET(c, &set));
	if (info.ncores > 1) {
		assert_true(CPU_ISSET(info.judge_core, &set));
		assert_int_not_equal(info.judge_core, info.core);
	} else {
		assert_int_equal(info.judge_core, -1);
	}
	assert_true(info.llc_bytes >= 65536);
	assert_int_equal(pike_device_find(&info, "abacus", &err), PIKE_FAILED);
}

/* Pinning this process must not change what is found. */
static void pinning_does_not_shrink_it(void **state)
{
	struct pike_device_info before, after;
	cpu_set_t all, one;

	(void)state;
	assert_int_equal(pike_device_find(&before, "cpu", NULL), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(before.core, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(pike_device_find(&after, "cpu", NULL), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(before.ncores, after.ncores);
	assert_int_equal(before.core, after.core);
	assert_int_equal(before.judge_core, after.judge_core);
}

static void env_is_named(void **state)
{
	struct pike_device_info info = { .model = "M",
					 .toolchain = "T",
					 .driver = "D" };
	struct pike_json *j = pike_device_env(&info, "lane-1");
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	pike_json_print(&b, j);
	assert_string_equal(b.s, "{\"device\":\"M\",\"driver\":\"D\","
				 "\"lane\":\"lane-1\",\"toolchain\":\"T\"}");
	pike_buf_release(&b);
	pike_json_free(j);
}

static void lock_is_exclusive(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	int a = -1, b = -1, status;
	pid_t pid;

	(void)state;
	assert_int_equal(pike_device_lock(&a, "unit-test-7", 0, &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(pike_device_lock(&b, "unit-test-7", 0, NULL) == PIKE_RETRY
			  ? 0
			  : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(pike_device_lock(&b, "unit-test-7", 30, &err),
			 PIKE_RETRY);
	/* Another device is another lock. */
	assert_int_equal(pike_device_lock(&b, "unit-test-8", 0, &err), 0);
	close(b);
	close(a);
	assert_int_equal(pike_device_lock(&a, "unit-test-7", -1, &err), 0);
	close(a);
}

static void ceilings_are_sane(void **state)
{
	struct pike_device_info info;
	struct pike_ceilings c, again;
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_equal(pike_device_find(&info, "cpu", &err), 0);
	assert_int_equal(pike_device_ceilings(&c, &info, 1, false, &err), 0);
	assert_true(c.copy_bps > 1e7 && c.copy_bps < 1e13);
	assert_true(c.fma_flops > 1e7 && c.fma_flops < 1e13);
	/* Measured once. */
	assert_int_equal(pike_device_ceilings(&again, &info, 1, false, &err),
			 0);
	assert_memory_equal(&c, &again, sizeof(c));
	assert_int_equal(pike_device_ceilings(&again, &info, 1, true, &err), 0);
	assert_true(again.copy_bps >= c.copy_bps);
	assert_true(again.fma_flops >= c.fma_flops);
	assert_int_equal(pike_device_ceilings(&c, &info, 1000, false, &err), 0);
	assert_true(c.fma_flops > 1e7);
}

static void cflags_are_checked(void **state)
{
	static const char *const good[] = {
		"",
		"-O3 -march=native",
		"-O2 -g -std=c11 -ffast-math -fno-math-errno -mavx2 -mfma",
		"-DTILE=32 -DNAME -UFOO -pthread -fopenmp -Wall -flto",
		"-mprefer-vector-width=512 -funroll-loops -ftree-vectorize",
		"-falign-functions=64",
	};
	static const char *const bad[] = {
		"-fplugin=x.so",
		"-fplugin-arg-x-y=z",
		"-B/tmp",
		"-B.",
		"-specs=x",
		"@flags",
		"-include x.h",
		"-I/usr/include",
		"-I.",
		"-L.",
		"-o x",
		"-ox",
		"-Wl,-rpath,x",
		"-Wa,-x",
		"-Wp,-MD,x",
		"-Xlinker x",
		"-T x",
		"-x c++",
		"-c",
		"-E",
		"-S",
		"-save-temps",
		"-fdump-tree-all",
		"-fprofile-use=x",
		"-fuse-ld=gold",
		"-wrapper x",
		"-D",
		"-U",
		"-DX=/etc/passwd",
		"-DX=$(x)",
		"-DX=\"a\"",
		"kernel.c",
		"-lm",
		"-nostdlib",
		"-static",
		"-mllvm",
		"-march=..",
		"-fvisibility=hidden",
		"-fopt-info-all=x",
	};
	struct pike_err err;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(good); i++) {
		struct pike_strs l = PIKE_STRS_INIT;

		err.text[0] = '\0';
		if (pike_cflags_split(&l, good[i], &err))
			fail_msg("%s", err.text);
		assert_true(l.n > 0);
		pike_strs_release(&l);
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		struct pike_strs l = PIKE_STRS_INIT;

		if (pike_cflags_split(&l, bad[i], &err) != PIKE_USAGE)
			fail_msg("%s is taken", bad[i]);
		pike_strs_release(&l);
	}
}

static void add(struct pike_files *f, const char *path)
{
	pike_files_add(f, path, "x", 1);
}

static struct pike_target cpu_target(void)
{
	static char name[] = "t", backend[] = "cpu", entry[] = "kernel";

	return (struct pike_target){
		.name = name, .backend = backend, .entry = entry, .threads = 1
	};
}

static void plan_is_as_the_repository(void **state)
{
	struct pike_target t = cpu_target();
	struct pike_files src = { NULL, 0, 0 }, hdr = { NULL, 0, 0 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_build_plan p;

	(void)state;
	add(&src, "kernels/a.c");
	add(&src, "kernels/deep one/b c.c");
	add(&hdr, "include/common.h");
	add(&hdr, "include/own/common.h");
	assert_int_equal(
	    pike_build_plan(&p, &t, NULL, &src, &hdr, PIKE_REAL_NONE, &err), 0);
	assert_int_equal(p.files.n, 4);
	assert_non_null(pike_files_find(&p.files, "kernels/a.c"));
	assert_non_null(pike_files_find(&p.files, "include/common.h"));
	assert_string_equal(p.argv.v[0], "cc");
	assert_null(p.argv.v[p.argv.n]);
	assert_true(pike_strs_has(&p.argv, "kernels/a.c"));
	assert_true(pike_strs_has(&p.argv, "kernels/deep one/b c.c"));
	assert_false(pike_strs_has(&p.argv, "include/common.h"));
	/* `#include "own/common.h"`, as with -Iinclude */
	assert_true(pike_strs_has(&p.argv, "include"));
	assert_true(pike_strs_has(&p.argv, "include/own"));
	assert_true(pike_strs_has(&p.argv, "-O3"));
	assert_true(pike_strs_has(&p.argv, p.output));
	assert_false(pike_strs_has(&p.argv, "-Dreal=double"));
	pike_build_plan_release(&p);
	assert_int_equal(
	    pike_build_plan(&p, &t, NULL, &src, &hdr, PIKE_REAL_DOUBLE, &err),
	    0);
	assert_true(pike_strs_has(&p.argv, "-Dreal=double"));
	pike_build_plan_release(&p);
	assert_int_equal(
	    pike_build_plan(&p, &t, NULL, &src, &hdr, PIKE_REAL_NATIVE, &err),
	    0);
	assert_true(pike_strs_has(&p.argv, "-Dreal=float"));
	pike_build_plan_release(&p);
	pike_files_release(&src);
	pike_files_release(&hdr);
}

static void plan_refuses_bad_files(void **state)
{
	static const char *const bad[][2] = {
		{ "-o.c", NULL },	  { "x/../a.c", NULL },
		{ "x/a.c", "x/a.c" },	  { "x/a.h", NULL },
		{ "x/a.c", "kernel.so" }, { "@a.c", NULL },
		{ "x/a.c", "/a.h" },	  { "x/a\".c", NULL },
	};
	struct pike_target t = cpu_target();

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		struct pike_files src = { NULL, 0, 0 };
		struct pike_build_plan p;
		struct pike_err err = PIKE_ERR_INIT;

		add(&src, bad[i][0]);
		if (bad[i][1])
			add(&src, bad[i][1]);
		assert_int_equal(pike_build_plan(&p, &t, NULL, &src, NULL,
						 PIKE_REAL_NONE, &err),
				 PIKE_USAGE);
		pike_files_release(&src);
	}
}

static void too_many_arguments_are_refused(void **state)
{
	struct pike_target t = cpu_target();
	struct pike_arg args[17];
	uint8_t kinds[PIKE_CALL_ARGS + 8];
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(args); i++) {
		args[i] = (struct pike_arg){ 0 };
		assert_int_equal(pike_arg_parse(&args[i], "f32 a", &err), 0);
	}
	t.args = args;
	t.nargs = 8;
	assert_int_equal(pike_call_kinds(kinds, &t, PIKE_REAL_NONE, &err), 0);
	assert_int_equal(kinds[7], PIKE_K_F32);
	assert_int_equal(pike_call_kinds(kinds, &t, PIKE_REAL_DOUBLE, &err), 0);
	assert_int_equal(kinds[7], PIKE_K_F64);
	t.nargs = 9;
	assert_int_equal(pike_call_kinds(kinds, &t, PIKE_REAL_NONE, &err),
			 PIKE_USAGE);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(args); i++)
		args[i].dtype = PIKE_I32;
	t.nargs = 16;
	assert_int_equal(pike_call_kinds(kinds, &t, PIKE_REAL_NONE, &err), 0);
	t.nargs = 17;
	assert_int_equal(pike_call_kinds(kinds, &t, PIKE_REAL_NONE, &err),
			 PIKE_USAGE);
	t.nargs = 1;
	args[0].dtype = PIKE_F16;
	assert_int_equal(pike_call_kinds(kinds, &t, PIKE_REAL_NONE, &err),
			 PIKE_USAGE);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(args); i++)
		pike_arg_release(&args[i]);
}

/* What these bytes are when they come over a socket of a type. */
static enum pike_frame_status relay(struct pike_frame *out, int type,
				    const void *bytes, size_t len)
{
	enum pike_frame_status s;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(write(pair[1], bytes, len), (ssize_t)len);
	close(pair[1]);
	s = pike_frame_recv(out, pair[0], false, pike_now_ns() + 1000000000);
	close(pair[0]);
	return s;
}

static void frames_are_strict(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	struct pike_frame *f = pike_xcalloc(1, sizeof(*f));
	struct pike_frame *g = pike_xcalloc(1, sizeof(*g));
	size_t head = sizeof(f->head);
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(types); i++) {
		pike_frame_make(f, PIKE_F_OK, 5, "abc", 3);
		memcpy(bytes, &f->head, head);
		memcpy(bytes + head, f->data, 3);
		assert_int_equal(relay(g, types[i], bytes, head + 3),
				 PIKE_FRAME_OK);
		assert_int_equal(g->head.nonce, 5);
		assert_memory_equal(g->data, "abc", 3);
		assert_int_equal(relay(g, types[i], bytes, head + 4),
				 PIKE_FRAME_BAD);
		assert_int_equal(relay(g, types[i], bytes, head + 2),
				 PIKE_FRAME_BAD);
		assert_int_equal(relay(g, types[i], bytes, 3), PIKE_FRAME_BAD);
		assert_int_equal(relay(g, types[i], bytes, 0), PIKE_FRAME_EOF);
		bytes[0] ^= 1;
		assert_int_equal(relay(g, types[i], bytes, head + 3),
				 PIKE_FRAME_BAD);
		f->head.len = PIKE_FRAME_MAX + 1;
		memcpy(bytes, &f->head, head);
		assert_int_equal(relay(g, types[i], bytes, head + 3),
				 PIKE_FRAME_BAD);
		/* Promises descriptors that do not come. */
		f->head.len = 3;
		f->head.nfds = 1;
		memcpy(bytes, &f->head, head);
		assert_int_equal(relay(g, types[i], bytes, head + 3),
				 PIKE_FRAME_BAD);
	}
	free(f);
	free(g);
}

static void descriptors_need_leave(void **state)
{
	struct pike_frame *f = pike_xcalloc(1, sizeof(*f));
	int64_t soon = pike_now_ns() + 1000000000;
	int pair[2], fd = 0;

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pike_frame_make(f, PIKE_F_OK, 1, NULL, 0);
	f->nfds = 1;
	assert_int_equal(pike_frame_send(pair[1], f, &fd, soon), 0);
	assert_int_equal(pike_frame_recv(f, pair[0], true, soon), 0);
	assert_int_equal(f->nfds, 1);
	pike_frame_close_fds(f);
	f->nfds = 1;
	assert_int_equal(pike_frame_send(pair[1], f, &fd, soon), 0);
	assert_int_equal(pike_frame_recv(f, pair[0], false, soon),
			 PIKE_FRAME_BAD);
	assert_int_equal(pike_frame_recv(f, pair[0], false, pike_now_ns()),
			 PIKE_FRAME_TIMEOUT);
	close(pair[0]);
	close(pair[1]);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_cpu),
		cmocka_unit_test(pinning_does_not_shrink_it),
		cmocka_unit_test(env_is_named),
		cmocka_unit_test(lock_is_exclusive),
		cmocka_unit_test(ceilings_are_sane),
		cmocka_unit_test(cflags_are_checked),
		cmocka_unit_test(plan_is_as_the_repository),
		cmocka_unit_test(plan_refuses_bad_files),
		cmocka_unit_test(too_many_arguments_are_refused),
		cmocka_unit_test(frames_are_strict),
		cmocka_unit_test(descriptors_need_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
