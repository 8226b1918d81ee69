/* SPDX-License-Identifier: Apache-2.0 */
/* bench: judges revisions of one target against the base; no search needed. */
#include "run/run_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A revision to be judged. */
struct entry {
	struct pike_oid id;
	struct pike_files files;
	struct pike_build *build; /* once begun */
	char *unfit;		  /* why it cannot be built at all; or NULL */
};

struct pike_bench {
	struct pike_repo *repo;
	const struct pike_target *target; /* `own` */
	struct pike_target own;	  /* what it points to is the settings' */
	struct pike_strs sources; /* of `own`, where they are more */
	struct pike_bench_opts o;
	struct pike_oid base;
	struct pike_inputs in;
	struct pike_judge *judge;
	struct entry *v;
	size_t n, begun, done;
	char lane[65];
};

static void on_progress(void *ctx, const char *what, double fraction)
{
	const struct pike_bench *b = ctx;

	pike_progress("%s %zu/%zu  %s %.0f%%", b->target->name, b->done + 1,
		      b->n, what, 100 * fraction);
}

/* What a revision has in the place of a target's files may be no kernel. */
static int read_rev(struct pike_bench *b, struct entry *e, struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	int ret =
	    pike_repo_read(&e->files, b->repo, &e->id, &b->target->sources,
			   pike_target_absent(b->target), &why);

	if (ret != PIKE_FAILED)
		return ret ? pike_fail(err, ret, "%s", why.text) : 0;
	e->unfit = pike_xstrdup(why.text);
	return 0;
}

static void take_working(struct pike_bench *b)
{
	const struct pike_files *f = b->o.working;

	for (size_t i = 0; i < f->n; i++)
		pike_files_add(&b->v[0].files, f->v[i].path, f->v[i].data,
			       f->v[i].len);
	b->n = 1;
}

