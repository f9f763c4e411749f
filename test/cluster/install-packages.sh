#!/bin/sh
# Installs the distribution packages, and loads the kernel modules, that the local cluster and the tests need; does nothing, at once, when all are there.
# With the argument "bench" also the peers that only the benchmarks compare with.
set -eu
# root's own directories are not on everyone's PATH
PATH="$PATH:/usr/sbin:/sbin"

say() { echo "install-packages: $*"; }

# command:package
needed="runc:runc iptables:iptables ip:iproute2 unshare:util-linux mount:mount tar:tar curl:curl jq:jq redis-server:redis-server redis-cli:redis-tools wrk:wrk python3:python3 faketime:faketime rsyslogd:rsyslog buildah:buildah cc:build-essential cmake:cmake flex:flex bison:bison"
[ "${1:-}" != bench ] || needed="$needed webdis:webdis memcached:memcached"
modules=""
grep -q "overlay$" /proc/filesystems 2>/dev/null || modules="$modules overlay"
[ -e /proc/sys/net/bridge ] || modules="$modules br_netfilter"
[ -z "$modules" ] || needed="$needed modprobe:kmod"

missing=""
for entry in $needed; do
  command -v "${entry%%:*}" >/dev/null 2>&1 || missing="$missing ${entry#*:}"
done
# libraries: they have no command to look for
[ -d /usr/lib/python3/dist-packages/redis ] || missing="$missing python3-redis"
[ -e /usr/include/oniguruma.h ] || missing="$missing libonig-dev"
[ -n "$missing$modules" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root() { "$@"; }
elif command -v sudo >/dev/null 2>&1; then
  as_root() { sudo "$@"; }
else
  say "needs root to install:$missing and to load:$modules" >&2
  exit 1
fi

if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    say "this is not Debian or Ubuntu; install these with your package manager:$missing" >&2
    exit 1
  fi
  say "installing$missing (usually under a minute)"
  # shellcheck disable=SC2086 # a list of words on purpose
  install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; }
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # the package lists may be absent or old: refreshed only when the first try fails
  if ! install >"$log" 2>&1 && ! { as_root apt-get update -q && install; } >"$log" 2>&1; then
    cat "$log" >&2
    say "apt-get failed; install by hand:$missing" >&2
    exit 1
  fi
fi

for module in $modules; do
  say "loading the kernel module $module"
  as_root modprobe "$module"
done
say "done"
