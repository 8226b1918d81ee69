#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# report: a page, figures and data, each number recomputed from what `git log`
# says; text of strangers in all of them.
. "$(dirname "$0")/lib.sh"
check=$here/report.py
evolved=$here/../../examples/cuda-kernels/evolved

# ---- recorded searches of an H200 ----
git init -q "$dir/recorded"
cd "$dir/recorded" || exit 1
for bundle in "$evolved"/*.bundle; do
	git fetch -q "$bundle" 'refs/heads/pike/*:refs/heads/pike/*' \
		'refs/pike/*:refs/pike/*' 2>/dev/null
	git fetch -q "$bundle" refs/notes/pike/results 2>/dev/null
	if git rev-parse -q --verify refs/notes/pike/results >/dev/null; then
		git notes --ref=pike/results merge -q -s cat_sort_uniq \
			FETCH_HEAD 2>/dev/null
	else
		git update-ref refs/notes/pike/results FETCH_HEAD
	fi
done
searches=$(git for-each-ref refs/heads/pike/evo/ | wc -l)
before=$(refs_sum .)
pike report --out "$dir/page/"
status_is "a report of recorded searches" 0
is "needs no config, and changes nothing" "$(refs_sum .)" "$before"
is "the page is sound, and loads nothing" \
	"$("$check" page "$dir/page/index.html")" ""
is "the figures are sound" "$("$check" svg "$dir"/page/*.svg)" ""
is "each has its data" \
	"$(cd "$dir/page" && printf '%s\n' *.svg | sed 's/svg$/csv/')" \
	"$(cd "$dir/page" && printf '%s\n' *.csv)"
is "a section for each target" \
	"$(grep -c 'class="target"' "$dir/page/index.html")" "$searches"
like "with evidence" "$(<"$dir/page/index.html")" 'of the measured copy bandwidth'
like "and what was not checked" "$(<"$dir/page/index.html")" '^not checked: '
like "and what the champion changes" "$(<"$dir/page/index.html")" \
	'<span class=(a|"a")>\+'
pike report --format json --out "$dir/report.json"
is "every number is what git log says" "$("$check" numbers "$dir/report.json")" \
	""
python3 - "$dir/report.json" "$dir/wrong.json" <<-'END'
	import json, sys
	d = json.load(open(sys.argv[1]))
	f = {f["id"]: f["series"][0]["points"] for f in d["figures"]}
	f["candidates"][3]["y"] *= 1.1
	f["time"][0]["y"] += 1
	next(p for p in f["floor"] if p["y"])["y"] /= 2
	d["runs"][0]["verdicts"]["faster"] += 1
	json.dump(d, open(sys.argv[2], "w"))
END
is "one that is not is found" \
	"$("$check" numbers "$dir/wrong.json" | grep -c 'not ')" 4
schema=$here/../../templates/report/report.schema.json
pike report --format json-schema
is "the schema is printed" "$out" "$(<"$schema")"
is "the document is by it" "$("$check" schema "$schema" "$dir/report.json")" ""
spoil() { # spoil FILTER: the document with something wrong in it
	python3 -c "import json, sys
d = json.load(open(sys.argv[1]))
$1
json.dump(d, open(sys.argv[2], 'w'))" "$dir/report.json" "$dir/spoilt.json"
	"$check" schema "$schema" "$dir/spoilt.json"
}
like "another version is refused" "$(spoil 'd["schema"] += "0"')" '^schema: '
like "and a speedup of two numbers" \
	"$(spoil 'd["targets"][0]["speedup"] = [1, 2]')" '^targets/0/speedup: '
like "a verdict that is none" \
	"$(spoil 'd["runs"][0]["verdicts"]["great"] = 1')" '^runs/0/verdicts: '
like "a bar at a number" "$(spoil 'next(f for f in d["figures"]
	if f["mark"] == "bar")["series"][0]["points"][0]["x"] = 3')" '/points/0/x: '
like "a member that it does not name" "$(spoil 'd["targets"][0]["more"] = 1')" \
	'^targets/0: '
like "one that is missing" "$(spoil 'del d["runs"][0]["usd"]')" '^runs/0: '
cat >"$dir/published.json" <<'END'
[{"label": "o1</title><script>", "source": "=a paper \u202e, table 2", "value": 250},
 {"label": "a blog", "source": "https://example.org/post", "value": 0.5}]
END
pike report --reference "$dir/published.json" --out "$dir/quoting/"
status_is "with numbers of others" 0
is "the page is sound" "$("$check" page "$dir/quoting/index.html")" ""
is "and so are the figures" "$("$check" svg "$dir"/quoting/*.svg)" ""
like "they have a column of their own" "$(<"$dir/quoting/candidates.csv")" \
	"^\"a blog\",,,,,,0.5,\"https://example.org/post\""
like "the figure says whose they are" "$(<"$dir/quoting/candidates.svg")" \
	'Published, not measured here: o1&lt;/title&gt;&lt;script&gt; 250x \(=a'
pike report --reference "$dir/published.json" --format json \
	--out "$dir/quoting.json"
is "the document is by the schema" \
	"$("$check" schema "$schema" "$dir/quoting.json")" ""
ok "and nothing else in it changes" python3 - "$dir"/{report,quoting}.json <<-'END'
	import json, sys
	a, b = (json.load(open(f)) for f in sys.argv[1:])
	lines = 0
	for f in b["figures"]:
	    lines += sum("reference" in s for s in f["series"])
	    f["series"] = [s for s in f["series"] if "reference" not in s]
	for f in a["figures"] + b["figures"]:
	    f["about"] = f["about"].split(" Published")[0]
	assert a == b and lines >= 4, lines
END
echo '[{"label": "x", "source": "y", "value": 1e9}]' >"$dir/published.json"
pike report --reference "$dir/published.json"
status_is "a number that no speedup can be" 129
one_line "is one error"
pike report --reference "$dir/none.json"
status_is "a file that is not there" 128
pike report --format junit --out "$dir/report.xml"
is "JUnit is what others read" "$("$check" junit "$dir/report.xml")" ""
is "with a test for each search" \
	"$(grep -c '<testcase ' "$dir/report.xml")" "$searches"
like "that passes with its speedup" "$(<"$dir/report.xml")" \
	'^<system-out>[0-9.]+x \[[0-9.]+, [0-9.]+\] over the base '
pike report --out "$dir/again/"
ok "made twice it is the same" diff -r "$dir/page" "$dir/again"
pike report
is "without a file it goes to stdout" "$out" "$(<"$dir/page/index.html")"
pike report --format csv
is "a line for each search" "$(wc -l <<<"$out")" "$((searches + 1))"
pike report --format markdown
# shellcheck disable=SC2016 # the ticks are Markdown's
like "Markdown has a table" "$out" '^\| `main` \| [0-9]+ of [0-9]+ \| [0-9.]+x \|'
like "and a chart" "$out" '^xychart-beta$'
pike report --format github-action-benchmark
is "and benchmarks have each" "$(grep -o '"unit":"x"' <<<"$out" | wc -l)" \
	"$searches"
pike report nothing
status_is "a run that is none" 129
pike report --format nothing
status_is "a format that is none" 129
like "names those there are" "$err" 'html, markdown, json, json-schema, csv, '

# ---- two lanes ----
git clone -q --mirror "$dir/recorded" "$dir/lanes"
cd "$dir/lanes" || exit 1
git update-ref refs/heads/pike/evo/gemm/other-gpu \
	refs/heads/pike/evo/gemm/nvidia-h200
git update-ref refs/pike/open/gemm/other-gpu refs/pike/open/gemm/nvidia-h200
pike report --format json --out "$dir/lanes.json"
is "the document of two lanes is by the schema" \
	"$("$check" schema "$schema" "$dir/lanes.json")" ""
like "each is a run of its own" "$(<"$dir/lanes.json")" \
	'"run":"main on nvidia-h200".*"run":"main on other-gpu"'
like "and they are not compared" "$(<"$dir/lanes.json")" '"compared":\[\]'
pike report --out "$dir/lanes.html"
is "their page is sound" "$("$check" page "$dir/lanes.html")" ""

# ---- an archive of it ----
cd "$dir/recorded" || exit 1
for kind in tar.zst tar.gz zip; do
	pike export --out "$dir/a.$kind"
	status_is "an export as $kind" 0
	pike export --out "$dir/b.$kind"
	ok "made twice it is the same" cmp "$dir/a.$kind" "$dir/b.$kind"
done
mkdir "$dir/unpacked"
tar -xzf "$dir/a.tar.gz" -C "$dir/unpacked"
ok "tar unpacks it, and the hashes of its manifest are right" python3 - \
	"$dir/unpacked" <<-'END'
		import hashlib, json, pathlib, sys
		at = pathlib.Path(sys.argv[1])
		files = json.loads((at / "manifest.json").read_text())["files"]
		here = {str(p.relative_to(at)) for p in at.rglob("*") if p.is_file()}
		assert here == {f["path"] for f in files} | {"manifest.json"}
		for f in files:
		    data = (at / f["path"]).read_bytes()
		    assert hashlib.sha256(data).hexdigest() == f["sha256"], f
		    assert len(data) == f["bytes"], f
	END
is "its report is by the schema that comes with it" "$(
	cd "$dir/unpacked/report" && "$check" schema report.schema.json report.json)" \
	""
ok "a zip holds the same" python3 - "$dir/a.zip" "$dir/unpacked" <<-'END'
	import pathlib, sys, zipfile
	with zipfile.ZipFile(sys.argv[1]) as z:
	    for name in z.namelist():
	        assert z.read(name) == (pathlib.Path(sys.argv[2]) / name).read_bytes()
END
champion=$(git log -1 pike/evo/gemm/nvidia-h200 \
	--format='%(trailers:key=Pike-Champion,valueonly)')
is "a champion's file is that of its commit" \
	"$(cat "$dir"/unpacked/champions/gemm/nvidia-h200/files/kernels/gemm.cu)" \
	"$(git show "$champion:kernels/gemm.cu")"
pike export --out "$dir/one.tar" "$champion"
like "one candidate alone" "$(tar -tf "$dir/one.tar")" '^candidate/results\.jsonl$'
pike export --out "$dir/one.rar"
status_is "an archive of no known kind" 129

# ---- text of strangers ----
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
pike report
status_is "a report of nothing" 0
like "says so" "$err" 'no search yet'
# shellcheck disable=SC2016 # none of this is for the shell
evil='<script>alert(1)</script> "onload=x @everyone `x` ![i](//h/x.png)'
sed -i 's/AGAIN 0 .*/AGAIN 60 \/\/pike: tune 60 80/' kernels/scale.c
git commit -qam 'work that can be left out'
git checkout -q -b mine
sed -i -e 's/AGAIN 60 .*/AGAIN 0/' \
	-e 's|for (int32_t i = 0; i < n; i++)|/* </pre><script>2</script> */ &|' \
	kernels/scale.c
