/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels with sanitizers, on buffers that end to the byte: what is noticed,
 * what is not, and the words for it; the readers of hostile text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "device/device_priv.h"
#include "device/exact.h"
#include "device/exact_priv.h"
#include "eval/exact_priv.h"
#include "model/target.h"
#include "sandbox/sandbox.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define N 1001
#define PAGE 4096
#define MS 20000

static void must(int rc, const struct pike_err *err)
{
	if (rc)
		print_message("%s\n", err->text);
	assert_int_equal(rc, 0);
}

/* ---- words ---- */

static void says(const struct pike_frame_outside *o, const char *arg,
		 const char *want)
{
	char text[320];

	assert_true(pike_outside_say(text, o, arg, 4004));
	assert_string_equal(text, want);
}

static void tells_where_and_no_sizes(void **state)
{
	struct pike_frame_outside o = { .at = 4000,
					.size = 16,
					.kind = "use-after-poison",
					.place = "k.c:12" };
	char text[320];

	(void)state;
	says(&o, "x",
	     "reads 16 bytes, up to 12 bytes past the end of 'x' (k.c:12)");
	o.at = 4004;
	o.size = 1;
	o.write = 1;
	says(&o, "y",
	     "writes 1 byte, up to 1 byte past the end of 'y' "
	     "(k.c:12)");
	o.at = -8;
	o.place[0] = '\0';
	says(&o, "y", "writes 1 byte, up to 8 bytes before the start of 'y'");
	/* A distance may be the size of a hidden case. */
	o.at = 4004 * 2;
	says(&o, "y",
	     "writes 1 byte, up to more than 64 bytes past the end "
	     "of 'y'");
	o.size = UINT64_MAX;
	says(&o, "y", "writes beyond 'y'");
	snprintf(o.kind, sizeof(o.kind), "stack-buffer-overflow");
	says(&o, NULL, "writes beyond a local array");
	/* A place is a claim: only a name and a line pass. */
	snprintf(o.place, sizeof(o.place), "k.c:12); faster 9x (");
	says(&o, NULL, "writes beyond a local array");
	snprintf(o.place, sizeof(o.place), "k.c:123456789");
	says(&o, NULL, "writes beyond a local array");
	snprintf(o.kind, sizeof(o.kind), "double-free\033[31m");
	assert_false(pike_outside_say(text, &o, NULL, 0));
	assert_null(strchr(text, '\033'));
}

/* ---- readers ---- */

static void scans(const char *text, const char *want)
{
	struct pike_strs found = PIKE_STRS_INIT;
	struct pike_buf all;

	pike_buf_init(&all, 4096);
	pike_exact_scan(&found, text, strlen(text));
	for (size_t i = 0; i < found.n; i++)
		pike_buf_addf(&all, "%s%s", i ? "; " : "", found.v[i]);
	assert_string_equal(all.s, want);
	pike_buf_release(&all);
	pike_strs_release(&found);
}

