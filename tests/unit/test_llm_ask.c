/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a server that has bad days: what is asked again, what is not,
 * and that nothing is asked once too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "llm/llm.h"
#include "server_fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "PIKE_TEST_API_KEY"
#define SECRET "sk-secret-0123456789"

static struct server server;
static const struct pike_ask ask = { .prompt = "how fast?" };

static int begin(void **state)
{
	(void)state;
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	setenv(KEY, SECRET, 1);
	signal(SIGPIPE, SIG_IGN);
	return server_begin(&server, "tests/servers/web.py");
}

static int end(void **state)
{
	(void)state;
	server_end(&server);
	return 0;
}

static struct pike_llms *asker(int tries)
{
	const struct pike_llms_opts o = {
		.seed = 1, .first_ms = 20, .most_ms = 40, .tries = tries
	};
	struct pike_llms *l;

	assert_int_equal(pike_llms_open(&l, &o, NULL), 0);
	return l;
}

static struct pike_llm model(const char *how)
{
	return (struct pike_llm){ .name = (char *)"main",
				  .provider = &pike_provider_openai,
				  .url = server_url(&server, how),
				  .model = (char *)"m-1",
				  .key = (char *)KEY,
				  .max_tokens = 100,
				  .timeout = 20 };
}

static void wait_for(struct pike_llms *l, const struct pike_question *q)
{
	while (!pike_question_ended(q))
		pike_llms_run(l, 1000);
}

/* Asks, and checks what comes of it and after how many tries. */
static void check(const char *how, int result, int tries, const char *said)
{
	struct pike_llms *l = asker(3);
	struct pike_llm llm = model(how);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_question *q;
	int again;

	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, &err), 0);
	wait_for(l, q);
	if (pike_question_result(q, &err) != result)
		fail_msg("%s gives: %s", how, err.text);
	assert_int_equal(pike_question_tries(q), tries);
	assert_int_equal(!pike_question_again(&again, q), tries == 1);
	assert_int_equal(again, tries - 1);
	if (!strstr(result ? err.text : pike_question_answer(q)->text, said))
		fail_msg("%s: %s", how, err.text);
	assert_null(strstr(err.text, SECRET));
	assert_int_equal(pike_llms_asked(l), 0);
	pike_question_free(q);
	pike_llms_close(l);
	free(llm.url);
}

static void test_answered(void **state)
{
	(void)state;
	check("/v1", 0, 1, "how fast?");
	check("/flaky/a/2", 0, 3, "how fast?");
}

static void test_refused(void **state)
{
	(void)state;
	check("/status/401", PIKE_FATAL, 1,
	      "the key is missing or not accepted (HTTP 401): as you wish");
	check("/status/404", PIKE_FATAL, 1, "no such model");
	check("/status/400", PIKE_FAILED, 1, "was refused (HTTP 400)");
	check("/status/500", PIKE_RETRY, 3, "at try 3: the server failed");
	check("/half", PIKE_RETRY, 3, "at try 3: '127.0.0.1");
	check("/close", PIKE_RETRY, 3, "at try 3: '127.0.0.1");
	check("/garbage", PIKE_RETRY, 3, "at try 3: '127.0.0.1");
	check("/slow/0", PIKE_FAILED, 1,
	      "is not JSON (not JSON at byte 0): late");
}

/* A server that asks for more patience than there is. */
static void test_too_long(void **state)
{
	(void)state;
	check("/status/429/600", PIKE_RETRY, 1, "at try 1: too many requests");
}

static void test_timeout(void **state)
{
	struct pike_llms *l = asker(3);
	struct pike_llm llm = model("/slow/30");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_question *q;

	(void)state;
	llm.timeout = 1;
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, &err), 0);
	wait_for(l, q);
	assert_int_equal(pike_question_result(q, &err), PIKE_RETRY);
	assert_non_null(strstr(err.text, "timed out"));
	assert_true(pike_question_tries(q) <= 2);
	pike_question_free(q);
	pike_llms_close(l);
	free(llm.url);
}

