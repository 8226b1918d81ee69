/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_set_priv: the setters of the table of settings, one per form of
 * value. `obj` is what the row's section describes. A list is emptied by NULL.
 */
#ifndef PIKE_MODEL_SETTINGS_SET_PRIV_H
#define PIKE_MODEL_SETTINGS_SET_PRIV_H

#include "model/settings.h"

typedef const struct pike_setting_row pike_row_t;

int pike_set_text(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);
int pike_set_names(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err);
int pike_set_program(void *obj, pike_row_t *row, const char *value,
		     struct pike_err *err);
int pike_set_name(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);
int pike_set_ident(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err);
int pike_set_ref(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err);
int pike_set_remote(void *obj, pike_row_t *row, const char *value,
		    struct pike_err *err);
int pike_set_url(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err);
int pike_set_hosts(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err);
int pike_set_key(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err);
int pike_set_token(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err);
int pike_set_choice(void *obj, pike_row_t *row, const char *value,
		    struct pike_err *err);
int pike_set_provider(void *obj, pike_row_t *row, const char *value,
		      struct pike_err *err);
int pike_set_i64(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err);
int pike_set_f64(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err);
int pike_set_bool(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);
int pike_set_knob(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);
int pike_set_path(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);
int pike_set_arg(void *obj, pike_row_t *row, const char *value,
		 struct pike_err *err);
int pike_set_case(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);
int pike_set_precision(void *obj, pike_row_t *row, const char *value,
		       struct pike_err *err);
int pike_set_cache(void *obj, pike_row_t *row, const char *value,
		   struct pike_err *err);
int pike_set_stress(void *obj, pike_row_t *row, const char *value,
		    struct pike_err *err);
int pike_set_baselines(void *obj, pike_row_t *row, const char *value,
		       struct pike_err *err);
int pike_set_expr(void *obj, pike_row_t *row, const char *value,
		  struct pike_err *err);

#endif
