import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";

/** A process that takes 100 MB and half a core's worth so far; a rule gives it other memory, KiB. */
export async function startResourcesTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const kib = rules.find(({ when }) => when === "VmRSS")?.reply ?? "100000";
  const fields = Array.from({ length: 40 }, () => "5").join(" ");
  const folder = await makeFolder({
    "88/status": `Name:\tapp\nVmHWM:\t  ${kib} kB\nVmRSS:\t  ${kib} kB\nThreads:\t4\n`,
    "88/stat": `88 (an (odd) name) S ${fields}\n`,
    "88/fd/0": "",
  });
  return {
    service: {
      kind: "resources",
      pid: 88,
      procRoot: folder.path,
      windowMs: 100,
      cpuRatioMax: 1,
      openFilesMax: 100,
      limits: { memoryBytes: 268_435_456 },
    },
    secrets: {},
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
