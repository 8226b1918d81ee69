#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The report's page in a real browser, on a phone and on a desk, light and dark:
# the console is silent, nothing is loaded, axe finds nothing serious; and what
# strangers put into results and into numbers of theirs is text.
. "$(dirname "$0")/lib.sh"
NPM=${NPM:-${B:-$here/../../build}/npm}
case $NPM in /*) ;; *) NPM=$PWD/$NPM ;; esac
CHROMIUM=${CHROMIUM:-$(command -v chromium)}
export NPM CHROMIUM
for needed in "$CHROMIUM" "$NPM"/node_modules/{puppeteer-core,axe-core} \
	"$(command -v node)"; do
	[ -e "$needed" ] ||
		skip_all "no node with Chromium, puppeteer-core and axe-core here; \`ci/deps large\` installs them"
done
browser() {
	node "$here/browser.mjs" "$@" 2>&1
}

# ---- that it sees what is wrong ----
cat >"$dir/bad.html" <<-'END'
	<!doctype html><html><title>x</title><body style="width:3000px">
	<img src="none.png" onerror="window.pwned = 1"><button></button>
	<p style="color:#eee;background:#fff">pale</p>
	<script>console.error("said"); undefined_thing();</script></body></html>
END
wrong=$(browser look "$dir/bad.html")
for what in 'console: said' 'script: undefined_thing' 'request: .*none\.png' \
	'element IMG' 'IMG with onerror' 'a stranger has run' 'wider than' \
	'does not sort' 'color-contrast' 'image-alt' 'button-name'; do
	like "a bad page is seen: $what" "$wrong" "$what"
done

# ---- recorded searches, and what strangers have added to their notes ----
git init -q "$dir/repo"
cd "$dir/repo" || exit 1
for target in softmax_vocab rmsnorm; do
	bundle=$here/../../examples/cuda-kernels/evolved/$target.bundle
	git fetch -q "$bundle" 'refs/heads/pike/*:refs/heads/pike/*' \
		'refs/pike/*:refs/pike/*' 2>/dev/null
	git fetch -q "$bundle" "refs/notes/pike/results:refs/notes/$target"
done
git update-ref refs/notes/pike/results refs/notes/softmax_vocab
git notes --ref=pike/results merge -q -s cat_sort_uniq refs/notes/rmsnorm
pike report --out "$dir/page.html"
is "a page of recorded searches" "$(browser look "$dir/page.html")" ""
like "is seen at once" "$(browser paint "$dir/page.html")" '^[0-9]{1,4}$'

champion=$(git log -1 pike/evo/rmsnorm/nvidia-h200 \
	--format='%(trailers:key=Pike-Champion,valueonly)')
python3 - "$champion" "$dir" <<-'END'
	import json, pathlib, subprocess, sys
	commit, at = sys.argv[1], pathlib.Path(sys.argv[2])
	bad = """<script>window.pwned=1</script>
	<img src=//pwn/a onerror=window.pwned=1>
	"><svg onload=window.pwned=1>
	' onmouseover='window.pwned=1
	</title><script>window.pwned=1</script>
	</style><link rel=stylesheet href=//pwn/b>
	</pre></details><iframe src=//pwn/c></iframe>
	<a href="javascript:window.pwned=1">here</a>
	<meta http-equiv=refresh content=0;url=//pwn/d>
	<base href=//pwn/e/>
	<form action=//pwn/f><button>go</button></form>
	<object data=//pwn/g></object>
	]]><script>window.pwned=1</script>
	--><script>window.pwned=1</script>
	&lt;script&gt;window.pwned=1&lt;/script&gt;
	<style>@import '//pwn/h'</style>
	<math><a xlink:href=javascript:window.pwned=1>x
	{{window.pwned=1}} ${window.pwned=1}
	<animate attributeName=href values=javascript:1>
	![i](//pwn/i.png) [l](javascript:window.pwned=1)""".splitlines()
	bad = [b.strip() for b in bad]
	assert len(bad) == 20
	git = lambda *a, **k: subprocess.run(("git",) + a, check=True, text=True,
	    stdout=subprocess.PIPE, **k).stdout
	lines = [json.loads(v) for v in git("notes", "--ref=pike/results", "show",
	    commit).splitlines()]
	last = max((v for v in lines if v["stage"] == "confirm"),
	           key=lambda v: v["ts"])
	last.update(id="stranger", ts=last["ts"] + 9, by=bad[0], isolation=bad[1],
	    env_info={bad[2]: bad[3], bad[4]: bad[5]},
	    baselines={bad[6]: [1, 2, 3], bad[7]: None},
	    unmeasured={bad[7]: bad[8]}, phases={bad[9][:20]: 1})
	last["resources"]["launches"][0].update(kernel=bad[10])
	last["cases"][0]["case"] = bad[11]
	git("notes", "--ref=pike/results", "append", "-m", json.dumps(last),
	    commit)
	(at / "published.json").write_text(json.dumps([
	    {"label": b[:40], "source": b + " \u202e\x1b[2J", "value": 2}
	    for b in bad[12:]]))
	seen = bad[:6] + bad[8:9] + bad[12:]
	(at / "seen.json").write_text(json.dumps(seen))
END
# A run beside it, and one of its targets on another lane.
for ref in rmsnorm/nvidia-h200.other softmax_vocab/nvidia-h200.other \
	rmsnorm/another-gpu; do
	for at in refs/heads/pike/evo refs/pike/open; do
		git update-ref "$at/$ref" "$at/${ref%/*}/nvidia-h200"
	done
done
pike report --reference "$dir/published.json" --out "$dir/evil.html"
status_is "a page with the text of strangers" 0
like "and with runs side by side" "$(<"$dir/evil.html")" \
	'<section id="compared">.*other on nvidia-h200'
is "is as silent, and loads no more" "$(browser look "$dir/evil.html")" ""
is "they can be read" "$(browser words "$dir/evil.html" "$dir/seen.json")" ""
finish
