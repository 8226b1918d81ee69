/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm: prompt in, candidate files out, cost counted.
 *
 * A reply is hostile text: it is parsed here, bounded, and changes nothing but
 * the files that a target declares evolvable. What cannot be used is told in
 * words that a person, and the model at its next attempt, can act on.
 */
#ifndef PIKE_LLM_LLM_H
#define PIKE_LLM_LLM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "model/exchange.h"
#include "model/lesson.h"
#include "model/result.h"
#include "model/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what a reply proposes ---- */

/* Of one reply; its chat note holds no more (lib/git/README.md, Notes). */
#define PIKE_REPLY_MAX (4u << 20)
/* Of one evolvable file. */
#define PIKE_SOURCE_MAX (1u << 20)

struct pike_extract_opts {
	const struct pike_strs *paths;	 /* evolvable; nothing else changes */
	const struct pike_files *parent; /* their text now, by these paths */
	/* What code without a path must define, by name; NULL: there is none
	 * such. */
	const char *entry;
};
struct pike_extracted {
	struct pike_files files; /* all evolvable ones, in the order of paths */
	char *summary;		 /* one line of at most 72 bytes; "" */
	char *explanation;	 /* the reply without its code, sanitized */
};
/*
 * Whole files in fenced blocks, and edits:
 *
 *   kernels/softmax.c
 *   <<<<<<< SEARCH
 *   lines that stand once in the file
 *   =======
 *   what stands there instead
 *   >>>>>>> REPLACE
 *
 * The path stands in the fence's own line, or alone on the line before, and
 * may be left out where there is one file, or code that defines the entry, or
 * lines that stand in one file only. Fences within the markers and around them
 * are no matter, nor is talk, nor how far all of it is indented. Unified diffs
 * are edits, elements (<file path="kernels/softmax.c">) whole files; what a
 * model thinks aloud (<think>) is not there. A file keeps its byte-order mark,
 * the ends of its lines and what is behind the last one. PIKE_FAILED:
 * unusable, and why: no code, a path that may not change, two texts for one
 * file, an edit that fits nowhere or twice, more than fits, a block that the
 * reply ends within, or nothing that differs from the parent but in form.
 */
int pike_extract(struct pike_extracted *out, const struct pike_extract_opts *o,
		 const char *text, size_t len, struct pike_err *err);
void pike_extracted_release(struct pike_extracted *p);

/* The items of a brainstorm's list ("- ", "* ", "1. "), at most `max`, each
 * one sanitized line. A line that is indented further goes with its item.
 * PIKE_FAILED: there is none. */
int pike_extract_ideas(struct pike_strs *out, const char *text, size_t len,
		       size_t max, struct pike_err *err);

/* ---- prompts ---- */

/* A field of a template. "": as if it was not there. */
struct pike_field {
	const char *name, *value;
};
/*
 * Fills a template in: a part of Mustache (mustache(5)), nothing escaped.
 *
 *   {{name}}               the field; alone on a line, no line where it is ""
 *   {{#name}} ... {{/name}}   only where it is not "", in lines of their own
 *   {{^name}} ... {{/name}}   only where it is
 *
 * What a field holds is never looked at again. PIKE_USAGE, with `origin` and
 * the line: a field that is not in the list, a part that does not end.
 */
int pike_template_fill(struct pike_buf *out, const char *origin,
		       const char *text, const struct pike_field *fields,
		       size_t n, struct pike_err *err);
/* Text as a fenced block that nothing in it can end. */
void pike_prompt_fence(struct pike_buf *out, const char *info,
		       const char *text);

/* What a prompt is made of. Texts that are NULL are not there. */
struct pike_prompt {
	const struct pike_target *target;
	const char *hardware;		    /* "NVIDIA H200" */
	const char *arch, *compiler;	    /* "sm_90a"; "gcc 12.2.0" */
	const struct pike_files *base;	    /* evolvable files of the base */
	const struct pike_files *reference; /* of what has no signature */
	const struct pike_files *parent;    /* and of what is to be changed */
	const char *parent_result, *others, *roofline, *idea;
	const char *reason, *log; /* of what failed */
	int64_t ideas;		  /* asked of a brainstorm */
	const char *hints;	  /* of people, in fences; NULL or "": none */
	/* Of a preset whose prompts tell (preset.h); what follows is there for
	 * no other. */
	bool tells;
	bool tuned;	     /* a tuner tries the values of tunables */
	const char *card;    /* the machine, a fact a line */
	const char *limits;  /* how close outputs must be, likewise */
	const char *tried;   /* in this search, and what came of it, likewise */
	const char *lessons; /* of earlier generations and other targets */
	const char *lessons_file; /* and what people have written down */
	const struct pike_files *headers; /* that the code may include */
	unsigned bounds; /* bits 1 << enum pike_bound; 0: nobody knows */
	uint64_t order;	 /* see struct pike_move */
	size_t turn;
};
/* The i-th field that a template of a prompt may name, with one line of help
 * as its value; false past the last. */
