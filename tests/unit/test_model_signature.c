/* SPDX-License-Identifier: Apache-2.0 */
/* What is drafted of functions as other people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct one {
	const char *text, *mark;
	const char *args; /* with "; " between */
	const char *note; /* in one of them; NULL: there is none */
};

static void join(struct pike_buf *b, const struct pike_strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		pike_buf_addf(b, "%s%s", i ? "; " : "", l->v[i]);
}

static void check(const struct one *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pike_signature s;
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_buf args, notes;

		if (pike_signature_read(&s, t[i].text, NULL,
					t[i].mark ? t[i].mark : "", NULL, &err))
			fail_msg("%s: %s", t[i].text, err.text);
		pike_buf_init(&args, 4096);
		pike_buf_init(&notes, 4096);
		join(&args, &s.args);
		join(&notes, &s.notes);
		if (strcmp(args.s, t[i].args) != 0)
			fail_msg("%s:\ngot  '%s'\nnot  '%s'", t[i].text, args.s,
				 t[i].args);
		if (t[i].note ? !strstr(notes.s, t[i].note) : notes.len)
			fail_msg("%s: notes are '%s'", t[i].text, notes.s);
		pike_buf_release(&args);
		pike_buf_release(&notes);
		pike_signature_release(&s);
	}
}

