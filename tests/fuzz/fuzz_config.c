/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the config: scan, libgit2 and settings. Every error carries file and
 * line; no text makes libgit2 read another file. */
#include "base/mem.h"
#include "git/config_priv.h"
#include "model/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct pike_err *err)
{
	int line = 0;

	if (err->level != PIKE_USAGE ||
	    sscanf(err->text, "x:%d:", &line) != 1 || line < 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text =
	    pike_xmemdup(size ? (const void *)data : "", size ? size : 1);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e = { 0 };
	struct pike_settings *s;

	if (pike_config_parse(&e, text, size, "x", size % 2, &err)) {
		check_error(&err);
	} else {
		for (size_t i = 0; i < e.n; i++)
			if (!strncmp(e.v[i].section, "include", 7) &&
			    !strcmp(e.v[i].key, "path") &&
			    (!e.v[i].section[7] || e.v[i].section[7] == 'i'))
				abort();
		if (pike_settings_make(&s, &e, &err))
			check_error(&err);
		else
			pike_settings_free(s);
	}
	pike_entries_release(&e);
	free(text);
	return 0;
}
