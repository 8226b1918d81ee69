/* SPDX-License-Identifier: Apache-2.0 */
/* referee: launches the kernels of referee.cu; see referee_priv.h. */
#include "eval/referee_priv.h"

#include "base/mem.h"
#include "eval/check_elem_priv.h"
#include "eval/pool_priv.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of any launch at most: each thread goes on in steps of the grid. */
#define BLOCKS 4096
#define THREADS 256
/* Elements of a row that a block takes at least, where several share one: that
 * is what a block reads while its sums are put together. */
#define ROW_PART 4096

/* As in referee.cu. */
struct limits {
	double sigma, abs, rel, bound, factor, abs_free, widest;
};
struct sums {
	double d2, r2;
	uint64_t max_abs, bad, not_finite, hash;
};
struct pattern {
	uint8_t v[PIKE_CANARY];
};
struct shared_rows {
	uint64_t row, parts;
	pike_gpu_ptr found, done;
};
/* What `found` and `done` point to, for each block. */
#define FOUND_BYTES (2 * sizeof(double))
#define DONE_BYTES sizeof(uint32_t)
_Static_assert(PROTO_BLOCK == 64, "check() of referee.cu takes 64 elements");

struct pike_referee {
	struct pike_gpu *g;
	struct pike_gpu_code *code;
	pike_gpu_ptr sums, zeros, found, done;
	/* Of pike_referee_list; its sums are none when it is asked for. */
	pike_gpu_ptr listed, digest;
	size_t nlisted, room;
	uint64_t most; /* bytes of the largest of them */
};

/* The kernels' text is part of the program. */
__asm__(".pushsection .rodata\n"
	".global pike_referee_source\n"
	"pike_referee_source:\n"
	".incbin \"lib/eval/referee.cu\"\n"
	".byte 0\n"
	".popsection\n");

static int open_counters(struct pike_referee *r, struct pike_err *err)
{
	static const uint8_t none[BLOCKS * DONE_BYTES];
	int ret = pike_gpu_alloc(&r->done, r->g, sizeof(none), err);

	return ret ? ret : pike_gpu_put(r->g, r->done, none, sizeof(none), err);
}

int pike_referee_open(struct pike_referee **out, struct pike_gpu *g,
		      int object_fd, struct pike_err *err)
{
	static const struct sums none;
	struct pike_referee *r = pike_xcalloc(1, sizeof(*r));
	int ret = pike_gpu_load(&r->code, g, object_fd, err);

	r->g = g;
	if (!ret)
		ret = pike_gpu_alloc(&r->sums, g, sizeof(none), err);
	if (!ret)
		ret = pike_gpu_alloc(&r->zeros, g, sizeof(none), err);
	if (!ret)
		ret = pike_gpu_alloc(&r->digest, g, sizeof(none), err);
	if (!ret)
		ret = pike_gpu_put(g, r->zeros, &none, sizeof(none), err);
	if (!ret)
		ret = pike_gpu_alloc(&r->found, g, BLOCKS * FOUND_BYTES, err);
	if (!ret)
		ret = open_counters(r, err);
	if (ret)
		pike_referee_close(r);
	*out = ret ? NULL : r;
	return ret;
}

void pike_referee_close(struct pike_referee *r)
{
	if (!r)
		return;
	pike_gpu_free(r->g, r->sums);
	pike_gpu_free(r->g, r->zeros);
	pike_gpu_free(r->g, r->found);
	pike_gpu_free(r->g, r->done);
	pike_gpu_free(r->g, r->listed);
	pike_gpu_free(r->g, r->digest);
	pike_gpu_unload(r->code);
	free(r);
}

struct pike_gpu *pike_referee_gpu(const struct pike_referee *r)
{
	return r->g;
}

/* ---- launches ---- */

/* For n threads' worth of work. */
static int call(struct pike_referee *r, const char *kernel, uint64_t n,
		void **args, struct pike_err *err)
{
	uint64_t blocks = (n + THREADS - 1) / THREADS;

	return pike_gpu_call(r->code, kernel, blocks < BLOCKS ? blocks : BLOCKS,
			     THREADS, args, err);
}

