import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { type Gateway, type GatewayDeps, loadConfig } from "@loadline/gateway";
import { openGateway } from "../../start-gateway.ts";
import type { Endpoint, Subject, Variant } from "./subject.ts";

export interface LoadlineOptions {
  /** Ports of A, B and C on loopback. */
  readonly ports: { readonly a: number; readonly b: number; readonly c?: number };
  readonly timerMs: number;
  /** Who reads the requests; absent: our own front. */
  readonly front?: "http1" | "node" | undefined;
  /** Who speaks to A, B and C; absent: our own client. */
  readonly transport?: "undici" | undefined;
  /** Knocked-out controls. */
  readonly controls?: GatewayDeps["controls"];
}

interface Running {
  readonly gateway: Gateway;
  readonly url: string;
  readonly key: string;
  readonly stateDir: string;
}

const keepAliveMs = 150;
/** Timers of rows that are not about timers. */
const patientMs = 20_000;
/** Rows that fail on purpose must not open a breaker; the row about breakers has its own. */
const deafBreaker = { rate: 1, minVolume: 10_000, minFailures: 1000 };

/** Our own gateway in this process, one for each set of settings that a row needs. */
export async function startLoadline(o: LoadlineOptions): Promise<Subject> {
  const running = new Map<Kind, Running>();
  for (const kind of kinds) running.set(kind, await startOne(o, kind));
  return {
    name: "loadline",
    isLoadline: true,
    endpoint(variant) {
      const one = running.get(kindOf(variant));
      return one ? endpointOf(one, variant) : undefined;
    },
    async fresh(variant) {
      const kind = kindOf(variant);
      const old = running.get(kind);
      await old?.gateway.close({ graceMs: 0 });
      running.set(kind, await startOne(o, kind, old));
    },
    async metrics(variant) {
      const one = running.get(kindOf(variant));
      if (!one) return "";
      const headers = { authorization: `Bearer ${one.key}` };
      return (await fetch(`${one.url}/metrics`, { headers })).text();
    },
    async [Symbol.asyncDispose]() {
      for (const { gateway, stateDir } of running.values()) {
        await gateway.close({ graceMs: 0 });
        rmSync(stateDir, { recursive: true, force: true });
      }
    },
  };
}

const kinds = ["plain", "timed", "keep-alive", "breaker"] as const;
type Kind = (typeof kinds)[number];

function kindOf(variant: Variant): Kind {
  // Whoever is asked in another protocol may wait for more of it, until a timer ends that.
  if (variant === "tls") return "timed";
  return kinds.find((kind) => kind === variant) ?? "plain";
}

function endpointOf(one: Running, variant: Variant): Endpoint {
  const model = kinds.some((kind) => kind === variant) ? "pair" : variant;
  return { url: one.url, model, headers: { authorization: `Bearer ${one.key}` } };
}

/** The state of an earlier one is kept: its key stays good, and nothing is set up twice. */
async function startOne(o: LoadlineOptions, kind: Kind, earlier?: Running): Promise<Running> {
  const stateDir = earlier?.stateDir ?? mkdtempSync(join(tmpdir(), "ll-fault-"));
  const config = loadConfig(undefined, {}, settings(o, kind, stateDir));
  const base = { clock: systemClock(), random: systemRandom(), log: () => undefined };
  const deps = o.controls ? { ...base, controls: o.controls } : base;
  const gateway = await openGateway(config, deps);
  const { url } = await gateway.start();
  return { gateway, url, key: earlier?.key ?? gateway.firstKey?.secret ?? "", stateDir };
}

function settings(
  { ports, timerMs, front, transport }: LoadlineOptions,
  kind: Kind,
  stateDir: string,
) {
  const target = (port: number, scheme = "http") => ({
    provider: "openai-compatible",
    model: "fault",
    baseUrl: `${scheme}://127.0.0.1:${port}/v1`,
  });
  const ms = kind === "timed" ? timerMs : patientMs;
  const route = (name: string, targets: readonly string[], more: object = {}) => ({
    [name]: { models: [name], groups: targets.map((one) => ({ targets: [one] })), ...more },
  });
  return {
    stateDir,
    listen: { port: 0 },
    ...(front && { http: { front } }),
    ...(transport && { transport }),
    drain: { accept: 0, grace: 0 },
    // A machine that runs other suites beside this one comes late to everything.
    telemetry: { overloadAfter: 0 },
    timeouts: { firstByte: ms, firstContent: ms, idle: ms, total: 30_000 },
    stream: {
      keepAlive: kind === "keep-alive" ? keepAliveMs : 15_000,
      keepAliveBeforeContent: kind === "keep-alive" ? "on" : "off",
    },
    ...(kind !== "breaker" && { breaker: deafBreaker }),
    targets: {
      a: target(ports.a),
      b: target(ports.b),
      c: target(ports.c ?? ports.b),
      atls: target(ports.a, "https"),
    },
    routes: {
      ...route("pair", ["a", "b"]),
      ...route("alone", ["a"]),
      ...route("tls", ["atls", "b"]),
      ...route("triple", ["a", "b", "c"]),
      ...route("resume", ["a", "b"], { resume: { max: 1 } }),
    },
  };
}
