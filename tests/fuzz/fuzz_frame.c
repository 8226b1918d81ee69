/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that a hostile runner sends, and that a runner is sent: through a
 * real socket of either kind, then through every reader. Whatever is accepted
 * must be within the bounds that its reader promises.
 */
#include "device/frame_priv.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CHECK(x)                                                               \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

static void read_load(const struct pike_frame *f)
{
	struct pike_frame_load load;
	unsigned ints = 0;

	if (!pike_frame_is_load(&load, f))
		return;
	CHECK(strlen(load.entry) < sizeof(load.entry));
	CHECK(load.nargs <= PIKE_CALL_ARGS);
	for (uint32_t i = 0; i < load.nargs; i++)
		ints += load.kind[i] < PIKE_K_F32;
	CHECK(ints <= PIKE_CALL_INTS);
	CHECK(load.nargs - ints <= PIKE_CALL_FLOATS);
}

static void read_map(const struct pike_frame *f)
{
	static struct pike_frame_map m;

	if (!pike_frame_is_map(&m, f))
		return;
	CHECK(m.n && m.n <= PIKE_FRAME_FDS && m.n == f->nfds);
	CHECK((uint64_t)m.first + m.n <= PIKE_REGIONS_MAX);
	for (uint32_t i = 0; i < m.n; i++)
		CHECK(m.v[i].bytes &&
		      m.v[i].offset + m.v[i].bytes > m.v[i].offset);
}

static void read_calls(const struct pike_frame *f, uint32_t nargs)
{
	struct pike_frame_calls c;
	uint64_t w, sum = 0;

	if (!pike_frame_is_calls(&c, f, nargs))
		return;
	CHECK((uint64_t)c.first + c.n <= PIKE_CALLS_MAX);
	for (uint32_t i = 0; i < c.n * c.nargs; i++) {
		memcpy(&w, c.words + (size_t)i * 8, 8);
		sum += w;
	}
	/* All words were readable, which is what the sanitizer watches. */
	CHECK(sum == 0 || c.nargs);
}

static void read_all(struct pike_frame *f, uint32_t nargs)
{
	struct pike_frame_run run;
	struct pike_frame_done done;
	struct pike_frame_fault fault;
	struct pike_frame_plant plant;
	struct pike_frame_outside out;

	read_load(f);
	read_map(f);
	read_calls(f, nargs);
	if (pike_frame_is_run(&run, f))
		CHECK(run.n && (uint64_t)run.first + run.n <= PIKE_CALLS_MAX);
	if (pike_frame_is_fault(&fault, f))
		CHECK(fault.code && fault.code < PIKE_FAULT_COUNT);
	if (pike_frame_is_plant(&plant, f))
		CHECK(f->head.len == sizeof(plant));
	if (pike_frame_is_outside(&out, f))
		CHECK(out.write <= 1 && strlen(out.kind) < sizeof(out.kind) &&
		      strlen(out.place) < sizeof(out.place));
	if (pike_frame_is_done(&done, f))
		CHECK(f->head.len == sizeof(done));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct pike_frame f;
	int pair[2], type;

	if (len < 2 || len > sizeof(f.head) + PIKE_FRAME_MAX)
		return 0;
	type = data[0] & 1 ? SOCK_STREAM : SOCK_SEQPACKET;
	CHECK(!socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair));
	if (write(pair[1], data + 2, len - 2) == (ssize_t)(len - 2)) {
		close(pair[1]);
		if (pike_frame_recv(&f, pair[0], data[0] & 2, pike_now_ns()) ==
		    PIKE_FRAME_OK) {
			/* As if descriptors had come with it. */
			f.nfds = data[1] % (PIKE_FRAME_FDS + 1);
			read_all(&f, data[1] % (PIKE_CALL_ARGS + 1));
		}
	} else {
		close(pair[1]);
	}
	close(pair[0]);
	return 0;
}
