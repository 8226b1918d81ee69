/* SPDX-License-Identifier: Apache-2.0 */
/* request: requests and comments as plain data. */
#include "forge/forge_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void pike_request_release(struct pike_request *q)
{
	free(q->url);
	free(q->title);
	free(q->body);
	free(q->source);
	free(q->target);
	free(q->sha);
	free(q->node);
	pike_strs_release(&q->labels);
	memset(q, 0, sizeof(*q));
}

struct pike_request *pike_requests_add(struct pike_requests *l)
{
	PIKE_GROW(l->v, l->n, l->cap);
	memset(&l->v[l->n], 0, sizeof(l->v[l->n]));
	return &l->v[l->n++];
}

void pike_requests_release(struct pike_requests *l)
{
	for (size_t i = 0; i < l->n; i++)
		pike_request_release(&l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

void pike_comments_add(struct pike_comments *l, int64_t id, int64_t author_id,
		       const char *author, const char *body)
{
	struct pike_comment *c;

	PIKE_GROW(l->v, l->n, l->cap);
	c = &l->v[l->n++];
	c->id = id;
	c->author_id = author_id;
	c->author = pike_xstrdup(author);
	c->body = pike_xstrdup(body);
}

void pike_comments_release(struct pike_comments *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].author);
		free(l->v[i].body);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}

/* A filter that a forge does not know is one that it ignores. */
bool pike_query_takes(const struct pike_query *q, const struct pike_request *r)
{
	return (!q->source || !strcmp(q->source, r->source)) &&
	       (!q->target || !strcmp(q->target, r->target)) &&
	       q->closed == (r->state != PIKE_REQUEST_OPEN);
}
