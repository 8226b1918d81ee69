/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of replies, and what is refused in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "llm/llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A "void scale(float *x)\n{\n\tx[0] *= 2;\n}\n"
#define B "int helper(void)\n{\n\treturn 1;\n\treturn 2;\n}\n"
#define NEW_A "void scale(float *x)\n{\n\tx[0] += x[0];\n}\n"

struct one {
	const char *what, *reply;
	const char *a, *b;   /* what the files become; NULL: as they were */
	const char *why;     /* unusable: in the message; NULL: usable */
	const char *summary; /* NULL: not looked at */
};

static int try_it(struct pike_extracted *p, const char *reply, size_t len,
		  size_t npaths, struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files parent = { 0 };
	struct pike_extract_opts o = { .paths = &paths,
				       .parent = &parent,
				       .entry = "scale" };
	int ret;

	pike_strs_push(&paths, "k/a.c");
	pike_files_add(&parent, "k/a.c", A, strlen(A));
	if (npaths > 1) {
		pike_strs_push(&paths, "k/b.c");
		pike_files_add(&parent, "k/b.c", B, strlen(B));
	}
	ret = pike_extract(p, &o, reply, len, err);
	pike_strs_release(&paths);
	pike_files_release(&parent);
	return ret;
}

static void check(const struct one *t, size_t n, size_t npaths)
{
	for (size_t i = 0; i < n; i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_extracted p;
		int ret =
		    try_it(&p, t[i].reply, strlen(t[i].reply), npaths, &err);

		if (!!ret != !!t[i].why)
			fail_msg("%s: %s", t[i].what, err.text);
		if (t[i].why && !strstr(err.text, t[i].why))
			fail_msg("%s: '%s' has no '%s'", t[i].what, err.text,
				 t[i].why);
		assert_int_equal(ret, t[i].why ? PIKE_FAILED : 0);
		assert_int_equal(p.files.n, ret ? 0 : npaths);
		if (!ret)
			assert_string_equal(p.files.v[0].data,
					    t[i].a ? t[i].a : A);
		if (!ret && npaths > 1)
			assert_string_equal(p.files.v[1].data,
					    t[i].b ? t[i].b : B);
		if (t[i].summary)
			assert_string_equal(p.summary, t[i].summary);
		pike_extracted_release(&p);
	}
}

static void test_whole(void **state)
{
	static const struct one t[] = {
		{ "a fence", "```c\n" NEW_A "```\n", .a = NEW_A,
		  .summary = "" },
		{ "talk around it",
		  "Sure! Adding is **faster**.\n\n```c\n" NEW_A
		  "```\nIt halves the work.\n",
		  .a = NEW_A, .summary = "Sure! Adding is **faster**." },
		{ "tildes and no language", "~~~~\n" NEW_A "~~~~\n",
		  .a = NEW_A },
		{ "backquotes in longer ones",
		  "````c\n" NEW_A "/*\n```\n*/\n````\n",
		  .a = NEW_A "/*\n```\n*/\n" },
		{ "indented as in a list", "1. so:\n  ```c\n" NEW_A "  ```\n",
		  .a = NEW_A },
		{ "carriage returns",
		  "```c\r\nvoid scale(float *x)\r\n{\r\n}\r\n```\r\n",
		  .a = "void scale(float *x)\n{\n}\n" },
		{ "the last fence is missing", "```c\n" NEW_A,
		  .why = "it was cut off; raise max-tokens" },
		{ "one fence too many", "```c\n" NEW_A "```\n```\n",
		  .a = NEW_A },
		{ "no fence at all", NEW_A, .a = NEW_A },
		{ "a path in the fence's line", "```c k/a.c\n" NEW_A "```\n",
		  .a = NEW_A },
		{ "and otherwise", "```c:k/a.c\n" NEW_A "```\n", .a = NEW_A },
		{ "a path before it",
		  "**File: `k/a.c`**\n\n```c\n" NEW_A "```\n", .a = NEW_A },
		{ "its last part alone", "### a.c\n```\n" NEW_A "```\n",
		  .a = NEW_A },
		{ "a sketch beside it",
		  "Now it does\n```\nx = x * 2\n```\nThen:\n```c\n" NEW_A
		  "```\n",
		  .a = NEW_A },
		{ "a sketch beside one with a path",
		  "```\nscale(x);\n```\nk/a.c\n```c\n" NEW_A "```\n",
		  .a = NEW_A },
		{ "the same twice",
		  "```c\n" NEW_A "```\nAgain:\n```c\n" NEW_A "```\n",
		  .a = NEW_A },
		{ "two different ones", "```c\n" NEW_A "```\n```c\n" A "```\n",
		  .why = "several blocks define 'scale'" },
		{ "two for one path",
		  "k/a.c\n```c\n" NEW_A "```\nk/a.c\n```c\n" A "```\n",
		  .why = "two different texts for 'k/a.c'" },
		{ "nothing", "", .why = "no code" },
		{ "talk alone", "I cannot scale(this) any further; sorry.\n",
		  .why = "no code" },
		{ "another function", "```c\nvoid rescale(void) {}\n```\n",
		  .why = "no block of code defines 'scale'" },
		{ "as it was", "```c\n" A "```\n",
		  .why = "nothing differs from the parent" },
		{ "an empty one", "k/a.c\n```c\n\n```\n",
		  .why = "'k/a.c' would be empty" },
		{ "another file", "k/ref.c\n```c\n" NEW_A "```\n",
		  .why = "'k/ref.c' may not change; only these may: k/a.c" },
		{ "upwards", "```c ../k/a.c\n" NEW_A "```\n",
		  .why = "'../k/a.c' may not change" },
		{ "into git", "```sh .git/hooks/pre-commit\nscale()\n```\n",
		  .why = "'.git/hooks/pre-commit' may not change" },
		{ "one that may and one that may not",
		  "k/a.c\n```c\n" NEW_A "```\n.pike/config\n```\nx\n```\n",
		  .why = "'.pike/config' may not change" },
		{ "a word with a slash before it",
		  "Input/output:\n```c\n" NEW_A "```\n", .a = NEW_A },
		{ "a path in a sentence",
		  "I read k/ref.c before this:\n```c\n" NEW_A "```\n",
		  .a = NEW_A },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t), 1);
}

