#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recipe for Slurm, on a cluster of one node with two devices that it takes
# for GPUs: passes until the budget is used up, each stage with what it may see.
. "$(dirname "$0")/lib.sh"
for program in slurmctld slurmd sbatch munged; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null ||
		skip_all "no $program here; \`ci/deps large\` installs it"
done
[ "$(id -u)" = 0 ] || skip_all "a cluster of one's own needs root"
"$PIKE" sync -h >/dev/null 2>&1 || skip_all 'this program has no sync'
PATH=$PATH:/usr/sbin

# ---- a cluster ----

c=$dir/cluster pids=() host=$(hostname -s)
mkdir -p "$c/state" "$c/spool"
chmod 755 "$dir" "$c"
mknod "$c/gpu0" c 1 3 2>/dev/null || skip_all 'no devices can be made here'
mknod "$c/gpu1" c 1 5
ended() { # all that was started, by its own id
	local p
	scancel --user=root --quiet 2>/dev/null
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap ended EXIT
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
head -c 1024 /dev/urandom >"$c/key"
chmod 400 "$c/key"
cat >"$c/slurm.conf" <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$c/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$c/state
SlurmdSpoolDir=$c/spool
SlurmctldPidFile=$c/slurmctld.pid
SlurmdPidFile=$c/slurmd.pid
SlurmctldLogFile=$c/slurmctld.log
SlurmdLogFile=$c/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0
ReturnToService=2
MpiDefault=none
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) Gres=gpu:2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
echo "Name=gpu File=$c/gpu[0-1]" >"$c/gres.conf"
export SLURM_CONF=$c/slurm.conf
munged -F --force --key-file "$c/key" --socket "$c/munge.socket" \
	--pid-file "$c/munged.pid" --log-file "$c/munged.log" \
	--seed-file "$c/seed" 2>"$c/munged.err" &
pids+=($!)
slurmctld -D -f "$SLURM_CONF" 2>"$c/slurmctld.err" &
pids+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" 2>"$c/slurmd.err" &
pids+=($!)
for ((i = 0; i < 150; i++)); do
	! sinfo -h -o %T 2>/dev/null | grep -q idle || break
	sleep 0.2
done
sinfo -h -o %T 2>/dev/null | grep -q idle ||
	skip_all "no cluster comes up here: $(tail -n 1 "$c/slurmctld.log" \
		"$c/slurmd.log" 2>/dev/null | tr '\n' ' ')"

# ---- a repository that is kept in step with a remote ----

make_repo "$dir/repo"
cd "$dir/repo" || exit 1
bare=$dir/server.git
sed -i 's/generation-size = 3/generation-size = 2/' .pike/config
pike init --ci slurm
status_is "init --ci slurm" 0
git add -A
git commit -qm 'slurm'
git init -q --bare "$bare"
"$PIKE" -C "$bare" init -q --hooks=server >/dev/null
git remote add origin "$bare"
git push -q origin main
# Which keys each stage can see, and what it was given, is written down.
mkdir "$dir/bin" "$dir/seen"
cat >"$dir/bin/pike-git" <<-END
	#!/bin/bash
	[ "\$1" != hook ] || exec "$PIKE" "\$@" # the server's
	for name in OPENAI_API_KEY PIKE_GITHUB_TOKEN; do
		[ -z "\${!name:-}" ] || echo "\$1 \$name" >>"$dir/seen/keys"
	done
	echo "\$*" >>"$dir/seen/calls"
	[ "\$1" != evaluate ] ||
		echo "\${CUDA_VISIBLE_DEVICES:-none} \$PIKE_RUNNER" >>"$dir/seen/gpus"
	[ "\$1" != publish ] || exit 0
	export PIKE_TEMPLATES="$PIKE_TEMPLATES"
	exec "$PIKE" "\$@"
END
chmod +x "$dir/bin/pike-git"
ln -s pike-git "$dir/bin/git-pike"
PATH=$dir/bin:$PATH
export OPENAI_API_KEY=a-model-key PIKE_GITHUB_TOKEN=a-token

driver() { # driver ARGUMENTS...
	out=$(timeout 200 slurm/driver "$@" 2>&1)
	# shellcheck disable=SC2034 # read by status_is
	status=$? err=$out
}
touch slurm/pause
driver scale
status_is "a pause" 0
ok "stops it before anything" test ! -e "$dir/seen/calls"
rm slurm/pause
driver --sbatch --cpus-per-task=1 --shards 2 --passes 1 --allow-weak "$LEVEL" --max-open 2 scale
status_is "a pass" 0
is "each stage sees what it may" "$(sort -u "$dir/seen/keys" | tr '\n' ',')" \
	'advance PIKE_GITHUB_TOKEN,propose OPENAI_API_KEY,publish PIKE_GITHUB_TOKEN,sync PIKE_GITHUB_TOKEN,'
is "two tasks have a device each" "$(cut -d' ' -f 1 "$dir/seen/gpus" | sort -u |
	tr '\n' ' ')" '0 1 '
like "and name their node" "$(<"$dir/seen/gpus")" " slurm-${host,,}\$"
tried() {
	rm -rf "$dir/fresh"
	git clone -q "$bare" "$dir/fresh"
	git -C "$dir/fresh" fetch -q origin 'refs/notes/pike/*:refs/notes/pike/*' \
		'refs/pike/*:refs/pike/*' 'refs/heads/pike/*:refs/heads/pike/*'
	"$PIKE" -C "$dir/fresh" status --json |
		sed -n 's/.*"candidates":\([0-9]*\).*"generations":\([0-9]*\).*"pending":\([0-9]*\).*/\1 tried, \2 closed, \3 waiting/p'
}
is "a clone of the server knows it all" "$(tried)" \
	'2 tried, 1 closed, 0 waiting'
driver --sbatch --cpus-per-task=1 --shards 2 --allow-weak "$LEVEL" scale
status_is "the rest" 0
is "ends when nothing is left to try" "$(tried)" '3 tried, 2 closed, 0 waiting'
is "and no sooner, nor later" "$(grep -c '^propose' "$dir/seen/calls")" 3
exec 8>"$(git rev-parse --git-dir)/pike-slurm/scale/lock"
flock 8
driver scale
status_is "a second driver of a target" 1
like "says so" "$out" 'another one'
flock -u 8
driver none
like "a target that is none" "$out" "no target 'none'"
ok "fsck" git -C "$bare" fsck --strict --no-dangling
finish
