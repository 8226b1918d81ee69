#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Buffers that end to the byte: what is found, what is told, what is not
# checked and why.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL

change() { # change BRANCH SED-SCRIPT
	git checkout -q -b "$1" main
	sed -i "$2" kernels/scale.c
	git commit -qam "$1"
	git checkout -q main
}
said() { # said NUMBER NAME: of the results in $out
	python3 -c '
import json, sys
r = json.load(sys.stdin)["results"][int(sys.argv[1])]
print(json.dumps(eval(sys.argv[2], {}, {"r": r})))' "$1" "$2" <<<"$out"
}
# All end on 16 bytes, this one not: and then it reads a number too many.
sed -i 's/hidden = .*/hidden = n=1001/' .pike/config
git commit -qam 'a ragged case'
change beyond 's/^void scale.*/static volatile float sink;\n&/; s/int32_t k = 0;/int32_t k = (sink = n % 16 ? x[n] : 0, 0);/'
change assembly 's/volatile("" :::/volatile("nop" :::/'
change overflow 's/^void scale.*/static volatile int32_t most = INT32_MAX, sink;\n&/; s/int32_t k = 0;/int32_t k = (sink = most + n, 0);/'
change hidden-from 's/^void scale/__attribute__((no_sanitize_address)) &/'
pike bench --json "$weak" beyond assembly overflow hidden-from
status_is "what is found is a verdict" 0
json "bench --json" "$out"
is "an access outside" "$(said 0 'r["verdict"]')" '"contract"'
like "and what it was" "$(said 0 'r["reason"]')" \
	"reads 4 bytes, up to 4 bytes past the end of 'x'"
unlike "without the case's size" "$(said 0 'r["reason"]')" '1001|4004'
is "an instruction is not looked at" \
	"$(said 1 'r["resources"]["exact"]["unchecked"]')" \
	'["inline assembly (__asm__)"]'
like "and listed" "$(said 1 'r["unchecked"]')" 'inline assembly'
is "an undefined operation" "$(said 2 'r["resources"]["exact"]')" \
	"$(said 2 'dict(r["resources"]["exact"], said="clean", unchecked=[])')"
like "is a remark" "$(said 2 'r["resources"]["exact"]["remarks"]')" \
	'"signed integer overflow at scale.c:[0-9]+"'
unlike "and no verdict" "$(said 2 'r["verdict"]')" contract
is "who asks not to be looked at" "$(said 3 'r["verdict"]')" '"contract"'
pike show overflow
like "shown" "$out" '^exact buffers: clean'
like "with its remark" "$out" '^  undefined: signed integer overflow'
pike show assembly
like "and what was not checked" "$out" \
	'not checked: .*accesses beyond arguments \(inline assembly'
pike bench --quick --json "$weak" beyond
unlike "not in a quick look" "$out" '"exact"'

# Its process is stopped while it is not asked where it may have threads.
threads() {
	git checkout -q main
	sed -i '/entry = scale/a\\tthreads = 2' .pike/config
	pike bench --json "$weak" overflow
	status_is "where threads are allowed" 0
	is "the same is looked at" "$(said 0 'r["resources"]["exact"]["said"]')" \
		'"clean"'
	git checkout -q .pike/config
}

# A compiler without the library: told, not passed in silence. The compiler is
# /usr/bin/cc whatever PATH says, so its library is covered.
no_runtime() {
	unshare -m true 2>/dev/null || {
		skip "no runtime" "to cover a file needs root"
		return
	}
	cat >"$dir/covered" <<-END
		#!/bin/sh
		exec unshare -m sh -c 'mount --bind /dev/null "\$0" && exec "\$@"' \
			"$(realpath "$(/usr/bin/cc -print-file-name=libasan.so)")" "$PIKE" "\$@"
	END
	chmod +x "$dir/covered"
	PIKE=$dir/covered pike bench --json "$weak" overflow
	like "no runtime" "$(said 0 'r["resources"]["exact"]["said"]')" \
		'unavailable: the compiler has no address sanitizer; install it'
	like "is unchecked" "$(said 0 'r["unchecked"]')" 'no address sanitizer'
}

# What the base does too is nobody's fault.
same_as_base() {
	git merge -q --ff-only beyond
	change same-as-base 's/1\.5f/1.50f/'
	pike bench --json "$weak" same-as-base
	unlike "a base that does not pass" "$(said 0 'r["verdict"]')" contract
	like "tells why it is unchecked" "$(said 0 'r["unchecked"]')" \
		'the base does not pass it either: it reads 4 bytes'
}

for part in $(printf '%s\n' threads no_runtime same_as_base | drawn 1); do
	$part
done
finish
