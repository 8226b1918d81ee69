/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inmodel: what the champion is worth in the whole model, as a program of the
 * user's tells: it runs in turn on the files of the base and of the champion,
 * each in a folder of its own that it can only read, without network and
 * without the repository, and prints seconds. That is a claim: the judge's
 * clock around the process must bear it out.
 */
#include "run/run_priv.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pairs, and of the sorted ratios those whose interval holds the median in
 * 96.1 % of all cases: 1 - 2 (1 + 9) / 2^9. */
#define PAIRS 9
#define LOW 1
#define MID 4
#define HIGH 7
/* Of the base's seconds, what the clock may differ from the claim by. */
#define BEARS_OUT 0.10
/* This near to 1 on both sides is the same. */
#define SAME 0.02
/* A run of a model takes longer than one of a kernel. */
#define TIMEOUTS 10
#define LINES_MOST 10000

/* Seconds of one run: as it says itself, and by the judge's clock. */
struct sample {
	double claim, clock;
};

struct model {
	struct pike_run *run;
	char *dir;	/* holds the two */
	char *where[2]; /* base, champion */
	struct pike_strs reads, folders, nodes;
	struct sample s[PAIRS][2];
	char *failed; /* the champion's run; or NULL */
};

/* ---- the folders ---- */

static int make_folder(struct model *m, int i, const struct pike_oid *commit,
		       struct pike_err *err)
{
	const struct pike_strs *reads = &m->run->target->in_model_read;
	int ret;

	m->where[i] = pike_xasprintf("%s/%s", m->dir, i ? "champion" : "base");
	ret = pike_mkdir_p(m->where[i], 0755, err);
	if (!ret)
		ret = pike_repo_export(m->run->repo, commit, m->where[i], err);
	/* A place for what will be seen there. */
	for (size_t k = 0; !ret && k < reads->n; k++) {
		char *at = pike_xasprintf("%s/%s", m->where[i], reads->v[k]);

		ret = pike_mkdir_p(at, 0755, err);
		free(at);
	}
	return ret;
}

static int find_reads(struct model *m, struct pike_err *err)
{
	const struct pike_strs *reads = &m->run->target->in_model_read;
	const char *top = pike_repo_workdir(m->run->repo);

	for (size_t i = 0; i < reads->n; i++) {
		char *path =
		    top ? pike_xasprintf("%s%s", top, reads->v[i]) : NULL;
		struct stat st;
		bool there = path && !stat(path, &st) && S_ISDIR(st.st_mode);

		if (there)
			pike_strs_pushf(&m->reads, "%s\n%s", reads->v[i], path);
		free(path);
		if (!there)
			return pike_fail(
			    err, PIKE_FAILED,
			    "in-model-read: '%s' is not a folder of "
			    "the working tree",
			    reads->v[i]);
	}
	return 0;
}

static int make_folders(struct model *m, struct pike_err *err)
{
	const struct pike_history *h = m->run->history;
	const char *tmp = getenv("TMPDIR");
	int ret = find_reads(m, err);

	if (ret)
		return ret;
	m->dir = pike_xasprintf("%s/pike-model.XXXXXX",
				tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(m->dir)) {
		ret = pike_fail_errno(err, PIKE_FATAL, "cannot create '%s'",
				      m->dir);
		free(m->dir);
		m->dir = NULL;
		return ret;
	}
	/* The box's user is another one. */
	if (chmod(m->dir, 0755))
		return pike_fail_errno(err, PIKE_FATAL, "cannot open '%s'",
				       m->dir);
	ret = make_folder(m, 0, &h->base, err);
	return ret ? ret : make_folder(m, 1, &h->champion, err);
}

static void model_release(struct model *m)
{
	if (m->dir)
		pike_rm_rf(m->dir, NULL);
	free(m->dir);
	free(m->where[0]);
	free(m->where[1]);
	free(m->failed);
	pike_strs_release(&m->reads);
	pike_strs_release(&m->folders);
	pike_strs_release(&m->nodes);
}

/* ---- one run ---- */

/* The sum of the lines that are a number; 0: there is none. */
static double read_seconds(const char *log)
{
	double sum = 0;
	int n = 0;

	for (const char *p = log; *p && n < LINES_MOST;) {
		size_t len = strcspn(p, "\n");
		char *line = pike_xstrndup(p, len), *end;
		double v = strtod(line, &end);

		end += strspn(end, " \t\r");
		if (end != line && !*end && isfinite(v) && v > 0) {
			sum += v;
			n++;
		}
		free(line);
		p += len + (p[len] == '\n');
	}
	return sum;
}

