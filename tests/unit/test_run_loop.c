/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over the stages, on a real repository and with a judge that has no
 * device: a candidate is as fast as its TILE says. */
#include "git_fixture.h"

#include "base/clock.h"
#include "run/run_priv.h"

#define SOURCE "kernels/scale.c"

/* ---- the judge ---- */

struct pike_judge {
	struct pike_device_info dev;
};
struct pike_build {
	int tile;
};

/* What a test makes of a measurement: by default as fast as the tile is
 * large. */
static struct {
	struct pike_run *run;
	int opened, closed, screens, confirms, bases, stop;
	int (*screen)(struct pike_result *out, int tile, struct pike_err *err);
	int (*confirm)(struct pike_result *out, int tile, int champion,
		       struct pike_err *err);
	void (*progress)(void *ctx, const char *what, double fraction);
	void *ctx;
	const char *env; /* NULL: an-env */
} fake;

static int fake_open(struct pike_judge **out, const struct pike_judge_opts *o,
		     struct pike_err *err)
{
	struct pike_judge *j = pike_xcalloc(1, sizeof(*j));

	(void)err;
	snprintf(j->dev.lane, sizeof(j->dev.lane), "cpu");
	snprintf(j->dev.lock, sizeof(j->dev.lock), "test-%ld", (long)getpid());
	j->dev.ncores = 1;
	j->dev.judge_core = -1;
	fake.progress = o->progress;
	fake.ctx = o->ctx;
	fake.opened++;
	*out = j;
	return 0;
}

static void fake_close(struct pike_judge *j)
{
	fake.closed += j != NULL;
	free(j);
}

static const struct pike_device_info *fake_device(const struct pike_judge *j)
{
	return &j->dev;
}

static const char *fake_env(const struct pike_judge *j)
{
	(void)j;
	return fake.env ? fake.env : "an-env";
}

static const char *fake_task(const struct pike_judge *j)
{
	(void)j;
	return "a-task";
}

static void fake_identify(struct pike_result *out, const struct pike_judge *j)
{
	free(out->env);
	free(out->task);
	out->env = pike_xstrdup(fake_env(j));
	pike_json_free(out->env_info);
	out->env_info = pike_json_object();
	pike_json_set_str(out->env_info, "driver", out->env);
	out->task = pike_xstrdup("a-task");
}

static void fake_times(const struct pike_judge *j, int64_t *held_ns,
		       int64_t *kernel_ns)
{
	(void)j;
	*held_ns = *kernel_ns = 1;
}

static int fake_build_start(struct pike_build **out, struct pike_judge *j,
			    const struct pike_files *files,
			    struct pike_err *err)
{
	const struct pike_file *f = pike_files_find(files, SOURCE);
	struct pike_build *b = pike_xcalloc(1, sizeof(*b));

	(void)j;
	(void)err;
	assert_non_null(f);
	b->tile = (int)strtol(strstr(f->data, "TILE ") + 5, NULL, 10);
	*out = b;
	return 0;
}

static bool fake_build_wait(struct pike_build *b, const char **log)
{
	assert_non_null(b);
	if (log)
		*log = "";
	return true;
}

static void fake_build_free(struct pike_build *b)
{
	free(b);
}

static struct pike_ratio about(double x)
{
	return (struct pike_ratio){ x * 0.99, x, x * 1.01 };
}

static int fake_screen(struct pike_result *out, struct pike_judge *j,
		       struct pike_build *cand, struct pike_build *champ,
		       struct pike_err *err)
{
	double x = (double)cand->tile / (champ ? champ->tile : 1);
	int ret = 0;

	fake.screens++;
	fake_identify(out, j);
	fake.progress(fake.ctx, "screening", 0.5);
	out->verdict = x > 1 ? PIKE_V_FASTER : PIKE_V_SLOWER;
	out->vs_champion = about(x);
	if (fake.screen)
		ret = fake.screen(out, cand->tile, err);
	return ret;
}

