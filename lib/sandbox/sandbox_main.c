/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-sandbox: makes a box and runs one program in it; started by pike-git
 * only, which describes the box in a memory file (inside_priv.h).
 */
#include "sandbox/inside_priv.h"

int main(void)
{
	pike_box_enter(NULL);
}