static int start_box(struct pike_box **out, const struct model *m, int which,
		     struct pike_err *err)
{
	const struct pike_run *run = m->run;
	const struct pike_device_info *dev = run->judging->device(run->judge);
	const char *argv[] = { "sh", "-c", run->target->in_model, NULL };
	const struct pike_box_opts o = {
		.kind = dev->sms ? PIKE_BOX_MODEL_GPU : PIKE_BOX_MODEL,
		.argv = argv,
		.work = m->where[which],
		.reads = (const char *const *)m->reads.v,
		.folders = (const char *const *)m->folders.v,
		.devices = (const char *const *)m->nodes.v,
		.visible = dev->uuid,
		.sock = -1,
		.threads = dev->ncores,
		.wall_ms = run->target->timeout * 1000 * TIMEOUTS,
		.require = run->o.require,
	};

	return pike_box_start(out, &o, err);
}

static char *why_not(const struct pike_box_end *e)
{
	struct pike_buf b;

	pike_buf_init(&b, 2000);
	pike_box_say(&b, e);
	if (e->log.len)
		pike_buf_addf(&b, "; %.500s",
			      e->log.len > 500 ? e->log.s + e->log.len - 500
					       : e->log.s);
	return pike_buf_detach(&b);
}

/* `*why`: it failed, which is no error of ours. Caller frees. */
static int run_once(struct sample *out, char **why, const struct model *m,
		    int which, struct pike_err *err)
{
	struct pike_box_end end = { 0 };
	struct pike_box *box = NULL;
	int ret = start_box(&box, m, which, err);

	*why = NULL;
	if (ret)
		return ret;
	do {
		ret = pike_box_wait(&end, box, 200, err);
	} while (ret == PIKE_RETRY && !pike_run_stopped(m->run));
	if (!ret && (end.why != PIKE_BOX_EXITED || end.status))
		*why = why_not(&end);
	if (!ret && !*why) {
		out->claim = read_seconds(end.log.s);
		out->clock = (double)end.took_ns / 1e9;
		if (out->claim <= 0)
			*why = pike_xstrdup("it printed no seconds");
	}
	pike_box_end_release(&end);
	pike_box_free(box);
	return ret;
}

/* ---- pairs ---- */

/* On the base it must run; where it does not on the champion, that is a
 * result. */
static int run_checked(struct model *m, struct sample *out, int which,
		       struct pike_err *err)
{
	char *why;
	int ret = run_once(out, &why, m, which, err);

	if (ret || !why)
		return ret;
	if (which) {
		m->failed = why;
		return 0;
	}
	ret = pike_fail(err, PIKE_FAILED,
			"in-model of '%s' fails on the base: %s",
			m->run->target->name, why);
	free(why);
	return ret;
}

static int run_pair(struct model *m, int i, struct pike_err *err)
{
	struct sample warm[2], *s = i < 0 ? warm : m->s[i];
	int first = i > 0 && i % 2, ret;

	if (m->failed || pike_run_stopped(m->run))
		return 0;
	snprintf(m->run->step, sizeof(m->run->step), "in the model %d/%d",
		 i + 1, PAIRS);
	pike_run_show(m->run);
	ret = run_checked(m, &s[first], first, err);
	if (!ret && !m->failed)
		ret = run_checked(m, &s[!first], !first, err);
	return ret;
}

static int run_pairs(struct model *m, struct pike_err *err)
{
	const struct pike_device_info *dev =
	    m->run->judging->device(m->run->judge);
	int lock, ret;

	pike_device_needs(&m->folders, &m->nodes, dev);
	ret = pike_device_lock(&lock, dev->lock, -1, err);
	if (ret)
		return ret;
	/* The first pair fills caches. */
	for (int i = -1; !ret && i < PAIRS; i++)
		ret = run_pair(m, i, err);
	close(lock);
	return ret;
}

/* ---- what it says ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum figure {
	RATIO,
	DIFFERENCE, /* of what the clock and the claims save */
	BASE,
	CHAMPION,
	BASE_CLOCK,
	CHAMPION_CLOCK
};

static double figure(const struct sample s[2], enum figure what)
{
	switch (what) {
	case RATIO:
		return s[0].claim / s[1].claim;
	case DIFFERENCE:
		return (s[0].clock - s[1].clock) - (s[0].claim - s[1].claim);
	case BASE:
		return s[0].claim;
	case CHAMPION:
		return s[1].claim;
	case BASE_CLOCK:
		return s[0].clock;
	default:
		return s[1].clock;
	}
}

static void sorted(double out[PAIRS], const struct model *m, enum figure what)
{
	for (int i = 0; i < PAIRS; i++)
		out[i] = figure(m->s[i], what);
	qsort(out, PAIRS, sizeof(*out), by_size);
}

static double median(const struct model *m, enum figure what)
{
	double v[PAIRS];

	sorted(v, m, what);
	return v[MID];
}

/* What it claims to save is saved, and it did not claim more than it took. */
static bool borne_out(const struct model *m)
{
	double base = median(m, BASE);

	return fabs(median(m, DIFFERENCE)) <= BEARS_OUT * base &&
	       base <= (1 + BEARS_OUT) * median(m, BASE_CLOCK) &&
	       median(m, CHAMPION) <=
		   (1 + BEARS_OUT) * median(m, CHAMPION_CLOCK);
}