static void test_keys(void **state)
{
	struct pike_llms *l = asker(1);
	struct pike_llm llm = model("/v1");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_question *q;

	(void)state;
	unsetenv(KEY);
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, &err), PIKE_FATAL);
	assert_null(q);
	assert_non_null(strstr(err.text, "set the environment variable " KEY));
	setenv(KEY, SECRET, 1);
	/* The provider's own server wants the provider's own key. */
	free(llm.url);
	llm.url = NULL;
	llm.key = NULL;
	unsetenv("OPENAI_API_KEY");
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, &err), PIKE_FATAL);
	assert_non_null(strstr(err.text, "OPENAI_API_KEY"));
	llm.provider = &pike_provider_replay;
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, &err), PIKE_FATAL);
	pike_llms_close(l);
}

/* ---- who works by itself ---- */

/* The asker brings the answer; until then it is waited for. */
static void test_works(void **state)
{
	const struct pike_llms_opts o = { .tries = 1 };
	struct pike_llm llm = { .name = (char *)"main",
				.provider = &pike_provider_cli,
				.price_out = 1e6,
				.timeout = 1 };
	const struct pike_ask a = { .prompt = "make it fast" };
	struct pike_answer given = { .text = pike_xstrdup("done") };
	struct pike_answer priced = { .text = pike_xstrdup("done"),
				      .tokens_out = 3,
				      .counted = true,
				      .priced = true,
				      .usd = 0.5 };
	struct pike_answer none = { .text = NULL };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_question *q[3];
	struct pike_llms *l;

	(void)state;
	assert_int_equal(pike_llms_open(&l, &o, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pike_llms_ask(&q[i], l, &llm, &a, NULL), 0);
	pike_llms_run(l, 50);
	assert_int_equal(pike_llms_asked(l), 3);
	assert_int_equal(pike_question_result(q[0], &err), PIKE_RETRY);
	pike_question_answered(q[0], &given, 0, "");
	assert_null(given.text);
	assert_true(pike_question_ended(q[0]));
	assert_int_equal(pike_question_result(q[0], &err), 0);
	assert_string_equal(pike_question_answer(q[0])->text, "done");
	assert_false(pike_question_answer(q[0])->counted);
	assert_int_equal(pike_question_answer(q[0])->tokens_out, 1);
	pike_question_answered(q[1], &priced, 0, "");
	assert_int_equal(pike_question_answer(q[1])->tokens_out, 3);
	assert_true(pike_answer_usd(pike_question_answer(q[1]), &llm) == 0.5);
	pike_question_answered(q[2], &none, PIKE_FATAL, "no such thing");
	assert_int_equal(pike_question_result(q[2], &err), PIKE_FATAL);
	assert_string_equal(err.text, "no such thing");
	assert_int_equal(pike_llms_asked(l), 0);
	for (size_t i = 0; i < 3; i++)
		pike_question_free(q[i]);
	pike_llms_close(l);
}

/* ---- a program ---- */

static const char script[] =
    "#!/bin/sh\n"
    "case $1 in\n"
    "echo) cat ;;\n"
    "where) echo \"$(ls -A | wc -l) $" KEY " ${OTHER_API_KEY-gone} $HOME_OF\" "
    ";;\n"
    "later) [ -e \"$2\" ] || { : >\"$2\"; echo busy >&2; exit 75; }; cat ;;\n"
    "fail) echo \"bad $" KEY "\" >&2; exit 3 ;;\n"
    "deaf) exec <&-; sleep 0.2; echo done ;;\n"
    "hang) sleep 60 ;;\n"
    "endless) exec yes ;;\n"
    "held) cat; sleep 60 & exit 0 ;;\n"
    "stray) setsid sh -c 'sleep 3; : >\"$1\"' - \"$2\" & sleep 60 ;;\n"
    "esac\n";
static char folder[64];

static int write_script(void **state)
{
	char *path;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/pike-ask.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	path = pike_xasprintf("%s/model", folder);
	if (pike_write_file(path, script, strlen(script), NULL) ||
	    chmod(path, 0755))
		return -1;
	free(path);
	setenv("OTHER_API_KEY", "theirs", 1);
	setenv("HOME_OF", "user", 1);
	return 0;
}

static int remove_script(void **state)
{
	(void)state;
	unsetenv("OTHER_API_KEY");
	return pike_rm_rf(folder, NULL);
}

static void run_program(const char *how, const struct pike_ask *a, int result,
			int tries, const char *said)
{
	const struct pike_llms_opts o = {
		.root = folder, .first_ms = 20, .most_ms = 40, .tries = 3
	};
	struct pike_llm llm = { .name = (char *)"main",
				.provider = &pike_provider_command,
				.key = (char *)KEY,
				.timeout = strcmp(how, "hang") &&
						   strncmp(how, "stray", 5)
					       ? 20
					       : 1 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_question *q;
	struct pike_llms *l;

	llm.command = pike_xasprintf("./model %s", how);
	assert_int_equal(pike_llms_open(&l, &o, NULL), 0);
	assert_int_equal(pike_llms_ask(&q, l, &llm, a, &err), 0);
	wait_for(l, q);
	assert_int_equal(pike_question_result(q, &err), result);
	if (tries)
		assert_int_equal(pike_question_tries(q), tries);
	if (result && !strstr(err.text, said))
		fail_msg("%s: %s", how, err.text);
	if (!result)
		assert_string_equal(pike_question_answer(q)->text, said);
	pike_question_free(q);
	pike_llms_close(l);
	free(llm.command);
}

static void test_program(void **state)
{
	const struct pike_ask both = { .system = "You are brief.",
				       .prompt = "how fast?" };
	char *later = pike_xasprintf("later %s/been-here", folder);

	(void)state;
	run_program("echo", &ask, 0, 1, "how fast?");
	run_program("echo", &both, 0, 1, "You are brief.\n\nhow fast?");
	run_program("where", &ask, 0, 1, "0 " SECRET " gone user\n");
	run_program(later, &ask, 0, 2, "how fast?");
	run_program("deaf", &ask, 0, 1, "done\n");
	run_program("fail", &ask, PIKE_FAILED, 1,
		    "/model' exited with 3: bad ********************");
	run_program("hang", &ask, PIKE_RETRY, 0, "did not answer in time");
	run_program("endless", &ask, PIKE_FAILED, 1,
		    "says more than 4194304 bytes");
	free(later);
}

/* What a program leaves behind keeps nobody from its answer, and answers to
 * nobody once it has been killed. */
static void test_left_behind(void **state)
{
	char *late = pike_xasprintf("%s/late", folder);
	char *stray = pike_xasprintf("stray %s", late);
	int64_t begun = pike_now_ns();

	(void)state;
	run_program("held", &ask, 0, 1, "how fast?");
	assert_true(pike_now_ns() - begun < 10 * 1000000000LL);
	run_program(stray, &ask, PIKE_RETRY, 0, "did not answer in time");
	sleep(4);
	assert_int_not_equal(access(late, F_OK), 0);
	free(stray);
	free(late);
}

/* A program that is asked twice, and nobody here lets it go on. */
static void test_away(void **state)
{
	const struct pike_llms_opts o = {
		.root = folder, .first_ms = 20, .most_ms = 40, .tries = 3
	};
	struct pike_llm llm = { .name = (char *)"main",
				.provider = &pike_provider_command,
				.key = (char *)KEY,
				.timeout = 20 };
	struct pike_question *q;
	struct pike_llms *l;

	(void)state;
	llm.command = pike_xasprintf("./model later %s/been-away", folder);
	assert_int_equal(pike_llms_open(&l, &o, NULL), 0);
	pike_llms_away(l, -1); /* for nothing */
	pike_llms_back(l);
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, NULL), 0);
	for (int i = 0; i < 200 && !pike_question_ended(q); i++) {
		pike_llms_away(l, 0);
		usleep(100000);
		pike_llms_back(l);
	}
	assert_int_equal(pike_question_result(q, NULL), 0);
	assert_int_equal(pike_question_tries(q), 2);
	assert_string_equal(pike_question_answer(q)->text, "how fast?");
	pike_question_free(q);
	pike_llms_close(l);
	free(llm.command);
}