static int fake_confirm(struct pike_result *out, struct pike_judge *j,
			struct pike_build *cand, struct pike_build *champ,
			const struct pike_confirm_opts *o, struct pike_err *err)
{
	int best = champ ? champ->tile : 1, ret = 0;

	assert_true(o->siblings >= 1 && o->siblings <= PIKE_CHALLENGERS);
	fake.confirms++;
	fake_identify(out, j);
	out->verdict = PIKE_V_FASTER;
	out->vs_base = about(cand->tile);
	out->vs_champion = about((double)cand->tile / best);
	if (fake.confirm)
		ret = fake.confirm(out, cand->tile, best, err);
	return ret;
}

static int fake_base(struct pike_result *out, struct pike_judge *j,
		     struct pike_err *err)
{
	(void)err;
	fake.bases++;
	pike_result_init(out);
	fake_identify(out, j);
	out->cases = pike_xcalloc(1, sizeof(*out->cases));
	out->ncases = 1;
	out->cases[0].name = pike_xstrdup("n=8");
	out->cases[0].base_ns = 5000;
	return 0;
}

static const struct pike_judging judging = {
	.open = fake_open,
	.close = fake_close,
	.device = fake_device,
	.env = fake_env,
	.task = fake_task,
	.identify = fake_identify,
	.times = fake_times,
	.build_start = fake_build_start,
	.build_wait = fake_build_wait,
	.build_free = fake_build_free,
	.base = fake_base,
	.screen = fake_screen,
	.confirm = fake_confirm,
};

/* ---- a search ---- */

struct world {
	struct fixture f;
	struct pike_repo *repo;
	struct pike_settings *settings;
	struct pike_run *run;
	struct pike_err err;
};

struct setting {
	const char *section, *key, *value;
};

static void make_settings(struct pike_settings **out, const struct setting *own,
			  size_t n)
{
	static const struct setting lines[] = {
		{ "pike", "strategy", "tune" },
		{ "pike", "lane", "cpu" },
		{ "target.scale", "backend", "cpu" },
		{ "target.scale", "source", SOURCE },
		{ "target.scale", "reference", "kernels/scale_ref.c" },
		{ "target.scale", "entry", "scale" },
		{ "target.scale", "arg", "in f32 x[n]" },
		{ "target.scale", "arg", "out f32 y[n]" },
		{ "target.scale", "arg", "i32 n" },
		{ "target.scale", "case", "n=8" },
	};
	struct pike_entries e = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(lines); i++)
		pike_entries_add(&e, lines[i].section, lines[i].key,
				 lines[i].value, "test:1", true);
	for (size_t i = 0; i < n; i++)
		pike_entries_add(&e, own[i].section, own[i].key, own[i].value,
				 "option", true);
	ok(pike_settings_make(out, &e, &err), &err);
	pike_entries_release(&e);
}

static void open_run(struct world *w)
{
	const struct pike_run_opts o = { .target = "scale",
					 .stop = &fake.stop,
					 .stage = -1 };

	ok(pike_run_open(&w->run, w->repo, w->settings, &o, &w->err), &w->err);
	w->run->judging = &judging;
	fake.run = w->run;
}

/* A source with these values to try, and settings beside the usual ones. */
static void world_open(struct world *w, const char *tiles,
		       const struct setting *own, size_t n)
{
	memset(w, 0, sizeof(*w));
	memset(&fake, 0, sizeof(fake));
	fixture_begin(&w->f);
	free(sh_in(w->f.repo, 0,
		   "printf '#define TILE 1 //pike: tune %s\\nvoid scale(void) "
		   "{}\\n' >" SOURCE " && echo '/* truth */' "
		   ">kernels/scale_ref.c && mkdir -p .pike/prompts && for p in "
		   "system optimize rules-cpu directions-cpu; do echo $p "
		   ">.pike/prompts/$p.md; done; printf "
		   "'{{roofline}}\\n{{tried}}\\n{{lessons}}\\n' "
		   ">>.pike/prompts/optimize.md; "
		   "git add -A && "
		   "git commit -qm kernel",
		   tiles));
	ok(pike_repo_open(&w->repo, w->f.repo, &w->err), &w->err);
	make_settings(&w->settings, own, n);
	open_run(w);
}

