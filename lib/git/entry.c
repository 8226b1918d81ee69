/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry: one result reduced to what a generation's trailer says of it:
 * `Pike-Result: OID VERDICT LO MID HI STAGE[@CHAMPION] TIME-ID`.
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIELDS = 7,
	FIELD_MAX = 128
};

int pike_entry_cmp(const void *a, const void *b)
{
	const struct pike_entry_line *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return strcmp(x->id, y->id);
}

void pike_entries_push(struct pike_entry_lines *l,
		       const struct pike_entry_line *e)
{
	PIKE_GROW(l->v, l->n, l->cap);
	l->v[l->n++] = *e;
}

void pike_line_key(git_oid *out, const git_oid *commit, int64_t ts,
		   const char *id)
{
	uint64_t t = (uint64_t)ts * 0x9e3779b97f4a7c15ULL, k;

	*out = *commit;
	/* The time and the id into the tail; a commit id is random enough. */
	k = strtoull(id, NULL, 16) ^ t;
	for (int i = 0; i < 8; i++) {
		out->id[i] ^= (unsigned char)(k >> (8 * i));
		out->id[19 - i] ^= (unsigned char)(k >> (8 * i));
	}
}

bool pike_entry_of(struct pike_entry_line *out, const struct pike_result *res)
{
	char hex[65];
	const char *id = res->id ? res->id : "";

	memset(out, 0, sizeof(*out));
	if (res->stage != PIKE_SCREEN && res->stage != PIKE_CONFIRM)
		return false;
	if (pike_oid_to(&out->commit, &res->commit, NULL) ||
	    res->verdict == PIKE_V_PENDING)
		return false;
	out->stage = res->stage;
	out->score.verdict = res->verdict;
	if (pike_verdict_measured(res->verdict))
		out->score.ratio =
		    res->stage == PIKE_SCREEN ? res->vs_champion : res->vs_base;
	if (res->stage == PIKE_SCREEN)
		out->score.vs =
		    pike_oid_set(&res->champion) ? res->champion : res->base;
	out->ts = res->ts;
	out->settled = -1;
	pike_sha256_hex(hex, id, strlen(id));
	memcpy(out->id, hex, 16);
	return true;
}

/* The latest confirmation by (time, id) counts, whichever came first. */
static void apply_confirm(struct pike_search_ref *s, struct pike_history *h,
			  struct pike_record *r, const struct pike_oid *id,
			  const struct pike_entry_line *e)
{
	size_t i = (size_t)(r - h->recs);
	const struct pike_score was = r->confirm;
	struct pike_stamp *last;

	while (s->nlast <= i) {
		PIKE_GROW(s->last, s->nlast, s->last_cap);
		memset(&s->last[s->nlast++], 0, sizeof(*s->last));
	}
	last = &s->last[i];
	pike_history_apply(h, id, PIKE_CONFIRM, &e->score);
	if (was.verdict == PIKE_V_PENDING || last->ts < e->ts ||
	    (last->ts == e->ts && strcmp(last->id, e->id) < 0)) {
		last->ts = e->ts;
		memcpy(last->id, e->id, sizeof(last->id));
		return;
	}
	pike_history_apply(h, id, PIKE_CONFIRM, &was);
	r->confirms--;
}

static void apply_score(struct pike_search_ref *s, struct pike_history *h,
			const struct pike_oid *id,
			const struct pike_entry_line *e)
{
	struct pike_record *r = pike_history_find(h, id);

	if (r && e->stage == PIKE_CONFIRM)
		apply_confirm(s, h, r, id, e);
	else
		pike_history_apply(h, id, e->stage, &e->score);
}

bool pike_entry_fits(const struct pike_search_ref *s, struct pike_history *h,
		     const struct pike_entry_line *e,
		     const struct pike_result *res)
{
	const struct pike_generation *epoch;
	const struct pike_record *r;
	struct pike_oid id;
	git_oid key;

	if (!pike_oidset_has(&s->own, &e->commit))
		return false;
	pike_line_key(&key, &e->commit, e->ts, e->id);
	if (pike_oidset_has(&s->listed, &key))
		return true;
	pike_oid_from(&id, &e->commit);
	r = pike_history_find(h, &id);
	epoch = pike_history_epoch(h, r);
	if (!r || !epoch)
		return r != NULL;
	if (pike_oid_set(&res->base) && !pike_oid_eq(&res->base, &epoch->base))
		return false;
	return !*epoch->env || !res->env || !*res->env ||
	       !strcmp(epoch->env, res->env);
}

