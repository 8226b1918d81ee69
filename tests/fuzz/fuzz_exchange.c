/* SPDX-License-Identifier: Apache-2.0 */
/* Chat lines and files of recorded exchanges: refused, or read, printed and
 * read again as the same. */
#include "base/mem.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pike_replay *r = pike_replay_new();
	const struct pike_ask ask = { .agent = "fix", .key = "k" };
	const char *text = (const char *)data;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_exchange x, y;
	struct pike_buf b;

	if (!pike_exchange_parse(&x, text, size, &err)) {
		pike_buf_init(&b, (size_t)-1);
		pike_exchange_print(&b, &x);
		must(b.len < PIKE_EXCHANGE_MAX && !memchr(b.s, '\n', b.len));
		must(!pike_exchange_parse(&y, b.s, b.len, &err));
		must(!strcmp(x.reply, y.reply) && !strcmp(x.agent, y.agent));
		must(x.tokens_in == y.tokens_in && x.ts == y.ts);
		pike_exchange_release(&x);
		pike_exchange_release(&y);
		pike_buf_release(&b);
	}
	pike_replay_read(r, "f", text, size, &err);
	for (size_t left = pike_replay_left(r);
	     pike_replay_take(&x, r, &ask);) {
		must(pike_replay_left(r) == --left);
		pike_exchange_release(&x);
	}
	pike_replay_free(r);
	return 0;
}
