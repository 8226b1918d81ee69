/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunks: a CUDA file as the row of things that it declares, each with its
 * comment, so that some can be moved to another file. What is around a chunk
 * (#if, namespace, extern "C") are chunks too.
 */
#ifndef PIKE_MODEL_CHUNKS_PRIV_H
#define PIKE_MODEL_CHUNKS_PRIV_H

#include "base/buf.h"
#include "base/err.h"
#include "model/csource_priv.h"

#define PIKE_NO_CHUNK ((size_t)-1)

enum pike_chunk_kind {
	PIKE_CHUNK_ITEM,      /* declares something */
	PIKE_CHUNK_DEFINE,    /* #define */
	PIKE_CHUNK_UNDEF,     /* #undef */
	PIKE_CHUNK_INCLUDE,   /* #include */
	PIKE_CHUNK_DIRECTIVE, /* any other that is no condition */
	PIKE_CHUNK_USING,     /* using namespace x; */
	PIKE_CHUNK_OPEN,      /* namespace x {, extern "C" { */
	PIKE_CHUNK_CLOSE,
	PIKE_CHUNK_IF,	 /* #if and the like */
	PIKE_CHUNK_ELSE, /* #else, #elif */
	PIKE_CHUNK_ENDIF,
};
struct pike_chunk {
	enum pike_chunk_kind kind;
	/* In the text: with the comment above it and the end of its line, and
	 * without. */
	size_t begin, end, at, stop;
	int line, last_line;
	size_t first, last; /* tokens [first, last), if it is of any */
	size_t up;	    /* the IF, ELSE or OPEN around it */
	size_t group;	    /* the IF of an ELSE or ENDIF, the OPEN of a CLOSE;
			     * else itself */
	bool function;	    /* `f` holds */
	bool torn;	    /* an #if begins or ends in the middle of it */
	bool keep;	    /* for who chooses */
	struct pike_function f;
};
/* A name that a chunk declares. */
struct pike_declared {
	struct pike_token name;
	size_t chunk;
};
struct pike_chunks {
	const char *text;
	struct pike_tokens t;
	struct pike_chunk *v;
	size_t n, cap;
	struct pike_declared *names; /* sorted */
	size_t nnames, names_cap;
};
/* PIKE_FAILED "line 7: why" where brackets and #ifs do not nest. `text` must
 * outlive it. */
int pike_chunks_read(struct pike_chunks *out, const char *text,
		     struct pike_err *err);
void pike_chunks_release(struct pike_chunks *p);

/* Calls `each` for the words of a chunk, those of its preprocessor's lines
 * too, but not for members of something or what std has; `call`: a bracket
 * follows. */
typedef void pike_word_fn(void *ctx, const struct pike_token *word, bool call);
void pike_chunk_words(const struct pike_chunks *p, size_t i, pike_word_fn *each,
		      void *ctx);
/* The declarations of a name: names[*at] and on; how many. */
size_t pike_chunks_find(size_t *at, const struct pike_chunks *p,
			const struct pike_token *name);
/* Does what stands before its body, or its `=`, say so? */
bool pike_chunk_says(const struct pike_chunks *p, size_t i, const char *word);
/* The body of a #define, behind its name and parameters. */
const char *pike_define_body(const struct pike_chunks *p, size_t i, size_t *n);
/* Is it said apart to NVRTC and to other compilers? */
bool pike_chunk_hidden(const struct pike_chunks *p, size_t i);

#endif
