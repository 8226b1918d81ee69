#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gate for ordinary commits: faster, as fast, slower, wrong, broken.
. "$(dirname "$0")/lib.sh"
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL
src=kernels/scale.c
commit() { git commit -qam "$1"; }
again() { sed -i "s/#define AGAIN [0-9]*/#define AGAIN $1/" $src; }

again 5
commit 'scale: it is slow'
git tag slow
pike check "$weak"
status_is "nothing since the base" 0
like "says so" "$out" 'no file of a target differs'
pike check "$weak" --format junit
ok "an empty list of tests is well-formed" \
	/usr/bin/python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$dir/out"

# ---- verdicts ----
git checkout -q -b faster
again 0
commit 'scale: faster'
pike check "$weak"
status_is "faster" 0
like "says how much" "$out" 'faster, [0-9.]+x \[[0-9., ]+\] the speed at'
like "and yes" "$out" '^scale .*: yes'
like "with its cases" "$out" 'n=4000'
before=$(refs_sum .)
pike check "$weak" --json
json "in JSON" "$out"
like "it passed" "$out" '"passed":true'
is "no ref is written" "$(refs_sum .)" "$before"

git checkout -q -b same slow
echo '/* a comment */' >>$src
commit 'scale: a comment'
pike check "$weak"
status_is "the same" 0
unlike "no first bad commit is looked for" "$err" 'looking at'

git checkout -q -b slower slow
again 60
commit 'scale: slower | <b>'
pike check "$weak"
status_is "slower" 1
like "says no" "$out" '^scale .*: NO'
like "the only commit is the first bad one" "$out" \
	"since $(git rev-parse --short=12 HEAD)"
unlike "it need not be measured once more" "$err" 'looking at'
pike check "$weak" --format junit
status_is "as junit" 1
cp "$dir/out" "$dir/junit"
ok "junit is well-formed" /usr/bin/python3 -c '
import sys, xml.etree.ElementTree as e
t = e.parse(sys.argv[1]).getroot()
s = t.find("testsuite")
assert s.get("tests") == "1" and s.get("failures") == "1", s.attrib
assert "<b>" in s.find("testcase/failure").get("message")
' "$dir/junit"
echo before >"$dir/summary"
GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$dir/summary \
	pike check "$weak" --format gitlab-metrics
status_is "in a job of GitHub, as metrics of GitLab" 1
like "metrics say it failed" "$out" \
	'^pike_git_check_passed\{target="scale"\} 0$'
like "and how fast it is" "$out" \
	'^pike_git_speed_ratio\{target="scale"\} 0\.'
like "a remark beside the file" "$err" \
	"^::error file=kernels/scale.c,title=pike-git check::scale: slower"
is "the summary is added to" "$(head -n 1 "$dir/summary")" before
# shellcheck disable=SC2016 # the ticks are Markdown's
like "with a table" "$(<"$dir/summary")" '^\| `scale` \| no \|'
like "which quotes" "$(<"$dir/summary")" 'slower ¦ < b>'
GITHUB_STEP_SUMMARY=$dir/none/summary pike check slow..slow
status_is "a summary that cannot be written" 128
like "is named" "$err" 'GITHUB_STEP_SUMMARY'

git checkout -q -b wrong slow
sed -i 's/x\[i\] \* 1.5f/x[i] * 1.25f/' $src
commit 'scale: wrong'
pike check "$weak"
status_is "wrong" 1
like "says where" "$out" 'wrong; .*n=4000'

git checkout -q -b broken slow
echo 'int oops(' >>$src
commit 'scale: does not compile'
pike check "$weak"
status_is "broken" 1
like "with the compiler's words" "$out" '^ .*error:'
unlike "what broke it is looked for only when asked" "$out" 'since [0-9a-f]+ \('

# ---- ranges ----
pike check faster "$weak"
status_is "from a revision to HEAD" 1
like "from where they have parted" "$out" \
	"since $(git rev-parse --short=12 slow)"
pike check nowhere..HEAD
status_is "no such revision" 128
one_line "is one error"
pike check --format yaml
status_is "no such format" 129
like "names those there are" "$err" 'markdown, junit, gitlab-metrics'
pike check --target nothing
status_is "no such target" 129

# ---- what the end trusts ----
git checkout -q -b truth slow
sed -i 's/1\.5f/1.25f/' $src
sed -i 's/1\.5/1.25/' kernels/scale_ref.c
commit 'scale: another factor, in the reference too'
pike check "$weak"
status_is "source and reference together" 0
like "are not compared" "$out" 'not compared'
git checkout -q -b header slow
cat >kernels/reps.h <<<'#define REPS 3'
sed -i 's/AGAIN + ONCE_MORE/REPS/; s/^#include.*/&\n#include "reps.h"/' $src
sed -i "s/^source = .*/&\nheader = kernels\/reps.h/" .pike/config
git add -A
commit 'scale: a header'
git tag with-header
echo '#define REPS 80' >kernels/reps.h
commit 'scale: a slow header'
pike check with-header "$weak"
status_is "a header that makes it slower" 1
like "is found" "$out" 'slower'
finish
