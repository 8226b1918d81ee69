#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The histories that examples/cuda-kernels/evolved holds can be opened without
# a GPU, and say what its README says of them.
# shellcheck disable=SC2154 # out, err and status are set by `pike`
. "$(dirname "$0")/lib.sh"
evolved=$here/../../examples/cuda-kernels/evolved

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
done
is "a row for each" "$(grep -c '^| [a-z_]* .*x \[' "$evolved/README.md")" \
	"$(find "$evolved" -name '*.bundle' | wc -l)"
finish
