#!/bin/sh
# Boots a systemd of its own in private namespaces. Three stages, each a call of this file:
#   outer SCRATCH NAME USERNS NODE PROGRAM   in a private mount namespace: lays the overlay out, starts the rest, and
#                                            ends the box when its stdin closes, however its starter ended
#   inner SCRATCH                            pid 1 of the new namespaces: mounts what a booting systemd wants
# What is written goes to the overlay's upper layer, a tmpfs that only these namespaces see.
set -eu

stage=$1
scratch=$2
root=$scratch/root

# Powers that reach beyond any namespace: the clock, modules, the kernel's log, raw devices.
beyond=-sys_time,-sys_module,-sys_rawio,-syslog,-mac_admin,-mac_override,-wake_alarm,-block_suspend,-audit_control,-sys_pacct

# Wants nothing that touches hardware or the kernel's settings: sysinit and timers of the machine are emptied.
furnish() {
  rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.requires "$root"/etc/systemd/user \
    "$root"/usr/lib/systemd/system-generators "$root"/lib/systemd/system-generators "$root"/var/lib/systemd/timers \
    "$root"/var/lib/systemd/linger "$root"/var/log/journal "$root"/etc/sessreap
  for target in sysinit local-fs timers sockets multi-user graphical; do
    rm -rf "$root/usr/lib/systemd/system/$target.target.wants"
  done
  mkdir -p "$root"/var/lib/systemd/timers "$root"/var/lib/systemd/linger "$root"/etc/systemd/user "$root"/etc/systemd/journald.conf.d \
    "$root"/etc/systemd/system.conf.d "$root"/opt/sessreap "$root"/home
  tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
  : > "$root/etc/fstab"
  echo "$1" > "$root/etc/hostname"
  printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nForwardToSyslog=no\nReadKMsg=no\nAudit=no\n' > "$root/etc/systemd/journald.conf.d/box.conf"
  printf '[Manager]\nDefaultTimeoutStopSec=5s\n' > "$root/etc/systemd/system.conf.d/box.conf"
  printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=%s\nAfter=%s\nAllowIsolate=yes\n' \
    "systemd-journald.service dbus.socket systemd-logind.service systemd-user-sessions.service timers.target" \
    "systemd-journald.service dbus.socket systemd-logind.service" > "$root/etc/systemd/system/box.target"
  for name in alice bob; do
    number=$([ "$name" = alice ] && echo 4241 || echo 4242)
    sed -i "/^$name:/d" "$root/etc/passwd" "$root/etc/group" "$root/etc/shadow"
    echo "$name:x:$number:$number::/home/$name:/bin/sh" >> "$root/etc/passwd"
    echo "$name:x:$number:" >> "$root/etc/group"
    echo "$name:*:19000:0:99999:7:::" >> "$root/etc/shadow"
    rm -rf "$root/home/$name"
    mkdir -m 700 "$root/home/$name"
    chown "$number:$number" "$root/home/$name"
  done
}

# File systems of the machine other than its root, read-only: a separate /usr, or where node is kept.
other_file_systems() {
  while read -r _ _ _ _ place rest; do
    case $place in / | /proc* | /sys* | /dev* | /run* | /tmp* | /var/tmp* | /etc/* | /home/alice* | "$scratch"*) continue ;; esac
    case ${rest##* - } in ext*|xfs*|btrfs*|f2fs*|zfs*|erofs*|squashfs*|overlay*|9p*|virtiofs*|fuse*) ;; *) continue ;; esac
    [ -d "$place" ] && [ -d "$root$place" ] || continue
    mount --bind "$place" "$root$place" && mount -o remount,bind,ro "$root$place"
  done < /proc/self/mountinfo
}

if [ "$stage" = outer ]; then
  name=$3 userns=$4 node=$5 program=$6
  mount -t tmpfs -o size=512M,mode=755 tmpfs "$scratch"
  mkdir "$scratch/upper" "$scratch/work" "$root" "$scratch/cgroup"
  mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$root"
  other_file_systems
  furnish "$name"
  cp -r "$program/." "$root/opt/sessreap/"
  : > "$root/opt/node"
  mount --bind "$node" "$root/opt/node"
  mount -t cgroup2 cgroup2 "$scratch/cgroup"
  own=$scratch/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  mkdir -p "$own/$name"
  tidy() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      find "$own/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [ -d "$own/$name" ] || break
      sleep 0.1
    done
    umount -R -l "$scratch" && rmdir "$scratch" || true
  }
  trap tidy EXIT
  if [ "$userns" = yes ]; then
    : > "$root/box-userns"
    # Stops itself until its ids are mapped one to one.
    setsid unshare --user sh -c 'kill -STOP $$; exec "$@"' sh \
      unshare --cgroup --pid --fork --uts --ipc --net --mount --propagation private --kill-child=SIGKILL sh "$0" inner "$scratch" < /dev/null &
    boxed=$!
    until grep -q '^State:.T' "/proc/$boxed/status"; do sleep 0.01; done
    echo "0 0 4294967295" > "/proc/$boxed/uid_map"
    echo "0 0 4294967295" > "/proc/$boxed/gid_map"
    echo "$boxed" > "$own/$name/cgroup.procs"
    kill -CONT "$boxed"
  else
    setsid sh -c 'echo $$ > "$1"; shift; exec "$@"' sh "$own/$name/cgroup.procs" \
      unshare --cgroup --pid --fork --uts --ipc --net --mount --propagation private --kill-child=SIGKILL sh "$0" inner "$scratch" < /dev/null &
    boxed=$!
  fi
  for _ in $(seq 500); do
    first=$(cat "/proc/$boxed/task/$boxed/children" 2>/dev/null || true)
    [ -n "$first" ] && break
    sleep 0.01
  done
  first=${first%% *}
  # Who only waits for pid 1 does not belong into its cgroup.
  echo "$boxed" > "$own/cgroup.procs"
  echo "pid $first"
  while read -r _; do :; done
  kill -KILL "$boxed" 2>/dev/null || true
  wait "$boxed" 2>/dev/null || true
  exit 0
fi

mount --rbind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for settings in sys sysrq-trigger irq bus fs; do
  [ -e "$root/proc/$settings" ] || continue
  mount --bind "$root/proc/$settings" "$root/proc/$settings"
  mount -o remount,bind,ro "$root/proc/$settings"
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mkdir -p "$root/run/systemd/system" "$root/run/lock"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/var/tmp"
hostname "$(cat "$root/etc/hostname")"
cd "$root"
mkdir -p .machine
pivot_root . .machine
cd /
umount -l /.machine
systemd=/usr/lib/systemd/systemd
[ -x "$systemd" ] || systemd=/lib/systemd/systemd
drop=$beyond
# In a user namespace of its own no power reaches beyond, and user units meet the full set, as on a real machine.
[ -e /box-userns ] && drop=+all
exec setpriv --bounding-set="$drop" --inh-caps=-all env -i container=sessreap-box PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  "$systemd" --system --unit=box.target --log-target=journal --show-status=no --crash-shell=no
