import { programPart } from "./banner.ts";

/** Jaeger, which takes traces over OTLP and finds them again. */
export const jaeger = programPart({
  id: "jaeger",
  group: "go",
  get: "scripts/parts/jaeger.sh",
  paths: ["jaeger"],
  args: ["--help"],
  timeoutMs: 30_000,
  banner: /^Jaeger backend v(\d+)$/m,
  otherwise: "it gave no version of Jaeger",
});
