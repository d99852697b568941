#!/bin/sh
# Installs Debian sid's llama.cpp into a folder and prints the path of a command that runs its
# llama-server there: an upstream nobody here wrote. Root only; needs debootstrap and unshare.
#
#   server=$(scripts/parts/llama-server.sh)
#   "$server" MODEL.gguf PORT [llama-server option...]     # 127.0.0.1:PORT, ends with its caller's kill
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
# Running it again with the part in place only prints the path.
set -eu
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
root=$parts/sid
run=$parts/llama-server

say() { printf '%s\n' "llama-server: $*" >&2; }
stop() { say "$1"; exit 1; }

[ "$(id -u)" = 0 ] || stop "needs root for debootstrap and chroot"
for tool in debootstrap unshare chroot; do
  command -v "$tool" >/dev/null || stop "$tool is missing: apt-get install debootstrap util-linux"
done

mkdir -p "$parts"
# One installer at a time; a second one waits and finds the part in place.
exec 9>"$parts/sid.lock"
flock 9

if [ ! -e "$root/.base" ]; then
  say "debootstrap sid into $root"
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates sid "$root" >"$parts/sid.log" 2>&1 ||
    stop "debootstrap failed, see $parts/sid.log"
  # Packages of the root must not start services.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  : >"$root/.base"
fi

if [ ! -x "$root/usr/bin/llama-server" ]; then
  say "installing llama.cpp"
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
        apt-get install -y --no-install-recommends llama.cpp
  } >>"$parts/sid.log" 2>&1 || stop "apt failed, see $parts/sid.log"
fi
[ -x "$root/usr/bin/llama-server" ] || stop "llama.cpp came without llama-server"

cat >"$run" <<EOF
#!/bin/sh
# llama-server MODEL.gguf PORT [option...]: mounts live in a namespace of their own and die with it.
set -eu
[ \$# -ge 2 ] || { echo "usage: llama-server MODEL.gguf PORT [option...]" >&2; exit 64; }
model=\$(realpath "\$1"); port=\$2; shift 2
exec unshare --mount --propagation private sh -c '
  root=\$1; model=\$2; port=\$3; shift 3
  mount -t proc proc "\$root/proc"; mount --rbind /dev "\$root/dev"
  mount -t tmpfs tmpfs "\$root/run"; mkdir "\$root/run/model"
  cp "\$model" "\$root/run/model/model.gguf"
  # Its default threads on a busy machine are a thousand times slower than one.
  exec chroot "\$root" llama-server -m /run/model/model.gguf -t 1 --jinja --host 127.0.0.1 \
    --port "\$port" -np 2 -c 1024 --alias "\$(basename "\$model" .gguf)" "\$@"
' _ "$root" "\$model" "\$port" "\$@"
EOF
chmod 755 "$run"
printf '%s\n' "$run"
