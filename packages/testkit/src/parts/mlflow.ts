import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^mlflow, version (\d+\.\d+\S*)/m;

/** MLflow's tracking server. */
export const mlflow: Part = {
  id: "mlflow",
  group: "pip",
  get: "scripts/parts/mlflow.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "mlflow");
    const said = await run(path, ["--version"], 120_000);
    if (!said.ok) return { id: "mlflow", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "mlflow", reason: "it gave no version of MLflow" };
    return { id: "mlflow", version, path };
  },
};
