/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: what tools tell of a kernel that was confirmed. They slow it down
 * and change its memory, so each looks at a process of its own, afterwards.
 *
 * The profiler sees one call of the first measured case. The checkers see the
 * smallest hidden case and a ragged one, memcheck alone every hidden case; of
 * these nothing but the places of errors is told.
 */
#include "eval/fill_priv.h"
#include "eval/profile_priv.h"
#include "eval/tool_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tool that does not know a metric tells so, one or all at a time. */
#define TRIES 4
#define NO_TOOL "not installed; `pike-git doctor` names the package"

static void unavailable(struct pike_json *at, const char *why)
{
	pike_json_set_str(at, "unavailable", why);
}

/* ---- the profiler ---- */

static void tell_unknown(struct pike_json *at, const struct pike_strs *unknown)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < unknown->n; i++)
		pike_json_push_str(list, unknown->v[i]);
	pike_json_set(at, "unknown", list);
}

/* Why there are no numbers: its own words, else what was seen of it. */
static void tell_failure(struct pike_json *at, const struct pike_tool_said *s)
{
	char why[256];

	pike_tool_complaint(why, s->log.s ? s->log.s : "");
	unavailable(at, why[0] ? why : s->why[0] ? s->why : "it says nothing");
}

/* 1: it was asked for metrics that it does not know; `unknown` has them. */
static int profile_once(struct pike_json *at, struct pike_judge *j,
			const struct pike_tool_job *asked,
			struct pike_strs *unknown)
{
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_tool_job job = *asked;
	struct pike_tool_said said;
	struct pike_json *list;
	size_t known = unknown->n;
	int ret = 0;

	pike_profiler_argv(&argv, job.tool, j->t->cold, unknown);
	job.argv = &argv;
	pike_tool_run(&said, j, &job);
	list = pike_profile_read(said.log.s ? said.log.s : "");
	pike_profile_unknown(unknown, said.log.s ? said.log.s : "");
	if (pike_json_len(list)) {
		pike_profile_missing(unknown, list);
		pike_json_set(at, "launches", list);
	} else {
		pike_json_free(list);
		if (unknown->n > known)
			ret = 1;
		else
			tell_failure(at, &said);
	}
	pike_tool_said_release(&said);
	pike_strs_release(&argv);
	return ret;
}

static void profile_case(struct pike_json *at, struct pike_judge *j,
			 const struct pike_tool_job *job)
{
	struct pike_strs unknown = PIKE_STRS_INIT;
	int ret = 1;

	for (int i = 0; ret == 1 && i < TRIES; i++)
		ret = profile_once(at, j, job, &unknown);
	if (ret == 1)
		unavailable(at, "it knows too few of the metrics");
	if (unknown.n)
		tell_unknown(at, &unknown);
	pike_strs_release(&unknown);
}

static void run_profiler(struct pike_json *at, struct pike_judge *j,
			 const struct pike_build *cand)
{
	struct pike_tool_case c;
	struct pike_tool t;
	struct pike_tool_job job = {
		.tool = &t, .build = cand, .cases = &c, .n = 1
	};
	struct pike_err err = PIKE_ERR_INIT;

	if (!pike_profiler_find(&t)) {
		unavailable(at, NO_TOOL);
		return;
	}
	if (pike_tool_case_make(&c, j->cases[0].pool, 0, &err)) {
		unavailable(at, err.text);
	} else {
		const char *slash = strrchr(t.folder, '/');

		pike_json_set_str(at, "case", j->cases[0].c->text);
		pike_json_set_str(at, "version", slash ? slash + 1 : "");
		profile_case(at, j, &job);
	}
	pike_tool_case_release(&c);
}

/* ---- the checkers ---- */

/* What an error of a kernel that gives right results says of it. */
static const struct {
	enum pike_verdict v; /* PENDING: nothing against its results */
	const char *text;
} faults[PIKE_CHECKERS] = {
	[PIKE_MEMCHECK] = { PIKE_V_CONTRACT,
			    "it reaches beyond what it was given" },
	/* Its results would be wrong, had they depended on it: scratch is
	 * filled with chance for every sample that is checked. */
	[PIKE_INITCHECK] = { PIKE_V_PENDING, NULL },
	[PIKE_RACECHECK] = { PIKE_V_SUSPECT,
			     "right so far, but its threads race for shared "
			     "memory" },
	[PIKE_SYNCCHECK] = { PIKE_V_SUSPECT,
			     "right so far, but its threads do not meet at a "
			     "barrier as they must" },
};

