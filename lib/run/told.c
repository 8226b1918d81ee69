/* SPDX-License-Identifier: Apache-2.0 */
/*
 * told: what a prompt tells of the machine, of the work and its floors, and of
 * what the search has tried. Facts only: what the judge keeps to itself (sizes
 * that are hidden, seeds, how it finds out) is in none of the results that this
 * reads, or is left out by its kind.
 */
#include "run/agents_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/ledger.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below this share of the nearer ceiling it is not that which binds. */
#define FAR 0.5
/* Candidates that a prompt tells of: the line that led to the version, and
 * others. */
#define ANCESTORS 5
#define OTHERS 12
#define SUBJECT_MAX 100

/* ---- what was measured last ---- */

static int find_measured(struct pike_result *out, struct pike_run *run,
			 const struct pike_record *r, struct pike_err *err)
{
	struct pike_result *v = NULL;
	size_t n = 0, found;
	int ret = pike_results_of(&v, &n, run->repo, &r->id, err);

	for (found = n; found > 0; found--)
		if (v[found - 1].ncases && v[found - 1].stage != PIKE_MODEL &&
		    pike_verdict_measured(v[found - 1].verdict))
			break;
	if (!ret && found) {
		*out = v[found - 1];
		pike_result_init(&v[found - 1]);
	}
	for (size_t i = 0; i < n; i++)
		pike_result_release(&v[i]);
	free(v);
	return ret ? ret : !found;
}

int pike_told_measured(struct pike_result *out, struct pike_run *run,
		       struct pike_err *err)
{
	const struct pike_history *h = run->history;

	for (size_t i = h->nrecs; i > 0; i--) {
		const struct pike_record *r = &h->recs[i - 1];

		if (!r->past && (pike_verdict_measured(r->screen.verdict) ||
				 pike_verdict_measured(r->confirm.verdict))) {
			int ret = find_measured(out, run, r, err);

			if (ret != 1)
				return ret;
		}
	}
	return 1;
}

/* ---- the machine ---- */

static double ceiling(const struct pike_result *r, const char *name)
{
	return r ? pike_json_f64(r->extra, name, 0) : 0;
}

void pike_told_machine(struct pike_buf *b, const struct pike_run *run,
		       const struct pike_result *r)
{
	double copy = ceiling(r, "copy_bps"), fma = ceiling(r, "fma_flops");
	double mhz = r ? pike_json_f64(r->resources, "sm_mhz_base", 0) : 0;
	/* Of the machine that measures; the one that asks may be another. */
	const char *card = r ? pike_json_str(r->resources, "card", NULL) : NULL;

	if (card)
		pike_sanitize(b, card, strlen(card));
	else
		pike_device_card(b, &run->dev);
	if (!card && strcmp(run->lane, run->dev.lane) != 0)
		pike_buf_addf(b, "- It is measured on %s%s\n", run->lane,
			      b->len ? "; what stands above is what is built "
				       "for here"
				     : "");
	if (copy > 0)
		pike_buf_addf(b,
			      "- Measured here: a large copy, %.4g GB/s read "
			      "and written\n",
			      copy / 1e9);
	if (fma > 0)
		pike_buf_addf(b,
			      "- Measured here: independent FMA in f32, %.4g "
			      "GFLOP/s\n",
			      fma / 1e9);
	if (mhz > 0)
		pike_buf_addf(b,
			      "- Measured here: a clock of %.0f MHz while "
			      "the base ran\n",
			      mhz);
}

/* ---- the work ---- */

/* Of one case; 0 where it is not known. */
struct work {
	double bytes, flops, memory_ns, compute_ns, base_ns, cand_ns;
};

static double amount(const struct pike_expr *e, const struct pike_case *c)
{
	struct pike_case sizes = *c;
	int64_t v;

	if (!e || pike_expr_eval(&v, e, pike_case_lookup, &sizes, NULL))
		return 0;
	return (double)v;
}

static void reckon(struct work *w, const struct pike_target *t, size_t at,
		   const struct pike_result *r)
{
	const struct pike_case *c = &t->cases[at];
	double copy = ceiling(r, "copy_bps"), fma = ceiling(r, "fma_flops");

	*w = (struct work){ .bytes = amount(t->bytes, c),
			    .flops = amount(t->flops, c) };
	if (copy > 0)
		w->memory_ns = w->bytes / copy * 1e9;
	if (fma > 0)
		w->compute_ns = w->flops / fma * 1e9;
	for (size_t i = 0; r && i < r->ncases; i++)
		if (!strcmp(r->cases[i].name, c->text)) {
			w->base_ns = (double)r->cases[i].base_ns;
			w->cand_ns = (double)r->cases[i].cand_ns;
		}
}

static void add_time(struct pike_buf *b, const char *before, double ns,
		     const char *behind)
{
	char text[32];

	if (ns > 0)
		pike_buf_addf(b, "%s%s%s", before, pike_human_ns(text, ns),
			      behind);
}

static void add_work(struct pike_buf *b, const struct pike_case *c,
		     const struct work *w)
{
	double floor = fmax(w->memory_ns, w->compute_ns);

	if (!(w->bytes > 0 || w->flops > 0 || w->base_ns > 0))
		return;
	pike_buf_addf(b, "- %s:", c->text);
	if (w->bytes > 0)
		pike_buf_addf(b, " %.4g MB to move at least;", w->bytes / 1e6);
	add_time(b, " ", w->memory_ns, " at the copy bandwidth;");
	if (w->flops > 0)
		pike_buf_addf(b, " %.4g MFLOP;", w->flops / 1e6);
	add_time(b, " ", w->compute_ns, " at the f32 FMA peak;");
	add_time(b, " the base takes ", w->base_ns, "");
	if (w->base_ns > 0 && floor > 0)
		pike_buf_addf(b, ", of which that floor is %.0f %%",
			      100 * floor / w->base_ns);
	if (b->s[b->len - 1] == ';')
		b->s[--b->len] = '\0';
	pike_buf_addc(b, '\n');
}

