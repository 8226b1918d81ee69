/* SPDX-License-Identifier: Apache-2.0 */
/* Device code out of CUDA files as other people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files under the split, the kernel `k` in the first. */
struct split {
	struct pike_split_file f[3];
	struct pike_strs notes;
	struct pike_err err;
	int ret;
};

static void run(struct split *s, const char *text, const char *header)
{
	size_t n = header ? 2 : 1;

	memset(s, 0, sizeof(*s));
	s->f[0] = (struct pike_split_file){ .path = "src/main.cu",
					    .text = text,
					    .name = "main.cu",
					    .device_name = "k.cu" };
	s->f[1] = (struct pike_split_file){ .path = "inc/common.h",
					    .text = header,
					    .name = "../inc/common.h",
					    .device_name =
						"../inc/common_device.cuh" };
	s->ret = pike_split(s->f, n, "k", &s->notes, &s->err);
	if (s->ret)
		assert_null(s->f[0].device);
}

static void release(struct split *s)
{
	pike_split_file_release(&s->f[0]);
	pike_split_file_release(&s->f[1]);
	pike_strs_release(&s->notes);
}

static void has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text ? text : "nothing");
}

static void lacks(const char *text, const char *part)
{
	if (!text || strstr(text, part))
		fail_msg("'%s' in:\n%s", part, text ? text : "nothing");
}

static void noted(const struct split *s, const char *part)
{
	for (size_t i = 0; i < s->notes.n; i++)
		if (strstr(s->notes.v[i], part))
			return;
	fail_msg("no note '%s' of %zu, the first '%s'", part, s->notes.n,
		 s->notes.n ? s->notes.v[0] : "");
}

/* All of both halves, to the byte. */
static void test_whole(void **state)
{
	static const char text[] =
	    "// a program\n"
	    "#include <cstdio>\n"
	    "#include <cuda_fp16.h>\n"
	    "\n"
	    "#define N 4 // not its own\n"
	    "#define BLOCK 128\n"
	    "\n"
	    "// its type\n"
	    "typedef float real_t;\n"
	    "\n"
	    "void check(int n) { printf(\"%d\", n); }\n"
	    "\n"
	    "// what it does\n"
	    "// in two lines\n"
	    "__global__ void k(real_t *y, int n) {\n"
	    "  if (threadIdx.x < n) y[threadIdx.x] = BLOCK;\n"
	    "}\n"
	    "\n"
	    "int main() {\n"
	    "  int n = 7;\n"
	    "  k<<<(n + BLOCK - 1) / BLOCK, BLOCK>>>(0, n);\n"
	    "}\n";
	struct split s;

	(void)state;
	run(&s, text, NULL);
	assert_int_equal(s.ret, 0);
	assert_string_equal(
	    s.f[0].device,
	    "/* The device code of main.cu, which includes it. */\n"
	    "#pragma once\n"
	    "#include <cuda_fp16.h>\n"
	    "\n"
	    "#define BLOCK 128\n"
	    "\n"
	    "// its type\n"
	    "typedef float real_t;\n"
	    "\n"
	    "// what it does\n"
	    "// in two lines\n"
	    "//pike: launch k grid=((n + BLOCK - 1) / BLOCK) block=(BLOCK)\n"
	    "__global__ void k(real_t *y, int n) {\n"
	    "  if (threadIdx.x < n) y[threadIdx.x] = BLOCK;\n"
	    "}\n");
	assert_string_equal(s.f[0].rest,
			    "// a program\n"
			    "#include <cstdio>\n"
			    "#include <cuda_fp16.h>\n"
			    "\n"
			    "#define N 4 // not its own\n"
			    "#include \"k.cu\"\n"
			    "\n"
			    "void check(int n) { printf(\"%d\", n); }\n"
			    "\n"
			    "int main() {\n"
			    "  int n = 7;\n"
			    "  k<<<(n + BLOCK - 1) / BLOCK, BLOCK>>>(0, n);\n"
			    "}\n");
	release(&s);
}

/* What moves, of what stands before `__global__ void k(...) { BODY }`. */
struct one {
	const char *before, *body;
	const char *moved, *stays; /* parts; NULL: not looked at */
};

