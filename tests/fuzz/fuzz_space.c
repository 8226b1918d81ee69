/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes tunables: a space that is read can be rewritten to any choice, and
 * the rewritten source declares that choice. */
#include "base/buf.h"
#include "base/mem.h"
#include "model/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rewrite(const struct pike_space *s, const char *text)
{
	int *choice = pike_xcalloc(s->n + 1, sizeof(int));
	int *back = pike_xcalloc(s->n + 1, sizeof(int));
	struct pike_space again = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf out, idea;

	pike_buf_init(&out, 8 << 20);
	pike_buf_init(&idea, 8 << 20);
	for (size_t i = 0; i < s->n; i++)
		choice[i] = (int)((s->t[i].current + 1) % s->t[i].values.n);
	if (pike_space_apply(&out, s, 0, text, choice, &err) ||
	    pike_space_scan(&again, 0, "x", out.s, &err) || again.n != s->n)
		abort();
	for (size_t i = 0; i < s->n; i++)
		if (again.t[i].current != (size_t)choice[i] ||
		    again.t[i].line != s->t[i].line)
			abort();
	pike_space_print(&idea, s, choice);
	if (pike_space_read(back, s, idea.s) ||
	    memcmp(back, choice, s->n * sizeof(int)) != 0)
		abort();
	pike_space_release(&again);
	pike_buf_release(&out);
	pike_buf_release(&idea);
	free(choice);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);
	struct pike_space s = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	if (!pike_space_scan(&s, 0, "x", text, &err))
		rewrite(&s, text);
	else if (strncmp(err.text, "x:", 2) != 0)
		abort();
	pike_space_release(&s);
	free(text);
	return 0;
}
