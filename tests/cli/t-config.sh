#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The configuration: what it says, and what is said of a bad one.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1

pike config
status_is "config" 0
like "value" "$out" '^  strategy = tune$'
like "source" "$out" 'from \.pike/config:2'
like "default" "$out" 'default 1\.05'
is "fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
pike config threshold
is "one default" "$out" 1.05
pike config target.scale.arg
is "one list" "$(wc -l <<<"$out")" 3
git config pike.threshold 1.2
git config pike.target.scale.timeout 7
pike config threshold
is "git config goes over the file" "$out" 1.2
pike config pike.target.scale.timeout
is "also in a target" "$out" 7
pike config --json threshold
json "config --json" "$out"
like "names the source" "$out" '"source":"git config'
git config --unset pike.threshold
git config --unset pike.target.scale.timeout
pike config no.such
status_is "an unknown key exits with 129" 129
cp "$here/../../ci/gates/sample.config" .pike/config
pike config
status_is "the contract's sample is read" 0
like "its values with # and quotes too" "$out" 'arg = in f32 x\[rows\]\[cols\] normal'

# bad NAME STATUS REGEX: config on stdin; `evolve` must refuse it in one line
# that names file and line, and leave everything as it was.
bad() {
	local tree refs
	cat >.pike/config
	git add -A && git commit -qm "$1" --allow-empty
	tree=$(tree_sum .) refs=$(refs_sum .)
	pike evolve --candidates 1 "--allow-weak=$LEVEL"
	status_is "$1: exits with $2" "$2"
	like "$1: is named with file and line" "$err" "$3"
	one_line "$1: in one line"
	is "$1: no result on stdout" "$out" ""
	is "$1: the tree is as it was" "$(tree_sum .)" "$tree"
	is "$1: the refs are as they were" "$(refs_sum .)" "$refs"
}
edit() { # edit SED-SCRIPT: the good config, changed
	good_config | sed "$1"
}

edit 's/base = main/bsae = main/' |
	bad "unknown key" 129 "\.pike/config:3: .*'bsae'.*base"
edit 's/\[pike\]/[pik]/' | bad "unknown section" 129 '\.pike/config:2: .*pik'
edit 's/base = main/base = "main/' |
	bad "unbalanced quote" 129 '\.pike/config:3: '
{
	good_config
	printf '[include]\n\tpath = other\n'
} | bad "include" 129 '\.pike/config:(19|20): .*include'
{
	good_config
	printf '[includeIf "gitdir:/"]\n\tpath = other\n'
} | bad "includeIf" 129 '\.pike/config:(19|20): .*include'
edit 's,kernels/scale.c,kernels/none.c,' |
	bad "missing source" 128 '\.pike/config:7: .*kernels/none\.c'
edit 's,kernels/scale_ref.c,kernels/none.c,' |
	bad "missing reference" 128 '\.pike/config:8: .*kernels/none\.c'
edit 's,kernels/scale.c,../scale.c,' |
	bad "path upwards" 129 '\.pike/config:7: .*\.\./scale\.c|\.pike/config:7: '
# The rest differs in where the reader stops, and valgrind is slow; ASan sees
# all of it.
[ "${VALGRIND:-0}" = 0 ] || {
	finish
	exit
}
edit 's/x\[n\]/x[n +]/' |
	bad "bad expression" 129 '\.pike/config:10: .*column [0-9]+'
edit 's/x\[n\]/x[m]/' | bad "unknown size" 129 '\.pike/config:[0-9]+: .*m'
edit 's/bytes = 8 \* n/bytes = 8 * (n/' |
	bad "unbalanced expression" 129 '\.pike/config:16: .*column'
edit 's/f32 y/f99 y/' | bad "unknown type" 129 '\.pike/config:11: arg: column 5: '
edit 's/case = n=4000/case = n=lots/' |
	bad "a case that is not a number" 129 '\.pike/config:13: '
edit 's/case = n=4000/case = n=200000000000/' |
	bad "more memory than there is" 128 '\.pike/config:13: .*memory'
edit 's/entry = scale/entry = sc-ale/' | bad "bad entry" 129 '\.pike/config:9: '
edit 's/strategy = tune/strategy = tuna/' |
	bad "unknown strategy" 129 "'?tuna'?"
edit 's/timeout/&/; s/stress = off/timeout = soon/' |
	bad "a word for a number" 129 '\.pike/config:18: timeout.*number'
edit $'s/base = main/base = ma\xff\xfein/' |
	bad "not UTF-8" 129 '\.pike/config:3: .*UTF-8'
{
	good_config
	head -c 3000000 /dev/zero | tr '\0' '#'
} | bad "a huge config" 129 '\.pike/config.*(large|big|MiB|bytes)'
printf '[target "Bad Name"]\n\tsource = a.c\n' |
	bad "a bad name" 129 '\.pike/config:1:|\.pike/config:2:'
: | bad "an empty config" 129 'target'

# Sources that are no regular files.
make_repo "$dir/link"
cd "$dir/link" || exit 1
mv kernels/scale.c real.c
ln -s ../real.c kernels/scale.c
good_config | bad "a symlink as a source" 128 '\.pike/config:7: .*(symlink|symbolic|regular)'
rm kernels/scale.c
git add -A && git commit -qm 'no source'
git -c protocol.file.allow=always submodule --quiet add \
	"$dir/repo" kernels/scale.c >/dev/null 2>&1
good_config | bad "a submodule as a source" 128 '\.pike/config:7: .*(submodule|regular)'

# Wrong options.
cd "$dir/repo" || exit 1
good_config >.pike/config
for o in --candidates=-3 --usd=much --threshold=0 --strategy=tuna \
	--allow-weak=I9 --run=A/B --seed=x; do
	pike evolve "$o"
	status_is "$o exits with 129" 129
	one_line "$o in one line"
	like "$o is named" "$err" "${o%%=*}|${o#*=}"
done
pike evolve nothing
status_is "an unknown target exits with 129" 129

pike log nothing
status_is "nor has it a log" 129
pike status nothing
status_is "nor a state" 129
pike config target.nothing.timeout
status_is "nor settings" 129
like "said so" "$err" 'no section \[target "nothing"\]'
git config pike.threshold low
pike status
status_is "status of a broken configuration" 0
like "tells it" "$out" 'config: .*threshold: must be a number'
git config --unset pike.threshold

# A program named by the tracked file.
make_repo "$dir/trust"
cd "$dir/trust" || exit 1
printf '[llm "x"]\n\tprovider = command\n\tcommand = ./model\n' >>.pike/config
git commit -qam 'a program'
pike config
status_is "an untrusted program is refused" 129
like "with the remedy" "$err" 'config --trust'
pike config --trust
status_is "config --trust" 0
pike config
status_is "then it is read" 0
echo '# changed' >>.pike/config
pike config
status_is "a changed file is untrusted again" 129
rm -rf .pike
git rm -qr --cached .pike
git commit -qm 'no config'
pike evolve
like "no config at all" "$err" 'pike-git init'
finish