static void check_one(const struct one *t)
{
	char *text = pike_xasprintf("%s\n__global__ void k(float *y, int n)\n"
				    "{\n%s\n}\n"
				    "int main() { k<<<1, 32>>>(0, 1); }\n",
				    t->before, t->body);
	struct split s;

	run(&s, text, NULL);
	if (s.ret)
		fail_msg("%s: %s", text, s.err.text);
	has(s.f[0].device, t->body);
	if (t->moved) {
		has(s.f[0].device, t->moved);
		lacks(s.f[0].rest, t->moved);
	}
	if (t->stays) {
		has(s.f[0].rest, t->stays);
		lacks(s.f[0].device, t->stays);
	}
	release(&s);
	free(text);
}

static void test_needed(void **state)
{
	static const struct one t[] = {
		/* functions, by what says that they are device code */
		{ "__device__ float f(float x) { return x; }", "*y = f(1);",
		  "float f(", NULL },
		{ "#define DEV __device__ __forceinline__\n"
		  "DEV float f(float x) { return x; }",
		  "*y = f(1);", "DEV float f(", NULL },
		{ "constexpr int f(int x) { return x; }", "*y = f(1);",
		  "int f(", NULL },
		{ "float y2(float x) { return x; }", "float y2 = *y;", NULL,
		  "float y2(" },
		{ "template <int A = 3, class T>\n"
		  "__device__ T f(T x) { return x + A; }",
		  "*y = f<2>(1.f);", "template <int A = 3", NULL },
		{ "__device__ float f(float);\n"
		  "__device__ float f(float x) { return x; }\n"
		  "__device__ float f(int x) { return x; }",
		  "*y = f(1);", "f(float);", NULL },
		/* through others */
		{ "#define TWO (ONE + ONE)\n#define ONE 1\n"
		  "struct s { int a[TWO]; };\nusing t = s;",
		  "t x; *y = x.a[0];", "#define ONE 1", NULL },
		{ "enum { A, B = 4, C };", "*y = B;", "enum {", NULL },
		{ "static const float eps = 1e-5f, other = 2;", "*y = other;",
		  "eps", NULL },
		{ "int count = 3;", "int count = 1; *y = count;", NULL,
		  "int count = 3;" },
		{ "typedef float (*fn)(float);", "fn f = 0; *y = f(1);",
		  "typedef", NULL },
		{ "struct __align__(8) pair { float a, b; };",
		  "pair p; *y = p.a;", "__align__(8)", NULL },
		{ "struct P { float a; };\n"
		  "__device__ P operator+(P a, P b) { return a; }",
		  "P p; *y = (p + p).a;", "operator+", NULL },
		/* a member or std's is not what the file has */
		{ "__device__ float size(float x) { return x; }",
		  "*y = s.size() + std::size(1);", NULL, "float size(" },
		{ "#define F(x) printf(\"%d\", x)", "int F = 1; *y = F;", NULL,
		  "#define F(x)" },
		{ "__constant__ float c[4];", "*y = c[0];", "__constant__",
		  NULL },
		{ "namespace cg = cooperative_groups;",
		  "auto b = cg::this_thread_block();", "namespace cg", NULL },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		check_one(&t[i]);
}

/* Text that only looks like code. */
static void test_odd(void **state)
{
	static const struct one t[] = {
		{ "const char *s = \"} __global__ void k(\"; // {\n/* { */",
		  "*y = 1;", NULL, "const char *s" },
		{ "const char *s = R\"x(\")\" { \n} )y\" )x\";", "*y = 1;",
		  NULL, "R\"x(" },
		{ "const char c = '{'; int big = 1'000'000;", "*y = 'k';", NULL,
		  "1'000'000" },
		{ "template <class T, template <class> class U = X>\n"
		  "struct W { U<T> a[(3 > 2)]; };\n"
		  "template <> struct W<int> { int a; };",
		  "W<W<int>> w;", "template <> struct W<int>", NULL },
		{ "int a; /* trailing\n*/ int b;\n#pragma nv_diag_suppress 1",
		  "*y = 1; // }\n#pragma unroll\nfor (;;) {}", NULL,
		  "#pragma nv_diag_suppress 1" },
		{ "#define LONG(a) \\\n\t((a) + \\\n\t 1)", "*y = LONG(2);",
		  "\t 1)", NULL },
		{ "void f() {\n#if A\n{\n#endif\n#if A\n}\n#endif\n}",
		  "*y = 1;", NULL, "void f()" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		check_one(&t[i]);
}

#define K "__global__ void k(float *y) { *y = V; }\n"

/* Conditions, namespaces, extern "C": what is around goes along. */
static void test_around(void **state)
{
	struct split s;

	(void)state;
	run(&s,
	    "#ifdef WIDE\n#define V 2\n#else\n#define V 1\n#endif\n"
	    "namespace a::b {\nvoid host() {}\nnamespace {\n" K
	    "} // inner\n}\n",
	    NULL);
	assert_int_equal(s.ret, 0);
	has(s.f[0].device, "#ifdef WIDE\n#define V 2\n#else\n#define V 1\n"
			   "#endif\nnamespace a::b {\n\nnamespace {\n");
	has(s.f[0].device, "}\n} // inner\n}\n");
	assert_string_equal(s.f[0].rest,
			    "#include \"k.cu\"\n"
			    "namespace a::b {\nvoid host() {}\n}\n");
	noted(&s, "WIDE is defined nowhere here");
	release(&s);

	/* What is around all of it stays where it is. */
	run(&s,
	    "#ifndef GUARD\n#define GUARD\n#if CUDA\nvoid host() {}\n"
	    "#define V 1\n" K "#endif\n#endif\n",
	    NULL);
	assert_int_equal(s.ret, 0);
	lacks(s.f[0].device, "#if CUDA");
	lacks(s.f[0].device, "GUARD");
	assert_string_equal(s.f[0].rest,
			    "#ifndef GUARD\n#define GUARD\n#if CUDA\n"
			    "void host() {}\n#include \"k.cu\"\n#endif\n"
			    "#endif\n");
	release(&s);

	/* More than one in a line, and lines of the preprocessor behind. */
	run(&s,
	    "void h() {} __global__ void k() {} // its end\n#define A 1\n"
	    "int a; __device__ int b; int c;\n",
	    NULL);
	assert_int_equal(s.ret, 0);
	assert_string_equal(s.f[0].rest,
			    "void h() {} \n#include \"k.cu\"\n#define A 1\n"
			    "int a; __device__ int b; int c;\n");
	release(&s);

	run(&s, "extern \"C\" {\n#define V 1\n" K "}\nvoid h() {}\n", NULL);
	assert_int_equal(s.ret, 0);
	has(s.f[0].device, "extern \"C\" {\n#define V 1\n");
	assert_string_equal(s.f[0].rest, "#include \"k.cu\"\nvoid h() {}\n");
	release(&s);
}

/* No clean cut: nothing is made, and the reason has a line. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is none of these */
	} t[] = {
		{ "void k() {}\n", "src/main.cu: no `__global__ void k(...)`" },
		{ "#define KERNEL(n) __global__ void n() {}\nKERNEL(k)\n",
		  "one that a macro makes cannot be moved" },
		{ "#define V 1\n" K "#undef V\n#define V 2\nint v = V;\n",
		  "line 3: 'V' is a macro whose meaning changes" },
		{ "#ifdef A\n__global__ void k(int *y)\n#else\n"
		  "__global__ void k(float *y)\n#endif\n{ *y = 1; }\n",
		  "'k' is to move, and an #if begins or ends in the" },
		{ "#ifdef A\nint f() {\n#else\nint f(int a) {\n#endif\n}\n"
		  "__global__ void k() {}\n",
		  "'{' is never closed" },
		{ "#ifdef A\nnamespace a {\n#endif\n__global__ void k() {}\n"
		  "#ifdef A\n}\n#endif\n",
		  "src/main.cu: line 3: what ends here does not begin" },
		{ "#if A\n__global__ void k() {}\n", "line 1: what begins" },
		{ "int a; # define B\n__global__ void k() {}\n",
		  "line 1: '#' in the middle of a line" },
		{ "__global__ void k() { f(1}; )\n", "'{' is never closed" },
		{ "__global__ void k() {}\n#define A /* on and on", NULL },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		struct split s;

		run(&s, t[i].text, NULL);
		if (!s.ret != !t[i].why)
			fail_msg("%s: %s", t[i].text,
				 s.ret ? s.err.text : "was split");
		if (t[i].why)
			has(s.err.text, t[i].why);
		release(&s);
	}
}

/* The plan that is drafted of a host function; NULL: none, with a note. */
struct plan {
	const char *params, *host; /* of the kernel; k<<<...>>>(...) in it */
	const char *line;
	const char *note; /* NULL: any */
};

static void check_plan(const struct plan *t)
{
	char *text = pike_xasprintf(
	    "#define CEIL_DIV(M, N) (((M) + (N)-1) / (N))\n"
	    "#define WARP 32U\n"
	    "const int ROWS = 1 + 1;\n"
	    "template <class T> T up(T a, T b) { return (a + b - 1) / b; }\n"
	    "typedef float elem;\n"
	    "__global__ void k(%s) {}\n"
	    "%s\n",
	    t->params, t->host);
	struct split s;

	run(&s, text, NULL);
	if (s.ret)
		fail_msg("%s: %s", text, s.err.text);
	if (t->line)
		has(s.f[0].device, t->line);
	else
		lacks(s.f[0].device, "//pike: launch");
	if (t->note)
		noted(&s, t->note);
	release(&s);
	free(text);
}

static void test_plan(void **state)
{
	static const struct plan t[] = {
		{ "float *y, int n",
		  "void f(float *y, int len) { const int b = 256;\n"
		  "const int g = CEIL_DIV(len, b); k<<<g, b>>>(y, len); }",
		  "//pike: launch k grid=(cdiv(n, 256)) block=(256)\n", NULL },
		{ "float *y, int N, int C",
		  "void f(float *y, int B, int T, int C) { int N = B * T;\n"
		  "k<<<up(N * 32, 512), 512, 512 / WARP * sizeof(float)>>>"
		  "(y, N, C); }",
		  "grid=(cdiv(N * 32, 512)) block=(512) "
		  "shared=512 / 32 * 4\n",
		  NULL },
		{ "float *y, int B, int T",
		  "void f(float *y, int B, int T) { int n = B * T, b = 64;\n"
		  "k<<<CEIL_DIV(n, b), b>>>(y, B, T); }",
		  "grid=(cdiv(B * T, 64)) block=(64)\n", NULL },
		{ "float *y, int N",
		  "void f(float *y, int B, int T) {\n"
		  "k<<<(B * T + 63) / 64, 64>>>(y, B * T); }",
		  "grid=((N + 63) / 64) block=(64)\n", "passes `B * T` for N" },
		{ "float *y, int n, int m",
		  "void f(float *y, int n, int m) { dim3 b(16, 16), g;\n"
		  "dim3 grid = dim3(CEIL_DIV(n, 16), (unsigned)m / ROWS);\n"
		  "k<<<grid, b>>>(y, n, m); }",
		  "grid=(cdiv(n, 16), m / (1 + 1)) block=(16, 16)\n", NULL },
		{ "float *y, int n",
		  "void f(float *y, int n, const int block_size) {\n"
		  "size_t mem = block_size * sizeof(elem);\n"
		  "k<<<ceil((float)n / block_size), block_size, mem, 0>>>"
		  "(y, n); }",
		  "//pike: launch k grid=(cdiv(n, BLOCK_SIZE)) "
		  "block=(BLOCK_SIZE) shared=BLOCK_SIZE * 4\n",
		  "block_size` is known to callers alone" },
		{ "float *y, int n",
		  "void f(float *y, int n, int block_size) {\n"
		  "block_size = std::min(n, 64);\n"
		  "k <<< 1, static_cast<int>(block_size), 0 >>> (y, n); }",
		  "grid=(1) block=(min(n, 64))\n", NULL },
		{ "float *y, long n",
		  "void f(M *m) { k<<<CEIL_DIV(m->n, 256), 256>>>(m->y, m->n);"
		  " }",
		  "grid=(cdiv(n, 256)) block=(256)\n", NULL },
		/* what only the host knows */
		{ "float *y, int n",
		  "void f(float *y, int n) { k<<<sms * 2, 256>>>(y, n); }",
		  NULL, "'sms' is the host's alone" },
		{ "float *y, int n",
		  "void f(float *y, int n) { int g = 1; g *= 2;\n"
		  "k<<<g, 256>>>(y, n); }",
		  NULL, "'g' is changed on its way" },
		{ "float *y, int n",
		  "void f(float *y, int n) { k<<<n << 1, 256>>>(y, n); }", NULL,
		  "'<' is not in the language of plans" },
		{ "float *y, int n",
		  "void f(float *y, int n) { k<<<pick(n), 256>>>(y, n); }",
		  NULL, "'pick' is a function that no plan can call" },
		{ "float *y, int n",
		  "#if A\ntypedef half T;\n#else\ntypedef float T;\n#endif\n"
		  "void f(float *y) { k<<<1, 2, 8 * sizeof(T)>>>(y, 1); }",
		  NULL, "'sizeof' of something that is not a plain type" },
		{ "float *y, int n",
		  "void f(float *y, int n) { int a = b; int b = a;\n"
		  "k<<<b, 256>>>(y, n); }",
		  NULL, "'b' is the host's alone" },
		{ "float *y, int n", "void f() { cudaLaunchKernel(k); }", NULL,
		  "no `k<<<...>>>` stands in this file" },
		{ "float *y, int n",
		  "void f() { k<<<1, 2>>>(y, 1); k<<<3, 4>>>(y, 1); }",
		  "grid=(1) block=(2)\n", "launched at 2 places" },
		{ "float *y, float *z", "void f() { k<<<1, 2>>>(y, NULL); }",
		  "grid=(1) block=(2)\n", "passes `NULL` for z" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		check_plan(&t[i]);
}

static void test_plan_names(void **state)
{
	struct split s;

	(void)state;
	/* The tunable is a #define that no word of theirs is. */
	run(&s,
	    "#define BLOCK 1\n__global__ void k(float *y) {}\n"
	    "void f(int block) { k<<<1, dim3(block, block)>>>(0); }\n",
	    NULL);
	has(s.f[0].device, "#define BLOCK_2 16 //pike: tune 8 16 32\n");
	has(s.f[0].device, "block=(BLOCK_2, BLOCK_2)\n");
	release(&s);

	run(&s,
	    "__global__ void k(float *y) {}\n"
	    "void f(int size) { dim3 b(32, size / 32); k<<<1, b>>>(0); }\n",
	    NULL);
	has(s.f[0].device, "#define SIZE 256 //pike: tune 64 128 256 512 ");
	has(s.f[0].device, "block=(32, SIZE / 32)\n");
	release(&s);

	/* Templates and namespaces are part of the name. */
	run(&s,
	    "namespace a {\ntemplate <class T, int N>\n"
	    "__global__ void k(T *y) { y[N] = 1; }\n}\n"
	    "void f() { const int w = 8; a::k<float, w * 2><<<1, w>>>(0); }\n",
	    NULL);
	has(s.f[0].device,
	    "//pike: launch a::k<float, 8 * 2> grid=(1) block=(8)\n");
	release(&s);

	run(&s,
	    "struct P {};\ntemplate <class T, class U, class V>\n"
	    "__global__ void k(T *y) {}\n"
	    "void f() { DISPATCH([&] { k<scalar_t, P, float><<<1, 2>>>(0); "
	    "}); }\n",
	    NULL);
	has(s.f[0].device, "//pike: launch k<float, P, float> grid=(1)");
	noted(&s, "what scalar_t is its caller knows");
	release(&s);

	/* One that stands there is left alone. */
	run(&s,
	    "//pike: launch k grid=(7) block=(7)\n"
	    "__global__ void k(float *y) {}\nvoid f() { k<<<1, 2>>>(0); }\n",
	    NULL);
	has(s.f[0].device, "grid=(7)");
	lacks(s.f[0].device, "grid=(1)");
	release(&s);
}

/* What NVRTC lacks of C is said to it; what cannot be said is named. */
static void test_names(void **state)
{
	struct split s;

	(void)state;
	run(&s,
	    "#include <math.h>\n#include <cooperative_groups.h>\n"
	    "#include <mma.h>\n#define M_LN2 0.7\n"
	    "using namespace nvcuda;\nusing namespace std;\n"
	    "__global__ void k(float *y, uint8_t b) {\n"
	    "assert(b); *y = -INFINITY * M_LN2;\nstd::swap(y, y);\n"
	    "cudaStream_t s; }\n",
	    NULL);
	assert_int_equal(s.ret, 0);
	has(s.f[0].device, "#ifndef __CUDACC_RTC__\n#include <assert.h>\n"
			   "#include <math.h>\n#include <stdint.h>\n#else");
	has(s.f[0].device, "typedef unsigned char uint8_t;\n");
	has(s.f[0].device, "#define M_LN2 0.7\n");
	lacks(s.f[0].device, "#ifndef M_LN2");
	has(s.f[0].device, "#include <mma.h>\n");
	lacks(s.f[0].device, "cooperative_groups");
	has(s.f[0].device, "using namespace nvcuda;\n");
	lacks(s.f[0].device, "using namespace std;");
	has(s.f[0].rest, "using namespace nvcuda;\n");
	noted(&s, "src/main.cu:9: 'std' is the host's");
	noted(&s, "src/main.cu:10: 'cudaStream_t' is the host's");
	release(&s);

	/* Another header of the toolkit has brought it along. */
	run(&s,
	    "#include <cublas_v2.h>\n__global__ void k(__nv_bfloat16 *y, half "
	    "*x) { *y = 1; }\n",
	    NULL);
	has(s.f[0].device, "#pragma once\n#include <cuda_fp16.h>\n"
			   "#include <cuda_bf16.h>\n\n");
	release(&s);

	run(&s,
	    "#include <mma.h>\nnamespace a {\nusing namespace nvcuda;\n"
	    "void h();\n}\n__global__ void k() {}\n",
	    NULL);
	has(s.f[0].device, "namespace a {\nusing namespace nvcuda;\n\n}\n");
	has(s.f[0].rest, "namespace a {\nusing namespace nvcuda;\nvoid h();");
	release(&s);

	run(&s,
	    "/* Copyright somebody */\n\n#include <stdio.h>\n"
	    "__constant__ float c[2];\n"
	    "texture<float> tex;\n"
	    "__global__ void k(float *y) { *y = c[0] + tex1D(tex, 1); }\n"
	    "void f() { cudaMemcpyToSymbol(c, 0, 1); }\n",
	    NULL);
	assert_int_equal(
	    strncmp(s.f[0].device, "/* Copyright somebody */\n", 25), 0);
	noted(&s, ":4: constant memory that the host fills");
	noted(&s, ":5: a texture");
	release(&s);
}

/* A header of the repository: included as it is, or split in the same way. */
static void test_header(void **state)
{
	static const char main[] =
	    "#include \"../inc/common.h\"\n"
	    "__global__ void k(float *y) { *y = twice(*y); }\n";
	struct split s;

	(void)state;
	run(&s, main,
	    "#pragma once\n#define TWO 2\n"
	    "__device__ float twice(float x) { return TWO * x; }\n");
	assert_int_equal(s.ret, 0);
	assert_null(s.f[1].device);
	has(s.f[0].device, "#include \"../inc/common.h\"\n");
	lacks(s.f[0].device, "twice(float");
	release(&s);

	run(&s, main,
	    "#ifndef COMMON_H\n#define COMMON_H\n#include <stdio.h>\n"
	    "#define TWO 2\n"
	    "__device__ float twice(float x) { return TWO * x; }\n"
	    "void check() { printf(\"no\"); }\n#endif\n");
	assert_int_equal(s.ret, 0);
	has(s.f[0].device, "#include \"../inc/common_device.cuh\"\n");
	assert_string_equal(
	    s.f[1].device,
	    "/* The device code of common.h, which includes it. */\n"
	    "#pragma once\n\n#define TWO 2\n"
	    "__device__ float twice(float x) { return TWO * x; }\n");
	assert_string_equal(s.f[1].rest,
			    "#ifndef COMMON_H\n#define COMMON_H\n"
			    "#include <stdio.h>\n"
			    "#include \"common_device.cuh\"\n"
			    "void check() { printf(\"no\"); }\n#endif\n");
	release(&s);

	/* As headers for C and C++ have it. */
	run(&s, main,
	    "#include <stdio.h>\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
	    "void other();\n"
	    "__device__ float twice(float x) { return x; }\n"
	    "#ifdef __cplusplus\n}\n#endif\n");
	assert_int_equal(s.ret, 0);
	has(s.f[1].device, "extern \"C\" {\n\n__device__ float twice(");
	has(s.f[1].rest, "#ifdef __cplusplus\n#include \"common_device.cuh\"\n"
			 "extern \"C\" {\n#endif\nvoid other();\n"
			 "#ifdef __cplusplus\n}\n#endif\n");
	release(&s);

	/* One that cannot be read is named. */
	run(&s,
	    "#include \"../inc/common.h\"\n__global__ void k() {}\n"
	    "void f() { k<<<1, 1>>>(); }\n",
	    "#if A\n#define B {\n#else\nvoid f() {\n#endif\n");
	assert_int_equal(s.ret, 0);
	assert_int_equal(s.notes.n, 1);
	noted(&s, "inc/common.h is not looked into (line 4: '{' is never");
	release(&s);

	/* One that it does not need is not looked at twice. */
	run(&s, "#include \"../inc/common.h\"\n__global__ void k() {}\n",
	    "#include <stdio.h>\nvoid other() {}\n");
	assert_int_equal(s.ret, 0);
	assert_null(s.f[1].device);
	lacks(s.f[0].device, "common");
	release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_around),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_plan_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