/* Half a megabyte in, half out, sixteen at a time. */
static void test_programs_together(void **state)
{
	enum {
		N = 16,
		LEN = 1 << 19
	};
	const struct pike_llms_opts o = { .root = folder };
	struct pike_llm llm = { .name = (char *)"main",
				.provider = &pike_provider_command,
				.command = (char *)"./model echo",
				.timeout = 60 };
	struct pike_question *q[N];
	struct pike_ask big = { .prompt = NULL };
	struct pike_llms *l;
	char *text = pike_xmalloc(LEN + 1);

	(void)state;
	memset(text, 'x', LEN);
	text[LEN] = '\0';
	big.prompt = text;
	assert_int_equal(pike_llms_open(&l, &o, NULL), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(pike_llms_ask(&q[i], l, &llm, &big, NULL), 0);
	while (pike_llms_asked(l))
		pike_llms_run(l, 1000);
	for (int i = 0; i < N; i++) {
		assert_int_equal(pike_question_result(q[i], NULL), 0);
		assert_string_equal(pike_question_answer(q[i])->text, text);
		pike_question_free(q[i]);
	}
	pike_llms_close(l);
	free(text);
}

/* One that is dropped, and one that is not there. */
static void test_program_ends(void **state)
{
	const struct pike_llms_opts o = { .root = folder };
	struct pike_llm llm = { .name = (char *)"main",
				.provider = &pike_provider_command,
				.command = (char *)"./model hang",
				.timeout = 60 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_question *q;
	struct pike_llms *l;

	(void)state;
	assert_int_equal(pike_llms_open(&l, &o, NULL), 0);
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, NULL), 0);
	pike_llms_run(l, 100);
	assert_false(pike_question_ended(q));
	pike_question_free(q);
	assert_int_equal(pike_llms_asked(l), 0);
	llm.command = (char *)"./nobody";
	assert_int_equal(pike_llms_ask(&q, l, &llm, &ask, NULL), 0);
	wait_for(l, q);
	assert_int_equal(pike_question_result(q, &err), PIKE_FATAL);
	assert_non_null(strstr(err.text, "cannot run '"));
	pike_question_free(q);
	pike_llms_close(l);
}

