#!/bin/sh
# Makes a Debian suite in a folder and installs one package there; prints the folder. Other scripts
# of this folder call it: a root is made once and shared by all of its parts.
#
#   root=$(scripts/parts/debian-root.sh SUITE PACKAGE BINARY)      # BINARY: /usr/bin/...
# Root only.
set -eu
[ $# -eq 3 ] || { echo "usage: debian-root.sh SUITE PACKAGE BINARY" >&2; exit 64; }
suite=$1; package=$2; binary=$3
name=$suite
. "$(dirname "$0")/install.sh"
root=$parts/$suite

[ "$(id -u)" = 0 ] || stop "needs root for debootstrap and chroot"
for tool in debootstrap unshare chroot; do
  command -v "$tool" >/dev/null || stop "$tool is missing: apt-get install debootstrap util-linux"
done

lock
if [ ! -e "$root/.base" ]; then
  say "debootstrap $suite into $root"
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >"$log" 2>&1 ||
    stop "debootstrap failed, see $log"
  # Packages of the root must not start services.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  : >"$root/.base"
fi

if [ ! -x "$root$binary" ]; then
  say "installing $package"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # The host's way to its mirror (a proxy, a certificate) is the root's way too.
  if [ -d /etc/apt/apt.conf.d ]; then
    cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
    rm -f "$root"/etc/apt/apt.conf.d/*docker*
  fi
  if [ -d /usr/local/share/ca-certificates ]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
  fi
  {
    chroot "$root" apt-get update &&
      DEBIAN_FRONTEND=noninteractive chroot "$root" \
        apt-get install -y --no-install-recommends "$package"
  } >>"$log" 2>&1 || stop "apt failed, see $log"
fi
[ -x "$root$binary" ] || stop "$package came without $binary"
printf '%s\n' "$root"
