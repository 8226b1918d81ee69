/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the taking apart of other people's CUDA: of a file, and of a header
 * behind a line of `//header`. What stays has no kernel any more and can be
 * read again; what is said of it fits one line. */
#include "base/mem.h"
#include "model/split.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rest(const char *text)
{
	struct pike_split_file f = {
		.path = "a.cu", .text = text, .name = "a.cu", .device_name = "k"
	};
	struct pike_strs notes = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;

	if (!pike_split(&f, 1, "k", &notes, &err) ||
	    !strstr(err.text, "no `__global__"))
		abort();
	pike_strs_release(&notes);
}

static void check(const struct pike_split_file *f, const struct pike_strs *n)
{
	if (!f->device || !f->rest || !strstr(f->device, "#pragma once") ||
	    !strstr(f->rest, "#include \"k.cu\"\n"))
		abort();
	check_rest(f->rest);
	for (size_t i = 0; i < n->n; i++)
		if (strchr(n->v[i], '\n'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);
	char *header = strstr(text, "\n//header\n");
	struct pike_split_file f[] = {
		{ .path = "a/a.cu",
		  .text = text,
		  .name = "a.cu",
		  .device_name = "k.cu" },
		{ .path = "b/b.h",
		  .name = "../b/b.h",
		  .device_name = "../b/b_device.cuh" },
	};
	struct pike_strs notes = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;

	if (header) {
		*header = '\0';
		f[1].text = header + 1;
	}
	if (!pike_split(f, header ? 2 : 1, "k", &notes, &err))
		check(&f[0], &notes);
	else if (!*err.text)
		abort();
	pike_split_file_release(&f[0]);
	pike_split_file_release(&f[1]);
	pike_strs_release(&notes);
	free(text);
	return 0;
}
