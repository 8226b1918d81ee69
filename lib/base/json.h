/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: the only door to cJSON. Strict in, canonical out.
 *
 * Parsing refuses trailing garbage, invalid UTF-8, NaN, more than 64 levels.
 * Printing is compact, keys sorted, ASCII only, doubles shortest that read
 * back the same, integers exact up to 2^53. Getters are case-sensitive and
 * give the default when the member is missing or of another type.
 */
#ifndef PIKE_BASE_JSON_H
#define PIKE_BASE_JSON_H

#include "buf.h"
#include "err.h"

#include <stdbool.h>
#include <stdint.h>

struct pike_json; /* a value; members belong to their parent */

struct pike_json *pike_json_parse(const char *s, size_t len,
				  struct pike_err *err);
void pike_json_free(struct pike_json *j); /* the root only */
struct pike_json *pike_json_copy(const struct pike_json *j);
void pike_json_print(struct pike_buf *b, const struct pike_json *j);

struct pike_json *pike_json_object(void);
struct pike_json *pike_json_array(void);

/* Getters: NULL j is legal and gives the default. */
const struct pike_json *pike_json_get(const struct pike_json *j,
				      const char *key);
const char *pike_json_str(const struct pike_json *j, const char *key,
			  const char *def);
int64_t pike_json_i64(const struct pike_json *j, const char *key, int64_t def);
double pike_json_f64(const struct pike_json *j, const char *key, double def);
bool pike_json_bool(const struct pike_json *j, const char *key, bool def);
size_t pike_json_len(const struct pike_json *arr);
const struct pike_json *pike_json_at(const struct pike_json *arr, size_t i);
const char *pike_json_as_str(const struct pike_json *j, const char *def);
double pike_json_as_f64(const struct pike_json *j, double def);
/* The default also for a number that is not whole or beyond 2^53. */
int64_t pike_json_as_i64(const struct pike_json *j, int64_t def);
/* The i-th member's name of an object, NULL past the end. */
const char *pike_json_key(const struct pike_json *obj, size_t i);

/* Setters replace a member of the same name. */
void pike_json_set_str(struct pike_json *j, const char *key, const char *v);
void pike_json_set_i64(struct pike_json *j, const char *key, int64_t v);
void pike_json_set_f64(struct pike_json *j, const char *key, double v);
void pike_json_set_bool(struct pike_json *j, const char *key, bool v);
void pike_json_set_null(struct pike_json *j, const char *key);
/* Takes ownership of v. */
void pike_json_set(struct pike_json *j, const char *key, struct pike_json *v);
void pike_json_push(struct pike_json *arr, struct pike_json *v); /* takes v */
void pike_json_push_str(struct pike_json *arr, const char *v);
void pike_json_push_f64(struct pike_json *arr, double v);

#endif
