/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands: the table of commands, and what is generated from it: -h, the
 * manual page, the shell completion.
 */
#include "cmd.h"

#include "base/mem.h"
#include "llm/llm.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

const struct pike_cmd *const pike_cmds[] = {
	&pike_cmd_init,
	&pike_cmd_import,
	&pike_cmd_doctor,
	&pike_cmd_evolve,
	&pike_cmd_propose,
	&pike_cmd_evaluate,
	&pike_cmd_advance,
	&pike_cmd_publish,
	&pike_cmd_sync,
	&pike_cmd_try,
	&pike_cmd_bench,
	&pike_cmd_verify,
	&pike_cmd_check,
	&pike_cmd_log,
	&pike_cmd_report,
	&pike_cmd_export,
	&pike_cmd_show,
	&pike_cmd_status,
	&pike_cmd_gc,
	&pike_cmd_config,
	&pike_cmd_strategies,
	&pike_cmd_hook,
	&pike_cmd_mcp,
	&pike_cmd_help,
	NULL,
};

static const struct pike_opt common_opts[] = {
	{ .name = "json",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct pike_common, json),
	  .help = "one JSON document on stdout" },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct pike_common, quiet),
	  .help = "no chat on stderr but warnings and errors" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct pike_common, verbose),
	  .help = "say more" },
	{ .name = NULL },
};

static const struct {
	const char *status, *meaning;
} exits[] = {
	{ "0", "done, or yes" },
	{ "1", "no: the claim is not true here (verify), a target got slower "
	       "or wrong (check), the gate is shut (bench --gate), there is "
	       "nothing to publish (publish --exit-code), something blocks "
	       "evolve (doctor)" },
	{ "128", "could not be done; also verify of a speed on another lane" },
	{ "129", "wrong usage or a wrong configuration" },
	{ "130", "interrupted" },
};

static const struct {
	const char *name, *meaning;
} envs[] = {
	{ "PIKE_RUNNER", "the name of this machine in result lines" },
	{ "PIKE_TEMPLATES", "folder of the templates" },
	{ "GITHUB_STEP_SUMMARY", "file that check adds its summary to" },
	{ "TMPDIR", "where the device lock lies if /run/lock is closed" },
	{ "XDG_CACHE_HOME", "holds pike-git/builds, GPU code that need not be "
			    "built again (default ~/.cache); may be removed" },
};

