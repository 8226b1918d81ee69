/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commit of a merge request, its branch on a remote, and whose signature a
 * result has; checked by the git program on real repositories.
 */
#include "git/offer.h"
#include "git_fixture.h"

static struct fixture f;
static struct pike_repo *repo;
static struct pike_strs paths;

static int setup(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	fixture_begin(&f);
	sh(f.top, "git init -q --bare there.git");
	sh(f.repo, "git remote add there ../there.git && "
		   "git push -q there main");
	ok(pike_repo_open(&repo, f.repo, &err), &err);
	pike_strs_push(&paths, FIXTURE_FILE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pike_strs_release(&paths);
	pike_repo_free(repo);
	fixture_end(&f);
	return 0;
}

static struct pike_oid base(void)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid id;

	ok(pike_repo_base(&id, repo, NULL, &err), &err);
	return id;
}

static const char *const message = "softmax: 1.50x faster\n\nwords\n\n"
				   "Pike-Target: softmax\n";

static struct pike_offer offer(struct pike_files *files, const char *text)
{
	pike_files_add(files, FIXTURE_FILE, text, strlen(text));
	return (struct pike_offer){ .target = "softmax",
				    .message = message,
				    .base = base(),
				    .files = files,
				    .paths = &paths };
}

static enum pike_offer_state state_of(const char *rev,
				      const struct pike_offer *o)
{
	struct pike_err err = PIKE_ERR_INIT;
	enum pike_offer_state state;
	struct pike_oid id;

	ok(pike_repo_resolve(&id, repo, rev, &err), &err);
	ok(pike_offer_compare(&state, repo, &id, o, &err), &err);
	return state;
}

static void one_commit_on_the_base(void **state)
{
	struct pike_files files = { 0 };
	struct pike_offer o = offer(&files, "void softmax(void) { fast(); }\n");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_diffstat stat;
	struct pike_oid id;
	char *s;

	(void)state;
	ok(pike_offer_write(&id, repo, &o, &err), &err);
	s = sh_in(f.repo, 0, "git diff --raw --abbrev=4 main %s | cut -f2",
		  id.hex);
	assert_string_equal(s, FIXTURE_FILE);
	free(s);
	s = sh_in(f.repo, 0, "git log -1 --format=%%P %s", id.hex);
	assert_string_equal(s, o.base.hex);
	free(s);
	s = sh_in(f.repo, 0,
		  "git log -1 --format='%%(trailers:key=Pike-Target,"
		  "valueonly)' %s",
		  id.hex);
	assert_string_equal(s, "softmax");
	free(s);
	ok(pike_offer_stat(&stat, repo, &o.base, &files, &err), &err);
	assert_int_equal(stat.files, 1);
	assert_int_equal(stat.added, 1);
	assert_int_equal(stat.removed, 1);
	fsck(f.repo);
	pike_files_release(&files);
}

/* Nothing but a regular file of those named, and not no change at all. */
static void only_what_may_change(void **state)
{
	struct pike_files same = { 0 }, other = { 0 };
	struct pike_offer o = offer(&same, "void softmax(void) {}\n");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid id;

	(void)state;
	assert_int_equal(pike_offer_write(&id, repo, &o, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "would change nothing"));
	o = offer(&other, "void softmax(void) { fast(); }\n");
	pike_files_add(&other, ".github/workflows/x.yml", "x", 1);
	assert_int_equal(pike_offer_write(&id, repo, &o, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "'.github/workflows/x.yml'"));
	pike_files_release(&same);
	pike_files_release(&other);
}

/* In the base it is a link: a file in its place is another mode. */
static void modes_stay(void **state)
{
	struct pike_files files = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_offer o;
	struct pike_oid id;
	char *s;

	(void)state;
	sh(f.repo, "git checkout -q -b modes && chmod +x " FIXTURE_FILE " && "
		   "git commit -qam exec && rm " FIXTURE_FILE " && "
		   "ln -s ../README " FIXTURE_FILE " && git commit -qam link");
	o = offer(&files, "void softmax(void) { fast(); }\n");
	ok(pike_repo_resolve(&o.base, repo, "modes", &err), &err);
	assert_int_equal(pike_offer_write(&id, repo, &o, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "'" FIXTURE_FILE "'"));
	ok(pike_repo_resolve(&o.base, repo, "modes^", &err), &err);
	ok(pike_offer_write(&id, repo, &o, &err), &err);
	s = sh_in(f.repo, 0, "git ls-tree %s " FIXTURE_FILE " | cut -c1-6",
		  id.hex);
	assert_string_equal(s, "100755");
	free(s);
	sh(f.repo, "git checkout -q main && git branch -qD modes");
	pike_files_release(&files);
}

