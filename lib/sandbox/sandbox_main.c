/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-sandbox: makes a box and runs one program in it; started by pike-git
 * only, which describes the box in a memory file (inside_priv.h). With the
 * words of a command it starts that, to be forked from (launch.c). In a box it
 * is also what an agent calls (client.c), under that name.
 */
#include "sandbox/inside_priv.h"

#include "base/boxed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;

	if (argc && !strcmp(slash ? slash + 1 : argv[0], "pike-git"))
		return pike_desk_client(argc, argv);
	if (argc < 2)
		pike_box_enter(NULL);
	pike_box_launch(argv + 1, environ);
	perror("cannot start what is to be forked from");
	return 1;
}
