#!/bin/sh
# Installs Debian trixie's PostgreSQL 17 with TimescaleDB into a folder and prints a folder with the
# commands initdb, postgres and pg_isready, which run there as the server's user. Root only; needs
# debootstrap and unshare. The extension is loaded by shared_preload_libraries=timescaledb.
#
#   bin=$(scripts/parts/timescaledb.sh)
#   "$bin/initdb" -D DIR -U postgres          # DIR below ${TMPDIR:-/tmp}, writable by that user
set -eu
name=timescaledb
. "$(dirname "$0")/install.sh"
bin=$parts/$name
programs=/usr/lib/postgresql/17/bin
root=$("$(dirname "$0")/debian-root.sh" trixie postgresql-17-timescaledb "$programs/postgres")
[ -e "$root/usr/share/postgresql/17/extension/timescaledb.control" ] ||
  stop "the package came without its extension"

mkdir -p "$bin"
for program in initdb postgres pg_isready; do
  cat >"$bin/$program" <<OUT
#!/bin/sh
# $program [option...]: mounts live in a namespace of their own and die with it.
set -eu
temporary=\$(realpath "\${TMPDIR:-/tmp}")
exec unshare --mount --propagation private sh -c '
  root=\$1; temporary=\$2; shift 2
  mount -t tmpfs none "\$root/tmp"
  mkdir -p "\$root\$temporary"; mount --bind "\$temporary" "\$root\$temporary"
  mount -t proc proc "\$root/proc"; mount --rbind /dev "\$root/dev"
  exec env LC_ALL=C.UTF-8 chroot "\$root" setpriv --reuid=postgres --regid=postgres \\
    --clear-groups $programs/$program "\$@"
' _ "$root" "\$temporary" "\$@"
OUT
  chmod 755 "$bin/$program"
done
printf '%s\n' "$bin"
