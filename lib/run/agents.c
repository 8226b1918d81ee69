/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agents: what models are asked. Nothing here waits for a single reply: the
 * questions of a strategy are on their way together, and what is answered is
 * measured while others still think.
 */
#include "run/agents_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Questions in a row that may fail before the run gives up. */
#define FAILURES 3
/* Brainstorms that may be of no use before it goes on without ideas. */
#define BRAINSTORMS 3
/* Models that an agent may choose among. */
#define LLMS_MAX 16
/* The [llm] sections that are asked where nobody names another. */
#define MAIN "main"
#define CHEAP "cheap"
/* How long a wait for replies lasts before looking at `stop`. */
#define LISTEN_MS 200

/* ---- opening ---- */

/* The repository's own, else the program's. */
static int read_template(struct pike_buf *out, struct pike_run *run,
			 const char *name, struct pike_err *err)
{
	char *own = pike_xasprintf(".pike/prompts/%s.md", name);
	char *built_in = pike_xasprintf("prompts/%s.md", name);
	struct pike_strs path = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	int ret;

	pike_strs_push(&path, own);
	ret = pike_repo_read(&files, run->repo, &run->history->base, &path,
			     true, err);
	if (!ret && files.n)
		pike_buf_add(out, files.v[0].data, files.v[0].len);
	else if (!ret)
		ret = pike_read_template(out, built_in, err);
	pike_files_release(&files);
	pike_strs_release(&path);
	free(built_in);
	free(own);
	return ret;
}

/* A template's text, which lives as long as the agents. */
static int find_template(const char **out, struct pike_run *run,
			 const char *name, struct pike_err *err)
{
	struct pike_files *all = &run->agents->templates;
	const struct pike_file *f = pike_files_find(all, name);
	struct pike_buf text;
	int ret = 0;

	pike_buf_init(&text, PIKE_PROMPT_MAX);
	if (!f) {
		ret = read_template(&text, run, name, err);
		if (!ret)
			pike_files_add(all, name, text.s, text.len);
		f = pike_files_find(all, name);
	}
	*out = f ? f->data : NULL;
	pike_buf_release(&text);
	return ret;
}

/* Exchanges for the provider `replay`: of a tracked file. */
static int read_record(struct pike_agents *a, struct pike_run *run,
		       const char *name, struct pike_err *err)
{
	struct pike_strs path = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	int ret;

	pike_strs_push(&path, name);
	ret = pike_repo_read(&files, run->repo, &run->history->base, &path,
			     false, err);
	if (!ret)
		ret = pike_replay_read(a->replay, name, files.v[0].data,
				       files.v[0].len, err);
	pike_files_release(&files);
	pike_strs_release(&path);
	return ret;
}

/* And those of a search. */
static int read_search(struct pike_agents *a, struct pike_run *run,
		       struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_oid tip;
	int ret = pike_repo_resolve(&tip, run->repo, run->o.replay, err);

	if (!ret)
		ret = pike_chats_below(&lines, run->repo, &tip, err);
	for (size_t i = 0; !ret && i < lines.n; i++)
		/* A line that cannot be read is one reply less. */
		pike_replay_add(a->replay, lines.v[i], strlen(lines.v[i]),
				NULL);
	if (!ret && !pike_replay_left(a->replay))
		ret = pike_fail(err, PIKE_FAILED,
				"no exchanges with models are recorded below "
				"'%s'; a clone has none before 'git fetch "
				"origin refs/notes/pike/*:refs/notes/pike/*'",
				run->o.replay);
	pike_strs_release(&lines);
	return ret;
}

static int read_records(struct pike_agents *a, struct pike_run *run,
			struct pike_err *err)
{
	int ret = 0;

	a->replay = pike_replay_new();
	if (run->o.replay)
		return read_search(a, run, err);
	for (size_t i = 0; !ret && i < run->settings->nllms; i++)
		if (run->settings->llms[i].record)
			ret = read_record(a, run, run->settings->llms[i].record,
					  err);
	return ret;
}

