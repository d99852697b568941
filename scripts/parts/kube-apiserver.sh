#!/bin/sh
# Builds kube-apiserver, and beside it etcd, from their Go modules, pinned in
# scripts/parts/kube-apiserver/, and prints the path of the first. Ten minutes and more where nothing of
# it is built yet: the CI does not fetch it.
#
#   apiserver=$(scripts/parts/kube-apiserver.sh)
#   "$(dirname "$(realpath "$apiserver")")/etcd" --data-dir DIR ...
set -eu
name=kube-apiserver
. "$(dirname "$0")/install.sh"
module=$(cd "$(dirname "$0")/$name" && pwd)
# A changed pin is another folder, so an old binary never poses as the new one.
folder=$name-$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-12)
version=$(sed -n 's/^.*k8s\.io\/kubernetes \(v[0-9.]*\)$/\1/p' "$module/go.mod")
command -v go >/dev/null || stop "go is missing: install Go 1.26 or newer"
lock

# build COMMAND PACKAGE; -p 1: one compiler at a time, so that the machine stays usable.
build() {
  [ -x "$parts/$folder/$1" ] && return
  say "building $1 into $parts/$folder"
  mkdir -p "$parts/$folder"
  # The version that its makers' own build writes in; without it a server calls itself v0.0.0.
  flags="-s -w -X k8s.io/component-base/version.gitVersion=$version"
  (cd "$module" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 \
    nice go build -p 1 -trimpath -ldflags "$flags" -o "$parts/$folder/$1.new" "$2") \
    >"$log" 2>&1 || stop "go build of $1 failed, see $log"
  mv "$parts/$folder/$1.new" "$parts/$folder/$1"
}

build etcd go.etcd.io/etcd/server/v3
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
link "$folder/$name"
