/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive_notes: notes of a push. Lines are added and never taken away, every
 * new one can be read, and where .pike/runners names keys, every new commit is
 * signed by one of them. An inbox may go when its lines are in the notes of
 * all.
 */
#include "git/notes_priv.h"
#include "git/receive_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/exchange.h"
#include "model/lesson.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOTE_MAX = 4 * 1024 * 1024, /* more is never read */
	VERIFY_MS = 60 * 1000
};

#define NOTES "refs/notes/pike/"

/* ---- lines ---- */

static int result_line(const char *commit, const char *line,
		       struct pike_err *err)
{
	struct pike_result res;
	int ret = pike_result_parse(&res, line, strlen(line), err);

	if (ret)
		return ret;
	if (strcmp(res.commit.hex, commit) != 0)
		ret = pike_fail(err, PIKE_FAILED,
				"is a result of another commit");
	pike_result_release(&res);
	return ret;
}

static int chat_line(const char *commit, const char *line, struct pike_err *err)
{
	struct pike_exchange x;
	int ret = pike_exchange_parse(&x, line, strlen(line), err);

	(void)commit;
	if (!ret)
		pike_exchange_release(&x);
	return ret;
}

static int lesson_line(const char *commit, const char *line,
		       struct pike_err *err)
{
	struct pike_lesson l;
	int ret = pike_lesson_parse(&l, line, strlen(line), err);

	if (ret)
		return ret;
	if (strcmp(l.commit.hex, commit) != 0)
		ret = pike_fail(err, PIKE_FAILED,
				"is a lesson of another commit");
	pike_lesson_release(&l);
	return ret;
}

/* What the lines of a notes ref are; the first that fits. */
static const struct book {
	const char *name; /* what follows refs/notes/pike/, or begins it */
	int (*line)(const char *commit, const char *line, struct pike_err *err);
	bool inbox;
} books[] = {
	{ .name = "results", .line = result_line },
	{ .name = "chat", .line = chat_line },
	{ .name = "lessons", .line = lesson_line },
	{ .name = "inbox/chat-", .line = chat_line, .inbox = true },
	{ .name = "inbox/", .line = result_line, .inbox = true },
};

static const struct book *book_of(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(books); i++)
		if (books[i].inbox ? pike_starts_with(name, books[i].name)
				   : !strcmp(name, books[i].name))
			return &books[i];
	return NULL;
}

/* ---- trees ---- */

/* Two trees of notes, compared: of which commits do the notes differ? */
struct change {
	struct pike_repo *r;
	struct pike_oidset seen;
	git_oid *v;
	size_t n, cap;
	char hex[GIT_OID_HEXSZ + 1];
	struct pike_err *err;
};

static int bad_entry(struct change *c, const char *name)
{
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, 512);
	pike_text_line(&b, name, 300);
	ret = pike_fail(c->err, PIKE_FAILED,
			"'%s' is not a note of a commit, at most 4 MiB", b.s);
	pike_buf_release(&b);
	return ret;
}

static void add_changed(struct change *c)
{
	git_oid id;

	git_oid_fromstr(&id, c->hex);
	if (!pike_oidset_add(&c->seen, &id))
		return;
	PIKE_GROW(c->v, c->n, c->cap);
	c->v[c->n++] = id;
}

static int walk(struct change *c, const git_tree *new, const git_tree *old,
		size_t used);

/* A folder of one of the two, beside that of the other where it has one. */
static int walk_folder(struct change *c, const git_tree_entry *e,
		       const git_tree *other, size_t used, bool is_new)
{
	const git_tree_entry *o =
	    other ? git_tree_entry_byname(other, git_tree_entry_name(e)) : NULL;
	git_tree *a = NULL, *b = NULL;
	int ret, rc = git_tree_lookup(&a, c->r->g, git_tree_entry_id(e));

	if (!rc && o && git_tree_entry_type(o) == GIT_OBJECT_TREE)
		rc = git_tree_lookup(&b, c->r->g, git_tree_entry_id(o));
	ret = rc ? pike_git_fail(c->err, PIKE_FAILED, rc, "cannot read notes")
	      : is_new ? walk(c, a, b, used)
		       : walk(c, b, a, used);
	git_tree_free(a);
	git_tree_free(b);
	return ret;
}

