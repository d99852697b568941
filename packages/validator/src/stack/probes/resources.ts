import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { type ProcSample, sampleProcess } from "../wire/proc.ts";
import { NothingThere } from "../wire/fault.ts";
import { askWeb } from "../wire/web.ts";

type ResourcesProbe = StackProbe<ServiceOf<"resources">>;
type ResourcesContext = StackContext<ServiceOf<"resources">>;

const samplesPerWindow = 10;
const requestsMax = 10_000;
const phases = ["before", "during", "after"] as const;

interface Phase {
  readonly peakRssBytes: number;
  readonly lastRssBytes: number;
  readonly cpuRatio: number;
  /** null where this user may not list them. */
  readonly openFiles: number | null;
  readonly threads: number;
  readonly requests: number;
  readonly failures: number;
}

const mostOf = (figures: readonly (number | null)[]): number | null =>
  figures.includes(null) ? null : Math.max(...figures.map((one) => one ?? 0));

/** Watches the process for one window while `concurrency` workers ask it. */
async function watch(context: ResourcesContext, isLoaded: boolean): Promise<Phase> {
  const { procRoot, pid, windowMs, load } = context.service;
  const { clock, signal } = context;
  const samples: ProcSample[] = [await sampleProcess(procRoot, pid)];
  const beganMs = clock.monotonicMs();
  const asked = { isOver: false, requests: 0, failures: 0, seconds: 0 };
  const work = async (): Promise<void> => {
    while (!asked.isOver && asked.requests < requestsMax && load !== undefined) {
      asked.requests++;
      const answer = await askWeb({ ...context, service: load }, { path: load.url });
      if (answer.status >= 400) asked.failures++;
    }
  };
  const workers = isLoaded ? Array.from({ length: load?.concurrency ?? 0 }, () => work()) : [];
  const watching = async (): Promise<void> => {
    try {
      for (let at = 0; at < samplesPerWindow; at++) {
        await clock.sleep(windowMs / samplesPerWindow, signal);
        samples.push(await sampleProcess(procRoot, pid));
      }
    } finally {
      asked.isOver = true;
      asked.seconds = (clock.monotonicMs() - beganMs) / 1_000;
    }
  };
  // Together: a request nobody answers ends the watch, and is never left without its reader.
  await Promise.all([watching(), ...workers]);
  const first = samples[0] ?? (await sampleProcess(procRoot, pid));
  const last = samples.at(-1) ?? first;
  return {
    peakRssBytes: Math.max(...samples.map(({ rssBytes }) => rssBytes)),
    lastRssBytes: last.rssBytes,
    cpuRatio: (last.cpuSeconds - first.cpuSeconds) / asked.seconds,
    openFiles: mostOf(samples.map(({ openFiles }) => openFiles)),
    threads: Math.max(...samples.map(({ threads }) => threads)),
    requests: asked.requests,
    failures: asked.failures,
  };
}

const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

function judged(context: ResourcesContext, part: string, phase: Phase): StackSeen {
  const { cpuRatioMax, openFilesMax, limits, pid, procRoot } = context.service;
  if (openFilesMax !== undefined && phase.openFiles === null) {
    throw new NothingThere(`This user may not list the open files of ${pid}.`);
  }
  const over = [
    ...(phase.peakRssBytes > (limits.memoryBytes ?? Number.POSITIVE_INFINITY) ? ["memory"] : []),
    ...(phase.cpuRatio > (cpuRatioMax ?? Number.POSITIVE_INFINITY) ? ["CPU"] : []),
    ...(phase.failures * 10 > phase.requests
      ? ["failures: more than one request in ten failed"]
      : []),
    ...((phase.openFiles ?? 0) > (openFilesMax ?? Number.POSITIVE_INFINITY) ? ["open files"] : []),
  ];
  const asked =
    phase.requests === 0 ? "" : ` at ${phase.requests} requests, ${phase.failures} failed`;
  const said = over.length === 0 ? "" : `; over its limit: ${over.join(", ")}`;
  const seen = `${part}: at most ${mib(phase.peakRssBytes)}, ${phase.cpuRatio.toFixed(2)} cores, ${phase.openFiles === null ? "unknown" : phase.openFiles} open files, ${phase.threads} threads${asked}${said}.`;
  const reproduce = ["grep", "-E", "VmRSS|VmHWM|Threads", `${procRoot}/${pid}/status`];
  return { ok: over.length === 0, seen, part, reproduce };
}

const usage: ResourcesProbe = {
  kind: "resources",
  check: "usage",
  summary: "memory and CPU before, during and after",
  needs: [],
  checklist: ["R1-28"],
  severity: "medium",
  claim: ({ load }) => ({
    statement: `memory, CPU and open files stay within the declared limits ${load === undefined ? "as it runs, under no load of ours" : "before, during and after a load"}, and memory comes back`,
    category: "Performance & Capacity",
    rationale: "What grows with every request ends the process on a busy day.",
    parts: [...phases, "growth"],
  }),
  saboteur: [{ when: "VmRSS", reply: "9000000" }],
  async run(context) {
    const { load, growthRatioMax, pid, procRoot } = context.service;
    const seen: StackSeen[] = [];
    const found: Phase[] = [];
    for (const part of phases) {
      const phase = await watch(context, part === "during" && load !== undefined);
      found.push(phase);
      seen.push(judged(context, part, phase));
    }
    const [before, , after] = found;
    const ratio = (after?.lastRssBytes ?? Number.NaN) / (before?.lastRssBytes ?? Number.NaN) - 1;
    context.note({ service: context.name, resources: found });
    const ok = ratio <= growthRatioMax;
    const said = `Memory after is ${(ratio * 100).toFixed(1)} % above that before.`;
    const reproduce = ["grep", "VmRSS", `${procRoot}/${pid}/status`];
    return [...seen, { ok, seen: said, part: "growth", reproduce }];
  },
};

/** Checks of what a process takes. */
export const resourcesProbes: readonly ResourcesProbe[] = [usage];
