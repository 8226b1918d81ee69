/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of config reading: lines, refusals, layers and trust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"
#include "git/config_priv.h"
#include "git/git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char contract[] =
    "[pike]\n"
    "\tthreshold = 1.05\n"
    "\tstrategy = pike-b         # a preset\n"
    "[budget]                      # hard limits\n"
    "\tqueries = 300\n"
    "[llm \"main\"]\n"
    "\tprovider = openai         # openai | anthropic\n"
    "\turl = http://127.0.0.1:8080/v1\n"
    "\tkey = OPENAI_API_KEY      # the NAME\n"
    "[target \"softmax\"]\n"
    "\tbackend = cpu\n"
    "\tsource = kernels/softmax.c       ; evolvable\n"
    "\treference = kernels/softmax_ref.c\n"
    "\tentry = softmax\n"
    "\targ = in f32 x[rows][cols] normal\n"
    "\targ = out f32 y[rows][cols]\n"
    "\tcase = rows=4096 cols=1024         # measured\n"
    "\thidden = rows=77 cols=1001\n";

static void check(const struct pike_entries *e, size_t i, const char *want)
{
	char got[512];

	assert_true(i < e->n);
	snprintf(got, sizeof(got), "%s|%s|%s|%s|%s", e->v[i].section,
		 e->v[i].sub, e->v[i].key,
		 e->v[i].value ? e->v[i].value : "(none)", e->v[i].origin);
	assert_string_equal(got, want);
}

static int parse(struct pike_entries *e, const char *text, struct pike_err *err)
{
	memset(e, 0, sizeof(*e));
	return pike_config_parse(e, text, strlen(text), "c", false, err);
}

static void test_contract(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_settings *s;
	struct pike_entries e;

	(void)state;
	assert_int_equal(parse(&e, contract, &err), 0);
	assert_int_equal(e.n, 14);
	check(&e, 0, "pike||threshold|1.05|c:2");
	check(&e, 1, "pike||strategy|pike-b|c:3");
	check(&e, 4, "llm|main|url|http://127.0.0.1:8080/v1|c:8");
	check(&e, 7, "target|softmax|source|kernels/softmax.c|c:12");
	check(&e, 11, "target|softmax|arg|out f32 y[rows][cols]|c:16");
	check(&e, 12, "target|softmax|case|rows=4096 cols=1024|c:17");
	assert_int_equal(pike_settings_make(&s, &e, &err), 0);
	assert_int_equal(s->targets[0].nargs, 2);
	pike_settings_free(s);
	pike_entries_release(&e);
}

/* Lines stay right over all that git-config(1) allows. */
static void test_lines(void **state)
{
	static const char text[] = "; comment \\\n"
				   "\r\n"
				   "[Target \"Soft.Max\"] entry = a # \\\n"
				   "\n"
				   "  cflags = \"-O3 \\\n"
				   "-g\" \\\n"
				   "   -x   # done\n"
				   "\tColD\r\n"
				   "[pike]fsync;x\n"
				   "[target \"q\\\"\\\\\"] # c\n"
				   "mode=a\"#;\\\"\"b\n"
				   "[pike]\n"
				   "\n"
				   "chat = \"\"\n"
				   "seed =\n"
				   "lane = end";
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e;

	(void)state;
	if (parse(&e, text, &err))
		fail_msg("%s", err.text);
	assert_int_equal(e.n, 8);
	check(&e, 0, "target|Soft.Max|entry|a|c:3");
	check(&e, 1, "target|Soft.Max|cflags|-O3 -g    -x|c:5");
	check(&e, 2, "target|Soft.Max|cold|(none)|c:8");
	check(&e, 3, "pike||fsync|(none)|c:9");
	check(&e, 4, "target|q\"\\|mode|a#;\"b|c:11");
	check(&e, 5, "pike||chat||c:14");
	check(&e, 6, "pike||seed||c:15");
	check(&e, 7, "pike||lane|end|c:16");
	pike_entries_release(&e);
	assert_int_equal(parse(&e, "", &err), 0);
	assert_int_equal(parse(&e, "# nothing\n\n[pike]\n", &err), 0);
	assert_int_equal(e.n, 0);
	assert_int_equal(parse(&e, "\xef\xbb\xbf[pike]\nseed = 1\n", &err), 0);
	check(&e, 0, "pike||seed|1|c:2");
	pike_entries_release(&e);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "[pike]\nseed = 1\n[include]\npath = x\n",
		  "c:3: [include] is not allowed" },
		{ "\n[InCludE] path = /etc/passwd", "c:2: [include]" },
		{ "[includeIf \"gitdir:/\"]\npath = x\n", "c:1: [include]" },
		{ "[include.x]\npath = x\n", "c:1: [include]" },
		{ "[include \"x\"]\npath = x\n", "c:1: [include]" },
		{ "[pike]\n[pike] [include] path = x", "c:2:" },
		{ "[pike]\n\n\tlane = \"cpu\n\tseed = 1\n", "c:3: a quote" },
		{ "[pike]\n\tlane = \"a \\\nb\n\tseed = 1\n", "c:2: a quote" },
		{ "[pike]\nlane = c\\pu\n", "c:2: a '\\'" },
		{ "[pike]\nlane = cpu\\", "c:2: the file ends" },
		{ "seed = 1\n", "c:1: a key before the first" },
		{ "[pike\nseed = 1\n", "c:1: a section's header" },
		{ "[llm \"x]\n", "c:1: a section's name has no" },
		{ "[llm x]\n", "c:1: expected '\"'" },
		{ "[llm.x]\nkey = 1\n", "c:1: a section with a name" },
		{ "[]\n", "c:1: a section is written" },
		{ "[pike]\nmax_tokens = 1\n", "c:2: a key has no '_'" },
		{ "[pike]\n1x = 1\n", "c:2: expected [section]" },
		{ "[pike]\nseed 1\n", "c:2: expected '='" },
		{ "[pike]\nlane = a\rb\n", "c:2: contains a lone carriage" },
		{ "[pike]\n# \xff\n", "c:2: is not UTF-8" },
		{ "[pike]\n\n# ab\xc3\xa9 \xc3", "c:3: is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_entries e;

		if (parse(&e, rows[i].text, &err) != PIKE_USAGE ||
		    !pike_starts_with(err.text, rows[i].why))
			fail_msg("want '%s', got '%s'", rows[i].why, err.text);
		pike_entries_release(&e);
	}
}

