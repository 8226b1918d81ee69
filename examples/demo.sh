#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make demo`: copies examples/cpu-kernels to build/demo as a new repository,
# evolves one target of it under a bounded budget, and says how to look at what
# came out. `--all` does every target; a target's name does that one.
# `--llm` does it in build/demo-llm with examples/recorded: a search that asks a
# model, whose replies are recorded; `--torch` in build/demo-torch with a PyTorch
# model, examples/recorded-torch.
# Reads B (build folder), DEMO_MINUTES and DEMO_CANDIDATES (per target).
set -eu
cd "$(dirname "$0")/.."
B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
pike=$B/pike-git
demo=$B/demo
minutes=${DEMO_MINUTES:-2}
candidates=${DEMO_CANDIDATES:-40}

targets=softmax
from=examples/cpu-kernels
says='Five kernels as one writes them first'
limits="--minutes $minutes --candidates $candidates"
case ${1:-} in
'') ;;
--all) targets=$(sed -n 's/^\[target "\(.*\)"\].*/\1/p' \
	examples/cpu-kernels/.pike/config) ;;
--llm)
	from=examples/recorded demo=$B/demo-llm targets=rmsnorm limits=
	says='A kernel as one writes it first'
	;;
--torch)
	from=examples/recorded-torch demo=$B/demo-torch targets=scan limits=
	says='A model as one writes it first'
	;;
-*)
	echo "usage: examples/demo.sh [--all | --llm | --torch | TARGET...]" >&2
	exit 129
	;;
*) targets=$* ;;
esac

if [ ! -x "$pike" ]; then
	echo "demo: $pike is missing; type make first" >&2
	exit 128
fi

# The demo's history is the same whoever runs it, whatever their git config.
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
rm -rf "$demo"
mkdir -p "$demo"
cp -R "$from/." "$demo"
cd "$demo"
git -c init.defaultBranch=main init -q
git config user.name 'pike demo'
git config user.email demo@example.org
git config gc.auto 0
# The first that has PyTorch; without one the program says what to do.
[ "$from" != examples/recorded-torch ] || for p in "${PIKE_PYTHON:-python3}" /usr/bin/python3; do
	! "$p" -I -c 'import torch' 2>/dev/null || {
		git config pike.python "$(command -v "$p")"
		break
	}
done
git add -A
GIT_AUTHOR_DATE='2025-01-01T00:00:00Z' GIT_COMMITTER_DATE='2025-01-01T00:00:00Z' \
	git commit -q -m "$says"

level=$("$pike" doctor --json 2>/dev/null |
	sed -n 's/.*isolation \(I[0-9]\).*/\1/p' | head -n 1)
weak=
case $level in
I2 | I3) ;;
*)
	echo "demo: this machine gives a sandbox only isolation ${level:-I1};" \
		"the kernels of the demo are ours, so it goes on." \
		"\`pike-git doctor\` says how to get I2." >&2
	weak=--allow-weak=I1
	;;
esac

began=$(date +%s)
for t in $targets; do
	# shellcheck disable=SC2086 # words on purpose
	"$pike" evolve ${weak:+"$weak"} $limits "$t"
	echo
done
echo "demo: $(($(date +%s) - began)) s for: $(echo "$targets" | tr '\n' ' ')"
echo "To look at it:"
echo "  cd $demo && PATH=$B:\$PATH"
echo "  git log --first-parent --branches='pike/evo/*'"
echo "  git pike log --tree"
echo "  git pike status"
[ "$from" = examples/cpu-kernels ] || {
	echo "  git log --notes=pike/chat --glob='refs/pike/open/*'"
	echo "demo: the replies of the model are recorded; $from/README.md" \
		"says where they come from"
}