static void finds_what_no_sanitizer_sees(void **state)
{
	(void)state;
	scans("void k(float *x) { x[0] = 1; }", "");
	scans("void k(void) { __asm__ volatile(\"nop\"); }",
	      "inline assembly (__asm__)");
	scans("void k(void) { asm volatile ( \"\" ::: \"memory\"); }", "");
	scans("void k(void) { asm(\"\" \"nop\"); }", "inline assembly (asm)");
	scans("const char *s = \"asm \\\" asm\"; int asmx; char c = '\"';", "");
	/* Of the system's headers nothing counts, but they end. */
	scans("# 1 \"/usr/include/a.h\" 1 3 4\nasm(\"nop\");\n"
	      "# 2 \"k.c\" 2\nint x;\n",
	      "");
	scans("# 1 \"/usr/include/a.h\" 1 3 4\nint y;\n"
	      "# 2 \"k.c\" 2\nasm(\"nop\");\n",
	      "inline assembly (asm)");
	scans("# 1 \"own.h\" 1 3\nasm(\"nop\");\n", "inline assembly (asm)");
	scans("int section, alias; void f(int section);", "");
	scans("int x __attribute__((section(\".text\"))) = 1;",
	      "what may bring code or memory of its own (section)");
	scans("[[gnu::section(\".text\")]] int x;",
	      "what may bring code or memory of its own (section)");
	scans("int f(void) __attribute__((cold)); int section;", "");
	scans("__attribute__((no_sanitize(\"address\"))) void f(void);",
	      PIKE_EXACT_MEDDLES " (no_sanitize)");
	scans("extern void __asan_unpoison_memory_region(void *, long);",
	      PIKE_EXACT_MEDDLES " (__asan_unpoison_memory_region)");
	scans("x = _mm256_maskload_ps(p, m); y = _mm256_loadu_ps(p);",
	      "vector loads and stores that are not instrumented "
	      "(_mm256_maskload_ps)");
	scans("gather(x); my_maskload(y); _mm256_loadu_ps(p);", "");
	scans("getenv(\"A\"); dlsym(h, n);",
	      "what may look at the process that it runs in (getenv); "
	      "what may bring code or memory of its own (dlsym)");
	scans("\"never ends", "");
	scans("# 1 \"", "");
}

static void names(bool want, const char *text)
{
	assert_int_equal(pike_exact_names_lines(text, strlen(text)), want);
}

static void knows_lines_given_to_others(void **state)
{
	(void)state;
	names(false, "#include <math.h>\n#define N 1\n#if N\n#endif\n"
		     "#pragma GCC unroll 4\nint x = 3 # 4;\n");
	names(true, "# 1 \"a.h\" 3\n");
	names(true, "int x;\n  #  line 7\n");
	names(true, "int x;\n#/* */line 7\n");
	names(true, "/* a\n b */ %: 1 \"a.h\"\n");
	names(true, "#\\\n 1 \"a.h\"\n");
	names(true, "#li\\\nne 1\n");
	names(true, "?\?=line 1\n");
	names(false, "/*\n# 1 \"a.h\"\n*/ int x;\n");
	names(false, "// a \\\n# 1 \"a.h\"\nint x;\n");
	names(true, "char c = '\"'; // it's\n# 1 \"a.h\"\n");
	names(true, "const char *s = \"/*\";\n# 1 \"a.h\"\n// */\n");
	/* What may end elsewhere than it seems to. */
	names(true, "const char *s = R\"x(\" /* )x\";\n");
	names(false, "const char *s = \"R\";\n");
	names(false, "/* never ends");
}

static void remarks(const char *log, const char *want)
{
	struct pike_json *list = pike_json_array();
	struct pike_buf b;

	pike_buf_init(&b, 4096);
	pike_exact_remarks(list, log);
	pike_json_print(&b, list);
	assert_string_equal(b.s, want);
	pike_buf_release(&b);
	pike_json_free(list);
}

static void remarks_have_no_values(void **state)
{
	struct pike_buf b;

	(void)state;
	remarks("", "[]");
	remarks("kernels/k.c:7:9: runtime error: signed integer overflow: "
		"1001 + 2147483647 cannot be represented in type 'int'\n"
		"k.c:7:12: runtime error: signed integer overflow: 5 + 6\n"
		"k.c:9:1: runtime error: shift exponent 1001 is too large\n",
		"[\"signed integer overflow at k.c:7\",\"a shift by too much, "
		"or of a negative number at k.c:9\"]");
	remarks("k.c:7: runtime error: n is 1001\n",
		"[\"an undefined operation at k.c:7\"]");
	remarks("\"]}, faster: runtime error: \n",
		"[\"an undefined operation\"]");
	pike_buf_init(&b, 1 << 16);
	for (int i = 0; i < 100; i++)
		pike_buf_addf(&b, "k.c:%d:1: runtime error: division\n", i);
	{
		struct pike_json *list = pike_json_array();

		pike_exact_remarks(list, b.s);
		assert_int_equal(pike_json_len(list), PIKE_EXACT_REMARKS);
		pike_json_free(list);
	}
	pike_buf_release(&b);
}

