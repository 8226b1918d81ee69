#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PyTorch models: what is measured, what an honest mistake is called, and what
# a reference or a config may get wrong.
. "$(dirname "$0")/lib.sh"
python=$(python_with_torch) ||
	skip_all "no PyTorch here: apt-get install python3-torch libopenblas0-pthread"
unshare -Ur true 2>/dev/null ||
	skip_all "PyTorch needs isolation level I2: run outside of the container"

mkdir -p "$dir/repo/.pike" "$dir/repo/models"
cd "$dir/repo" || exit 1
cat >models/block.py <<'END'
import torch
import torch.nn as nn

batch, width = 8, 192


class Model(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x, mask):
        h = self.first(x)
        for _ in range(12):
            h = h + self.first(x) * 0.5 - 0.5 * self.first(x)
        h = self.norm(h) * self.scale
        return h, {"kept": h.masked_fill(mask, 0.0)}


def get_inputs():
    return [torch.randn(batch, width), torch.rand(batch, width) > 0.5]


def get_init_inputs():
    return [width]
END
cat >.pike/config <<'END'
[target "block"]
	backend = torch
	source = models/block_new.py
	reference = models/block.py
	case = batch=8
	hidden = batch=3
	precision = fp32
END
git init -q . && git add -A && git commit -qm 'a model'
git config pike.python "$python"

layers='self.first = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.scale = nn.Parameter(torch.ones(width))'
right='h = self.norm(self.first(x)) * self.scale
        return h, {"kept": h.masked_fill(mask, 0.0)}'
candidate() { # candidate BRANCH LAYERS FORWARD [CLASS]: one commit
	git checkout -q -b "$1" main
	cat >models/block_new.py <<-END
		import torch
		import torch.nn as nn


		class ${4:-ModelNew}(nn.Module):
		    def __init__(self, width):
		        super().__init__()
		        $2

		    def forward(self, x, mask):
		        $3
	END
	git add -A && git commit -qm "$1"
	git checkout -q main
}
# NAME VERDICT WHAT-THE-RESULT-SAYS [FIELD], and the candidate of that name.
faults="unscaled wrong out[01]
half wrong out[01]
view contract 'out0' lies in the memory of an input
writes contract 'x' was written, or replaced; inputs are read-only
fewer wrong more or fewer outputs
type wrong 'out0' is of another type
shape wrong 'out0' has another shape
raises crash forward failed
program build starts a program
nothing build no class ModelNew, nor Model
syntax build does not compile"
bad_candidate() { # bad_candidate NAME
	case $1 in
	unscaled) candidate "$1" "$layers" "${right/ \* self.scale/}" ;;
	half) candidate "$1" "$layers" "x = x.half().float()
        $right" ;;
	view) candidate "$1" "$layers" "return x, {\"kept\": x + 1}" ;;
	writes) candidate "$1" "$layers" "x.mul_(1.0001)
        $right" ;;
	fewer) candidate "$1" "$layers" "${right/, \{*/}" ;;
	type) candidate "$1" "$layers" "${right/return h,/return h.double(),}" ;;
	shape) candidate "$1" "$layers" "${right/return h,/return h[:, :1],}" ;;
	raises) candidate "$1" "$layers" "raise ValueError('no such thing')" ;;
	program) candidate "$1" "$layers" "import subprocess
        subprocess.run(['true'])
        $right" ;;
	nothing) candidate "$1" "$layers" "$right" Other ;;
	syntax) candidate "$1" "$layers" "return (" ;;
	esac
}
faults=$(drawn 3 <<<"$faults")
names="right renamed"
candidate right "$layers" "$right"
candidate renamed "${layers//self.norm/self.other}" \
	"${right//self.norm/self.other}"
while read -r name _; do
	bad_candidate "$name"
	names="$names $name"
done <<<"$faults"
# shellcheck disable=SC2086 # words on purpose
pike bench --quick --json $names
status_is "models are judged" 0
json "bench --json" "$out"
said() { # said NAME FIELD: of the result of a candidate
	python3 -c '
import json, sys
names = sys.argv[3].split()
r = json.load(sys.stdin)["results"][names.index(sys.argv[1])]
print(r.get(sys.argv[2], ""))' "$1" "$2" "$names" <<<"$out"
}
for name in right renamed; do
	like "$name: correct" "$(said $name verdict)" \
		'^(faster|same|slower|inconclusive)$'
done
# One that is confirmed is no fork.
is "forks are screened" "$(said right start)" warm
while read -r name verdict why; do
	is "$name: verdict" "$(said "$name" verdict)" "$verdict"
	like "$name: reason" "$(said "$name" reason)" "$why"
	case $name in
	type) like "$name: log" "$(said type log)" 'float64.*float32' ;;
	raises) like "$name: log" "$(said raises log)" 'ValueError: no such' ;;
	syntax) like "$name: log" "$(said syntax log)" 'SyntaxError' ;;
	esac
