/* SPDX-License-Identifier: Apache-2.0 */
/* rtc: what NVRTC has, and has not, of what a host compiler gives. */
#include "model/rtc_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define CONSTANT(n, h, v)                                                      \
	{                                                                      \
		.name = #n, .header = h, .text = "#define " #n " " v           \
	}
#define TYPE(n, t)                                                             \
	{                                                                      \
		.name = #n, .header = "stdint.h",                              \
		.text = "typedef " t " " #n ";"                                \
	}

#define NARROW(n, h)                                                           \
	{                                                                      \
		.name = #n, .header = h, .toolkit = true                       \
	}

static const struct pike_rtc_name names[] = {
	NARROW(half, "cuda_fp16.h"),
	NARROW(__half, "cuda_fp16.h"),
	NARROW(half2, "cuda_fp16.h"),
	NARROW(__half2, "cuda_fp16.h"),
	NARROW(nv_bfloat16, "cuda_bf16.h"),
	NARROW(__nv_bfloat16, "cuda_bf16.h"),
	NARROW(nv_bfloat162, "cuda_bf16.h"),
	NARROW(__nv_bfloat162, "cuda_bf16.h"),
	{ .name = "assert",
	  .header = "assert.h",
	  .text = "#define assert(x) ((x) ? (void)0 : __trap())" },
	{ .name = "printf", .header = "stdio.h" },
	{ .name = "memcpy", .header = "string.h" },
	{ .name = "memset", .header = "string.h" },
	CONSTANT(INFINITY, "math.h", "__int_as_float(0x7f800000)"),
	CONSTANT(NAN, "math.h", "__int_as_float(0x7fffffff)"),
	CONSTANT(HUGE_VALF, "math.h", "__int_as_float(0x7f800000)"),
	CONSTANT(M_E, "math.h", "2.7182818284590452354"),
	CONSTANT(M_LOG2E, "math.h", "1.4426950408889634074"),
	CONSTANT(M_LOG10E, "math.h", "0.43429448190325182765"),
	CONSTANT(M_LN2, "math.h", "0.69314718055994530942"),
	CONSTANT(M_LN10, "math.h", "2.30258509299404568402"),
	CONSTANT(M_PI, "math.h", "3.14159265358979323846"),
	CONSTANT(M_PI_2, "math.h", "1.57079632679489661923"),
	CONSTANT(M_PI_4, "math.h", "0.78539816339744830962"),
	CONSTANT(M_1_PI, "math.h", "0.31830988618379067154"),
	CONSTANT(M_2_PI, "math.h", "0.63661977236758134308"),
	CONSTANT(M_2_SQRTPI, "math.h", "1.12837916709551257390"),
	CONSTANT(M_SQRT2, "math.h", "1.41421356237309504880"),
	CONSTANT(M_SQRT1_2, "math.h", "0.70710678118654752440"),
	CONSTANT(FLT_MAX, "float.h", "3.402823466e+38F"),
	CONSTANT(FLT_MIN, "float.h", "1.175494351e-38F"),
	CONSTANT(FLT_EPSILON, "float.h", "1.192092896e-07F"),
	CONSTANT(DBL_MAX, "float.h", "1.7976931348623157e+308"),
	CONSTANT(DBL_MIN, "float.h", "2.2250738585072014e-308"),
	CONSTANT(DBL_EPSILON, "float.h", "2.2204460492503131e-16"),
	CONSTANT(CHAR_BIT, "limits.h", "8"),
	CONSTANT(INT_MAX, "limits.h", "2147483647"),
	CONSTANT(INT_MIN, "limits.h", "(-2147483647 - 1)"),
	CONSTANT(UINT_MAX, "limits.h", "4294967295U"),
	CONSTANT(LONG_MAX, "limits.h", "9223372036854775807L"),
	CONSTANT(LLONG_MAX, "limits.h", "9223372036854775807LL"),
	CONSTANT(ULLONG_MAX, "limits.h", "18446744073709551615ULL"),
	CONSTANT(INT8_MAX, "stdint.h", "127"),
	CONSTANT(UINT8_MAX, "stdint.h", "255"),
	CONSTANT(INT16_MAX, "stdint.h", "32767"),
	CONSTANT(UINT16_MAX, "stdint.h", "65535"),
	CONSTANT(INT32_MAX, "stdint.h", "2147483647"),
	CONSTANT(INT32_MIN, "stdint.h", "(-2147483647 - 1)"),
	CONSTANT(UINT32_MAX, "stdint.h", "4294967295U"),
	CONSTANT(INT64_MAX, "stdint.h", "9223372036854775807L"),
	CONSTANT(UINT64_MAX, "stdint.h", "18446744073709551615UL"),
	CONSTANT(SIZE_MAX, "stdint.h", "18446744073709551615UL"),
	TYPE(int8_t, "signed char"),
	TYPE(uint8_t, "unsigned char"),
	TYPE(int16_t, "short"),
	TYPE(uint16_t, "unsigned short"),
	TYPE(int32_t, "int"),
	TYPE(uint32_t, "unsigned int"),
	TYPE(int64_t, "long"),
	TYPE(uint64_t, "unsigned long"),
	TYPE(intptr_t, "long"),
	TYPE(uintptr_t, "unsigned long"),
};