/* By the first case, and the time of what is to be changed. */
static unsigned bounds_of(const struct work *w, double now_ns)
{
	bool memory = w->memory_ns >= w->compute_ns;
	double floor = memory ? w->memory_ns : w->compute_ns;
	unsigned bits = 1u << (memory ? PIKE_BOUND_MEMORY : PIKE_BOUND_COMPUTE);

	if (!(floor > 0))
		return 0;
	if (now_ns > 0 && floor < FAR * now_ns)
		bits |= 1u << PIKE_BOUND_LATENCY;
	return bits;
}

void pike_told_work(struct pike_buf *b, unsigned *bounds,
		    const struct pike_run *run, const struct pike_result *r,
		    const struct pike_result *parent)
{
	static const char *const nearest[] = { "memory", "arithmetic" };
	struct work w, now;

	*bounds = 0;
	for (size_t i = 0; i < run->target->ncases; i++) {
		reckon(&w, run->target, i, r);
		add_work(b, &run->target->cases[i], &w);
		if (i)
			continue;
		reckon(&now, run->target, i, parent);
		*bounds =
		    bounds_of(&w, now.cand_ns > 0 ? now.cand_ns : w.base_ns);
	}
	if (*bounds)
		pike_buf_addf(b, "- The nearer ceiling is that of %s%s\n",
			      nearest[!(*bounds & 1u << PIKE_BOUND_MEMORY)],
			      *bounds & 1u << PIKE_BOUND_LATENCY
				  ? ", and it is far: latency, too little work "
				    "at a time, or more traffic than is needed"
				  : "");
}

/* ---- what was tried ---- */

static void add_outcome(struct pike_buf *b, const struct pike_record *r)
{
	bool confirmed = r->confirm.verdict != PIKE_V_PENDING;
	enum pike_verdict v =
	    confirmed ? r->confirm.verdict : r->screen.verdict;

	if (pike_verdict_measured(v) && isfinite(r->score))
		pike_buf_addf(b, "%.2fx over the base%s", exp(r->score),
			      confirmed ? ", confirmed" : "");
	else
		pike_buf_adds(b, pike_verdict_words(v));
}

/* "- what was tried: what came of it". The subject is "TARGET: what". */
static int add_tried(struct pike_buf *b, struct pike_run *run,
		     const struct pike_record *r, struct pike_err *err)
{
	char *text = NULL, *subject;
	size_t skip = strlen(run->target->name) + 2;
	int ret = pike_repo_message(&text, run->repo, &r->id, err);

	if (ret)
		return ret;
	subject = strlen(text) > skip ? text + skip : text;
	pike_buf_adds(b, "- ");
	pike_cut(b, subject, SUBJECT_MAX);
	pike_buf_adds(b, ": ");
	add_outcome(b, r);
	pike_buf_addc(b, '\n');
	free(text);
	return 0;
}

static const struct pike_record *parent_of(struct pike_run *run,
					   const struct pike_record *r)
{
	return r && r->nparents
		   ? pike_history_find(run->history, &r->parents[0])
		   : NULL;
}

static bool among(const struct pike_record *const *v, size_t n,
		  const struct pike_record *r)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == r)
			return true;
	return false;
}

/* The line of `r`, itself first. */
static size_t line_of(const struct pike_record *out[ANCESTORS],
		      struct pike_run *run, const struct pike_record *r)
{
	size_t n = 0;

	for (; r && n < ANCESTORS; r = parent_of(run, r))
		out[n++] = r;
	return n;
}

/* Of a child, of a sibling, of others: nearer ones are told first. */
static int distance(struct pike_run *run, const struct pike_record *r,
		    const struct pike_record *from)
{
	const struct pike_record *parent = parent_of(run, r);

	if (parent == from)
		return 0;
	return parent == parent_of(run, from) ? 1 : 2;
}

#define DISTANCES 3

static int add_others(struct pike_buf *b, struct pike_run *run,
		      const struct pike_record *const *line, size_t n,
		      struct pike_err *err)
{
	const struct pike_history *h = run->history;
	size_t left = OTHERS;
	int ret = 0;

	for (int d = 0; d < DISTANCES; d++)
		for (size_t i = h->nrecs; !ret && left && i > 0; i--) {
			const struct pike_record *r = &h->recs[i - 1];

			if (!pike_record_is_candidate(r) || among(line, n, r) ||
			    distance(run, r, n ? line[0] : NULL) != d)
				continue;
			if (left-- == OTHERS)
				pike_buf_adds(b, "Others, the nearest and "
						 "latest first:\n");
			ret = add_tried(b, run, r, err);
		}
	return ret;
}

int pike_told_tried(struct pike_buf *b, struct pike_run *run,
		    const struct pike_oid *version, struct pike_err *err)
{
	const struct pike_record *line[ANCESTORS];
	size_t n = line_of(line, run, pike_history_find(run->history, version));
	int ret = 0;

	if (n)
		pike_buf_adds(b, "This version, and what it was made from:\n");
	for (size_t i = 0; !ret && i < n; i++)
		ret = add_tried(b, run, line[i], err);
	return ret ? ret : add_others(b, run, line, n, err);
}
