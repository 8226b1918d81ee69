/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes text of others on the page of a forge: it stays one piece of code. */
#include "base/mem.h"
#include "base/text.h"
#include "report/report.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t run_of(const char *s)
{
	return strspn(s, "`");
}

static void check_code(const char *text)
{
	struct pike_buf b;
	size_t n;

	pike_buf_init(&b, (size_t)-1);
	pike_md_code(&b, text, 1000);
	n = run_of(b.s);
	if (strpbrk(b.s, "\n\r|") || b.len <= 2 * n ||
	    !pike_utf8_valid(b.s, b.len))
		abort();
	for (const char *p = b.s + n, *end = b.s + b.len - n; p < end;) {
		size_t k = run_of(p);

		if (k == n || p + k > end)
			abort();
		p += k ? k : 1;
	}
	pike_buf_release(&b);
}

static void check_block(const char *text)
{
	struct pike_buf b;
	const char *p;
	size_t n;

	pike_buf_init(&b, (size_t)-1);
	pike_md_block(&b, text, 1000);
	n = run_of(b.s);
	for (p = strchr(b.s, '\n') + 1; run_of(p) < n; p = strchr(p, '\n') + 1)
		if (p[0] != ' ' || p[1] != ' ' ||
		    run_of(p + strspn(p, " ")) >= n)
			abort();
	if (p[n] != '\n' || p[n + 1])
		abort();
	pike_buf_release(&b);
}

static void check_label(const char *text)
{
	struct pike_buf b;

	pike_buf_init(&b, (size_t)-1);
	pike_md_label(&b, text, 100);
	for (size_t i = 0; i < b.len; i++)
		if (!isalnum((unsigned char)b.s[i]) && !strchr("._- ", b.s[i]))
			abort();
	pike_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);

	check_code(text);
	check_block(text);
	check_label(text);
	free(text);
	return 0;
}