/* ---- for real ---- */

/* The output of one plan in a compile box. */
static int make(struct pike_build_plan *plan)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_opts o = { .kind = PIKE_BOX_COMPILE,
				   .argv = (const char *const *)plan->argv.v,
				   .files = &plan->files,
				   .output = plan->output,
				   .sock = -1,
				   .wall_ms = 60000,
				   .require = level_here(PIKE_I2) };
	struct pike_box_end end;
	struct pike_box *b;

	must(pike_memfd(&o.out_fd, "object", 0, &err), &err);
	must(pike_box_start(&b, &o, &err), &err);
	must(pike_box_wait(&end, b, -1, &err), &err);
	if (end.why != PIKE_BOX_EXITED || end.status)
		print_message("%s\n", end.log.s);
	assert_int_equal(end.why, PIKE_BOX_EXITED);
	assert_int_equal(end.status, 0);
	pike_box_end_release(&end);
	pike_box_free(b);
	pike_build_plan_release(plan);
	return o.out_fd;
}

static int build(const struct pike_target *t, const char *code)
{
	struct pike_files src = { NULL, 0, 0 }, texts = { NULL, 0, 0 };
	struct pike_files headers = { NULL, 0, 0 };
	struct pike_build_plan plan;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf text;
	int fd;

	pike_files_add(&src, "kernels/k.c", code, strlen(code));
	pike_files_add(&headers, "h.h", "#define FOUR 4\n", 15);
	must(pike_exact_text_plan(&plan, t, &src, 0, &headers, &err), &err);
	fd = make(&plan);
	pike_buf_init(&text, 16 << 20);
	lseek(fd, 0, SEEK_SET);
	must(pike_read_fd(&text, fd, &err), &err);
	close(fd);
	pike_files_add(&texts, "k.i", text.s, text.len);
	must(pike_exact_plan(&plan, t, &texts, &err), &err);
	fd = make(&plan);
	pike_buf_release(&text);
	pike_files_release(&texts);
	pike_files_release(&headers);
	pike_files_release(&src);
	return fd;
}

/* A file of N floats where a runner expects them. */
static struct pike_region region(void)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_region r = { .bytes = N * 4 };

	r.offset = (size_t)PAGE - (r.bytes + 63) / 64 * 64;
	must(pike_memfd(&r.fd, "argument", PAGE, &err), &err);
	return r;
}

struct ran {
	enum pike_verdict how;
	char text[512];
	struct pike_buf log;
};

static struct pike_box *open_box(struct pike_conn **conn,
				 const struct pike_target *t,
				 const char *preload)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf runner;
	const char *argv[] = { NULL, "--exact", NULL };
	struct pike_box_opts o = { .kind = PIKE_BOX_EXACT,
				   .argv = argv,
				   .out_fd = -1,
				   .wall_ms = 60000,
				   .memory = 1 << 30,
				   .threads = (int)t->threads,
				   .preload = preload,
				   .options = PIKE_EXACT_OPTIONS,
				   .require = level_here(PIKE_I2) };
	struct pike_device_info dev = { .backend = &pike_backend_cpu };
	struct pike_box *b;
	int pair[2];

	pike_buf_init(&runner, 4096);
	must(pike_box_helper(&runner, "pike-run-cpu", &err), &err);
	argv[0] = runner.s;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	o.sock = pair[1];
	must(pike_box_start(&b, &o, &err), &err);
	close(pair[1]);
	must(pike_conn_open(conn, pair[0], t, &dev, -1, true, &err), &err);
	pike_buf_release(&runner);
	return b;
}

