/* SPDX-License-Identifier: Apache-2.0 */
/* Launch plans: what is read, what it comes to in a case, what is refused. */
#include "base/mem.h"
#include "device/launch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rig {
	struct pike_target *t;
	struct pike_files files;
	struct pike_case c;
	struct pike_launch_plan *p;
	struct pike_launch_values v;
	struct pike_err err;
};

static void must(int ret, const struct pike_err *err)
{
	if (ret)
		fail_msg("%s", err->text);
}

static void set_up(struct rig *g, const char *text)
{
	static const char *const args[] = { "in f32 x[rows][cols]",
					    "out f32 y[rows][cols]", "i32 rows",
					    "i32 cols", "f32 scale" };

	memset(g, 0, sizeof(*g));
	g->t = pike_xcalloc(1, sizeof(*g->t));
	g->t->name = pike_xstrdup("t");
	g->t->entry = pike_xstrdup("k");
	g->t->nargs = PIKE_ARRAY_LEN(args);
	g->t->args = pike_xcalloc(g->t->nargs, sizeof(*g->t->args));
	for (size_t i = 0; i < g->t->nargs; i++)
		must(pike_arg_parse(&g->t->args[i], args[i], &g->err), &g->err);
	must(pike_case_parse(&g->c, "rows=100 cols=256 scale=3", &g->err),
	     &g->err);
	pike_files_add(&g->files, "a/k.cu", text, strlen(text));
}

static void tear_down(struct rig *g)
{
	pike_launch_values_release(&g->v);
	pike_launch_plan_free(g->p);
	pike_files_release(&g->files);
	pike_case_release(&g->c);
	pike_target_free(g->t);
}

static void good(struct rig *g, const char *text)
{
	set_up(g, text);
	must(pike_launch_plan_parse(&g->p, g->t, &g->files, &g->err), &g->err);
	must(pike_launch_plan_eval(&g->v, g->p, &g->c, &pike_launch_limits_90,
				   &g->err),
	     &g->err);
}

/* Neither read nor evaluated: the error is this text. */
static void bad(const char *text, const char *want)
{
	struct rig g;
	int ret;

	set_up(&g, text);
	ret = pike_launch_plan_parse(&g.p, g.t, &g.files, &g.err);
	if (!ret)
		ret = pike_launch_plan_eval(&g.v, g.p, &g.c,
					    &pike_launch_limits_90, &g.err);
	assert_int_equal(ret, PIKE_FAILED);
	assert_string_equal(g.err.text, want);
	tear_down(&g);
}

static void test_contract(void **state)
{
	struct pike_strs kernels = PIKE_STRS_INIT;
	struct rig g;

	(void)state;
	good(&g,
	     "#define TILE 64 //pike: tune 32 64\n"
	     "#define BLOCK (2 * TILE) /* threads */\n"
	     "//pike: scratch f32 partial[rows * cdiv(cols, TILE)]\n"
	     "//pike: launch row_max  grid=(rows) block=(BLOCK) "
	     "shared=BLOCK*4 args=(x, partial, rows, cols)\n"
	     "//pike: launch row_norm<float, BLOCK> grid=(rows) block=(BLOCK) "
	     "cluster=(2) args=(tma(x, box=(64,64)), partial, y, "
	     "rows * cols, i64(rows), f32(cols), scale)\r\n");
	assert_int_equal(g.v.n, 2);
	assert_int_equal(g.v.nscratch, 1);
	assert_int_equal(g.v.scratch[0], 100 * 4 * 4);
	assert_string_equal(g.v.v[0].kernel, "row_max");
	assert_int_equal(g.v.v[0].grid[0], 100);
	assert_int_equal(g.v.v[0].grid[2], 1);
	assert_int_equal(g.v.v[0].block[0], 128);
	assert_int_equal(g.v.v[0].shared, 512);
	assert_int_equal(g.v.v[0].nargs, 4);
	assert_int_equal(g.v.v[0].args[1].how, PIKE_PASS_SCRATCH);
	assert_int_equal(g.v.v[0].args[2].how, PIKE_PASS_SCALAR);
	assert_int_equal(g.v.v[0].args[2].value, 100);
	assert_string_equal(g.v.v[1].kernel, "row_norm<float, 128>");
	assert_int_equal(g.v.v[1].cluster[0], 2);
	assert_int_equal(g.v.v[1].nargs, 7);
	assert_int_equal(g.v.v[1].args[0].how, PIKE_PASS_TMA);
	assert_int_equal(g.v.v[1].args[3].how, PIKE_PASS_INT);
	assert_int_equal(g.v.v[1].args[3].value, 25600);
	assert_int_equal(g.v.v[1].args[4].how, PIKE_PASS_I64);
	assert_int_equal(g.v.v[1].args[5].how, PIKE_PASS_F32);
	assert_int_equal(g.v.v[1].args[6].dtype, PIKE_F32);
	assert_int_equal(g.v.v[1].line, 5);
	pike_launch_plan_kernels(&kernels, g.p);
	assert_int_equal(kernels.n, 2);
	pike_strs_release(&kernels);
	tear_down(&g);
}

