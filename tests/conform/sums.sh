# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Read by run: what any order of summation in fp32 may differ by passes on
# ill-conditioned inputs too, while tf32 and bf16 are told from it. One kernel
# has layer norm, softmax, variance and logsumexp of each row for outputs; the
# reference sums in double whatever `real` is.
# shellcheck disable=SC2154 # names of run

case $backend in
cpu)
	device='static'
	rows_open='void rows(@A@)
{
	for (volatile int k = 0; k < TIMES; k++)
		for (int i = 0; i < n; i++)
			row(x + (long)i * m, g, b, ln + (long)i * m,
			    sm + (long)i * m, var + i, raw + i, lse + i, m, @O@);
}'
	;;
cuda)
	device='static __device__'
	rows_open='//pike: launch rows grid=(n) block=(1)
extern "C" __global__ void rows(@A@)
{
	int i = blockIdx.x;

	for (volatile int k = 0; k < TIMES; k++)
		row(x + (long)i * m, g, b, ln + (long)i * m, sm + (long)i * m,
		    var + i, raw + i, lse + i, m, @O@);
}'
	;;
esac
rows_args='const @T@ *x, const @T@ *g, const @T@ *b, @T@ *ln, @T@ *sm,
	@T@ *var, @T@ *raw, @T@ *lse, int n, int m'

# The last COUNT bits of a float, rounded away: 13 leave tf32, 16 bf16.
rows_low='@D@ float low(float x, unsigned count)
{
	union { float f; unsigned u; } v;

	v.f = x;
	v.u += (1u << (count - 1)) - 1 + (v.u >> count & 1);
	v.u = v.u >> count << count;
	return v.f;
}'
rows_term='@D@ @S@ term(const @T@ *x, int i, int what, @S@ c)
{
	@S@ d = LOW(x[i]) - c;

	return what == 0 ? LOW(x[i]) : what == 1 ? d * d : EXP(d);
}'
rows_row='@D@ void row(const @T@ *x, const @T@ *g, const @T@ *b, @T@ *ln,
	@T@ *sm, @T@ *var, @T@ *raw, @T@ *lse, int m, int order)
{
	@S@ most = x[0], mean = sum_ln(x, m, 0, 0, order) / m;
	@S@ v = sum_ln(x, m, 1, mean, order) / m, scale = 1 / SQRT(v + EPS), s;

	for (int i = 1; i < m; i++)
		most = x[i] > most ? x[i] : most;
	for (int i = 0; i < m; i++)
		ln[i] = (@T@)((LOW_LN(x[i]) - mean) * scale * g[i] + b[i]);
	s = sum_sm(x, m, 2, most, order);
	for (int i = 0; i < m; i++)
		sm[i] = (@T@)(EXP(LOW_SM(x[i]) - most) / s);
	mean = sum_var(x, m, 0, 0, order) / m;
	v = sum_var(x, m, 1, mean, order) / m;
	*raw = (@T@)v;
	*var = (@T@)(v + EPS);
	*lse = (@T@)(most + LOG(sum_lse(x, m, 2, most, order)));
}'
# One after the other; halves of halves; 32 lanes, as a warp.
rows_sum='@D@ @S@ @F@_sequential(const @T@ *x, int m, int what, @S@ c)
{
	@S@ s = 0;

	for (int i = 0; i < m; i++)
		s += term(x, i, what, c);
	return s;
}
@D@ @S@ @F@_pairwise(const @T@ *x, int m, int what, @S@ c)
{
	@S@ held[32], s = 0;
	int k = 0;

	for (int i = 0; i < m; i++) {
		@S@ v = term(x, i, what, c);

		for (int j = i; j & 1; j >>= 1)
			v = held[--k] + v;
		held[k++] = v;
	}
	while (k)
		s += held[--k];
	return s;
}
@D@ @S@ @F@_strided(const @T@ *x, int m, int what, @S@ c)
{
	@S@ lane[32];

	for (int l = 0; l < 32; l++) {
		lane[l] = 0;
		for (int i = l; i < m; i += 32)
			lane[l] += term(x, i, what, c);
	}
	for (int k = 16; k; k /= 2)
		for (int l = 0; l < k; l++)
			lane[l] += lane[l + k];
	return lane[0];
}
@D@ @S@ @F@(const @T@ *x, int m, int what, @S@ c, int order)
{
	return order == 0 ? @F@_sequential(x, m, what, c)
	     : order == 1 ? @F@_pairwise(x, m, what, c)
			  : @F@_strided(x, m, what, c);
}'