/* `how` PENDING: it ran, and noticed what was planted. */
static void run_object(struct ran *out, const struct pike_target *t, int object,
		       const char *preload)
{
	struct pike_object o = { .fd = object };
	struct pike_region args[3] = { region(),
				       region(),
				       { .fd = -1, .offset = N } };
	struct pike_call call = { args };
	struct pike_tensor v[3];
	struct pike_bind bind = { .v = v, .n = t->nargs };
	struct pike_conn *conn = NULL;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box *b = open_box(&conn, t, preload);
	struct pike_box_end end;
	struct pike_timed s;
	int ret = pike_conn_load(conn, &o, MS, &out->how, &err);

	for (size_t i = 0; i < t->nargs; i++)
		v[i] = (struct pike_tensor){ .name = t->args[i].name,
					     .dir = t->args[i].dir };
	if (!ret)
		ret =
		    pike_conn_bind(conn, &bind, &call, 1, MS, &out->how, &err);
	if (!ret)
		ret = pike_conn_run(&s, conn, 0, 1, 0, MS, &out->how, &err);
	if (!ret)
		ret = pike_conn_plant(conn, MS, &out->how, &err);
	if (!ret)
		out->how = PIKE_V_PENDING;
	snprintf(out->text, sizeof(out->text), "%.500s", ret ? err.text : "");
	pike_conn_close(conn);
	must(pike_box_wait(&end, b, 5000, &err), &err);
	out->log = end.log;
	pike_box_free(b);
	close(args[0].fd);
	close(args[1].fd);
}

static struct pike_target *target_new(const char *cflags)
{
	struct pike_target *t = pike_xcalloc(1, sizeof(*t));
	static const char *const args[] = { "in f32 x[n]", "out f32 y[n]",
					    "i32 n" };
	struct pike_err err = PIKE_ERR_INIT;

	t->name = pike_xstrdup("t");
	t->backend = pike_xstrdup("cpu");
	t->entry = pike_xstrdup("kernel");
	t->cflags = cflags ? pike_xstrdup(cflags) : NULL;
	t->threads = cflags && strstr(cflags, "-fopenmp") ? 2 : 1;
	t->nargs = 3;
	t->args = pike_xcalloc(3, sizeof(*t->args));
	for (size_t i = 0; i < 3; i++)
		must(pike_arg_parse(&t->args[i], args[i], &err), &err);
	return t;
}

#define KERNEL(body)                                                           \
	"void kernel(const float *restrict x, float *restrict y, int "         \
	"n)\n{\n" body "\n}\n"

static const struct {
	const char *code, *cflags;
	const char *says; /* NULL: nothing to say */
} kernels[] = {
	{ KERNEL("for (int i = 0; i < n; i++) y[i] = 2 * x[i];"), NULL, NULL },
	{ "#include <alloca.h>\n#include <stdlib.h>\n#include \"h.h\"\n"
	  "static float first(const float *p) { return p[0]; }\n" KERNEL(
	      "float a[n], *b = alloca(n * FOUR), *c = malloc(n * 4);\n"
	      "for (int i = 0; i < n; i++) a[i] = b[i] = c[i] = x[i];\n"
	      "for (int i = 0; i < n; i++) y[i] = a[i] + b[i] + c[i];\n"
	      "y[0] += first(x); free(c);"),
	  NULL, NULL },
	{ KERNEL("_Pragma(\"omp parallel for num_threads(2)\")\n"
		 "for (int i = 0; i < n; i++) y[i] = 2 * x[i];"),
	  "-O3 -fopenmp", NULL },
	{ KERNEL("_Pragma(\"omp parallel for num_threads(2)\")\n"
		 "for (int i = 0; i < n; i++) y[i] = 2 * x[i + 1];"),
	  "-O3 -fopenmp", "reads 4 bytes, up to 4 bytes past the end of 'x'" },
	{ "typedef float v4 __attribute__((vector_size(16), "
	  "aligned(4)));\n" KERNEL(
	      "v4 v = *(const v4 *)(x + n - 1);\ny[0] = v[0] + 0 * v[3];"),
	  NULL, "reads 16 bytes, up to 12 bytes past the end of 'x'" },
	{ KERNEL("y[0] = x[-1];"), NULL,
	  "reads 4 bytes, up to 4 bytes before the start of 'x'" },
	{ KERNEL("volatile float *v = y + n;\nfloat was = 0;\n*v = was;"), NULL,
	  "writes 4 bytes, up to 4 bytes past the end of 'y'" },
	{ KERNEL("volatile float a[8];\nfor (int i = 0; i <= 8; i++)\n"
		 "a[(i * n) % 9] = x[0];\ny[0] = a[1];"),
	  NULL, "writes beyond a local array" },
	{ "#include <stdlib.h>\n" KERNEL(
	      "float *volatile a = malloc(40);\na[0] = x[0];\nfree(a);\n"
	      "y[0] = a[0];"),
	  NULL, "reads memory that it had freed" },
	{ "#include <string.h>\n" KERNEL("memcpy(y, x, 4 * (size_t)n + 3);"),
	  NULL, "reads beyond 'x'" },
};

