/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a lesson note: what is read can be printed, fits, and reads back the
 * same; and what is told of it is whole lines within their room. */
#include "base/buf.h"
#include "base/text.h"
#include "model/lesson.h"

#include <stdlib.h>
#include <string.h>

enum {
	MANY = 16,
	ROOM = 2000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void round_trip(const struct pike_lesson *l)
{
	struct pike_lesson m;
	struct pike_buf a, b;

	pike_buf_init(&a, 1 << 20);
	pike_buf_init(&b, 1 << 20);
	pike_lesson_print(&a, l);
	must(a.len <= 65536 && !memchr(a.s, '\n', a.len));
	must(!pike_lesson_parse(&m, a.s, a.len, NULL));
	pike_lesson_print(&b, &m);
	must(!strcmp(a.s, b.s));
	pike_lesson_release(&m);
	pike_buf_release(&a);
	pike_buf_release(&b);
}

static void tell(const struct pike_lesson *v, size_t n)
{
	const struct pike_lesson_view w = { .target = "scale",
					    .backend = "cpu",
					    .lane = "cpu",
					    .run = "",
					    .env = "e",
					    .epoch = 1 };
	struct pike_buf b;
	size_t told, lines = 0;

	pike_buf_init(&b, 1 << 20);
	told = pike_lessons_tell(&b, v, n, &w, ROOM);
	must(told <= n && b.len <= ROOM && pike_utf8_valid(b.s, b.len));
	for (const char *p = b.s; *p; p = strchr(p, '\n') + 1) {
		must(strchr(p, '\n') != NULL);
		lines += pike_starts_with(p, "- ");
	}
	must(lines == told);
	pike_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pike_lesson v[MANY];
	const char *p = (const char *)data, *end = p + size;
	size_t n = 0;

	while (p < end && n < MANY) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);

		if (!pike_lesson_parse(&v[n], p, len, NULL))
			round_trip(&v[n++]);
		p += len + 1;
	}
	tell(v, n);
	for (size_t i = 0; i < n; i++)
		pike_lesson_release(&v[i]);
	return 0;
}
