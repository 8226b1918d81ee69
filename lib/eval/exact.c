/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact: a candidate with sanitizers, on buffers of exactly their size.
 *
 * Its process can lie about what it does. It cannot gain by a forged report;
 * so that it cannot keep one back either, it must answer every call, and in the
 * end notice an access that the judge plants (pike_conn_plant).
 */
#include "eval/exact_priv.h"
#include "eval/fill_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "device/exact.h"
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"
#include "eval/tool_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pike_exact {
	struct pike_judge *j;
	struct pike_build *build; /* NULL: `why` */
	struct pike_strs unseen;  /* phrases of exact_scan.c */
	char meddles[120];	  /* with the sanitizer; "": no word of it */
	char why[400];
};

/* ---- build ---- */

static void unable(struct pike_exact *x, const char *text)
{
	if (!x->why[0])
		snprintf(x->why, sizeof(x->why), "%.390s", text);
}

/* In one line: the first that tells of an error. */
static void unable_to_build(struct pike_exact *x, const char *log)
{
	char line[256];

	pike_tool_complaint(line, log);
	unable(x, "it does not compile with sanitizers: ");
	snprintf(x->why + strlen(x->why), sizeof(x->why) - strlen(x->why),
		 "%.200s", line);
}

/* No kernel has a reason to name a sanitizer, or lines of other files. */
static void meddles(struct pike_exact *x, const char *text)
{
	if (!x->meddles[0])
		snprintf(x->meddles, sizeof(x->meddles), "%.110s", text);
}

static void add_unseen(struct pike_exact *x, const char *text)
{
	if (pike_starts_with(text, PIKE_EXACT_MEDDLES))
		meddles(x, text);
	else if (x->unseen.n < PIKE_EXACT_PHRASES &&
		 !pike_strs_has(&x->unseen, text))
		pike_strs_push(&x->unseen, text);
}

/* One source's text, read and added. */
static bool take_text(struct pike_exact *x, struct pike_files *texts,
		      const struct pike_build *b, const char *path)
{
	struct pike_strs found = PIKE_STRS_INIT;
	size_t n = (size_t)b->object_bytes, len;
	char *name = pike_xstrdup(path);
	char *text = pike_xmalloc(n + 1);
	bool ok = pread(b->fd, text, n, 0) == (ssize_t)n;

	text[n] = '\0';
	if (ok) {
		pike_exact_scan(&found, text, n);
		len = strlen(name);
		name[len - 1] = 'i'; /* it ended in .c */
		pike_files_add(texts, name, text, n);
	}
	for (size_t i = 0; i < found.n; i++)
		add_unseen(x, found.v[i]);
	pike_strs_release(&found);
	free(name);
	free(text);
	return ok;
}

static int one_text(struct pike_exact *x, struct pike_files *texts,
		    const struct pike_files *files, size_t i,
		    struct pike_err *err)
{
	struct pike_build_plan plan;
	struct pike_build *b = NULL;
	const char *log;
	int ret = pike_exact_text_plan(&plan, x->j->t, files, i,
				       x->j->o.headers, err);

	if (!ret)
		ret = pike_build_planned(&b, x->j, &plan, err);
	if (ret)
		return ret;
	if (!pike_build_wait(b, &log))
		unable_to_build(x, log);
	else if (!take_text(x, texts, b, files->v[i].path))
		unable(x, "its preprocessed text cannot be read");
	pike_build_free(b);
	return 0;
}

static int begin(struct pike_exact *x, const struct pike_files *files,
		 struct pike_err *err)
{
	struct pike_files texts = { 0 };
	struct pike_build_plan plan;
	int ret = 0;

	for (size_t i = 0; i < files->n; i++)
		if (pike_exact_names_lines(files->v[i].data, files->v[i].len))
			meddles(x, "has lines that it gives to another file "
				   "(#line); take them out");
	for (size_t i = 0; !ret && !x->why[0] && i < files->n; i++)
		if (pike_exact_is_source(&files->v[i]))
			ret = one_text(x, &texts, files, i, err);
	if (!ret && !x->why[0])
		ret = pike_exact_plan(&plan, x->j->t, &texts, err);
	if (!ret && !x->why[0])
		ret = pike_build_planned(&x->build, x->j, &plan, err);
	pike_files_release(&texts);
	return ret;
}

struct pike_exact *pike_exact_start(struct pike_judge *j,
				    const struct pike_files *files)
{
	struct pike_exact *x;
	struct pike_err err = PIKE_ERR_INIT;
	int ret = 0;

	if (j->traits->tools)
		return NULL;
	x = pike_xcalloc(1, sizeof(*x));
	x->j = j;
	if (!j->exact.runtime[0])
		ret = pike_exact_runtime(j->exact.runtime, j->t, &err);
	if (!ret)
		ret = begin(x, files, &err);
	if (ret)
		unable(x, err.text);
	return x;
}

