/* SPDX-License-Identifier: Apache-2.0 */
/* env: in what two environments of measurement differ. */
#include "model/result.h"

#include "base/text.h"

#include <string.h>

enum {
	VALUE_MAX = 120
};

/* What is read from a note may hold anything. */
static void add_value(struct pike_buf *b, const char *s)
{
	struct pike_buf t;

	pike_buf_init(&t, VALUE_MAX);
	pike_sanitize(&t, s, strlen(s));
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] == '\n' || t.s[i] == '\t')
			t.s[i] = ' ';
	pike_buf_add(b, t.s, t.len);
	pike_buf_release(&t);
}

static void add_difference(struct pike_buf *b, bool *any, const char *key,
			   const struct pike_json *was,
			   const struct pike_json *now)
{
	const char *x = pike_json_str(was, key, "?");
	const char *y = pike_json_str(now, key, "?");

	if (!strcmp(x, y))
		return;
	pike_buf_adds(b, *any ? ", " : ": ");
	*any = true;
	add_value(b, key);
	pike_buf_addc(b, ' ');
	add_value(b, x);
	pike_buf_adds(b, " -> ");
	add_value(b, y);
}

void pike_env_difference(struct pike_buf *b, const struct pike_json *was,
			 const struct pike_json *now)
{
	const char *key;
	bool any = false;

	for (size_t i = 0; now && (key = pike_json_key(now, i)); i++)
		add_difference(b, &any, key, was, now);
	for (size_t i = 0; was && (key = pike_json_key(was, i)); i++)
		if (!now || !pike_json_get(now, key))
			add_difference(b, &any, key, was, now);
}
