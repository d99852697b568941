#!/bin/sh
# Builds minio from its Go module, pinned in scripts/parts/minio/, and prints the path of the binary.
#
#   minio=$(scripts/parts/minio.sh)
#   MINIO_ROOT_USER=... MINIO_ROOT_PASSWORD=... "$minio" server DIR --address 127.0.0.1:PORT
set -eu
name=minio
. "$(dirname "$0")/install.sh"
build_go github.com/minio/minio
