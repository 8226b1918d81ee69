/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-smoke: tries ways out of a box from inside; started by pike-git only.
 *
 *   pike-smoke WAY WHERE...
 *
 * Prints the number of each pair that leads there, then "done".
 */
#include "eval/smoke_priv.h"

#include "base/boxed.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2)
		if (pike_reach(argv[i], argv[i + 1]))
			printf("%d\n", i / 2);
	puts("done");
	return 0;
}
