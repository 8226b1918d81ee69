/* SPDX-License-Identifier: Apache-2.0 */
/* lesson_rank: which lessons are told, and in what order. */
#include "model/lesson.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Letters of an idea, and of what was done. */
#define IDEA_MAX 200
#define TRIED_MAX 120
#define ENTRY_MAX 1024
/* More than any prompt has room for. */
#define TOLD_MAX 256

/* A lesson with what it is ranked by. */
struct pick {
	const struct pike_lesson *l;
	uint64_t idea;
	bool own, past, gain;
	size_t times; /* that this idea came to this */
};

/* ---- what is looked at ---- */

/* Capitals, blanks and signs make no other idea of it. FNV-1a (Fowler, Noll,
 * Vo), since it is compared and nothing more. */
static uint64_t idea_of(const struct pike_lesson *l)
{
	const char *s = *l->idea ? l->idea : l->tried;
	uint64_t h = 14695981039346656037u;

	for (; *s; s++)
		if (isalnum((unsigned char)*s) || (unsigned char)*s > 127)
			h = (h ^ (uint64_t)tolower((unsigned char)*s)) *
			    1099511628211u;
	return h;
}

/* What would be repeated: it fails whoever tries it. */
static bool fails(const struct pike_lesson *l)
{
	static const bool yes[PIKE_V_COUNT] = {
		[PIKE_V_WRONG] = true,
		[PIKE_V_BUILD] = true,
		[PIKE_V_CRASH] = true,
		[PIKE_V_TIMEOUT] = true,
	};

	return yes[l->verdict];
}

static bool gains(const struct pike_lesson *l)
{
	return l->stage == PIKE_CONFIRM && l->verdict == PIKE_V_FASTER &&
	       l->gain.lo > 1;
}

/* Of the nearer ceiling, as far as both know it. */
static bool same_ceiling(unsigned a, unsigned b)
{
	const unsigned nearer =
	    1u << PIKE_BOUND_MEMORY | 1u << PIKE_BOUND_COMPUTE;

	a &= nearer;
	b &= nearer;
	return !a || !b || a & b;
}

static bool concerns(const struct pike_lesson *l,
		     const struct pike_lesson_view *w)
{
	if (strcmp(l->run, w->run) != 0 || (!*l->idea && !*l->tried))
		return false;
	return !strcmp(l->target, w->target) ||
	       (!strcmp(l->backend, w->backend) && !strcmp(l->lane, w->lane) &&
		same_ceiling(l->bounds, w->bounds));
}

/* ---- one for a candidate ---- */

/* Of one commit the one that says most comes first: a confirmation, then what
 * is later. All lines of a target stand together, the last epoch first. */
static int by_commit(const void *a, const void *b)
{
	const struct pike_lesson *x = ((const struct pick *)a)->l;
	const struct pike_lesson *y = ((const struct pick *)b)->l;
	int c = strcmp(x->target, y->target);

	if (!c)
		c = strcmp(x->lane, y->lane);
	if (!c)
		c = (y->epoch > x->epoch) - (y->epoch < x->epoch);
	if (!c)
		c = strcmp(x->commit.hex, y->commit.hex);
	if (!c)
		c = (int)y->stage - (int)x->stage;
	if (!c)
		c = (y->ts > x->ts) - (y->ts < x->ts);
	if (!c)
		c = (int)x->verdict - (int)y->verdict;
	return c;
}

static bool same_search(const struct pike_lesson *a,
			const struct pike_lesson *b)
{
	return !strcmp(a->target, b->target) && !strcmp(a->lane, b->lane);
}

/* Of our own search we know the epoch; of another, that nothing is later than
 * what is known of it. */
static size_t choose(struct pick *p, size_t n, const struct pike_lesson_view *w)
{
	const struct pike_lesson *last = NULL;
	int64_t epoch = 0;
	size_t kept = 0;

	qsort(p, n, sizeof(*p), by_commit);
	for (size_t i = 0; i < n; i++) {
		const struct pike_lesson *l = p[i].l;
		struct pick k = { .l = l, .idea = idea_of(l) };

		if (!last || !same_search(l, last))
			epoch = l->epoch;
		if (last && pike_oid_eq(&l->commit, &last->commit))
			continue;
		last = l;
		k.own = !strcmp(l->target, w->target);
		k.past = l->epoch < (k.own ? w->epoch : epoch) ||
			 strcmp(l->lane, w->lane) != 0 ||
			 (*l->env && *w->env && strcmp(l->env, w->env) != 0);
		k.gain = gains(l);
		p[kept] = k;
		kept += k.gain || fails(l);
	}
	return kept;
}

/* ---- how often ---- */

