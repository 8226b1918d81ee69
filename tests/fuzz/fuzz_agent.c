/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent says: of a call for the judge no more is taken than the files
 * that may change, whole; of what it prints no figure is nonsense. */
#include "base/mem.h"
#include "llm/llm.h"
#include "sandbox/agent.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void call(const char *text, size_t len)
{
	struct pike_strs edits = PIKE_STRS_INIT;
	struct pike_files files = { .n = 0 };
	struct pike_err err = PIKE_ERR_INIT;
	bool json;

	pike_strs_push(&edits, "a");
	pike_strs_push(&edits, "k/b.c");
	if (pike_call_read(&files, &json, &edits, text, len, &err))
		must(*err.text != '\0');
	else
		must(files.n == 2 && files.v[0].len <= PIKE_LEFT_MAX &&
		     strcmp(files.v[0].path, files.v[1].path) != 0);
	pike_files_release(&files);
	pike_strs_release(&edits);
}

static void print(const char *text, size_t len)
{
	struct pike_answer a = { .text = NULL };
	char *said = pike_xstrndup(text, len);

	free(pike_answer_printed(&a, said));
	must(a.tokens_in >= 0 && a.tokens_in < (int64_t)1 << 41);
	must(a.tokens_out >= 0 && a.tokens_out < (int64_t)1 << 41);
	must(a.usd >= 0 && a.usd <= 1e6);
	free(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	call((const char *)data, size);
	print((const char *)data, size);
	return 0;
}
