/* SPDX-License-Identifier: Apache-2.0 */
/* replay: recorded exchanges instead of a model. */
#include "llm/llm.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX
#define SLOTS (1u << 15)

/* What was recorded of an agent, or of an agent in one situation, in order.
 * Each exchange is in two of these; one that was taken from either is passed
 * over in the other. */
enum {
	EXACT,
	LOOSE,
	WAYS
};
struct queue {
	char *name;
	size_t first, last; /* exchanges; NONE: empty */
	size_t next;	    /* queue with the same hash; NONE: the last */
};
struct recorded {
	struct pike_exchange x;
	size_t next[WAYS];
	bool used;
};
struct pike_replay {
	struct recorded *v;
	size_t n, cap, left;
	struct queue *queues;
	size_t nqueues, queues_cap;
	size_t slots[SLOTS]; /* queue + 1 */
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
	for (size_t i = 0; i < r->nqueues; i++)
		free(r->queues[i].name);
	free(r->queues);
	free(r->v);
	free(r);
}

/* ---- queues ---- */

static size_t slot_of(const char *name)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ULL;
	return (size_t)(h ^ h >> 32) % SLOTS;
}

static struct queue *find(struct pike_replay *r, const char *name)
{
	size_t at = r->slots[slot_of(name)];

	while (at && strcmp(r->queues[at - 1].name, name) != 0)
		at = r->queues[at - 1].next;
	return at ? &r->queues[at - 1] : NULL;
}

static struct queue *find_or_add(struct pike_replay *r, const char *name)
{
	struct queue *q = find(r, name);
	size_t *slot = &r->slots[slot_of(name)];

	if (q)
		return q;
	PIKE_GROW(r->queues, r->nqueues, r->queues_cap);
	q = &r->queues[r->nqueues++];
	*q = (struct queue){ pike_xstrdup(name), NONE, NONE, *slot };
	*slot = r->nqueues;
	return q;
}

static char *name_of(int way, const char *agent, const char *key)
{
	agent = agent ? agent : "";
	return way == LOOSE ? pike_xstrdup(agent)
			    : pike_xasprintf("%s %s", agent, key ? key : "");
}

static void push(struct pike_replay *r, int way, size_t at)
{
	char *name = name_of(way, r->v[at].x.agent, r->v[at].x.key);
	struct queue *q = find_or_add(r, name);

	if (q->first == NONE)
		q->first = at;
	else
		r->v[q->last].next[way] = at;
	q->last = at;
	free(name);
}

static size_t pop(struct pike_replay *r, int way, const struct pike_ask *ask)
{
	char *name = name_of(way, ask->agent, ask->key);
	struct queue *q = find(r, name);
	size_t at = q ? q->first : NONE;

	while (at != NONE && r->v[at].used)
		at = r->v[at].next[way];
	if (q)
		q->first = at == NONE ? NONE : r->v[at].next[way];
	free(name);
	return at;
}

/* ---- what is recorded ---- */

size_t pike_replay_left(const struct pike_replay *r)
{
	return r->left;
}

int pike_replay_add(struct pike_replay *r, const char *line, size_t len,
		    struct pike_err *err)
{
	struct pike_exchange x;
	int ret = pike_exchange_parse(&x, line, len, err);

	if (ret)
		return ret;
	free(x.system);
	free(x.prompt);
	x.system = x.prompt = NULL;
	PIKE_GROW(r->v, r->n, r->cap);
	r->v[r->n] = (struct recorded){ .x = x, .next = { NONE, NONE } };
	for (int way = 0; way < WAYS; way++)
		push(r, way, r->n);
	r->n++;
	r->left++;
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

bool pike_replay_take(struct pike_exchange *out, struct pike_replay *r,
		      const struct pike_ask *ask)
{
	size_t at = pop(r, EXACT, ask);

	if (at == NONE)
		at = pop(r, LOOSE, ask);
	if (at == NONE)
		return false;
	*out = r->v[at].x;
	memset(&r->v[at].x, 0, sizeof(r->v[at].x));
	r->v[at].used = true;
	r->left--;
	return true;
}