static void a_persons_touch_is_seen(void **state)
{
	struct pike_files files = { 0 }, more = { 0 };
	struct pike_offer o = offer(&files, "void softmax(void) { fast(); }\n");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_offer faster;
	struct pike_oid id;

	(void)state;
	ok(pike_offer_write(&id, repo, &o, &err), &err);
	free(sh_in(f.repo, 0, "git branch -f mr %s", id.hex));
	assert_int_equal(state_of("mr", &o), PIKE_OFFER_SAME);
	faster = offer(&more, "void softmax(void) { faster(); }\n");
	assert_int_equal(state_of("mr", &faster), PIKE_OFFER_OLD);
	faster = o;
	faster.message = "softmax: 1.60x faster\n\nPike-Target: softmax\n";
	assert_int_equal(state_of("mr", &faster), PIKE_OFFER_OLD);
	/* On a later base the same is the same. */
	faster = o;
	sh(f.repo, "echo more >>README && git commit -qam readme");
	faster.base = base();
	assert_int_equal(state_of("mr", &faster), PIKE_OFFER_SAME);
	sh(f.repo, "git checkout -q mr && echo >>README && "
		   "git commit -qam 'by hand'");
	assert_int_equal(state_of("mr", &o), PIKE_OFFER_FOREIGN);
	sh(f.repo, "git reset -q --hard HEAD^ && echo >>README && "
		   "git commit -qa --amend --no-edit");
	assert_int_equal(state_of("mr", &o), PIKE_OFFER_FOREIGN);
	free(sh_in(f.repo, 0,
		   "git reset -q --hard %s && git commit -q --amend "
		   "--reset-author --no-edit --allow-empty",
		   id.hex));
	assert_int_equal(state_of("mr", &o), PIKE_OFFER_SAME);
	free(sh_in(f.repo, 0,
		   "git log -1 --format=%%B | sed 's/words/others/' "
		   "| git commit -q --amend -F -"));
	assert_int_equal(state_of("mr", &o), PIKE_OFFER_FOREIGN);
	free(sh_in(f.repo, 0, "git reset -q --hard %s && git rebase -q main",
		   id.hex));
	assert_int_equal(state_of("mr", &o), PIKE_OFFER_FOREIGN);
	assert_int_equal(state_of("main", &o), PIKE_OFFER_FOREIGN);
	sh(f.repo, "git checkout -q main && git branch -qD mr");
	pike_files_release(&files);
	pike_files_release(&more);
}

#define REF "refs/heads/pike/mr/softmax/cpu"

static void a_ref_is_moved_from_what_was_seen(void **state)
{
	struct pike_oid none = { "" }, one, two, seen;
	struct pike_err err = PIKE_ERR_INIT;
	char *url;

	(void)state;
	url = pike_remote_url(repo, "there");
	assert_string_equal(url, "../there.git");
	free(url);
	assert_null(pike_remote_url(repo, "nowhere"));
	sh(f.repo, "git checkout -q -b x && echo 1 >>README && "
		   "git commit -qam one && git branch one && "
		   "git reset -q --hard HEAD^ && echo 2 >>README && "
		   "git commit -qam two && git branch two && "
		   "git checkout -q main && git branch -qD x");
	ok(pike_repo_resolve(&one, repo, "one", &err), &err);
	ok(pike_repo_resolve(&two, repo, "two", &err), &err);
	ok(pike_remote_ref(&seen, repo, "there", REF, &err), &err);
	assert_false(pike_oid_set(&seen));
	/* Whatever a push of the user's takes along, this one is of one ref. */
	sh(f.repo, "git config push.followTags true && "
		   "git tag -a -m words v1 one");
	ok(pike_push_ref(repo, "there", REF, &one, &none, &err), &err);
	free(sh_in(f.top, 0, "test -z \"$(git -C there.git tag)\""));
	/* It must not exist, and does. */
	assert_int_equal(pike_push_ref(repo, "there", REF, &two, &none, &err),
			 PIKE_RETRY);
	assert_int_equal(pike_push_ref(repo, "there", REF, &two, &two, &err),
			 PIKE_RETRY);
	ok(pike_remote_ref(&seen, repo, "there", REF, &err), &err);
	assert_string_equal(seen.hex, one.hex);
	ok(pike_push_ref(repo, "there", REF, &two, &one, &err), &err);
	ok(pike_remote_ref(&seen, repo, "there", REF, &err), &err);
	assert_string_equal(seen.hex, two.hex);
	/* No other whose name ends so. */
	ok(pike_remote_ref(&seen, repo, "there", "cpu", &err), &err);
	assert_false(pike_oid_set(&seen));
	assert_true(pike_remote_ref(&seen, repo, "nowhere", REF, &err) < 0);
	assert_non_null(strstr(err.text, "remote 'nowhere'"));
}