#define EDIT(old, new)                                                         \
	"<<<<<<< SEARCH\n" old "=======\n" new ">>>>>>> REPLACE\n"

static void test_edits(void **state)
{
	static const struct one t[] = {
		{ "one", "k/a.c\n" EDIT("\tx[0] *= 2;\n", "\tx[0] += x[0];\n"),
		  .a = NEW_A },
		{ "in a fence",
		  "Add.\n\nk/a.c\n```c\n" EDIT("\tx[0] *= 2;\n",
					       "\tx[0] += x[0];\n") "```\n",
		  .a = NEW_A, .summary = "Add." },
		{ "the path in it",
		  "```\nk/a.c\n" EDIT("\tx[0] *= 2;\n",
				      "\tx[0] += x[0];\n") "```\n",
		  .a = NEW_A },
		{ "no path", EDIT("\tx[0] *= 2;\n", "\tx[0] += x[0];\n"),
		  .a = NEW_A },
		{ "two in one fence, of two files",
		  "```c\n" EDIT("\tx[0] *= 2;\n", "\tx[0] += x[0];\n")
		      EDIT("\treturn 1;\n", "\treturn 3;\n") "```\n",
		  .a = NEW_A,
		  .b = "int helper(void)\n{\n\treturn 3;\n\treturn 2;\n}\n" },
		{ "one on top of another",
		  EDIT("\tx[0] *= 2;\n", "\tx[0] *= 3;\n")
		      EDIT("\tx[0] *= 3;\n", "\tx[0] += x[0];\n"),
		  .a = NEW_A },
		{ "blanks at the end",
		  EDIT("\tx[0] *= 2;  \n", "\tx[0] += x[0];\n"), .a = NEW_A },
		{ "that deletes", EDIT("\treturn 1;\n", ""),
		  .b = "int helper(void)\n{\n\treturn 2;\n}\n" },
		{ "an edit and a whole file",
		  EDIT("\treturn 1;\n", "") "k/a.c\n```c\n" NEW_A "```\n",
		  .a = NEW_A, .b = "int helper(void)\n{\n\treturn 2;\n}\n" },
		{ "nowhere", EDIT("\tx[1] *= 2;\n", ""),
		  .why = "stand nowhere, from '\tx[1] *= 2;' on" },
		{ "twice", EDIT("{\n", "{ /* */\n"),
		  .why = "stand 2 times, from '{' on" },
		{ "once where the path is said", "k/b.c\n" EDIT("}\n", "}\n\n"),
		  .b = B "\n" },
		{ "in the other file",
		  "k/b.c\n" EDIT("\tx[0] *= 2;\n", "\tx[0] += x[0];\n"),
		  .why = "stand nowhere" },
		{ "of nothing", EDIT("", "int more;\n"),
		  .why = "replaces nothing" },
		{ "of a file that may not change",
		  "k/ref.c\n" EDIT("{\n", "\n"),
		  .why = "'k/ref.c' may not change" },
		{ "and a whole text of the same",
		  "k/a.c\n```c\n" NEW_A "```\n" EDIT("\tx[0] += x[0];\n", "\n"),
		  .why = "both a whole text and edits for 'k/a.c'" },
		{ "without an end", "<<<<<<< SEARCH\nx\n=======\ny\n",
		  .why = "line 1: this SEARCH has no REPLACE" },
		{ "without a middle", "<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n",
		  .why = "line 3: the markers" },
		{ "in one another",
		  "<<<<<<< SEARCH\nx\n<<<<<<< SEARCH\n=======\n",
		  .why = "line 3: the markers" },
		{ "that changes nothing",
		  EDIT("\treturn 1;\n", "\treturn 1;\n"),
		  .why = "nothing differs" },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t), 2);
}

