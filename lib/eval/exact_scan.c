/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_scan: what of a kernel's source no sanitizer sees, and what its
 * process has told of undefined operations.
 *
 * The vector functions are those of x86 that gcc 12 or clang 14 make no plain
 * load or store of: tried one by one, each reading or writing 12 bytes beyond
 * its buffer.
 */
#include "eval/exact_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens ---- */

enum match {
	EXACTLY,   /* less the underscores around it */
	SOMEWHERE, /* part of it */
	BEGINS,	   /* its first part */
	ATTRIBUTE, /* exactly, in an attribute */
	FUNCTION,  /* part of an x86 vector function's name */
};
enum meaning {
	ASSEMBLY,
	MEDDLES,
	OWN_CODE,
	LOOKS,
	VECTOR,
};
static const char *const phrases[] = {
	[ASSEMBLY] = "inline assembly",
	[MEDDLES] = PIKE_EXACT_MEDDLES,
	[OWN_CODE] = "what may bring code or memory of its own",
	[LOOKS] = "what may look at the process that it runs in",
	[VECTOR] = "vector loads and stores that are not instrumented",
};

static const struct {
	const char *word;
	enum match match;
	enum meaning meaning;
} words[] = {
	{ "asm", EXACTLY, ASSEMBLY },
	{ "no_sanitize", SOMEWHERE, MEDDLES },
	{ "sanitizer", SOMEWHERE, MEDDLES },
	{ "asan_", SOMEWHERE, MEDDLES },
	{ "lsan_", SOMEWHERE, MEDDLES },
	{ "ubsan_", SOMEWHERE, MEDDLES },
	{ "no_address_safety_analysis", EXACTLY, MEDDLES },
	{ "section", ATTRIBUTE, OWN_CODE },
	{ "alias", ATTRIBUTE, OWN_CODE },
	{ "weakref", ATTRIBUTE, OWN_CODE },
	{ "ifunc", ATTRIBUTE, OWN_CODE },
	{ "naked", ATTRIBUTE, OWN_CODE },
	{ "dlopen", EXACTLY, OWN_CODE },
	{ "dlsym", EXACTLY, OWN_CODE },
	{ "dlvsym", EXACTLY, OWN_CODE },
	{ "dl_iterate_phdr", EXACTLY, OWN_CODE },
	{ "mmap", EXACTLY, OWN_CODE },
	{ "mmap64", EXACTLY, OWN_CODE },
	{ "mremap", EXACTLY, OWN_CODE },
	{ "mprotect", EXACTLY, OWN_CODE },
	{ "pkey_mprotect", EXACTLY, OWN_CODE },
	{ "syscall", EXACTLY, OWN_CODE },
	{ "open", EXACTLY, LOOKS },
	{ "open64", EXACTLY, LOOKS },
	{ "openat", EXACTLY, LOOKS },
	{ "fopen", EXACTLY, LOOKS },
	{ "fopen64", EXACTLY, LOOKS },
	{ "getenv", EXACTLY, LOOKS },
	{ "secure_getenv", EXACTLY, LOOKS },
	{ "environ", EXACTLY, LOOKS },
	{ "builtin_ia32_", SOMEWHERE, VECTOR },
	{ "maskload", FUNCTION, VECTOR },
	{ "maskstore", FUNCTION, VECTOR },
	{ "maskmove", FUNCTION, VECTOR },
	{ "mask_load", FUNCTION, VECTOR },
	{ "maskz_load", FUNCTION, VECTOR },
	{ "mask_store", FUNCTION, VECTOR },
	{ "mask_compressstore", FUNCTION, VECTOR },
	{ "_storeu_epi", FUNCTION, VECTOR }, /* with a mask: cvt... */
	{ "expandload", FUNCTION, VECTOR },
	{ "gather", FUNCTION, VECTOR },
	{ "scatter", FUNCTION, VECTOR },
	{ "_lddqu_", FUNCTION, VECTOR },
	{ "_stream_", FUNCTION, VECTOR },
	{ "_broadcast_", FUNCTION, VECTOR },
	{ "_loadh_p", FUNCTION, VECTOR },
	{ "_loadl_p", FUNCTION, VECTOR },
	{ "_storeh_p", FUNCTION, VECTOR },
	{ "_storel_p", FUNCTION, VECTOR },
	{ "builtin_aarch64_", SOMEWHERE, VECTOR },
	{ "svld", BEGINS, VECTOR },
	{ "svst", BEGINS, VECTOR },
};

static bool is_word(const char *at, size_t n, size_t i, bool attribute)
{
	const char *word = words[i].word;

	if (words[i].match == BEGINS)
		return n >= strlen(word) && !memcmp(at, word, strlen(word));
	if (words[i].match == FUNCTION && (n < 3 || memcmp(at, "_mm", 3)))
		return false;
	if (words[i].match == FUNCTION || words[i].match == SOMEWHERE)
		return memmem(at, n, word, strlen(word)) != NULL;
	if (words[i].match == ATTRIBUTE && !attribute)
		return false;
	for (; n && *at == '_'; at++)
		n--;
	while (n && at[n - 1] == '_')
		n--;
	return n == strlen(word) && !memcmp(at, word, n);
}

