/* SPDX-License-Identifier: Apache-2.0 */
/*
 * junit: lists of tests as JUnit's XML. There is no standard of it: this is
 * what the schema of Jenkins's xunit plugin allows (junit-10.xsd), with the
 * `file` that GitLab reads.
 */
#include "report/page_priv.h"

/* What a case says stands in an attribute, or as text. */
static const struct {
	const char *before, *after;
} parts[PIKE_TEST_COUNT] = {
	[PIKE_TEST_PASSED] = { "<system-out>", "</system-out>\n" },
	[PIKE_TEST_FAILED] = { "<failure message=\"", "\"/>\n" },
	[PIKE_TEST_SKIPPED] = { "<skipped message=\"", "\"/>\n" },
};

static void print_case(struct pike_buf *b, const char *class,
		       const struct pike_test_case *c)
{
	pike_buf_adds(b, "<testcase classname=\"");
	pike_add_html(b, class);
	pike_buf_adds(b, "\" name=\"");
	pike_add_html(b, c->name);
	pike_buf_addf(b, "\" time=\"%.3f\"", c->secs);
	if (c->file) {
		pike_buf_adds(b, " file=\"");
		pike_add_html(b, c->file);
		pike_buf_addc(b, '"');
	}
	pike_buf_addf(b, ">\n%s", parts[c->state].before);
	pike_add_html(b, c->text);
	pike_buf_addf(b, "%s</testcase>\n", parts[c->state].after);
}

void pike_junit_open(struct pike_buf *b)
{
	pike_buf_adds(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<testsuites>\n");
}

void pike_junit_suite(struct pike_buf *b, const char *name, const char *class,
		      const struct pike_test_case *v, size_t n)
{
	size_t count[PIKE_TEST_COUNT] = { 0 };

	for (size_t i = 0; i < n; i++)
		count[v[i].state]++;
	pike_buf_adds(b, "<testsuite name=\"");
	pike_add_html(b, name);
	pike_buf_addf(b,
		      "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
		      "skipped=\"%zu\">\n",
		      n, count[PIKE_TEST_FAILED], count[PIKE_TEST_SKIPPED]);
	for (size_t i = 0; i < n; i++)
		print_case(b, class, &v[i]);
	pike_buf_adds(b, "</testsuite>\n");
}

void pike_junit_close(struct pike_buf *b)
{
	pike_buf_adds(b, "</testsuites>\n");
}
