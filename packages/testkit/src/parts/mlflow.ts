import { programPart } from "./banner.ts";

/** MLflow's tracking server. */
export const mlflow = programPart({
  id: "mlflow",
  group: "pip",
  get: "scripts/parts/mlflow.sh",
  paths: ["mlflow"],
  args: ["--version"],
  timeoutMs: 120_000,
  banner: /^mlflow, version (\d+\.\d+\S*)/m,
  otherwise: "it gave no version of MLflow",
});
