/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs: values of argument buffers, made from a seed. The same seed gives
 * the same bytes on every machine, so an evaluation can be run again.
 */
#ifndef PIKE_EVAL_INPUTS_PRIV_H
#define PIKE_EVAL_INPUTS_PRIV_H

#include "base/rand.h"
#include "model/tensor.h"

#include <stddef.h>
#include <stdint.h>

#define PIKE_SECRET_LEN 32

/* README.md, protocol 11: HMAC(secret, source hash || env || counter). */
uint64_t pike_input_seed(const uint8_t secret[PIKE_SECRET_LEN],
			 const char *source_hash, const char *env,
			 uint64_t counter);

/* Elements that one core handles at a time, where several share the work. Sums
 * are made of such pieces, and a piece of an input has a generator of its own:
 * results do not depend on how many cores there are. */
#define PIKE_PIECE ((size_t)1 << 16)
#define PIKE_PIECES(n) (((n) + PIKE_PIECE - 1) / PIKE_PIECE)

/* Whether an input is drawn anew under a distribution. Those other than
 * PIKE_DIST_OWN replace only floats whose INIT is normal: an author who wrote
 * uniform(a,b) has declared the domain. PIKE_DIST_CENTERED replaces floats of
 * one sign whose bounds were only observed: sums of such values hide how they
 * are rounded, and what a model does to the other sign. */
bool pike_inputs_takes(const struct pike_tensor *arg, enum pike_dist dist);
/* What is drawn then, as an input of that distribution's own. */
enum pike_dist pike_inputs_as(struct pike_tensor *as,
			      const struct pike_tensor *arg,
			      enum pike_dist dist);
/* Fills `dst` with values of `arg` under distribution `dist`, or its own. */
void pike_inputs_fill(void *dst, const struct pike_tensor *arg,
		      struct pike_shape shape, enum pike_dist dist,
		      struct pike_rng *rng);

/* Normal deviates, quickly: inputs are millions of them. */
double pike_fast_normal(struct pike_rng *rng);

/* Round to nearest even; overflow gives infinity. */
uint16_t pike_f16_from(double x);
uint16_t pike_bf16_from(double x);
double pike_f16_to(uint16_t h);
double pike_bf16_to(uint16_t h);

/* Element-wise conversion; integers by value, floats rounded to nearest. The
 * same type is a plain copy. */
void pike_convert(void *dst, enum pike_dtype to, const void *src,
		  enum pike_dtype from, size_t n);

#endif
