#!/bin/sh
# First process of a node's namespaces: readies mounts, kernel settings and the network, then runs a command as its child.
# It ends when the command ends, and the kernel then ends everything else in here. usage: node-init.sh <dir> <node address> <dns address> command...
set -eu
dir=$1 node_ip=$2 dns_ip=$3
shift 3
PATH=$PATH:/usr/sbin:/sbin
export PATH
exec 3>&2 2>>"$dir/logs/node-init.log"

# unshare made every mount private; the kubelet wants to share its mounts with containers
# (-n: mount would note it down in the machine's own /run/mount, and make that first)
mount -n --make-rshared /
# what containerd, runc and the kubelet write outside their own folders stays in here: sockets, network namespaces, log links
mount -n -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p /run/netns /run/lock "$dir/var-lib/upper" "$dir/var-lib/work"
# the kubelet's device plugins and the network plugins' cache have fixed places under /var/lib, where other things must stay readable
mount -t overlay -o "lowerdir=/var/lib,upperdir=$dir/var-lib/upper,workdir=$dir/var-lib/work" overlay /var/lib

# The kubelet sets these for the whole machine and does not start unless it may. It gets files of its own, which already
# hold what it wants, so the machine's settings are never touched and nothing needs to be restored.
set_aside() {
  mkdir -p /run/kvr-sysctl
  echo "$2" >"/run/kvr-sysctl/$(basename "$1")"
  mount --bind "/run/kvr-sysctl/$(basename "$1")" "/proc/sys/$1"
}
set_aside vm/overcommit_memory 1
set_aside vm/panic_on_oom 0
set_aside kernel/panic 10
set_aside kernel/panic_on_oops 1
set_aside kernel/keys/root_maxkeys 1000000
set_aside kernel/keys/root_maxbytes 25000000

echo node1 >/proc/sys/kernel/hostname
ip link set lo up
# an uplink that leads nowhere: the node's address is on it, and Service addresses need a route before they are rewritten
ip link add node type veth peer name nowhere
ip link set nowhere up
ip addr add "$node_ip/24" dev node
ip link set node up
ip route add default dev node
ip addr add "$dns_ip/32" dev lo
echo 1 >/proc/sys/net/ipv4/ip_forward
# replies between two pods of the bridge must pass through iptables, or a Service's address is not put back
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || { echo "the kernel has no br_netfilter: run modprobe br_netfilter" >&2; exit 1; }
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
iptables -w -t nat -n -L >/dev/null

# not exec: this shell stays as process 1, where it reaps what the runtime leaves behind
"$@" 2>&3 3>&-
