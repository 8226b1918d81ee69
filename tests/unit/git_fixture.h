/* SPDX-License-Identifier: Apache-2.0 */
/* git_fixture: throw-away repositories, made and checked by the git program. */
#ifndef PIKE_TESTS_GIT_FIXTURE_H
#define PIKE_TESTS_GIT_FIXTURE_H

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "git/git.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	char *top;  /* removed at the end */
	char *repo; /* a repository with one commit on main */
};

/* Runs a shell line in `dir`; its stdout without the last newline. */
static inline char *sh_in(const char *dir, int want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static inline char *sh_in(const char *dir, int want, const char *fmt, ...)
{
	struct pike_proc_result res;
	struct pike_err err = PIKE_ERR_INIT;
	char line[4096], *out;
	const char *argv[] = { "sh", "-c", line, NULL };
	const struct pike_proc_opts o = { .argv = argv,
					  .dir = dir,
					  .out_max = 64 << 20 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (pike_proc_run(&res, &o, &err))
		fail_msg("%s: %s", line, err.text);
	if (want >= 0 && res.status != want)
		fail_msg("%s: status %d: %s%s", line, res.status, res.out.s,
			 res.err.s);
	while (res.out.len && res.out.s[res.out.len - 1] == '\n')
		res.out.s[--res.out.len] = '\0';
	out = pike_xstrdup(res.out.s);
	pike_proc_result_release(&res);
	return out;
}

static inline void sh(const char *dir, const char *line)
{
	free(sh_in(dir, 0, "%s", line));
}

#define FIXTURE_FILE "kernels/softmax.c"

static inline void fixture_begin(struct fixture *f)
{
	char dir[] = "/tmp/pike-test-XXXXXX";

	assert_non_null(mkdtemp(dir));
	f->top = pike_xstrdup(dir);
	f->repo = pike_xasprintf("%s/repo", dir);
	unsetenv("GIT_DIR");
	setenv("HOME", f->top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("XDG_CONFIG_HOME", f->top, 1);
	sh(f->top, "git config --global user.name tester && "
		   "git config --global user.email tester@example.org && "
		   "git config --global init.defaultBranch main && "
		   "git init -q repo && cd repo && mkdir kernels && "
		   "echo 'void softmax(void) {}' >" FIXTURE_FILE " && "
		   "echo hello >README && git add -A && git commit -qm base");
}

static inline void fixture_end(struct fixture *f)
{
	pike_rm_rf(f->top, NULL);
	free(f->top);
	free(f->repo);
}

static inline void ok(int ret, const struct pike_err *err)
{
	if (ret)
		fail_msg("%d: %s", ret, err->text);
}

/* A proposal with one file whose content is `text`. */
static inline void proposal(struct pike_proposal *p, struct pike_oid *parent,
			    const char *text)
{
	*p = (struct pike_proposal){ .parents = parent,
				     .nparents = 1,
				     .subject = "try it",
				     .body = "because\n",
				     .agent = &pike_agent_tune,
				     .slot = "0",
				     .idea = "TILE=32",
				     .model = "none",
				     .run = "r",
				     .tokens_in = 10,
				     .tokens_out = 20,
				     .cost = 0.125 };
	pike_files_add(&p->files, FIXTURE_FILE, text, strlen(text));
}

static inline struct pike_oid store_one(struct pike_search_ref *s,
					struct pike_history *h,
					struct pike_oid parent,
					const char *text)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proposal p;
	struct pike_oid id;
	bool known;

	proposal(&p, &parent, text);
	ok(pike_search_store(&id, &known, s, h, &p, 1, &err), &err);
	pike_files_release(&p.files);
	return id;
}

/* What differs between the result lines of these tests. */
struct line {
	const char *id;
	enum pike_stage stage;
	enum pike_verdict v;
	double mid;
};

static inline void result_make(struct pike_result *r,
			       const struct pike_history *h,
			       const struct pike_oid *commit, struct line l)
{
	pike_result_init(r);
	r->commit = *commit;
	r->base = h->base;
	r->champion = h->champion;
	r->id = pike_xstrdup(l.id);
	r->env = pike_xstrdup("env");
	r->task = pike_xstrdup("task");
	r->lane = pike_xstrdup("cpu");
	r->target = pike_xstrdup("softmax");
	r->source = pike_xstrdup("0123456789012345678901234567890123456789");
	r->stage = l.stage;
	r->verdict = l.v;
	r->ts = 1700000000;
	if (pike_verdict_measured(l.v)) {
		r->vs_base =
		    (struct pike_ratio){ l.mid * 0.9, l.mid, l.mid * 1.1 };
		r->vs_champion = r->vs_base;
	}
}

static inline void record_one(struct pike_search_ref *s, struct pike_history *h,
			      const struct pike_oid *commit, struct line l)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result r;

	result_make(&r, h, commit, l);
	ok(pike_search_record(s, h, &r, 1, &err), &err);
	pike_result_release(&r);
}

static inline void close_generation(struct pike_search_ref *s,
				    struct pike_history *h,
				    const struct pike_oid *champion, double mid)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_close c = { .champion = *champion,
				.speedup = { mid, mid, mid },
				.strategy = "tune",
				.env = "env",
				.task = "task",
				.table = "a table\n",
				.seed = 7,
				.spent = 1.5 };

	ok(pike_search_advance(s, h, &c, &err), &err);
}

