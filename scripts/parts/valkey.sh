#!/bin/sh
# Installs Debian trixie's Valkey into a folder and prints the path of a command that runs its
# valkey-server there with the options it is given. Root only; needs debootstrap and unshare.
#
#   server=$(scripts/parts/valkey.sh)
#   "$server" --port P --bind 127.0.0.1 --dir DIR          # DIR below ${TMPDIR:-/tmp}
set -eu
name=valkey-server
. "$(dirname "$0")/install.sh"
run=$parts/$name
root=$("$(dirname "$0")/debian-root.sh" trixie valkey-server /usr/bin/valkey-server)

cat >"$run" <<OUT
#!/bin/sh
# valkey-server [option...]: mounts live in a namespace of their own and die with it.
set -eu
temporary=\$(realpath "\${TMPDIR:-/tmp}")
exec unshare --mount --propagation private sh -c '
  root=\$1; temporary=\$2; shift 2
  mount -t tmpfs none "\$root/tmp"
  mkdir -p "\$root\$temporary"; mount --bind "\$temporary" "\$root\$temporary"
  mount -t proc proc "\$root/proc"; mount --rbind /dev "\$root/dev"
  exec chroot "\$root" valkey-server "\$@"
' _ "$root" "\$temporary" "\$@"
OUT
chmod 755 "$run"
printf '%s\n' "$run"