static int agents_open(struct pike_run *run, struct pike_err *err)
{
	struct pike_agents *a = pike_xcalloc(1, sizeof(*a));
	struct pike_llms_opts o = { .root = pike_repo_workdir(run->repo),
				    .seed = run->seed };
	int ret;

	a->claim = -1;
	run->agents = a;
	ret = find_template(&a->system, run, "system", err);
	if (!ret)
		ret = read_records(a, run, err);
	o.replay = a->replay;
	if (!ret)
		ret = pike_llms_open(&a->llms, &o, err);
	if (ret)
		pike_agents_close(run);
	return ret;
}

void pike_agents_close(struct pike_run *run)
{
	struct pike_agents *a = run->agents;

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		pike_asked_release(&a->v[i]);
	if (a->claim >= 0)
		close(a->claim);
	free(a->v);
	pike_llms_close(a->llms);
	pike_replay_free(a->replay);
	pike_strs_release(&a->ideas);
	pike_tunables_release(&a->tunables);
	free(a->traits);
	pike_memory_free(a->memory);
	pike_files_release(&a->templates);
	free(a);
	run->agents = NULL;
}

size_t pike_agents_flying(const struct pike_run *run)
{
	return run->agents ? run->agents->n : 0;
}

bool pike_agents_busy(const struct pike_run *run)
{
	return run->agents && (run->agents->n || run->agents->failures);
}

bool pike_agents_elsewhere(const struct pike_run *run)
{
	return run->agents && run->agents->claim < 0;
}

void pike_agents_text(struct pike_buf *out, const struct pike_run *run)
{
	const struct pike_agents *a = run->agents;
	const char *why = NULL;
	int64_t first = INT64_MAX, ms = 0;
	char ago[32];

	if (!a || !a->n)
		return;
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].asked_ns < first)
			first = a->v[i].asked_ns;
		if (!why && !a->away)
			why = pike_question_waits(a->v[i].question, &ms);
	}
	pike_buf_addf(out, "asked %zu, the first %s ago", a->n,
		      pike_human_ns(ago, (double)(pike_now_ns() - first)));
	if (why)
		pike_buf_addf(out, ", again in %lld s: %.60s",
			      (long long)(ms / 1000), why);
}

/* ---- whom to ask ---- */

static const struct pike_llm *llm_named(const struct pike_settings *s,
					const char *name)
{
	for (size_t i = 0; i < s->nllms; i++)
		if (!strcmp(s->llms[i].name, name))
			return &s->llms[i];
	return NULL;
}

/* The names of an agent's own section, else CHEAP for fixes of a preset that
 * says so; NULL: nobody in particular. */
static const char *names_for(const struct pike_run *run,
			     const struct pike_agent *agent)
{
	const struct pike_settings *s = run->settings;

	for (size_t i = 0; i < s->nagents; i++)
		if (!strcmp(s->agents[i].name, agent->name) && s->agents[i].llm)
			return s->agents[i].llm;
	return run->preset.cheap_fixes && agent->mends ? CHEAP : NULL;
}

/* Of several, the one that what they gained and cost so far speaks for. */
static const struct pike_llm *pick(const struct pike_run *run,
				   const struct pike_llm *const *llms, size_t n)
{
	const char **models = pike_xcalloc(n + 1, sizeof(*models));
	struct pike_rng rng;
	size_t at;

	for (size_t i = 0; i < n; i++)
		models[i] = llms[i]->model ? llms[i]->model : llms[i]->name;
	pike_rng_seed(&rng, pike_tunables_seed(run) + run->agents->n);
	at = n > 1 ? pike_bandit_pick(run->history, models, n, &rng) : 0;
	free(models);
	return llms[at];
}

