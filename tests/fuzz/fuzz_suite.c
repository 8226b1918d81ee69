/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes names of targets from the paths of somebody's archive. */
#include "base/mem.h"
#include "model/suite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char *text = pike_xstrndup((const char *)data, size);
	struct pike_task t;

	pike_task_lacks(text);
	if (pike_task_of(&t, text) &&
	    (t.name[0] != 'l' || strspn(t.name, letters) != strlen(t.name) ||
	     (t.plain &&
	      (strpbrk(t.title, "\"\\\n\r\t #;'") || strstr(t.title, "..")))))
		abort();
	free(text);
	return 0;
}
