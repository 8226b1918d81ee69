#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a target names: files in folders, with blanks in their names, included
# as in the repository; the compiler; tunables.
# shellcheck disable=SC2154 # out, err and status are set by `pike`
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL

# A header serves the names by which the repository's own build includes it.
make_repo "$dir/my repo"
cd "$dir/my repo" || exit 1
mkdir 'all of it' 'all of it/include'
git mv kernels 'all of it/my kernels'
git mv 'all of it/my kernels/scale.c' 'all of it/my kernels/scale it.c'
echo '#define THREE_HALVES 1.5f' >'all of it/include/consts.h'
sed -i -e 's,kernels/scale\.c,all of it/my kernels/scale it.c,' \
	-e 's,kernels/scale_ref,all of it/my kernels/scale_ref,' \
	-e '/reference/i\	header = all of it/include/consts.h' .pike/config
cp 'all of it/my kernels/scale it.c' "$dir/plain.c"
for name in '"../include/consts.h"' '"include/consts.h"' '"consts.h"' \
	'"all of it/include/consts.h"' '<consts.h>'; do
	{
		echo "#include $name"
		sed s/1.5f/THREE_HALVES/ "$dir/plain.c"
	} >'all of it/my kernels/scale it.c'
	git add -A && git commit -qm "$name"
	pike bench --compile-only "$weak" main
	status_is "#include $name" 0
done
pike bench --quick --json "$weak" main
like "measured, in folders with blanks" "$out" \
	'"verdict":"(same|inconclusive|faster|slower)"'
pike propose --candidates 1
status_is "candidates there" 0
sed -i 's,consts\.h>,const.h>,' 'all of it/my kernels/scale it.c'
git commit -qam 'no such header'
pike bench --compile-only "$weak" main
like "one that is not there is named" "$err" \
	'my kernels/scale it\.c:1:.*const\.h'
finish
