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
} tags[] = {
	{ "<think>", "</think>" },
	{ "<thinking>", "</thinking>" },
	{ "<antThinking>", "</antThinking>" },
	{ "<thought>", "</thought>" },
	{ "<thoughts>", "</thoughts>" },
	{ "<reasoning>", "</reasoning>" },
	{ "<reflection>", "</reflection>" },
	{ "<analysis>", "</analysis>" },
	{ "<scratchpad>", "</scratchpad>" },
	{ "<seed:think>", "</seed:think>" },
	{ "[THINK]", "[/THINK]" },
	{ "<|begin_of_thought|>", "<|end_of_thought|>" },
	{ "<|START_THINKING|>", "<|END_THINKING|>" },
	{ "\xe2\x97\x81think\xe2\x96\xb7", "\xe2\x97\x81/think\xe2\x96\xb7" },
	/* Channels of gpt-oss: the last one is the answer. */
	{ "<|channel|>analysis<|message|>", "<|channel|>final<|message|>" },
	{ "<|channel|>commentary<|message|>", "<|channel|>final<|message|>" },
};

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

/* How long the tag is that begins or ends thoughts here; 0: there is none. */
static size_t opens(struct scan *s, const char *p)
{
	size_t n = 0;

	for (size_t i = 0; !s->in && !n && i < PIKE_ARRAY_LEN(tags); i++) {
		n = is_at(s, p, tags[i].open);
		if (n && begins_line(s, p) && !is_quoted(s, p, n))
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
		n = is_at(s, p, tags[i].close);
	return n && !is_quoted(s, p, n) ? n : 0;
}

/* A template may have opened them in the prompt already, so that all before a
 * lone end of them is thought. */
bool pike_thoughts_drop(struct pike_buf *out, const char *text, size_t len)
{
	struct scan s = { .text = text, .end = text + len };
	const char *p = text;

	while (p < s.end) {
		size_t n = memchr("<[\xe2", *p, 3) ? closes(&s, p) : 0;

		if (n) {
			if (!s.in)
				pike_buf_reset(out);
			s.in = NULL;
		} else {
			n = memchr("<[\xe2", *p, 3) ? opens(&s, p) : 0;
		}
		if (!n && !s.in)
			pike_buf_addc(out, *p);
		p += n ? n : 1;
	}
	return !s.in;
}
