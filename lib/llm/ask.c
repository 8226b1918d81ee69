/* SPDX-License-Identifier: Apache-2.0 */
/* ask: questions on their way, and when to ask again. */
#include "llm/ask_priv.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/rand.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_MS 2000
#define MOST_MS 60000
#define TRIES 6
/* All tries of a question may take so many times what one may. */
#define TOTAL_TIMES 2
#define NS_PER_MS 1000000LL
/* How often programs are looked at: they take seconds. */
#define STEP_MS 10
/* How long a thread waits for the network, unless it is woken. */
#define AWAY_MS 1000
/* Around what a reply may hold: escapes, thoughts that are not kept. */
#define BODY_MAX ((size_t)8 * PIKE_REPLY_MAX)

struct pike_llms {
	struct pike_llms_opts o;
	struct pike_http *http;
	struct pike_question *first;
	struct pike_rng rng;
	size_t asked;
	pthread_t thread; /* while away */
	bool away;
	int core;
	atomic_bool back; /* the thread has to end */
};

struct pike_question {
	struct pike_llms *l; /* NULL once it has ended */
	struct pike_question *next;
	const struct pike_llm *llm;
	const struct pike_protocol *protocol; /* NULL: no server is asked */
	char *system, *prompt, *agent, *key;
	struct pike_fetch *call; /* one of both; NULL: it waits for wake_ns */
	struct pike_program *program;
	int64_t begun_ns, ended_ns, wake_ns;
	int tries, result;
	struct pike_answer answer;
	struct pike_err err; /* of the last try */
	char again[256];     /* of the last one that another came after, */
	int failed;	     /* which was this one; 0: none */
};

/* ---- all of them ---- */

int pike_llms_open(struct pike_llms **out, const struct pike_llms_opts *o,
		   struct pike_err *err)
{
	struct pike_llms *l = pike_xcalloc(1, sizeof(*l));
	int ret = pike_http_open(&l->http, err);

	*out = NULL;
	if (ret) {
		free(l);
		return ret;
	}
	l->o = *o;
	l->o.first_ms = o->first_ms ? o->first_ms : FIRST_MS;
	l->o.most_ms = o->most_ms ? o->most_ms : MOST_MS;
	l->o.tries = o->tries ? o->tries : TRIES;
	pike_rng_seed(&l->rng, o->seed);
	*out = l;
	return 0;
}

size_t pike_llms_asked(const struct pike_llms *l)
{
	return l->asked;
}

/* In the order in which they were asked they are sent. */
static void attach(struct pike_question *q)
{
	struct pike_question **at = &q->l->first;

	while (*at)
		at = &(*at)->next;
	*at = q;
	q->l->asked++;
}

static void detach(struct pike_question *q)
{
	struct pike_question **at;

	if (!q->l)
		return;
	for (at = &q->l->first; *at != q; at = &(*at)->next)
		;
	*at = q->next;
	q->l->asked--;
	q->l = NULL;
}

static void drop_try(struct pike_question *q)
{
	pike_fetch_free(q->call);
	pike_program_free(q->program);
	q->call = NULL;
	q->program = NULL;
}

static void end(struct pike_question *q, int result)
{
	drop_try(q);
	q->result = result;
	q->ended_ns = pike_now_ns();
	detach(q);
}

void pike_llms_close(struct pike_llms *l)
{
	if (!l)
		return;
	while (l->first) {
		pike_fail(&l->first->err, PIKE_RETRY,
			  "the question was dropped");
		end(l->first, PIKE_RETRY);
	}
	pike_http_close(l->http);
	free(l);
}

/* ---- one try ---- */

static const char *key_of(const struct pike_question *q)
{
	const char *name = pike_llm_key_name(q->llm),
		   *key = name ? getenv(name) : NULL;

	return key && *key ? key : NULL;
}

static int send_http(struct pike_question *q, const struct pike_ask *ask,
		     struct pike_err *err)
{
	struct pike_llm_request r = { 0 };
	int ret = q->protocol->request(&r, q->llm, ask, key_of(q), err);
	struct pike_http_request h = { .method = "POST",
				       .url = r.url,
				       .headers = &r.headers,
				       .body = r.body,
				       .timeout_ms = q->llm->timeout * 1000,
				       .reply_max = BODY_MAX };