static void test_together(void **state)
{
	enum {
		N = 64
	};
	struct pike_question *q[N];
	struct pike_llms *l = asker(4);
	struct pike_llm llm = model("/flaky/many/20");
	size_t tries = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		assert_int_equal(pike_llms_ask(&q[i], l, &llm, &ask, NULL), 0);
	assert_int_equal(pike_llms_asked(l), N);
	while (pike_llms_asked(l))
		pike_llms_run(l, 1000);
	for (int i = 0; i < N; i++) {
		assert_int_equal(pike_question_result(q[i], NULL), 0);
		assert_string_equal(pike_question_answer(q[i])->text,
				    "how fast?");
		tries += (size_t)pike_question_tries(q[i]);
		pike_question_free(q[i]);
	}
	/* Each refusal costs one more, and nothing else does. */
	assert_int_equal(tries, N + 20);
	pike_llms_close(l);
	free(llm.url);
}

static void test_dropped(void **state)
{
	struct pike_llms *l = asker(4);
	struct pike_llm llm = model("/slow/30"), busy = model("/status/429/9");
	struct pike_question *a, *b, *c;
	struct pike_err err = PIKE_ERR_INIT;
	int64_t ms = 0;

	(void)state;
	assert_int_equal(pike_llms_ask(&a, l, &llm, &ask, NULL), 0);
	assert_int_equal(pike_llms_ask(&b, l, &llm, &ask, NULL), 0);
	assert_int_equal(pike_llms_ask(&c, l, &busy, &ask, NULL), 0);
	while (!pike_question_waits(c, &ms))
		pike_llms_run(l, 100);
	assert_true(ms > 8000 && ms <= 9010);
	assert_null(pike_question_waits(a, &ms));
	assert_int_equal(pike_question_result(a, &err), PIKE_RETRY);
	assert_non_null(strstr(err.text, "not answered yet"));
	pike_question_free(a);
	assert_int_equal(pike_llms_asked(l), 2);
	pike_llms_close(l);
	assert_true(pike_question_ended(b));
	assert_int_equal(pike_question_result(b, &err), PIKE_RETRY);
	assert_non_null(strstr(err.text, "was dropped"));
	pike_question_free(b);
	pike_question_free(c);
	free(llm.url);
	free(busy.url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_works),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test_setup_teardown(test_program, write_script,
						remove_script),
		cmocka_unit_test_setup_teardown(test_left_behind, write_script,
						remove_script),
		cmocka_unit_test_setup_teardown(test_away, write_script,
						remove_script),
		cmocka_unit_test_setup_teardown(test_programs_together,
						write_script, remove_script),
		cmocka_unit_test_setup_teardown(test_program_ends, write_script,
						remove_script),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