static void world_close(struct world *w)
{
	pike_run_free(w->run);
	assert_int_equal(fake.opened, fake.closed);
	pike_settings_free(w->settings);
	pike_repo_free(w->repo);
	fixture_end(&w->f);
}

static const struct pike_record *tile(const struct world *w, const char *idea)
{
	const struct pike_history *h = w->run->history;

	for (size_t i = 0; i < h->nrecs; i++)
		if (!strcmp(h->recs[i].idea, idea))
			return &h->recs[i];
	fail_msg("no candidate %s", idea);
	return NULL;
}

/* What a process that begins now finds in the repository. */
static size_t stored(const struct pike_oid *id, enum pike_stage stage)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result *v = NULL;
	struct pike_repo *r;
	size_t n = 0, found = 0;

	ok(pike_repo_open(&r, pike_repo_workdir(fake.run->repo), &err), &err);
	ok(pike_results_of(&v, &n, r, id, &err), &err);
	for (size_t i = 0; i < n; i++) {
		found += v[i].stage == stage;
		pike_result_release(&v[i]);
	}
	free(v);
	pike_repo_free(r);
	return found;
}

/* ---- verdicts and errors ---- */

static int four_is_wrong(struct pike_result *out, int tile,
			 struct pike_err *err)
{
	(void)err;
	if (tile != 4)
		return 0;
	out->verdict = PIKE_V_WRONG;
	out->reason = pike_xstrdup("case 'n=8': y[0] differs");
	return 0;
}

static void a_failure_is_a_verdict(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8", NULL, 0);
	fake.screen = four_is_wrong;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_string_equal(pike_run_ended(w.run),
			    "the strategy has nothing left to try");
	assert_int_equal(w.run->history->nrecs, 3);
	assert_int_equal(tile(&w, "TILE=4")->screen.verdict, PIKE_V_WRONG);
	assert_int_equal(tile(&w, "TILE=2")->screen.verdict, PIKE_V_FASTER);
	assert_true(
	    pike_oid_eq(&w.run->history->champion, &tile(&w, "TILE=8")->id));
	assert_int_equal(w.run->stats.screened, 3);
	assert_int_equal(fake.opened, 1);
	world_close(&w);
}

static int level, failures;

/* TILE=4 cannot be measured: the first few times, or ever. */
static int four_breaks(struct pike_result *out, int tile, struct pike_err *err)
{
	(void)out;
	if (tile != 4 || failures-- <= 0)
		return 0;
	return pike_fail(err, level, "the world is broken");
}

/* Nothing is stored of what could not be measured, and the next run does it. */
static void errors_end_the_run(void **state)
{
	static const int levels[] = { PIKE_FAILED, PIKE_FATAL, PIKE_RETRY };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(levels); i++) {
		struct pike_oid id;
		struct world w;
		int before;

		world_open(&w, "1 4", NULL, 0);
		fake.screen = four_breaks;
		level = levels[i];
		failures = 100;
		assert_int_equal(pike_run_evolve(w.run, &w.err), level);
		assert_non_null(strstr(w.err.text, "the world is broken"));
		assert_int_equal(fake.screens, level == PIKE_RETRY ? 3 : 1);
		id = tile(&w, "TILE=4")->id;
		assert_int_equal(tile(&w, "TILE=4")->screen.verdict,
				 PIKE_V_PENDING);
		assert_int_equal(stored(&id, PIKE_SCREEN), 0);
		pike_run_free(w.run);
		open_run(&w);
		failures = 0;
		before = fake.screens;
		ok(pike_run_evolve(w.run, &w.err), &w.err);
		assert_int_equal(fake.screens, before + 1);
		assert_true(pike_oid_eq(&w.run->history->champion, &id));
		world_close(&w);
	}
}

static void what_may_go_well_is_tried_again(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "1 2 4", NULL, 0);
	fake.screen = four_breaks;
	level = PIKE_RETRY;
	failures = 2;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_int_equal(fake.screens, 2 + 2);
	assert_int_equal(w.run->stats.screened, 2);
	assert_int_equal(tile(&w, "TILE=4")->screen.verdict, PIKE_V_FASTER);
	world_close(&w);
}

