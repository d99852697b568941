import { programPart } from "./banner.ts";

/** Locust: statistics to import. */
export const locust = programPart({
  id: "locust",
  group: "pip",
  get: "scripts/parts/locust.sh",
  paths: ["locust"],
  args: ["--version"],
  timeoutMs: 30_000,
  banner: /^locust (\d+\.\d+\S*) from /m,
  otherwise: "it gave no version of Locust",
});
