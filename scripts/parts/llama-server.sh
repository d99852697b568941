#!/bin/sh
# Installs Debian sid's llama.cpp into a folder and prints the path of a command that runs its
# llama-server there: an upstream nobody here wrote. Root only; needs debootstrap and unshare.
#
#   server=$(scripts/parts/llama-server.sh)
#   "$server" MODEL.gguf PORT [llama-server option...]     # 127.0.0.1:PORT, ends with its caller's kill
set -eu
name=llama-server
. "$(dirname "$0")/install.sh"
run=$parts/$name
root=$("$(dirname "$0")/debian-root.sh" sid llama.cpp /usr/bin/llama-server)

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