/* ---- where it ends ---- */

static int stop_at_second(struct pike_result *out, int tile,
			  struct pike_err *err)
{
	(void)out;
	(void)tile;
	(void)err;
	if (fake.screens == 2)
		fake.stop = 1;
	return 0;
}

static void stop_is_seen_between_measurements(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8 16", NULL, 0);
	fake.screen = stop_at_second;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_string_equal(pike_run_ended(w.run), "interrupted");
	/* What was measured counts, the rest waits. */
	assert_int_equal(fake.screens, 2);
	assert_int_equal(w.run->stats.screened, 2);
	assert_int_equal(pike_history_pending(w.run->history), 2);
	assert_int_equal(fake.confirms, 0);
	world_close(&w);
}

static void the_budget_ends_it(void **state)
{
	static const struct setting own[] = { { "budget", "candidates", "2" } };
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8 16", own, 1);
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_string_equal(pike_run_ended(w.run), "budget: 2 candidates");
	assert_int_equal(fake.screens, 2);
	assert_int_equal(w.run->history->nrecs, 2);
	/* The last generation is closed all the same. */
	assert_int_equal(w.run->history->ngens, 2);
	world_close(&w);
}

/* ---- champions ---- */

/* All alike: none is separated from the best. */
static int alike(struct pike_result *out, int tile, struct pike_err *err)
{
	(void)tile;
	(void)err;
	out->verdict = PIKE_V_FASTER;
	out->vs_champion = about(1.5);
	return 0;
}

static int none_confirmed(struct pike_result *out, int tile, int champion,
			  struct pike_err *err)
{
	(void)tile;
	(void)champion;
	(void)err;
	out->verdict = PIKE_V_INCONCLUSIVE;
	out->vs_base = out->vs_champion = (struct pike_ratio){ 0.9, 1, 1.1 };
	return 0;
}

static void three_are_confirmed_at_most(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8 16 32 64", NULL, 0);
	fake.screen = alike;
	fake.confirm = none_confirmed;
	ok(pike_run_propose(w.run, &w.err), &w.err);
	ok(pike_run_evaluate(w.run, &w.err), &w.err);
	assert_int_equal(fake.screens, 6);
	assert_int_equal(fake.confirms, PIKE_CHALLENGERS);
	/* Nor later: their generation has had its share. */
	ok(pike_run_evaluate(w.run, &w.err), &w.err);
	assert_int_equal(fake.confirms, PIKE_CHALLENGERS);
	ok(pike_run_advance(w.run, &w.err), &w.err);
	assert_true(
	    pike_oid_eq(&w.run->history->champion, &w.run->history->base));
	world_close(&w);
}

/* A confirmation says that it is worth more over the base than the champion
 * is, and yet not faster than the champion. */
static int not_over_champion(struct pike_result *out, int tile, int champion,
			     struct pike_err *err)
{
	(void)err;
	if (champion == 1 || tile < champion)
		return 0;
	out->verdict = PIKE_V_FASTER;
	out->vs_base = about(100);
	out->vs_champion = (struct pike_ratio){ 0.98, 1.01, 1.03 };
	return 0;
}

static void the_champion_never_goes_back(void **state)
{
	static const struct setting own[] = { { "pike", "generation-size",
						"1" } };
	const struct pike_history *h;
	double best = 1;
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8 16", own, 1);
	fake.confirm = not_over_champion;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	h = w.run->history;
	assert_int_equal(h->nrecs, 4);
	assert_int_equal(h->ngens, 1 + 4);
	assert_true(fake.confirms >= 1);
	for (size_t i = 1; i < h->ngens; i++) {
		assert_true(h->gens[i].speedup.mid >= best);
		best = h->gens[i].speedup.mid;
		/* The first that was confirmed stays. */
		if (i > 1 && !pike_oid_eq(&h->gens[i - 1].champion, &h->base))
			assert_true(pike_oid_eq(&h->gens[i].champion,
						&h->gens[i - 1].champion));
	}
	assert_true(best > 1 && best < 100);
	world_close(&w);
}