/* ---- a source after its preprocessor ---- */

struct scan {
	struct pike_strs *out;
	const char *at, *end;
	bool system;	/* lines of a header of the system's */
	bool told[8];	/* by meaning */
	bool attribute; /* in the brackets of one, or right before them */
	int depth;	/* of these brackets */
};

static void skip_line(struct scan *s)
{
	const char *nl = memchr(s->at, '\n', (size_t)(s->end - s->at));

	s->at = nl ? nl + 1 : s->end;
}

/* "# 12 "/usr/include/math.h" 1 3 4": who comes next. 3: the system's. */
static bool take_marker(struct scan *s)
{
	char line[4096], *file, *flags;
	const char *nl = memchr(s->at, '\n', (size_t)(s->end - s->at));
	size_t n = (size_t)((nl ? nl : s->end) - s->at);

	if (n < 3 || s->at[0] != '#' || s->at[1] != ' ' ||
	    !isdigit((unsigned char)s->at[2]))
		return false;
	n = n < sizeof(line) - 1 ? n : sizeof(line) - 1;
	memcpy(line, s->at, n);
	line[n] = '\0';
	file = strchr(line, '"');
	flags = strrchr(line, '"');
	s->system = file && flags > file && pike_starts_with(file, "\"/usr/") &&
		    strstr(flags, " 3");
	skip_line(s);
	return true;
}

static void skip_quoted(struct scan *s)
{
	char quote = *s->at++;

	while (s->at < s->end && *s->at != quote && *s->at != '\n')
		s->at += *s->at == '\\' && s->end - s->at > 1 ? 2 : 1;
	if (s->at < s->end && *s->at == quote)
		s->at++;
}

/* Of no instruction: a barrier for the compiler, `asm volatile("" ...)`. */
static bool is_barrier(const char *at, const char *end)
{
	while (at < end && *at != '(') {
		if (!isspace((unsigned char)*at) && *at != '_' &&
		    !isalpha((unsigned char)*at))
			return false;
		at++;
	}
	for (at++; at < end && isspace((unsigned char)*at);)
		at++;
	if (end - at < 3 || at[0] != '"' || at[1] != '"')
		return false;
	for (at += 2; at < end && isspace((unsigned char)*at);)
		at++;
	return at < end && (*at == ':' || *at == ')');
}

static void take_word(struct scan *s)
{
	const char *at = s->at;
	size_t n = 0;

	while (at + n < s->end &&
	       (isalnum((unsigned char)at[n]) || at[n] == '_'))
		n++;
	s->at += n;
	if (s->system)
		return;
	if (memmem(at, n, "attribute", 9) && !s->depth)
		s->attribute = true;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++) {
		enum meaning m = words[i].meaning;
		char word[64];

		if (s->told[m] || !is_word(at, n, i, s->attribute) ||
		    (m == ASSEMBLY && is_barrier(s->at, s->end)))
			continue;
		s->told[m] = true;
		n = n < sizeof(word) - 1 ? n : sizeof(word) - 1;
		memcpy(word, at, n);
		word[n] = '\0';
		pike_strs_pushf(s->out, "%s (%s)", phrases[m], word);
	}
}

/* `[[` opens an attribute too. */
static void take_other(struct scan *s)
{
	char c = *s->at++;

	if (c == '[' && s->at < s->end && *s->at == '[' && !s->depth)
		s->attribute = true;
	if (!s->attribute)
		return;
	if (c == '(' || c == '[')
		s->depth++;
	if (c == ')' || c == ']')
		s->depth--;
	if (s->depth <= 0 && !isspace((unsigned char)c)) {
		s->attribute = false;
		s->depth = 0;
	}
}

void pike_exact_scan(struct pike_strs *out, const char *text, size_t len)
{
	struct scan s = { .out = out, .at = text, .end = text + len };
	bool begins = true;

	while (s.at < s.end) {
		unsigned char c = (unsigned char)*s.at;

		if (begins && take_marker(&s))
			continue;
		begins = c == '\n';
		if (c == '"' || c == '\'')
			skip_quoted(&s);
		else if (isalpha(c) || c == '_')
			take_word(&s);
		else
			take_other(&s);
	}
}

/* ---- a source as it was written ---- */

struct raw {
	const char *at, *end;
};

/* Lines that go on, by a backslash or its trigraph, are one. */
static void join(struct raw *r)
{
	for (;;) {
		size_t left = (size_t)(r->end - r->at), n = 0;

		if (left > 1 && r->at[0] == '\\')
			n = 1;
		else if (left > 3 && !memcmp(r->at, "?\?/", 3))
			n = 3;
		if (!n)
			return;
		/* gcc takes blanks between them for nothing. */
		while (n < left && (r->at[n] == ' ' || r->at[n] == '\t' ||
				    r->at[n] == '\r'))
			n++;
		if (n == left || r->at[n] != '\n')
			return;
		r->at += n + 1;
	}
}

