#!/bin/bash
# Run a command inside a Debian tree, seeing chosen folders of the host:
#   unshare --mount --pid --fork --kill-child chroot_enter.sh ROOT [ro:|rw:]PATH... -- COMMAND...
# Must be called through unshare: the mounts belong to the private namespace and vanish with its last process, also when
# this is killed; the process numbers are the namespace's own, so COMMAND sees no process but its own.
set -euo pipefail
root=$1
shift
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    mode=${1%%:*} path=${1#*:}
    if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$(dirname "$root$path")" && touch "$root$path"; fi
    mount --bind "$path" "$root$path"
    if [ "$mode" = ro ]; then mount -o remount,bind,ro "$root$path"; fi
    shift
done
shift
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 "$@"
