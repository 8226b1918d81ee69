/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lessons: what each candidate teaches, when its generation is closed, and
 * what of that, and of the people's own .pike/lessons.md, a prompt tells.
 */
#include "run/agents_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/ledger.h"
#include "model/profile.h"

#include <stdlib.h>
#include <string.h>

#define FILE_PATH ".pike/lessons.md"
/* Below this share of the nearer ceiling it is not that which binds. */
#define FAR 0.5

/* ---- of a candidate ---- */

static enum pike_stage stage_of(const struct pike_record *r)
{
	return r->confirm.verdict != PIKE_V_PENDING ? PIKE_CONFIRM
						    : PIKE_SCREEN;
}

/* As the record was folded: the last confirmation, else the first screen; `n`:
 * none. */
static size_t result_of(const struct pike_record *r,
			const struct pike_result *v, size_t n)
{
	enum pike_stage stage = stage_of(r);
	const struct pike_score *s =
	    stage == PIKE_CONFIRM ? &r->confirm : &r->screen;
	size_t found = n;

	for (size_t i = 0; i < n; i++) {
		if (v[i].stage != stage || v[i].verdict != s->verdict)
			continue;
		if (found == n || stage == PIKE_CONFIRM)
			found = i;
	}
	return found;
}

static double share(const struct pike_result *r, const char *rate,
		    const char *peak)
{
	double most = pike_json_f64(r->extra, peak, 0);

	return most > 0 ? pike_json_f64(r->extra, rate, 0) * 1e9 / most : 0;
}

/* Of what takes the longest, where a profiler has looked at it. */
static void profiled(double *memory, double *compute,
		     const struct pike_result *r)
{
	const struct pike_json *list =
	    pike_json_get(pike_json_get(r->resources, "profile"), "launches");
	size_t n = list ? pike_json_len(list) : 0;
	double longest = 0;

	for (size_t i = 0; i < n; i++) {
		const struct pike_json *at = pike_json_at(list, i);
		double ns = pike_json_f64(at, PIKE_METRIC_TIME, 0);

		if (ns <= longest)
			continue;
		longest = ns;
		*memory = pike_json_f64(at, PIKE_METRIC_DRAM, 0) / 100;
		*compute = pike_json_f64(at, PIKE_METRIC_SM, 0) / 100;
	}
}

/* By what was measured of it, of which nothing is known of what failed. */
static unsigned bounds_of(const struct pike_result *r)
{
	double memory = share(r, "gbps", "copy_bps");
	double compute = share(r, "gflops", "fma_flops");
	unsigned bits;

	if (!(memory > 0 || compute > 0))
		profiled(&memory, &compute, r);
	if (!(memory > 0 || compute > 0))
		return 0;
	bits =
	    1u << (memory >= compute ? PIKE_BOUND_MEMORY : PIKE_BOUND_COMPUTE);
	if (memory < FAR && compute < FAR)
		bits |= 1u << PIKE_BOUND_LATENCY;
	return bits;
}

/* The lines of a unified diff that are no head of it. */
static void count_lines(int64_t *added, int64_t *deleted, const char *diff)
{
	const char *p = strstr(diff, "\n@@");

	for (p = p ? p + 1 : ""; *p; p += *p == '\n') {
		*added += *p == '+';
		*deleted += *p == '-';
		p += strcspn(p, "\n");
	}
}

static int add_changes(struct pike_lesson *l, struct pike_run *run,
		       const struct pike_record *r, struct pike_err *err)
{
	const struct pike_strs *sources = &run->target->sources;
	int ret = 0;

	for (size_t i = 0; !ret && r->nparents && i < sources->n; i++) {
		const struct pike_strs one = { &sources->v[i], 1, 1 };
		int64_t added = 0, deleted = 0;
		struct pike_buf diff;

		pike_buf_init(&diff, (size_t)-1);
		ret = pike_repo_difference(&diff, run->repo, &r->parents[0],
					   &r->id, &one, err);
		count_lines(&added, &deleted, diff.s);
		if (added || deleted)
			pike_lesson_file_add(l, one.v[0], added, deleted);
		l->diff += (int64_t)diff.len;
		pike_buf_release(&diff);
	}
	return ret;
}

/* Its subject is "TARGET: what was tried"; of what was carried to a new base
 * it says that alone. */
static int add_tried(struct pike_lesson *l, struct pike_run *run,
		     const struct pike_record *r, struct pike_err *err)
{
	size_t skip = strlen(run->target->name) + 2, n;
	char *text = NULL;
	int ret;

	if (r->again)
		return 0;
	ret = pike_repo_message(&text, run->repo, &r->id, err);
	if (ret)
		return ret;
	n = strcspn(text, "\n");
	text[n] = '\0';
	l->tried = pike_xstrdup(text + (n > skip ? skip : 0));
	free(text);
	return 0;
}

/* Names as they may be, whatever a result says. */
static char *slug(const char *s)
{
	char name[65] = "";

	if (s && *s)
		pike_slug(name, s);
	return pike_xstrdup(name);
}

