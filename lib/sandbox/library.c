/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library: the files that a compiler of ours is started with, where a
 * box must not hold the folders that they lie in: beside libraries there are
 * headers, and whatever a program can open, a source can include.
 */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <unistd.h>

static const char *const folders[] = {
	"/usr/lib/x86_64-linux-gnu",
	"/lib/x86_64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
	"/lib/aarch64-linux-gnu",
	"/usr/lib64",
	"/lib64",
	"/usr/lib",
	"/lib",
};
/* The C library with its loader, and what NVRTC asks for. */
static const char *const names[] = {
	"ld-linux-x86-64.so.2",
	"ld-linux-aarch64.so.1",
	"libc.so.6",
	"libm.so.6",
	"libdl.so.2",
	"librt.so.1",
	"libpthread.so.0",
	"libgcc_s.so.1",
	"libstdc++.so.6",
#if defined(__SANITIZE_ADDRESS__)
	"libasan.so.8",
	"libasan.so.6",
	"libubsan.so.1",
#endif
};

int pike_box_each_library(int (*f)(void *ctx, const char *path), void *ctx)
{
	char path[256];

	for (size_t d = 0; d < PIKE_ARRAY_LEN(folders); d++) {
		for (size_t n = 0; n < PIKE_ARRAY_LEN(names); n++) {
			snprintf(path, sizeof(path), "%s/%s", folders[d],
				 names[n]);
			if (!access(path, F_OK) && f(ctx, path))
				return -1;
		}
	}
	return 0;
}
