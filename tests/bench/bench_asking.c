/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_asking: many questions at once to a model that thinks for a while, a
 * real server on this machine.
 *
 *   bench_asking [QUESTIONS]     on their way at once; default: 64
 *
 * `asking` is questions answered a second, `asking-together` how many of them
 * the server had in hand at once, by its own count, and `asking-threads` those
 * of this process meanwhile. JSON lines on stdout, a table on stderr.
 */
#include "../unit/server_fixture.h"
#include "base/clock.h"
#include "base/fs.h"
#include "llm/llm.h"

#include <string.h>

#define THINKS "0.1" /* seconds */

enum {
	ROUNDS = 5,
	TURNS = 10, /* of each question of a round, one after another */
	MOST = 1024
};

struct round {
	size_t flight, begun, ended;
	double together, threads;
	struct pike_question *q[MOST];
};

static void must(int ret, const struct pike_err *err)
{
	if (!ret)
		return;
	fprintf(stderr, "bench_asking: %s\n", err->text);
	exit(128);
}

static double own_threads(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	double n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Threads:", 8))
			n = strtod(line + 8, NULL);
	if (f)
		fclose(f);
	return n;
}

/* The answer is how many the server had in hand when it was asked. */
static void take(struct round *r, size_t i)
{
	struct pike_err err = PIKE_ERR_INIT;
	double n;

	must(pike_question_result(r->q[i], &err), &err);
	n = strtod(pike_question_answer(r->q[i])->text, NULL);
	r->together = n > r->together ? n : r->together;
	pike_question_free(r->q[i]);
	r->q[i] = NULL;
	r->ended++;
}

static void turn(struct round *r, struct pike_llms *l,
		 const struct pike_llm *llm)
{
	const struct pike_ask ask = { .prompt = "how fast?" };
	struct pike_err err = PIKE_ERR_INIT;
	double threads;

	for (size_t i = 0; i < r->flight; i++) {
		if (r->q[i] || r->begun == TURNS * r->flight)
			continue;
		must(pike_llms_ask(&r->q[i], l, llm, &ask, &err), &err);
		r->begun++;
	}
	pike_llms_run(l, 1000);
	threads = own_threads();
	r->threads = threads > r->threads ? threads : r->threads;
	for (size_t i = 0; i < r->flight; i++)
		if (r->q[i] && pike_question_ended(r->q[i]))
			take(r, i);
}

static int by_value(const void *p, const void *q)
{
	const double a = *(const double *)p, b = *(const double *)q;

	return (a > b) - (a < b);
}

static void figure(const char *name, size_t n, const char *unit, double *v)
{
	qsort(v, ROUNDS, sizeof(*v), by_value);
	printf("{\"bench\":\"%s\",\"n\":%zu,\"unit\":\"%s\",\"median\":%.4g,"
	       "\"min\":%.4g,\"max\":%.4g}\n",
	       name, n, unit, v[ROUNDS / 2], v[0], v[ROUNDS - 1]);
	fprintf(stderr, "%-24s %8zu  %10.4g %s (%.4g to %.4g)\n", name, n,
		v[ROUNDS / 2], unit, v[0], v[ROUNDS - 1]);
}

static void bench(size_t flight, const struct pike_llm *llm)
{
	double rate[ROUNDS], together[ROUNDS], threads[ROUNDS];
	const struct pike_llms_opts o = { .seed = 1 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_llms *l;

	must(pike_llms_open(&l, &o, &err), &err);
	for (int i = 0; i < ROUNDS; i++) {
		struct round r = { .flight = flight };
		int64_t t0 = pike_now_ns();

		while (r.ended < TURNS * flight)
			turn(&r, l, llm);
		rate[i] = 1e9 * (double)r.ended / (double)(pike_now_ns() - t0);
		together[i] = r.together;
		threads[i] = r.threads;
	}
	pike_llms_close(l);
	figure("asking", flight, "1/s", rate);
	figure("asking-together", flight, "questions", together);
	figure("asking-threads", flight, "threads", threads);
}

int main(int argc, char **argv)
{
	size_t flight = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
	char *script =
	    pike_xasprintf("%s/../../tests/servers/web.py", pike_exe_dir());
	struct pike_llm llm = { .name = (char *)"main",
				.provider = &pike_provider_openai,
				.model = (char *)"m-1",
				.max_tokens = 100,
				.timeout = 60 };
	struct server server;

	if (flight < 1 || flight > MOST || server_begin(&server, script)) {
		fprintf(stderr, "bench_asking: no server, or not 1 to %d\n",
			(int)MOST);
		return 128;
	}
	setenv("no_proxy", "127.0.0.1", 1);
	llm.url = server_url(&server, "/think/" THINKS);
	bench(flight, &llm);
	server_end(&server);
	free(llm.url);
	free(script);
	return 0;
}