static void notices_accesses_outside(void **state)
{
	char runtime[300];
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kernels); i++) {
		struct pike_target *t = target_new(kernels[i].cflags);
		struct ran r;
		int fd;

		must(pike_exact_runtime(runtime, t, &err), &err);
		fd = build(t, kernels[i].code);
		run_object(&r, t, fd, runtime);
		if (kernels[i].says && !strstr(r.text, kernels[i].says))
			print_message("%zu: '%s'\n%s\n", i, r.text, r.log.s);
		if (kernels[i].says)
			assert_non_null(strstr(r.text, kernels[i].says));
		else
			assert_string_equal(r.text, "");
		assert_int_equal(r.how, kernels[i].says ? PIKE_V_CONTRACT
							: PIKE_V_PENDING);
		pike_buf_release(&r.log);
		pike_target_free(t);
		close(fd);
	}
}

/* Two variables share their place in a plain build, and not in this one. */
static void a_large_stack_is_no_fault(void **state)
{
	static const char code[] =
	    "#include <string.h>\n"
	    "static inline __attribute__((always_inline)) void half(\n"
	    "const float *x, float *y, int n)\n"
	    "{ float t[9 << 20]; memcpy(t, x, n * 4);\n"
	    "__asm__ volatile(\"\" : : \"r\"(t) : \"memory\");\n"
	    "for (int i = 0; i < n; i++) y[i] = 2 * t[i]; }\n" KERNEL(
		"{ half(x, y, n / 2); }\n"
		"{ half(x + n / 2, y + n / 2, n - n / 2); }");
	struct pike_target *t;
	struct pike_err err = PIKE_ERR_INIT;
	char runtime[300];
	struct ran r;
	int fd;

	(void)state;
	t = target_new(NULL);
	must(pike_exact_runtime(runtime, t, &err), &err);
	fd = build(t, code);
	run_object(&r, t, fd, runtime);
	assert_string_equal(r.text, "");
	assert_int_equal(r.how, PIKE_V_PENDING);
	pike_buf_release(&r.log);
	pike_target_free(t);
	close(fd);
}

static void tells_undefined_operations(void **state)
{
	struct pike_json *list = pike_json_array();
	char runtime[300];
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_target *t = target_new(NULL);
	struct ran r;
	int fd;

	(void)state;
	must(pike_exact_runtime(runtime, t, &err), &err);
	fd = build(t, KERNEL("volatile int big = 2147483647;\n"
			     "y[0] = (float)(big + n);"));
	run_object(&r, t, fd, runtime);
	assert_int_equal(r.how, PIKE_V_PENDING);
	pike_exact_remarks(list, r.log.s);
	assert_int_equal(pike_json_len(list), 1);
	assert_string_equal(pike_json_as_str(pike_json_at(list, 0), ""),
			    "signed integer overflow at k.c:4");
	pike_json_free(list);
	pike_buf_release(&r.log);
	pike_target_free(t);
	close(fd);
}