static bool is_note(struct change *c, const git_tree_entry *e, size_t used)
{
	git_object_t type;
	size_t len;

	return used == GIT_OID_HEXSZ &&
	       git_tree_entry_filemode(e) == GIT_FILEMODE_BLOB &&
	       !git_odb_read_header(&len, &type, c->r->odb,
				    git_tree_entry_id(e)) &&
	       type == GIT_OBJECT_BLOB && len <= NOTE_MAX;
}

static bool unchanged(const git_tree_entry *e, const git_tree *other)
{
	const git_tree_entry *o =
	    other ? git_tree_entry_byname(other, git_tree_entry_name(e)) : NULL;

	return o && git_tree_entry_filemode(o) == git_tree_entry_filemode(e) &&
	       git_oid_equal(git_tree_entry_id(o), git_tree_entry_id(e));
}

/* Entries of the new tree have to be notes. Those of the old one are what they
 * are. */
static int walk_side(struct change *c, const git_tree *tree,
		     const git_tree *other, size_t used, bool is_new)
{
	size_t count = tree ? git_tree_entrycount(tree) : 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++) {
		const git_tree_entry *e = git_tree_entry_byindex(tree, i);
		const char *name = git_tree_entry_name(e);
		size_t n = strlen(name);
		bool hex = used + n <= GIT_OID_HEXSZ &&
			   strspn(name, "0123456789abcdef") == n;
		bool folder = hex && n == 2 && used + n < GIT_OID_HEXSZ &&
			      git_tree_entry_type(e) == GIT_OBJECT_TREE;

		if (unchanged(e, other))
			continue;
		if (hex)
			memcpy(c->hex + used, name, n + 1);
		if (folder)
			ret = walk_folder(c, e, other, used + n, is_new);
		else if (hex && is_note(c, e, used + n))
			add_changed(c);
		else if (is_new)
			ret = bad_entry(c, name);
	}
	return ret;
}

static int walk(struct change *c, const git_tree *new, const git_tree *old,
		size_t used)
{
	int ret = walk_side(c, new, old, used, true);

	return ret ? ret : walk_side(c, old, new, used, false);
}

/* ---- notes of one commit ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines of a commit's notes, sorted. */
static int lines_of(struct pike_strs *out, struct pike_repo *r,
		    const git_tree *tree, const git_oid *commit,
		    struct pike_err *err)
{
	struct pike_buf b;
	int ret = 0;

	pike_buf_init(&b, (size_t)-1);
	if (tree)
		ret = pike_notes_get(&b, r, tree, commit, err);
	if (!ret && memchr(b.s, '\0', b.len))
		ret = pike_fail(err, PIKE_FAILED, "has a zero byte");
	if (!ret)
		pike_strs_split(out, b.s, "\n");
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
	pike_buf_release(&b);
	return ret;
}

static bool has_line(const struct pike_strs *l, char *line)
{
	return l->n && bsearch(&line, l->v, l->n, sizeof(*l->v), by_text);
}

static int compare_lines(const struct book *book, const char *hex,
			 const struct pike_strs *new,
			 const struct pike_strs *old, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < old->n; i++)
		if (!has_line(new, old->v[i]))
			ret = pike_fail(err, PIKE_FAILED,
					"loses a line; notes only grow, so "
					"join them with what is here");
	for (size_t i = 0; !ret && i < new->n; i++) {
		if (has_line(old, new->v[i]))
			continue;
		ret = book->line(hex, new->v[i], err);
		if (ret)
			pike_err_prefix(err, "line %zu", i + 1);
	}
	return ret;
}