static int choose_llm(const struct pike_llm **out, const struct pike_run *run,
		      const struct pike_agent *agent, struct pike_err *err)
{
	static const struct pike_llm recorded = {
		.name = (char *)"recorded",
		.provider = &pike_provider_replay,
	};
	const char *own = names_for(run, agent), *wanted = own ? own : MAIN;
	const struct pike_settings *s = run->settings;
	const struct pike_llm *llms[LLMS_MAX];
	struct pike_strs names = PIKE_STRS_INIT;
	size_t n = 0;

	*out = &recorded;
	if (run->o.replay)
		return 0;
	pike_strs_split(&names, wanted, " ");
	for (size_t i = 0; i < names.n && n < LLMS_MAX; i++) {
		llms[n] = llm_named(s, names.v[i]);
		n += llms[n] != NULL;
	}
	/* One section alone needs no special name. */
	if (!n && s->nllms == 1 && !own)
		llms[n++] = &s->llms[0];
	pike_strs_release(&names);
	if (n) {
		*out = pick(run, llms, n);
		return 0;
	}
	return pike_fail(err, PIKE_USAGE,
			 "strategy '%s' asks a model, and there is no [llm "
			 "\"%s\"] in .pike/config; add one, or set `strategy = "
			 "tune`",
			 s->strategy, wanted);
}

/* ---- ideas ---- */

/* Of a brainstorm's commit, so that they are there without its chat note. */
static int read_ideas(struct pike_agents *a, struct pike_run *run,
		      const struct pike_record *r, struct pike_err *err)
{
	char *text = NULL;
	int ret = pike_repo_message(&text, run->repo, &r->id, err);

	if (!ret) {
		pike_extract_ideas(&a->ideas, text, strlen(text),
				   (size_t)run->preset.ideas, NULL);
		a->has_ideas = true;
	}
	free(text);
	return ret;
}

static int find_ideas(struct pike_run *run, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	struct pike_agents *a = run->agents;
	int unusable = 0, ret = 0;

	if (!run->preset.ideas || a->has_ideas)
		return 0;
	for (size_t i = 0; !ret && !a->has_ideas && i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if (!r->agent->ideas)
			continue;
		if (r->screen.verdict == PIKE_V_NONE)
			ret = read_ideas(a, run, r, err);
		unusable += r->screen.verdict == PIKE_V_UNUSABLE;
	}
	a->has_ideas = a->has_ideas || unusable >= BRAINSTORMS;
	return ret;
}

/* ---- asking ---- */

static void situation(char out[41], const struct pike_run *run,
		      const struct pike_asked *a)
{
	struct pike_oid source;
	char hex[65], *s;

	memset(&source, 0, sizeof(source));
	pike_repo_source(&source, run->repo, &a->files, NULL);
	s = pike_xasprintf("%s %s %s", a->move.agent->name, source.hex,
			   a->move.idea ? a->move.idea : "");
	pike_sha256_hex(hex, s, strlen(s));
	snprintf(out, 41, "%.40s", hex);
	free(s);
}

/* "rules", "directions": of the target's backend. */
static int find_of_backend(const char **out, struct pike_run *run,
			   const char *what, struct pike_err *err)
{
	char *name = pike_xasprintf("%s-%s", what, run->target->backend);
	int ret = find_template(out, run, name, err);

	free(name);
	return ret;
}

static int find_forms(struct pike_prompt_forms *out, struct pike_run *run,
		      const struct pike_agent *agent, struct pike_err *err)
{
	int ret;

	*out = (struct pike_prompt_forms){ .origin = agent->name };
	ret = find_template(&out->text, run, agent->name, err);
	if (!ret)
		ret = find_of_backend(&out->rules, run, "rules", err);
	if (!ret && run->preset.profile)
		ret = find_of_backend(&out->directions, run, "directions", err);
	return ret;
}

/* For who works by itself: where, and with what. */
static int add_tool(struct pike_buf *out, struct pike_run *run,
		    const struct pike_prompt *p, struct pike_err *err)
{
	struct pike_prompt_forms forms = { .origin = "tool" };
	int ret = find_template(&forms.text, run, "tool", err);

	if (!ret)
		ret = find_of_backend(&forms.rules, run, "rules", err);
	pike_buf_addc(out, '\n');
	return ret ? ret : pike_prompt_make(out, &forms, p, err);
}

static int make_prompt(struct pike_asked *a, struct pike_run *run,
		       struct pike_err *err)
{
	struct pike_prompt_forms forms;
	struct pike_context c = { 0 };
	struct pike_buf out;
	int ret = find_forms(&forms, run, a->move.agent, err);

