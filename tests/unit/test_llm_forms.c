/* SPDX-License-Identifier: Apache-2.0 */
/* Replies in forms that nobody asked for: thoughts in them, fences in lists,
 * diffs, elements; and files in forms that no model writes. Each is read for
 * what it is, or refused with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

#define A "void scale(float *x)\n{\n\tx[0] *= 2;\n}\n"
#define B "int helper(void)\n{\n\treturn 1;\n\treturn 2;\n}\n"
#define NEW_A "void scale(float *x)\n{\n\tx[0] += x[0];\n}\n"
#define DRAFT "void scale(float *x)\n{\n\tx[0] = 2 * x[0];\n}\n"
#define FENCE(code) "```c\n" code "```\n"
#define WHOLE "Adds.\n\nk/a.c\n" FENCE(NEW_A)
#define OLD_LINE "\tx[0] *= 2;\n"
#define NEW_LINE "\tx[0] += x[0];\n"
#define EDIT                                                                   \
	"<<<<<<< SEARCH\n" OLD_LINE "=======\n" NEW_LINE ">>>>>>> REPLACE\n"

struct one {
	const char *what, *reply;
	const char *why;	 /* unusable: in the message; NULL: usable */
	const char *explanation; /* NULL: not looked at */
};

static int extract(struct pike_extracted *p, const char *was, const char *reply,
		   struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files parent = { 0 };
	struct pike_extract_opts o = { .paths = &paths,
				       .parent = &parent,
				       .entry = "scale" };
	int ret;

	pike_strs_push(&paths, "k/a.c");
	pike_strs_push(&paths, "k/b.c");
	pike_files_add(&parent, "k/a.c", was, strlen(was));
	pike_files_add(&parent, "k/b.c", B, strlen(B));
	ret = pike_extract(p, &o, reply, strlen(reply), err);
	pike_strs_release(&paths);
	pike_files_release(&parent);
	return ret;
}

/* Each becomes NEW_A beside B, or is refused. */
static void check(const struct one *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_extracted p;
		int ret = extract(&p, A, t[i].reply, &err);

		if (!!ret != !!t[i].why)
			fail_msg("%s: %s", t[i].what,
				 ret ? err.text : p.files.v[0].data);
		if (ret && !strstr(err.text, t[i].why))
			fail_msg("%s: '%s' has no '%s'", t[i].what, err.text,
				 t[i].why);
		if (!ret && strcmp(p.files.v[0].data, NEW_A) != 0)
			fail_msg("%s: %s", t[i].what, p.files.v[0].data);
		if (!ret)
			assert_string_equal(p.files.v[1].data, B);
		if (t[i].explanation &&
		    strcmp(p.explanation, t[i].explanation) != 0)
			fail_msg("%s: %s", t[i].what, p.explanation);
		pike_extracted_release(&p);
	}
}

