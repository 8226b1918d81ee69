/* SPDX-License-Identifier: Apache-2.0 */
/* Which forge it is, whose token, and what is read without asking it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "forge/forge_priv.h"
#include "forge_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int begin(void **state)
{
	(void)state;
	no_ci();
	setenv("PIKE_TEST_TOKEN", "write", 1);
	return 0;
}

static void words_of_comments(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} t[] = {
		{ "/pike pause", 1 },
		{ "/pike resume\n/pike stop", 2 },
		{ " /pike pause", 0 },
		{ "> /pike pause", 0 },
		{ "x /pike pause", 0 },
		{ "/pike pause now", 0 },
		{ "/pike hint", 0 },
		{ "/pike hint ", 0 },
		{ "/pike hint a", 1 },
		{ "/pike hints a", 0 },
		{ "/pike  pause", 0 },
		{ "/PIKE pause", 0 },
		{ "/pike merge", 0 },
		{ "```\n/pike pause\n```", 0 },
		{ "```\n/pike stop\n~~~\n/pike stop\n```\n/pike pause", 1 },
		{ "````\n```\n/pike stop\n````\n/pike pause", 1 },
		{ "", 0 },
	};
	struct pike_steers s = { 0 };
	struct pike_buf many;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		pike_steers_parse(&s, t[i].text);
		if (s.n != t[i].n)
			fail_msg("'%s': %zu", t[i].text, s.n);
		pike_steers_release(&s);
	}
	pike_buf_init(&many, 1 << 20);
	for (int i = 0; i < 100; i++)
		pike_buf_adds(&many, "/pike hint \033[31mred\a\n");
	for (int i = 0; i < 5000; i++)
		pike_buf_adds(&many, "/pike hint long ");
	pike_steers_parse(&s, many.s);
	assert_int_equal(s.n, 20);
	assert_string_equal(s.v[0].text, "?[31mred?");
	pike_steers_release(&s);
	pike_steers_parse(&s, many.s + 100 * strlen("/pike hint 0[31mred0\n"));
	assert_int_equal(s.n, 1);
	assert_true(strlen(s.v[0].text) <= 1000);
	pike_steers_release(&s);
	pike_buf_release(&many);
}

/* ---- guessing ---- */

struct guess {
	const char *remote, *kind, *url, *place; /* kind NULL: none */
};

static void assert_guess(const struct guess *g)
{
	const struct pike_forge_opts o = { .remote = g->remote,
					   .token = "PIKE_TEST_TOKEN" };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_forge *f = NULL;
	int ret = pike_forge_open(&f, &o, &err);

	if (!g->kind) {
		assert_int_equal(ret, PIKE_USAGE);
		assert_null(f);
		return;
	}
	if (ret)
		fail_msg("%s: %s", g->remote, err.text);
	assert_string_equal(f->kind->name, g->kind);
	assert_string_equal(f->url, g->url);
	assert_string_equal(f->place, g->place);
	pike_forge_free(f);
}

