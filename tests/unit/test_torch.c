/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch models without PyTorch: what the build of a reference has written
 * down is read strictly, and the worker speaks the language of frame_priv.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/conn.h"
#include "device/frame_priv.h"
#include "sandbox/inside_priv.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pike_target target = { .name = (char *)"block",
				     .backend = (char *)"torch" };
static struct pike_case batch = { .text = (char *)"batch=8" };

static int read(struct pike_tensors *out, const char *described,
		struct pike_err *err)
{
	char *text = pike_xasprintf("{\"described\":{%s}}", described);
	struct pike_json *j = pike_json_parse(text, strlen(text), NULL);
	int ret;

	assert_non_null(j);
	ret = pike_device_tensors(out, &target, &batch, j, err);
	pike_json_free(j);
	free(text);
	return ret;
}

static void reads_what_goes_in_and_comes_out(void **state)
{
	struct pike_tensors l;
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_equal(
	    read(&l,
		 "\"batch=8\":{\"inputs\":[{\"name\":\"x\",\"dtype\":\"f16\","
		 "\"dims\":[8,3],\"init\":\"uniform\",\"a\":-1,\"b\":2},"
		 "{\"name\":\"at\",\"dtype\":\"i64\",\"dims\":[],"
		 "\"init\":\"randint\",\"a\":0,\"b\":7}],"
		 "\"outputs\":[{\"name\":\"out0\",\"dtype\":\"bool\","
		 "\"dims\":[8]}]}",
		 &err),
	    0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].name, "x");
	assert_int_equal(l.v[0].dir, PIKE_IN);
	assert_int_equal(l.v[0].dtype, PIKE_F16);
	assert_int_equal(l.v[0].shape.elems, 24);
	assert_int_equal(l.v[0].shape.row, 3);
	assert_int_equal(l.v[0].bytes, 48);
	assert_int_equal(l.v[0].init, PIKE_INIT_UNIFORM);
	assert_true(l.v[0].a == -1 && l.v[0].b == 2);
	/* One number has no dimensions. */
	assert_int_equal(l.v[1].ndims, 0);
	assert_int_equal(l.v[1].shape.elems, 1);
	assert_int_equal(l.v[1].init, PIKE_INIT_RANDINT);
	assert_int_equal(l.v[2].dir, PIKE_OUT);
	assert_int_equal(l.v[2].bytes, 8);
	pike_tensors_release(&l);
}

#define OUT(dtype, dims)                                                       \
	"\"batch=8\":{\"inputs\":[],\"outputs\":[{\"name\":\"y\",\"dtype\":"   \
	"\"" dtype "\",\"dims\":" dims "}]}"

static void refuses_what_is_no_description(void **state)
{
	static const char *const bad[] = {
		"",
		"\"batch=9\":{\"inputs\":[],\"outputs\":[]}",
		"\"batch=8\":{\"inputs\":[],\"outputs\":[]}",
		"\"batch=8\":[]",
		OUT("f8", "[1]"),
		OUT("f32", "[0]"),
		OUT("f32", "[-1]"),
		OUT("f32", "[1,1,1,1,1,1,1,1,1]"),
		OUT("f32", "[1048576,1048576,1048576]"),
		OUT("f32", "[\"x\"]"),
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_tensors l;

		assert_int_equal(read(&l, bad[i], &err), PIKE_FAILED);
		assert_true(strlen(err.text) > 10);
		assert_null(l.v);
	}
}

static void has(const struct pike_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void has(const struct pike_buf *b, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (!strstr(b->s, line))
		fail_msg("the worker has no line '%s'", line);
}

static void worker_speaks_the_same_language(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 1 << 20);
	assert_int_equal(pike_read_file(&b, "lib/device/torch/run.py", &err),
			 0);
	has(&b, "MAGIC = %#x\n", PIKE_FRAME_MAGIC);
	has(&b, "FRAME_MAX, FDS_MAX = %d, %d\n", PIKE_FRAME_MAX,
	    PIKE_FRAME_FDS);
	has(&b, "F_MAP, F_CALLS, F_RUN = %d, %d, %d\n", PIKE_F_MAP,
	    PIKE_F_CALLS, PIKE_F_RUN);
	has(&b, "F_GPU_MAP, F_LOAD, F_CASE, F_DRAW = %d, %d, %d, %d\n",
	    PIKE_F_GPU_MAP, PIKE_F_MODEL_LOAD, PIKE_F_MODEL_CASE,
	    PIKE_F_MODEL_DRAW);
	has(&b, "F_OK, F_DONE, F_FAULT = %d, %d, %d\n", PIKE_F_OK, PIKE_F_DONE,
	    PIKE_F_FAULT);
	has(&b, "FAULT_REQUEST, FAULT_MAP, FAULT_MODEL = %d, %d, %d\n",
	    PIKE_FAULT_REQUEST, PIKE_FAULT_MAP, PIKE_FAULT_MODEL);
	has(&b, "range(1, %d)\n", PIKE_MODEL_FAULTS);
	has(&b, "REAL_NONE, REAL_DOUBLE = %d, %d\n", PIKE_REAL_NONE,
	    PIKE_REAL_DOUBLE);
	has(&b, "SOCK, FILTER = %d, %d\n", PIKE_RUN_SOCK, PIKE_RUN_FILTER);
	assert_int_equal(pike_read_file(&b, "lib/device/torch/warm.py", &err),
			 0);
	has(&b, "PLACES = %d\n", PIKE_FD_END);
	/* What its struct formats take. */
	assert_int_equal(sizeof(struct pike_frame_head), 24);
	assert_int_equal(sizeof(struct pike_frame_region), 24);
	assert_int_equal(sizeof(struct pike_frame_gpu_region), 32);
	assert_int_equal(sizeof(struct pike_frame_model_load), 16);
	assert_int_equal(sizeof(struct pike_frame_model_case), 16);
	assert_int_equal(sizeof(struct pike_frame_model_draw), 16);
	assert_int_equal(sizeof(struct pike_frame_done), 24);
	pike_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_goes_in_and_comes_out),
		cmocka_unit_test(refuses_what_is_no_description),
		cmocka_unit_test(worker_speaks_the_same_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
