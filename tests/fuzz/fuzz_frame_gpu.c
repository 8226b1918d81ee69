/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what the judge and a GPU's runner say to each other, past the socket
 * that fuzz_frame is about: a frame's type, its number of descriptors, its
 * data. Whatever is accepted must be within the bounds that its reader
 * promises.
 */
#include "device/frame_priv.h"
#include "device/launch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CHECK(x)                                                               \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

static void read_open(const struct pike_frame *f)
{
	static struct pike_frame_gpu_open o;

	if (!pike_frame_is_gpu_open(&o, f))
		return;
	CHECK(f->nfds == 1 && o.inspect <= 1);
	CHECK(memchr(o.driver, 0, sizeof(o.driver)));
	CHECK(memchr(o.uuid, 0, sizeof(o.uuid)));
}

static void read_map(const struct pike_frame *f)
{
	static struct pike_frame_gpu_map m;

	if (!pike_frame_is_gpu_map(&m, f))
		return;
	CHECK(m.n && m.n <= PIKE_FRAME_FDS && m.n == f->nfds);
	CHECK((uint64_t)m.first + m.n <= PIKE_REGIONS_MAX);
	for (uint32_t i = 0; i < m.n; i++) {
		CHECK(m.v[i].bytes && m.v[i].bytes <= m.v[i].mapped);
		CHECK(m.v[i].offset <= m.v[i].mapped - m.v[i].bytes);
	}
}

static void read_scratch(const struct pike_frame *f)
{
	struct pike_frame_gpu_scratch s;

	if (!pike_frame_is_gpu_scratch(&s, f))
		return;
	CHECK(s.n <= PIKE_SCRATCH_MAX);
	for (uint32_t i = 0; i < s.n; i++)
		CHECK(s.bytes[i] && s.bytes[i] <= 1ull << 48);
}

static void read_launch(const struct pike_frame *f)
{
	static struct pike_frame_gpu_launch l;

	if (!pike_frame_is_gpu_launch(&l, f))
		return;
	CHECK(memchr(l.kernel, 0, sizeof(l.kernel)));
	CHECK(l.nargs <= PIKE_LAUNCH_ARGS_MAX);
	for (uint32_t i = 0; i < l.nargs; i++) {
		CHECK(l.args[i].how <= PIKE_PASS_TMA);
		CHECK(l.args[i].dtype < PIKE_DTYPE_COUNT);
		if (l.args[i].how != PIKE_PASS_TMA)
			continue;
		CHECK(l.args[i].rank && l.args[i].rank <= PIKE_TMA_DIMS);
		CHECK(l.args[i].map_dtype < PIKE_DTYPE_COUNT);
	}
}

static void read_rest(const struct pike_frame *f)
{
	static struct pike_frame_gpu_info info;
	struct pike_frame_gpu_run run;

	if (pike_frame_is_gpu_run(&run, f))
		CHECK(run.repeat && run.call < PIKE_CALLS_MAX &&
		      run.finds <= 3);
	if (pike_frame_is_gpu_info(&info, f))
		CHECK(info.n <= PIKE_LAUNCHES_MAX &&
		      info.n <= sizeof(info.v) / sizeof(info.v[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct pike_frame f;

	if (len < 2 || len - 2 > PIKE_FRAME_MAX)
		return 0;
	/* What an earlier frame has left beyond the data is not this one's. */
	memset(&f, 0xa5, sizeof(f));
	pike_frame_make(&f, data[0], 1, data + 2, len - 2);
	f.nfds = data[1] % (PIKE_FRAME_FDS + 1);
	read_open(&f);
	read_map(&f);
	read_scratch(&f);
	read_launch(&f);
	read_rest(&f);
	return 0;
}
