import { programPart } from "./banner.ts";

/** The Open Policy Agent, which runs the sample admission policy. */
export const opa = programPart({
  id: "opa",
  group: "go",
  get: "scripts/parts/opa.sh",
  paths: ["opa"],
  args: ["version"],
  timeoutMs: 30_000,
  banner: /^Version: (\d+\.\d+\.\d+\S*)$/m,
  otherwise: "it gave no version of OPA",
});
