import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import { isLoopback, loadErrors, type LoadPlan, type ObserveSpec } from "../load/index.ts";
import { createProbeClient, type ProbeClient } from "../probes/client.ts";

/** One sampled series: a missing sample is a gap, never 0. */
export interface ObservedSeries {
  readonly source: string;
  readonly series: string;
  readonly samples: readonly (readonly [ms: number, value: number | null])[];
  readonly gaps: number;
  readonly first: number | null;
  readonly peak: number | null;
  readonly last: number | null;
  /** Times the process was seen to be a new one, where its source tells when it started. */
  readonly restarts?: number;
  /** Why the last gap is one, where the source says. */
  readonly gap?: string;
}

/** At most one sample a second; of a long run fewer, spread over all of it. */
const everyMsMin = 1_000;
const timeoutMs = 1_000;
/** Before and after the load. */
export const aroundMs = 2_000;
const samplesMax = 3_600;
const plannedSlack = 1.05;
const cgroupFiles = ["memory.current", "cpu.stat"] as const;

interface Source {
  readonly name: string;
  readonly series: readonly string[];
  sample(): Promise<ReadonlyMap<string, number>>;
  restarts?(): number;
  /** Why the last sample that is missing is. */
  gap?(): string | null;
  close(): void;
}

/** Samples the target's side each second until it is stopped. */
export interface Observer {
  stop(): Promise<readonly ObservedSeries[]>;
}

interface ObserverDeps {
  readonly clock: Clock;
  readonly run: string;
  readonly signal: AbortSignal;
  /** Hosts besides loopback that may be asked. */
  readonly allowHosts: readonly string[];
  /** What is loaded meanwhile: its key and headers are sent to metrics of the same origin, too. */
  readonly target?: Pick<LoadPlan["target"], "baseUrl" | "apiKey" | "headers">;
  /** Planned length of what is watched, ms; default such that each second is sampled. */
  readonly plannedMs?: number;
}

/** Starts to sample. @throws LL_LOAD_HOST_REFUSED for a host that is not allowed. */
export function startObserver(specs: readonly ObserveSpec[], deps: ObserverDeps): Observer {
  const sources = specs.map((spec) => sourceOf(spec, deps));
  const seen = sources.map(({ series }) => series.map((): [number, number | null][] => []));
  const stopped = new AbortController();
  const { clock } = deps;
  const startMs = clock.monotonicMs();
  // A run may take longer than planned: its drain.
  const everyMs = Math.max(everyMsMin, ((deps.plannedMs ?? 0) * plannedSlack) / samplesMax);
  const loop = async (): Promise<void> => {
    for (let count = 0; count < samplesMax && !stopped.signal.aborted; count++) {
      const atMs = Math.round(clock.monotonicMs() - startMs);
      const values = await Promise.all(sources.map((source) => source.sample()));
      sources.forEach((source, at) => {
        source.series.forEach((name, index) => {
          seen[at]?.[index]?.push([atMs, values[at]?.get(name) ?? null]);
        });
      });
      const nextMs = startMs + (count + 1) * everyMs - clock.monotonicMs();
      // The only rejection is the stop.
      await clock.sleep(Math.max(1, nextMs), stopped.signal).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    async stop() {
      stopped.abort();
      await running;
      for (const source of sources) source.close();
      return sources.flatMap((source, at) =>
        source.series.map((name, index) => ({
          ...seriesOf(source.name, name, seen[at]?.[index] ?? []),
          ...(source.restarts !== undefined && { restarts: source.restarts() }),
          ...(source.gap?.() != null && { gap: source.gap?.() ?? "" }),
        })),
      );
    },
  };
}

function sourceOf(spec: ObserveSpec, deps: ObserverDeps): Source {
  if ("process" in spec) return processSource(spec.process);
  return "cgroup" in spec ? cgroupSource(spec.cgroup) : metricsSource(spec, deps);
}

function seriesOf(
  source: string,
  series: string,
  samples: readonly (readonly [number, number | null])[],
): ObservedSeries {
  const values = samples.map(([, value]) => value).filter((value) => value !== null);
  return {
    source,
    series,
    samples,
    gaps: samples.length - values.length,
    first: values[0] ?? null,
    peak: values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b)),
    last: values.at(-1) ?? null,
  };
}