static void tell_reports(struct pike_json *list, const struct pike_checked *c,
			 const char *tool)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct pike_check_report *r = &c->v[i];
		struct pike_json *j = pike_json_object();

		pike_json_set_str(j, "tool", tool);
		pike_json_set_str(j, "kind", r->kind);
		pike_json_set_str(j, "kernel", r->kernel);
		pike_json_set_str(j, "place", r->place);
		pike_json_push(list, j);
	}
}

static void blame(struct pike_result *out, const struct pike_checked *c,
		  enum pike_checker k)
{
	const struct pike_check_report *r = &c->v[0];
	char text[768];

	if (faults[k].v == PIKE_V_PENDING ||
	    !pike_verdict_measured(out->verdict))
		return;
	snprintf(text, sizeof(text), "%s (%s: %s%s%s %s)", faults[k].text,
		 pike_checker_name(k), c->n ? r->kind : "see the reports",
		 c->n ? " in " : "", c->n ? r->kernel : "",
		 c->n ? r->place : "");
	pike_fill_verdict(out, faults[k].v, text);
}

struct checking {
	struct pike_result *out;
	struct pike_json *at, *reports;
	struct pike_judge *j;
};

/* A checker that found errors works, whatever became of the kernel. */
static void read_checker(struct checking *x, const struct pike_tool_said *said,
			 enum pike_checker k)
{
	const char *log = said->log.s ? said->log.s : "";
	struct pike_checked c;
	char text[400], why[256];

	pike_check_log_read(&c, log);
	if (c.done && c.errors) {
		snprintf(text, sizeof(text), "%lld error%s",
			 (long long)c.errors, c.errors == 1 ? "" : "s");
		tell_reports(x->reports, &c, pike_checker_name(k));
		blame(x->out, &c, k);
	} else if (c.done && said->called) {
		snprintf(text, sizeof(text), "clean");
	} else {
		pike_tool_complaint(why, log);
		snprintf(text, sizeof(text), "unavailable: %.300s",
			 said->called || !said->why[0] ? why : said->why);
	}
	pike_json_set_str(x->at, pike_checker_name(k), text);
}

static void run_checker(struct checking *x, const struct pike_tool_job *asked,
			enum pike_checker k)
{
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_tool_job job = *asked;
	struct pike_tool_said said;

	pike_checker_argv(&argv, job.tool, k);
	job.argv = &argv;
	pike_tool_run(&said, x->j, &job);
	read_checker(x, &said, k);
	pike_tool_said_release(&said);
	pike_strs_release(&argv);
}

/* ---- their cases ---- */

/* Bytes of all arguments; INT64_MAX: no such case. */
static int64_t bytes_of(const struct pike_judge *j, const struct pike_case *c)
{
	struct pike_layout l;
	int64_t sum = 0;

	if (pike_layout_make(&l, j, c, NULL))
		return INT64_MAX;
	for (size_t i = 0; i < j->ntensors; i++)
		sum += (int64_t)l.v[i].bytes;
	pike_layout_release(&l);
	return sum;
}

/* How well tiles fit: how often 2 divides the sizes, in all. */
static int roundness(const struct pike_case *c)
{
	int sum = 0;

	for (size_t i = 0; i < c->n; i++)
		for (int64_t v = c->values[i], k = 0; v && v % 2 == 0 && k < 6;
		     v /= 2, k++)
			sum++;
	return sum;
}

/* The smallest hidden case, and the one that tiles fit least; without hidden
 * ones the smallest that is measured. Returns how many. */
static size_t choose_few(const struct pike_case *out[],
			 const struct pike_judge *j)
{
	const struct pike_target *t = j->t;
	const struct pike_case *v = t->nhidden ? t->hidden : t->cases;
	size_t n = t->nhidden ? t->nhidden : t->ncases, small = 0, odd = 0;

	for (size_t i = 1; i < n; i++) {
		if (bytes_of(j, &v[i]) < bytes_of(j, &v[small]))
			small = i;
		if (roundness(&v[i]) < roundness(&v[odd]))
			odd = i;
	}
	out[0] = &v[small];
	out[1] = &v[odd];
	return t->nhidden && odd != small ? 2 : 1;
}

/* One checker that is quick sees every hidden case. */
#define CASES_MAX 8

static size_t choose(const struct pike_case *out[], const struct pike_judge *j,
		     int checkers)
{
	size_t n = j->t->nhidden < CASES_MAX ? j->t->nhidden : CASES_MAX;

	if (checkers > 1 || !n)
		return choose_few(out, j);
	for (size_t i = 0; i < n; i++)
		out[i] = &j->t->hidden[i];
	return n;
}

