/* SPDX-License-Identifier: Apache-2.0 */
/* say: puts what steers a search on its ladder; see steer.c for its shape. */
#include "git/place_priv.h"
#include "git/search_priv.h"

#include <unistd.h>

enum {
	TRIES = 40
};

static void print(struct pike_buf *b, const struct pike_search_ref *s,
		  const struct pike_steer *t)
{
	const char *by = *t->by ? t->by : s->r->author.name;
	const char *word = pike_steer_name(t->word);

	pike_buf_addf(b, "%s: %s by ", s->target, word);
	pike_text_line(b, by, PIKE_STEER_BY_MAX);
	pike_buf_addf(b, "\n\nPike-Steer: %s", word);
	if (*t->text) {
		pike_buf_addc(b, ' ');
		pike_text_line(b, t->text, PIKE_STEER_TEXT_MAX);
	}
	pike_buf_adds(b, "\nPike-By: ");
	pike_text_line(b, by, PIKE_STEER_BY_MAX);
	pike_buf_addc(b, '\n');
	if (t->comment > 0)
		pike_buf_addf(b, "Pike-Comment: %lld/%lld\n",
			      (long long)t->comment, (long long)t->nth);
}

/* Those that are new, one on the other. */
static int write_all(git_oid *top, size_t *n, struct pike_search_ref *s,
		     const struct pike_history *h, const struct pike_steers *v,
		     struct pike_err *err)
{
	int ret = 0;

	*n = 0;
	for (size_t i = 0; !ret && i < v->n; i++) {
		struct pike_buf b;
		git_oid id;

		if (pike_steers_has(&h->steers, &v->v[i]))
			continue;
		pike_buf_init(&b, (size_t)-1);
		print(&b, s, &v->v[i]);
		ret = pike_steer_write(&id, s, b.s, top, err);
		pike_buf_release(&b);
		if (!ret) {
			*top = id;
			++*n;
		}
	}
	return ret;
}

/* All of them by one move: of a comment either all is there or nothing. */
static int climb(size_t *n, struct pike_search_ref *s, struct pike_history *h,
		 const struct pike_steers *v, struct pike_err *err)
{
	git_oid was, top;
	bool ladder;
	int ret = pike_search_fold(h, s, err);

	if (!ret)
		ret = pike_ladder_top(&was, &ladder, s, err);
	if (ret)
		return ret;
	top = was;
	ret = write_all(&top, n, s, h, v, err);
	if (ret || !*n)
		return ret;
	return pike_ref_move(s->r, s->ladder, &top, ladder ? &was : NULL,
			     "pike: steer", err);
}

int pike_search_steer(size_t *n, struct pike_search_ref *s,
		      struct pike_history *h, const struct pike_steers *v,
		      struct pike_err *err)
{
	int fd, ret = pike_repo_lock(&fd, s->r, err);

	*n = 0;
	if (ret)
		return ret;
	for (int i = 0; i < TRIES; i++) {
		ret = climb(n, s, h, v, err);
		if (ret != PIKE_RETRY)
			break;
		pike_jitter(i);
	}
	pike_store_named(s->r);
	close(fd);
	return ret ? ret : pike_search_fold(h, s, err);
}
