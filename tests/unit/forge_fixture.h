/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever CI or shell runs the tests of forges, it decides nothing. */
#ifndef FORGE_FIXTURE_H
#define FORGE_FIXTURE_H

#include "base/mem.h"

#include <stdlib.h>

static void no_ci(void)
{
	static const char *const names[] = {
		"GITHUB_ACTIONS",
		"GITLAB_CI",
		"GITEA_ACTIONS",
		"FORGEJO_ACTIONS",
		"GITHUB_API_URL",
		"GITHUB_REPOSITORY",
		"GITHUB_EVENT_PATH",
		"CI_API_V4_URL",
		"CI_PROJECT_PATH",
		"GITHUB_SERVER_URL",
		"CI_SERVER_URL",
		"CI_PROJECT_ID",
		"PIKE_GITHUB_TOKEN",
		"GITHUB_TOKEN",
		"GH_TOKEN",
		"PIKE_GITLAB_TOKEN",
		"GITLAB_TOKEN",
		"CI_JOB_TOKEN",
		"PIKE_GITEA_TOKEN",
		"GITEA_TOKEN",
		"FORGEJO_TOKEN",
		"http_proxy",
		"all_proxy",
		"ALL_PROXY",
		"CI_MERGE_REQUEST_SOURCE_PROJECT_ID",
		"CI_MERGE_REQUEST_PROJECT_ID"
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++)
		unsetenv(names[i]);
}

#endif
