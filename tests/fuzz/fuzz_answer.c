/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of model servers: whatever they send, what is stored is bounded
 * text, nobody is billed nonsense, and the key is never repeated. */
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

static void check(const struct pike_answer *a)
{
	must(a->text && strlen(a->text) <= PIKE_REPLY_MAX);
	must(a->tokens_in >= 0 && a->tokens_in < (int64_t)1 << 41);
	must(a->tokens_out >= 0 && a->tokens_out < (int64_t)1 << 41);
	must(!a->model || strlen(a->model) <= 200);
	must((a->ending == PIKE_END_BROKEN) == (a->broken != NULL));
	must(!a->broken || strlen(a->broken) <= 4200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pike_ask ask = { .prompt = "prompt" };
	const char *body = (const char *)data;
	struct pike_err err = PIKE_ERR_INIT;
	const struct pike_protocol *p;

	for (size_t i = 0; (p = pike_protocol_at(i)); i++) {
		struct pike_answer a = { 0 };

		if (!p->answer(&a, &ask, body, size, &err))
			check(&a);
		else
			must(*err.text != '\0');
		pike_answer_release(&a);
	}
	must(pike_llm_refused(&err, size ? 300 + data[0] : 500, body, size,
			      "sk-key") < 0);
	must(!strstr(err.text, "sk-key") && !strchr(err.text, '\n'));
	return 0;
}
