/* SPDX-License-Identifier: Apache-2.0 */
/* Prompts with hostile text of a repository, a compiler or a candidate: code
 * and logs stay inside their quotes, words that are not quoted stay on their
 * line. */
#include "base/mem.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* What the form says must stand here; what comes behind it. */
static const char *skip(const char *at, const char *words)
{
	must(!strncmp(at, words, strlen(words)));
	return at + strlen(words);
}

/* One quoted block; its first line that could end it does. */
static const char *skip_quoted(const char *at)
{
	size_t n = strspn(at, "`");

	must(n >= 3);
	do {
		at = strchr(at, '\n');
		must(at != NULL);
		at++;
	} while (strspn(at, "`") < n);
	return at + n;
}

static const char *skip_line(const char *at)
{
	at = strchr(at, '\n');
	must(at != NULL);
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char form[] = "Code: k.c\n{{base}}\n[end]\n"
				   "Log:\n{{log}}\n[end]\n"
				   "Why: {{reason}}\n[end]\n"
				   "On: {{hardware}}\n[end]\n";
	static const struct pike_prompt_forms forms = { .origin = "form",
							.text = form,
							.rules = "none" };
	struct pike_target target = { .name = (char *)"t",
				      .entry = (char *)"f",
				      .precision = PIKE_P_FP32 };
	char *text = pike_xasprintf("x%.*s", (int)size, (const char *)data);
	struct pike_files base = { 0 };
	struct pike_prompt p = { .target = &target,
				 .hardware = text,
				 .arch = "",
				 .compiler = "cc",
				 .base = &base,
				 .reason = text,
				 .log = text };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf out;
	const char *at;

	pike_files_add(&base, "k.c", text, strlen(text));
	pike_buf_init(&out, PIKE_PROMPT_MAX);
	must(!pike_prompt_make(&out, &forms, &p, &err));
	at = skip_quoted(skip(out.s, "Code: k.c\nk.c\n"));
	at = skip_quoted(skip(at, "\n[end]\nLog:\n"));
	at = skip_line(skip(at, "\n[end]\nWhy: "));
	at = skip_line(skip(at, "\n[end]\nOn: "));
	must(!strcmp(at, "\n[end]\n"));
	pike_buf_release(&out);
	pike_files_release(&base);
	free(text);
	return 0;
}