static void set_world(struct pike_lesson *l, const struct pike_run *run,
		      const struct pike_record *r,
		      const struct pike_result *res)
{
	const struct pike_generation *epoch =
	    pike_history_epoch(run->history, r);

	l->target = pike_xstrdup(run->target->name);
	l->backend = pike_xstrdup(run->target->backend);
	l->lane = pike_xstrdup(run->lane);
	l->run = pike_xstrdup(run->o.run ? run->o.run : "");
	l->agent = pike_xstrdup(r->agent->name);
	l->env = slug(res ? res->env : NULL);
	l->base = epoch->base;
	l->epoch = epoch->number;
	l->generation = r->generation;
	l->ts = res ? res->ts : 0;
	l->bounds = res ? bounds_of(res) : 0;
}

static int make(struct pike_lesson *l, struct pike_run *run,
		const struct pike_record *r, const struct pike_result *res,
		struct pike_err *err)
{
	const struct pike_score *s =
	    stage_of(r) == PIKE_CONFIRM ? &r->confirm : &r->screen;
	int ret;

	l->commit = r->id;
	if (r->nparents)
		l->parent = r->parents[0];
	l->stage = stage_of(r);
	l->verdict = s->verdict;
	l->gain = s->ratio;
	l->idea = pike_xstrdup(pike_run_idea(run->history, r));
	set_world(l, run, r, res);
	ret = add_tried(l, run, r, err);
	return ret ? ret : add_changes(l, run, r, err);
}

static int lesson_of(struct pike_buf *line, void *ctx,
		     const struct pike_oid *commit, struct pike_err *err)
{
	struct pike_run *run = ctx;
	const struct pike_record *r = pike_history_find(run->history, commit);
	struct pike_lesson l = { .diff = 0 };
	struct pike_result *res = NULL;
	size_t n = 0, at;
	int ret;

	if (!r || !pike_record_is_candidate(r))
		return 0;
	ret = pike_results_of(&res, &n, run->repo, commit, err);
	at = result_of(r, res, n);
	if (!ret)
		ret = make(&l, run, r, at < n ? &res[at] : NULL, err);
	if (!ret)
		pike_lesson_print(line, &l);
	pike_lesson_release(&l);
	for (size_t i = 0; i < n; i++)
		pike_result_release(&res[i]);
	free(res);
	return ret;
}

void pike_run_teach(struct pike_close *c, struct pike_run *run)
{
	c->lesson = lesson_of;
	c->ctx = run;
}

/* ---- in prompts ---- */

static int tell_computed(struct pike_context *c, struct pike_run *run,
			 struct pike_err *err)
{
	const struct pike_generation *epoch =
	    pike_history_epoch(run->history, NULL);
	char *env = slug(epoch->env);
	const struct pike_lesson_view w = {
		.target = run->target->name,
		.backend = run->target->backend,
		.lane = run->lane,
		.run = run->o.run ? run->o.run : "",
		.env = env,
		.epoch = epoch->number,
		.bounds = c->p.bounds,
	};
	size_t room = (size_t)run->settings->lessons * PIKE_CHARS_PER_TOKEN;
	int ret = pike_lessons_read(&run->lessons, run->repo, err);

	if (!ret)
		pike_lessons_tell(&c->lessons, run->lessons.v, run->lessons.n,
				  &w, room);
	free(env);
	return ret;
}

static void add_file(struct pike_context *c, struct pike_run *run,
		     const struct pike_file *f)
{
	size_t room =
	    (size_t)run->settings->lessons_file * PIKE_CHARS_PER_TOKEN;
	size_t n = pike_cut_text(f->data, f->len, room);

	pike_sanitize(&c->lessons_file, f->data, n);
	if (n == f->len)
		return;
	pike_buf_addf(
	    &c->lessons_file, "%s(the last %zu of %zu bytes are left out)\n",
	    n && f->data[n - 1] == '\n' ? "" : "\n", f->len - n, f->len);
	if (!run->said_lessons)
		pike_warn("the last %zu of %zu bytes of " FILE_PATH
			  " are in no prompt; shorten it, or raise "
			  "pike.lessons-file",
			  f->len - n, f->len);
	run->said_lessons = true;
}

/* As it is on the base branch now: what people write there concerns no result,
 * and begins no epoch. One that cannot be read is missed, and said so. */
static void tell_file(struct pike_context *c, struct pike_run *run)
{
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_files files = { 0 };

	if (!pike_read_on_base(&files, run, FILE_PATH, &why)) {
		if (files.n)
			add_file(c, run, &files.v[0]);
	} else if (!run->said_lessons) {
		pike_warn("no prompt has what stands in " FILE_PATH ": %s",
			  why.text);
		run->said_lessons = true;
	}
	pike_files_release(&files);
}

int pike_told_lessons(struct pike_context *c, struct pike_run *run,
		      struct pike_err *err)
{
	int ret = 0;

	if (run->settings->lessons_file)
		tell_file(c, run);
	if (run->settings->lessons)
		ret = tell_computed(c, run, err);
	c->p.lessons_file = c->lessons_file.s;
	c->p.lessons = c->lessons.s;
	return ret;
}