static int call_for(struct pike_referee *r, const char *what,
		    enum pike_dtype type, uint64_t n, void **args,
		    struct pike_err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", what, pike_dtype_name(type));
	return call(r, name, n, args, err);
}

static int clear(struct pike_referee *r, struct pike_err *err)
{
	return pike_gpu_copy(r->g, r->sums, r->zeros, sizeof(struct sums), err);
}

static int read_sums(struct sums *out, struct pike_referee *r,
		     struct pike_err *err)
{
	return pike_gpu_get(r->g, out, r->sums, sizeof(*out), err);
}

static double as_double(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* ---- inputs and truths ---- */

int pike_referee_fill(struct pike_referee *r, pike_gpu_ptr to,
		      const struct pike_tensor *arg, struct pike_shape shape,
		      enum pike_dist dist, uint64_t seed, struct pike_err *err)
{
	struct pike_tensor as;
	int how = (int)pike_inputs_as(&as, arg, dist);
	int dtype = (int)as.dtype, init = (int)as.init;
	uint64_t n = shape.elems, row = shape.row ? shape.row : 1;
	double a = as.a, b = as.b;
	void *args[] = { &to, &dtype, &n, &row, &init, &a, &b, &how, &seed };

	return call(r, "fill", n, args, err);
}

int pike_referee_widen(struct pike_referee *r, pike_gpu_ptr to,
		       enum pike_dtype real, pike_gpu_ptr data,
		       enum pike_dtype from, size_t elems, struct pike_err *err)
{
	uint64_t n = elems;
	void *args[] = { &to, &data, &n };

	return call_for(r, real == PIKE_F64 ? "f64_from" : "f32_from", from, n,
			args, err);
}

int pike_referee_move(struct pike_referee *r, pike_gpu_ptr data, size_t elems,
		      const struct pike_move *m, struct pike_err *err)
{
	uint64_t n = elems, seed = m->seed;
	double by = m->by, lo = m->lo, hi = m->hi;
	int by_value = m->by_value;
	uint32_t every = m->every;
	void *args[] = { &data, &n, &by, &lo, &hi, &seed, &by_value, &every };

	return call(r, "move", n, args, err);
}

static int sum_truth(struct pike_referee *r, struct pike_truth *t,
		     pike_gpu_ptr data, struct pike_err *err)
{
	uint64_t n = t->n;
	void *args[] = { &t->at, &data, &n, &r->sums };
	struct sums s = { 0 };
	int ret = clear(r, err);

	if (!ret)
		ret = call_for(r, "truth", t->dtype, n, args, err);
	if (!ret)
		ret = read_sums(&s, r, err);
	t->finite = !s.not_finite;
	t->norm = sqrt(s.r2);
	t->rms_zero = !(t->norm > 0);
	return ret;
}

int pike_referee_truth(struct pike_referee *r, struct pike_truth *t,
		       pike_gpu_ptr data, enum pike_dtype dtype, size_t n,
		       size_t row, struct pike_err *err)
{
	size_t bytes = pike_truth_bytes(dtype, n);
	int ret;

	memset(t, 0, sizeof(*t));
	t->dtype = dtype;
	t->n = n;
	t->row = row ? row : 1;
	t->finite = true;
	ret = pike_gpu_alloc(&t->at, r->g, bytes, err);
	if (ret)
		return ret;
	if (!pike_dtype_is_float(dtype))
		return pike_gpu_copy(r->g, t->at, data, bytes, err);
	return sum_truth(r, t, data, err);
}

void pike_referee_forget(struct pike_referee *r, struct pike_truth *t)
{
	pike_gpu_free(r->g, t->at);
	t->at = 0;
}

int pike_referee_natural(struct pike_referee *r, struct pike_natural *out,
			 pike_gpu_ptr q, enum pike_dtype real,
			 const struct pike_truth *t, struct pike_err *err)
{
	uint64_t n = t->n;
	pike_gpu_ptr at = t->at;
	void *args[] = { &q, &at, &n, &r->sums };
	struct sums s = { 0 };
	int ret;

	*out = (struct pike_natural){ 0 };
	if (!pike_dtype_is_float(t->dtype))
		return 0;
	ret = clear(r, err);
	if (!ret)
		ret = call_for(r,
			       real == PIKE_F64 ? "natural_f64" : "natural_f32",
			       t->dtype, n, args, err);
	if (!ret)
		ret = read_sums(&s, r, err);
	out->max = as_double(s.max_abs);
	out->l2 = t->norm > 0 ? sqrt(s.d2) / t->norm : 0;
	return ret;
}

/* ---- outputs ---- */

int pike_referee_poison(struct pike_referee *r, pike_gpu_ptr to, size_t bytes,
			uint64_t unit, struct pike_err *err)
{
	uint64_t n = bytes;
	void *args[] = { &to, &n, &unit };

	return call(r, "poison", n / 16 + 1, args, err);
}

/* Arguments of canary_put and canary_check. */
struct guard {
	uint64_t map, n, from, to;
	struct pattern c;
};

static void guard_of(struct guard *g, const struct pike_gpu_shared *s,
		     size_t bytes, const uint8_t *canary)
{
	g->map = s->map;
	g->n = s->mapped;
	g->from = s->offset;
	g->to = s->offset + bytes;
	memcpy(g->c.v, canary, sizeof(g->c.v));
}

int pike_referee_guard(struct pike_referee *r, const struct pike_gpu_shared *s,
		       size_t bytes, const uint8_t canary[PIKE_CANARY],
		       struct pike_err *err)
{
	struct guard g;
	void *args[] = { &g.map, &g.n, &g.from, &g.to, &g.c };

	guard_of(&g, s, bytes, canary);
	return call(r, "canary_put", g.from + THREADS, args, err);
}

int pike_referee_guarded(bool *out, struct pike_referee *r,
			 const struct pike_gpu_shared *s, size_t bytes,
			 const uint8_t canary[PIKE_CANARY],
			 struct pike_err *err)
{
	struct guard g;
	void *args[] = { &g.map, &g.n, &g.from, &g.to, &g.c, &r->sums };
	struct sums got = { 0 };
	int ret = clear(r, err);

	guard_of(&g, s, bytes, canary);
	if (!ret)
		ret = call(r, "canary_check", g.from + THREADS, args, err);
	if (!ret)
		ret = read_sums(&got, r, err);
	*out = !ret && !got.bad;
	return ret;
}

static void limits_of(struct limits *out, const struct pike_truth *t,
		      const struct pike_tol *tol,
		      const struct pike_natural *nat)
{
	struct pike_limits l;

	pike_limits_make(&l, t, tol, nat);
	*out = (struct limits){ .sigma = l.sigma,
				.abs = l.abs,
				.rel = l.rel,
				.bound = l.bound,
				.factor = PROTO_BLOCK_FACTOR,
				.abs_free = t->rms_zero ? l.abs : 0,
				.widest = pike_widest(t->dtype) };
}

static int check_exact(struct sums *s, struct pike_referee *r, pike_gpu_ptr y,
		       const struct pike_truth *t, struct pike_err *err)
{
	uint64_t n = pike_truth_bytes(t->dtype, t->n), at = t->at;
	void *args[] = { &y, &at, &n, &r->sums };
	int ret = call(r, "exact", n, args, err);

	return ret ? ret : read_sums(s, r, err);
}

/* G4 by rows: a block of threads each, or several where there are fewer rows
 * than blocks, so that one long row keeps the whole GPU busy. */
static int check_rows(struct pike_referee *r, pike_gpu_ptr y,
		      const struct pike_truth *t, struct limits *l,
		      struct pike_err *err)
{
	uint64_t n = t->n, at = t->at, rows = n / t->row;
	struct shared_rows w = {
		.row = t->row, .parts = 1, .found = r->found, .done = r->done
	};
	void *args[] = { &y, &at, &n, &w, l, &r->sums };

	if (rows && rows < BLOCKS)
		w.parts = BLOCKS / rows;
	if (w.parts > t->row / ROW_PART)
		w.parts = t->row / ROW_PART;
	if (!w.parts)
		w.parts = 1;
	return call_for(r, "rows", t->dtype, rows * w.parts * THREADS, args,
			err);
}

static int check_floats(struct sums *s, struct pike_referee *r, pike_gpu_ptr y,
			const struct pike_truth *t, struct limits *l,
			struct pike_err *err)
{
	uint64_t n = t->n, at = t->at;
	void *args[] = { &y, &at, &n, l, &r->sums };
	int ret = call_for(r, "check", t->dtype, n / 8 + THREADS, args, err);

	if (!ret && t->row >= PROTO_ROW_MIN)
		ret = check_rows(r, y, t, l, err);
	return ret ? ret : read_sums(s, r, err);
}

int pike_referee_check(struct pike_check *out, struct pike_referee *r,
		       pike_gpu_ptr y, const struct pike_expected *e,
		       struct pike_err *err)
{
	const struct pike_truth *t = e->truth;
	bool exact = e->tol->exact || !pike_dtype_is_float(t->dtype);
	struct sums s = { 0 };
	struct limits l = { 0 };
	double norm, most = 0;
	int ret = clear(r, err);

	memset(out, 0, sizeof(*out));
	out->gate = PIKE_G2;
	if (!exact)
		limits_of(&l, t, e->tol, e->nat);
	if (!ret)
		ret = exact ? check_exact(&s, r, y, t, err)
			    : check_floats(&s, r, y, t, &l, err);
	if (ret)
		return ret;
	norm = sqrt(s.d2);
	if (!exact)
		most = l.bound * t->norm + l.abs_free * sqrt((double)t->n);
	out->max_abs = as_double(s.max_abs);
	out->rel_l2 = t->norm > 0 ? norm / t->norm : norm;
	if (!s.bad && norm <= most)
		out->gate = PIKE_G_PASS;
	return 0;
}

int pike_referee_hash(uint64_t *h, struct pike_referee *r, pike_gpu_ptr data,
		      size_t bytes, struct pike_err *err)
{
	uint64_t n = bytes, salt = *h;
	void *args[] = { &data, &n, &salt, &r->sums };
	struct sums s = { 0 };
	int ret = clear(r, err);

	if (!ret)
		ret = call(r, "hash", n / 8 + 1, args, err);
	if (!ret)
		ret = read_sums(&s, r, err);
	*h = (*h + s.hash) * 0x9e3779b97f4a7c15ULL;
	return ret;
}

static int room_for(struct pike_referee *r, size_t n, struct pike_err *err)
{
	size_t bytes = n * sizeof(struct pike_gpu_buffer);
	int ret;

	if (n <= r->room)
		return 0;
	pike_gpu_free(r->g, r->listed);
	r->listed = 0;
	r->room = 0;
	ret = pike_gpu_alloc(&r->listed, r->g, bytes, err);
	if (!ret)
		r->room = n;
	return ret;
}

/* Not where a digest is asked for: it would come a little later. */
static int clear_digest(struct pike_referee *r, struct pike_err *err)
{
	return pike_gpu_copy(r->g, r->digest, r->zeros, sizeof(struct sums),
			     err);
}

int pike_referee_list(struct pike_referee *r, const struct pike_gpu_buffer *v,
		      size_t n, struct pike_err *err)
{
	int ret = room_for(r, n, err);

	r->nlisted = n;
	r->most = 0;
	for (size_t i = 0; i < n; i++)
		r->most = v[i].bytes > r->most ? v[i].bytes : r->most;
	if (!ret && n)
		ret = pike_gpu_put(r->g, r->listed, v, n * sizeof(*v), err);
	return ret ? ret : clear_digest(r, err);
}

int pike_referee_digest(uint64_t *out, struct pike_referee *r,
			struct pike_err *err)
{
	uint64_t n = r->nlisted;
	void *args[] = { &r->listed, &n, &r->digest };
	struct sums s = { 0 };
	int ret = call(r, "digest", r->most / 8 + 1, args, err);

	if (!ret)
		ret = pike_gpu_get(r->g, &s, r->digest, sizeof(s), err);
	*out = s.hash;
	return ret ? ret : clear_digest(r, err);
}
