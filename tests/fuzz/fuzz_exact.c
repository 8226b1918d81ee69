/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what is read of a kernel with sanitizers: its source before and after
 * the preprocessor, what its process prints, and the access that it tells of.
 * All is bounded and clean, and a word that counts is found behind any text
 * that ends where it seems to.
 */
#include "device/exact_priv.h"
#include "eval/exact_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                                                               \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

/* No control character, and not more than `most`. */
static void clean(const char *s, size_t most)
{
	CHECK(strlen(s) < most);
	for (; *s; s++)
		CHECK((unsigned char)*s >= ' ' && *s != 127);
}

static void read_source(const char *text, size_t size)
{
	static const char more[] = "\n# 1 \"k.c\"\n__asm__(\"nop\");\n";
	struct pike_strs found = PIKE_STRS_INIT;
	char *both = pike_xmalloc(size + sizeof(more));
	bool assembly = false;

	memcpy(both, text, size);
	memcpy(both + size, more, sizeof(more));
	pike_exact_scan(&found, both, size + sizeof(more) - 1);
	CHECK(found.n <= PIKE_EXACT_PHRASES);
	for (size_t i = 0; i < found.n; i++) {
		clean(found.v[i], 160);
		assembly = assembly || !strncmp(found.v[i], "inline ", 7);
	}
	/* Quotes end with their line. */
	CHECK(assembly || memchr(text, '\\', size));
	pike_strs_release(&found);
	pike_exact_names_lines(text, size);
	free(both);
}

static void read_log(const char *text)
{
	struct pike_json *list = pike_json_array();

	pike_exact_remarks(list, text);
	CHECK(pike_json_len(list) <= PIKE_EXACT_REMARKS);
	for (size_t i = 0; i < pike_json_len(list); i++)
		clean(pike_json_as_str(pike_json_at(list, i), "\n"), 200);
	pike_json_free(list);
}

static void read_access(const uint8_t *data, size_t size)
{
	struct pike_frame_outside o;
	char text[320];

	if (size < sizeof(o))
		return;
	memcpy(&o, data, sizeof(o));
	o.kind[sizeof(o.kind) - 1] = o.place[sizeof(o.place) - 1] = '\0';
	pike_outside_say(text, &o, size & 1 ? "x" : NULL, size);
	CHECK(strlen(text) < sizeof(text));
	CHECK(!strchr(text, '\033'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xmalloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	read_source(text, size);
	read_log(text);
	read_access(data, size);
	free(text);
	return 0;
}