static void test_all_arguments(void **state)
{
	struct rig g;

	(void)state;
	good(&g, "__global__ void k() {}\n"
		 "//pike: launch k grid=(cdiv(rows, 4), 2) block=32\n");
	assert_int_equal(g.v.v[0].nargs, 5);
	assert_int_equal(g.v.v[0].args[0].how, PIKE_PASS_BUFFER);
	assert_int_equal(g.v.v[0].args[1].index, 1);
	assert_int_equal(g.v.v[0].args[3].value, 256);
	assert_int_equal(g.v.v[0].grid[0], 25);
	assert_int_equal(g.v.v[0].grid[1], 2);
	assert_int_equal(g.v.v[0].block[0], 32);
	tear_down(&g);
}

/* A value is all that stands before the next key, and no comment. */
static void test_values(void **state)
{
	struct rig g;

	(void)state;
	good(&g, "#define T 32\n"
		 "//pike: launch k grid=cdiv(rows, T) * 2 block = (T) * 2 "
		 "shared=T * 4 + (rows - 100) // of a row\n"
		 "//pike: scratch f32 p[rows] // for later: grid=(9)\n"
		 "//pike: launch k grid=((rows) * 2, 3) block=(T) args=(x) "
		 "/* no others */\n");
	assert_int_equal(g.v.v[0].grid[0], 8);
	assert_int_equal(g.v.v[0].grid[1], 1);
	assert_int_equal(g.v.v[0].block[0], 64);
	assert_int_equal(g.v.v[0].shared, 128);
	assert_int_equal(g.v.v[0].nargs, 5);
	assert_int_equal(g.v.v[1].grid[0], 200);
	assert_int_equal(g.v.v[1].grid[1], 3);
	assert_int_equal(g.v.v[1].nargs, 1);
	tear_down(&g);
}

static void test_tensor_map(void **state)
{
	const struct pike_tma *m;
	struct rig g;

	(void)state;
	good(&g, "//pike: launch k grid=(1) block=(1) args=(tma(x, "
		 "box=(8,32), swizzle=128, l2=256, fill=nan), "
		 "tma(y, dims=(rows, 4, cols / 4), box=(1, 2, 64)))\n");
	m = &g.v.v[0].args[0].map;
	assert_int_equal(m->rank, 2);
	assert_int_equal(m->dims[0], 256);
	assert_int_equal(m->dims[1], 100);
	assert_int_equal(m->strides[0], 1024);
	assert_int_equal(m->box[0], 32);
	assert_int_equal(m->box[1], 8);
	assert_int_equal(m->swizzle, 128);
	assert_int_equal(m->l2, 256);
	assert_true(m->nan);
	m = &g.v.v[0].args[1].map;
	assert_int_equal(m->rank, 3);
	assert_int_equal(m->dims[2], 100);
	assert_int_equal(m->strides[0], 256);
	assert_int_equal(m->strides[1], 1024);
	tear_down(&g);
}

#define L "//pike: launch k grid=(1) block=(1)"

