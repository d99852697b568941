import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { systemRandom } from "@loadline/kit/random";
import { removeFolder } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { temporaryDir } from "../../test/harness.ts";
import { createGateway, loadConfig } from "../index.ts";
import type { GatewayConfig } from "./schema.ts";

/** Where a configuration is read as a whole, whatever its keys: that says nothing of any. */
const ofAll = ["/src/config/", "/snapshot/compare.ts"];

/** Keys that a running gateway of one process has no use for, and who reads them. */
const elsewhere: Readonly<Record<string, string>> = {
  profile: "a load, which refuses what production may not have",
  "http.distribution": "the supervisor of several workers",
  "auditLog.retentionDays": "`loadline audit-log purge`",
  transport: "a load, which writes it into the targets that name none",
  "models.rollbackFor": "a swap of a model",
};
const framesMax = 100;

/** Whether the code that reads now is code of the gateway that means this key. */
function isMeant(): boolean {
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  const own = frames.find(
    (line) => line.includes("/packages/gateway/src/") && !line.includes("read-keys.test"),
  );
  return own !== undefined && !ofAll.some((part) => own.includes(part));
}

const isPlain = (value: unknown): value is object =>
  Array.isArray(value) || (isRecord(value) && Object.getPrototypeOf(value) === Object.prototype);

/** The same value, which notes each member that is read. */
function recorded(
  value: unknown,
  seen: Set<string>,
  path = "",
  made = new Map<string, object>(),
): unknown {
  if (!isPlain(value)) return value;
  const known = made.get(path);
  if (known) return known;
  const copy: object = Array.isArray(value) ? [...value] : { ...value };
  const proxy = new Proxy(copy, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof name !== "string" || !Object.hasOwn(target, name)) return member;
      const at = path === "" ? name : `${path}.${name}`;
      if (!seen.has(at) && isMeant()) seen.add(at);
      return recorded(member, seen, at, made);
    },
  });
  made.set(path, proxy);
  return proxy;
}

/** Paths of everything that is no section. */
function leaves(value: unknown, path = ""): string[] {
  if (!isPlain(value)) return [path];
  return Object.entries(value).flatMap(([name, member]) =>
    leaves(member, path === "" ? name : `${path}.${name}`),
  );
}

const target = { provider: "simulator", tokens: 2, latency: 0, tokensPerSecond: 1e6 };
const full = {
  listen: { port: 0 },
  drain: { accept: 0, grace: 0 },
  telemetry: { overloadAfter: "10s", traces: { endpoint: "http://127.0.0.1:9/v1/traces" } },
  limits: [
    { scope: "key", match: "*", resource: "requests", limit: 1000, period: "1m", burst: 100 },
    { scope: "tenant", resource: "tokens", limit: 1e6, period: "1m", estimate: "upper" },
  ],
  addressLimit: { requestsPerMinute: 10_000 },
  prices: { m: { input: 1, cached: 1, output: 1, reasoning: 1, image: 1, request: 1 } },
  outputMax: { m: 100 },
  targets: {
    a: { ...target, weight: 2, maxInFlight: 5, price: { input: 1, output: 1 } },
    b: { ...target, breaker: { rate: 0.5, minVolume: 30, minFailures: 10 } },
  },
  routes: {
    r: {
      models: ["m"],
      groups: [{ strategy: "weighted", targets: ["a", "b"] }],
      timeouts: { firstByte: "9s", firstContent: "9s", idle: "9s", total: "19s" },
      hedge: { after: "5s", share: 0.01 },
      backup: { min: 1, probeEvery: "5s", deepEvery: "60s" },
      resume: { max: 1 },
      onContextLength: "b",
    },
  },
};

/** Keys that a gateway which starts, serves, is reloaded and closed never looks at. */
async function unread(change: (config: GatewayConfig) => object): Promise<string[]> {
  const stateDir = temporaryDir();
  const more = { stateDir, auditLog: { heads: join(stateDir, "heads.jsonl") } };
  Error.stackTraceLimit = framesMax;
  const config = { ...change(loadConfig(undefined, {}, { ...full, ...more })) };
  const seen = new Set<string>();
  const given = recorded(config, seen) as GatewayConfig;
  const deps = { clock: systemClock(), random: systemRandom(), log: () => undefined };
  const gateway = await createGateway(given, deps);
  const { url } = await gateway.start();
  const headers = {
    authorization: `Bearer ${gateway.firstKey?.secret ?? ""}`,
    "content-type": "application/json",
  };
  const body = { model: "m", messages: [{ role: "user", content: "hi" }] };
  for (const stream of [false, true]) {
    const text = JSON.stringify({ ...body, stream });
    const o = { method: "POST", headers, body: text };
    const answer = await fetch(`${url}/v1/chat/completions`, o);
    expect([answer.status, (await answer.text()).length > 0]).toEqual([200, true]);
  }
  for (const path of ["/admin/v1/openapi.json", "/nowhere"])
    await (await fetch(url + path, { headers })).text();
  await gateway.reload(given);
  await gateway.close();
  removeFolder(stateDir);
  return leaves(config).filter((path) => !seen.has(path) && !Object.hasOwn(elsewhere, path));
}

describe("keys of a configuration", () => {
  it("are all looked at, but for those that only a load checks or only the command reads", async () => {
    expect(await unread((config) => config)).toEqual([]);
  });

  it("one that is parsed and that nothing looks at is found", async () => {
    const ignored = (config: GatewayConfig) => ({
      ...config,
      http: { ...config.http, ignored: true },
    });
    expect(await unread(ignored)).toEqual(["http.ignored"]);
  });
});
