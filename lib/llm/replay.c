/* SPDX-License-Identifier: Apache-2.0 */
/* replay: recorded exchanges instead of a model. */
#include "llm/llm.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct pike_replay {
	struct recorded {
		struct pike_exchange x;
		bool used;
	} * v;
	size_t n, cap;
};

struct pike_replay *pike_replay_new(void)
{
	return pike_xcalloc(1, sizeof(struct pike_replay));
}

void pike_replay_free(struct pike_replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		pike_exchange_release(&r->v[i].x);
	free(r->v);
	free(r);
}

size_t pike_replay_left(const struct pike_replay *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += !r->v[i].used;
	return n;
}

int pike_replay_add(struct pike_replay *r, const char *line, size_t len,
		    struct pike_err *err)
{
	struct pike_exchange x;
	int ret = pike_exchange_parse(&x, line, len, err);

	if (ret)
		return ret;
	PIKE_GROW(r->v, r->n, r->cap);
	r->v[r->n++] = (struct recorded){ .x = x };
	return 0;
}

int pike_replay_read(struct pike_replay *r, const char *origin,
		     const char *text, size_t len, struct pike_err *err)
{
	size_t number = 0;
	int ret = 0;

	for (const char *p = text, *end = text + len; !ret && p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		number++;
		if (n && *p != '#') /* a word on where they come from */
			ret = pike_replay_add(r, p, n, err);
		if (ret)
			pike_err_prefix(err, "%s:%zu", origin, number);
		p += n + (nl != NULL);
	}
	return ret;
}

static bool fits(const struct pike_exchange *x, const struct pike_ask *ask,
		 bool exactly)
{
	const char *agent = ask->agent ? ask->agent : "";
	const char *key = ask->key ? ask->key : "";

	return !strcmp(x->agent, agent) && (!exactly || !strcmp(x->key, key));
}

const struct pike_exchange *pike_replay_take(struct pike_replay *r,
					     const struct pike_ask *ask)
{
	for (int loose = 0; loose < 2; loose++)
		for (size_t i = 0; i < r->n; i++)
			if (!r->v[i].used && fits(&r->v[i].x, ask, !loose)) {
				r->v[i].used = true;
				return &r->v[i].x;
			}
	return NULL;
}
