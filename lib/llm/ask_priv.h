/* SPDX-License-Identifier: Apache-2.0 */
/* ask_priv: a program that is asked (see pike_llms_ask). */
#ifndef PIKE_LLM_ASK_PRIV_H
#define PIKE_LLM_ASK_PRIV_H

#include "llm/llm.h"

struct pike_program;
int pike_program_start(struct pike_program **out, const struct pike_llm *llm,
		       const struct pike_ask *ask, const char *root,
		       struct pike_err *err);
bool pike_program_ended(struct pike_program *p); /* does not wait */
/* Levels as of pike_question_result. */
int pike_program_answer(struct pike_answer *out, const struct pike_program *p,
			const struct pike_ask *ask, const char *key,
			struct pike_err *err);
/* Ends it where it still runs; its folder goes with it. */
void pike_program_free(struct pike_program *p);

/* Tokens where nobody has counted them: by the length of the texts. */
void pike_answer_guess(struct pike_answer *a, const struct pike_ask *ask);
/* Words of somebody else's for a message: one sanitized line, without the
 * key, which is hidden before anything is cut. The caller frees. */
char *pike_foreign_words(const char *text, size_t len, const char *key);

#endif