/* No truth is needed, but a pool has one. */
static int make_case(struct pike_tool_case *out, struct pike_judge *j,
		     const struct pike_case *c, const struct pike_pool_opts *o,
		     struct pike_err *err)
{
	struct pike_natural *nat = pike_xcalloc(j->ntensors + 1, sizeof(*nat));
	struct pike_pool_opts own = *o;
	struct pike_pool *p = NULL;
	int ret;

	own.c = c;
	own.nat = nat;
	ret = pike_pool_make(&p, j, &own, err);
	if (!ret)
		ret = pike_tool_case_make(out, p, 0, err);

	pike_pool_free(p);
	free(nat);
	return ret;
}

static void check_cases(struct checking *x, const struct pike_tool_job *asked,
			const struct pike_pool_opts *o, int checkers)
{
	struct pike_tool_job job = *asked;
	const struct pike_case *chosen[CASES_MAX];
	struct pike_tool_case v[CASES_MAX] = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	size_t n = choose(chosen, x->j, checkers);
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = make_case(&v[i], x->j, chosen[i], o, &err);
	job.cases = v;
	job.n = n;
	if (ret)
		unavailable(x->at, err.text);
	for (int k = 0; !ret && k < checkers; k++) {
		pike_judge_say(x->j, "checking memory and races",
			       (double)k / checkers);
		run_checker(x, &job, (enum pike_checker)k);
	}
	for (size_t i = 0; i < n; i++)
		pike_tool_case_release(&v[i]);
}

static void run_checkers(struct pike_result *out, struct pike_json *at,
			 struct pike_judge *j, const struct pike_build *cand,
			 const uint8_t *secret, int checkers)
{
	struct pike_tool t;
	struct checking x = {
		.out = out, .at = at, .reports = pike_json_array(), .j = j
	};
	struct pike_tool_job job = { .tool = &t, .build = cand };
	struct pike_pool_opts o = { .nsets = 1,
				    .secret = secret,
				    .source_hash = cand->source_hash,
				    .what = "inputs for checkers" };

	if (pike_sanitizer_find(&t))
		check_cases(&x, &job, &o, checkers);
	else
		unavailable(at, NO_TOOL);
	pike_json_set(at, "reports", x.reports);
}

/* ---- both ---- */

void pike_profile(struct pike_result *out, struct pike_judge *j,
		  const struct pike_build *cand, const uint8_t *secret)
{
	struct pike_json *profile = pike_json_object();
	struct pike_json *sanitizer = pike_json_object();

	if (!j->traits->tools) {
		unavailable(profile, "for kernels on a GPU only");
		unavailable(sanitizer, "for kernels on a GPU only");
	} else {
		int64_t t0 = pike_now_ns(), t1;

		pike_runners_gone(j);
		pike_judge_say(j, "profiling", 0);
		run_profiler(profile, j, cand);
		t1 = pike_now_ns();
		run_checkers(out, sanitizer, j, cand, secret, PIKE_CHECKERS);
		pike_json_set_f64(profile, "secs", (double)(t1 - t0) / 1e9);
		pike_json_set_f64(sanitizer, "secs",
				  (double)(pike_now_ns() - t1) / 1e9);
	}
	pike_json_set(out->resources, "profile", profile);
	pike_json_set(out->resources, "sanitizer", sanitizer);
}

void pike_memcheck(struct pike_result *out, struct pike_judge *j,
		   const struct pike_build *cand, const uint8_t *secret)
{
	struct pike_json *sanitizer;
	int64_t t0 = pike_now_ns();

	if (!j->traits->tools)
		return;
	sanitizer = pike_json_object();
	pike_runners_gone(j);
	run_checkers(out, sanitizer, j, cand, secret, PIKE_MEMCHECK + 1);
	pike_json_set_f64(sanitizer, "secs",
			  (double)(pike_now_ns() - t0) / 1e9);
	pike_json_set(out->resources, "sanitizer", sanitizer);
}

void pike_profile_unchecked(struct pike_json *unchecked,
			    const struct pike_json *resources)
{
	const struct pike_json *s = pike_json_get(resources, "sanitizer");

	if (pike_json_get(resources, "exact")) /* another check's */
		return;
	if (!s || pike_json_get(s, "unavailable")) {
		pike_json_push_str(unchecked, "sanitizers");
		return;
	}
	for (int k = 0; k < PIKE_CHECKERS; k++) {
		const char *name = pike_checker_name((enum pike_checker)k);

		if (pike_starts_with(pike_json_str(s, name, "unavailable"),
				     "unavailable"))
			pike_json_push_str(unchecked, name);
	}
}
