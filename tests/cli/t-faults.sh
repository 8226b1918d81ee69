#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A disk that is full, and what torn writes leave behind.
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL

# A small disk of its own, in a mount namespace that vanishes with the test.
if [ "${1:-}" != inside ]; then
	flags=--mount
	[ "$(id -u)" -eq 0 ] || flags='--user --map-root-user --mount'
	# shellcheck disable=SC2086 # words on purpose
	if unshare $flags true 2>/dev/null; then
		# shellcheck disable=SC2086
		exec unshare $flags bash "$0" inside
	fi
	echo '# no mount namespace here: the full disk is left out'
fi

screens() {
	git log --notes=pike/results --format=%N refs/pike/open/scale/cpu |
		grep -c '"stage":"screen"'
}

if [ "${1:-}" = inside ]; then
	mkdir "$dir/small"
	mount -t tmpfs -o size=8m none "$dir/small" || exit 1
	make_repo "$dir/small/repo"
	cd "$dir/small/repo" || exit 1
	pike evolve --candidates 1 "$weak"
	status_is "on a small disk" 0
	before=$(git rev-parse refs/pike/open/scale/cpu)
	for room in 0 4 24; do
		rm -f ../filler
		dd if=/dev/zero of=../filler bs=1k 2>/dev/null
		truncate -s "$(($(stat -c %s ../filler) - room * 1024))" \
			../filler
		pike evolve --candidates 2 "$weak"
		status_is "disk full but for $room KiB: an error" 128
		one_line "disk full but for $room KiB: in one line"
		like "disk full but for $room KiB: says so" "$err" \
			'disk|space|write'
		rm -f ../filler
		ok "disk full but for $room KiB: fsck" \
			git fsck --strict --no-dangling
		is "disk full but for $room KiB: nothing is lost" \
			"$(git merge-base --is-ancestor "$before" \
				refs/pike/open/scale/cpu && screens)" 1
	done
	pike evolve --candidates 3 "$weak"
	status_is "with room again it goes on" 0
	is "to its budget, nothing measured twice" "$(screens)" 3
	ok "fsck" git fsck --strict --no-dangling
	cd / || exit 1
	umount "$dir/small"
fi

# What a crash of the machine may leave.
make_repo "$dir/torn"
cd "$dir/torn" || exit 1
pike evolve --candidates 2 "$weak"
status_is "before the crash" 0
printf 'PACK\0\0\0\2' >.git/objects/pack/pack_git2_abc123
: >.git/refs/pike/open/scale/cpu.lock
: >.git/objects/pack/tmp_pack_zzz
git notes --ref=pike/results append -m '{"v":1,"commit":"12' \
	refs/heads/pike/evo/scale/cpu 2>/dev/null
pike evolve --candidates 3 "$weak"
status_is "goes on over torn files" 0
is "and measures once" "$(screens)" 3
is "what was left in its own places is gone" \
	"$(ls .git/refs/pike/open/scale/*.lock 2>/dev/null)" ""
ok "fsck" git fsck --strict --no-dangling
pike log
status_is "log reads on behind a torn line" 0

printf '' >.git/refs/heads/pike/evo/scale/cpu
pike evolve --candidates 4 "$weak"
status_is "a torn branch is an error" 128
one_line "in one line"
like "that names it" "$err" 'pike/evo/scale/cpu'
git update-ref -d refs/heads/pike/evo/scale/cpu 2>/dev/null ||
	rm -f .git/refs/heads/pike/evo/scale/cpu
finish