static int by_idea(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	if (x->idea != y->idea)
		return x->idea < y->idea ? -1 : 1;
	if (x->l->verdict != y->l->verdict)
		return x->l->verdict < y->l->verdict ? -1 : 1;
	return strcmp(x->l->target, y->l->target);
}

static void count(struct pick *p, size_t n)
{
	qsort(p, n, sizeof(*p), by_idea);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && !by_idea(&p[i], &p[k]);)
			k++;
		for (size_t j = i; j < k; j++)
			p[j].times = k - i;
	}
}

/* ---- the order ---- */

static int by_worth(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	if (x->own != y->own)
		return x->own ? -1 : 1;
	if (x->past != y->past)
		return x->past ? 1 : -1;
	if (x->gain != y->gain)
		return x->gain ? -1 : 1;
	if (x->gain && x->l->gain.mid != y->l->gain.mid)
		return x->l->gain.mid > y->l->gain.mid ? -1 : 1;
	if (!x->gain && x->times != y->times)
		return x->times > y->times ? -1 : 1;
	if (x->l->ts != y->l->ts)
		return x->l->ts > y->l->ts ? -1 : 1;
	return strcmp(x->l->commit.hex, y->l->commit.hex);
}

/* ---- in words ---- */

static void add_cut(struct pike_buf *b, const char *s, size_t max)
{
	size_t len = strlen(s), n = pike_cut_text(s, len, max);

	pike_buf_add(b, s, n);
	if (n < len)
		pike_buf_adds(b, "...");
}

static void add_what(struct pike_buf *b, const struct pike_lesson *l)
{
	add_cut(b, *l->idea ? l->idea : l->tried, IDEA_MAX);
	if (*l->idea && *l->tried && strcmp(l->idea, l->tried) != 0) {
		pike_buf_adds(b, " (");
		add_cut(b, l->tried, TRIED_MAX);
		pike_buf_adds(b, ")");
	}
}

static void add_changed(struct pike_buf *b, const struct pike_lesson *l)
{
	int64_t added = 0, deleted = 0;

	for (size_t i = 0; i < l->nfiles; i++) {
		added += l->files[i].added;
		deleted += l->files[i].deleted;
	}
	if (l->nfiles)
		pike_buf_addf(b, "; lines +%lld -%lld", (long long)added,
			      (long long)deleted);
}

static void print(struct pike_buf *b, const struct pick *p)
{
	const struct pike_lesson *l = p->l;

	pike_buf_adds(b, "- ");
	if (!p->own)
		pike_buf_addf(b, "`%s`: ", l->target);
	add_what(b, l);
	pike_buf_adds(b, ": ");
	pike_lesson_outcome(b, l);
	if (!p->gain && p->times > 1)
		pike_buf_addf(b, ", %zu times", p->times);
	if (p->gain) {
		pike_lesson_bounds(b, l->bounds);
		add_changed(b, l);
	}
	if (p->past)
		pike_buf_adds(b, "; of an earlier base or another machine");
	pike_buf_addc(b, '\n');
}

/* Those of the other targets begin with a line of their own. */
static bool add(struct pike_buf *b, const struct pick *p, bool first_other,
		size_t room)
{
	struct pike_buf line;
	bool fits;

	pike_buf_init(&line, ENTRY_MAX);
	if (first_other)
		pike_buf_adds(&line, "Of similar targets:\n");
	print(&line, p);
	fits = !line.full && line.len <= room;
	if (fits)
		pike_buf_add(b, line.s, line.len);
	pike_buf_release(&line);
	return fits;
}

static size_t tell(struct pike_buf *b, const struct pick *p, size_t n,
		   size_t room)
{
	uint64_t told[TOLD_MAX];
	size_t ntold = 0, before = b->len;
	bool other = false;

	for (size_t i = 0; i < n && ntold < TOLD_MAX; i++) {
		size_t k = 0;

		while (k < ntold && told[k] != p[i].idea)
			k++;
		if (k < ntold)
			continue;
		if (!add(b, &p[i], !p[i].own && !other,
			 room - (b->len - before)))
			break;
		other = other || !p[i].own;
		told[ntold++] = p[i].idea;
	}
	return ntold;
}

size_t pike_lessons_tell(struct pike_buf *b, const struct pike_lesson *v,
			 size_t n, const struct pike_lesson_view *w,
			 size_t room)
{
	struct pick *p = pike_xcalloc(n + 1, sizeof(*p));
	size_t k = 0, told;

	for (size_t i = 0; i < n; i++)
		if (concerns(&v[i], w))
			p[k++].l = &v[i];
	k = choose(p, k, w);
	count(p, k);
	qsort(p, k, sizeof(*p), by_worth);
	told = tell(b, p, k, room);
	free(p);
	return told;
}
