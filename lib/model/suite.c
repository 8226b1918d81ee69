/* SPDX-License-Identifier: Apache-2.0 */
/* suite: see suite.h. */
#include "model/suite.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Letters and digits in lower case, '-' for what stands between them. */
static void add_slug(char *out, size_t size, const char *s, size_t len)
{
	size_t n = strlen(out);

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		unsigned char c = (unsigned char)s[i];

		if (isascii(c) && isalnum(c))
			out[n++] = (char)tolower(c);
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
}

/* "level3", "level_3-pike": what stands after the word. */
static bool level_of(char *out, size_t size, const char *part, size_t len)
{
	static const char word[] = "level";
	size_t skip = strlen(word);

	if (len <= skip || strncasecmp(part, word, skip) != 0)
		return false;
	skip += part[skip] == '_' || part[skip] == '-';
	if (skip >= len || !isdigit((unsigned char)part[skip]))
		return false;
	*out = '\0';
	add_slug(out, size, part + skip, len - skip);
	return true;
}

/* "15_DenseNet121": -1 without a number. */
static long number_of(const char *name, const char **rest)
{
	char *end;
	long n;

	*rest = name;
	if (!isdigit((unsigned char)*name))
		return -1;
	n = strtol(name, &end, 10);
	if (*end != '_' || n > 1000000)
		return -1;
	*rest = end + 1;
	return n;
}

/* Nothing that a configuration, a shell or a path would read otherwise. */
static bool is_plain(const char *title)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.+=,-/";

	return strspn(title, letters) == strlen(title) &&
	       !strstr(title, "..") && !strstr(title, "//");
}

bool pike_task_of(struct pike_task *out, const char *path)
{
	const char *file = strrchr(path, '/'), *part = path;
	const char *title = NULL, *rest;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (!file || !pike_ends_with(path, ".py") || !file[1])
		return false;
	/* The innermost folder that is one. */
	for (; part < file; part += len + 1) {
		len = strcspn(part, "/");
		if (!level_of(out->level, sizeof(out->level), part, len))
			continue;
		title = part;
	}
	if (!title || strlen(file + 1) <= strlen(".py"))
		return false;
	out->plain = strlen(title) < sizeof(out->title) && is_plain(title);
	snprintf(out->title, sizeof(out->title), "%s", title);
	out->number = number_of(file + 1, &rest);
	if (out->number >= 0)
		snprintf(out->name, sizeof(out->name), "l%s-%ld-", out->level,
			 out->number);
	else
		snprintf(out->name, sizeof(out->name), "l%s-", out->level);
	add_slug(out->name, sizeof(out->name), rest,
		 strlen(rest) - strlen(".py"));
	return true;
}

static bool defines(const char *text, const char *word, const char *name)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += len) {
		const char *n = p + len;

		if (p > text && p[-1] != '\n')
			continue;
		if (!strncmp(n, name, strlen(name)) &&
		    !isalnum((unsigned char)n[strlen(name)]) &&
		    n[strlen(name)] != '_')
			return true;
	}
	return false;
}

const char *pike_task_lacks(const char *text)
{
	if (!defines(text, "class ", "Model"))
		return "it defines no class Model";
	if (!defines(text, "def ", "get_inputs"))
		return "it defines no get_inputs";
	return NULL;
}