void pike_exact_free(struct pike_exact *x)
{
	if (!x)
		return;
	pike_build_free(x->build);
	pike_strs_release(&x->unseen);
	free(x);
}

/* ---- run ---- */

/* How a run ended. `v` PENDING: `text` says why it tells nothing, "" when it
 * found nothing. */
struct ending {
	enum pike_verdict v;
	char text[400];
	const struct pike_case *c; /* NULL: a hidden one */
	bool in_run;
	struct pike_buf log;
};

/* Slow is no fault here, and of what the sanitizer itself does not understand
 * nobody is accused. How a process ends otherwise is its own doing, as the base
 * shows whose process does not. */
static void read_fault(struct ending *e, const struct pike_fault *f)
{
	e->v = f->v == PIKE_V_BUILD ? PIKE_V_CRASH : f->v;
	if (f->v == PIKE_V_TIMEOUT || f->v == PIKE_V_SUSPECT)
		e->v = PIKE_V_PENDING;
	snprintf(e->text, sizeof(e->text), "%.390s", f->reason);
	pike_buf_add(&e->log, f->log.s, f->log.len);
}

/* Once on one set: every access is looked at, no result. */
static int call(struct ending *e, const struct pike_exact *x,
		struct pike_pool *p, struct pike_err *err)
{
	struct pike_runner_opts o = {
		.build = x->build, .pool = p, .nslots = 1, .exact = true
	};
	struct pike_runner *r = NULL;
	struct pike_timed s;
	struct pike_fault f;
	int ret;

	pike_fault_init(&f);
	ret = pike_runner_open(&r, x->j, &o, &f, err);
	if (!ret)
		ret = pike_runner_warm(&s, r, 0, 1, PROTO_EXACT_MS, &f, err);
	if (!ret)
		ret = pike_process_plant(&r->process, PROTO_EXACT_MS, &e->log,
					 &f, err);
	if (ret == 1)
		read_fault(e, &f);
	pike_runner_close(r);
	pike_fault_release(&f);
	return ret;
}

static int call_case(struct ending *e, const struct pike_exact *x,
		     const struct pike_case *c, const uint8_t *secret,
		     struct pike_err *err)
{
	struct pike_natural *nat =
	    pike_xcalloc(x->j->ntensors + 1, sizeof(*nat));
	struct pike_pool_opts o = { .c = c,
				    .nsets = 1,
				    .secret = secret,
				    .source_hash = x->j->base->source_hash,
				    .nat = nat,
				    .what = "inputs for exact buffers" };
	struct pike_pool *p = NULL;
	int ret = pike_pool_make(&p, x->j, &o, err);

	if (!ret)
		ret = call(e, x, p, err);
	pike_pool_free(p);
	free(nat);
	return ret;
}

/* A measured case that does not take long, however slow sanitizers are. */
static bool is_moderate(const struct pike_case_state *cs)
{
	const struct pike_layout *l = &cs->layout;

	return cs->base_ns < PROTO_EXACT_NS &&
	       l->in_bytes + l->slot_bytes < PROTO_EXACT_BYTES;
}

/* 1: it did not come to a good end. */
static int run_cases(struct ending *e, const struct pike_exact *x,
		     const uint8_t *secret, struct pike_err *err)
{
	const struct pike_target *t = x->j->t;
	int ret = 0;

	e->in_run = true;
	for (size_t i = 0; !ret && i < t->nhidden + t->ncases; i++) {
		const struct pike_case_state *cs = x->j->cases;

		if (pike_judge_stopped(x->j))
			return pike_fail(err, PIKE_RETRY, "interrupted");
		pike_judge_say(x->j, "checking exact buffers",
			       (double)i / (double)(t->nhidden + t->ncases));
		e->c = NULL;
		if (i < t->nhidden) {
			ret = call_case(e, x, &t->hidden[i], secret, err);
			continue;
		}
		cs += i - t->nhidden;
		if (!is_moderate(cs))
			continue;
		e->c = cs->c;
		ret = call_case(e, x, cs->c, secret, err);
	}
	return ret;
}

/* 0 with how it ended, or an error. */
static int run(struct ending *e, struct pike_exact *x, const uint8_t *secret,
	       struct pike_err *err)
{
	const char *log;

	if (!x->why[0] && !pike_build_wait(x->build, &log))
		unable_to_build(x, log);
	if (x->meddles[0]) {
		e->v = PIKE_V_CONTRACT;
		snprintf(e->text, sizeof(e->text), "%s", x->meddles);
	} else if (x->why[0]) {
		snprintf(e->text, sizeof(e->text), "%s", x->why);
	} else {
		int ret = run_cases(e, x, secret, err);

		return ret < 0 ? ret : 0;
	}
	return 0;
}

