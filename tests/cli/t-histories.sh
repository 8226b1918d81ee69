#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The histories that examples/cuda-kernels/evolved holds can be opened without
# a GPU, and say what its README says of them.
# shellcheck disable=SC2154 # out, err and status are set by `pike`
. "$(dirname "$0")/lib.sh"
evolved=$here/../../examples/cuda-kernels/evolved

# "CHILD PARENT" of each line of a family tree on stdin: what stands in the
# same column above it, or where its branch begins.
pairs() {
	awk '/^[-|+ ]*[*+o] [0-9a-f]+ / || /^base/ {
		match($0, /([*+o] [0-9a-f]+|base [0-9a-f]+)/)
		id = substr($0, RSTART, RLENGTH); sub(/^.* /, "", id)
		at = RSTART
		from = substr($0, at - 3, 3) == "+- " ? at - 3 : at
		if (from in last) print id, last[from]
		last[at] = id }'
}
# The same by git, which has first parents.
by_git() {
	local child parent
	while read -r child parent; do
		[ "$(git rev-parse "$child^1")" = \
			"$(git rev-parse "$parent")" ] || echo "$child $parent"
	done
}

for bundle in "$evolved"/*.bundle; do
	target=$(basename "$bundle" .bundle)
	git clone -q --mirror "$bundle" "$dir/$target" 2>/dev/null
	cd "$dir/$target" || exit 1
	ok "$target: fsck" git fsck --strict --no-dangling
	best=$(pike status --json && sed -n \
		's/.*"speedup": *\[\([^]]*\)\].*/\1/p' <<<"$out" |
		awk -F, '{ printf "%.2fx [%.2f, %.2f]", $2, $1, $3 }')
	ok "$target: $best is in the README's row" grep -qF "${best:-none}" \
		<<<"$(grep "^| $target " "$evolved/README.md")"
	champion=$(git log -1 --glob='refs/heads/pike/evo/*' \
		--format='%(trailers:key=Pike-Champion,valueonly)' | head -n 1)
	pike show "$champion"
	like "$target: what was measured of its champion" "$out" \
		'^confirm: faster'
	like "$target: where" "$out" 'nvidia-h[12]00'
	judges=$(git grep -ho '"judge":"[0-9]*"' refs/notes/pike/results |
		sort -u | tr -dc '0-9\n')
	is "$target: the judge that measured it" "$judges" "$(sed -n \
		"s/^| $target .*| \([0-9]*\) *|\$/\1/p" "$evolved/README.md")"
	for how in "" --candidates; do
		# shellcheck disable=SC2086 # none, or one word
		pike log --tree $how
		pairs <<<"$out" >"$dir/pairs"
		is "$target: the tree $how has git's first parents" \
			"$(by_git <"$dir/pairs")" ""
		is "$target: no line is wider than a terminal" \
			"$(awk 'length > 80' <<<"$out")" ""
	done
	is "$target: each candidate has a line" "$(wc -l <"$dir/pairs")" \
		"$(git log --no-merges --format=%H --glob='refs/*' \
			--grep='^Pike-Agent: ' | sort -u | wc -l)"
	like "$target: its champion is marked" "$out" "\\* ${champion:0:10} "
	pike log --tree --of "$champion"
	grep -v '^+-' <<<"$out" | pairs >"$dir/pairs"
	is "$target: what led to the champion" \
		"$(by_git <"$dir/pairs") $(tail -n 1 "$dir/pairs" |
			cut -c 1-10)" " ${champion:0:10}"
done
pike log --tree --of "$(git for-each-ref --count=1 --format='%(objectname)' \
	refs/heads/pike/evo)"
is "a revision that is not a candidate is an error" "$status" 128
like "and names what to do" "$err" 'log --candidates'
is "a row for each" "$(grep -c '^| [a-z_]* .*x \[' "$evolved/README.md")" \
	"$(find "$evolved" -name '*.bundle' | wc -l)"
finish