static inline void open_search(struct pike_repo **r, struct pike_search_ref **s,
			       struct pike_history **h, const char *dir)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid base;

	ok(pike_repo_open(r, dir, &err), &err);
	ok(pike_search_open(s, *r, "softmax", "cpu", NULL, &err), &err);
	ok(pike_repo_base(&base, *r, NULL, &err), &err);
	ok(pike_search_begin(*s, &base, "tune", 7, &err), &err);
	*h = pike_history_new("softmax", "cpu");
	ok(pike_search_fold(*h, *s, &err), &err);
}

static inline void close_search(struct pike_repo *r, struct pike_search_ref *s,
				struct pike_history *h)
{
	pike_history_free(h);
	pike_search_close(s);
	pike_repo_free(r);
}

static inline void same_ratio(const struct pike_ratio *a,
			      const struct pike_ratio *b)
{
	assert_true(a->lo == b->lo && a->mid == b->mid && a->hi == b->hi);
}

static inline void same_score(const struct pike_score *a,
			      const struct pike_score *b)
{
	assert_int_equal(a->verdict, b->verdict);
	same_ratio(&a->ratio, &b->ratio);
	assert_string_equal(a->vs.hex, b->vs.hex);
}

static inline void same_history(struct pike_history *a, struct pike_history *b)
{
	assert_int_equal(a->nrecs, b->nrecs);
	assert_int_equal(a->ngens, b->ngens);
	assert_string_equal(a->champion.hex, b->champion.hex);
	assert_string_equal(a->base.hex, b->base.hex);
	assert_string_equal(a->tip.hex, b->tip.hex);
	assert_string_equal(a->ladder.hex, b->ladder.hex);
	assert_int_equal(a->steers.n, b->steers.n);
	for (size_t i = 0; i < a->steers.n; i++) {
		const struct pike_steer *x = &a->steers.v[i];
		const struct pike_steer *y = &b->steers.v[i];

		assert_int_equal(x->word, y->word);
		assert_string_equal(x->text, y->text);
		assert_string_equal(x->by, y->by);
		assert_int_equal(x->comment, y->comment);
		assert_int_equal(x->nth, y->nth);
		assert_string_equal(x->id, y->id);
	}
	for (size_t i = 0; i < a->nrecs; i++) {
		const struct pike_record *x = &a->recs[i];
		const struct pike_record *y = pike_history_find(b, &x->id);

		assert_non_null(y);
		assert_string_equal(x->source.hex, y->source.hex);
		assert_ptr_equal(x->agent, y->agent);
		assert_string_equal(x->idea, y->idea);
		assert_int_equal(x->settled, y->settled);
		assert_int_equal(x->generation, y->generation);
		assert_int_equal(x->confirms, y->confirms);
		assert_int_equal(x->past, y->past);
		assert_int_equal(x->again, y->again);
		assert_true(x->cost == y->cost);
		same_score(&x->screen, &y->screen);
		same_score(&x->confirm, &y->confirm);
		assert_true(x->score == y->score ||
			    (isnan(x->score) && isnan(y->score)));
	}
}

/* What a process that starts now makes of the repository, both ways. */
static inline void check_folds(const char *dir, struct pike_history *h)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_history *fresh, *notes = pike_history_new("softmax", "cpu");
	struct pike_search_ref *s;
	struct pike_repo *r;

	open_search(&r, &s, &fresh, dir);
	ok(pike_search_fold_notes(notes, s, &err), &err);
	same_history(h, fresh);
	same_history(fresh, notes);
	pike_history_free(notes);
	close_search(r, s, fresh);
}

static inline void fsck(const char *dir)
{
	free(sh_in(dir, 0, "git fsck --strict --no-dangling"));
}

#endif