/* ---- stored first ---- */

static const struct pike_strategy_ops *tuner;

/* Whatever the strategy is told is in the repository. */
static int spy(struct pike_moves *out, const struct pike_search_input *in,
	       struct pike_err *err)
{
	const struct pike_history *h = in->history;

	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if (r->screen.verdict != PIKE_V_PENDING)
			assert_int_equal(stored(&r->id, PIKE_SCREEN), 1);
		if (r->confirm.verdict != PIKE_V_PENDING)
			assert_int_equal(stored(&r->id, PIKE_CONFIRM), 1);
	}
	return tuner->next(out, in, err);
}

/* And so is the one before, when the next is measured. */
static int last_is_stored(struct pike_result *out, int tile,
			  struct pike_err *err)
{
	const struct pike_history *h = fake.run->history;
	int n = 0;

	(void)out;
	(void)tile;
	(void)err;
	for (size_t i = 0; i < h->nrecs; i++)
		n += stored(&h->recs[i].id, PIKE_SCREEN) == 1;
	assert_int_equal(n, fake.screens - 1);
	return 0;
}

static void a_result_is_stored_first(void **state)
{
	static const struct setting own[] = { { "pike", "generation-size",
						"2" } };
	struct pike_strategy_ops ops;
	struct pike_result *v = NULL;
	struct world w;
	size_t n = 0;

	(void)state;
	world_open(&w, "1 2 4 8 16", own, 1);
	tuner = w.run->strategy;
	ops = *tuner;
	ops.next = spy;
	w.run->strategy = &ops;
	fake.screen = last_is_stored;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_int_equal(fake.screens, 4);
	/* With all that a result says of itself, and what the judge knows. */
	ok(pike_results_of(&v, &n, w.repo, &w.run->history->champion, &w.err),
	   &w.err);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(v[i].target, "scale");
		assert_string_equal(v[i].lane, "cpu");
		assert_string_equal(v[i].by, "local");
		assert_string_equal(v[i].env, "an-env");
		assert_string_equal(v[i].task, "a-task");
		assert_string_equal(v[i].precision, "fp32");
		assert_int_equal(strlen(v[i].id), 24);
		assert_int_equal(strlen(v[i].source), 40);
		assert_true(pike_oid_eq(&v[i].base, &w.run->history->base));
		assert_true(v[i].ts > 0);
		pike_result_release(&v[i]);
	}
	free(v);
	world_close(&w);
}

/* ---- replies ---- */

/* The first reply at once, the second when the first is being measured. */
#define MODEL                                                                  \
	"#!/bin/sh\n"                                                          \
	"dir=${0%%/*}\n"                                                       \
	"cat >/dev/null\n"                                                     \
	"if mkdir $dir/first 2>/dev/null; then n=2\n"                          \
	"else n=4; until [ -e $dir/measuring ]; do sleep 0.02; done; fi\n"     \
	"printf 'Larger.\\n\\n```c\\n#define TILE %%s\\nvoid scale(void) "     \
	"{}\\n```\\n' $n\n"                                                    \
	"[ $n = 2 ] || : >$dir/replied\n"

static char *model_dir;

/* Waits, in the first measurement, for the second reply to be there. */
static int wait_for_reply(struct pike_result *out, int tile,
			  struct pike_err *err)
{
	char *replied = pike_xasprintf("%s/replied", model_dir);
	char *measuring = pike_xasprintf("%s/measuring", model_dir);
	int64_t end = pike_now_ns() + 20 * 1000000000LL;
	const size_t before = fake.run->history->nrecs;

	(void)out;
	(void)err;
	if (fake.screens == 1) {
		assert_int_equal(tile, 2);
		ok(pike_write_file(measuring, "", 0, err), err);
		while (access(replied, F_OK) && pike_now_ns() < end)
			usleep(20000);
		assert_int_equal(access(replied, F_OK), 0);
		usleep(300000);
		/* Whoever draws how far it is stores nothing. */
		fake.progress(fake.ctx, "screening", 0.9);
		assert_int_equal(fake.run->history->nrecs, before);
		assert_int_equal(pike_agents_flying(fake.run), 1);
	}
	free(measuring);
	free(replied);
	return 0;
}

