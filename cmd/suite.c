/* SPDX-License-Identifier: Apache-2.0 */
/* suite: see suite.h. */
#include "suite.h"

#include "base/archive.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 5000
#define FILE_MAX (1 << 20)
/* Entries of any kind: a folder may be somebody's home. */
#define ENTRIES_MAX 200000

void pike_suite_release(struct pike_suite *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].text);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static bool wants(void *ctx, const char *name)
{
	struct pike_task t;

	(void)ctx;
	return pike_task_of(&t, name);
}

static int take(void *ctx, const char *name, char *text, size_t len,
		struct pike_err *err)
{
	struct pike_suite *s = ctx;
	struct pike_suite_file f = { .text = text, .len = len };

	if (s->n >= FILES_MAX) {
		free(text);
		return pike_fail(err, PIKE_FAILED,
				 "more than %d tasks: name the folder of a "
				 "level",
				 FILES_MAX);
	}
	pike_task_of(&f.task, name);
	f.unfit = !f.task.plain ? "its name cannot be a path in a configuration"
		  : len >= FILE_MAX	? "the file is larger than 1 MiB"
		  : strlen(text) != len ? "the file is not text"
					: pike_task_lacks(text);
	PIKE_GROW(s->v, s->n, s->cap);
	s->v[s->n++] = f;
	return 0;
}

static int by_number(const void *x, const void *y)
{
	const struct pike_task *a = &((const struct pike_suite_file *)x)->task;
	const struct pike_task *b = &((const struct pike_suite_file *)y)->task;
	int by = strcmp(a->level, b->level);

	if (!by)
		by = (a->number > b->number) - (a->number < b->number);
	if (!by)
		by = strcmp(a->name, b->name);
	return by ? by : strcmp(a->title, b->title);
}

static bool has(const struct pike_suite *s, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s->v[i].task.name, name))
			return true;
	return false;
}

/* Two files may be called alike but for what a target's name cannot hold. */
static void rename_twin(const struct pike_suite *s, size_t at)
{
	struct pike_task *t = &s->v[at].task;
	size_t most = sizeof(t->name) - 5, len = strlen(t->name);

	if (len > most)
		len = most;
	for (int i = 2; has(s, at, t->name) && i < 1000; i++)
		snprintf(t->name + len, sizeof(t->name) - len, "-%d", i);
}

int pike_suite_read(struct pike_suite *out, const char *path,
		    struct pike_err *err)
{
	struct pike_archive_reader r = { .ctx = out,
					 .wants = wants,
					 .take = take,
					 .most = FILE_MAX,
					 .entries = ENTRIES_MAX };
	int ret;

	memset(out, 0, sizeof(*out));
	ret = pike_archive_read(path, &r, err);
	if (!ret && !out->n)
		ret = pike_fail(err, PIKE_FAILED,
				"no task in '%s': files of a suite lie in "
				"folders named level1, level2, ... and end in "
				".py",
				path);
	if (ret) {
		pike_suite_release(out);
		return ret;
	}
	/* In whatever order the files came, the names are the same. */
	qsort(out->v, out->n, sizeof(*out->v), by_number);
	for (size_t i = 0; i < out->n; i++)
		rename_twin(out, i);
	return 0;
}
