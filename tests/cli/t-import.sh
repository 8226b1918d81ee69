#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Targets from a suite that is laid out like KernelBench: from a folder, from
# archives, and from such as nobody should have made.
. "$(dirname "$0")/lib.sh"

suite=$dir/suite/KernelBench
mkdir -p "$suite/level1" "$suite/level3" "$dir/repo"
model() { # model FILE EXPRESSION [INPUT]
	cat >"$suite/$1" <<-END
		import torch
		import torch.nn as nn


		class Model(nn.Module):
		    def forward(self, x):
		        return $2


		def get_inputs():
		    return [${3:-torch.randn(64, 64)}]


		def get_init_inputs():
		    return []
	END
}
model level1/1_Square_.py 'x * x'
model level1/1_square.py 'x * x * x'
model level1/7_Needs.py 'needs(x)'
sed -i '1i from transformers import needs' "$suite/level1/7_Needs.py"
model level1/8_Nothing.py 'x * 0'
model level3/15_DenseNet121.py 'torch.softmax(x, 1)'
echo 'x = 1' >"$suite/level3/16_Tools.py"
echo 'not here' >"$suite/README.md"
ln -s /etc/passwd "$suite/level3/2_Link.py"
model 'level3/3_Quo"ted.py' x

cd "$dir/repo" || exit 1
git init -q . && git commit -q --allow-empty -m start
pike import "$dir/suite" --no-lint
status_is "import" 0
like "how many" "$out" '^5 of 7 tasks are targets now'
like "without a model" "$out" 'l3-16-tools +it defines no class Model'
like "odd name" "$out" 'l3-3-quo-ted +its name cannot be a path'
unlike "a link" "$out" 'l3-2'
is "the model" "$(cat kernelbench/level3/15_DenseNet121.py)" \
	"$(cat "$suite/level3/15_DenseNet121.py")"
is "two of one name" "$(git config -f .pike/config --get-regexp \
	'^target\.l1-1.*title' | sort)" \
	"target.l1-1-square-2.title level1/1_square.py
target.l1-1-square.title level1/1_Square_.py"
git add -A && git commit -qm imported
pike config target.l3-15-densenet121.title
status_is "the section is understood" 0
pike import "$dir/suite" --no-lint --level 3
like "once" "$out" '^0 of 3 tasks.*'
like "why" "$out" 'l3-15-densenet121 +a target of that name is there'
is "nothing changed" "$(git status --porcelain)" ""

# Two of one path, a candidate of the name of another, a link.
mkdir -p "$dir/twice/A/level1" "$dir/twice/B/level1" "$dir/linked/level2"
cp "$suite/level1/1_square.py" "$dir/twice/A/level1/1_x.py"
cp "$suite/level1/1_Square_.py" "$dir/twice/B/level1/1_x.py"
cp "$suite/level1/1_square.py" "$dir/twice/A/level1/2_y.py"
cp "$suite/level1/1_square.py" "$dir/twice/A/level1/2_y_new.py"
cp "$suite/level1/1_square.py" "$dir/linked/level2/1_z.py"
pike import "$dir/twice" --no-lint --into twice
like "one of each" "$out" '^2 of 4 tasks are targets now'
is "that of the first folder" "$(cat twice/level1/1_x.py)" \
	"$(cat "$dir/twice/A/level1/1_x.py")"
ln -s "$dir/home" linked
pike import "$dir/linked" --no-lint --into linked/models
like "not through a link" "$out" 'leads through a symbolic link'
pike import "$dir/linked" --no-lint --into 'a"b'
status_is "a quote" 129
rm -rf twice linked && git checkout -q .

# Archives, by what libarchive knows; one that leads outside.
git rm -qr . && git commit -qm empty
tar -C "$dir/suite" -czf "$dir/suite.tar.gz" KernelBench
python3 - "$dir" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/bad.zip", "w") as z:
    text = open(sys.argv[1] + "/suite/KernelBench/level1/1_square.py").read()
    z.writestr("level1/../../../1_out.py", text)
    z.writestr("level1/2_in.py", text)
END
pike import "$dir/suite.tar.gz" --no-lint --match dense --into models/kb
like "an archive" "$out" '^1 of 1 tasks'
is "into" "$(find models -type f)" "models/kb/level3/15_DenseNet121.py"
pike import "$dir/bad.zip" --no-lint
like "out of the folder" "$out" 'l1-1-out +its name cannot be a path'
is "nothing outside" "$(find "$dir" -name '1_out*')" ""
head -c 300 "$dir/suite.tar.gz" >"$dir/cut.tar.gz"
pike import "$dir/cut.tar.gz" --no-lint
status_is "a torn archive" 128
pike import "$dir/home" --no-lint
status_is "no suite" 128
like "what one is" "$err" 'folders named level1, level2'
pike import "$dir/suite" --no-lint --into ../x
status_is "outside" 129

# What cannot be judged is told, and left out.
python=$(python_with_torch)
if [ -z "$python" ] || ! unshare -Ur true 2>/dev/null; then
	skip "what cannot be judged" "needs PyTorch, and isolation level I2"
	finish
	exit
fi
rm -rf .pike models kernelbench
git config pike.python "$python"
pike import "$dir/suite" --level 1 ${LEVEL:+--allow-weak="$LEVEL"}
status_is "lint" 0
like "those that can" "$out" '^2 of 4 tasks are targets now$'
like "a module that is not here" "$out" \
	"l1-7-needs +.*No module named 'transformers'"
like "an input that does not matter" "$out" 'l1-8-nothing +.*'
finish