static int peek(struct raw *r)
{
	join(r);
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int next(struct raw *r)
{
	int c = peek(r);

	if (c >= 0)
		r->at++;
	return c;
}

/* Blanks, and comments that have an end. */
static void skip_blank(struct raw *r)
{
	for (;;) {
		struct raw was;
		int c = peek(r), last = 0;

		if (c == ' ' || c == '\t' || c == '\v' || c == '\f' ||
		    c == '\r') {
			next(r);
			continue;
		}
		was = *r;
		if (c != '/')
			return;
		next(r);
		if (peek(r) != '*') {
			*r = was;
			return;
		}
		next(r);
		while ((c = next(r)) >= 0 && !(last == '*' && c == '/'))
			last = c;
	}
}

/* What comes after the blanks of a line: '#', also as `%:` or `??=`? */
static bool takes_hash(struct raw *r)
{
	struct raw was = *r;
	int c = next(r);

	if (c == '#' || (c == '%' && next(r) == ':') ||
	    (c == '?' && next(r) == '?' && next(r) == '='))
		return true;
	*r = was;
	return false;
}

/* The rest of a line, over strings and comments that go on. false: a string is
 * raw, and may hold what looks like the end of one. */
static bool skip_rest(struct raw *r)
{
	int c, quote = 0;

	while ((c = peek(r)) >= 0 && c != '\n') {
		if (!quote && c == '/') {
			const char *was = r->at;

			skip_blank(r);
			if (r->at != was)
				continue;
			next(r);
			if (peek(r) == '/')
				while (peek(r) >= 0 && peek(r) != '\n')
					next(r);
			continue;
		}
		next(r);
		if (!quote && c == 'R' && peek(r) == '"')
			return false;
		if (quote && c == '\\')
			next(r);
		else if (c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
	}
	next(r);
	return true;
}

bool pike_exact_names_lines(const char *text, size_t len)
{
	struct raw r = { text, text + len };

	while (r.at < r.end) {
		char word[6] = "";
		size_t n = 0;

		skip_blank(&r);
		if (takes_hash(&r)) {
			skip_blank(&r);
			while (n < 5 && isalnum(peek(&r)))
				word[n++] = (char)next(&r);
			if (isdigit((unsigned char)word[0]) ||
			    !strcmp(word, "line"))
				return true;
		}
		if (!skip_rest(&r))
			return true;
	}
	return false;
}

/* ---- remarks ---- */

static const struct {
	const char *told, *text;
} operations[] = {
	{ "signed integer overflow", "signed integer overflow" },
	{ "negation of", "signed integer overflow" },
	{ "shift", "a shift by too much, or of a negative number" },
	{ "division", "a division that has no result" },
	{ "misaligned", "an access that is not aligned as its type" },
	{ "null pointer", "a null pointer" },
	{ "outside the range", "a conversion that has no result" },
	{ "out of bounds", "an index out of bounds" },
	{ "insufficient space", "an access beyond an object" },
	{ "variable length array", "an array without elements" },
	{ "pointer", "a pointer beyond its object" },
	{ "not a valid value", "a value that its type does not have" },
	{ "", "an undefined operation" },
};

static const char *operation(const char *line, size_t n)
{
	size_t i = 0;

	while (!memmem(line, n, operations[i].told, strlen(operations[i].told)))
		i++;
	return operations[i].text;
}

/* "dir/kernel.c:12:5": without folder and column, "" for what is not a place.
 */
static void place_of(char out[96], const char *at, size_t n)
{
	static const char may[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-+:";
	size_t len = 0, colons = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i] == '/')
			len = i + 1;
	at += len;
	n -= len;
	len = 0;
	while (len < n && len < 80 && strchr(may, at[len]) &&
	       (at[len] != ':' || ++colons < 2))
		len++;
	if (!colons)
		len = 0;
	memcpy(out, at, len);
	out[len] = '\0';
}

static void add_once(struct pike_json *list, const char *text)
{
	for (size_t i = 0; i < pike_json_len(list); i++) {
		const char *was = pike_json_as_str(pike_json_at(list, i), NULL);

		if (was && !strcmp(was, text))
			return;
	}
	if (pike_json_len(list) < PIKE_EXACT_REMARKS)
		pike_json_push_str(list, text);
}

void pike_exact_remarks(struct pike_json *list, const char *log)
{
	static const char mark[] = ": runtime error: ";

	while (*log) {
		size_t n = strcspn(log, "\n");
		const char *at = memmem(log, n, mark, strlen(mark));
		char place[96], *text;

		if (at) {
			const char *what = at + strlen(mark);

			place_of(place, log, (size_t)(at - log));
			text = pike_xasprintf(
			    "%s%s%s", operation(what, n - (size_t)(what - log)),
			    *place ? " at " : "", place);
			add_once(list, text);
			free(text);
		}
		log += n + (log[n] == '\n');
	}
}
