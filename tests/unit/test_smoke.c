/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smoke test of a GPU's sandbox as far as it needs no GPU: the ways out of
 * the box, and the kernel. What it does with a GPU, `doctor` shows there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "eval/judge_priv.h"
#include "eval/smoke_priv.h"

#include "base/mem.h"
#include "base/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char secret[] = "/tmp/pike-smoke-secret-XXXXXX";

static void must(int rc, const struct pike_err *err)
{
	if (rc)
		print_message("%s\n", err->text);
	assert_int_equal(rc, 0);
}

static void ways_lead_outside(void **state)
{
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_true(pike_reach("file", secret));
	assert_false(pike_reach("file", "/nonexistent"));
	assert_true(pike_reach("node", "/dev/null"));
	assert_false(pike_reach("node", "/dev/nonexistent"));
	assert_true(pike_reach("write", "/tmp"));
	assert_false(pike_reach("write", "/proc/self"));
	assert_true(pike_reach("env", "PATH"));
	assert_false(pike_reach("env", "NO_SUCH_VARIABLE"));
	assert_true(pike_reach("process", pid));
	assert_false(pike_reach("tcp", "1"));
	assert_false(pike_reach("socket", "pike-smoke-nobody-listens"));
	assert_false(pike_reach("magic", secret));
}

/* The program that runs inside says what it reaches: so its silence in a box
 * is worth something. */
static void the_program_tells(void **state)
{
	struct pike_buf path;
	const char *argv[] = { NULL,   "file", "/nonexistent", "file",
			       secret, "env",  "SMOKE",	       NULL };
	struct pike_proc_opts o = { .argv = argv, .timeout_ms = 10000 };
	struct pike_proc_result res = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	pike_buf_init(&path, 4096);
	must(pike_box_helper(&path, "pike-smoke", &err), &err);
	argv[0] = path.s;
	setenv("SMOKE", "1", 1);
	must(pike_proc_run(&res, &o, &err), &err);
	assert_string_equal(res.out.s, "1\n2\ndone\n");
	assert_int_equal(res.status, 0);
	pike_proc_result_release(&res);
	pike_buf_release(&path);
}

static void no_way_leads_out(void **state)
{
	struct pike_device_info none = { .uuid = "" };
	struct pike_smoke s = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	needs_i2();
	must(pike_smoke_ways(&s, &none, secret, &err), &err);
	/* tcp, socket, the secret, /etc/passwd, two folders, SMOKE */
	assert_true(s.ways >= 7);
	assert_string_equal(s.open, "");
	/* What every box has is reached, so the probe is not blind. */
	must(pike_smoke_ways(&s, &none, "/usr/lib", &err), &err);
	assert_string_equal(s.open, "file /usr/lib");
}

static void the_kernel_builds(void **state)
{
	struct pike_smoke_kernel k;
	struct pike_launch_values v;
	struct pike_judge *j = pike_xcalloc(1, sizeof(*j));
	struct pike_build *b = NULL;
	struct pike_err err = PIKE_ERR_INIT;
	const char *log = "";

	(void)state;
	if (pike_device_find_arch(&j->dev, "cuda", "sm_90", &err)) {
		free(j);
		left_out("no NVRTC here: %s", err.text);
	}
	pike_smoke_kernel_init(&k);
	j->t = &k.target;
	j->traits = pike_device_traits(&j->dev);
	must(pike_build_start(&b, j, &k.files, &err), &err);
	if (!pike_build_wait(b, &log))
		fail_msg("%s", log);
	assert_null(b->breaks);
	must(pike_launch_plan_eval(&v, b->launch, &k.c, &pike_launch_limits_90,
				   &err),
	     &err);
	assert_int_equal(v.n, 1);
	assert_string_equal(v.v[0].kernel, "pike_smoke_copy");
	/* One float4 a thread, and no thread without one */
	assert_int_equal(k.c.values[0], 4ll * v.v[0].grid[0] * v.v[0].block[0]);
	assert_int_equal(v.v[0].nargs, 2);
	pike_launch_values_release(&v);
	pike_build_free(b);
	pike_smoke_kernel_release(&k);
	free(j);
}

static void half_of_it(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_gpu_smoke_build("sm_90", &err);

	(void)state;
	if (ret == 1) {
		left_out("no NVRTC here: %s", err.text);
	}
	must(ret, &err);
	/* No compiler builds for what does not exist. */
	assert_int_equal(pike_gpu_smoke_build("sm_91", &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "sm_91"));
	assert_int_equal(pike_gpu_smoke_build("abacus", &err), PIKE_USAGE);
}

/* On a machine with a GPU it passes; without one it says so. */
static void the_whole(void **state)
{
	struct pike_device_info dev;
	struct pike_smoke s;
	struct pike_err err = PIKE_ERR_INIT;
	bool gpu = !pike_device_find(&dev, "cuda", NULL);
	int ret = pike_gpu_smoke(&s, secret, &err);

	(void)state;
	if (!gpu) {
		assert_int_equal(ret, PIKE_FAILED);
		assert_true(err.text[0]);
		assert_int_equal(s.pairs, 0);
		return;
	}
	if (ret == PIKE_RETRY)
		left_out("another process has the GPU: %s", err.text);
	must(ret, &err);
	assert_string_equal(s.open, "");
	assert_true(s.ratio > 0.99 && s.ratio < 1.01);
}

static int make_secret(void **state)
{
	int fd = mkstemp(secret);

	(void)state;
	if (fd < 0)
		return -1;
	/* For anybody, so that only the box can be in the way */
	return fchmod(fd, 0644) || close(fd) ? -1 : 0;
}

static int remove_secret(void **state)
{
	(void)state;
	return unlink(secret);
}

/* The widest box of those that a kernel runs in: a profiler can write there,
 * and has no way out of it. */
static void a_tool_has_its_own(void **state)
{
	const char *argv[] = { "/runner",  "write", "/tmp",	   "write",
			       "/dev/shm", "write", "/",	   "file",
			       secret,	   "file",  "/etc/passwd", "env",
			       "SMOKE",	   "tcp",   "1",	   NULL };
	struct pike_box_opts o = { .kind = PIKE_BOX_TOOL,
				   .argv = argv,
				   .out_fd = -1,
				   .sock = -1,
				   .wall_ms = 10000,
				   .require = PIKE_I2 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box *box = NULL;
	struct pike_box_end end;
	struct pike_buf path;

	(void)state;
	needs_i2();
	pike_buf_init(&path, 4096);
	must(pike_box_helper(&path, "pike-smoke", &err), &err);
	o.runner = path.s;
	must(pike_box_start(&box, &o, &err), &err);
	must(pike_box_wait(&end, box, -1, &err), &err);
	assert_string_equal(end.log.s, "0\ndone\n");
	pike_box_end_release(&end);
	pike_box_free(box);
	pike_buf_release(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_lead_outside),
		cmocka_unit_test(the_program_tells),
		cmocka_unit_test(no_way_leads_out),
		cmocka_unit_test(a_tool_has_its_own),
		cmocka_unit_test(the_kernel_builds),
		cmocka_unit_test(half_of_it),
		cmocka_unit_test(the_whole),
	};

	return cmocka_run_group_tests(tests, make_secret, remove_secret);
}