	if (!ret) {
		h.len = strlen(r.body);
		ret = pike_http_start(&q->call, q->l->http, &h, err);
	}
	pike_llm_request_release(&r);
	return ret;
}

static enum pike_ending ending_of(const char *word)
{
	static const struct {
		const char *word;
		enum pike_ending is;
	} words[] = {
		{ "cut", PIKE_END_CUT },
		{ "refused", PIKE_END_REFUSED },
		{ "broken", PIKE_END_BROKEN },
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (!strcmp(words[i].word, word))
			return words[i].is;
	return PIKE_END_WHOLE;
}

/* As it was recorded, at the price that was paid then: nobody pays now. */
static int recall(struct pike_question *q, const struct pike_ask *ask)
{
	struct pike_exchange x;

	if (!pike_replay_take(&x, q->l->o.replay, ask))
		return pike_fail(&q->err, PIKE_FATAL,
				 "llm '%s': no recorded exchange of the agent "
				 "'%s' is left",
				 q->llm->name, ask->agent ? ask->agent : "");
	q->answer.text = pike_xstrdup(x.reply);
	q->answer.model = pike_xstrdup(x.model);
	q->answer.ending = ending_of(x.ending);
	q->answer.tokens_in = x.tokens_in;
	q->answer.tokens_out = x.tokens_out;
	q->answer.counted = x.counted;
	pike_exchange_release(&x);
	end(q, 0);
	return 0;
}

static struct pike_ask ask_of(const struct pike_question *q)
{
	return (struct pike_ask){ q->system, q->prompt, q->agent, q->key };
}

static void begin_try(struct pike_question *q)
{
	const struct pike_ask ask = ask_of(q);
	int ret;

	q->tries++;
	if (q->llm->provider->recorded)
		ret = recall(q, &ask);
	else if (q->llm->provider->program)
		ret = pike_program_start(&q->program, q->llm, &ask,
					 q->l->o.root, &q->err);
	else
		ret = send_http(q, &ask, &q->err);
	if (ret)
		end(q, ret);
}

/* Between nothing and twice as much as last time; what the server names is
 * the least. */
static int64_t back_off(struct pike_question *q, int64_t least_ms)
{
	int64_t most = q->l->o.first_ms;
	int64_t ms;

	for (int i = 1; i < q->tries && most < q->l->o.most_ms; i++)
		most *= 2;
	if (most > q->l->o.most_ms)
		most = q->l->o.most_ms;
	ms = (int64_t)pike_rng_below(&q->l->rng, (uint64_t)most + 1);
	if (least_ms > 0)
		ms = least_ms + ms / 4;
	return ms;
}

/* Later, or not at all. */
static void try_again(struct pike_question *q, int64_t least_ms)
{
	int64_t now = pike_now_ns(), wait = back_off(q, least_ms) * NS_PER_MS;
	int64_t last =
	    q->begun_ns + TOTAL_TIMES * q->llm->timeout * 1000 * NS_PER_MS;

	drop_try(q);
	if (q->tries >= q->l->o.tries || now + wait >= last) {
		pike_err_prefix(&q->err, "at try %d", q->tries);
		end(q, PIKE_RETRY);
		return;
	}
	snprintf(q->again, sizeof(q->again), "%.250s", q->err.text);
	q->failed = q->tries;
	q->wake_ns = now + wait;
}

/* A whole reply that is no answer: its text is kept and told, since it may
 * have been paid for. Some servers send an error with status 200. */
static int no_answer(struct pike_question *q, const struct pike_ask *ask,
		     const struct pike_buf *body)
{
	int status = pike_reply_status(body->s, body->len);
	struct pike_err why;
	char *words;

	pike_answer_release(&q->answer);
	if (status)
		return pike_llm_refused(&q->err, status, body->s, body->len,
					key_of(q));
	words = pike_foreign_words(body->s, body->len, key_of(q));
	q->answer.text =
	    pike_foreign_text(body->s, body->len, key_of(q), PIKE_REPLY_MAX);
	pike_answer_guess(&q->answer, ask);
	why = q->err;
	pike_fail(&q->err, PIKE_FAILED, "%s: %s", why.text, words);
	free(words);
	return PIKE_FAILED;
}

/* Of an error within an answer. */
static void hide_key(struct pike_question *q)
{
	char *words = q->answer.broken;

	if (words)
		q->answer.broken =
		    pike_foreign_words(words, strlen(words), key_of(q));
	free(words);
}

static int read_http(struct pike_question *q, const struct pike_ask *ask,
		     int64_t *after_ms)
{
	const struct pike_buf *body = pike_fetch_body(q->call);
	int status = pike_fetch_status(q->call);
	int ret = pike_fetch_result(q->call, &q->err);

	*after_ms = pike_fetch_retry_after(q->call);
	if (ret)
		return ret;
	if (status != 200 && *after_ms < 0)
		*after_ms = pike_reply_retry_after(body->s, body->len);
	if (status != 200)
		return pike_llm_refused(&q->err, status, body->s, body->len,
					key_of(q));
	ret = q->protocol->answer(&q->answer, ask, body->s, body->len, &q->err);
	if (!ret)
		hide_key(q);
	return ret == PIKE_FAILED ? no_answer(q, ask, body) : ret;
}

/* What has ended: for good, or until the next try. */
static void take(struct pike_question *q)
{
	const struct pike_ask ask = ask_of(q);
	int64_t after_ms = -1;
	int ret = q->program ? pike_program_answer(&q->answer, q->program, &ask,
						   key_of(q), &q->err)
			     : read_http(q, &ask, &after_ms);

	if (ret != PIKE_RETRY) {
		end(q, ret);
		return;
	}
	pike_answer_release(&q->answer);
	try_again(q, after_ms);
}

/* ---- the loop ---- */

/* How long the loop may sleep because of a question; -1: it has ended. */
static int look_at(struct pike_question *q, int wait_ms)
{
	int64_t ms;

	if (q->llm->provider->works)
		return STEP_MS < wait_ms ? STEP_MS : wait_ms;
	if (!q->call && !q->program && q->wake_ns <= pike_now_ns())
		begin_try(q);
	if ((q->call && pike_fetch_ended(q->call)) ||
	    (q->program && pike_program_ended(q->program)))
		take(q);
	if (!q->l)
		return -1;
	if (q->call)
		return wait_ms;
	if (q->program)
		return STEP_MS;
	ms = (q->wake_ns - pike_now_ns()) / NS_PER_MS + 1;
	return ms < 1 ? 1 : ms < wait_ms ? (int)ms : wait_ms;
}

/* Begins what has waited long enough, takes what has come; the time until
 * there may be more to do, 0 when a question has ended. */
static int look(struct pike_llms *l, int wait_ms)
{
	struct pike_question *next;
	int least = wait_ms;

	for (struct pike_question *q = l->first; q; q = next) {
		int ms;

		next = q->next;
		ms = look_at(q, wait_ms);
		if (ms < least)
			least = ms > 0 ? ms : 0;
	}
	return least;
}

/* Not longer than a step: somebody may wait for the thread to end. */
static void nap(const struct pike_llms *l, int ms)
{
	if (l->away && ms > STEP_MS)
		ms = STEP_MS;
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * NS_PER_MS }, NULL);
}

