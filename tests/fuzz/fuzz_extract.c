/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: whatever comes, only the declared files change, within bounds, and
 * what is shown to people is one line of clean text. */
#include "base/mem.h"
#include "base/text.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARENT "\xef\xbb\xbfint scale(void);\r\n}\r\n"

static const char *const names[] = { "k/a.c", "k/b.c" };

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_files(const struct pike_files *f)
{
	must(f->n == PIKE_ARRAY_LEN(names));
	must(strcmp(f->v[0].data, PARENT) || strcmp(f->v[1].data, PARENT));
	for (size_t i = 0; i < f->n; i++) {
		must(!memcmp(f->v[i].data, "\xef\xbb\xbf", 3));
		must(!strcmp(f->v[i].path, names[i]));
		must(f->v[i].len <= PIKE_SOURCE_MAX);
		must(strlen(f->v[i].data) == f->v[i].len);
	}
}

static void check_words(const struct pike_extracted *p)
{
	must(strlen(p->summary) <= 72 && !strpbrk(p->summary, "\n\x1b"));
	must(pike_utf8_valid(p->explanation, strlen(p->explanation)));
	must(!strchr(p->explanation, '\x1b'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pike_strs paths = PIKE_STRS_INIT, ideas = PIKE_STRS_INIT;
	struct pike_files parent = { 0 };
	struct pike_extract_opts o = { &paths, &parent, "scale" };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_extracted p;
	const char *text = (const char *)data;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		pike_strs_push(&paths, names[i]);
		pike_files_add(&parent, names[i], PARENT, strlen(PARENT));
	}
	if (!pike_extract(&p, &o, text, size, &err))
		check_files(&p.files);
	else
		must(!p.files.n && *err.text && !strchr(err.text, '\n'));
	if (p.summary)
		check_words(&p);
	pike_extracted_release(&p);
	if (!pike_extract_ideas(&ideas, text, size, 10, &err))
		must(ideas.n && ideas.n <= 10);
	for (size_t i = 0; i < ideas.n; i++)
		must(!strpbrk(ideas.v[i], "\n\x1b"));
	pike_strs_release(&ideas);
	pike_strs_release(&paths);
	pike_files_release(&parent);
	return 0;
}
