#!/bin/sh
# Installs MLflow and boto3 into a virtual environment of its own and prints the path of its
# command. About 150 s and 900 MB; npm test never runs it.
#
#   mlflow=$(scripts/parts/mlflow.sh)
#   MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true "$mlflow" server \
#     --host 127.0.0.1 --port PORT --workers 1 --backend-store-uri sqlite:///DIR/m.db \
#     --artifacts-destination s3://BUCKET/PREFIX
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
# Running it again with the part in place only prints the path.
set -eu
version=3.17.2
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
dir=$parts/mlflow-$version
run=$parts/mlflow

say() { printf '%s\n' "mlflow: $*" >&2; }
stop() { say "$1"; exit 1; }

command -v python3 >/dev/null || stop "python3 is missing: install Python 3.10 or newer"
mkdir -p "$parts"
# One installer at a time; a second one waits and finds the part in place.
exec 9>"$parts/mlflow.lock"
flock 9

if [ ! -e "$dir/.installed" ]; then
  say "installing into $dir"
  rm -rf --one-file-system "$dir"
  {
    python3 -m venv "$dir" &&
      nice "$dir/bin/python" -m pip install --disable-pip-version-check --no-input \
        --quiet "mlflow==$version" boto3
  } >"$parts/mlflow.log" 2>&1 || stop "pip failed, see $parts/mlflow.log"
  : >"$dir/.installed"
fi
ln -sfn "mlflow-$version/bin/mlflow" "$run"
printf '%s\n' "$run"