git commit -qam "$evil"
git checkout -q main
pike propose --from mine scale
status_is "a person's candidate with a bad title" 0
decided faster evaluate --json "--allow-weak=$LEVEL"
pike advance
pike evolve scale --generations 1 --run other --candidates 2 \
	"--allow-weak=$LEVEL"
status_is "a run of another name, which finds nothing" 0
pike report --out "$dir/bad/"
is "the page holds" "$("$check" page "$dir/bad/index.html")" ""
is "and its figures" "$("$check" svg "$dir"/bad/*.svg)" ""
like "what the champion changes is there" "$(<"$dir/bad/index.html")" \
	'&lt;/pre&gt;&lt;script&gt;2'
unlike "nothing of it is markup" "$(<"$dir/bad/index.html")" '<script>[a2]'
pike report --format json --out "$dir/bad.json"
is "the document is by the schema" "$("$check" schema "$schema" "$dir/bad.json")" \
	""
pike report --format junit --out "$dir/bad.xml"
is "two runs are two suites" "$("$check" junit "$dir/bad.xml")$(
	grep -c '<testsuite ' "$dir/bad.xml")" 2
like "where nothing was gained it passes, and says so" "$(<"$dir/bad.xml")" \
	'no gain was confirmed in [0-9]+ candidates?: the base stays'
is "two runs side by side, and the numbers" \
	"$("$check" numbers "$dir/bad.json")" ""
like "what the runs searched by" "$(<"$dir/bad.json")" \
	'"strategies":\[.*"run":"other","strategy":"tune"'
like "the other run too" "$(<"$dir/bad/index.html")" '>other<'
pike report other --format csv
is "one alone" "$(grep -c '"other"' <<<"$out") $(wc -l <<<"$out")" "1 2"
finish