static void test_bytes(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e = { 0 };
	size_t len = (256 << 10) + 1;
	char *big = pike_xmalloc(len);

	(void)state;
	assert_int_equal(
	    pike_config_parse(&e, "[pike]\n\0", 8, "c", false, &err),
	    PIKE_USAGE);
	assert_string_equal(err.text,
			    "c:2: contains a NUL byte; save it as text");
	memset(big, '\n', len);
	assert_int_equal(pike_config_parse(&e, big, len, "c", false, &err),
			 PIKE_USAGE);
	assert_true(pike_starts_with(err.text, "c:1: larger than 256 KiB"));
	assert_int_equal(pike_config_parse(&e, big, len - 1, "c", false, &err),
			 0);
	assert_int_equal(e.n, 0);
	free(big);
}

/* ---- a repository ---- */

struct place {
	char dir[64];
	struct pike_repo *r;
};

static void git(struct place *p, const char *a, const char *b, const char *c)
{
	const char *argv[] = { "git", "-C", p->dir, a, b, c, NULL };
	struct pike_proc_opts o = { .argv = argv, .timeout_ms = 60000 };
	struct pike_proc_result res;
	struct pike_err err = PIKE_ERR_INIT;

	assert_int_equal(pike_proc_run(&res, &o, &err), 0);
	if (res.status)
		fail_msg("git %s: %s", a, res.err.s);
	pike_proc_result_release(&res);
}

static void write_config(struct place *p, const char *text)
{
	char *dir = pike_xasprintf("%s/.pike", p->dir);
	char *path = pike_xasprintf("%s/config", dir);
	struct pike_err err = PIKE_ERR_INIT;

	assert_int_equal(pike_mkdir_p(dir, 0755, &err), 0);
	assert_int_equal(pike_write_file(path, text, strlen(text), &err), 0);
	free(path);
	free(dir);
}

static int setup(void **state)
{
	struct place *p = pike_xcalloc(1, sizeof(*p));
	struct pike_err err = PIKE_ERR_INIT;

	snprintf(p->dir, sizeof(p->dir), "/tmp/pike-test-config-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	/* The user's own settings must not reach the test. */
	setenv("HOME", p->dir, 1);
	setenv("XDG_CONFIG_HOME", p->dir, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	git(p, "init", "-q", "--initial-branch=main");
	git(p, "config", "user.name", "someone");
	git(p, "config", "user.email", "someone@example.org");
	if (pike_repo_open(&p->r, p->dir, &err))
		fail_msg("%s", err.text);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	pike_repo_free(p->r);
	assert_int_equal(pike_rm_rf(p->dir, NULL), 0);
	free(p);
	return 0;
}

static void read_all(struct pike_entries *e, struct place *p)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_repo_config(e, p->r, &err))
		fail_msg("%s", err.text);
}

