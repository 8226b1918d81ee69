# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Real servers of git for command tests: smart HTTP with a password (nginx,
# fcgiwrap, git-http-backend), and ssh with a key. A test sources this after
# lib.sh; repositories lie in $dir/served, and each push is logged there with
# what it moved from where to where. All that is started ends with the test.
served=$dir/served
server_groups=()
mkdir -p "$served"
trap 'servers_stop; rm -rf "$dir"' EXIT

servers_stop() {
	local group
	for group in "${server_groups[@]}"; do
		kill -- "-$group"
	done 2>/dev/null
	server_groups=()
}

# in_group COMMAND...: in the background, in a process group of its own.
in_group() {
	setsid "$@" >>"$dir/servers.log" 2>&1 </dev/null &
	server_groups+=("$!")
}

# serve NAME FROM: a bare repository of the server's, as one is set up for
# people who share it.
serve() {
	git clone -q --bare "$2" "$served/$1"
	git -C "$served/$1" config http.receivepack true
	git -C "$served/$1" config receive.denyNonFastForwards true
	cat >"$served/$1/hooks/update" <<-'END'
		#!/bin/sh
		echo "$@" >>pushes.log
	END
	chmod +x "$served/$1/hooks/update"
}

# What was ever moved back or aside, from the log of the pushes.
forced() { # forced NAME
	local ref old new none
	none=$(printf '%040d' 0)
	while read -r ref old new; do
		[ "$old" = "$none" ] || [ "$new" = "$none" ] ||
			git -C "$served/$1" merge-base --is-ancestor "$old" \
				"$new" || echo "$ref $old $new"
	done <"$served/$1/pushes.log"
}

# http_start: sets http_url; the user is `pike`, the password `s3cret`. False
# where there is no such server, or it does not start.
http_start() {
	local port try backend
	backend=$(git --exec-path)/git-http-backend
	PATH=$PATH:/usr/sbin:/sbin
	command -v nginx >/dev/null && command -v fcgiwrap >/dev/null &&
		[ -x "$backend" ] || return 1
	printf 'pike:%s\n' "$(openssl passwd -apr1 s3cret)" >"$dir/htpasswd"
	in_group fcgiwrap -c 8 -s "unix:$dir/fcgi.sock"
	for try in 1 2 3 4 5 6 7 8; do
		port=$((20000 + (RANDOM + $$ + try) % 20000))
		http_config "$port" "$backend" >"$dir/nginx.conf"
		in_group nginx -e "$dir/nginx.log" -c "$dir/nginx.conf"
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			sleep 0.1
			! curl -s "http://127.0.0.1:$port/alive-$$" |
				grep -qx "$dir" || {
				http_url=http://127.0.0.1:$port
				return 0
			}
		done
	done
	return 1
}

http_config() { # http_config PORT BACKEND
	[ "$(id -u)" -ne 0 ] || echo 'user root;'
	cat <<-END
		daemon off;
		worker_processes 2;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log;
		events { worker_connections 256; }
		http {
			access_log off;
			client_max_body_size 0;
			client_body_temp_path $dir/nginx-body;
			proxy_temp_path $dir/nginx-proxy;
			fastcgi_temp_path $dir/nginx-fcgi;
			uwsgi_temp_path $dir/nginx-uwsgi;
			scgi_temp_path $dir/nginx-scgi;
			server {
				listen 127.0.0.1:$1;
				location = /alive-$$ { return 200 "$dir\n"; }
				location / {
					auth_basic git;
					auth_basic_user_file $dir/htpasswd;
					include /etc/nginx/fastcgi_params;
					fastcgi_param SCRIPT_FILENAME $2;
					fastcgi_param GIT_PROJECT_ROOT $served;
					fastcgi_param GIT_HTTP_EXPORT_ALL 1;
					fastcgi_param PATH_INFO \$uri;
					fastcgi_param REMOTE_USER \$remote_user;
					fastcgi_param HTTP_GIT_PROTOCOL \$http_git_protocol;
					fastcgi_pass unix:$dir/fcgi.sock;
					fastcgi_read_timeout 300;
				}
			}
		}
	END
}

# ssh_start: sets ssh_url, and ssh_command for GIT_SSH_COMMAND.
ssh_start() {
	local port try sshd
	sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) &&
		command -v ssh-keygen >/dev/null || return 1
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/ssh_host" &&
		ssh-keygen -q -t ed25519 -N '' -f "$dir/ssh_key" || return 1
	for try in 1 2 3 4 5 6 7 8; do
		port=$((20000 + (RANDOM + $$ + try) % 20000))
		cat >"$dir/sshd.conf" <<-END
			ListenAddress 127.0.0.1
			Port $port
			HostKey $dir/ssh_host
			AuthorizedKeysFile $dir/ssh_key.pub
			PidFile none
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			PermitRootLogin yes
		END
		in_group "$sshd" -D -e -f "$dir/sshd.conf"
		ssh_command="ssh -p $port -i $dir/ssh_key -o BatchMode=yes \
-o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new \
-o UserKnownHostsFile=$dir/known_hosts"
		for _ in 1 2 3 4 5; do
			sleep 0.2
			! $ssh_command "$(id -un)@127.0.0.1" true 2>/dev/null || {
				ssh_url=ssh://$(id -un)@127.0.0.1:$port$served
				return 0
			}
		done
	done
	return 1
}