static void test_several_files(void **state)
{
	static const struct one t[] = {
		{ "both",
		  "k/a.c\n```c\n" NEW_A "```\nk/b.c\n```c\nint h;\n"
		  "```\n",
		  .a = NEW_A, .b = "int h;\n" },
		{ "code that defines the entry", "```c\n" NEW_A "```\n",
		  .a = NEW_A },
		{ "code that does not", "```c\nint h;\n```\n",
		  .why = "no block of code defines 'scale'" },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t), 2);
}

/* Bytes that are no text, and more of it than fits. */
/* As a path of the repository may be: with a blank, and one inside another. */
static void test_torn_paths(void **state)
{
	static const char *const replies[] = {
		"```c my k/a (1).c\n" NEW_A "```\n",
		"```c title=\"my k/a (1).c\"\n" NEW_A "```\n",
		"my k/a (1).c\n```c\n" NEW_A "```\n",
		"**File: `my k/a (1).c`**\n\n```c\n" NEW_A "```\n",
	};
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files parent = { 0 };
	struct pike_extract_opts o = { .paths = &paths,
				       .parent = &parent,
				       .entry = "scale" };

	(void)state;
	pike_strs_push(&paths, "k/a (1).c");
	pike_strs_push(&paths, "my k/a (1).c");
	pike_files_add(&parent, "k/a (1).c", A, strlen(A));
	pike_files_add(&parent, "my k/a (1).c", A, strlen(A));
	for (size_t i = 0; i < PIKE_ARRAY_LEN(replies); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_extracted p;

		if (pike_extract(&p, &o, replies[i], strlen(replies[i]), &err))
			fail_msg("%s: %s", replies[i], err.text);
		assert_string_equal(p.files.v[0].data, A);
		assert_string_equal(p.files.v[1].data, NEW_A);
		pike_extracted_release(&p);
	}
	pike_strs_release(&paths);
	pike_files_release(&parent);
}

/* Of a PyTorch model: a source that is not there yet, and a class. */
static void test_model(void **state)
{
	static const char fenced[] =
	    "Fused.\n```python\nclass ModelNew(nn.Module):\n    pass\n```\n";
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files parent = { 0 };
	struct pike_extract_opts o = { .paths = &paths,
				       .parent = &parent,
				       .entry = "ModelNew" };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_extracted p;

	(void)state;
	pike_strs_push(&paths, "m/new.py");
	if (pike_extract(&p, &o, fenced, strlen(fenced), &err))
		fail_msg("%s", err.text);
	assert_string_equal(p.files.v[0].data,
			    "class ModelNew(nn.Module):\n    pass\n");
	pike_extracted_release(&p);
	assert_int_equal(pike_extract(&p, &o, "no\n", 3, &err), PIKE_FAILED);
	pike_extracted_release(&p);
	/* Where nothing has a name, nothing is found by one. */
	o.entry = NULL;
	assert_int_equal(pike_extract(&p, &o, "no\n", 3, &err), PIKE_FAILED);
	pike_extracted_release(&p);
	assert_int_equal(pike_extract(&p, &o, fenced, strlen(fenced), &err),
			 PIKE_FAILED);
	pike_extracted_release(&p);
	pike_strs_release(&paths);
}

