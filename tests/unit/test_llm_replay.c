/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded exchanges: which is taken, and that none is taken twice. */
#include "base/mem.h"
#include "llm/llm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char record[] =
    "# where these come from\n"
    "{\"agent\":\"fix\",\"key\":\"k1\",\"reply\":\"f1\",\"v\":1}\n"
    "{\"agent\":\"optimize\",\"key\":\"k1\",\"reply\":\"o1\",\"v\":1}\n"
    "\n"
    "{\"agent\":\"optimize\",\"key\":\"k2\",\"reply\":\"o2\",\"v\":1}\n"
    "{\"agent\":\"optimize\",\"key\":\"k1\",\"reply\":\"o3\",\"v\":1}";

/* The reply that is taken; "" for none. */
static const char *take(struct pike_replay *r, const char *agent,
			const char *key)
{
	const struct pike_ask ask = { .agent = agent, .key = key };
	static char reply[8];
	struct pike_exchange x;

	reply[0] = '\0';
	if (pike_replay_take(&x, r, &ask)) {
		snprintf(reply, sizeof(reply), "%s", x.reply);
		pike_exchange_release(&x);
	}
	return reply;
}

static void test_order(void **state)
{
	struct pike_replay *r = pike_replay_new();
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_equal(pike_replay_read(r, "f", record, strlen(record), &err),
			 0);
	assert_int_equal(pike_replay_left(r), 4);
	/* The same situation first, then whatever the agent has said. */
	assert_string_equal(take(r, "optimize", "k2"), "o2");
	assert_string_equal(take(r, "optimize", "k9"), "o1");
	assert_string_equal(take(r, "optimize", "k1"), "o3");
	assert_string_equal(take(r, "optimize", "k1"), "");
	assert_string_equal(take(r, "brainstorm", NULL), "");
	assert_int_equal(pike_replay_left(r), 1);
	assert_string_equal(take(r, "fix", NULL), "f1");
	assert_string_equal(take(r, "fix", "k1"), "");
	pike_replay_free(r);
}

static void test_bad_lines(void **state)
{
	static const char text[] = "# fine\n{\"v\":1}\n";
	struct pike_replay *r = pike_replay_new();
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_equal(pike_replay_read(r, "f", text, strlen(text), &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "f:2"));
	pike_replay_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