static enum pike_verdict verdict_of(const struct pike_ratio *r)
{
	if (r->lo >= 1 - SAME && r->hi <= 1 + SAME)
		return PIKE_V_SAME;
	if (r->lo > 1)
		return PIKE_V_FASTER;
	return r->hi < 1 ? PIKE_V_SLOWER : PIKE_V_INCONCLUSIVE;
}

static void fill_case(struct pike_result *res, const struct model *m)
{
	struct pike_case_result *c = pike_xcalloc(1, sizeof(*c));

	c->name = pike_xstrdup("in the model");
	c->base_ns = (int64_t)(median(m, BASE) * 1e9);
	c->cand_ns = (int64_t)(median(m, CHAMPION) * 1e9);
	c->pairs = PAIRS;
	c->ratio = res->vs_base;
	res->cases = c;
	res->ncases = 1;
}

static void fill(struct pike_result *res, const struct model *m)
{
	double v[PAIRS];
	bool borne = borne_out(m);

	sorted(v, m, RATIO);
	res->vs_base = (struct pike_ratio){ v[LOW], v[MID], v[HIGH] };
	res->verdict = borne ? verdict_of(&res->vs_base) : PIKE_V_INCONCLUSIVE;
	fill_case(res, m);
	if (borne)
		return;
	if (!res->extra)
		res->extra = pike_json_object();
	pike_json_set_bool(res->extra, "claimed", true);
	res->reason = pike_xasprintf(
	    "claimed: it says that it takes %.4g s on the base and %.4g s on "
	    "the champion; the judge's clock around it says %.4g s and %.4g s",
	    median(m, BASE), median(m, CHAMPION), median(m, BASE_CLOCK),
	    median(m, CHAMPION_CLOCK));
}

static void say(const struct pike_run *run, const struct pike_result *res)
{
	if (res->vs_base.mid <= 0)
		pike_say("%s: %s", run->target->name, res->reason);
	else
		pike_say(
		    "%s: in the model %.3fx [%.3f, %.3f] of the base, %s%s%s",
		    run->target->name, res->vs_base.mid, res->vs_base.lo,
		    res->vs_base.hi, pike_verdict_name(res->verdict),
		    res->reason ? ": " : "", res->reason ? res->reason : "");
}

static int record(struct pike_run *run, const struct model *m,
		  struct pike_err *err)
{
	const struct pike_record *r =
	    pike_history_find(run->history, &run->history->champion);
	const struct pike_stamp stamp = pike_run_stamp(run, r, PIKE_MODEL);
	struct pike_result res;
	int ret;

	pike_result_init(&res);
	run->judging->identify(&res, run->judge);
	if (m->failed) {
		res.verdict = PIKE_V_CRASH;
		res.reason = pike_xasprintf("in the model: %s", m->failed);
	} else {
		fill(&res, m);
	}
	pike_result_stamp(&res, &stamp);
	ret = pike_search_record(run->search, run->history, &res, 1, err);
	if (!ret)
		say(run, &res);
	pike_result_release(&res);
	return ret;
}

/* ---- whether ---- */

/* On this base and in this environment. */
static int is_known(bool *out, struct pike_run *run, struct pike_err *err)
{
	const char *env = pike_history_epoch(run->history, NULL)->env;
	struct pike_result *v = NULL;
	size_t n = 0;
	int ret =
	    pike_results_of(&v, &n, run->repo, &run->history->champion, err);

	*out = false;
	for (size_t i = 0; i < n; i++) {
		*out = *out || (v[i].stage == PIKE_MODEL &&
				pike_oid_eq(&v[i].base, &run->history->base) &&
				v[i].env && (!*env || !strcmp(v[i].env, env)));
		pike_result_release(&v[i]);
	}
	free(v);
	return ret;
}

/* Fast enough to be offered, and not known yet. */
static int is_due(bool *out, struct pike_run *run, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	bool known;
	int ret;

	*out = false;
	if (!run->target->in_model || run->o.replay || run->elsewhere ||
	    pike_oid_eq(&h->champion, &h->base) ||
	    h->speedup.lo < run->settings->threshold)
		return 0;
	ret = is_known(&known, run, err);
	*out = !ret && !known;
	return ret;
}

int pike_run_in_model(struct pike_run *run, struct pike_err *err)
{
	struct model m = { .run = run };
	struct pike_judge *judge;
	bool due = false;
	int ret = pike_run_refresh(run, err);

	if (!ret)
		ret = is_due(&due, run, err);
	if (ret || !due || pike_run_stopped(run))
		return ret;
	ret = pike_run_judge(&judge, run, err);
	if (!ret)
		ret = make_folders(&m, err);
	if (!ret)
		ret = run_pairs(&m, err);
	if (!ret && !pike_run_stopped(run))
		ret = record(run, &m, err);
	model_release(&m);
	return ret;
}