static bool same(const struct pike_file *a, const struct pike_file *b)
{
	return a && b && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/* Headers that a revision has otherwise than the judge become sources. */
static int free_headers(struct pike_bench *b, const struct pike_oid *at,
			struct pike_err *err)
{
	struct pike_files files = { 0 };
	int ret =
	    pike_repo_read(&files, b->repo, at, &b->own.headers, true, err);

	for (size_t i = 0; !ret && i < b->own.headers.n; i++) {
		const char *path = b->own.headers.v[i];

		if (!pike_strs_has(&b->sources, path) &&
		    !same(pike_files_find(&files, path),
			  pike_files_find(&b->in.headers, path)))
			pike_strs_push(&b->sources, path);
	}
	pike_files_release(&files);
	return ret;
}

/* References and headers of one revision, sources of others. */
static int read_trusted(struct pike_bench *b, struct pike_err *err)
{
	struct pike_oid at;
	int ret = pike_repo_resolve(&at, b->repo, b->o.trusted, err);

	if (!ret)
		ret = pike_inputs_read(&b->in, b->repo, b->target, &at, err);
	pike_files_release(&b->in.base);
	for (size_t i = 0; i < b->own.sources.n; i++)
		pike_strs_push(&b->sources, b->own.sources.v[i]);
	if (!ret)
		ret = free_headers(b, &b->base, err);
	for (size_t i = 0; !ret && i < b->o.nrevs; i++) {
		ret = pike_repo_resolve(&at, b->repo, b->o.revs[i], err);
		if (!ret)
			ret = free_headers(b, &at, err);
	}
	b->own.sources = b->sources;
	return ret ? ret
		   : pike_repo_read(&b->in.base, b->repo, &b->base,
				    &b->own.sources,
				    pike_target_absent(&b->own), err);
}

/* All revisions are looked up before the first is measured. */
static int read_revs(struct pike_bench *b, struct pike_err *err)
{
	int ret = 0;

	b->v = pike_xcalloc(b->o.nrevs + 1, sizeof(*b->v));
	if (b->o.working)
		take_working(b);
	for (; !ret && b->n < b->o.nrevs; b->n++) {
		struct entry *e = &b->v[b->n];

		ret = pike_repo_resolve(&e->id, b->repo, b->o.revs[b->n], err);
		if (!ret)
			ret = read_rev(b, e, err);
	}
	return ret;
}

static int bench_read(struct pike_bench *b, const struct pike_settings *s,
		      struct pike_err *err)
{
	const char *base = b->o.base;
	int ret;

	b->target = pike_settings_target(s, b->o.target);
	if (!b->target)
		return pike_fail(err, PIKE_USAGE,
				 "no target '%s' in .pike/config", b->o.target);
	b->own = *b->target;
	if (b->o.baselines)
		b->own.baselines = *b->o.baselines;
	b->target = &b->own;
	ret = base ? pike_repo_resolve(&b->base, b->repo, base, err)
		   : pike_repo_base(&b->base, b->repo, s->base, err);
	if (!ret)
		ret = b->o.trusted ? read_trusted(b, err)
				   : pike_inputs_read(&b->in, b->repo,
						      b->target, &b->base, err);
	if (!ret)
		ret = read_revs(b, err);
	snprintf(b->lane, sizeof(b->lane), "%s", s->lane ? s->lane : "");
	return ret;
}

static int open_judge(struct pike_bench *b, struct pike_err *err)
{
	struct pike_judge_opts o = {
		.target = b->target,
		.lane = b->lane,
		.base = &b->in.base,
		.headers = &b->in.headers,
		.reference = &b->in.reference,
		.modules = &b->in.modules,
		.require = b->o.require,
		.progress = on_progress,
		.ctx = b,
		.stop = b->o.stop,
		.screens = b->o.quick,
		.compile_only = b->o.compile_only,
		.arch = b->o.arch,
	};
	int ret = pike_judge_open(&b->judge, &o, err);

	if (!ret && !b->lane[0])
		snprintf(b->lane, sizeof(b->lane), "%s",
			 pike_judge_device(b->judge)->lane);
	return ret;
}

int pike_bench_open(struct pike_bench **out, struct pike_repo *repo,
		    const struct pike_settings *settings,
		    const struct pike_bench_opts *o, struct pike_err *err)
{
	struct pike_bench *b = pike_xcalloc(1, sizeof(*b));
	int ret;

	b->repo = repo;
	b->o = *o;
	ret = bench_read(b, settings, err);
	if (!ret)
		ret = open_judge(b, err);
	if (ret) {
		pike_bench_free(b);
		b = NULL;
	}
	*out = b;
	return ret;
}

static void entry_release(struct entry *e)
{
	pike_build_free(e->build);
	e->build = NULL;
	pike_files_release(&e->files);
	free(e->unfit);
	e->unfit = NULL;
}

void pike_bench_free(struct pike_bench *b)
{
	if (!b)
		return;
	pike_progress_end();
	for (size_t i = 0; i < b->n; i++)
		entry_release(&b->v[i]);
	free(b->v);
	pike_judge_free(b->judge);
	pike_inputs_release(&b->in);
	pike_strs_release(&b->sources);
	free(b);
}

/* The next revision's build, and as many after it as may run beside. */
static int begin_builds(struct pike_bench *b, struct pike_err *err)
{
	const struct pike_device_info *dev = pike_judge_device(b->judge);
	size_t upto =
	    b->done + 1 +
	    (b->o.compile_only ? (size_t)dev->ncores : pike_run_ahead(dev));
	int ret = 0;

	for (; !ret && b->begun < b->n && b->begun < upto; b->begun++)
		if (!b->v[b->begun].unfit)
			ret = pike_build_start(&b->v[b->begun].build, b->judge,
					       &b->v[b->begun].files, err);
	return ret;
}

static int bench_judge(struct pike_result *out, struct pike_bench *b,
		       struct pike_build *build, struct pike_err *err)
{
	struct pike_confirm_opts o = { .stage = b->o.stage,
				       .siblings = 1,
				       .profile = b->o.profile,
				       .baselines = true };
	int64_t t0 = pike_now_ns(), t1;
	int lock = -1, ret;

	/* What does not build needs no device. */
	if (!pike_build_on_device(build) &&
	    (b->o.compile_only || !pike_build_wait(build, NULL)))
		return pike_judge_compile(out, b->judge, build, err);
	t1 = pike_now_ns();
	pike_result_spent(out, "build", (double)(t1 - t0) / 1e9);
	ret =
	    pike_device_lock(&lock, pike_judge_device(b->judge)->lock, -1, err);
	if (ret)
		return ret;
	pike_result_spent(out, "wait", (double)(pike_now_ns() - t1) / 1e9);
	if (b->o.compile_only)
		ret = pike_judge_compile(out, b->judge, build, err);
	else if (b->o.quick)
		ret = pike_judge_screen(out, b->judge, build, NULL, err);
	else
		ret = pike_judge_confirm(out, b->judge, build, NULL, &o, err);
	close(lock);
	return ret;
}

static int bench_stamp(struct pike_result *out, struct pike_bench *b,
		       const struct entry *e, struct pike_err *err)
{
	struct pike_oid source;
	int ret =
	    e->unfit ? 0 : pike_repo_source(&source, b->repo, &e->files, err);
	const struct pike_stamp stamp = {
		.target = b->target,
		.lane = b->lane,
		.base = &b->base,
		.champion = &b->base,
		.commit = &e->id,
		.source = e->unfit ? NULL : &source,
		.stage = b->o.quick ? PIKE_SCREEN : b->o.stage,
	};

	if (!ret)
		pike_result_stamp(out, &stamp);
	return ret;
}

int pike_bench_next(struct pike_result *out, struct pike_bench *b,
		    struct pike_err *err)
{
	int64_t t0 = pike_now_ns();
	struct entry *e = &b->v[b->done];
	int ret;

	if (b->done == b->n)
		return 1;
	ret = begin_builds(b, err);
	if (!ret && e->unfit)
		pike_judge_refuse(out, b->judge, e->unfit);
	else if (!ret)
		ret = bench_judge(out, b, e->build, err);
	if (!ret)
		ret = bench_stamp(out, b, e, err);
	pike_result_took(out, (double)(pike_now_ns() - t0) / 1e9);
	pike_judge_opening(out, b->judge);
	entry_release(e);
	b->done++;
	return ret;
}

int pike_run_bench(struct pike_result *out, struct pike_repo *repo,
		   const struct pike_settings *settings,
		   const struct pike_bench_opts *o, struct pike_err *err)
{
	struct pike_bench *b = NULL;
	int ret = pike_bench_open(&b, repo, settings, o, err);

	if (!ret)
		ret = pike_bench_next(out, b, err);
	pike_bench_free(b);
	return ret;
}