	pike_buf_init(&out, PIKE_PROMPT_MAX);
	if (!ret)
		ret = pike_context_make(&c, run, a, err);
	if (!ret)
		ret = pike_prompt_make(&out, &forms, &c.p, err);
	if (!ret && a->llm->provider->works && !a->move.agent->ideas)
		ret = add_tool(&out, run, &c.p, err);
	if (!ret)
		a->prompt = pike_buf_detach(&out);
	pike_context_release(&c);
	pike_buf_release(&out);
	return ret;
}

static void take_parents(struct pike_asked *a, const struct pike_run *run)
{
	const struct pike_move *m = &a->move;

	a->nparents = m->nparents ? m->nparents : 1;
	a->parents = pike_xcalloc(a->nparents, sizeof(*a->parents));
	a->parents[0] = run->history->base;
	for (size_t i = 0; i < m->nparents; i++)
		if (m->parents[i] == PIKE_NO_RECORD)
			a->parents[i] = run->history->base;
		else
			a->parents[i] = run->history->recs[m->parents[i]].id;
}

/* Takes the contents of the move. */
static int ask_one(struct pike_run *run, struct pike_move *m,
		   struct pike_err *err)
{
	struct pike_agents *all = run->agents;
	struct pike_asked a = { .move = *m,
				.generation = (int64_t)run->history->ngens,
				.asked_ns = pike_now_ns() };
	struct pike_ask ask = { .system = *all->system ? all->system : NULL,
				.agent = m->agent->name,
				.key = a.key };
	int ret = choose_llm(&a.llm, run, m->agent, err);

	memset(m, 0, sizeof(*m));
	take_parents(&a, run);
	if (!ret)
		ret = pike_run_files(&a.files, run, &a.parents[0], err);
	if (!ret)
		ret = make_prompt(&a, run, err);
	if (!ret) {
		situation(a.key, run, &a);
		ask.prompt = a.prompt;
		ret = pike_llms_ask(&a.question, all->llms, a.llm, &ask, err);
	}
	if (!ret && a.llm->provider->works)
		ret = pike_work_start(&a.work, run, &a, err);
	if (ret) {
		pike_asked_release(&a);
		return ret;
	}
	PIKE_GROW(all->v, all->n, all->cap);
	all->v[all->n++] = a;
	return 0;
}

static struct pike_move *flying(const struct pike_agents *a)
{
	struct pike_move *v = pike_xcalloc(a->n + 1, sizeof(*v));

	for (size_t i = 0; i < a->n; i++)
		v[i] = a->v[i].move;
	return v;
}

static size_t want(const struct pike_run *run)
{
	size_t n = pike_agents_flying(run);
	size_t most = (size_t)run->preset.parallel * run->strategy->flying_for;
	int64_t may = pike_run_queries(run, n);
	size_t room;

	room = most > n ? most - n : 0;
	return (int64_t)room < may ? room : (size_t)may;
}

static void fill_input(struct pike_search_input *in, struct pike_run *run)
{
	struct pike_agents *a = run->agents;

	*in = (struct pike_search_input){
		.history = run->history,
		.settings = run->settings,
		.target = run->target,
		.want = want(run),
		.preset = &run->preset,
		.seed = pike_tunables_seed(run),
		.run_seed = run->seed,
		.ideas = a->has_ideas ? &a->ideas : NULL,
		.nflying = a->n,
		.traits = a->traits,
		.memory = &a->memory,
	};
	if (!run->preset.hybrid)
		return;
	in->space = &a->tunables.space;
	in->base_space = &a->tunables.base;
	in->root_space = &a->tunables.root;
	in->known = a->tunables.known;
	in->nknown = a->tunables.nknown;
}

/* What cells of islands tell candidates apart by. */
static int look_at_traits(struct pike_run *run, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	struct pike_agents *a = run->agents;
	int ret = 0;

	while (!ret && a->ntraits < h->nrecs) {
		const struct pike_record *r = &h->recs[a->ntraits];
		struct pike_files files = { 0 };

		if (pike_oid_set(&r->source))
			ret = pike_run_files(&files, run, &r->id, err);
		if (ret)
			break;
		PIKE_GROW(a->traits, a->ntraits, a->traits_cap);
		pike_traits_of(&a->traits[a->ntraits++], &files);
		pike_files_release(&files);
	}
	return ret;
}

