/* SPDX-License-Identifier: Apache-2.0 */
/* steer: the words that steer a search, and which of them holds. */
#include "model/steer.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WHY_MAX = 160
};

static const struct {
	const char *name, *done;
	bool holds; /* until another that does */
	bool rests;
} words[PIKE_STEER_COUNT] = {
	[PIKE_STEER_HINT] = { "hint", "a hint", false, false },
	[PIKE_STEER_PAUSE] = { "pause", "paused", true, true },
	[PIKE_STEER_RESUME] = { "resume", "resumed", true, false },
	[PIKE_STEER_STOP] = { "stop", "stopped", true, true },
};

const char *pike_steer_name(enum pike_steer_word w)
{
	return words[w].name;
}

int pike_steer_parse(const char *p, size_t n)
{
	for (int w = 0; w < PIKE_STEER_COUNT; w++) {
		size_t k = strlen(words[w].name);

		if (n >= k && !memcmp(p, words[w].name, k) &&
		    (n == k || p[k] == ' '))
			return w;
	}
	return -1;
}

void pike_steer_release(struct pike_steer *s)
{
	free(s->text);
	free(s->by);
	memset(s, 0, sizeof(*s));
}

void pike_steers_release(struct pike_steers *s)
{
	for (size_t i = 0; i < s->n; i++)
		pike_steer_release(&s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

void pike_steers_push(struct pike_steers *l, struct pike_steer *s)
{
	PIKE_GROW(l->v, l->n, l->cap);
	l->v[l->n++] = *s;
	memset(s, 0, sizeof(*s));
}

bool pike_steers_has(const struct pike_steers *l, const struct pike_steer *s)
{
	for (size_t i = 0; s->comment && i < l->n; i++)
		if (l->v[i].comment == s->comment && l->v[i].nth == s->nth)
			return true;
	return false;
}

int64_t pike_steers_last_comment(const struct pike_steers *l)
{
	int64_t last = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].comment > last)
			last = l->v[i].comment;
	return last;
}

const struct pike_steer *pike_steers_state(const struct pike_steers *l)
{
	for (size_t i = l->n; i-- > 0;)
		if (words[l->v[i].word].holds)
			return &l->v[i];
	return NULL;
}

const struct pike_steer *pike_steers_rest(const struct pike_steers *l)
{
	const struct pike_steer *s = pike_steers_state(l);

	return s && words[s->word].rests ? s : NULL;
}

const struct pike_steer *pike_steers_newest(const struct pike_steers *l,
					    enum pike_steer_word w)
{
	for (size_t i = l->n; i-- > 0;)
		if (l->v[i].word == w)
			return &l->v[i];
	return NULL;
}

/* One line, at most `max` bytes, cut between characters. */
static void add_clean(struct pike_buf *b, const char *s, size_t max)
{
	struct pike_buf t;

	pike_buf_init(&t, max);
	pike_sanitize(&t, s, strlen(s));
	while (t.len && !pike_utf8_valid(t.s, t.len))
		t.len--;
	for (size_t i = 0; i < t.len; i++)
		pike_buf_addc(b, strchr("\n\t", t.s[i]) ? ' ' : t.s[i]);
	pike_buf_release(&t);
}

void pike_steer_text(struct pike_buf *b, const struct pike_steer *s)
{
	time_t t = (time_t)s->ts;
	char when[40];
	struct tm tm;

	pike_buf_addf(b, "%s by ", words[s->word].done);
	add_clean(b, *s->by ? s->by : "somebody", PIKE_STEER_BY_MAX);
	if (s->ts > 0 && gmtime_r(&t, &tm) &&
	    strftime(when, sizeof(when), ", %Y-%m-%d %H:%M UTC", &tm))
		pike_buf_adds(b, when);
	if (!*s->text)
		return;
	pike_buf_adds(b, ": ");
	add_clean(b, s->text, WHY_MAX);
	if (strlen(s->text) > WHY_MAX)
		pike_buf_adds(b, "...");
}