static int judge_note(struct pike_repo *r, const struct book *book,
		      const git_tree *new, const git_tree *old,
		      const git_oid *commit, struct pike_err *err)
{
	struct pike_strs a = PIKE_STRS_INIT, b = PIKE_STRS_INIT;
	char hex[GIT_OID_HEXSZ + 1];
	int ret = lines_of(&a, r, new, commit, err);

	git_oid_tostr(hex, sizeof(hex), commit);
	if (!ret)
		ret = lines_of(&b, r, old, commit, err);
	if (!ret)
		ret = compare_lines(book, hex, &a, &b, err);
	if (ret)
		pike_err_prefix(err, "the note of %.12s", hex);
	pike_strs_release(&a);
	pike_strs_release(&b);
	return ret;
}

static int tree_of(git_tree **out, struct pike_repo *r, const git_oid *commit,
		   struct pike_err *err)
{
	git_oid id;
	int rc, ret;

	*out = NULL;
	if (git_oid_is_zero(commit))
		return 0;
	ret = pike_commit_tree_id(&id, r, commit, err);
	if (ret)
		return ret;
	rc = git_tree_lookup(out, r->g, &id);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc, "cannot read its tree")
		  : 0;
}

/* Do the notes only grow from one commit to another? */
static int judge_step(struct pike_repo *r, const struct book *book,
		      const git_oid *from, const git_oid *to,
		      struct pike_err *err)
{
	struct change c = { .r = r, .err = err };
	git_tree *old = NULL, *new = NULL;
	int ret = tree_of(&old, r, from, err);

	if (!ret)
		ret = tree_of(&new, r, to, err);
	if (!ret)
		ret = walk(&c, new, old, 0);
	for (size_t i = 0; !ret && i < c.n; i++)
		ret = judge_note(r, book, new, old, &c.v[i], err);
	git_tree_free(old);
	git_tree_free(new);
	pike_oidset_release(&c.seen);
	free(c.v);
	return ret;
}

/* ---- signatures ---- */

/* git's environment loses what would point it elsewhere: here it has to look
 * where the pushed objects are. */
static void add_quarantine(struct pike_strs *env)
{
	static const char *const names[] = {
		"GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES"
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v)
			pike_strs_pushf(env, "%s=%s", names[i], v);
	}
}

/* Signatures of other formats are not by keys of the file, whoever made
 * them. */
static int verify(const struct pike_receive *x, const char *hex,
		  struct pike_err *err)
{
	static const char *const fixed[] = { "-c", "gpg.minTrustLevel=fully",
					     "-c", "gpg.program=false",
					     "-c", "gpg.openpgp.program=false",
					     "-c", "gpg.x509.program=false",
					     "-c" };
	struct pike_strs args = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	const struct pike_git_call c = { .args = &args,
					 .env = &env,
					 .timeout_ms = VERIFY_MS };
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(fixed); i++)
		pike_strs_push(&args, fixed[i]);
	pike_strs_pushf(&args, "gpg.ssh.allowedSignersFile=%s", x->signers);
	pike_strs_push(&args, "verify-commit");
	pike_strs_push(&args, hex);
	add_quarantine(&env);
	ret = pike_git_call(NULL, x->r, &c, NULL);
	pike_strs_release(&args);
	pike_strs_release(&env);
	if (ret == 1)
		return pike_fail(err, PIKE_FAILED,
				 "signatures need the git program; install it "
				 "on the server");
	return ret ? pike_fail(err, PIKE_FAILED,
			       "is not signed by a key of .pike/runners; set "
			       "commit.gpgsign, gpg.format=ssh and "
			       "user.signingkey where it is measured")
		   : 0;
}

/* ---- one ref ---- */