/* ---- the base ---- */

/* A base that does not pass tells that a candidate need not either. */
static int base_passes(bool *out, struct pike_judge *j, const uint8_t *secret,
		       struct pike_err *err)
{
	struct ending e = { .v = PIKE_V_PENDING };
	struct pike_exact *x;
	int ret = 0;

	if (!j->exact.known) {
		pike_buf_init(&e.log, PIKE_BOX_LOG_MAX);
		x = pike_exact_start(j, j->o.base);
		ret = run(&e, x, secret, err);
		memcpy(j->exact.base, e.text, sizeof(j->exact.base));
		j->exact.known = !ret;
		pike_exact_free(x);
		pike_buf_release(&e.log);
	}
	*out = !ret && !j->exact.base[0];
	return ret;
}

/* ---- what it says ---- */

static void tell_verdict(struct pike_result *out, const struct ending *e)
{
	struct pike_fault f;

	pike_fault_init(&f);
	pike_fault_set(&f, e->v, "%s%s",
		       e->in_run ? "on buffers of exactly their size it "
				 : "its source ",
		       e->text);
	if (e->in_run)
		pike_fill_fault(out, &f, e->c);
	else
		pike_fill_verdict(out, f.v, f.reason);
	pike_fault_release(&f);
}

static void tell_unseen(struct pike_json *at, const struct pike_exact *x)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < x->unseen.n; i++)
		pike_json_push_str(list, x->unseen.v[i]);
	pike_json_set(at, "unchecked", list);
}

static void tell_unavailable(struct pike_json *at, const char *why)
{
	char *text = pike_xasprintf("unavailable: %s", why);

	pike_json_set_str(at, "said", text);
	free(text);
}

/* Something was found, or nothing. */
static int judge_ending(struct pike_result *out, struct pike_json *at,
			const struct ending *e, struct pike_exact *x,
			const uint8_t *secret, struct pike_err *err)
{
	bool passes = false;
	char text[480];
	int ret = 0;

	if (e->v != PIKE_V_PENDING)
		ret = base_passes(&passes, x->j, secret, err);
	if (ret)
		return ret;
	if (e->v == PIKE_V_PENDING && !e->text[0]) {
		pike_json_set_str(at, "said", "clean");
	} else if (e->v == PIKE_V_PENDING) {
		tell_unavailable(at, e->text);
	} else if (!passes) {
		snprintf(text, sizeof(text),
			 "the base does not pass it either: it %.390s",
			 x->j->exact.base);
		tell_unavailable(at, text);
	} else {
		pike_json_set_str(at, "said", e->text);
		tell_verdict(out, e);
		return 1;
	}
	return 0;
}

static int check(struct pike_result *out, struct pike_json *at,
		 struct pike_exact *x, const uint8_t *secret,
		 struct pike_err *err)
{
	struct pike_json *remarks = pike_json_array();
	struct ending e = { .v = PIKE_V_PENDING };
	int ret;

	pike_buf_init(&e.log, PIKE_BOX_LOG_MAX);
	ret = run(&e, x, secret, err);
	if (!ret)
		ret = judge_ending(out, at, &e, x, secret, err);
	pike_exact_remarks(remarks, e.log.s);
	pike_json_set(at, "remarks", remarks);
	tell_unseen(at, x);
	pike_buf_release(&e.log);
	return ret;
}

int pike_exact_check(struct pike_result *out, struct pike_exact *x,
		     const uint8_t *secret, struct pike_err *err)
{
	int64_t t0 = pike_now_ns();
	struct pike_json *at;
	int ret;

	if (!x)
		return 0;
	at = pike_json_object();
	ret = check(out, at, x, secret, err);
	pike_json_set_f64(at, "secs", (double)(pike_now_ns() - t0) / 1e9);
	pike_json_set(out->resources, "exact", at);
	return ret;
}

void pike_exact_unchecked(struct pike_json *unchecked,
			  const struct pike_json *resources)
{
	const struct pike_json *x = pike_json_get(resources, "exact");
	const struct pike_json *list = pike_json_get(x, "unchecked");
	const char *said = pike_json_str(x, "said", "");
	char *text;

	if (!strncmp(said, "unavailable: ", 13)) {
		text = pike_xasprintf("exact buffers: %s", said + 13);
		pike_json_push_str(unchecked, text);
		free(text);
	}
	for (size_t i = 0; i < pike_json_len(list); i++) {
		text =
		    pike_xasprintf("exact buffers: %s",
				   pike_json_as_str(pike_json_at(list, i), ""));
		pike_json_push_str(unchecked, text);
		free(text);
	}
}