static void find_parents(struct pike_asked *q, struct pike_history *h)
{
	for (size_t i = 0; i < q->move.nparents; i++) {
		const struct pike_record *r =
		    pike_history_find(h, &q->parents[i]);

		q->move.parents[i] = r ? (size_t)(r - h->recs) : PIKE_NO_RECORD;
	}
}

/* A history that began anew has other indexes. */
static void follow_resets(struct pike_run *run)
{
	struct pike_agents *a = run->agents;

	if (a->resets == run->history->resets)
		return;
	for (size_t i = 0; i < a->n; i++)
		find_parents(&a->v[i], run->history);
	pike_memory_free(a->memory);
	a->memory = NULL;
	pike_tunables_release(&a->tunables);
	memset(&a->tunables, 0, sizeof(a->tunables));
	a->ntraits = a->seen = 0;
	a->resets = run->history->resets;
}

static int prepare(struct pike_run *run, struct pike_err *err)
{
	int ret;

	follow_resets(run);
	ret = pike_replies_conclude(run, err);

	if (!ret)
		ret = find_ideas(run, err);
	if (!ret && run->strategy->traits)
		ret = look_at_traits(run, err);
	if (!ret && run->preset.hybrid)
		ret = pike_tunables_look(&run->agents->tunables, run, err);
	return ret;
}

/* Changes whenever the strategy may want something else than before. */
static size_t state_of(const struct pike_run *run)
{
	const struct pike_agents *a = run->agents;
	const size_t all[] = { run->history->nrecs,
			       run->history->ngens,
			       (size_t)run->stats.screened,
			       (size_t)run->stats.confirmed,
			       a->n,
			       (size_t)a->failures,
			       a->tunables.nknown };
	size_t sum = 1;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(all); i++)
		sum = sum * 1000003 + all[i];
	return sum;
}

static int ask_all(struct pike_run *run, struct pike_err *err)
{
	struct pike_search_input in;
	struct pike_moves moves = { 0 };
	struct pike_move *asked = flying(run->agents);
	int ret = 0;

	fill_input(&in, run);
	in.flying = asked;
	if (in.want)
		ret = run->strategy->next(&moves, &in, err);
	/* To fold a long history takes a while: not twice for nothing. */
	run->agents->seen = moves.n ? 0 : state_of(run);
	if (!ret && run->preset.hybrid)
		ret = pike_tunables_store(&run->agents->tunables, run, &moves,
					  err);
	for (size_t i = 0; !ret && i < moves.n; i++)
		if (!moves.v[i].agent->sets_numbers)
			ret = ask_one(run, &moves.v[i], err);
	pike_moves_release(&moves);
	free(asked);
	return ret;
}

bool pike_agents_closed(struct pike_run *run)
{
	struct pike_search_input in;
	struct pike_move *asked;
	bool closed;

	if (!run->agents || !run->strategy->closed)
		return false;
	follow_resets(run);
	asked = flying(run->agents);
	fill_input(&in, run);
	in.flying = asked;
	closed = run->strategy->closed(&in);
	free(asked);
	return closed;
}

/* Kept to the end of the run: what comes of a question is for whoever asked
 * it to see, and the budget for one to keep. */
static int claim(struct pike_run *run, struct pike_err *err)
{
	struct pike_agents *a = run->agents;
	struct pike_err e = PIKE_ERR_INIT;
	int ret;

	if (a->claim >= 0)
		return 0;
	ret = pike_search_claim_asking(&a->claim, run->search, &e);
	if (ret == PIKE_RETRY) {
		if (!a->said_elsewhere)
			pike_say("%s; until it ends none are asked here",
				 e.text);
		a->said_elsewhere = true;
		return 0;
	}
	if (ret)
		return pike_fail(err, ret, "%s", e.text);
	/* What those before have left. */
	ret = pike_run_refresh(run, err);
	return ret ? ret : pike_search_adopt(run->search, run->history, err);
}

int pike_agents_ask(struct pike_run *run, struct pike_err *err)
{
	int ret = run->agents ? 0 : agents_open(run, err);

	if (!ret)
		ret = claim(run, err);
	if (ret || run->agents->used_up || pike_agents_elsewhere(run))
		return ret;
	ret = prepare(run, err);
	if (ret || run->agents->seen == state_of(run))
		return ret;
	return ask_all(run, err);
}

