/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of a process in a box, and that one can be stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "eval/account_priv.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_NS 10000000000LL

static struct pike_box *start(const char *const *argv)
{
	struct pike_box_opts o = { .kind = PIKE_BOX_COMPILE,
				   .argv = argv,
				   .out_fd = -1,
				   .sock = -1,
				   .wall_ms = 60000 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box *b = NULL;

	if (pike_box_start(&b, &o, &err))
		fail_msg("%s", err.text);
	return b;
}

/* Until the program of that name runs in the box. */
static void open_account(struct pike_account *a, const struct pike_box *b,
			 const char *name)
{
	int64_t until = pike_now_ns() + WAIT_NS;
	char path[48], comm[32] = "";
	FILE *f;

	while (strcmp(comm, name) && pike_now_ns() < until) {
		usleep(1000);
		snprintf(path, sizeof(path), "/proc/%d/comm",
			 (int)pike_box_program(b));
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%31s", comm) != 1)
			comm[0] = '\0';
		fclose(f);
	}
	if (strcmp(comm, name)) {
		print_message("this machine does not tell which process it "
			      "is\n");
		skip();
	}
	pike_account_open(a, b);
	if (!a->open) {
		print_message("this kernel keeps no such account\n");
		skip();
	}
}

/* Until it has used more, or no longer does. */
static bool settles(const struct pike_account *a, bool runs)
{
	int64_t until = pike_now_ns() + WAIT_NS;
	struct pike_used x, y;

	while (pike_now_ns() < until) {
		assert_true(pike_account_read(&x, a));
		usleep(30000);
		assert_true(pike_account_read(&y, a));
		if ((y.cpu_ns > x.cpu_ns) == runs)
			return true;
	}
	return false;
}

static void test_asleep(void **state)
{
	static const char *const argv[] = { "sleep", "60", NULL };
	struct pike_account a = { 0 };
	struct pike_box *b = start(argv);
	struct pike_used x;

	(void)state;
	open_account(&a, b, "sleep");
	assert_true(settles(&a, false));
	assert_true(pike_account_read(&x, &a));
	assert_true(x.cpu_ns > 0 && x.turns > 0 && x.wait_ns >= 0);
	pike_account_close(&a);
	assert_false(pike_account_read(&x, &a));
	pike_account_close(&a);
	pike_box_free(b);
}

static void test_stopped(void **state)
{
	static const char *const argv[] = { "sh", "-c", "while :; do :; done",
					    NULL };
	struct pike_account a = { 0 };
	struct pike_box *b = start(argv);

	(void)state;
	open_account(&a, b, "sh");
	assert_true(settles(&a, true));
	assert_true(pike_account_stop(&a, true));
	assert_true(settles(&a, false));
	assert_true(pike_account_stop(&a, false));
	assert_true(settles(&a, true));
	pike_account_close(&a);
	pike_box_free(b);
}

static void test_nobody(void **state)
{
	struct pike_account a = { 0 };
	struct pike_used x;

	(void)state;
	assert_false(pike_account_read(&x, &a));
	assert_false(pike_account_stop(&a, true));
	pike_account_close(&a);
}

static void test_parse(void **state)
{
	struct pike_used x;

	(void)state;
	assert_true(pike_account_parse(&x, "319114 76897 3\n"));
	assert_true(x.wait_ns == 76897 && x.turns == 3);
	assert_false(pike_account_parse(&x, ""));
	assert_false(pike_account_parse(&x, "319114 76897"));
	assert_false(pike_account_parse(&x, "0 0 0\n"));
	assert_false(pike_account_parse(&x, "1 18446744073709551615 3\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asleep),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
