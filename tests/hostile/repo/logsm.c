/* SPDX-License-Identifier: Apache-2.0 */
/* Row log-softmax, as one writes it first: the very code that cheats go
 * back to, so that no accident of how it is compiled helps them. */
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	slow_logsm(x, y, rows, cols);
}