static int judge_commit(struct pike_receive *x, const struct book *book,
			const git_oid *id, struct pike_err *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	struct pike_commit c;
	git_oid parent;
	int ret = pike_commit_read(&c, x->r, id, err);

	if (ret)
		return ret;
	pike_commit_parent(&parent, &c, 0);
	pike_commit_release(&c);
	git_oid_tostr(hex, sizeof(hex), id);
	if (x->signers)
		ret = verify(x, hex, err);
	if (!ret)
		ret = judge_step(x->r, book, &parent, id, err);
	return ret ? pike_err_prefix(err, "commit %.12s", hex) : 0;
}

/* Each commit, and what all of them come to: a first parent may be a commit of
 * another notes ref. */
static int judge_new(struct pike_receive *x, const struct pike_received *u,
		     const struct book *book, struct pike_err *err)
{
	static const char *const known[] = { NOTES, NULL };
	git_oid *v;
	size_t n;
	int ret = pike_receive_new(&v, &n, x, &u->now, known, err);

	for (size_t i = 0; !ret && i < n; i++)
		ret = judge_commit(x, book, &v[i], err);
	free(v);
	return ret ? ret : judge_step(x->r, book, &u->was, &u->now, err);
}

struct folding {
	struct pike_receive *x;
	git_tree *in[2]; /* notes of all, of results and of chat */
	const git_tree *inbox;
};

static int check_folded(void *ctx, const git_oid *commit, const git_oid *blob,
			struct pike_err *err)
{
	const struct folding *f = ctx;
	struct pike_strs gone = PIKE_STRS_INIT, in = PIKE_STRS_INIT;
	int ret = lines_of(&gone, f->x->r, f->inbox, commit, err);

	(void)blob;
	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(f->in); i++)
		ret = lines_of(&in, f->x->r, f->in[i], commit, err);
	for (size_t i = 0; !ret && i < gone.n; i++)
		if (!has_line(&in, gone.v[i]))
			ret = pike_fail(err, PIKE_FAILED,
					"it has lines that are not yet in "
					"refs/notes/pike/results or chat; "
					"`pike-git advance` folds them");
	pike_strs_release(&gone);
	pike_strs_release(&in);
	return ret;
}

static int judge_gone(struct pike_receive *x, const struct pike_received *u,
		      struct pike_err *err)
{
	static const char *const refs[] = { PIKE_NOTES_RESULTS,
					    PIKE_NOTES_CHAT };
	struct folding f = { .x = x };
	git_tree *inbox = NULL;
	git_oid id;
	int ret = tree_of(&inbox, x->r, &u->was, err);

	f.inbox = inbox;
	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(refs); i++) {
		ret = pike_receive_after(&id, x, refs[i], err);
		ret = ret == 1 ? 0
		      : ret    ? ret
			       : tree_of(&f.in[i], x->r, &id, err);
	}
	if (!ret && inbox)
		ret = pike_notes_each(x->r, inbox, NULL, check_folded, &f, err);
	git_tree_free(inbox);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(refs); i++)
		git_tree_free(f.in[i]);
	return ret;
}

int pike_receive_notes(struct pike_receive *x, const struct pike_received *u,
		       const char *name, struct pike_err *err)
{
	const struct book *book = book_of(name);

	if (!book)
		return 0;
	if (book->inbox && !pike_is_name(name + strlen("inbox/")))
		return pike_fail(err, PIKE_FAILED,
				 "is not named by a job: small letters, "
				 "digits, '-' and '_'");
	if (git_oid_is_zero(&u->now) && !book->inbox)
		return pike_fail(err, PIKE_FAILED,
				 "it is a record of what was measured and "
				 "asked, and is not deleted");
	/* Of a part of the push it cannot be told what else is in it. */
	if (git_oid_is_zero(&u->now))
		return x->whole ? judge_gone(x, u, err) : 0;
	if (!git_oid_is_zero(&u->was) &&
	    !pike_receive_descends(x, &u->now, &u->was))
		return pike_fail(err, PIKE_FAILED,
				 "it only moves forward: fetch, and join your "
				 "notes with what is here");
	return judge_new(x, u, book, err);
}
