/* SPDX-License-Identifier: Apache-2.0 */
/* exact_run: the sanitizer's runtime, as a runner sees it. */
#include "device/exact_priv.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* sanitizer/asan_interface.h, which a machine that builds this need not have.
 */
static struct {
	int (*present)(void);
	void *(*pc)(void);
	char *(*address)(void);
	int (*write)(void);
	size_t (*size)(void);
	const char *(*kind)(void);
	void (*place)(void *pc, const char *format, char *out, size_t size);
	void (*at_death)(void (*f)(void));
	void (*load)(void *at);
	void (*shut)(const volatile void *at, size_t size);
	void (*open)(const volatile void *at, size_t size);
} runtime;
static pike_exact_tell teller;

#define ASAN "__asan_"
static const struct {
	void *to;
	const char *name;
} wanted[] = {
	{ &runtime.present, ASAN "report_present" },
	{ &runtime.pc, ASAN "get_report_pc" },
	{ &runtime.address, ASAN "get_report_address" },
	{ &runtime.write, ASAN "get_report_access_type" },
	{ &runtime.size, ASAN "get_report_access_size" },
	{ &runtime.kind, ASAN "get_report_description" },
	{ &runtime.place, "__sanitizer_symbolize_pc" },
	{ &runtime.at_death, "__sanitizer_set_death_callback" },
	{ &runtime.load, ASAN "load1" },
	{ &runtime.shut, ASAN "poison_memory_region" },
	{ &runtime.open, ASAN "unpoison_memory_region" },
};

/* Of the frames that were inlined there, innermost first, each with its NUL,
 * the first that is not the compiler's header. */
static void put_place(char *out, size_t size)
{
	char text[1024] = "";
	const char *at = text, *slash;

	runtime.place(runtime.pc(), "%s:%l", text, sizeof(text) - 2);
	text[sizeof(text) - 2] = text[sizeof(text) - 1] = '\0';
	while (!strncmp(at, "/usr/", 5))
		at += strlen(at) + 1;
	slash = strrchr(at, '/');
	at = slash ? slash + 1 : at;
	if (*at && *at != '<')
		snprintf(out, size, "%.*s", (int)size - 1, at);
}

static void died(void)
{
	struct pike_frame_outside o = { .region = PIKE_OUTSIDE_NONE };

	/* Out of memory, or another end of its own making. */
	if (!runtime.present())
		return;
	o.write = runtime.write() != 0;
	o.size = runtime.size();
	snprintf(o.kind, sizeof(o.kind), "%s", runtime.kind());
	put_place(o.place, sizeof(o.place));
	teller(&o, runtime.address());
}

bool pike_exact_watch(pike_exact_tell tell)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *f = dlsym(RTLD_DEFAULT, wanted[i].name);

		if (!f)
			return false;
		memcpy(wanted[i].to, &f, sizeof(f));
	}
	teller = tell;
	runtime.at_death(died);
	return true;
}

void pike_exact_fence(const char *base, size_t reserved, const char *data,
		      size_t bytes)
{
	const char *end = data + bytes;

	runtime.open(base, reserved);
	if (!bytes)
		return;
	runtime.shut(base, (size_t)(data - base));
	runtime.shut(end, (size_t)(base + reserved - end));
}

void pike_exact_read(const char *at)
{
	runtime.load((void *)(uintptr_t)at);
}
