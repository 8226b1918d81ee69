/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share: core.sharedRepository, for what is written beside git and by libgit2,
 * which knows it only where it makes a repository. As git's: the rights are
 * added when a file is made, whatever the umask, by whoever owns it.
 */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
	GROUP = 0660,
	EVERYBODY = 0664,
	LEAST = 0600
};

static const struct {
	const char *word;
	int mode;
} words[] = {
	{ "umask", 0 },
	{ "group", GROUP },
	{ "all", EVERYBODY },
	{ "world", EVERYBODY },
	{ "everybody", EVERYBODY },
	{ "0", 0 },
	{ "1", GROUP },
	{ "2", EVERYBODY },
};

/* Bits to add; below zero: bits to set. */
static int mode_of(const char *value)
{
	int yes = 0;
	char *end;
	long n;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (!strcmp(value, words[i].word))
			return words[i].mode;
	n = strtol(value, &end, 8);
	if (!*end && *value)
		return (n & LEAST) == LEAST ? -(int)(n & 0666) : 0;
	return !git_config_parse_bool(&yes, value) && yes ? GROUP : 0;
}

void pike_share_init(struct pike_repo *r)
{
	git_config_entry *e = NULL;

	/* The key alone says true. */
	if (!git_config_get_entry(&e, r->layers.cfg, "core.sharedrepository"))
		r->shared = e->value ? mode_of(e->value) : GROUP;
	git_config_entry_free(e);
}

static mode_t shared_mode(int shared, mode_t mode)
{
	mode_t bits = (mode_t)(shared < 0 ? -shared : shared);

	if (!(mode & S_IWUSR))
		bits &= ~(mode_t)0222;
	if (mode & S_IXUSR) /* whoever may read may enter */
		bits |= (bits & 0444) >> 2;
	return shared < 0 ? (mode & ~(mode_t)0777) | bits : mode | bits;
}

static void share_path(const struct pike_repo *r, const char *path)
{
	struct stat st;
	mode_t mode;

	if (lstat(path, &st) || S_ISLNK(st.st_mode))
		return;
	mode = shared_mode(r->shared, st.st_mode & 07777);
	/* What is made in a folder shall be the group's too. */
	if (S_ISDIR(st.st_mode) && (mode ^ st.st_mode) & 0070)
		mode |= S_ISGID;
	if (mode != (st.st_mode & 07777))
		chmod(path, mode); /* another's: it is for them to do */
}

void pike_share(const struct pike_repo *r, const char *rel)
{
	char *path, *end;

	if (!r->shared)
		return;
	path = pike_repo_path(r, rel);
	for (end = path + strlen(path);
	     end && end > path + strlen(r->commondir);
	     end = strrchr(path, '/')) {
		*end = '\0';
		share_path(r, path);
	}
	free(path);
}

void pike_share_full(const struct pike_repo *r, const char *path)
{
	size_t n = strlen(r->commondir);

	if (!strncmp(path, r->commondir, n))
		pike_share(r, path + n);
}
