#!/bin/sh
# Installs Locust into a virtual environment of its own and prints the path of its command.
#
#   locust=$(scripts/parts/locust.sh)
#   "$locust" -f file.py --headless -u 10 -r 10 -t 10s --host http://127.0.0.1:PORT
set -eu
version=2.47.0
name=locust
. "$(dirname "$0")/install.sh"
install_pip "$version" "locust==$version"
