/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csource: as much of C and CUDA as it takes to draft a target: tokens, the
 * functions of a file, what their bodies do with their parameters. It guesses,
 * for a person to correct, and takes any text without harm.
 */
#ifndef PIKE_MODEL_CSOURCE_PRIV_H
#define PIKE_MODEL_CSOURCE_PRIV_H

#include <stdbool.h>
#include <stddef.h>

struct pike_token {
	const char *s;
	size_t n;
	int line;
	bool word;   /* a name or a number */
	size_t mate; /* of a bracket: the other one; else itself */
};
/* Without comments and lines of the preprocessor, which stand apart, each as
 * one; they point into the text. */
struct pike_tokens {
	struct pike_token *v, *lines;
	size_t n, cap, nlines, lines_cap;
};
void pike_tokens_read(struct pike_tokens *out, const char *text);
void pike_tokens_release(struct pike_tokens *t);
/* Of the token at i; false beyond the end. */
bool pike_token_is(const struct pike_tokens *t, size_t i, const char *text);
bool pike_token_same(const struct pike_token *a, const struct pike_token *b);
/* The index of what closes the bracket at i, t->n where nothing does; of what
 * opens it; i itself where it is no bracket or stands alone. */
size_t pike_token_close(const struct pike_tokens *t, size_t i);
size_t pike_token_open(const struct pike_tokens *t, size_t i);
/* What closes the `<` at i; t->n where nothing does. */
size_t pike_token_angle(const struct pike_tokens *t, size_t i);
/* A word with brackets that a declaration may have beside the parameters. */
bool pike_token_attribute(const struct pike_tokens *t, size_t i);

/* A definition: tokens [first, name) say what it is, (open, close) are its
 * parameters, (body, end) its body. */
struct pike_function {
	size_t first, name, open, close, body, end;
};
struct pike_functions {
	struct pike_function *v;
	size_t n, cap;
};
/* Is what stands in [first, brace) the head of one? All but its end. */
bool pike_function_head(struct pike_function *f, const struct pike_tokens *t,
			size_t first, size_t brace);
void pike_functions_read(struct pike_functions *out,
			 const struct pike_tokens *t);
void pike_functions_release(struct pike_functions *f);
/* Does its declaration have this word? */
bool pike_function_says(const struct pike_tokens *t,
			const struct pike_function *f, const char *word);

/* Calls `each` for the parameters of a function: tokens [at, end). */
typedef void pike_param_fn(void *ctx, size_t at, size_t end);
void pike_function_params(const struct pike_tokens *t,
			  const struct pike_function *f, pike_param_fn *each,
			  void *ctx);
/* The token that names a parameter; `end` where none does. */
size_t pike_param_name(const struct pike_tokens *t, size_t at, size_t end);

/* What a body does with what a parameter points to. */
struct pike_use {
	bool read, written, first_written; /* before it is read */
	bool passed;			   /* to a function that nobody knows */
};
void pike_function_uses(struct pike_use *out, size_t n, const char *text,
			const struct pike_tokens *t,
			const struct pike_functions *all,
			const struct pike_function *f);

#endif