/* Somebody else's commit comes along, and no ref of ours changes. */
static void what_is_there_is_fetched(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid seen;
	char *before, *after, *msg = NULL;

	(void)state;
	sh(f.top, "git clone -q there.git other 2>/dev/null && cd other && "
		  "git checkout -q -b strange && git commit -q --allow-empty "
		  "-m strange && git push -q origin strange");
	sh(f.repo, "git config remote.there.fetch "
		   "'+refs/heads/*:refs/remotes/there/*'");
	before = sh_in(f.repo, 0, "git for-each-ref; ls .git");
	ok(pike_remote_ref(&seen, repo, "there", "refs/heads/strange", &err),
	   &err);
	ok(pike_repo_message(&msg, repo, &seen, &err), &err);
	assert_string_equal(msg, "strange\n");
	after = sh_in(f.repo, 0, "git for-each-ref; ls .git");
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(msg);
}

static void configs_of_commits(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_entries e;
	struct pike_oid id = base();

	(void)state;
	ok(pike_repo_config_at(&e, repo, &id, &err), &err);
	assert_int_equal(e.n, 0);
	sh(f.repo, "mkdir -p .pike && git config --file .pike/config "
		   "pike.threshold 2 && git add .pike && git commit -qm "
		   "config && git config --file .pike/config pike.threshold 3");
	id = base();
	ok(pike_repo_config_at(&e, repo, &id, &err), &err);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.v[0].value, "2");
	assert_false(e.v[0].trusted);
	pike_entries_release(&e);
	sh(f.repo, "git checkout -q .pike && echo '[broken' >.pike/config && "
		   "git commit -qam broken");
	id = base();
	assert_int_equal(pike_repo_config_at(&e, repo, &id, &err), PIKE_USAGE);
	assert_int_equal(e.n, 0);
	sh(f.repo, "git reset -q --hard HEAD^");
}

static bool vouched(const struct pike_result *r, const char *key)
{
	char *path = pike_xasprintf("%s/%s.pub", f.top, key);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf list;
	bool yes = false;

	pike_buf_init(&list, 4096);
	pike_buf_adds(&list, "runner ");
	ok(pike_read_file(&list, path, &err), &err);
	ok(pike_result_vouched(&yes, repo, r, list.s, list.len, &err), &err);
	pike_buf_release(&list);
	free(path);
	return yes;
}

/* Signed in the inbox by the runner; joined, and signed, by somebody else. */
static void signed_lines(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;
	struct pike_search_ref *s;
	struct pike_history *h;
	struct pike_result *v;
	struct pike_oid id;
	char *where;
	size_t n;

	(void)state;
	where = sh_in(f.top, -1, "command -v ssh-keygen");
	if (!*where) {
		puts("no ssh-keygen: apt-get install openssh-client");
		skip();
	}
	free(where);
	sh(f.top, "for k in a b; do ssh-keygen -q -t ed25519 -N '' -C $k "
		  "-f $k; done");
	sh(f.repo, "git config gpg.format ssh && git config commit.gpgsign "
		   "true && git config user.signingkey ../a");
	open_search(&r, &s, &h, f.repo);
	id = store_one(s, h, h->base, "int fast;\n");
	record_one(s, h, &id,
		   (struct line){ "x", PIKE_SCREEN, PIKE_V_FASTER, 1.5 });
	record_one(s, h, &id,
		   (struct line){ "y", PIKE_CONFIRM, PIKE_V_FASTER, 1.5 });
	ok(pike_results_of(&v, &n, repo, &id, &err), &err);
	assert_int_equal(n, 2);
	assert_true(vouched(&v[1], "a"));
	assert_false(vouched(&v[1], "b"));
	sh(f.repo, "git config user.signingkey ../b");
	close_generation(s, h, &id, 1.5);
	free(sh_in(f.repo, 0,
		   "git for-each-ref refs/notes/pike/inbox | "
		   "grep -c . | grep -qx 0"));
	assert_true(vouched(&v[1], "a"));
	assert_false(vouched(&v[1], "b"));
	/* A line that nobody wrote, and one of an unsigned commit. */
	free(v[1].id);
	v[1].id = pike_xstrdup("z");
	assert_false(vouched(&v[1], "a"));
	sh(f.repo, "git config commit.gpgsign false");
	record_one(s, h, &id,
		   (struct line){ "z", PIKE_CONFIRM, PIKE_V_FASTER, 1.5 });
	v[1].ts = 1700000000;
	assert_false(vouched(&v[1], "a"));
	for (size_t i = 0; i < n; i++)
		pike_result_release(&v[i]);
	free(v);
	close_search(r, s, h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_commit_on_the_base),
		cmocka_unit_test(only_what_may_change),
		cmocka_unit_test(modes_stay),
		cmocka_unit_test(a_persons_touch_is_seen),
		cmocka_unit_test(a_ref_is_moved_from_what_was_seen),
		cmocka_unit_test(what_is_there_is_fetched),
		cmocka_unit_test(configs_of_commits),
		cmocka_unit_test(signed_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
