/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known: what an earlier judge on this machine has found out about the same
 * task and the same base: that the task can tell right from wrong, that the
 * base agrees with the reference, how exact the reference is, how long a call
 * takes, and the noise. A file of the cache (base/kept.h), so that
 * `try`, `bench` and the stages of CI need not find it out each time.
 *
 * No candidate can write there, and no secret is in it. Whatever decides what
 * comes out is part of the name: environment, task with reference, base, this
 * program, the device, and the machine since it was started.
 */
#include "eval/judge_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/kept.h"
#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FORMAT "pike-git known 1"
#define FILE_MAX ((size_t)1 << 20)

/* ---- the name ---- */

static void add_line(struct pike_buf *b, const char *s)
{
	pike_buf_addf(b, "%s\n", s);
}

/* Noise is that of a machine as it runs now. */
static void add_boot(struct pike_buf *b)
{
	if (pike_read_file(b, "/proc/sys/kernel/random/boot_id", NULL))
		add_line(b, "");
}

/* Another build of it may judge otherwise. */
static void add_program(struct pike_buf *b, const char *path)
{
	struct stat st;

	memset(&st, 0, sizeof(st));
	stat(path, &st);
	pike_buf_addf(b, "%lld %lld.%09ld\n", (long long)st.st_size,
		      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void name_of(char out[65], const struct pike_judge *j)
{
	struct pike_buf b;

	pike_buf_init(&b, 1 << 14);
	add_line(&b, FORMAT);
	add_line(&b, j->env);
	add_line(&b, j->task);
	add_line(&b, j->base->source_hash);
	add_line(&b, j->dev.lock);
	add_line(&b, j->dev.uuid);
	add_boot(&b);
	add_program(&b, "/proc/self/exe");
	add_program(&b, j->runner.s);
	pike_buf_addf(&b, "%d %d %d\n", (int)j->iso.level, j->dev.ncores,
		      CPU_COUNT(&j->run_cpus));
	pike_sha256_hex(out, b.s, b.len);
	pike_buf_release(&b);
}

/* ---- reading ---- */

static bool read_natural(struct pike_natural *out, const struct pike_json *v)
{
	double *to[] = { &out->l2, &out->max, &out->moved_l2, &out->moved_max };
	bool ok = pike_json_len(v) == PIKE_ARRAY_LEN(to);

	for (size_t i = 0; ok && i < PIKE_ARRAY_LEN(to); i++) {
		*to[i] = pike_json_as_f64(pike_json_at(v, i), -1);
		ok = *to[i] >= 0 && isfinite(*to[i]);
	}
	return ok;
}

static bool read_case(struct pike_case_state *cs, const struct pike_json *v,
		      size_t ntensors)
{
	const struct pike_json *list = pike_json_get(v, "natural");
	bool ok = pike_json_len(list) == ntensors;

	cs->base_ns = pike_json_i64(v, "base_ns", 0);
	free(cs->nat);
	cs->nat = pike_xcalloc(ntensors + 1, sizeof(*cs->nat));
	for (size_t i = 0; ok && i < ntensors; i++)
		ok = read_natural(&cs->nat[i], pike_json_at(list, i));
	return ok && cs->base_ns > 0;
}

/* Seconds since then; -1: not at all, or a clock was put back. */
static int64_t age_of(const struct pike_json *v, const char *key)
{
	int64_t at = pike_json_i64(v, key, -1);

	return at < 0 ? -1 : pike_unix_time() - at;
}

/* As old as it is: pike_judge_needs_noise looks at that. */
static void read_noise(struct pike_judge *j, const struct pike_json *v,
		       size_t warm)
{
	int64_t age = age_of(v, "at");
	double noise = pike_json_f64(v, "noise", -1);

	if (age < 0 || age > PROTO_NOISE_AGE_NS / 1000000000 || noise < 0 ||
	    !isfinite(noise))
		return;
	j->noise[warm] = noise;
	j->noise_at[warm] = pike_now_ns() - age * 1000000000;
}

static bool take(struct pike_judge *j, const struct pike_json *v)
{
	const struct pike_json *cases = pike_json_get(v, "cases");
	const struct pike_json *noise = pike_json_get(v, "noise");
	int64_t age = age_of(v, "at");
	bool ok = age >= 0 && age <= PROTO_KNOWN_AGE_S &&
		  pike_json_len(cases) == j->t->ncases;

	for (size_t i = 0; ok && i < j->t->ncases; i++)
		ok = read_case(&j->cases[i], pike_json_at(cases, i),
			       j->ntensors);
	for (size_t i = 0; ok && i < PIKE_ARRAY_LEN(j->noise); i++)
		read_noise(j, pike_json_at(noise, i), i);
	return ok;
}

void pike_known_read(struct pike_judge *j)
{
	char name[65], *path;
	struct pike_buf b;
	struct pike_json *v;

	name_of(name, j);
	path = pike_kept_file(PIKE_KEPT_KNOWN, name, false);
	if (!path)
		return;
	pike_buf_init(&b, FILE_MAX);
	v = pike_read_file(&b, path, NULL) ? NULL
					   : pike_json_parse(b.s, b.len, NULL);
	if (v && take(j, v))
		j->known_at = pike_json_i64(v, "at", 0);
	pike_json_free(v);
	pike_buf_release(&b);
	free(path);
}

/* ---- writing ---- */

/* Finite, all of it; a file of others is not worth having. */
static bool add_case(struct pike_json *list, const struct pike_case_state *cs,
		     size_t ntensors)
{
	struct pike_json *v = pike_json_object(), *all = pike_json_array();
	bool ok = true;

	pike_json_set_i64(v, "base_ns", cs->base_ns);
	for (size_t i = 0; i < ntensors; i++) {
		const struct pike_natural *n = &cs->nat[i];
		const double of[] = { n->l2, n->max, n->moved_l2,
				      n->moved_max };
		struct pike_json *one = pike_json_array();

		for (size_t k = 0; k < PIKE_ARRAY_LEN(of); k++) {
			ok = ok && isfinite(of[k]);
			pike_json_push_f64(one, ok ? of[k] : 0);
		}
		pike_json_push(all, one);
	}
	pike_json_set(v, "natural", all);
	pike_json_push(list, v);
	return ok;
}

static struct pike_json *noise_json(const struct pike_judge *j, size_t warm)
{
	struct pike_json *v = pike_json_object();
	int64_t age = pike_now_ns() - j->noise_at[warm];

	if (isnan(j->noise[warm]))
		return v;
	pike_json_set_f64(v, "noise", j->noise[warm]);
	/* Rounded to the past: it never looks younger than it is. */
	pike_json_set_i64(v, "at", pike_unix_time() - age / 1000000000 - 1);
	return v;
}

void pike_known_write(struct pike_judge *j)
{
	struct pike_json *v, *cases, *noise;
	struct pike_buf b;
	char name[65];
	bool ok = true;

	if (j->reference_moved)
		return;
	if (!j->known_at)
		j->known_at = pike_unix_time();
	v = pike_json_object();
	cases = pike_json_array();
	noise = pike_json_array();
	pike_json_set_i64(v, "at", j->known_at);
	for (size_t i = 0; i < j->t->ncases; i++)
		ok = add_case(cases, &j->cases[i], j->ntensors) && ok;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(j->noise); i++)
		pike_json_push(noise, noise_json(j, i));
	pike_json_set(v, "cases", cases);
	pike_json_set(v, "noise", noise);
	pike_buf_init(&b, FILE_MAX);
	pike_json_print(&b, v);
	name_of(name, j);
	if (ok && !b.full)
		pike_kept_write(PIKE_KEPT_KNOWN, name, b.s, b.len);
	pike_buf_release(&b);
	pike_json_free(v);
}