static void replies_wait_for_the_measurement(void **state)
{
	struct setting own[] = {
		{ "pike", "strategy", "mine" },
		{ "strategy.mine", "preset", "pike-b-no-iba" },
		{ "strategy.mine", "samples", "2" },
		{ "strategy.mine", "fix-attempts", "0" },
		{ "budget", "queries", "2" },
		{ "llm.main", "provider", "command" },
		{ "llm.main", "command", NULL },
	};
	struct world w;
	char dir[] = "/tmp/pike-model-XXXXXX", *program, *chat;

	(void)state;
	assert_non_null(mkdtemp(dir));
	model_dir = dir;
	program = pike_xasprintf("%s/model", dir);
	free(sh_in(dir, 0, "cat >model <<'END'\n" MODEL "END\nchmod +x model"));
	own[6].value = program;
	world_open(&w, "1 2 4", own, PIKE_ARRAY_LEN(own));
	fake.screen = wait_for_reply;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_string_equal(pike_run_ended(w.run), "budget: 2 queries");
	/* Both were stored, with what was said, and measured. */
	assert_int_equal(w.run->history->nrecs, 2);
	assert_int_equal(fake.screens, 2);
	for (size_t i = 0; i < 2; i++) {
		struct pike_strs lines = PIKE_STRS_INIT;

		assert_int_equal(w.run->history->recs[i].screen.verdict,
				 PIKE_V_FASTER);
		ok(pike_chats_of(&lines, w.repo, &w.run->history->recs[i].id,
				 &w.err),
		   &w.err);
		assert_int_equal(lines.n, 1);
		pike_strs_release(&lines);
	}
	chat = sh_in(w.f.repo, 0, "git show %s:" SOURCE,
		     w.run->history->champion.hex);
	assert_non_null(strstr(chat, "TILE 4"));
	free(chat);
	world_close(&w);
	free(program);
	pike_rm_rf(dir, NULL);
}

/* ---- what prompts tell ---- */

/* Each reply is another tile: 2, 4, 8. */
#define COUNTS                                                                 \
	"#!/bin/sh\nd=${0%%/*}\ncat >/dev/null\necho x >>$d/n\n"               \
	"t=$((1 << $(wc -l <$d/n)))\n"                                         \
	"printf 'Tiles of %%d.\\n\\n```c\\n' $t\n"                             \
	"printf '#define TILE %%d\\nvoid scale(void) {}\\n```\\n' $t\n"

/* The prompt of a record, as its note has it. */
static char *prompt_of(const struct world *w, size_t at)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	char *text;

	ok(pike_chats_of(&lines, w->repo, &w->run->history->recs[at].id, &err),
	   &err);
	assert_int_equal(lines.n, 1);
	text = pike_xstrdup(lines.v[0]);
	pike_strs_release(&lines);
	return text;
}

static void told(const struct world *w, size_t at, const char *what, bool there)
{
	char *text = prompt_of(w, at);

	if (!!strstr(text, what) != there)
		fail_msg("'%s' is %s: %s", what, there ? "missing" : "there",
			 text);
	free(text);
}