static void test_types(void **state)
{
	static const struct one t[] = {
		{ "void f(size_t n, float a, const float *x, float *y)\n"
		  "{ for (size_t i = 0; i < n; i++) y[i] += a * x[i]; }",
		  NULL, "i64 n; f32 a; in f32 x[n]; inout f32 y[n]", NULL },
		{ "void f(const uint16_t *x, long *y, long n)\n"
		  "{ y[0] = x[n]; }",
		  NULL, "out i64 y[n]; i64 n",
		  "left out: `const uint16_t *x`, of a type that no target" },
		{ "void f(unsigned long long n, unsigned char *x)\n"
		  "{ x[n] = 1; }",
		  NULL, "i64 n; out u8 x[n]", NULL },
		{ "void f(long unsigned int n, short s, bool b, double *x)\n"
		  "{ x[n] = b ? s : 0; }",
		  NULL, "i64 n; i32 s; bool b; out f64 x[n][s]", NULL },
		{ "void f(const double complex *x, double *y, int n)\n"
		  "{ y[n] = creal(x[n]); }",
		  NULL, "out f64 y[n]; i32 n",
		  "left out: `const double complex *x`" },
		{ "void f(long double *x, float *y, int n) { y[n] = x[n]; }",
		  NULL, "out f32 y[n]; i32 n", "left out: `long double *x`" },
		{ "void f(struct s *p, float *y, int n) { y[n] = p->x; }", NULL,
		  "out f32 y[n]; i32 n", "left out: `struct s *p`" },
		{ "typedef float elem;\n#define index int\n"
		  "void f(elem *y, index n) { y[n] = 1; }",
		  NULL, "out f32 y[n]; i32 n", NULL },
		{ "#ifdef HALF\ntypedef half elem;\n#else\n"
		  "typedef float elem;\n#endif\n"
		  "void f(elem *y, int n) { y[n] = 1; }",
		  NULL, "out f16 y[n]; i32 n",
		  "elem is one type or another by an #if; half was taken" },
		{ "void f(float *y, int n, int back, int *all)\n"
		  "{ y[n - 1] = back ? 1 : 2; if (!back && n) all[n] = 1; }",
		  NULL, "out f32 y[n]; i32 n; i32 back; out i32 all[n]", NULL },
		{ "void f(float *y, int n) { if (n) y[0] = 1; }", NULL,
		  "out f32 y[len]; i32 n", NULL },
		{ "void f(std::size_t n, float &s, float *y) { y[n] = s; }",
		  NULL, "i64 n; out f32 y[n]", "a reference of C++" },
		{ "void f(int n, float *y, ...) { y[n] = 1; }", NULL,
		  "i32 n; out f32 y[n]", "left out: `...`" },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

static void test_shapes(void **state)
{
	static const struct one t[] = {
		{ "void f(int n, int m, const float a[n][m], float (*b)[m])\n"
		  "{ b[0][0] = 2 * a[0][0]; }",
		  NULL, "i32 n; i32 m; in f32 a[n][m]; out f32 b[n][m]", NULL },
		{ "#define N 64\n"
		  "void f(double c[restrict static N][2 * N], double *d)\n"
		  "{ d[0] = c[1][2]; }",
		  NULL, "in f64 c[64][2*64]; out f64 d[n]", NULL },
		{ "void f(int n, float y[][3]) { y[n][0] = 1; }", NULL,
		  "i32 n; out f32 y[n][3]", NULL },
		{ "void f(int n, float **rows, float *y) { y[n] = 1; }", NULL,
		  "i32 n; out f32 y[n]", "a pointer to pointers" },
		{ "void f(int n, float *p[4], float *y) { y[n] = 1; }", NULL,
		  "i32 n; out f32 y[n]", "a pointer to pointers" },
		{ "void f(int n, float (*g)(float), float *y) { y[n] = g(1); }",
		  NULL, "i32 n; out f32 y[n]",
		  "left out: `float (*g) (float)`, a function" },
		{ "void f(int n, float y[unknown(n)]) { y[n] = 1; }", NULL,
		  "i32 n; out f32 y[n]", "its dimensions are not sizes" },
		{ "void f(float *__restrict__ const y, int n) { y[n] = 1; }",
		  NULL, "out f32 y[n]; i32 n", NULL },
		{ "__attribute__((noinline)) void f(float *y, int n)\n"
		  "__attribute__((hot))\n{ y[n] = 1; }",
		  NULL, "out f32 y[n]; i32 n", NULL },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

/* C of other people seldom says `const`. */
static void test_uses(void **state)
{
	static const struct one t[] = {
		{ "void f(float *out, float *inp, int *ix, int T, int C)\n"
		  "{ float *o = out + T * C; float *row = inp + ix[T] * C;\n"
		  "  for (int i = 0; i < C; i++) o[i] = row[i]; }",
		  NULL,
		  "out f32 out[T][C]; in f32 inp[T][C]; in i32 ix[T][C]; "
		  "i32 T; i32 C",
		  NULL },
		{ "void f(float *p, float *x, int n) { float s = 0;\n"
		  "for (int i = 0; i < n; i++) { p[i] = expf(x[i]); s += p[i]; "
		  "}"
		  "for (int i = 0; i < n; i++) p[i] /= s; }",
		  NULL, "out f32 p[n]; in f32 x[n]; i32 n", NULL },
		{ "void f(float *x, int n) { x[n] = x[n - 1] + 1; }", NULL,
		  "inout f32 x[n]; i32 n", NULL },
		{ "void f(float *x, float *y, int n)\n"
		  "{ while (n--) *y++ = *x++; }",
		  NULL, "in f32 x[n]; out f32 y[n]; i32 n", NULL },
		{ "void f(float *x, float *y, int n)\n"
		  "{ *(y + n) = *(x + n); x = x + 1; }",
		  NULL, "in f32 x[n]; out f32 y[n]; i32 n", NULL },
		{ "void f(int *h, int *k, int n) { ++h[k[n]]; h[0]--; }", NULL,
		  "inout i32 h[n]; in i32 k[n]; i32 n", NULL },
		{ "#define A(i, j) a[(j) * n + (i)]\n"
		  "#define C(i, j) c[(j) * n + (i)]\n"
		  "void f(double *a, double *c, int n) { C(0, 1) += A(1, 0); }",
		  NULL, "in f64 a[n]; inout f64 c[n]; i32 n", NULL },
		{ "static void swap(int *a, int *b)\n"
		  "{ int t = *a; *a = *b; *b = t; }\n"
		  "void f(int *x, int *y, int n) { swap(x, x + n); y[n] = *x; "
		  "}",
		  NULL, "inout i32 x[n]; out i32 y[n]; i32 n", NULL },
		{ "void f(float *y, float *x, int n) { memcpy(y, x, n); }",
		  NULL, "out f32 y[n]; in f32 x[n]; i32 n", NULL },
		{ "void f(float *y, float *x, int n)\n"
		  "{ _mm256_storeu_ps(y + n, _mm256_add_ps(\n"
		  "_mm256_loadu_ps(x), _mm256_loadu_ps(y + n))); }",
		  NULL, "inout f32 y[n]; in f32 x[n]; i32 n", NULL },
		{ "void f(float *x, int n) { somewhere(x, n); }", NULL,
		  "inout f32 x[n]; i32 n",
		  "x: goes to a function that is not" },
		{ "void f(const float *x, float *y, int n) { }", NULL,
		  "in f32 x[n]; out f32 y[n]; i32 n", NULL },
		{ "void f(float *x, int n) { float s = x[n]; }", NULL,
		  "in f32 x[n]; i32 n", "no output" },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

#define LAUNCH "//pike: launch k grid=(1) block=(1)\n"

static void test_cuda(void **state)
{
	static const struct one t[] = {
		{ LAUNCH
		  "extern \"C\" __global__ void __launch_bounds__(8 * 32)\n"
		  "k(float4 *v, float *o, float *i, int n)\n"
		  "{ reinterpret_cast<float4 *>(o)[n] =\n"
		  "((float4 *)i)[n]; }",
		  "__global__", "in f32 v[n]; out f32 o[n]; in f32 i[n]; i32 n",
		  "v: each float4 is several of f32; correct" },
		{ LAUNCH "__global__ void k(float *o, float4 x, int n)\n"
			 "{ o[n] = x.x; }",
		  "__global__", "out f32 o[n]; i32 n",
		  "left out: `float4 x`, of a type that no target" },
		{ LAUNCH "__device__ void st(float *a, float4 v)\n"
			 "{ *reinterpret_cast<float4 *>(a) = v; }\n"
			 "__global__ void k(float *o, float *i, int n)\n"
			 "{ st(o + n, *reinterpret_cast<float4 *>(i)); }",
		  "__global__", "out f32 o[n]; in f32 i[n]; i32 n", NULL },
		{ LAUNCH "__global__ void k(unsigned *h, unsigned char *x,\n"
			 "size_t n) { atomicAdd(&h[x[n]], 1u); }",
		  "__global__", "inout u32 h[n]; in u8 x[n]; i64 n", NULL },
		{ LAUNCH "__global__ void k(float *o, float *x, int n)\n"
			 "{ __stcs(o + n, __ldg(&x[n])); }",
		  "__global__", "out f32 o[n]; in f32 x[n]; i32 n", NULL },
		{ LAUNCH "static __global__ void k(half *o, const half *x)\n"
			 "{ o[0] = x[0]; }",
		  "__global__", "out f16 o[n]; in f16 x[n]", NULL },
		{ LAUNCH "template <typename T>\n"
			 "__global__ void k(T *o, float *x, int n)\n"
			 "{ o[n] = x[n]; }",
		  "__global__", "in f32 x[n]; i32 n", "k is a template" },
		{ "//pike: launch a::k<8, float> grid=(1) block=(1)\n"
		  "template <int W = 4, class T>\n"
		  "__global__ void k(T *o, float *x, int n)\n"
		  "{ o[n] = x[n] + W; }",
		  "__global__", "out f32 o[n]; in f32 x[n]; i32 n", NULL },
		{ LAUNCH "__global__ void k(float *o, int n) { o[n] = 1; }\n"
			 "int main(void)\n{\n\treturn 0;\n}\n",
		  "__global__", "out f32 o[n]; i32 n",
		  "the host's, which a target does not have: 3-6 (main); " },
		{ LAUNCH "#include <stdio.h>\n#include <vector>\n"
			 "__global__ void k(float *o, int n) { o[n] = 1; }\n"
			 "float *buf;\n"
			 "void f(int n) {\ncudaMalloc(&buf, n);\n"
			 "k<<<1, 1>>>(buf, n);\n}\n"
			 "PYBIND11_MODULE(x, m) { m.def(\"f\", &f); }\n",
		  "__global__", "out f32 o[n]; i32 n",
		  "2-3 (#include <stdio.h>...), 5 (float), 6-9 (f: <<<...>>>, "
		  "cudaMalloc), 10 (PYBIND11_MODULE); NVRTC compiles device "
		  "code alone: `pike-git init --split FILE:k`" },
		{ "__global__ void k(float *o, int n) { o[n] = 1; }",
		  "__global__", "out f32 o[n]; i32 n",
		  "//pike: launch k grid=" },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

static void entry_is(const char *text, const char *wanted, const char *entry)
{
	struct pike_signature s;
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_signature_read(&s, text, NULL, "", wanted, &err);

	if (entry && (ret || strcmp(s.entry, entry) != 0))
		fail_msg("%s: got %s", text, ret ? err.text : s.entry);
	assert_int_equal(!ret, entry != NULL);
	if (!ret)
		pike_signature_release(&s);
}

/* What a type is may be said in a header; its truth then is not drafted. */
static void test_headers(void **state)
{
	static const char text[] = "void f(real_t *y, size n) { y[n] = 1; }";
	static const char header[] = "using real_t = float;\ntypedef int size;";
	struct pike_signature s;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	assert_int_equal(pike_signature_read(&s, text, header, "", NULL, &err),
			 0);
	assert_int_equal(s.args.n, 2);
	assert_string_equal(s.args.v[0], "out f32 y[n]");
	assert_string_equal(s.args.v[1], "i32 n");
	assert_int_equal(pike_reference_draft(&b, text, &s, &err), -2);
	assert_non_null(strstr(err.text, "a header or a template says"));
	pike_signature_release(&s);
	pike_buf_release(&b);
}

static void test_choice(void **state)
{
	static const char two[] = "void a(float *y, int n) { y[n] = 1; }\n"
				  "void b(float *y, int n) { y[n] = 2; }\n"
				  "void done(struct s *p) { free(p); }\n"
				  "int main(void) { return 0; }\n";

	(void)state;
	entry_is(two, NULL, "b");
	entry_is(two, "a", "a");
	entry_is(two, "c", NULL);
	/* A helper may stand behind who calls it. */
	entry_is("void dot(float *, int);\n"
		 "void gemm(float *c, int n) { dot(c, n); }\n"
		 "void dot(float *c, int n) { *c += n; }\n",
		 NULL, "gemm");
	entry_is("extern \"C\" {\nvoid f(float *y, int n) { y[n] = 1; }\n}\n",
		 NULL, "f");
	entry_is("static void f(float *y) { *y = 1; }\n"
		 "float g(float *x) { return *x; }\n"
		 "void *h(float *x) { return x; }\n",
		 NULL, NULL);
	entry_is("/* void c(float *y) { */ // void d(float *y) {\n"
		 "const char *s = \"void e(float *y) {\";\n",
		 NULL, NULL);
}

static void test_parallel(void **state)
{
	static const struct {
		const char *line;
		enum pike_parallel what;
	} t[] = {
		{ "#pragma omp parallel for", PIKE_PARALLEL_THREADS },
		{ "#pragma omp simd", PIKE_PARALLEL_SIMD },
		{ "#pragma omp simd\n#pragma omp parallel",
		  PIKE_PARALLEL_THREADS },
		{ "#pragma GCC unroll 4", PIKE_PARALLEL_NONE },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		char *text = pike_xasprintf("void f(float *y, int n) {\n%s\n"
					    "for (;;) y[n] = 1; }\n",
					    t[i].line);
		struct pike_signature s;
		struct pike_err err = PIKE_ERR_INIT;

		assert_int_equal(
		    pike_signature_read(&s, text, NULL, "", NULL, &err), 0);
		assert_int_equal(s.parallel, t[i].what);
		pike_signature_release(&s);
		free(text);
	}
}

static void test_draft(void **state)
{
	static const struct {
		const char *text, *draft; /* NULL: it takes a person */
	} t[] = {
		{ "__global__ void f(float *y, int n)\n"
		  "{ const int h = n; float x; y[n] = sqrtf( h) + expf(x) +\n"
		  "sqrtf(h * 2) + rsqrtf(n); }\n",
		  "__global__ void f(real *y, int n)\n"
		  "{ const int h = n; real x; y[n] = sqrt((real) h) + exp(x) "
		  "+\nsqrt(h * 2) + rsqrt((real)n); }\n" },
		{ "#include <float.h>\n#define U 2 //pike: tune 1 2\n"
		  "/* float */ void f(float *y, int n)\n"
		  "{ y[n] = expf(1.5f + 2e-3F) * sizeof(float) + 0x1f; }\n",
		  "#include <tgmath.h>\n#include <float.h>\n#define U 2 \n"
		  "/* float */ void f(real *y, int n)\n"
		  "{ y[n] = exp((real)1.5 + (real)2e-3) * sizeof(real) + "
		  "0x1f; }\n" },
		{ "void f(int *y, int n) { float s = 1.0f; y[n] = s; }\n",
		  "void f(int *y, int n) { float s = 1.0f; y[n] = s; }\n" },
		{ "void f(float *y, int n) { y[n] = __builtin_powf(y[0], 2); "
		  "}\n",
		  "#include <tgmath.h>\n"
		  "void f(real *y, int n) { y[n] = pow(y[0], 2); }\n" },
		{ "void f(double *y, int n) { y[n] = sin(1.0); }\n",
		  "void f(real *y, int n) { y[n] = sin(1.0); }\n" },
		{ "void f(float *y, int n) { _mm_storeu_ps(y, z); y[n] = 1; "
		  "}\n",
		  NULL },
		{ "void f(float *y, double *x, int n) { y[n] = x[n]; }\n",
		  NULL },
		{ "void f(float *y, int n) { y[n] = omp_get_thread_num(); }\n",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		struct pike_signature s;
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_buf b;
		const char *body;
		int ret;

		pike_buf_init(&b, 1u << 20);
		assert_int_equal(
		    pike_signature_read(&s, t[i].text, NULL, "", NULL, &err),
		    0);
		ret = pike_reference_draft(&b, t[i].text, &s, &err);
		assert_int_equal(!ret, t[i].draft != NULL);
		body = strstr(b.s, "*/\n");
		if (!ret)
			assert_string_equal(body + 3, t[i].draft);
		pike_buf_release(&b);
		pike_signature_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),  cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_uses),   cmocka_unit_test(test_cuda),
		cmocka_unit_test(test_choice), cmocka_unit_test(test_parallel),
		cmocka_unit_test(test_draft),  cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