/* ---- listening ---- */

/* A question without an answer, after all that could be tried. What came
 * instead of one may have been paid for, and is stored as if it was. */
static void give_up(struct pike_run *run, struct pike_asked *q)
{
	struct pike_agents *a = run->agents;
	struct pike_err e = PIKE_ERR_INIT;
	int level = pike_question_result(q->question, &e);

	if (q->llm->provider->recorded) {
		q->dropped = a->used_up = true;
		snprintf(run->ended, sizeof(run->ended), "%.150s", e.text);
		return;
	}
	q->unusable =
	    level == PIKE_FAILED && pike_question_answer(q->question)->text;
	q->dropped = !q->unusable;
	a->failures++;
	if (level == PIKE_FATAL || a->failures >= FAILURES) {
		a->failed = PIKE_FATAL;
		pike_fail(&a->err, PIKE_FATAL, "llm '%s': %s", q->llm->name,
			  e.text);
	} else {
		pike_warn("llm '%s': %s", q->llm->name, e.text);
	}
}

/* A server may have worked, and bill, for a request that was asked again. */
static void say_again(struct pike_asked *q)
{
	int n;
	const char *why = pike_question_again(&n, q->question);

	if (why && n > q->said_tries)
		pike_say("llm '%s': asked again after try %d: %s", q->llm->name,
			 n, why);
	q->said_tries = n;
}

static void say_guessed(struct pike_agents *a, const struct pike_asked *q)
{
	const struct pike_answer *answer = pike_question_answer(q->question);

	if (a->said_guess || answer->counted || q->llm->provider->program ||
	    q->llm->provider->works || q->llm->provider->recorded)
		return;
	a->said_guess = true;
	pike_say("llm '%s': its server counts no tokens; they are estimated",
		 q->llm->name);
}

static void drop_failed(struct pike_agents *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].dropped)
			pike_asked_release(&a->v[i]);
		else
			a->v[n++] = a->v[i];
	a->n = n;
}

int pike_agents_listen(struct pike_run *run, int wait_ms, struct pike_err *err)
{
	struct pike_agents *a = run->agents;
	int ret;

	if (!a)
		return 0;
	pike_llms_run(a->llms, wait_ms);
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].work && !pike_question_ended(a->v[i].question))
			pike_work_step(&a->v[i]);
		say_again(&a->v[i]);
		if (!pike_question_ended(a->v[i].question))
			continue;
		if (pike_question_result(a->v[i].question, NULL)) {
			give_up(run, &a->v[i]);
		} else {
			a->failures = 0;
			say_guessed(a, &a->v[i]);
		}
	}
	drop_failed(a);
	ret = pike_replies_store(run, err);
	return ret || !a->failed ? ret
				 : pike_fail(err, a->failed, "%s", a->err.text);
}

void pike_agents_away(struct pike_run *run)
{
	struct pike_agents *a = run->agents;
	int core = -1;

	if (!a || !a->n)
		return;
	if (run->judge)
		core = run->judging->device(run->judge)->judge_core;
	for (size_t i = 0; i < a->n; i++)
		pike_work_hold(a->v[i].work, true);
	pike_llms_away(a->llms, core);
	a->away = true;
}

void pike_agents_back(struct pike_run *run)
{
	struct pike_agents *a = run->agents;

	if (!a || !a->away)
		return;
	pike_llms_back(a->llms);
	for (size_t i = 0; i < a->n; i++)
		pike_work_hold(a->v[i].work, false);
	a->away = false;
}

int pike_agents_wait(struct pike_run *run, struct pike_err *err)
{
	return pike_agents_listen(run, LISTEN_MS, err);
}

int pike_agents_cancel(struct pike_run *run, struct pike_err *err)
{
	struct pike_agents *a = run->agents;

	if (!a || !a->n)
		return 0;
	pike_llms_close(a->llms);
	a->llms = NULL;
	for (size_t i = 0; i < a->n; i++)
		a->v[i].dropped = true;
	return pike_replies_store(run, err);
}