static void test_refused(void **state)
{
	(void)state;
	bad("void k();\n", "a/k.cu: no launch; declare one: //pike: launch k "
			   "grid=(...) block=(...)");
	bad("\n  //pike: lunch k\n",
	    "a/k.cu:2:11: expected launch, scratch or tune behind '//pike:', "
	    "found 'lunch'");
	bad("//pike:\n",
	    "a/k.cu:1:8: expected launch, scratch or tune behind '//pike:', "
	    "found the end of the line");
	bad("//pike: launch k grid=(1)\n",
	    "a/k.cu:1:1: a launch needs grid=(...) and block=(...)");
	bad(L " threads=3\n", "a/k.cu:1:37: expected grid=, block=, shared=, "
			      "cluster= or args=, found 'threads'");
	bad("//pike: launch k grid=(1) then block=(1)\n",
	    "a/k.cu:1:23: in '(1) then': column 5: expected an operator or "
	    "the end");
	bad(L " grid=(2)\n", "a/k.cu:1:37: given twice");
	bad("//pike: launch k grid=(1 block=(1)\n",
	    "a/k.cu:1:24: in '1 block=(1)': column 3: expected an operator or "
	    "the end");
	bad("//pike: launch k grid=(1,2,3,4) block=(1)\n",
	    "a/k.cu:1:23: too many values");
	bad("//pike: launch k<3 grid=(1) block=(1)\n",
	    "a/k.cu:1:16: not the name of a kernel");
	bad("//pike: launch k grid=(rows*) block=(1)\n",
	    "a/k.cu:1:24: in 'rows*': column 6: expected a number, a name or "
	    "'('");
	bad("//pike: launch k grid=(rows - 100) block=(1)\n",
	    "a/k.cu:1: an extent of grid is 0 in case 'rows=100 cols=256 "
	    "scale=3'; it may be 1 to 2147483647");
	bad("//pike: launch k grid=(1) block=(64, 32)\n",
	    "a/k.cu:1: the number of threads in a block is 2048 in case "
	    "'rows=100 cols=256 scale=3'; it may be 1 to 1024");
	bad(L " shared=300000\n",
	    "a/k.cu:1: shared is 300000 in case 'rows=100 cols=256 scale=3'; "
	    "it may be 1 to 232448");
	bad("//pike: launch k grid=(3) block=(1) cluster=(2)\n",
	    "a/k.cu:1: a grid of 3 blocks is not a whole number of clusters of "
	    "2 "
	    "in case 'rows=100 cols=256 scale=3'");
	bad(L " args=(z)\n", "a/k.cu:1: 'z' in case 'rows=100 cols=256 "
			     "scale=3': column 1: unknown name 'z'");
	bad("#if A\n#define N 1\n#else\n#define N 2\n#endif\n"
	    "//pike: launch k grid=(N) block=(1)\n",
	    "a/k.cu:6: 'N' in case 'rows=100 cols=256 scale=3': a name in it "
	    "has two different #defines");
	bad("#define N (N)\n//pike: launch k grid=(N) block=(1)\n",
	    "a/k.cu:2: 'N' in case 'rows=100 cols=256 scale=3': column 1: "
	    "unknown name 'N'");
}

static void test_refused_arguments(void **state)
{
	(void)state;
	bad(L " args=(x",
	    "a/k.cu:1:44: expected ',' or ')' in args, found the end of the "
	    "line");
	bad(L " args=(tma(x, box=(4,4)) y)",
	    "a/k.cu:1:61: expected ',' or ')' in args, found 'y'");
	bad(L " args=(tma(rows, box=(1)))",
	    "a/k.cu:1:47: expected a buffer of the target, found 'rows'");
	bad(L " args=(tma(x))", "a/k.cu:1:47: a tensor map needs box=(...)");
	bad(L " args=(tma(x, box=(4)))",
	    "a/k.cu:1:47: box has not as many dimensions as the tensor");
	bad(L " args=(tma(x, box=(4,4), swizzle=16))",
	    "a/k.cu:1:69: expected one of 0 32 64 128, found '16'");
	bad(L " args=(tma(x, box=(4,3)))",
	    "a/k.cu:1: the innermost extent of box is 12 bytes; it must be a "
	    "multiple of 16");
	bad(L " args=(tma(x, box=(4,16), swizzle=32))",
	    "a/k.cu:1: the innermost extent of box is 64 bytes; with "
	    "swizzle=32 at most 32 may be");
	bad(L " args=(tma(x, dims=(rows, cols, 2), box=(1,1,4)))",
	    "a/k.cu:1: dims of the tensor map of 'x' hold more elements than "
	    "it has in case 'rows=100 cols=256 scale=3'");
	bad("//pike: scratch f33 p[1]\n" L,
	    "a/k.cu:1:17: expected a type: f64 f32 f16 bf16 i8 u8 i32 u32 i64 "
	    "bool, found 'f33'");
	bad("//pike: scratch f32 x[1]\n" L, "a/k.cu:1:21: that name is taken");
	bad("//pike: scratch f32 p\n" L,
	    "a/k.cu:1:22: expected its dimensions: NAME[DIM], found the end of "
	    "the line");
	bad("//pike: scratch f32 p[rows * cols * 1000000]\n" L,
	    "a/k.cu:1: a dimension of a scratch buffer is 25600000000 in case "
	    "'rows=100 cols=256 scale=3'; it may be 1 to 4294967296");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_all_arguments),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_tensor_map),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