static void evolve_told(const char *preset)
{
	struct setting own[] = {
		{ "pike", "strategy", "mine" },
		{ "strategy.mine", "preset", preset },
		{ "strategy.mine", "samples", "1" },
		{ "strategy.mine", "ideas", "0" },
		{ "budget", "queries", "3" },
		{ "llm.main", "provider", "command" },
		{ "llm.main", "command", NULL },
	};
	bool tells = !strcmp(preset, "informed");
	char dir[] = "/tmp/pike-model-XXXXXX", *program;
	struct world w;

	assert_non_null(mkdtemp(dir));
	program = pike_xasprintf("%s/model", dir);
	free(
	    sh_in(dir, 0, "cat >model <<'END'\n" COUNTS "END\nchmod +x model"));
	own[6].value = program;
	world_open(&w, "1 2 4 8", own, PIKE_ARRAY_LEN(own));
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_int_equal(w.run->history->nrecs, 3);
	/* Before the first question, and not again. */
	assert_int_equal(fake.bases, tells);
	told(&w, 0, "n=8: the base takes 5us", tells);
	told(&w, 0, "what it was made from", false);
	told(&w, 1,
	     "what it was made from:\\n- Tiles of 2.: 2.00x over the base, "
	     "confirmed\\n",
	     tells);
	/* What a closed generation teaches, by idea or by what was done. */
	told(&w, 0, "], confirmed", false);
	told(&w, 1,
	     "\\n- Tiles of 2.: 2.00x [1.98, 2.02] over the base, confirmed",
	     tells);
	told(&w, 2, "\\n- Tiles of 4.: 4.00x [", tells);
	/* The line of the version alone; what else there is comes behind. */
	told(&w, 2,
	     "- Tiles of 4.: 4.00x over the base, confirmed\\n- Tiles of 2.: "
	     "2.00x over the base, confirmed\\n```",
	     tells);
	world_close(&w);
	free(program);
	pike_rm_rf(dir, NULL);
}

static void prompts_tell_by_preset(void **state)
{
	(void)state;
	evolve_told("informed");
	evolve_told("pike-b");
}

/* ---- the base and the environment move ---- */

static size_t count_again(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->run->history->nrecs; i++)
		n += w->run->history->recs[i].again;
	return n;
}

static void another_env_measures_again(void **state)
{
	const struct pike_history *h;
	int64_t candidates;
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8", NULL, 0);
	fake.screen = four_is_wrong;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	pike_run_free(w.run);
	fake.screens = fake.confirms = 0;
	fake.env = "newer";
	open_run(&w);
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	h = w.run->history;
	/* Not what was wrong; the tuner tries that once more. */
	assert_int_equal(count_again(&w), 2);
	assert_int_equal(fake.screens, 3);
	assert_int_equal(fake.confirms, 1);
	assert_true(h->speedup.mid == 8);
	assert_string_equal(pike_history_epoch(h, NULL)->env, "newer");
	for (size_t i = 0; i < h->nrecs; i++)
		assert_int_equal(h->recs[i].past, i < 3);
	free(sh_in(w.f.repo, 0,
		   "git log --format=%%B --first-parent pike/evo/scale/cpu | "
		   "tr '\\n' ' ' | grep 'another environment: driver an-env -> "
		   "newer'"));
	/* Once. */
	pike_run_free(w.run);
	fake.screens = 0;
	open_run(&w);
	candidates = (int64_t)w.run->history->nrecs;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	assert_int_equal(fake.screens, 0);
	assert_int_equal(w.run->history->nrecs, candidates);
	world_close(&w);
}

/* Two machines at one search would begin an epoch in turn, for ever. */
static int meanwhile_another_machine(struct pike_result *out, int tile,
				     struct pike_err *err)
{
	(void)out, (void)tile, (void)err;
	if (fake.run->placed)
		fake.env = "theirs";
	return 0;
}

static void two_environments_at_once(void **state)
{
	static const struct setting one[] = {
		{ "pike", "generation-size", "1" },
	};
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8", one, 1);
	fake.screen = meanwhile_another_machine;
	assert_int_equal(pike_run_evolve(w.run, &w.err), PIKE_FAILED);
	assert_non_null(strstr(w.err.text, "another environment"));
	assert_non_null(strstr(w.err.text, "pike.lane"));
	world_close(&w);
}

/* A job of several on a machine with that environment. */
static void part_in(struct world *w, const char *env)
{
	pike_run_free(w->run);
	fake.env = env;
	open_run(w);
	w->run->o.part = true;
	ok(pike_run_evaluate(w->run, &w->err), &w->err);
}

/* One job of several hands on what it has measured, and no generation. */
static void a_part_begins_no_epoch(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8", NULL, 0);
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	sh(w.f.repo, "echo '/* mended */' >>" SOURCE " && git commit -qam x");
	part_in(&w, NULL);
	assert_int_equal(pike_history_epoch(w.run->history, NULL)->number, 0);
	world_close(&w);
}

