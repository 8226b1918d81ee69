/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer: what steers a search, as commits of its ladder: one parent, whose tree
 * it keeps, and the trailers Pike-Steer (a word, and for a hint its text, for a
 * pause why), Pike-By and, where a comment said it, Pike-Comment: ID/N.
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* "1234/2": which comment, and which of its words. */
static bool read_place(struct pike_steer *s, const struct pike_span *v)
{
	char *t = pike_xstrndup(v->s, v->n), *slash = strchr(t, '/');
	bool ok = slash && v->n < 40;

	if (ok)
		*slash = '\0';
	ok = ok && pike_parse_i64(t, &s->comment) &&
	     pike_parse_i64(slash + 1, &s->nth) && s->comment > 0 && s->nth > 0;
	if (!ok)
		s->comment = s->nth = 0;
	free(t);
	return ok;
}

static char *line_of(const char *p, size_t n, size_t max)
{
	char *raw = pike_xstrndup(p, n);
	struct pike_buf b;

	pike_buf_init(&b, max);
	pike_text_line(&b, raw, max);
	free(raw);
	return pike_buf_detach(&b);
}

static char *read_by(const struct pike_commit *c)
{
	struct pike_span v = pike_commit_trailer(c, "Pike-By");
	const git_signature *author = git_commit_author(c->c);

	if (v.n || !author || !author->name)
		return line_of(v.s, v.n, PIKE_STEER_BY_MAX);
	return line_of(author->name, strlen(author->name), PIKE_STEER_BY_MAX);
}

/* false: of a word that is not known. */
static bool read_steer(struct pike_steer *out, const struct pike_commit *c)
{
	struct pike_span v = pike_commit_trailer(c, "Pike-Steer");
	struct pike_span place = pike_commit_trailer(c, "Pike-Comment");
	int word = pike_steer_parse(v.s, v.n);
	size_t k;

	memset(out, 0, sizeof(*out));
	if (word < 0)
		return false;
	out->word = (enum pike_steer_word)word;
	k = strlen(pike_steer_name(out->word));
	while (k < v.n && v.s[k] == ' ')
		k++;
	out->text = line_of(v.s + k, v.n - k, PIKE_STEER_TEXT_MAX);
	out->by = read_by(c);
	out->ts = git_commit_time(c->c);
	read_place(out, &place);
	return true;
}

bool pike_steer_fold(struct pike_history *h, const git_oid *id,
		     const struct pike_commit *c, int64_t generation)
{
	struct pike_steer s;

	if (!pike_commit_trailer(c, "Pike-Steer").n)
		return false;
	if (!read_steer(&s, c))
		return true;
	git_oid_tostr(s.id, sizeof(s.id), id);
	s.generation = generation;
	/* Two machines may have read one comment. */
	if (!pike_steers_has(&h->steers, &s))
		pike_steers_push(&h->steers, &s);
	pike_steer_release(&s);
	return true;
}

/* ---- writing ---- */

int pike_steer_write(git_oid *out, struct pike_search_ref *s,
		     const char *message, const git_oid *on,
		     struct pike_err *err)
{
	git_oid tree;
	int ret = pike_commit_tree_id(&tree, s->r, on, err);

	return ret ? ret
		   : pike_commit_write(out, s->r, message, &tree, on, 1, err);
}

/* ---- what a server takes ---- */

static size_t count(const struct pike_commit *c, const char *key)
{
	struct pike_span rest = c->trailers, k, v;
	size_t n = 0;

	while (pike_trailer_next(&rest, &k, &v))
		n += pike_span_is(&k, key);
	return n;
}

/* As it is written: one line, clean, and not too long. */
static bool is_line(const struct pike_span *v, size_t max)
{
	char *t = line_of(v->s, v->n, max);
	bool same = v->n && pike_span_is(v, t);

	free(t);
	return same;
}

static bool keeps_tree(struct pike_repo *r, const struct pike_commit *c)
{
	git_oid parent, tree;

	pike_commit_parent(&parent, c, 0);
	return c->nparents == 1 &&
	       !pike_commit_tree_id(&tree, r, &parent, NULL) &&
	       git_oid_equal(&tree, git_commit_tree_id(c->c));
}

int pike_steer_check(struct pike_repo *r, const struct pike_commit *c,
		     struct pike_err *err)
{
	struct pike_span v = pike_commit_trailer(c, "Pike-Steer");
	struct pike_span by = pike_commit_trailer(c, "Pike-By");
	struct pike_span place = pike_commit_trailer(c, "Pike-Comment");
	size_t places = count(c, "Pike-Comment");
	int word = pike_steer_parse(v.s, v.n);
	const char *what = NULL;
	struct pike_steer s;

	if (count(c, "Pike-Steer") != 1 || count(c, "Pike-By") != 1 ||
	    count(c, "Pike-Rung") || places > 1)
		what = "wants Pike-Steer and Pike-By once, and no rung";
	else if (word < 0 || (word == PIKE_STEER_HINT && v.n < 6))
		what = "wants hint TEXT, pause, resume or stop";
	else if (!is_line(&v, PIKE_STEER_TEXT_MAX + 10) ||
		 !is_line(&by, PIKE_STEER_BY_MAX))
		what = "wants a text and a name of one clean line";
	else if (places && !read_place(&s, &place))
		what = "has a Pike-Comment that is not ID/N";
	else if (!keeps_tree(r, c))
		what = "has one parent, and its tree";
	return what ? pike_fail(err, PIKE_FAILED,
				"a commit that steers %s (Pike-Steer)", what)
		    : 0;
}