const struct pike_rtc_name *pike_rtc_name_at(size_t i)
{
	return &names[i];
}

size_t pike_rtc_names(void)
{
	return PIKE_ARRAY_LEN(names);
}

static bool is_word(const struct pike_token *w, const char *name)
{
	return w->n == strlen(name) && !memcmp(w->s, name, w->n);
}

size_t pike_rtc_name_find(const struct pike_token *word)
{
	size_t i = 0;

	while (i < PIKE_ARRAY_LEN(names) && !is_word(word, names[i].name))
		i++;
	return i;
}

/* What device code includes of the toolkit, by how its path begins; mark: how
 * the names in it begin, NULL: as any may. */
static const struct {
	const char *path;
	enum pike_rtc_header kind;
	const char *mark;
} headers[] = {
	{ "cuda_runtime", PIKE_RTC_BUILT_IN, NULL },
	{ "device_launch_parameters.h", PIKE_RTC_BUILT_IN, NULL },
	{ "device_functions.h", PIKE_RTC_BUILT_IN, NULL },
	{ "device_atomic_functions.h", PIKE_RTC_BUILT_IN, NULL },
	{ "math_functions.h", PIKE_RTC_BUILT_IN, NULL },
	{ "vector_types.h", PIKE_RTC_BUILT_IN, NULL },
	{ "vector_functions.h", PIKE_RTC_BUILT_IN, NULL },
	{ "sm_", PIKE_RTC_BUILT_IN, NULL },
	{ "cooperative_groups", PIKE_RTC_TOOLKIT, "cooperative_groups" },
	{ "cuda_fp16.", PIKE_RTC_TOOLKIT, NULL },
	{ "cuda_bf16.", PIKE_RTC_TOOLKIT, NULL },
	{ "cuda_fp8.", PIKE_RTC_TOOLKIT, NULL },
	{ "cuda_fp6.", PIKE_RTC_TOOLKIT, NULL },
	{ "cuda_fp4.", PIKE_RTC_TOOLKIT, NULL },
	{ "mma.h", PIKE_RTC_TOOLKIT, "nvcuda" },
	{ "cuda_pipeline", PIKE_RTC_TOOLKIT, "__pipeline" },
	{ "cuda_awbarrier", PIKE_RTC_TOOLKIT, "nvcuda" },
	{ "curand_", PIKE_RTC_TOOLKIT, "curand" },
	{ "cuComplex.h", PIKE_RTC_TOOLKIT, "cu" },
	{ "math_constants.h", PIKE_RTC_TOOLKIT, "CUDART_" },
	{ "cuda/", PIKE_RTC_TOOLKIT, "cuda" },
	{ "cub/", PIKE_RTC_TOOLKIT, "cub" },
};

const char *pike_include_name(const char *line, size_t n, char close,
			      size_t *len)
{
	const char *open = memchr(line, close == '>' ? '<' : '"', n), *end;

	if (!open)
		return NULL;
	open++;
	end = memchr(open, close, (size_t)(line + n - open));
	if (!end)
		return NULL;
	*len = (size_t)(end - open);
	return open;
}

enum pike_rtc_header pike_rtc_header(const char *name, size_t n, size_t *row)
{
	size_t i = 0;

	for (; i < PIKE_ARRAY_LEN(headers); i++) {
		size_t len = strlen(headers[i].path);

		if (n >= len && !memcmp(name, headers[i].path, len))
			break;
	}
	*row = i;
	return i < PIKE_ARRAY_LEN(headers) ? headers[i].kind : PIKE_RTC_HOST;
}

size_t pike_rtc_headers(void)
{
	return PIKE_ARRAY_LEN(headers);
}

void pike_rtc_need(bool *rows, const struct pike_token *w)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(headers); i++) {
		const char *mark = headers[i].mark;

		if (!mark ||
		    (w->n >= strlen(mark) && !memcmp(w->s, mark, strlen(mark))))
			rows[i] = true;
	}
}

bool pike_rtc_namespace(const struct pike_token *w)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(headers); i++)
		if (headers[i].mark && is_word(w, headers[i].mark))
			return true;
	return false;
}

bool pike_rtc_is_host(const struct pike_token *w)
{
	static const char *const words[] = {
		"std",	   "at",   "torch", "c10",  "thrust", "cublasHandle_t",
		"fprintf", "exit", "cout",  "cerr",
	};

	static const char runtime[] = "cuda"; /* cudaMalloc */
	size_t n = sizeof(runtime) - 1;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (is_word(w, words[i]))
			return true;
	return w->n > n && !memcmp(w->s, runtime, n) &&
	       isupper((unsigned char)w->s[n]) &&
	       !is_word(w, "cudaTextureObject_t") &&
	       !is_word(w, "cudaSurfaceObject_t");
}
