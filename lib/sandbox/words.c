/* SPDX-License-Identifier: Apache-2.0 */
/* words: the environment of a program in a box, made from nothing. */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static void add_word(struct pike_box_words *w, const char *name,
		     const char *value)
{
	char *to = w->text + w->used;
	size_t room = sizeof(w->text) - w->used;
	int n = snprintf(to, room, "%s=%s", name, value);

	if (n < 0 || (size_t)n >= room || w->n + 1 >= PIKE_ARRAY_LEN(w->at))
		return;
	w->at[w->n++] = to;
	w->used += (size_t)n + 1;
}

/* As many as it may start: OpenMP would start one for each core that it sees,
 * and end the process where it cannot (OpenMP 5.1, 6.2 and 6.10). */
static void add_threads(struct pike_box_words *w, int threads)
{
	char n[16];

	snprintf(n, sizeof(n), "%d", threads > 1 ? threads : 1);
	add_word(w, "OMP_NUM_THREADS", n);
	add_word(w, "OMP_THREAD_LIMIT", n);
}

void pike_box_environment(struct pike_box_words *w,
			  const struct pike_box_setup *s, const char *dir)
{
	const struct pike_box_traits *t = &pike_box_traits[s->kind];

	memset(w, 0, sizeof(*w));
	add_word(w, "PATH", "/usr/bin:/bin");
	add_word(w, "LANG", "C");
	add_word(w, "LC_ALL", "C");
	add_word(w, "HOME", t->tool ? dir : "/nonexistent");
	add_word(w, "TMPDIR", dir);
	if (s->preload[0])
		add_word(w, "LD_PRELOAD", s->preload);
	if (s->options[0])
		add_word(w, "ASAN_OPTIONS", s->options);
	if (t->helper && !t->tool && !t->script)
		add_threads(w, s->threads);
	if (!t->gpu)
		return;
	add_word(w, "CUDA_VISIBLE_DEVICES", s->visible);
	add_word(w, "CUDA_CACHE_DISABLE", "1");
	/* PyTorch brings thousands of kernels, of which few are used. */
	add_word(w, "CUDA_MODULE_LOADING", t->script ? "LAZY" : "EAGER");
	/* A runner has one stream, which needs one channel: with no more, a
	 * context comes and goes in little more than half the time. */
	if (!t->script)
		add_word(w, "CUDA_DEVICE_MAX_CONNECTIONS", "1");
}
