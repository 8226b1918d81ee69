#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The benchmarks of `make bench` run as it runs them, from anywhere, and leave
# nothing behind: small sizes, whatever they come to.
. "$(dirname "$0")/lib.sh"
benches=$(cd "${B:-$here/../../build}/bench" && pwd)
cd "$dir" || exit 1
mkdir tmp
export TMPDIR=$dir/tmp
for b in 'models 20' 'store 20' search sandbox; do
	# shellcheck disable=SC2086 # words on purpose
	figures=$(env -u PIKE_TEMPLATES "$benches/bench_"$b 2>"$dir/err")
	status=$?
	is "bench_$b ends well" "$status" 0
	[ "$status" -eq 0 ] || cat "$dir/err"
	ok "its figures are JSON lines" python3 -c "
import json, sys
lines = [json.loads(x) for x in sys.argv[1].splitlines()]
raise SystemExit(not lines or not all('bench' in x for x in lines))
" "$figures"
done
is "nothing is left" "$(ls -A tmp)" ''
finish
