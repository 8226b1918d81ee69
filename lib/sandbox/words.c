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

static bool has_own(const struct pike_box_in *in, const char *word)
{
	for (uint32_t i = 0; i < in->setup->nbinds; i++)
		if (in->binds[i][0] == 'e' &&
		    !strncmp(in->binds[i] + 1, word, strlen(word)))
			return true;
	return false;
}

/* Its home is empty, and a proxy the one way out. */
static void of_agent(struct pike_box_words *w, const struct pike_box_in *in)
{
	static const char *const proxies[] = { "HTTPS_PROXY", "https_proxy",
					       "HTTP_PROXY", "ALL_PROXY" };
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d", PIKE_DOOR_PROXY);
	if (!has_own(in, "PATH="))
		add_word(w, "PATH", PIKE_DOORS ":/usr/local/bin:/usr/bin:/bin");
	add_word(w, "LANG", "C.UTF-8");
	add_word(w, "HOME", "/tmp/home");
	add_word(w, "TMPDIR", "/tmp");
	add_word(w, "TERM", "dumb");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(proxies); i++)
		add_word(w, proxies[i], url);
	/* Node.js heeds the others only then (its documentation, CLI). */
	add_word(w, "NODE_USE_ENV_PROXY", "1");
	for (uint32_t i = 0; i < in->setup->nbinds; i++) {
		const char *bind = in->binds[i], *value = strchr(bind, '=');
		char name[128];

		if (*bind != 'e' || !value)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(value - bind - 1),
			 bind + 1);
		add_word(w, name, value + 1);
	}
}

void pike_box_environment(struct pike_box_words *w,
			  const struct pike_box_in *in)
{
	const struct pike_box_setup *s = in->setup;
	const struct pike_box_traits *t = in->traits;
	const char *dir = in->dir;

	memset(w, 0, sizeof(*w));
	if (t->agent) {
		of_agent(w, in);
		return;
	}
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
