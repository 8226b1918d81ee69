# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For test scripts that also run from an unpacked bundle (`make bundle-tests`):
# sets `root`, `pike` (PIKE, else the bundle's or the build's) and `extra`, the
# folder of test programs; takes the bundle's git where there is none.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -x "$root/pike-git" ]; then
	pike=${PIKE:-$root/pike-git}
else
	pike=${PIKE:-${B:-$root/build}/pike-git}
fi
case $pike in /*) ;; *) pike=$PWD/$pike ;; esac
# shellcheck disable=SC2034 # for the scripts that read this one
extra=$(dirname "$pike")/bench
if [ ! -x "$pike" ]; then
	echo "$0: no program $pike: run make, or set PIKE to one" >&2
	exit 128
fi
if ! command -v git >/dev/null && [ -x "$root/tools/git" ]; then
	PATH=$PATH:$root/tools
fi
if ! command -v git >/dev/null; then
	echo "$0: needs the git program; install it, or run this from the" \
		"bundle of \`make bundle-tests\`, which brings one" >&2
	exit 128
fi