const struct pike_cmd *pike_cmd_find(const char *name)
{
	for (const struct pike_cmd *const *c = pike_cmds; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

static size_t count(const struct pike_opt *o)
{
	size_t n = 0;

	while (o && o[n].name)
		n++;
	return n;
}

struct pike_opt *pike_cmd_opts(const struct pike_cmd *cmd)
{
	size_t own = count(cmd->opts), common = count(common_opts);
	struct pike_opt *all = pike_xcalloc(own + common + 1, sizeof(*all));

	if (own)
		memcpy(all, cmd->opts, own * sizeof(*all));
	memcpy(all + own, common_opts, common * sizeof(*all));
	return all;
}

static void list_commands(struct pike_buf *b)
{
	static const struct pike_column cols[] = { { .title = NULL },
						   { .title = NULL },
						   { .title = NULL } };
	struct pike_table t;

	pike_table_init(&t, cols, PIKE_ARRAY_LEN(cols));
	for (const struct pike_cmd *const *c = pike_cmds; *c; c++) {
		if ((*c)->flags & PIKE_HIDDEN)
			continue;
		pike_table_cell(&t, "");
		pike_table_cell(&t, (*c)->name);
		pike_table_cell(&t, (*c)->summary);
	}
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

void pike_help_program(struct pike_buf *b)
{
	pike_buf_adds(b, "usage: pike-git [OPTIONS] COMMAND [ARGS]\n\n");
	pike_wrap(b,
		  "Makes the kernels of a repository faster, and keeps the "
		  "proof in git. A target is a kernel that .pike/config names; "
		  "`evolve` tries candidates, each one a commit; each "
		  "measurement is a note on it.",
		  4, PIKE_WIDTH - 4);
	pike_buf_adds(b, "\ncommands:\n");
	list_commands(b);
	pike_buf_adds(b, "\noptions:\n");
	pike_opts_help(b, pike_global_opts);
	pike_buf_adds(b, "\ntopics of `pike-git help TOPIC`:\n");
	pike_help_topics(b);
	pike_buf_adds(b, "\n`pike-git COMMAND -h` explains a command. Begin "
			 "with `init`, then `doctor`.\n");
}

void pike_help_command(struct pike_buf *b, const struct pike_cmd *cmd)
{
	struct pike_opt *table = pike_cmd_opts(cmd);

	pike_buf_addf(b, "usage: pike-git %s [OPTIONS]%s%s\n\n", cmd->name,
		      *cmd->usage ? " " : "", cmd->usage);
	pike_wrap(b, cmd->summary, 4, PIKE_WIDTH - 4);
	if (cmd->text) {
		pike_buf_addc(b, '\n');
		pike_wrap(b, cmd->text, 4, PIKE_WIDTH - 4);
	}
	pike_buf_adds(b, "\noptions:\n");
	pike_opts_help(b, table);
	free(table);
}

/* ---- manual ---- */

/* Text as it stands: roff must not read it as its own language. */
static void roff(struct pike_buf *b, const char *s)
{
	bool line_start = true;

	for (; *s; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			pike_buf_adds(b, "\\&");
		if (*s == '\\')
			pike_buf_adds(b, "\\e");
		else if (*s == '-')
			pike_buf_adds(b, "\\-");
		else if (*s == '`')
			pike_buf_adds(b, "\\(ga");
		else if (*s == '\'')
			pike_buf_adds(b, "\\(aq");
		else
			pike_buf_addc(b, *s);
		line_start = *s == '\n';
	}
}

static void verbatim(struct pike_buf *b, const char *text)
{
	pike_buf_adds(b, ".nf\n");
	roff(b, text);
	pike_buf_adds(b, ".fi\n");
}

static void entry(struct pike_buf *b, const char *tag, const char *text)
{
	pike_buf_adds(b, ".TP\n.B ");
	roff(b, tag);
	pike_buf_addc(b, '\n');
	roff(b, text);
	pike_buf_addc(b, '\n');
}

static void man_settings(struct pike_buf *b)
{
	size_t n;
	const struct pike_setting_row *rows = pike_setting_rows(&n);
	const char *section = "";

	pike_buf_adds(b, ".SH CONFIGURATION\n");
	roff(b, "The tracked file .pike/config, in the syntax of git-config. "
		"A setting of the user's or the repository's own git config "
		"(pike.KEY, pike.SECTION.NAME.KEY) goes over it, an option of "
		"the command line over both.\n");
	for (size_t i = 0; i < n; i++) {
		char *tag;
		struct pike_buf text;

		if (strcmp(section, rows[i].section)) {
			section = rows[i].section;
			pike_buf_addf(b, ".SS [%s]\n", section);
		}
		pike_buf_init(&text, 4096);
		pike_buf_adds(&text, rows[i].help);
		if (*rows[i].def)
			pike_buf_addf(&text, " (default %s)", rows[i].def);
		if (rows[i].unread)
			pike_buf_adds(&text, "; changes nothing yet");
		tag = pike_xasprintf("%s (%s)", rows[i].key, rows[i].type);
		entry(b, tag, text.s);
		free(tag);
		pike_buf_release(&text);
	}
}

static void man_prompts(struct pike_buf *b)
{
	struct pike_field f;

	pike_buf_adds(b, ".SH PROMPTS\n");
	roff(b,
	     "What models are told stands in templates; the tracked file "
	     ".pike/prompts/NAME.md replaces one (`pike-git init --prompts` "
	     "copies them all). {{FIELD}} stands for a field, alone on a "
	     "line for no line where it is empty; {{#FIELD}} and {{/FIELD}}, "
	     "each on a line of its own, hold what is there only with it, "
	     "{{^FIELD}} what is there only without. Text of others (code, "
	     "logs) is quoted, and never looked at as a template. Fields:\n");
	for (size_t i = 0; pike_prompt_field(&f, i); i++)
		entry(b, f.name, f.value);
}

void pike_help_man(struct pike_buf *b)
{
	struct pike_buf text;

	pike_buf_init(&text, 1 << 20);
	pike_buf_adds(b, ".TH PIKE\\-GIT 1 \"\" \"pike\\-git " PIKE_VERSION
			 "\" \"Git Manual\"\n.SH NAME\npike\\-git \\- make the "
			 "kernels of a repository faster, with the proof in "
			 "git\n.SH SYNOPSIS\n.B pike\\-git\n[OPTIONS] COMMAND "
			 "[ARGS]\n.br\n.B git pike\n[OPTIONS] COMMAND [ARGS]\n"
			 ".SH DESCRIPTION\n");
	pike_help_program(&text);
	verbatim(b, text.s);
	pike_buf_adds(b, ".SH COMMANDS\n");
	for (const struct pike_cmd *const *c = pike_cmds; *c; c++) {
		if ((*c)->flags & PIKE_HIDDEN)
			continue;
		pike_buf_reset(&text);
		pike_help_command(&text, *c);
		pike_buf_addf(b, ".SS %s\n.\\\" begin %s\n", (*c)->name,
			      (*c)->name);
		verbatim(b, text.s);
		pike_buf_addf(b, ".\\\" end %s\n", (*c)->name);
	}
	man_settings(b);
	man_prompts(b);
	pike_buf_adds(b, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(exits); i++)
		entry(b, exits[i].status, exits[i].meaning);
	pike_buf_adds(b, ".SH ENVIRONMENT\n");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(envs); i++)
		entry(b, envs[i].name, envs[i].meaning);
	pike_buf_release(&text);
}

/* ---- completion ---- */

static void option_words(struct pike_buf *b, const struct pike_opt *o)
{
	for (; o->name; o++)
		pike_buf_addf(b, " --%s%s", o->name, o->arg ? "=" : "");
}

void pike_help_completion(struct pike_buf *b)
{
	pike_buf_adds(b, "# bash completion of pike-git, made by `pike-git "
			 "help --completion`\n"
			 "_pike_git_words() {\n\tcase $1 in\n");
	for (const struct pike_cmd *const *c = pike_cmds; *c; c++) {
		struct pike_opt *table = pike_cmd_opts(*c);

		pike_buf_addf(b, "\t%s) echo \"", (*c)->name);
		option_words(b, table);
		if ((*c)->words)
			(*c)->words(b);
		pike_buf_adds(b, "\" ;;\n");
		free(table);
	}
	pike_buf_adds(b, "\t*) echo \"");
	option_words(b, pike_global_opts);
	for (const struct pike_cmd *const *c = pike_cmds; *c; c++)
		if (!((*c)->flags & PIKE_HIDDEN))
			pike_buf_addf(b, " %s", (*c)->name);
	pike_buf_adds(
	    b, "\" ;;\n\tesac\n}\n"
	       "_pike_git_targets() {\n"
	       "\tgit config -f .pike/config --name-only --get-regexp "
	       "'^target\\..*\\.entry$' 2>/dev/null |\n"
	       "\t\tsed 's/^target\\.//; s/\\.entry$//'\n}\n"
	       "_pike_git() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} word cmd=\n"
	       "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	       "\t\tcase $word in -* | pike) ;; *) cmd=$word; break ;; esac\n"
	       "\tdone\n"
	       "\t# shellcheck disable=SC2207 # words hold no blanks\n"
	       "\tCOMPREPLY=($(compgen -W \"$(_pike_git_words \"$cmd\") "
	       "${cmd:+$(_pike_git_targets)}\" -- \"$cur\"))\n"
	       "\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n}\n"
	       "complete -F _pike_git pike-git git-pike\n"
	       "_git_pike() { _pike_git; }\n");
}
