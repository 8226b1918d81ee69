#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# show, of a result that came with the repository: a line of the shape that a
# judge on a GPU writes, with figures that are made up; no GPU is needed.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
id=$(git rev-parse HEAD)
line='{"base":"ID","by":"tests","cases":[{"base_ns":200000,"cand_ns":139000,
"case":"rows=4096 cols=1024","max_abs":0,"pairs":40,"ratio":[1.40,1.44,1.47],
"rel_l2":1e-7}],"commit":"ID","copy_bps":4200000000000,"delta":0.01,
"fma_flops":60000000000000,"gbps":3864.25,"gflops":120.5,"id":"made-up",
"isolation":"I2","lane":"nvidia-h200","noise":0.004,"resources":{"launches":[
{"block":[256,1,1],"blocks_per_sm":5,"constant":572,"dynamic_shared":33792,
"grid":[4096,1,1],"kernel":"row_max<256>","limiter":"shared","occupancy":0.625,
"registers":40,"shared":512,"spill_bytes":16,"waves":6.206}],
"profile":{"case":"rows=4096 cols=1024","launches":[{"kernel":"row_max",
"gpu__time_duration.sum":139000,"dram__bytes_read.sum":300000000,
"dram__bytes_write.sum":240000000,"lts__t_sector_hit_rate.pct":12.5}]},
"sanitizer":{"memcheck":"clean","initcheck":"clean","racecheck":"1 error",
"synccheck":"unavailable: none here","reports":[{"kernel":"row_max",
"kind":"Race reported between Write and Read access","place":"+0x140",
"tool":"racecheck"}]},"sm_mhz":1980,
"sm_mhz_base":1965},"speedup":{"base":[1.40,1.44,1.47]},"stage":"confirm",
"target":"softmax","ts":1,"v":1,"verdict":"faster"}'
line=$(tr -d '\n' <<<"${line//ID/$id}")
git notes --ref=pike/results add -m "$line" HEAD

pike show HEAD
status_is "show of a result with resources" 0
like "names the verdict" "$out" '^confirm: faster +1\.44x \[1\.40, 1\.47\]'
like "a row for a launch" "$out" \
	'^ +40 +16 B +33\.5 KiB +5 +62 % +shared +6\.2 +row_max<256>$'
like "the share of a ceiling" "$out" \
	'^roofline: 3864\.2 GB/s, 92 % of the measured copy bandwidth'
like "and which one binds" "$out" 'bound by memory$'
like "the clock" "$out" '^SM clock: 1980 MHz, 1965 MHz for the base$'
like "a table of metrics" "$out" '^240\.00 MB  written to DRAM$'
like "and how to read it" "$out" '^reading: DRAM at 92 % of the measured copy'
like "the sanitizers" "$out" '^sanitizers: memcheck clean; initcheck clean;'
like "a report of one" "$out" \
	'^  racecheck: Race reported between Write and Read access in row_max \+0x140$'
like "and what did not work" "$out" '^not checked: .*synccheck, '
is "show fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
pike show --json HEAD
json "show --json" "$out"
like "has all of it" "$out" '"registers":40'
like "and the ceilings" "$out" '"copy_bps":4200000000000'
finish
