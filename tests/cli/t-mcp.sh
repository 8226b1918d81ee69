#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mcp: a session of the Model Context Protocol, line by line; what is no
# message, no tool, no argument; a call that is cancelled.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
sed -i 's/AGAIN 0/AGAIN 3/' kernels/scale.c

says() { # says LINE...: to a server, which is asked no more until it answered
	coproc server { "$PIKE" mcp 2>"$dir/err"; }
	local line
	out=
	for line; do
		printf '%s\n' "$line" >&"${server[1]}"
		case $line in *'"notifications/'*) continue ;; esac
		IFS= read -r -t 120 line <&"${server[0]}"
		out+=$line$'\n'
	done
	eval "exec ${server[1]}>&-"
	# shellcheck disable=SC2154 # coproc sets it
	wait "$server_PID" 2>/dev/null
	status=$?
	err=$(<"$dir/err")
}
hello='{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
call() { # call ID NAME ARGUMENTS
	echo '{"jsonrpc":"2.0","id":'"$1"',"method":"tools/call","params":{"name":"'"$2"'","arguments":'"$3"'}}'
}

says "$hello" '{"jsonrpc":"2.0","method":"notifications/initialized"}' \
	'{"jsonrpc":"2.0","id":"a","method":"tools/list"}' \
	'{"jsonrpc":"2.0","id":2,"method":"ping"}'
status_is "it ends when nobody asks any more" 0
like "says which protocol" "$out" '"protocolVersion":"2025-06-18"'
like "answers by id" "$out" '^\{"id":"a",'
like "a ping" "$out" '^\{"id":2,"jsonrpc":"2.0","result":\{\}\}$'
for tool in try bench verify propose log show status; do
	like "has $tool" "$out" '"name":"'$tool'"'
done
unlike "and nothing else" "$out" '"name":"(gc|config|evolve|mcp)"'
unlike "no agent may weaken the isolation" "$out" 'allow-weak'
unlike "nor spend more than is allowed" "$out" '"(usd|queries)"'

says "$hello" "$(call 1 status '{}')" "$(call 2 log '{"number":3}')" \
	"$(call 3 bench '{"compile-only":true,"operands":["main"],"target":["scale"]}')" \
	"$(call 4 show '{"operands":["--help"]}')"
like "a tool prints what the command prints" "$out" \
	'^\{"id":1,.*"isError":false'
like "takes options" "$out" '^\{"id":2,.*"isError":false'
like "and operands" "$out" '^\{"id":3,.*compiles; not run'
like "an operand is not an option" "$out" '^\{"id":4,.*"isError":true'

says "$hello" 'no json' '[]' '{"jsonrpc":"2.0","id":1}' \
	'{"jsonrpc":"2.0","id":2,"method":"nothing"}' "$(call 3 gc '{}')" \
	"$(call 4 try '{"allow-weak":"I0"}')" "$(call 5 log '{"number":"x"}')" \
	"$(call 6 try '{"operands":["a",1]}')" \
	"$(call 7 log '{"number":1.5}')" '{"jsonrpc":"2.0","id":8,"method":"ping"}'
like "what is not JSON" "$out" '"code":-32700'
like "no request" "$out" '"code":-32600'
like "no method" "$out" '^\{"error":\{"code":-32601.*"id":2'
for id in 3 4 5 6 7; do
	like "no tool, no argument: $id" "$out" \
		'^\{"error":\{"code":-32602.*"id":'$id
done
like "and it still answers" "$out" '^\{"id":8,"jsonrpc":"2.0","result"'

if "$PIKE" doctor 2>/dev/null | grep -q 'isolation I2'; then
	says "$hello" "$(call 1 try '{}')"
	like "an edit is judged" "$out" \
		'^\{"id":1,.*screen: (slower|same|inconclusive)'
else
	skip "an edit is judged" "an agent cannot weaken the isolation"
fi

# A long call, cancelled: what comes next is answered.
coproc server { "$PIKE" mcp 2>/dev/null; }
pid=$server_PID
printf '%s\n' "$hello" "$(call 1 bench '{"operands":["main","main","main"]}')" \
	'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}' \
	'{"jsonrpc":"2.0","id":2,"method":"ping"}' "$(call 3 status '{}')" \
	>&"${server[1]}"
out=$(for _ in 1 2 3; do
	IFS= read -r -t 60 line <&"${server[0]}" && echo "$line"
done)
like "a call behind one that is cancelled is answered" "$out" '^\{"id":3,'
unlike "the cancelled one is not" "$out" '^\{"id":1,'
eval "exec ${server[1]}>&-"
wait "$pid" 2>/dev/null
is "and nothing of it is left" "$(pgrep -f "^$PIKE bench" | wc -l)" 0
finish
