/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtc: what NVRTC has, and has not, of what a CUDA file takes from a host
 * compiler: headers, names of C.
 */
#ifndef PIKE_MODEL_RTC_PRIV_H
#define PIKE_MODEL_RTC_PRIV_H

#include "model/csource_priv.h"

/* A name of C's library, or of a header of the toolkit's that others bring
 * along, that device code uses. */
struct pike_rtc_name {
	const char *name, *header;
	const char *text; /* that says it to NVRTC; NULL: it knows */
	bool toolkit;	  /* NVRTC has the header */
};
const struct pike_rtc_name *pike_rtc_name_at(size_t i);
size_t pike_rtc_names(void);
/* The row of a word; pike_rtc_names() where there is none. */
size_t pike_rtc_name_find(const struct pike_token *word);

/* The header of an #include: between `<` and `>`; NULL: none. Not terminated.
 */
const char *pike_include_name(const char *line, size_t n, char close,
			      size_t *len);
enum pike_rtc_header {
	PIKE_RTC_HOST,	   /* NVRTC does not compile it */
	PIKE_RTC_BUILT_IN, /* it is there without an #include */
	PIKE_RTC_TOOLKIT,  /* of the toolkit, for device code */
};
/* `row`: its own of pike_rtc_headers(), if it is of the toolkit. */
enum pike_rtc_header pike_rtc_header(const char *name, size_t n, size_t *row);
size_t pike_rtc_headers(void);
/* Marks the rows that a word of device code asks for. */
void pike_rtc_need(bool *rows, const struct pike_token *word);
/* A namespace of the toolkit's device code. */
bool pike_rtc_namespace(const struct pike_token *word);
/* A name of the CUDA runtime's or a library's host side: cudaMalloc, at::. */
bool pike_rtc_is_host(const struct pike_token *word);

#endif
