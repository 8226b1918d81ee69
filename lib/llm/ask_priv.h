/* SPDX-License-Identifier: Apache-2.0 */
/* ask_priv: a program that is asked (see pike_llms_ask), and what the files
 * of this room share. */
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

/* By the name of a model: does it reason unasked (OpenAI), think as it likes
 * and take no temperature (Anthropic), think by levels (Gemini)? */
bool pike_model_reasons(const char *model);
bool pike_model_adapts(const char *model);
bool pike_model_has_levels(const char *model);

/* A reply as JSON, mended where it is text of a model that does not fit in:
 * bytes that are no UTF-8, NULs and halves of surrogate pairs become '?'. NULL:
 * it is no JSON. */
struct pike_json *pike_reply_json(const char *body, size_t len,
				  struct pike_err *err);
/* The status that a body names as its error's code, or that its words stand
 * for; 0: none. */
int pike_reply_status(const char *body, size_t len);
/* In how many milliseconds a refusal asks to be asked again, in Google's way;
 * -1: it does not say. */
int64_t pike_reply_retry_after(const char *body, size_t len);

/* Tokens where nobody has counted them: by the length of the texts. */
int64_t pike_guess_tokens(size_t bytes);
void pike_answer_guess(struct pike_answer *a, const struct pike_ask *ask);
/* What somebody else says: at most `max` bytes, sanitized, without the key,
 * which is hidden before anything is cut. The caller frees. */
char *pike_foreign_text(const char *text, size_t len, const char *key,
			size_t max);
/* The same for a message: one line of a few hundred bytes. */
char *pike_foreign_words(const char *text, size_t len, const char *key);

#endif
