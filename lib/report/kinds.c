/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds: what a candidate is made with, as far as the words of its code tell.
 * To add a kind, add a row.
 */
#include "report/figures.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name;
	const char *words[12]; /* each tells it alone */
} kinds[PIKE_KINDS] = {
	{ "Triton", { "triton" } },
	{ "CUDA", { "__global__", "load_inline", "CUDAExtension" } },
	{ "16-bit",
	  { "float16", "bfloat16", ".half(", "<half>", "half2", "__half",
	    "__half2", "__nv_bfloat16", "__nv_bfloat162", "_Float16", "__bf16",
	    "bf16" } },
	{ "tensor cores", { "wgmma", "wmma", "mma", "tl.dot" } },
	{ "torch.compile", { "torch.compile", "CUDAGraph" } },
	{ "vectors of C", { "immintrin", "vector_size", "simd" } },
};

const char *pike_kind_name(size_t i)
{
	return kinds[i].name;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* A whole word, as `mma` is one of `mma.sync`. */
static bool has_word(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++) {
		if (memcmp(s + i, word, n) != 0)
			continue;
		if (i && in_word(word[0]) && in_word(s[i - 1]))
			continue;
		if (i + n == len || !in_word(word[n - 1]) || !in_word(s[i + n]))
			return true;
	}
	return false;
}

unsigned pike_kinds_of(const char *line, size_t len)
{
	unsigned out = 0;

	for (unsigned k = 0; k < PIKE_KINDS; k++)
		for (size_t i = 0;
		     i < PIKE_ARRAY_LEN(kinds[k].words) && kinds[k].words[i];
		     i++)
			if (has_word(line, len, kinds[k].words[i]))
				out |= 1u << k;
	return out;
}