static void test_thoughts(void **state)
{
	static const struct one t[] = {
		{ "plain", "<think>\nLet me add.\n</think>\n\n" WHOLE, NULL,
		  "Adds." },
		{ "a draft in them",
		  "<think>\nk/a.c\n" FENCE(DRAFT) "No.\n</think>\n\n" WHOLE,
		  NULL, "Adds." },
		{ "an edit in them",
		  "<think>\nk/a.c\n" EDIT "Good.\n</think>\n\nk/a.c\n" EDIT,
		  NULL, "" },
		{ "an open fence in them",
		  "<think>\n```c\nvoid scale(\n</think>\n" WHOLE, NULL,
		  "Adds." },
		{ "begun in the prompt",
		  "Let me add.\n" FENCE(DRAFT) "So.</think>" WHOLE, NULL,
		  "Adds." },
		{ "begun twice", "<think>\n<think>\nhm\n</think>\n" WHOLE, NULL,
		  "Adds." },
		{ "twice",
		  "<thinking>a</thinking>\n<thinking>\nb\n</thinking>" WHOLE,
		  NULL, "Adds." },
		{ "in capitals", "<THINK>\nhm\n</THINK>\n" WHOLE, NULL,
		  "Adds." },
		{ "Mistral's", "[THINK]hm\n" FENCE(DRAFT) "[/THINK]" WHOLE,
		  NULL, "Adds." },
		{ "Kimi's",
		  "\xe2\x97\x81think\xe2\x96\xb7hm\xe2\x97\x81/think\xe2\x96"
		  "\xb7" WHOLE,
		  NULL, "Adds." },
		{ "channels",
		  "<|channel|>analysis<|message|>hm\n" FENCE(
		      DRAFT) "<|end|><|start|>assistant<|channel|>final"
			     "<|message|>" WHOLE,
		  NULL, "Adds." },
		{ "of a program",
		  "Thinking...\nk/a.c\n" FENCE(
		      DRAFT) "...done thinking.\n\n" WHOLE,
		  NULL, "Adds." },
		{ "that are none", "Thinking...\n" WHOLE, NULL,
		  "Thinking...\nAdds." },
		{ "of another name", "<reasoning>\nhm\n</reasoning>\n" WHOLE,
		  NULL, "Adds." },
		{ "before a quote, and before a fence",
		  "<think>`x` is \"it\"</think>```c k/a.c\n" NEW_A "```\n",
		  NULL, "" },
		{ "spoken of",
		  "Without `<think>` and `</think>`.\n\nk/a.c\n" FENCE(NEW_A),
		  NULL, "Without `<think>` and `</think>`." },
		{ "alone", "<think>\n" WHOLE,
		  "ends within the model's thoughts", "" },
		{ "behind the answer", WHOLE "<think>\nOr rather",
		  "ends within the model's thoughts", NULL },
		{ "and nothing after them", "<think>\nhm\n</think>\n",
		  "no code: the reply is empty", "" },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

static void check_ideas(const char *reply, const char *wanted, const char *why)
{
	struct pike_strs ideas = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_extract_ideas(&ideas, reply, strlen(reply), 10, &err);

	assert_int_equal(ret, why ? PIKE_FAILED : 0);
	if (why && !strstr(err.text, why))
		fail_msg("%s", err.text);
	if (!ret) {
		assert_int_equal(ideas.n, 1);
		assert_string_equal(ideas.v[0], wanted);
	}
	pike_strs_release(&ideas);
}

static void test_ideas(void **state)
{
	(void)state;
	check_ideas("<think>\n- perhaps\n- no\n</think>\n\n- tile\n", "tile",
		    NULL);
	check_ideas("- perhaps\n</think>\n- tile\n", "tile", NULL);
	check_ideas("<think>\n- perhaps\n", NULL, "the model's thoughts");
}

#define IN_LIST(i)                                                             \
	i "void scale(float *x)\n" i "{\n" i "\tx[0] += x[0];\n" i "}\n"

static void test_fences(void **state)
{
	static const struct one t[] = {
		{ "in a list", "1. Adds:\n   ```c\n" IN_LIST("   ") "   ```\n",
		  NULL, "1. Adds:" },
		{ "in a list of a list",
		  "- a\n    - Adds:\n\n      ```c\n" IN_LIST(
		      "      ") "      ```\n",
		  NULL, NULL },
		{ "behind a tab",
		  "-\tAdds:\n\n\t```c\n" IN_LIST("\t") "\t```\n", NULL, NULL },
		{ "whose code is not",
		  "1. Adds:\n\n    ```c\n" NEW_A "    ```\n", NULL, NULL },
		{ "with an edit",
		  "1. Adds:\n   ```c\n   <<<<<<< SEARCH\n   " OLD_LINE
		  "   =======\n   " NEW_LINE "   >>>>>>> REPLACE\n   ```\n",
		  NULL, "1. Adds:" },
		{ "an edit alone",
		  "1. Adds:\n\n\t<<<<<<< SEARCH\n\t" OLD_LINE
		  "\t=======\n\t" NEW_LINE "\t>>>>>>> REPLACE\n",
		  NULL, NULL },
		{ "cut off in a list", "1. Adds:\n\n    ```c\n" IN_LIST("    "),
		  "was cut off", NULL },
		{ "cut off behind an edit", "```c\n" EDIT, "was cut off",
		  NULL },
		{ "cut off around one", "```markdown\n" WHOLE, "was cut off",
		  NULL },
		{ "a diff that begins", "k/a.c\n" FENCE(NEW_A) "```diff\n",
		  "was cut off", NULL },
		{ "the second one cut off", WHOLE "k/b.c\n```c\nint h",
		  "was cut off", NULL },
		{ "all of it in one", "```markdown\n" WHOLE "```\n", NULL,
		  "Adds." },
		{ "with a path that is numbered",
		  "Adds.\n\n### 1. `k/a.c`\n" FENCE(NEW_A), NULL, "Adds." },
		{ "with a path, twice",
		  "Adds.\n\n**k/a.c**\n\n```c k/a.c\n" NEW_A "```\nDone.\n",
		  NULL, "Adds.\n\nDone." },
		{ "around a path and code", "```c\nk/a.c\n\n" NEW_A "```\n",
		  NULL, "" },
		{ "around the path alone", "```c\nk/a.c\n```\n",
		  "'k/a.c' would be empty", "" },
		{ "around edits as git marks them",
		  "```c\n<<<<<<< ORIGINAL\n" OLD_LINE "=======\n" NEW_LINE
		  ">>>>>>> UPDATED\n```\n",
		  NULL, "" },
		{ "before the end of a turn",
		  "Adds.\n```c k/a.c\n" NEW_A "```<|im_end|>\n</s>\n", NULL,
		  "Adds." },
		{ "of data", "```json\n{\"code\": \"void scale(x)\"}\n```\n",
		  "no block of code", NULL },
		{ "none, and cut off",
		  "void scale(float *x)\n{\n\tif (x) {}\n;", "cut off", NULL },
		{ "behind a path in a list", "Adds.\n- `k/a.c`:\n" FENCE(NEW_A),
		  NULL, "Adds." },
		{ "within a line",
		  "So ```void scale(float *x) { x[0] += x[0]; }``` is it.\n",
		  "no code", NULL },
		{ "none, but JSON",
		  "{\"code\": \"void scale(float *x) { x[0] += x[0]; }\"}\n",
		  "no code", NULL },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

#define HUNK " void scale(float *x)\n {\n-" OLD_LINE "+" NEW_LINE " }\n"
#define DIFF "--- a/k/a.c\n+++ b/k/a.c\n@@ -1,4 +1,4 @@\n" HUNK

static void test_diffs(void **state)
{
	static const struct one t[] = {
		{ "in a fence", "Adds.\n\n```diff\n" DIFF "```\n", NULL,
		  "Adds." },
		{ "in a fence of C", "```c\n" DIFF "```\n", NULL, "" },
		{ "in a fence without a name", "```\n" DIFF "```\n", NULL, "" },
		{ "alone", "Adds.\n\n" DIFF "\nIt is faster.\n", NULL,
		  "Adds.\n\nIt is faster." },
		{ "of git",
		  "diff --git a/k/a.c b/k/a.c\nindex 1..2 100644\n" DIFF, NULL,
		  "" },
		{ "in a list",
		  "1. Adds:\n   ```diff\n   @@ -1 +1 @@\n   -" OLD_LINE
		  "   +" NEW_LINE "   ```\n",
		  NULL, "1. Adds:" },
		{ "without a name of the file",
		  "```diff\n@@ -3 +3 @@\n-" OLD_LINE "+" NEW_LINE "```\n", NULL,
		  "" },
		{ "with wrong numbers",
		  "```diff\n--- a/k/a.c\n+++ b/k/a.c\n@@ -70,9 +81 @@\n" HUNK
		  "```\n",
		  NULL, "" },
		{ "with signs forgotten",
		  "```diff\n--- k/a.c\n+++ k/a.c\n@@\nvoid scale(float *x)\n{"
		  "\n-" OLD_LINE "+" NEW_LINE "}\n```\n",
		  NULL, "" },
		{ "signs alone",
		  "k/a.c\n```diff\n-" OLD_LINE "+" NEW_LINE "```\n", NULL, "" },
		{ "beside the whole file",
		  "```diff\n-" OLD_LINE "+" NEW_LINE "```\n" WHOLE, NULL,
		  "Adds." },
		{ "of a file that is new",
		  "```diff\n--- /dev/null\n+++ b/k/a.c\n@@ -0,0 +1,4 @@\n"
		  "+void scale(float *x)\n+{\n+" NEW_LINE "+}\n```\n",
		  NULL, "" },
		{ "a patch of another kind",
		  "*** Begin Patch\n*** Update File: k/a.c\n@@ void scale\n {"
		  "\n-" OLD_LINE "+" NEW_LINE " }\n*** End Patch\n",
		  NULL, "" },
		{ "edits in a fence for one", "```diff\n" EDIT "```\n", NULL,
		  "" },
		{ "that fits nowhere",
		  "```diff\n--- a/k/a.c\n+++ b/k/a.c\n@@ -1 +1 @@\n-\tx;\n"
		  "+\ty;\n```\n",
		  "stand nowhere", NULL },
		{ "of another file",
		  "```diff\n--- a/k/ref.c\n+++ b/k/ref.c\n@@ -1 +1 @@\n"
		  "-\tx;\n+\ty;\n```\n",
		  "'k/ref.c' may not change", NULL },
		{ "that deletes",
		  "```diff\n--- a/k/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n"
		  "-\tx;\n```\n",
		  "deletes a file", NULL },
		{ "that only adds",
		  "```diff\n--- a/k/a.c\n+++ b/k/a.c\n@@ -1 +1 @@\n+int x;\n"
		  "```\n",
		  "replaces nothing", NULL },
		{ "cut off", "```diff\n" DIFF, "was cut off", NULL },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

static void test_elements(void **state)
{
	static const struct one t[] = {
		{ "of a file",
		  "Adds.\n\n<file path=\"k/a.c\">\n" NEW_A "</file>\n", NULL,
		  "Adds." },
		{ "by another name",
		  "<write_file filename='k/a.c' lang='c'>\n" NEW_A
		  "</write_file>\n",
		  NULL, "" },
		{ "of a file with a blank",
		  "<file path=\"my k/ref.c\">\n" NEW_A "</file>\n",
		  "'my k/ref.c' may not change", NULL },
		{ "on few lines",
		  "<file path=\"k/a.c\">void scale(float *x)\n{\n" NEW_LINE
		  "}</file>\nDone.\n",
		  NULL, "Done." },
		{ "around a fence",
		  "<file path=\"k/a.c\">\n" FENCE(NEW_A) "</file>\n", NULL,
		  "" },
		{ "around an edit", "<file path=\"k/a.c\">\n" EDIT "</file>\n",
		  NULL, "" },
		{ "around a diff",
		  "<file path=\"k/a.c\">\n@@ -3 +3 @@\n-" OLD_LINE "+" NEW_LINE
		  "</file>\n",
		  NULL, "" },
		{ "in a fence",
		  "```xml\n<file path=\"k/a.c\">\n" NEW_A "</file>\n```\n",
		  NULL, "" },
		{ "in elements",
		  "<answer>\n<file>\n<path>k/a.c</path>\n<content>\n" NEW_A
		  "</content>\n</file>\n</answer>\n",
		  NULL, "" },
		{ "as data",
		  "<file path=\"k/a.c\"><![CDATA[\n" NEW_A "]]></file>\n", NULL,
		  "" },
		{ "indented",
		  "<files>\n  <file path=\"k/a.c\">\n" IN_LIST(
		      "  ") "  </file>\n</files>\n",
		  NULL, "" },
		{ "escaped",
		  "<file path=\"k/a.c\">\nvoid scale(float *x)\n{\n\tif (1 &lt;"
		  " 2)\n\t\tx[0] *= 3;\n}\n</file>\n",
		  "line 4: code in an element is escaped ('&lt;')", NULL },
		{ "of another file",
		  "<file path=\"k/ref.c\">\n" NEW_A "</file>\n",
		  "'k/ref.c' may not change", NULL },
		{ "cut off", "<file path=\"k/a.c\">\n" NEW_A, "was cut off",
		  NULL },
		{ "without a path", "<file>\n" NEW_A "</file>\n", NULL, "" },
		{ "in talk",
		  "Adds.\n<code>x[0]</code> twice.\n\nk/a.c\n" FENCE(NEW_A),
		  NULL, "Adds.\n<code>x[0]</code> twice." },
		{ "around an answer",
		  "<answer>\nAdds.\n\n" FENCE(NEW_A) "</answer>\n", NULL,
		  "Adds." },
	};

	(void)state;
	check(t, PIKE_ARRAY_LEN(t));
}

/* ---- the form of the parent ---- */

#define BOM "\xef\xbb\xbf"
#define CR_A "void scale(float *x)\r\n{\r\n\tx[0] *= 2;\r\n}\r\n"
#define CR_NEW "void scale(float *x)\r\n{\r\n\tx[0] += x[0];\r\n}\r\n"
#define OPEN_A "void scale(float *x)\n{\n\tx[0] *= 2;\n}"
#define OPEN_NEW "void scale(float *x)\n{\n\tx[0] += x[0];\n}"

static void check_form(const char *was, const char *reply, const char *is)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_extracted p;
	int ret = extract(&p, was, reply, &err);

	if (is && ret)
		fail_msg("%s: %s", was, err.text);
	if (!is && (!ret || !strstr(err.text, "nothing differs")))
		fail_msg("%s: %s", was, err.text);
	if (is)
		assert_string_equal(p.files.v[0].data, is);
	pike_extracted_release(&p);
}

static void test_form(void **state)
{
	(void)state;
	check_form(CR_A, FENCE(NEW_A), CR_NEW);
	check_form(CR_A, "k/a.c\n" EDIT, CR_NEW);
	check_form(CR_A, "```diff\n" DIFF "```\n", CR_NEW);
	check_form(BOM A, FENCE(NEW_A), BOM NEW_A);
	check_form(BOM A, "k/a.c\n" FENCE(BOM NEW_A), BOM NEW_A);
	check_form(BOM A, "k/a.c\n" EDIT, BOM NEW_A);
	check_form(BOM CR_A, FENCE(NEW_A), BOM CR_NEW);
	check_form(BOM CR_A,
		   "<<<<<<< SEARCH\nvoid scale(float *x)\n=======\n"
		   "int i;\nvoid scale(float *x)\n>>>>>>> REPLACE\n",
		   BOM "int i;\r\n" CR_A);
	check_form(OPEN_A, FENCE(NEW_A), OPEN_NEW);
	check_form(OPEN_A, "k/a.c\n" EDIT, OPEN_NEW);
	check_form(OPEN_A,
		   "k/a.c\n<<<<<<< SEARCH\n" OLD_LINE "}\n=======\n" NEW_LINE
		   "}\n>>>>>>> REPLACE\n",
		   OPEN_NEW);
	/* Of mixed lines only those change that are meant. */
	check_form("void scale(float *x)\r\n{\n\tx[0] *= 2;\n}\r\n",
		   "k/a.c\n" EDIT,
		   "void scale(float *x)\r\n{\n\tx[0] += x[0];\n}\r\n");
	check_form(A, BOM FENCE(NEW_A), NEW_A);
	check_form(A, "Adds.\r\n```c\r\n" CR_NEW "```\r\n", NEW_A);
}

static void test_nothing_changes(void **state)
{
	(void)state;
	check_form(A, FENCE(A), NULL);
	check_form(CR_A, FENCE(A), NULL);
	check_form(BOM A, FENCE(A), NULL);
	check_form(BOM CR_A, "k/a.c\n" FENCE(A), NULL);
	check_form(OPEN_A, FENCE(A), NULL);
	check_form("void scale(float *x)\r\n{\n\tx[0] *= 2;\n}\r\n", FENCE(A),
		   NULL);
	check_form(CR_A,
		   "k/a.c\n<<<<<<< SEARCH\n" OLD_LINE "=======\n" OLD_LINE
		   ">>>>>>> REPLACE\n",
		   NULL);
}

/* Blank lines without an end in a fence, before a fence, in an element. */
static void test_hostile(void **state)
{
	static const char *const begins[] = { "```c\n", "k/a.c\n",
					      "<file path=\"k/a.c\">\n",
					      "<a>\n", "```diff\n@@\n" };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(begins); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_extracted p;
		struct pike_buf b;

		pike_buf_init(&b, PIKE_REPLY_MAX);
		pike_buf_adds(&b, begins[i]);
		for (int k = 0; k < 500000; k++)
			pike_buf_adds(&b, k % 2 ? "\n" : "  \n");
		for (int k = 0; k < 200000; k++)
			pike_buf_adds(&b, begins[i]);
		assert_int_equal(extract(&p, A, b.s, &err), PIKE_FAILED);
		pike_extracted_release(&p);
		pike_buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thoughts),
		cmocka_unit_test(test_ideas),
		cmocka_unit_test(test_fences),
		cmocka_unit_test(test_diffs),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_nothing_changes),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
