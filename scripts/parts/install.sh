# What the scripts of this folder share; they set `name` and source it.
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
# A part that is in place is not installed again: its path is printed.
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
log=$parts/$name.log

say() { printf '%s\n' "$name: $*" >&2; }
stop() { say "$1"; exit 1; }

# One installer at a time; a second one waits and finds the part in place.
lock() {
  mkdir -p "$parts"
  exec 9>"$parts/$name.lock"
  flock 9
}

# link FILE: makes a file below $parts reachable under the part's name, and prints that path.
link() {
  [ -x "$parts/$1" ] || stop "the package came without its command"
  ln -sfn "$1" "$parts/$name"
  printf '%s\n' "$parts/$name"
}

# build_go PACKAGE: builds the command of the module that is pinned in the folder of the part's name.
# Needs go >= 1.26 and the Go module proxy; takes minutes the first time.
build_go() {
  module=$(cd "$(dirname "$0")/$name" && pwd)
  # A changed pin is another folder, so an old binary never poses as the new one.
  folder=$name-$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-12)
  command -v go >/dev/null || stop "go is missing: install Go 1.26 or newer"
  lock
  if [ ! -x "$parts/$folder/$name" ]; then
    say "building into $parts/$folder"
    mkdir -p "$parts/$folder"
    # -p 1: one compiler at a time, so that the machine stays usable.
    (cd "$module" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 \
      nice go build -p 1 -trimpath -o "$parts/$folder/$name.new" "$1") >"$log" 2>&1 ||
      stop "go build failed, see $log"
    mv "$parts/$folder/$name.new" "$parts/$folder/$name"
  fi
  link "$folder/$name"
}

# install_pip VERSION REQUIREMENT...: installs into a virtual environment of that version.
# Needs python3 with venv and the Python package index.
install_pip() {
  folder=$name-$1
  shift
  command -v python3 >/dev/null ||
    stop "python3 is missing: install Python 3.10 or newer with venv"
  lock
  if [ ! -e "$parts/$folder/.installed" ]; then
    say "installing $* into $parts/$folder"
    rm -rf --one-file-system "${parts:?}/$folder"
    {
      python3 -m venv "$parts/$folder" &&
        nice "$parts/$folder/bin/python" -m pip install --disable-pip-version-check --no-input \
          --quiet "$@"
    } >"$log" 2>&1 || stop "pip failed, see $log"
    : >"$parts/$folder/.installed"
  fi
  link "$folder/bin/$name"
}