done <<<"$faults"

# The whole protocol: fresh parameters and inputs, hidden cases. Honest models
# of tests/hostile/torch pass it too.
[ "${DRAW:-all}" != all ] || {
	decided faster bench --target block \
		--baseline eager,eager+graphs,models/block.py,models/none.py \
		right
	status_is "a confirmation" 0
	like "beside eager" "$out" '^over .*baseline: eager [0-9.]+x'
	like "beside a module" "$out" \
		'^over .*baseline: models/block.py [0-9.]+x'
	like "what cannot be had" "$out" \
		'^over baseline: eager\+graphs unmeasured: a CPU has no CUDA graphs'
	like "what is not there" "$out" \
		"^over baseline: models/none.py unmeasured: there is no file"
	like "of a model" "$out" '^confirm: faster'
	like "and how precise it is" "$out" \
		'^precision: fp32, tf32, fp16, bf16; other rules: kernelbench-1e-4 yes, pike-1e-2 yes'
	pike show --json right
	like "of fresh processes" "$out" '"start": ?"cold"'
}

pike bench --baseline fast right
status_is "no baseline" 129
pike bench --quick --baseline eager right
status_is "a quick look has none" 129

# The README's own first model: its config, its two commands.
block() { # block N: of the section on models
	awk -v n="$1" '/^## / { on = /PyTorch model/ }
		on && /^```/ { inside = !inside; k += inside; next }
		on && inside && k == n' "$here/../../README.md"
}
git checkout -q -b readme main
block 1 >.pike/config
git commit -qam 'as in the README'
git branch -q my-branch right
block 2 | while read -r _ command rest; do
	rest=${rest%%#*}
	[ "$command" != bench ] || rest="--quick $rest"
	# shellcheck disable=SC2086 # words on purpose
	pike $command $rest
	[ "$command" != doctor ] || [ "$status" -ne 1 ] || status=0
	status_is "pike-git $command" 0
	[ "$command" != doctor ] ||
		like "which PyTorch" "$out" 'ok +pytorch +[0-9]'
	[ "$command" != bench ] ||
		like "judged" "$out" '^screen: [a-z]+  [0-9.]+x'
done
git checkout -q main

# What stands in the way is told before anything is judged.
refused() { # refused NAME SED FILE TEXT
	sed -i "$2" "$3"
	git commit -qam "$1"
	pike bench --quick right
	status_is "$1" 128
	like "$1: said" "$err" "$4"
	git reset -q --hard HEAD~1
}
refusal() { # refusal NAME
	case $1 in
	size) refused "$1" 's/batch=8/rows=8/' .pike/config \
		"no module-level integer 'rows'" ;;
	inputs) refused "$1" 's/def get_inputs/def other/' models/block.py \
		'defines no get_inputs' ;;
	output) refused "$1" 's/return h, .*/return h, "text"/' \
		models/block.py 'neither a tensor nor a number' ;;
	shapes) refused "$1" \
		's/randn(batch,/randn(batch + int(torch.randint(999, ())),/' \
		models/block.py 'other shapes or constants at each call' ;;
	effect) refused "$1" 's/masked_fill(mask, 0.0)/clone()/' \
		models/block.py "input 'mask' of 'block' does not matter" ;;
	esac
}
for name in $(printf '%s\n' size inputs output shapes effect | drawn 1); do
	refusal "$name"
done

git config pike.python /bin/true
pike doctor
status_is "doctor without a Python for a model" 1
like "... which is missing" "$out" 'missing +python'
git config pike.python "$python"
pike doctor
like "doctor with one" "$out" 'ok +pytorch +[0-9]'

# A search with recorded replies, mistakes included, from nothing to a model
# that is faster than eager.
[ "${DRAW:-all}" != all ] || {
	cp -R "$here/../../examples/recorded-torch" "$dir/recorded"
	cd "$dir/recorded" || exit 1
	git init -q . && git add -A && git commit -qm 'A model as one writes it'
	git config pike.python "$python"
	pike evolve scan --minutes 10
	status_is "the example of recorded replies" 0
	like "ends faster than eager" "$out" \
		'^scan on cpu: [0-9.]+x \[[1-9].*over the base, confirmed'
	like "mends what crashed" "$out" 'tried +8: .*crash 2'
	pike show "$(git log -1 --format='%(trailers:key=Pike-Champion,valueonly)' \
		pike/evo/scan/cpu)"
	like "says so of eager" "$out" '^over its best baseline: eager [1-9]'
}
finish
