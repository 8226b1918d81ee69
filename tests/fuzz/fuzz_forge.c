/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what a forge says: the next page of a Link header, a merge request,
 * what an error's body says, and what a comment asks of a search.
 */
#include "base/mem.h"
#include "forge/forge_priv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_steers(const char *text)
{
	struct pike_steers s = { 0 };

	pike_steers_parse(&s, text);
	if (s.n > 20 || (s.n && !strstr(text, "/pike ")))
		abort();
	for (size_t i = 0; i < s.n; i++)
		if (strlen(s.v[i].text) > 1000 ||
		    strpbrk(s.v[i].text, "\n\t\033") ||
		    (s.v[i].word != PIKE_STEER_HINT && *s.v[i].text))
			abort();
	pike_steers_release(&s);
}

static void check_message(const char *text, size_t size)
{
	struct pike_json *j = pike_json_parse(text, size, NULL);
	char out[400];

	pike_forge_reply_message(out, sizeof(out), j);
	if (strpbrk(out, "\n\t\033"))
		abort();
	pike_json_free(j);
}

/* Each kind makes a request of it, with all its texts. */
static void check_request(const char *text, size_t size)
{
	struct pike_json *j = pike_json_parse(text, size, NULL);
	const struct pike_forge_kind *k;

	for (size_t i = 0; j && (k = pike_forge_kind_at(i)); i++) {
		struct pike_request q = { 0 };

		k->parse(&q, j);
		if (!q.url || !q.title || !q.body || !q.source || !q.target ||
		    !q.sha || q.labels.n > 100 || q.state > PIKE_REQUEST_MERGED)
			abort();
		pike_request_release(&q);
	}
	pike_json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);

	if (pike_link_next(text) < 0)
		abort();
	check_steers(text);
	check_message(text, strlen(text));
	check_request(text, strlen(text));
	free(text);
	return 0;
}
