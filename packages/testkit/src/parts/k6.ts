import { programPart } from "./banner.ts";

/** Grafana's load generator: summaries to import, and the runner of exported scripts. */
export const k6 = programPart({
  id: "k6",
  group: "go",
  get: "scripts/parts/k6.sh",
  paths: ["k6"],
  args: ["version"],
  timeoutMs: 10_000,
  banner: /^k6(?:\.exe)? v(\d+\.\d+\.\d+\S*)/m,
  otherwise: "it gave no version of k6",
});
