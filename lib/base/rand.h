/* SPDX-License-Identifier: Apache-2.0 */
/* rand: seeded generator (xoshiro256**, Blackman and Vigna 2018, seeded by
 * splitmix64), true randomness, SHA-256 and HMAC (FIPS 180-4, RFC 2104). */
#ifndef PIKE_BASE_RAND_H
#define PIKE_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

struct pike_rng {
	uint64_t s[4];
};

void pike_rng_seed(struct pike_rng *r, uint64_t seed);
uint64_t pike_rng_u64(struct pike_rng *r);
uint64_t pike_rng_below(struct pike_rng *r, uint64_t n); /* unbiased, n > 0 */
double pike_rng_unit(struct pike_rng *r);		 /* [0, 1) */
double pike_rng_normal(struct pike_rng *r);		 /* N(0, 1) */

void pike_random_bytes(void *out, size_t n); /* getrandom(2), dies if none */

struct pike_sha256 {
	uint32_t h[8];
	uint64_t len;
	uint8_t block[64];
};
void pike_sha256_init(struct pike_sha256 *c);
void pike_sha256_add(struct pike_sha256 *c, const void *p, size_t n);
void pike_sha256_end(struct pike_sha256 *c, uint8_t out[32]);
void pike_sha256_hex(char out[65], const void *p, size_t n);
void pike_hmac_sha256(uint8_t out[32], const void *key, size_t key_len,
		      const void *msg, size_t n);
void pike_hex(char *out, const void *p, size_t n); /* 2n + 1 bytes */

#endif