void pike_entry_listed(struct pike_search_ref *s,
		       const struct pike_entry_line *e)
{
	git_oid key;

	pike_line_key(&key, &e->commit, e->ts, e->id);
	pike_oidset_add(&s->listed, &key);
}

void pike_entry_apply(struct pike_search_ref *s, struct pike_history *h,
		      const struct pike_entry_line *e)
{
	struct pike_oid id;
	struct pike_record *r;
	git_oid key;
	bool fresh;

	pike_oid_from(&id, &e->commit);
	pike_line_key(&key, &e->commit, e->ts, e->id);
	fresh = pike_oidset_add(&s->applied, &key);
	if (fresh)
		apply_score(s, h, &id, e);
	if (e->settled >= 0) {
		pike_oidset_add(&s->listed, &key);
		r = pike_history_find(h, &id);
		if (r && r->settled < 0)
			r->settled = e->settled;
	} else if (fresh) {
		pike_entries_push(&s->unlisted, e);
	}
}

void pike_entry_print(struct pike_buf *b, const struct pike_entry_line *e)
{
	char hex[GIT_OID_HEXSZ + 1];
	const double r[] = { e->score.ratio.lo, e->score.ratio.mid,
			     e->score.ratio.hi };

	pike_buf_addf(b, "Pike-Result: %s %s",
		      git_oid_tostr(hex, sizeof(hex), &e->commit),
		      pike_verdict_name(e->score.verdict));
	for (size_t i = 0; i < PIKE_ARRAY_LEN(r); i++) {
		pike_buf_addc(b, ' ');
		pike_trailer_num(b, r[i]);
	}
	pike_buf_addf(b, " %s", pike_stage_name(e->stage));
	if (e->stage == PIKE_SCREEN && pike_oid_set(&e->score.vs))
		pike_buf_addf(b, "@%s", e->score.vs.hex);
	pike_buf_addf(b, " %lld-%s\n", (long long)e->ts, e->id);
}

/* Splits at single spaces; false when there are not exactly FIELDS. */
static bool split(char f[FIELDS][FIELD_MAX], const struct pike_span *v)
{
	const char *p = v->s, *end = v->s + v->n;

	for (int i = 0; i < FIELDS; i++) {
		const char *sp = memchr(p, ' ', (size_t)(end - p));
		size_t n = (size_t)((sp ? sp : end) - p);

		if (n >= FIELD_MAX || (!sp && i != FIELDS - 1))
			return false;
		memcpy(f[i], p, n);
		f[i][n] = '\0';
		p += n + (sp != NULL);
	}
	return p == end;
}

static bool parse_stage(struct pike_entry_line *out, char *f)
{
	char *at = strchr(f, '@');
	int stage;

	if (at)
		*at++ = '\0';
	stage = pike_stage_parse(f);
	if (stage != PIKE_SCREEN && stage != PIKE_CONFIRM)
		return false;
	out->stage = (enum pike_stage)stage;
	if (at && strlen(at) == GIT_OID_HEXSZ)
		memcpy(out->score.vs.hex, at, GIT_OID_HEXSZ + 1);
	return true;
}

static bool parse_id(struct pike_entry_line *out, char *f)
{
	char *dash = strrchr(f, '-');

	if (!dash || strlen(dash + 1) != 16)
		return false;
	*dash++ = '\0';
	memcpy(out->id, dash, 17);
	return pike_parse_i64(f, &out->ts);
}

bool pike_entry_parse(struct pike_entry_line *out, const struct pike_span *v)
{
	char f[FIELDS][FIELD_MAX];
	int verdict;

	memset(out, 0, sizeof(*out));
	if (!split(f, v) || strlen(f[0]) != GIT_OID_HEXSZ ||
	    git_oid_fromstr(&out->commit, f[0]))
		return false;
	verdict = pike_verdict_parse(f[1]);
	if (verdict <= PIKE_V_PENDING)
		return false;
	out->score.verdict = (enum pike_verdict)verdict;
	/* strtod: the trailers of 10^5 candidates are read at a stretch. */
	out->score.ratio.lo = strtod(f[2], NULL);
	out->score.ratio.mid = strtod(f[3], NULL);
	out->score.ratio.hi = strtod(f[4], NULL);
	return parse_stage(out, f[5]) && parse_id(out, f[6]);
}
