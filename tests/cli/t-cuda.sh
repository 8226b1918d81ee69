#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CUDA without a GPU: all examples, their steps and references, and all
# candidates of tests/hostile/cuda are compiled. What a candidate does is
# judged on a GPU, by tests/hostile/run --backend cuda.
# shellcheck disable=SC2154 # out, err and status are set by `pike`
. "$(dirname "$0")/lib.sh"
tests=$(cd "$here/.." && pwd)
weak=--allow-weak=$LEVEL

make_repo "$dir/cpu"
cd "$dir/cpu" || exit 1
pike bench --arch sm_90a "$weak"
status_is "--arch without --compile-only" 129

# A toolkit is an assumption about the machine, and its lack is told.
cp -R "$tests/../examples/cuda-kernels" "$dir/examples"
cd "$dir/examples" || exit 1
git init -q . && git add -A && git commit -qm 'kernels'
pike bench --compile-only --target gemm "$weak"
if [ "$status" -eq 128 ] && grep -q 'no CUDA toolkit' <<<"$err"; then
	one_line "without a toolkit: what to install"
	skip "all CUDA sources" "no CUDA toolkit here: no kernel was compiled"
	finish
	exit
fi
status_is "--compile-only without a GPU" 0
like "its registers" "$out" '^ *[0-9]+ +.* gemm$'
like "its launches" "$out" '^ *256x256 +16x16 .* gemm$'
is "in 80 columns" "$(awk 'length > 80' <<<"$out")" ""
# What was built is not built again, and what was spoilt is.
kept=$HOME/.cache/pike-git/builds
first=$out
is "builds are kept" "$(find "$kept" -type f | wc -l)" 3
pike bench --compile-only --target gemm "$weak"
is "and give the same again" "$out" "$first"
is "no more of them" "$(find "$kept" -type f | wc -l)" 3
for f in "$kept"/*; do
	echo spoilt >"$f"
done
pike bench --compile-only --target gemm "$weak"
is "a spoilt one is built again" "$out" "$first"
is "and mended" "$(grep -lx spoilt "$kept"/* | wc -l)" 0
pike bench --compile-only --target gemm --arch sm_86 --json "$weak"
json "--arch --json" "$out"
like "for that architecture" "$out" '"arch":"sm_86","cases":\[\{'
like "occupancy of a launch" "$out" '"limiter":"threads","occupancy":1,'
like "what a kernel needs" "$out" \
	'"kernel":"gemm","registers":[0-9]+,"shared":2176,"spill_loads":0,'
pike bench --compile-only --target gemm --arch pentium "$weak"
status_is "no such architecture" 129
like "says how it is written" "$err" 'write sm_90'

# Results of the last bench, one a line; no string holds a quote after a brace.
results() { printf '%s\n' "$out" | sed 's/},{"base":/}\n{"base":/g'; }
verdicts() {
	results | grep -oE '"verdict":"[a-z]+"\}' | cut -d'"' -f4
}
log_of() { # log_of N: the log of the N-th result, with escapes as in JSON
	results | sed -n "$1p" |
		sed -n 's/.*"log":"\(\([^"\\]\|\\.\)*\)".*/\1/p'
}
commit() { # commit BRANCH FILE PATH: FILE is PATH on a branch of its own
	git checkout -q -B "$1" main && cp "$2" "$3" &&
		git add -A && git commit -qm "$1" --allow-empty &&
		git checkout -q main
}
# Opening the judge compiles the base and both of its references; a launch
# plan that does not work out in any case is a build that fails.
steps_compile() { # steps_compile TARGET: the example and its steps
	local revs=(main) name f bad
	for f in steps/"$1"-[0-9]*.cu; do
		name=$(basename "$f" .cu)
		commit "$name" "$f" "kernels/$1.cu" && revs+=("$name")
	done
	pike bench --compile-only --json --target "$1" "$weak" "${revs[@]}"
	bad=$(verdicts | paste -d' ' - <(printf '%s\n' "${revs[@]}") |
		grep -v '^none ')
	if [ "$status" -eq 0 ] && [ -z "$bad" ]; then
		pass "$1: ${#revs[@]} kernels and the reference compile"
	else
		fail "$1 and its steps compile" "$bad $err $(log_of 1)"
	fi
}
for f in kernels/*_ref.cu; do
	steps_compile "$(basename "$f" _ref.cu)"
done
is "no step is left out" "$(for f in steps/*.cu; do
	[ -f "kernels/$(basename "${f%-[0-9]*}").cu" ] || echo "$f"
done)" ""

# ---- candidates that cheat, and honest ones ----

header() { sed -n "s|^// $1: ||p" "$2" | head -n 1; }
cp -R "$tests/hostile/cuda/repo" "$dir/hostile"
cd "$dir/hostile" || exit 1
git init -q . && git add -A && git commit -qm 'kernels'

# What a verdict of --compile-only must be, by what the judge's may be: one of
# them without a run. `contract` is for what can be seen in the machine code.
fits() { # fits EXPECTED VERDICT
	case $2:" $1 " in
	none:" build ") false ;;
	none:*) true ;;
	build:*" build "*) true ;;
	contract:*" contract "*) true ;;
	*) false ;;
	esac
}
name_of() { echo "$(basename "$(dirname "$1")")/$(basename "$1" .cu)"; }
commit_candidates() { # commit_candidates TARGET FILE...: sets revs
	local target=$1 f
	shift
	revs=()
	for f; do
		sed -e "s|@REPO@|$dir/hostile|g" -e "s|@SCRATCH@|$dir|g" \
			"$f" >"$dir/case.cu"
		commit "$(name_of "$f")" "$dir/case.cu" "$target.cu" &&
			revs+=("$(name_of "$f")")
	done
}
check_candidates() { # check_candidates FILE...: their results are in `out`
	local got=() i=0 f expect name
	printf '%s\n' "$out" >>"$dir/all"
	seen=$((seen + $#))
	mapfile -t got < <(verdicts)
	for f; do
		expect=$(header expect "$f")
		name=$(name_of "$f")
		if fits "$expect" "${got[i]-}"; then
			pass "$name: ${got[i]}"
		else
			fail "$name" "${got[i]-nothing}, of: $expect
$(log_of $((i + 1)) | sed 's/\\n/\n/g')"
		fi
		i=$((i + 1))
	done
}
seen=0
# These use up the compiler's memory or its minute; the others, beside them,
# are done sooner.
slow=("$tests"/hostile/cuda/cheat/compile-*.cu)
commit_candidates softmax "${slow[@]}"
"$PIKE" bench --compile-only --json "$weak" --target softmax "${revs[@]}" \
	>"$dir/slow" 2>&1 &
for target in $(git config --file .pike/config --get-regexp \
	'^target\..*\.backend$' | cut -d. -f2); do
	files=()
	for f in "$tests"/hostile/cuda/{honest,cheat}/*.cu; do
		[ "$(header target "$f")" != "$target" ] ||
			[[ $f == */compile-* ]] || files+=("$f")
	done
	commit_candidates "$target" "${files[@]}"
	pike bench --compile-only --json --target "$target" "$weak" "${revs[@]}"
	status_is "$target: ${#files[@]} candidates" 0
	check_candidates "${files[@]}"
done
wait
out=$(<"$dir/slow")
check_candidates "${slow[@]}"
is "every candidate was compiled" "$seen" \
	"$(find "$tests/hostile/cuda/cheat" "$tests/hostile/cuda/honest" \
		-name '*.cu' | wc -l)"
# A log quotes the lines that do not compile: those of an included file too.
unlike "no log quotes the machine's users" "$(<"$dir/all")" 'root:[^:]*:0:0'
unlike "or the compiler's environment" "$(<"$dir/all")" \
	'(HOME|PATH|PWD)=/'
unlike "or the reference" "$(<"$dir/all")" 'softmax\(const real'
unlike "no escape code reaches anybody" "$(<"$dir/all")" $'\033'
finish
