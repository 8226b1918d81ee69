/* SPDX-License-Identifier: Apache-2.0 */
/* prompt_priv: fields of prompts that take more than a line to make. */
#ifndef PIKE_LLM_PROMPT_PRIV_H
#define PIKE_LLM_PROMPT_PRIV_H

#include "llm/llm.h"

/* How each input is drawn, a line an argument. */
void pike_fact_inputs(struct pike_buf *out, const struct pike_prompt *p);
/* The kinds of stress that are on and concern an input of this target, by name
 * and in words, a line a kind: no number of them is for a model to know. */
void pike_fact_stress(struct pike_buf *out, const struct pike_prompt *p);
/* The item whose turn it is, of two lists: those of `fit` come first, in an
 * order that is drawn, then what else is in `all`. */
void pike_fact_direction(struct pike_buf *out, const char *fit, const char *all,
			 const struct pike_prompt *p);

#endif