/* A process that does not notice what is planted has passed nothing. */
static void notices_who_notices_nothing(void **state)
{
	static const char code[] =
	    "#include <dlfcn.h>\n#include <stddef.h>\n"
	    "static void quiet(void) { for (;;); }\n" KERNEL(
		"void (*f)(void (*)(void));\n"
		"f = dlsym(RTLD_DEFAULT, \"__sanitizer_set_death_callback\");\n"
		"f(NULL); f((void (*)(void))quiet); f(NULL); y[0] = x[n];");
	char runtime[300];
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_target *t = target_new(NULL);
	struct ran r;
	int fd;

	(void)state;
	must(pike_exact_runtime(runtime, t, &err), &err);
	fd = build(t, code);
	run_object(&r, t, fd, runtime);
	/* It dies of its access, and nobody tells of it: no way to pass. */
	assert_int_not_equal(r.how, PIKE_V_PENDING);
	pike_buf_release(&r.log);
	pike_target_free(t);
	close(fd);
}

/* Nothing is looked at then. A runner that has been built with sanitizers
 * itself has a runtime. */
static void without_the_runtime_nothing_passes(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	(void)state;
	left_out("the runner itself has AddressSanitizer: the suite plain has "
		 "this test without it");
#else
	struct pike_target *t = target_new(NULL);
	struct ran r;
	int fd = build(t, KERNEL("y[0] = x[0];"));

	(void)state;
	run_object(&r, t, fd, "");
	assert_int_equal(r.how, PIKE_V_SUSPECT);
	assert_string_equal(r.text, "the sanitizer's library cannot be loaded");
	pike_buf_release(&r.log);
	pike_target_free(t);
	close(fd);
#endif
}

/* No limit of addresses, so that of memory is another one. */
static void memory_is_limited(void **state)
{
	char runtime[300];
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_target *t = target_new(NULL);
	struct ran r;
	int fd;

	(void)state;
	must(pike_exact_runtime(runtime, t, &err), &err);
	fd = build(t, "#include <stdlib.h>\n#include <string.h>\n"
		      "#include <unistd.h>\n" KERNEL(
			  "for (int i = 0; i < 1500; i++) {\n"
			  "void *volatile p = malloc(1 << 20);\n"
			  "memset(p, 1, 1 << 20); usleep(500); }\n"
			  "usleep(10000000);"));
	run_object(&r, t, fd, runtime);
	assert_int_equal(r.how, PIKE_V_CRASH);
	assert_string_equal(r.text, "its process died");
	pike_buf_release(&r.log);
	pike_target_free(t);
	close(fd);
}

static void other_backends_say_so(void **state)
{
	struct pike_target t = { .name = (char *)"t",
				 .backend = (char *)"cuda" };
	struct pike_files none = { NULL, 0, 0 };
	struct pike_build_plan plan;
	struct pike_err err = PIKE_ERR_INIT;
	char runtime[300];

	(void)state;
	assert_int_equal(pike_exact_plan(&plan, &t, &none, &err), PIKE_FAILED);
	assert_int_equal(pike_exact_runtime(runtime, &t, &err), PIKE_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_where_and_no_sizes),
		cmocka_unit_test(finds_what_no_sanitizer_sees),
		cmocka_unit_test(knows_lines_given_to_others),
		cmocka_unit_test(remarks_have_no_values),
		cmocka_unit_test(notices_accesses_outside),
		cmocka_unit_test(a_large_stack_is_no_fault),
		cmocka_unit_test(tells_undefined_operations),
		cmocka_unit_test(notices_who_notices_nothing),
		cmocka_unit_test(without_the_runtime_nothing_passes),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(other_backends_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
