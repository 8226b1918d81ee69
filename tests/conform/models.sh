# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Read by run: PyTorch models. Tensors of each type, what goes in and comes out
# in each form that KernelBench's convention allows, and each way to be bad. A
# right candidate does in one pass what the reference does in several.
# shellcheck disable=SC2154 # names of run

# model NAME INPUTS FORWARD [INIT [BODY]]: a reference, and the base of a target
model() {
	{
		cat <<-END
			import collections
			import torch
			import torch.nn as nn

			rows, cols = 64, 256
			Pair = collections.namedtuple("Pair", "one two")


			class Model(nn.Module):
			    def __init__(self${5+, ${5%%|*}}):
			        super().__init__()
			        ${5+${5#*|}}

			    def forward(self, $6):
			        $3


			def get_inputs():
			    return $2


			def get_init_inputs():
			    return ${4:-[]}
		END
	} >"$1.py"
	cat >>.pike/config <<-END
		[target "$1"]
			backend = torch
			reference = $1.py
			source = $1_new.py
			case = rows=64 cols=256
			hidden = rows=5 cols=33
			baseline = off
	END
	names+=("$1")
}

# candidate NAME TARGET SED...: the reference, edited, as a revision
candidate() {
	local name=$1 of=$2 args=()
	shift 2
	for s; do args+=(-e "$s"); done
	git checkout -q -B "$name" main
	sed 's/class Model(/class ModelNew(/' "$of.py" |
		sed "${args[@]}" >"${of}_new.py"
	git add -A && git commit -qm "$name" && git checkout -q main
}

python=$(python_with_torch) || {
	echo "1..0 # SKIP no PyTorch here: apt-get install python3-torch"
	exit 0
}
unshare -Ur true 2>/dev/null || {
	echo "1..0 # SKIP PyTorch needs isolation level I2"
	exit 0
}
names=()
for type in float64 float32 bfloat16; do
	model "$type" "[torch.randn(rows, cols).to(torch.$type)]" \
		'return x * x * 0.5 + x' '' '|pass' x
done
for type in int8 uint8 int32 int64; do
	model "$type" \
		"[torch.randint(0, 100, (rows, cols), dtype=torch.$type)]" \
		'return torch.div(x, 3, rounding_mode="floor") + 1' '' '|pass' x
done
model bool '[torch.rand(rows, cols) > 0.5]' 'return ~x' '' '|pass' x
model nested '[{"a": torch.randn(rows, cols), "b": [torch.randn(cols), 3]},
            (torch.randn(rows, 1), None)]' \
	'return (x["a"] * x["b"][0] * x["b"][1] + y[0],)' '' '|pass' 'x, y'
model outputs '[torch.randn(rows, cols)]' \
	'return {"sum": x.sum(), "kept": Pair(x * 2, [x > 0, None])}' '' \
	'|pass' x
model numbers '[torch.randn(rows, cols), 0.5]' \
	'return x * y, x.shape[0], float(y) * 2, True' '' '|pass' 'x, y'
model strided '[torch.randn(rows, cols).t()]' \
	'return (x * 2).t()' '' '|pass' x
model keywords '[torch.randn(rows, cols)]' 'return self.layer(x)' \
	'{"width": cols, "bias": False}' \
	'width, bias=True|self.layer = nn.Linear(width, 16, bias=bias)' x
model buffers '[torch.randn(rows, cols)]' 'return x * self.scale + self.plain' \
	'[cols]' 'n|self.register_buffer("scale", torch.randn(n)); self.plain = torch.randn(n)' \
	x
git init -q && git config pike.python "$python" && git add -A &&
	git commit -qm models || exit 128

wrong_of() { # wrong_of TARGET: an edit after which a part is wrong
	case $1 in
	bool) echo 's/return ~x/y = ~x; y[-1, -1] = x[-1, -1]; return y/' ;;
	nested) echo 's/\* x\["b"\]\[1\]/* 2.999/' ;;
	outputs) echo 's/x > 0/x > 0.01/' ;;
	numbers) echo 's/x.shape\[0\]/x.shape[1]/' ;;
	strided) echo 's/return (x \* 2)/y = x * 2; y[0, -1] = 0; return y/' ;;
	keywords) echo 's/return self.layer(x)/return self.layer(x.half().float())/' ;;
	buffers) echo 's/+ self.plain/+ self.plain.round()/' ;;
	*) echo 's/return \(.*\)/y = \1; y[-1, -1] = 0; return y/' ;;
	esac
}
mapfile -t names < <(printf '%s\n' "${names[@]}" | drawn 2)
for t in "${names[@]}"; do
	candidate "$t-right" "$t" 's/return/return/'
	candidate "$t-wrong" "$t" "$(wrong_of "$t")"
	judge "$t" --quick "$t-right=$measured" "$t-wrong=wrong"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
exit