bool pike_prompt_field(struct pike_field *out, size_t i);
struct pike_prompt_forms {
	const char *origin; /* of `text`, for messages */
	const char *text, *rules;
	const char *directions; /* a list, "- " an item; NULL: there is none */
};
/* Fills in a template: `text`. `rules` and `directions` are those of the fields
 * of such names, and templates too; of the items of the latter one becomes the
 * field, the turn-th in an order that `order` draws. Code, logs and whatever
 * else others wrote is in fences that it cannot end. */
int pike_prompt_make(struct pike_buf *out, const struct pike_prompt_forms *f,
		     const struct pike_prompt *p, struct pike_err *err);
#define PIKE_PROMPT_MAX (2u << 20)
/* Of English or code, roughly: where nobody counts tokens. */
#define PIKE_CHARS_PER_TOKEN 4

/* ---- providers ---- */

struct pike_ask {
	const char *system; /* NULL: none is sent */
	const char *prompt; /* UTF-8 */
	/* For a replay, which is not sent: who asks, and in what situation. */
	const char *agent, *key;
};

/* One exchange over HTTP, without the network. Headers are "Name: value". */
struct pike_llm_request {
	char *url, *body;
	struct pike_strs headers; /* one holds the key: never printed */
};
void pike_llm_request_release(struct pike_llm_request *r);

enum pike_ending {
	PIKE_END_WHOLE,	  /* the model had done */
	PIKE_END_CUT,	  /* at the limit of tokens */
	PIKE_END_REFUSED, /* by the model, or a filter of the provider's */
	PIKE_END_BROKEN,  /* none of these: it is not all of the answer */
};
struct pike_answer {
	char *text;   /* never NULL; "" where there is none */
	char *model;  /* as the server calls it; NULL: not told */
	char *broken; /* in which way; NULL: it is not, or nobody knows */
	enum pike_ending ending;
	int64_t tokens_in, tokens_out; /* hidden reasoning is in the latter */
	bool counted; /* the server said how many; else they are guessed */
	bool priced;  /* and what it cost: `usd` */
	double usd;
};
void pike_answer_release(struct pike_answer *a);
/* What coding CLIs print of tokens and cost, in JSON (rows of printed.c), as
 * far as it is there. The text that they end with, or NULL; caller frees. */
char *pike_answer_printed(struct pike_answer *a, const char *printed);
/* As it was told, else by the prices of the settings. */
double pike_answer_usd(const struct pike_answer *a, const struct pike_llm *llm);

/* How a provider's server is spoken to: a row of a const table. */
struct pike_protocol {
	const struct pike_provider *provider;
	/* `key` may be NULL: then no header names one. */
	int (*request)(struct pike_llm_request *out, const struct pike_llm *llm,
		       const struct pike_ask *ask, const char *key,
		       struct pike_err *err);
	/* The body of a reply with status 200, whole or a stream. PIKE_RETRY:
	 * it is empty, or was broken off before there was anything in it;
	 * PIKE_FAILED: no answer is in it, but it may have been paid for. */
	int (*answer)(struct pike_answer *out, const struct pike_ask *ask,
		      const char *body, size_t len, struct pike_err *err);
};
/* The i-th row; NULL past the last. */
const struct pike_protocol *pike_protocol_at(size_t i);
/* NULL: that provider has no server. */
const struct pike_protocol *
pike_protocol_of(const struct pike_provider *provider);

/* The variable that holds its key: of the settings, or the provider's own for
 * its own server; NULL: none is wanted. */
const char *pike_llm_key_name(const struct pike_llm *llm);

/* What a reply with another status says, for people: `status` and the server's
 * own words, sanitized, without `key`. The level tells what to do: PIKE_RETRY
 * (408, 409, 425, 429, 5xx: the same request may do later), PIKE_FATAL (401,
 * 402, 403, 404, redirects, a 429 for want of credit: no request will),
 * PIKE_FAILED (this one will not). */
int pike_llm_refused(struct pike_err *err, int status, const char *body,
		     size_t len, const char *key);

/* ---- asking ---- */

