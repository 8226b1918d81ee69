/* SPDX-License-Identifier: Apache-2.0 */
/* thoughts: what a model thinks aloud before it answers, where its server
 * leaves that in the text. */
#include "llm/reply_priv.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* As models' own templates mark them. */
static const struct tags {
	const char *open, *close;
	bool first; /* only as the first thing that is said, and with an end */
} tags[] = {
	{ "<think>", "</think>", false },
	{ "<thinking>", "</thinking>", false },
	{ "<antThinking>", "</antThinking>", false },
	{ "<thought>", "</thought>", false },
	{ "<thoughts>", "</thoughts>", false },
	{ "<reasoning>", "</reasoning>", false },
	{ "<reflection>", "</reflection>", false },
	{ "<analysis>", "</analysis>", false },
	{ "<scratchpad>", "</scratchpad>", false },
	{ "<seed:think>", "</seed:think>", false },
	{ "[THINK]", "[/THINK]", false },
	{ "<|begin_of_thought|>", "<|end_of_thought|>", false },
	{ "<|START_THINKING|>", "<|END_THINKING|>", false },
	{ "\xe2\x97\x81think\xe2\x96\xb7", "\xe2\x97\x81/think\xe2\x96\xb7",
	  false },
	/* `ollama run` */
	{ "Thinking...\n", "...done thinking.", true },
	/* Channels of gpt-oss: the last one is the answer. */
	{ "<|channel|>analysis<|message|>", "<|channel|>final<|message|>",
	  false },
	{ "<|channel|>commentary<|message|>", "<|channel|>final<|message|>",
	  false },
};

/* What they begin with. */
#define FIRST "<[\xe2T."

struct scan {
	const char *text, *end;
	const struct tags *in; /* what is open; NULL: the answer */
};

static size_t is_at(const struct scan *s, const char *p, const char *tag)
{
	size_t n = strlen(tag);

	return (size_t)(s->end - p) >= n && !strncasecmp(p, tag, n) ? n : 0;
}

/* A tag that is spoken of is none; one before a fence is. */
static bool is_quoted(const struct scan *s, const char *p, size_t n)
{
	const char *next = p + n;

	return p > s->text && next < s->end && strchr("\"'`", *next) &&
	       p[-1] == *next && (next + 1 == s->end || next[1] != *next);
}

/* Nothing but blanks before it on its line. */
static bool begins_line(const struct scan *s, const char *p)
{
	while (p > s->text && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return p == s->text || p[-1] == '\n' || p[-1] == '>';
}

static bool is_pair(const struct scan *s, const char *p, const char *close)
{
	return p == s->text &&
	       memmem(p, (size_t)(s->end - p), close, strlen(close));
}

/* How long the tag is that begins or ends thoughts here; 0: there is none. */
static size_t opens(struct scan *s, const char *p)
{
	size_t n = 0;

	for (size_t i = 0; !s->in && !n && i < PIKE_ARRAY_LEN(tags); i++) {
		n = is_at(s, p, tags[i].open);
		if (n && begins_line(s, p) && !is_quoted(s, p, n) &&
		    (!tags[i].first || is_pair(s, p, tags[i].close)))
			s->in = &tags[i];
		else
			n = 0;
	}
	return n;
}

static size_t closes(struct scan *s, const char *p)
{
	size_t n = s->in ? is_at(s, p, s->in->close) : 0;

	for (size_t i = 0; !s->in && !n && i < PIKE_ARRAY_LEN(tags); i++)
		n = tags[i].first ? 0 : is_at(s, p, tags[i].close);
	return n && !is_quoted(s, p, n) ? n : 0;
}

/* Where a word begins that ends a model's turn, at the end; `len`: none. */
static size_t end_word(const char *s, size_t len)
{
	static const char *const words[] = { "</s>",	       "<eos>",
					     "<end_of_turn>",  "<|im_end|>",
					     "<|eot_id|>",     "<|end|>",
					     "<|return|>",     "<|endoftext|>",
					     "<|end_of_text|>" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);

		if (len >= n && !memcmp(s + len - n, words[i], n))
			return len - n;
	}
	return len;
}

/* What a server should have taken off. */
static void drop_end_words(struct pike_buf *b)
{
	size_t len = b->len;

	for (;;) {
		size_t end = end_word(b->s, len);

		if (end < len)
			b->len = end;
		else if (!len || !strchr(" \r\n", b->s[len - 1]))
			break;
		len = end < len ? end : len - 1;
	}
	b->s[b->len] = '\0';
}

/* A template may have opened them in the prompt already, so that all before a
 * lone end of them is thought. */
bool pike_thoughts_drop(struct pike_buf *out, const char *text, size_t len)
{
	struct scan s = { .text = text, .end = text + len };
	const char *p = text;

	while (p < s.end) {
		bool may = memchr(FIRST, *p, sizeof(FIRST) - 1);
		size_t n = may ? closes(&s, p) : 0;

		if (n) {
			if (!s.in)
				pike_buf_reset(out);
			s.in = NULL;
		} else {
			n = may ? opens(&s, p) : 0;
		}
		if (!n && !s.in)
			pike_buf_addc(out, *p);
		p += n ? n : 1;
	}
	drop_end_words(out);
	return !s.in;
}
