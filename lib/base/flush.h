/* SPDX-License-Identifier: Apache-2.0 */
/* flush: what lies in memory leaves the caches of all cores. */
#ifndef PIKE_BASE_FLUSH_H
#define PIKE_BASE_FLUSH_H

#include <stddef.h>

/* Every line that holds some of these bytes, which stay as they are. Nothing
 * where the processor has no such instruction for programs. */
void pike_flush(const void *data, size_t bytes);

#endif