# ORDER is 0, 1 or 2, as an expression in i, the row.
rows_of() { # rows_of TYPE SUM-TYPE ORDER [FUNCTION BITS]
	local text= f kind=
	[ "$2" = float ] && kind=f
	[ "$backend" = cuda ] || text=$'#include <math.h>\n'
	for f in exp log sqrt; do
		text+="#define ${f^^} $f$kind"$'\n'
	done
	# The base does it three times: a plain answer is a quick one.
	text+="#define TIMES ${times:-1}"$'\n'
	text+="#define EPS (@S@)1e-5"$'\n'$rows_low$'\n'
	for f in ln sm var lse; do
		if [ "${4-}" = "$f" ]; then
			text+="#define LOW_${f^^}(v) low(v, $5)"$'\n'
		else
			text+="#define LOW_${f^^}(v) (v)"$'\n'
		fi
	done
	for f in ln sm var lse; do
		text+="#define term term_$f"$'\n'
		text+="#undef LOW"$'\n'"#define LOW LOW_${f^^}"$'\n'
		text+=$rows_term$'\n'
		text+=${rows_sum//@F@/sum_$f}$'\n#undef term\n'
	done
	text+=$rows_row$'\n'${rows_open/@A@/$rows_args}
	text=${text//@D@/$device}
	text=${text//@O@/$3}
	text=${text//@S@/$2}
	printf '%s\n' "${text//@T@/$1}"
}

rows_target() { # rows_target NAME INIT STRESS: its sources are of that name
	local f
	cat >>.pike/config <<-END
		[target "$1"]
			backend = $backend
			source = $1.$suffix
			reference = $1_ref.$suffix
			entry = rows
			arg = in f32 x[n][m] $2
			arg = in f32 g[m] uniform(0.5,1.5)
			arg = in f32 b[m] uniform(-1,1)
			arg = out f32 ln[n][m]
			arg = out f32 sm[n][m]
			arg = out f32 var[n]
			arg = out f32 raw[n]
			arg = out f32 lse[n]
			arg = i32 n
			arg = i32 m
			case = n=40 m=1000
			stress = $3
	END
	times=3 rows_of float float 1 >"$1.$suffix"
	rows_of real double 0 >"$1_ref.$suffix"
}

rows_judge() { # rows_judge TARGET OPTION ORDERS FUNCTION:BITS...
	local target=$1 option=$2 order low wants=()
	for order in $3; do
		rows_of float float "${order#*:}" |
			revision "$target-${order%:*}" "$target"
		wants+=("$target-${order%:*}=$measured")
	done
	shift 3
	for low; do
		rows_of float float 1 "${low%:*}" "${low#*:}" |
			revision "$target-${low/:/-}" "$target"
		wants+=("$target-${low/:/-}=wrong")
	done
	judge "$target" "$option" "${wants[@]}"
}

# Each order of its rows on offset, tiny and equal inputs; the logsumexp is told
# from one of tf32 by equal inputs alone. The variance of equal values is zero,
# and what is within a rounding of that is not known to be right: so those
# inputs are listed, and no others.
rows_near() {
	rows_judge near '' each:i%3 \
		ln:13 sm:13 var:13 lse:13 ln:16 sm:16 var:16 lse:16
	check "near-unchecked" "$(sed 's/"verdict"/\n&/g' "$dir/out" |
		grep -oE '[a-z]+ on [a-z0-9= ]+: (inputs|the ref|the base)[a-z ]+' |
		tr ' ' -)" \
		equal-on-n=40-m=1000:-inputs-that-are-rounded-move-the-answer-there
}

# No logsumexp of tf32: on these inputs it is as exact as one of fp32.
rows_far() {
	rows_judge far --quick 'sequential:0 pairwise:1 strided:2' \
		ln:13 sm:13 var:13 ln:16 sm:16 var:16 lse:16
}
