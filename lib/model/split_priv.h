/* SPDX-License-Identifier: Apache-2.0 */
/* split, inside: what is to move of each file, and how a kernel is launched. */
#ifndef PIKE_MODEL_SPLIT_PRIV_H
#define PIKE_MODEL_SPLIT_PRIV_H

#include "model/chunks_priv.h"
#include "model/split.h"

/* A file under the split. */
struct pike_unit {
	struct pike_split_file *file;
	struct pike_chunks p;
	bool clean;    /* NVRTC can include it as it is */
	bool used;     /* something of it is needed */
	size_t prefix; /* the condition that is around all that moves */
	bool *names;   /* of pike_rtc_name_at: which it needs */
	bool *headers; /* of pike_rtc_headers(): the same */
};
struct pike_units {
	struct pike_unit *v;
	size_t n;
	size_t kernel; /* its chunk in the first */
	struct pike_strs *notes;
};
/* Marks all chunks that `kernel` needs (`keep`). */
int pike_units_choose(struct pike_units *u, const char *kernel,
		      struct pike_err *err);
/* Can device code have it? What it cannot is of the host, and no more than
 * called the same where device code says the word. */
bool pike_unit_may_move(const struct pike_units *u, const struct pike_chunks *p,
			size_t chunk);
/* Is the chunk in or around what moves, below the prefix? */
bool pike_unit_inside(const struct pike_unit *u, size_t chunk);

/* The `//pike:` lines of the kernel, out of the <<<...>>> of the first file;
 * nothing where that is not to be told. */
void pike_launch_draft(struct pike_buf *out, struct pike_buf *defines,
		       const struct pike_units *u);

/* "1-3 (#include <stdio.h>...), 9-40 (main: <<<...>>>)": what no NVRTC
 * compiles; nothing where there is none, or brackets do not match. */
void pike_host_lines(struct pike_buf *out, const char *text);
/* A note, as printf, on a line of a file. */
void pike_unit_note(const struct pike_units *u, const struct pike_unit *at,
		    int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