static void test_overrides(void **state)
{
	struct place *p = *state;
	struct pike_entries e;

	read_all(&e, p);
	assert_int_equal(e.n, 0);
	write_config(p, "[pike]\n\tthreshold = 1.1\n");
	git(p, "config", "pike.threshold", "1.5");
	git(p, "config", "pike.target.softmax.threads", "2");
	git(p, "config", "pike.budget.usd", "3");
	git(p, "config", "pikelike.seed", "3");
	read_all(&e, p);
	assert_int_equal(e.n, 4);
	check(&e, 0, "pike||threshold|1.1|.pike/config:2");
	check(&e, 1, "pike||threshold|1.5|git config --local");
	check(&e, 2, "target|softmax|threads|2|git config --local");
	check(&e, 3, "budget||usd|3|git config --local");
	assert_false(e.v[0].trusted);
	assert_true(e.v[1].trusted);
	pike_entries_release(&e);
}

/* A value may hold whatever a variable can, and quotes do not get lost. */
static void test_call(void **state)
{
	static const char value[] = "a 'b' \"c\" \\d\n\te;f#g ";
	struct place *p = *state;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e;
	struct pike_repo *r;

	git(p, "config", "pike.seed", "1");
	setenv("GIT_CONFIG_COUNT", "2", 1);
	setenv("GIT_CONFIG_KEY_0", "pike.target.a \"b\\.c.entry", 1);
	setenv("GIT_CONFIG_VALUE_0", value, 1);
	setenv("GIT_CONFIG_KEY_1", "PIKE.Seed", 1);
	setenv("GIT_CONFIG_VALUE_1", "2", 1);
	setenv("GIT_CONFIG_PARAMETERS",
	       "'pike.fsync'=  'pike.seed=3' 'pike.python'='it'\\''s'\\!''", 1);
	assert_int_equal(pike_repo_open(&r, p->dir, &err), 0);
	unsetenv("GIT_CONFIG_COUNT");
	unsetenv("GIT_CONFIG_PARAMETERS");
	assert_int_equal(pike_repo_config(&e, r, &err), 0);
	assert_int_equal(e.n, 6);
	check(&e, 0, "pike||seed|1|git config --local");
	assert_string_equal(e.v[1].sub, "a \"b\\.c");
	assert_string_equal(e.v[1].value, value);
	check(&e, 2, "pike||seed|2|git -c or GIT_CONFIG_COUNT");
	check(&e, 3, "pike||fsync|(none)|git -c or GIT_CONFIG_COUNT");
	check(&e, 4, "pike||seed|3|git -c or GIT_CONFIG_COUNT");
	check(&e, 5, "pike||python|it's!|git -c or GIT_CONFIG_COUNT");
	pike_entries_release(&e);
	pike_repo_free(r);
}

static void test_trust(void **state)
{
	struct place *p = *state;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e;
	bool trusted = true;

	assert_int_equal(pike_repo_trust(p->r, &err), PIKE_USAGE);
	write_config(p, "[pike]\n\tpython = ./p\n");
	assert_int_equal(pike_repo_trusted(&trusted, p->r, &err), 0);
	assert_false(trusted);
	assert_int_equal(pike_repo_trust(p->r, &err), 0);
	assert_int_equal(pike_repo_trusted(&trusted, p->r, &err), 0);
	assert_true(trusted);
	read_all(&e, p);
	assert_int_equal(e.n, 1); /* the mark itself is no setting */
	assert_true(e.v[0].trusted);
	pike_entries_release(&e);
	/* Any change of the file ends the trust. */
	write_config(p, "[pike]\n\tpython = ./q\n");
	assert_int_equal(pike_repo_trusted(&trusted, p->r, &err), 0);
	assert_false(trusted);
	read_all(&e, p);
	assert_false(e.v[0].trusted);
	pike_entries_release(&e);
}

static void test_base_branch(void **state)
{
	struct place *p = *state;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e;
	char *path = pike_xasprintf("%s/.pike/config", p->dir);
	bool trusted = false;

	write_config(p, "[pike]\n\n\tseed = 7\n");
	git(p, "add", ".pike", "-v");
	git(p, "commit", "-qm", "config");
	/* What is in the working tree counts, where there is one. */
	write_config(p, "[pike]\n\tseed = 8\n");
	read_all(&e, p);
	check(&e, 0, "pike||seed|8|.pike/config:2");
	pike_entries_release(&e);
	assert_int_equal(pike_repo_trust_base(p->r, NULL, &err), 0);
	assert_int_equal(pike_repo_trusted(&trusted, p->r, &err), 0);
	assert_false(trusted);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(pike_repo_trusted(&trusted, p->r, &err), 0);
	assert_true(trusted);
	read_all(&e, p);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.v[0].value, "7");
	assert_true(pike_ends_with(e.v[0].origin, ":.pike/config:3"));
	pike_entries_release(&e);
	/* A link could point anywhere. */
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(pike_repo_config(&e, p->r, &err), PIKE_USAGE);
	assert_true(pike_starts_with(err.text, ".pike/config:1: is reached"));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test_setup_teardown(test_overrides, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trust, setup, teardown),
		cmocka_unit_test_setup_teardown(test_base_branch, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