/*
 * Asks models, many questions at once, in one thread. What may do later is
 * tried again: after the time that the server names (Retry-After), at least
 * after an exponential back-off with full jitter (Brooker, "Exponential
 * Backoff And Jitter", AWS 2015). What would be refused again is not, nor is
 * what has been answered, however badly: it would be paid twice.
 */
struct pike_llms;
struct pike_replay;
struct pike_llms_opts {
	struct pike_replay
	    *replay;	  /* of provider `replay`; NULL: there is none */
	const char *root; /* of the repository: where a program's path begins */
	uint64_t seed;	  /* of the jitter */
	int first_ms;	  /* longest wait before the second try; 0: 2 s */
	int most_ms;	  /* and before any; 0: 60 s */
	int tries;	  /* of one question at most; 0: 6 */
};
int pike_llms_open(struct pike_llms **out, const struct pike_llms_opts *o,
		   struct pike_err *err);
/* Drops what is still asked; those questions have ended with PIKE_RETRY. */
void pike_llms_close(struct pike_llms *l);

/*
 * Recorded exchanges. What is asked is not compared word for word, since a
 * template may have changed, or a strategy: the first one of the same agent in
 * the same situation (`key`) that was not taken yet is taken, else the first
 * of the same agent.
 */
struct pike_replay *pike_replay_new(void);
void pike_replay_free(struct pike_replay *r);
/* A chat line. */
int pike_replay_add(struct pike_replay *r, const char *line, size_t len,
		    struct pike_err *err);
/* Lines of a file; those that begin with '#' tell where they come from. */
int pike_replay_read(struct pike_replay *r, const char *origin,
		     const char *text, size_t len, struct pike_err *err);
size_t pike_replay_left(const struct pike_replay *r);
/* Moves one out, without what was asked, which is not kept; the caller
 * releases it. False: nothing fits that was not taken. */
bool pike_replay_take(struct pike_exchange *out, struct pike_replay *r,
		      const struct pike_ask *ask);

/*
 * A program (`command = ./model --fast`, words, no shell) gets the prompt on
 * stdin, the system prompt and an empty line before it, and answers on stdout.
 * It runs in an empty folder of its own, with the user's environment but for
 * the keys that are not its own (variables *_API_KEY). Exit 0: an answer,
 * whatever it leaves behind; 75 (EX_TEMPFAIL of sysexits.h): ask again later;
 * else what it says on stderr is why not. One that takes too long is killed,
 * with all that it has started: PIKE_QUESTION in their environment tells.
 */
struct pike_question;
/* Does not wait. `llm` must outlive it, `ask` is copied. PIKE_FATAL: the
 * variable of the key is not set; it is read anew for each question and never
 * kept elsewhere. */
int pike_llms_ask(struct pike_question **out, struct pike_llms *l,
		  const struct pike_llm *llm, const struct pike_ask *ask,
		  struct pike_err *err);
/* Lets all go on for at most wait_ms, or until one has ended. */
void pike_llms_run(struct pike_llms *l, int wait_ms);
size_t pike_llms_asked(const struct pike_llms *l); /* not ended */
/* Lets all go on in a thread, on core `core` where that is not negative, until
 * pike_llms_back. What ends meanwhile waits as it is; between the two nobody
 * touches `l` or its questions. */
void pike_llms_away(struct pike_llms *l, int core);
void pike_llms_back(struct pike_llms *l);

/* Of a provider that works by itself: ends the question, once, with an answer
 * (whose text and model are taken) or, where `level` is not 0, with `why`. */
void pike_question_answered(struct pike_question *q, struct pike_answer *a,
			    int level, const char *why);
bool pike_question_ended(const struct pike_question *q);
/* 0: there is an answer, perhaps a bad one. Else as pike_llm_refused says and
 * pike_fetch_result; PIKE_RETRY after the last try, with what that came to. */
int pike_question_result(const struct pike_question *q, struct pike_err *err);
/* After PIKE_FAILED its text is what the server sent instead, if it did; NULL
 * where there is nothing. */
const struct pike_answer *pike_question_answer(const struct pike_question *q);
int pike_question_tries(const struct pike_question *q);
double pike_question_secs(const struct pike_question *q); /* waits included */
/* Why another try came, or comes, after try number `n`; NULL: none has. */
const char *pike_question_again(int *out_n, const struct pike_question *q);
/* Why it is tried again, and in how many milliseconds; NULL: it is not. */
const char *pike_question_waits(const struct pike_question *q, int64_t *ms);
void pike_question_free(struct pike_question *q); /* drops it */

#endif