void pike_llms_run(struct pike_llms *l, int wait_ms)
{
	int ms = look(l, wait_ms);

	if (!l->first || ms <= 0)
		return;
	if (pike_http_running(l->http))
		pike_http_run(l->http, ms);
	else
		nap(l, ms);
	look(l, 0);
}

/* ---- while something else is done ---- */

static void *go_on(void *ctx)
{
	struct pike_llms *l = ctx;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	if (l->core >= 0) {
		CPU_SET(l->core, &cpus);
		/* Where that cannot be: on any core. */
		(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	}
	while (l->first && !atomic_load(&l->back))
		pike_llms_run(l, AWAY_MS);
	return NULL;
}

/* Signals are the business of the thread that was there before. */
void pike_llms_away(struct pike_llms *l, int core)
{
	sigset_t all, old;

	if (!l || !l->first)
		return;
	l->core = core;
	l->away = true;
	atomic_store(&l->back, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* Without a thread all waits. */
	if (pthread_create(&l->thread, NULL, go_on, l))
		l->away = false;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void pike_llms_back(struct pike_llms *l)
{
	if (!l || !l->away)
		return;
	atomic_store(&l->back, true);
	pike_http_wake(l->http);
	pthread_join(l->thread, NULL);
	l->away = false;
}

/* ---- one question ---- */

int pike_llms_ask(struct pike_question **out, struct pike_llms *l,
		  const struct pike_llm *llm, const struct pike_ask *ask,
		  struct pike_err *err)
{
	const struct pike_provider *p = llm->provider;
	struct pike_question *q;

	*out = NULL;
	if (!pike_protocol_of(p) && !p->program && !p->works &&
	    !(p->recorded && l->o.replay))
		return pike_fail(err, PIKE_FATAL,
				 "llm '%s': provider '%s' cannot be asked",
				 llm->name, p->name);
	q = pike_xcalloc(1, sizeof(*q));
	q->llm = llm;
	q->protocol = pike_protocol_of(p);
	if (pike_llm_key_name(q->llm) && !key_of(q)) {
		int ret = pike_fail(err, PIKE_FATAL,
				    "llm '%s': set the environment variable %s "
				    "to the key",
				    llm->name, pike_llm_key_name(q->llm));

		free(q);
		return ret;
	}
	q->system = ask->system ? pike_xstrdup(ask->system) : NULL;
	q->prompt = pike_xstrdup(ask->prompt);
	q->agent = ask->agent ? pike_xstrdup(ask->agent) : NULL;
	q->key = ask->key ? pike_xstrdup(ask->key) : NULL;
	q->begun_ns = q->wake_ns = pike_now_ns();
	q->l = l;
	attach(q);
	*out = q;
	return 0;
}

void pike_question_answered(struct pike_question *q, struct pike_answer *a,
			    int level, const char *why)
{
	const struct pike_ask ask = ask_of(q);

	q->tries = 1;
	q->answer = *a;
	memset(a, 0, sizeof(*a));
	if (q->answer.text && !q->answer.counted)
		pike_answer_guess(&q->answer, &ask);
	if (level)
		pike_fail(&q->err, level, "%s", why);
	end(q, level);
}

bool pike_question_ended(const struct pike_question *q)
{
	return !q->l;
}

int pike_question_result(const struct pike_question *q, struct pike_err *err)
{
	if (q->l)
		return pike_fail(err, PIKE_RETRY, "not answered yet");
	if (q->result)
		return pike_fail(err, q->result, "%s", q->err.text);
	return 0;
}

const struct pike_answer *pike_question_answer(const struct pike_question *q)
{
	return &q->answer;
}

int pike_question_tries(const struct pike_question *q)
{
	return q->tries;
}

double pike_question_secs(const struct pike_question *q)
{
	int64_t to = q->l ? pike_now_ns() : q->ended_ns;

	return (double)(to - q->begun_ns) / 1e9;
}

const char *pike_question_again(int *out_n, const struct pike_question *q)
{
	*out_n = q->failed;
	return q->failed ? q->again : NULL;
}

const char *pike_question_waits(const struct pike_question *q, int64_t *ms)
{
	int64_t left = q->wake_ns - pike_now_ns();

	if (!q->l || q->call || q->program || !q->tries)
		return NULL;
	*ms = left > 0 ? left / NS_PER_MS : 0;
	return q->err.text;
}

void pike_question_free(struct pike_question *q)
{
	if (!q)
		return;
	drop_try(q);
	detach(q);
	pike_answer_release(&q->answer);
	free(q->system);
	free(q->prompt);
	free(q->agent);
	free(q->key);
	free(q);
}
