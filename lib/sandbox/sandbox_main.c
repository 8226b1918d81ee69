/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-sandbox: makes a box and runs one program in it; started by pike-git
 * only, which describes the box in a memory file (inside_priv.h). With the
 * words of a command it starts that, to be forked from (launch.c).
 */
#include "sandbox/inside_priv.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		pike_box_enter(NULL);
	pike_box_launch(argv + 1, environ);
	perror("cannot start what is to be forked from");
	return 1;
}