/* As `advance` folds, without a device; the environment of the search then. */
static const char *folded(struct world *w)
{
	pike_run_free(w->run);
	open_run(w);
	ok(pike_run_advance(w->run, &w->err), &w->err);
	ok(pike_run_follow(w->run, false, &w->err), &w->err);
	assert_null(w->run->judge);
	return pike_history_epoch(w->run->history, NULL)->env;
}

/* Another job of that pass, in the environment of the search. */
static void measured_later(struct world *w)
{
	struct pike_result *v = NULL;
	size_t n = 0;

	ok(pike_results_of(&v, &n, w->run->repo, &w->run->history->champion,
			   &w->err),
	   &w->err);
	v[0].ts += 100;
	v[0].id[0] ^= 1;
	ok(pike_search_record(w->run->search, w->run->history, v, 1, &w->err),
	   &w->err);
	while (n)
		pike_result_release(&v[--n]);
	free(v);
}

static void parts_tell_of_an_environment(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8", NULL, 0);
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	fake.screens = fake.confirms = 0;
	for (int i = 0; i < 2; i++)
		part_in(&w, "newer");
	assert_int_equal(fake.screens + fake.confirms, 0);
	assert_string_equal(folded(&w), "newer");
	assert_int_equal(count_again(&w), 3);
	/* One pass screens, the next one confirms. */
	for (int i = 0; i < 2; i++) {
		part_in(&w, "newer");
		assert_string_equal(folded(&w), "newer");
	}
	assert_int_equal(fake.screens, 3);
	assert_true(w.run->history->speedup.mid == 8);
	/* Back to what it has left: two machines would go on so for ever. */
	part_in(&w, "an-env");
	assert_string_equal(folded(&w), "newer");
	part_in(&w, "third");
	measured_later(&w);
	assert_string_equal(folded(&w), "newer");
	world_close(&w);
}

static int base_is_mended(struct pike_result *out, int tile,
			  struct pike_err *err)
{
	(void)out, (void)tile, (void)err;
	if (fake.screens == 2)
		sh(pike_repo_workdir(fake.run->repo),
		   "echo '/* mended */' >>" SOURCE
		   " && git commit -qam mended");
	return 0;
}

/* While it goes on: what was measured before is measured again, on the base
 * that is there then. */
static void base_moves_meanwhile(void **state)
{
	static const struct setting two[] = {
		{ "pike", "generation-size", "2" },
	};
	const struct pike_history *h;
	struct pike_files f = { 0 };
	struct world w;

	(void)state;
	world_open(&w, "1 2 4 8", two, 1);
	fake.screen = base_is_mended;
	ok(pike_run_evolve(w.run, &w.err), &w.err);
	h = w.run->history;
	assert_int_equal(count_again(&w), 2);
	assert_true(h->speedup.mid == 8);
	ok(pike_run_files(&f, w.run, &h->champion, &w.err), &w.err);
	assert_non_null(strstr(f.v[0].data, "mended"));
	pike_files_release(&f);
	assert_int_equal(fake.opened, 2);
	for (size_t i = 0; i < h->nrecs; i++)
		assert_true(h->recs[i].past || h->recs[i].score > 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_env_measures_again),
		cmocka_unit_test(two_environments_at_once),
		cmocka_unit_test(base_moves_meanwhile),
		cmocka_unit_test(a_part_begins_no_epoch),
		cmocka_unit_test(parts_tell_of_an_environment),
		cmocka_unit_test(a_failure_is_a_verdict),
		cmocka_unit_test(errors_end_the_run),
		cmocka_unit_test(what_may_go_well_is_tried_again),
		cmocka_unit_test(stop_is_seen_between_measurements),
		cmocka_unit_test(the_budget_ends_it),
		cmocka_unit_test(three_are_confirmed_at_most),
		cmocka_unit_test(the_champion_never_goes_back),
		cmocka_unit_test(a_result_is_stored_first),
		cmocka_unit_test(replies_wait_for_the_measurement),
		cmocka_unit_test(prompts_tell_by_preset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
