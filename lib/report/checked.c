/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checked: what `check` found, in the words of those who read it: Markdown for
 * a summary, JUnit for a list of tests, OpenMetrics for GitLab, and the
 * commands by which GitHub's runner puts a remark beside a file.
 *
 * Each quotes in a way of its own what came from outside: names, reasons,
 * subjects of commits.
 */
#include "report/page_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 2000
};

/* One line, without control bytes; caller frees. */
static char *line_of(const char *s)
{
	struct pike_buf t;

	pike_buf_init(&t, TEXT_MAX);
	pike_sanitize(&t, s ? s : "", s ? strlen(s) : 0);
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] == '\n' || t.s[i] == '\t')
			t.s[i] = ' ';
	return pike_buf_detach(&t);
}

/* Each character of `from` becomes the string at its place in `to`. */
static void quote(struct pike_buf *b, const char *s, const char *from,
		  const char *const *to)
{
	char *line = line_of(s);

	for (const char *p = line; *p; p++) {
		const char *at = strchr(from, *p);

		if (at)
			pike_buf_adds(b, to[at - from]);
		else
			pike_buf_addc(b, *p);
	}
	free(line);
}

static void label(struct pike_buf *b, const char *s)
{
	static const char *const to[] = { "\\\\", "\\\"" };

	quote(b, s, "\\\"", to);
}

static void message(struct pike_buf *b, const char *s)
{
	static const char *const to[] = { "%25", "%0D", "%0A" };

	quote(b, s, "%\r\n", to);
}

static void property(struct pike_buf *b, const char *s)
{
	static const char *const to[] = { "%25", "%0D", "%0A", "%3A", "%2C" };

	quote(b, s, "%\r\n:,", to);
}

/* ---- what there is to say ---- */

bool pike_checked_bad(const struct pike_checked *c)
{
	enum pike_verdict v = c->res.verdict;

	return v == PIKE_V_SLOWER || !pike_verdict_measured(v);
}

void pike_checked_text(struct pike_buf *b, const struct pike_checked *c)
{
	const struct pike_result *r = &c->res;
	char ratio[64];

	pike_buf_adds(b, pike_verdict_name(r->verdict));
	if (c->compared && r->vs_base.mid > 0)
		pike_buf_addf(b, ", %s the speed at %.12s",
			      pike_ratio_text(ratio, &r->vs_base), r->base.hex);
	if (!c->compared)
		pike_buf_addf(b, "; not compared: %s", c->why);
	if (pike_checked_bad(c) && r->reason && *r->reason)
		pike_buf_addf(b, "; %s", r->reason);
	if (*c->first.hex)
		pike_buf_addf(b, "; since %.12s (%s)", c->first.hex,
			      c->subject);
	else if (c->nsuspects)
		pike_buf_addf(b,
			      "; since one of %zu commits, which cannot be "
			      "told apart",
			      c->nsuspects);
}

static char *text_of(const struct pike_checked *c)
{
	struct pike_buf b;
	char *line;

	pike_buf_init(&b, 2 * TEXT_MAX);
	pike_checked_text(&b, c);
	line = line_of(b.s);
	pike_buf_release(&b);
	return line;
}

/* Nothing is known to be worse, and not that it is as good. */
static bool is_unsure(const struct pike_checked *c)
{
	return !pike_checked_bad(c) &&
	       (c->res.verdict == PIKE_V_INCONCLUSIVE || !c->compared);
}

static void print_markdown(struct pike_buf *b, const struct pike_checked *v,
			   size_t n)
{
	pike_buf_adds(b, "### pike-git check\n\n");
	if (!n)
		pike_buf_adds(b, "No file of a target has changed.\n");
	else
		pike_buf_adds(b, "| target | as fast and right | verdict |\n"
				 "|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		char *text = text_of(&v[i]);

		pike_buf_adds(b, "| ");
		pike_md_code(b, v[i].target, TEXT_MAX);
		pike_buf_addf(b, " | %s | ",
			      pike_checked_bad(&v[i]) ? "no"
			      : is_unsure(&v[i])      ? "unsure"
						      : "yes");
		pike_md_code(b, text, TEXT_MAX);
		pike_buf_adds(b, " |\n");
		free(text);
	}
}

static void print_junit(struct pike_buf *b, const struct pike_checked *v,
			size_t n)
{
	struct pike_test_case *cases = pike_xcalloc(n + 1, sizeof(*cases));
	struct pike_strs texts = PIKE_STRS_INIT;

	for (size_t i = 0; i < n; i++) {
		char *text = text_of(&v[i]);

		pike_strs_push(&texts, text);
		free(text);
	}
	for (size_t i = 0; i < n; i++)
		cases[i] = (struct pike_test_case){
			.name = v[i].target,
			.text = texts.v[i],
			.file = v[i].file,
			.secs = v[i].res.secs,
			.state = pike_checked_bad(&v[i]) ? PIKE_TEST_FAILED
							 : PIKE_TEST_PASSED,
		};
	pike_junit_open(b);
	pike_junit_suite(b, "pike-git check", "pike-git.check", cases, n);
	pike_junit_close(b);
	pike_strs_release(&texts);
	free(cases);
}

static void metric(struct pike_buf *b, const struct pike_checked *c,
		   const char *name, double value)
{
	pike_buf_addf(b, "pike_git_%s{target=\"", name);
	label(b, c->target);
	pike_buf_addf(b, "\"} %.6g\n", value);
}

static void print_metrics(struct pike_buf *b, const struct pike_checked *v,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		metric(b, &v[i], "check_passed", !pike_checked_bad(&v[i]));
		if (!v[i].compared || v[i].res.vs_base.mid <= 0)
			continue;
		metric(b, &v[i], "speed_ratio", v[i].res.vs_base.mid);
		metric(b, &v[i], "speed_ratio_low", v[i].res.vs_base.lo);
		metric(b, &v[i], "speed_ratio_high", v[i].res.vs_base.hi);
	}
}

static const struct pike_checked_format rows[] = {
	{ .name = "markdown", .print = print_markdown },
	{ .name = "junit", .print = print_junit },
	{ .name = "gitlab-metrics", .print = print_metrics },
};

const struct pike_checked_format *pike_checked_format(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

void pike_checked_names(struct pike_buf *b)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		pike_buf_addf(b, "%s%s", i ? ", " : "", rows[i].name);
}

void pike_checked_remark(struct pike_buf *b, const struct pike_checked *c)
{
	char *text;

	if (!pike_checked_bad(c) && !is_unsure(c))
		return;
	text = text_of(c);
	pike_buf_addf(b,
		      "::%s file=", pike_checked_bad(c) ? "error" : "warning");
	property(b, c->file);
	pike_buf_adds(b, ",title=pike-git check::");
	message(b, c->target);
	pike_buf_adds(b, ": ");
	message(b, text);
	pike_buf_addc(b, '\n');
	free(text);
}