static void test_bounds(void **state)
{
	static const char nul[] = "```c\nvoid scale() {\0}\n```\n";
	static const char latin[] = "```c\nvoid scale() {} /* \xe9 */\n```\n";
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_extracted p;
	size_t len = PIKE_REPLY_MAX + 1;
	char *big = pike_xmalloc(len);

	(void)state;
	assert_int_equal(try_it(&p, nul, sizeof(nul) - 1, 1, &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "not UTF-8"));
	pike_extracted_release(&p);
	assert_int_equal(try_it(&p, latin, sizeof(latin) - 1, 1, &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "not UTF-8"));
	pike_extracted_release(&p);
	memset(big, 'x', len);
	assert_int_equal(try_it(&p, big, len, 1, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "4194305 bytes, more than 4194304"));
	/* No fence in all of it */
	assert_int_equal(try_it(&p, big, len - 1, 1, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "no code"));
	pike_extracted_release(&p);
	memcpy(big, "```c\nscale() {", 14);
	memcpy(big + len - 5, "\n```", 4);
	assert_int_equal(try_it(&p, big, len - 1, 1, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "more than 1048576"));
	pike_extracted_release(&p);
	free(big);
}

/* A search that nearly fits everywhere takes no longer for it. */
static void test_hostile_edit(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_extracted p;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, PIKE_REPLY_MAX);
	pike_buf_adds(&b, EDIT("\tx[0] *= 2;\n", "@"));
	b.len = (size_t)(strchr(b.s, '@') - b.s);
	for (int i = 0; i < 400000; i++)
		pike_buf_adds(&b, "\n");
	pike_buf_adds(&b, ">>>>>>> REPLACE\n<<<<<<< SEARCH\n");
	for (int i = 0; i < 200000; i++)
		pike_buf_adds(&b, "\n");
	pike_buf_adds(&b, "no\n=======\n>>>>>>> REPLACE\n");
	assert_int_equal(try_it(&p, b.s, b.len, 1, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "stand nowhere"));
	pike_extracted_release(&p);
	pike_buf_release(&b);
}

/* Neither control bytes nor more than a line reach a summary. */
static void test_explanation(void **state)
{
	static const char reply[] =
	    "## **Unroll** the \x1b[31mloop by four, so that the pipelines of "
	    "the processor have more to do at a "
	    "time.\n\n\n\nThen:\n```c\n" NEW_A "```\n\nDone.\n\n";
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_extracted p;

	(void)state;
	assert_int_equal(try_it(&p, reply, sizeof(reply) - 1, 1, &err), 0);
	assert_string_equal(p.summary,
			    "Unroll** the ?[31mloop by four, so that the "
			    "pipelines of the processor");
	assert_true(strlen(p.summary) <= 72);
	assert_string_equal(
	    p.explanation,
	    "## **Unroll** the ?[31mloop by four, so that the pipelines of "
	    "the processor have more to do at a time.\n\nThen:\n\nDone.");
	pike_extracted_release(&p);
}

static void check_ideas(const char *reply, size_t max, const char *wanted)
{
	struct pike_strs ideas = PIKE_STRS_INIT;
	struct pike_buf got;
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_extract_ideas(&ideas, reply, strlen(reply), max, &err);

	pike_buf_init(&got, 65536);
	for (size_t i = 0; i < ideas.n; i++)
		pike_buf_addf(&got, "%s|", ideas.v[i]);
	assert_string_equal(got.s, wanted);
	assert_int_equal(ret, *wanted ? 0 : PIKE_FAILED);
	pike_buf_release(&got);
	pike_strs_release(&ideas);
}

static void test_ideas(void **state)
{
	(void)state;
	check_ideas("- tile\n- fuse\n", 10, "tile|fuse|");
	check_ideas("Ideas:\n\n* tile the\n  loop\n* fuse\n\nThat's all.\n", 10,
		    "tile the loop|fuse|");
	check_ideas("1. one\n2) two\n10. ten\n", 10, "one|two|ten|");
	check_ideas("- a\n- b\n- c\n", 2, "a|b|");
	check_ideas("-no\n--- \n1.5 is more\n", 10, "");
	check_ideas("", 10, "");
	check_ideas("- \x1b[1mbold\n-  \n- last", 10, "?[1mbold|last|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_torn_paths),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_hostile_edit),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_ideas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