static void guessed_by_the_remote(void **state)
{
	static const struct guess t[] = {
		{ "https://github.com/o/r.git", "github",
		  "https://api.github.com", "o/r" },
		{ "https://bot:pw@github.com/o/r", "github",
		  "https://api.github.com", "o/r" },
		{ "git@github.com:o/r.git", "github", "https://api.github.com",
		  "o/r" },
		{ "ssh://git@github.example.org:2222/o/r.git/", "github",
		  "https://github.example.org/api/v3", "o/r" },
		{ "https://gitlab.com/g/sub/r.git", "gitlab",
		  "https://gitlab.com/api/v4", "g/sub/r" },
		{ "https://gitlab.example.org:8443/g/r", "gitlab",
		  "https://gitlab.example.org:8443/api/v4", "g/r" },
		{ "https://codeberg.org/o/r", "gitea",
		  "https://codeberg.org/api/v1", "o/r" },
		{ "http://127.0.0.1:3000/o/r", NULL, NULL, NULL },
		{ "http://github.example.org/o/r", NULL, NULL, NULL },
		{ "https://git.example.org/o/r", NULL, NULL, NULL },
		{ "https://github.com/only", NULL, NULL, NULL },
		{ "https://github.com/o/..", NULL, NULL, NULL },
		{ "https://github.com/o/r?x=y", NULL, NULL, NULL },
		{ "/srv/git/o/r.git", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		assert_guess(&t[i]);
}

static void guessed_by_the_ci(void **state)
{
	static const struct guess github = { "https://ghe.example.org/o/r",
					     "github",
					     "https://ghe.example.org/api/v3",
					     "o/r" };
	static const struct guess folder = { "/srv/x.git", "github",
					     "https://ghe.example.org/api/v3",
					     "a/b" };
	static const struct guess other = { "https://gitlab.com/o/r", "gitlab",
					    "https://gitlab.com/api/v4",
					    "o/r" };
	static const struct guess gitea = { "https://ghe.example.org/o/r",
					    "gitea",
					    "https://ghe.example.org/api/v1",
					    "o/r" };
	static const struct guess gitlab = { "https://code.example.org/g/s/r",
					     "gitlab",
					     "https://code.example.org/api/v4",
					     "g/s/r" };

	(void)state;
	setenv("GITHUB_ACTIONS", "true", 1);
	setenv("GITHUB_SERVER_URL", "https://ghe.example.org", 1);
	setenv("GITHUB_API_URL", "https://ghe.example.org/api/v3", 1);
	setenv("GITHUB_REPOSITORY", "a/b", 1);
	assert_guess(&github);
	assert_guess(&folder);
	/* A job that pushes elsewhere offers elsewhere. */
	assert_guess(&other);
	setenv("GITEA_ACTIONS", "true", 1);
	assert_guess(&gitea);
	no_ci();
	setenv("GITLAB_CI", "true", 1);
	setenv("CI_API_V4_URL", "https://code.example.org/api/v4", 1);
	setenv("CI_SERVER_URL", "https://code.example.org", 1);
	setenv("CI_PROJECT_PATH", "g/s/r", 1);
	assert_guess(&gitlab);
	no_ci();
}

static void tokens_in_their_order(void **state)
{
	struct pike_forge_opts o = { .remote = "https://github.com/o/r" };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_forge *f = NULL;

	(void)state;
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_non_null(strstr(err.text, "set PIKE_GITHUB_TOKEN to one"));
	setenv("GITHUB_TOKEN", "second", 1);
	assert_int_equal(pike_forge_open(&f, &o, &err), 0);
	assert_string_equal(f->token_name, "GITHUB_TOKEN");
	pike_forge_free(f);
	setenv("PIKE_GITHUB_TOKEN", "first", 1);
	assert_int_equal(pike_forge_open(&f, &o, &err), 0);
	assert_string_equal(f->token, "first");
	pike_forge_free(f);
	/* One that is named and empty is no reason to take another. */
	o.token = "PIKE_OTHER";
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_non_null(strstr(err.text, "set PIKE_OTHER"));
	setenv("PIKE_GITHUB_TOKEN", "with\r\nX-Evil: header", 1);
	o.token = NULL;
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_null(strstr(err.text, "Evil"));
	o.kind = "bitbucket";
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_non_null(strstr(err.text, "github, gitlab, gitea"));
	o.kind = "forgejo";
	o.url = "http://git.example.org/api/v1";
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_non_null(strstr(err.text, "is not https"));
	no_ci();
}

/* What is said to git's helpers, and so who gets the token. */
static void asked_of_helpers(void **state)
{
	static const struct {
		const char *remote, *api, *url; /* url NULL: nobody is asked */
	} t[] = {
		{ "https://github.com/o/r.git", NULL,
		  "https://github.com/o/r" },
		{ "git@github.com:o/r.git", NULL, "https://github.com/o/r" },
		{ "https://me:pw@github.com/o/r", NULL,
		  "https://me@github.com/o/r" },
		{ "ssh://git@gitlab.example.org:2222/g/s/r.git", NULL,
		  "https://gitlab.example.org/g/s/r" },
		{ "https://gitea.example.org:8443/o/r", NULL,
		  "https://gitea.example.org:8443/o/r" },
		{ "https://github.com/o/r", "https://elsewhere.example/api/v3",
		  "https://elsewhere.example" },
		{ "https://github.com/o/r", "https://api.github.com:444/x",
		  "https://api.github.com:444" },
		{ "https://notgithub.com/o/r", "https://api.github.com",
		  "https://api.github.com" },
		{ "http://gitea.example.org/o/r", NULL, NULL },
		{ "https://unknown.example.org/o/r", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	no_ci();
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		const struct pike_forge_opts o = { .remote = t[i].remote,
						   .url = t[i].api };
		char *url = pike_forge_credential_url(&o);

		if (t[i].url ? !url || strcmp(url, t[i].url) != 0 : url != NULL)
			fail_msg("'%s': '%s'", t[i].remote, url ? url : "-");
		free(url);
	}
}

static void helpers_come_last(void **state)
{
	struct pike_forge_opts o = { .remote = "https://gitlab.com/o/r",
				     .secret = "lent" };
	struct pike_strs headers = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_forge *f = NULL;

	(void)state;
	no_ci();
	assert_int_equal(pike_forge_open(&f, &o, &err), 0);
	f->kind->headers(&headers, f);
	assert_string_equal(headers.v[0], "Authorization: Bearer lent");
	pike_strs_release(&headers);
	pike_forge_free(f);
	o.token = "PIKE_OTHER";
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_null(pike_forge_credential_url(&o));
	o.token = NULL;
	setenv("GITLAB_TOKEN", "own", 1);
	assert_null(pike_forge_credential_url(&o));
	assert_int_equal(pike_forge_open(&f, &o, &err), 0);
	assert_string_equal(f->token, "own");
	pike_forge_free(f);
	unsetenv("GITLAB_TOKEN");
	o.secret = "with\r\nX-Evil: header";
	assert_int_equal(pike_forge_open(&f, &o, &err), PIKE_USAGE);
	assert_null(strstr(err.text, "Evil"));
}

/* evolve acts on these alone. */
static void meant_for_us(void **state)
{
	struct pike_forge_opts o = { .remote = "https://github.com/o/r" };

	(void)state;
	no_ci();
	setenv("GITHUB_TOKEN", "any", 1);
	setenv("PIKE_GITLAB_TOKEN", "any", 1);
	assert_false(pike_forge_is_meant(&o));
	o.token = "GITHUB_TOKEN";
	assert_true(pike_forge_is_meant(&o));
	o.token = "PIKE_OTHER";
	assert_false(pike_forge_is_meant(&o));
	o.token = NULL;
	setenv("PIKE_GITHUB_TOKEN", "any", 1);
	assert_true(pike_forge_is_meant(&o));
	o.remote = "https://unknown.example.org/o/r";
	assert_false(pike_forge_is_meant(&o));
	no_ci();
}

/* Neither many questions nor long answers make it grow without end. */
static void what_is_kept_is_bounded(void **state)
{
	char path[] = "/tmp/pike-kept-XXXXXX", url[40];
	struct pike_kept_list l = { .path = pike_xstrdup(path) };
	char *huge = pike_xcalloc(1, (1 << 20) + 2);
	int fd = mkstemp(l.path);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	memset(huge, 'x', (1 << 20) + 1);
	pike_kept_put(&l, "huge", "\"tag\"", 0, huge);
	assert_null(pike_kept_find(&l, "huge"));
	huge[1 << 20] = '\0';
	for (int i = 0; i < 100; i++) {
		snprintf(url, sizeof(url), "url %d", i);
		pike_kept_put(&l, url, "W/\"tag\"", i, i % 10 ? "[]" : huge);
	}
	assert_true(l.n <= 40);
	pike_kept_save(&l);
	assert_int_equal(stat(l.path, &st), 0);
	assert_true(st.st_size > 0 && st.st_size <= 4 << 20);
	free(huge);
	snprintf(path, sizeof(path), "%s", l.path);
	pike_kept_release(&l);
	l.path = pike_xstrdup(path);
	assert_int_equal(pike_kept_find(&l, "url 99")->next, 99);
	assert_null(pike_kept_find(&l, "url 1"));
	/* What would be more than a tag in a header of ours. */
	pike_kept_put(&l, "url 99", "\"a\r\nX-Evil: b\"", 0, "[]");
	assert_null(pike_kept_find(&l, "url 99"));
	pike_kept_put(&l, "url 98", NULL, 0, "[]");
	assert_null(pike_kept_find(&l, "url 98"));
	pike_kept_release(&l);
	unlink(path);
	close(fd);
}

static void write_event(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void forks_are_told(void **state)
{
	static const struct {
		const char *event;
		bool fork;
	} t[] = {
		{ "{\"repository\":{\"full_name\":\"o/r\"}}", false },
		{ "{\"pull_request\":{\"head\":{\"repo\":{\"full_name\":"
		  "\"o/r\"}},\"base\":{\"repo\":{\"full_name\":\"o/r\"}}}}",
		  false },
		{ "{\"pull_request\":{\"head\":{\"repo\":{\"full_name\":"
		  "\"x/r\"}},\"base\":{\"repo\":{\"full_name\":\"o/r\"}}}}",
		  true },
		{ "{\"pull_request\":{\"head\":{\"repo\":null},\"base\":"
		  "{\"repo\":{\"full_name\":\"o/r\"}}}}",
		  true },
		{ "{\"repository\":{\"full_name\":\"o/r\"},\"workflow_run\":"
		  "{\"head_repository\":{\"full_name\":\"x/r\"}}}",
		  true },
		{ "not JSON", true },
	};
	char path[] = "/tmp/pike-event-XXXXXX", why[200];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	no_ci();
	assert_false(pike_forge_is_fork_job(why));
	setenv("GITHUB_ACTIONS", "true", 1);
	setenv("GITHUB_EVENT_PATH", path, 1);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		write_event(path, t[i].event);
		if (pike_forge_is_fork_job(why) != t[i].fork)
			fail_msg("%s", t[i].event);
	}
	unlink(path);
	assert_true(pike_forge_is_fork_job(why));
	no_ci();
	setenv("GITLAB_CI", "true", 1);
	setenv("CI_PROJECT_ID", "1", 1);
	assert_false(pike_forge_is_fork_job(why));
	setenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1", 1);
	assert_false(pike_forge_is_fork_job(why));
	setenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2", 1);
	assert_true(pike_forge_is_fork_job(why));
	no_ci();
}

static void links_to_a_next_page(void **state)
{
	static const struct {
		const char *link;
		int64_t page;
	} t[] = {
		{ "<https://x/y?page=2>; rel=\"next\"", 2 },
		{ "<https://x/y?per_page=100&page=3>; rel=\"next\", "
		  "<https://x/y?page=9>; rel=\"last\"",
		  3 },
		{ "<https://x/y?page=1>; rel=\"prev\", "
		  "<https://x/y?per_page=5&page=4&q=page>; rel=\"next\"",
		  4 },
		{ "<https://x/y?page=1>; rel=\"prev\"", 0 },
		{ "<https://x/y?page=>; rel=\"next\"", 0 },
		{ "<https://x/y?page=99999999999999999999>; rel=\"next\"",
		  9999999 },
		{ "<https://x/y", 0 },
		{ "<>; rel=\"next\"", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++)
		if (pike_link_next(t[i].link) != t[i].page)
			fail_msg("%s: %lld", t[i].link,
				 (long long)pike_link_next(t[i].link));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_comments),
		cmocka_unit_test(guessed_by_the_remote),
		cmocka_unit_test(guessed_by_the_ci),
		cmocka_unit_test(tokens_in_their_order),
		cmocka_unit_test(asked_of_helpers),
		cmocka_unit_test(helpers_come_last),
		cmocka_unit_test(meant_for_us),
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(forks_are_told),
		cmocka_unit_test(links_to_a_next_page),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
