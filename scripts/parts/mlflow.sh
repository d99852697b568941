#!/bin/sh
# Installs MLflow and boto3 into a virtual environment of its own and prints the path of its
# command. About 150 s and 900 MB; npm test never runs it.
#
#   mlflow=$(scripts/parts/mlflow.sh)
#   MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true "$mlflow" server \
#     --host 127.0.0.1 --port PORT --workers 1 --backend-store-uri sqlite:///DIR/m.db \
#     --artifacts-destination s3://BUCKET/PREFIX
set -eu
version=3.17.2
name=mlflow
. "$(dirname "$0")/install.sh"
install_pip "$version" "mlflow==$version" boto3