/** What most exporters tell of when their process began, Unix seconds. */
const startSeries = "process_start_time_seconds";
/** Some reckon it anew for each answer. */
const startSlackS = 2;

/** Counts how often the told start became another one: that of a new process, or of one beside it. */
export function restartCount() {
  let [knownS, count] = [Number.NaN, 0];
  return {
    count: () => count,
    saw(startS: number | undefined): void {
      if (startS === undefined || Math.abs(startS - knownS) <= startSlackS) return;
      if (!Number.isNaN(knownS)) count++;
      knownS = startS;
    },
  };
}

function metricsSource(
  { prometheus, series }: Extract<ObserveSpec, { prometheus: string }>,
  deps: ObserverDeps,
): Source {
  const url = parseHttpUrl(prometheus);
  const host = hostOf(url);
  if (!isLoopback(url.hostname) && !deps.allowHosts.includes(url.hostname)) {
    throw loadErrors.make("LL_LOAD_HOST_REFUSED", `${url.hostname} is not an allowed host.`);
  }
  const { target } = deps;
  const isOwn = target !== undefined && parseHttpUrl(target.baseUrl).origin === url.origin;
  const { apiKey, headers = {} } = isOwn ? target : {};
  const client: ProbeClient = createProbeClient({
    baseUrl: url.origin,
    egress: createEgress({ allowHosts: [host] }),
    clock: deps.clock,
    run: deps.run,
    ...(apiKey !== undefined && { apiKey }),
    timeoutMs,
    signal: deps.signal,
  });
  const path = url.pathname + url.search;
  const starts = restartCount();
  let gap: string | null = null;
  return {
    name: prometheus,
    series,
    restarts: starts.count,
    gap: () => gap,
    close: () => client.close(),
    async sample() {
      const none = new Map<string, number>();
      if (deps.signal.aborted) return none;
      // A run that is stopped leaves a gap.
      const exchange = await client.send({ method: "GET", path, headers }).catch(() => null);
      if (exchange === null) return none;
      const { status, fault, body } = exchange;
      if (status !== 200) {
        gap = `GET ${path} answered ${status ?? fault ?? "nothing"}`;
        return none;
      }
      const found = readMetrics(body.toString("utf8"), [...series, startSeries]);
      const absent = series.find((name) => !found.has(name));
      if (absent !== undefined) gap = `GET ${path} tells no ${absent}`;
      starts.saw(found.get(startSeries));
      return found;
    },
  };
}

/** Values of series in a text exposition; a bare name adds up all its label sets. */
export function readMetrics(text: string, series: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  const all = new Set(series);
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? (\S+)/.exec(line);
    if (match === null) continue;
    const [, name = "", labels = "", number = ""] = match;
    const value = Number(number);
    if (!Number.isFinite(value)) continue;
    for (const wanted of all) {
      if (wanted !== name && wanted !== name + labels) continue;
      found.set(wanted, (found.get(wanted) ?? 0) + value);
    }
  }
  return found;
}

function cgroupSource(folder: string): Source {
  return {
    name: `cgroup ${folder}`,
    series: ["memory_bytes", "cpu_seconds"],
    close: () => undefined,
    sample: () => Promise.resolve(readCgroup(folder)),
  };
}

/** Resident memory of a process of this machine, as the kernel tells it. */
function processSource(pid: number): Source {
  return {
    name: `process ${pid}`,
    series: ["rss_bytes"],
    close: () => undefined,
    sample() {
      const resident = /^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`) ?? "");
      const found = new Map<string, number>();
      if (resident !== null) found.set("rss_bytes", Number(resident[1]) * 1024);
      return Promise.resolve(found);
    },
  };
}

function readCgroup(folder: string): ReadonlyMap<string, number> {
  const [memory, cpu] = cgroupFiles.map((file) => textOf(join(folder, file)));
  const found = new Map<string, number>();
  if (memory != null && /^\d+/.test(memory)) found.set("memory_bytes", Number(memory.trim()));
  const usage = /^usage_usec (\d+)/m.exec(cpu ?? "");
  if (usage !== null) found.set("cpu_seconds", Number(usage[1]) / 1e6);
  return found;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The group is gone or not ours to read: a gap.
    return null;
  }
}
