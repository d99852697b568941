import { programPart } from "./banner.ts";

/** Grafana as its maker releases it, unpacked; no registry has it. */
export const grafana = programPart({
  id: "grafana",
  group: "release",
  get: "its maker's release, unpacked as grafana in the folder of parts",
  paths: ["grafana/bin/grafana"],
  args: ["--version"],
  timeoutMs: 10_000,
  banner: /^grafana version (\d+(?:\.\d+)+)/im,
  otherwise: "it gave no version of Grafana",
});
